"""own_runs.json: what a table of runs made elsewhere shows, and how forecasts of it came out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from suffice.records._part import Count, Interval, NonNegative, Part, Share, Sparse
from suffice.records._record import Record


class WorthRow(Part):
    """What more labels of a source do to a metric; above 0 is for the better."""

    source: str
    metric: str
    labels: NonNegative
    instead: bool
    gain: Interval
    better: Share
    verdict: Literal["helps", "harms", "no gain shown", "nothing can be told"]
    text: str


class SkillRow(Part):
    """How much of the squared error of the mean a law does away with on runs left out."""

    metric: str
    share: float
    told: bool
    text: str


class ExchangeRow(Part):
    """Labels of one source that one of another is worth, where each trains alone."""

    source: str
    than: str
    metric: str
    labels: NonNegative
    worth: Interval


class ScoreRow(Part):
    """How one way of forecasting came out."""

    name: str
    rmse: NonNegative
    brier: NonNegative
    skill: float | None = None


class ForecastRun(Part):
    """One run as it was forecast from those before it, and as it came out."""

    run: str
    before: Count
    p: Interval
    met: bool
    mean: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]
    reached: dict[str, float]


class CheckedRuns(Sparse):
    """All forecasts of a table's runs, each from the runs before it."""

    where_said = frozenset({"rows"})

    runs: Count
    met: Count
    metric: str
    covered: dict[str, Share]
    scores: Annotated[tuple[ScoreRow, ...], Field(min_length=1)]
    rows: tuple[ForecastRun, ...] = ()


class OwnRunsRecord(Record):
    """own_runs.json.

    Attributes:
        origin: the tables.
        runs, cells, repeats, pending, failed: of the table.
        notes: what its reader must know.
        metrics, sources, models: by name.
        noise: where what is said of the noise of runs comes from.
        skill, worth, exchange: by metric and source.
        told: whether anything can be told of any metric.
        check: how forecasts came out; None where too few runs are there.
    """

    file = "own_runs.json"
    made_by = "suffice supply"
    where_said = frozenset({"check", "exchange"})

    origin: str
    runs: Count
    cells: Count
    repeats: Count
    pending: Count = 0
    failed: Count = 0
    notes: tuple[str, ...] = ()
    metrics: tuple[str, ...]
    sources: tuple[str, ...]
    models: tuple[str, ...]
    noise: str
    skill: tuple[SkillRow, ...]
    worth: tuple[WorthRow, ...]
    exchange: tuple[ExchangeRow, ...] = ()
    told: bool
    check: CheckedRuns | None = None
