"""forecast.json: the numbers behind the pictures."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from suffice.records._part import (
    Count,
    Interval,
    MeanInterval,
    NonNegative,
    Part,
    Positive,
    Share,
    Size,
    Sparse,
)
from suffice.records._record import Record

PRICE_RANGE = 4.0
"""Factor by which the sliders move prices, up and down, and under which purchases are weighed for
them: chosen."""

BUDGET_RANGE = (0.2, 2.5)
"""Shares of the study's budget that the sliders span, purchases being weighed for them: chosen."""


class HeroPoint(Part):
    """A curve's place in the picture."""

    name: str
    quantity: Size
    quality: Share
    p: Share | None = None
    cost: NonNegative
    role: Literal["recommended", "alternative"] = "alternative"


class PathPoint(Part):
    """Where the recommended curve stands at a budget."""

    budget: NonNegative
    name: str = ""
    quantity: Size
    quality: Share
    p: Share | None = None
    cost: NonNegative | None = None


class Hero(Part):
    """The grid behind the picture: rows are qualities, columns quantities.

    Where all labels on offer are right equally often there is one row.
    """

    quantity: Annotated[tuple[Positive, ...], Field(min_length=2)]
    quality: Annotated[tuple[Share, ...], Field(min_length=1)]
    p: tuple[tuple[Share | None, ...], ...]
    cost: tuple[tuple[NonNegative | None, ...], ...]
    feasible: tuple[tuple[bool, ...], ...]
    budget: NonNegative | None = None
    points: tuple[HeroPoint, ...] = ()
    path: tuple[PathPoint, ...] = ()

    @model_validator(mode="after")
    def _shapes(self) -> Hero:
        want = (len(self.quality), len(self.quantity))
        for key in ("p", "cost", "feasible"):
            grid = getattr(self, key)
            if len(grid) != want[0] or any(len(row) != want[1] for row in grid):
                raise ValueError(f"{key} must be {want[0]} rows (quality) of {want[1]} (quantity)")
        for key in ("quantity", "quality"):
            axis = getattr(self, key)
            if any(b <= a for a, b in pairwise(axis)):
                raise ValueError(f"{key} must rise")
        return self


class MeasuredPoint(Sparse):
    """The mean of the real runs at one quantity; one run alone has no ``sd``."""

    where_said = frozenset({"sd"})

    x: Size
    mean: float
    sd: NonNegative | None = None
    runs: Count | None = None


class LearningCurve(Sparse):
    """How a metric falls with the quantity of one source's labels; ``rises``: higher is better."""

    where_said = frozenset({"rises"})

    model: str
    source: str
    labels_per_task: Annotated[int, Field(ge=1)] = 1
    metric: str
    x: tuple[Size, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    run_low: tuple[float, ...] = ()
    run_high: tuple[float, ...] = ()
    measured: tuple[MeasuredPoint, ...] = ()
    rises: bool = False

    @property
    def best(self) -> float:
        """The best mean on the curve."""
        return max(self.mean) if self.rises else min(self.mean)

    def meets(self, value: float, bar: float) -> bool:
        """Whether a value is as good as the bar."""
        return value >= bar if self.rises else value <= bar

    @model_validator(mode="after")
    def _lengths(self) -> LearningCurve:
        for key in ("mean", "low", "high", "run_low", "run_high"):
            values = getattr(self, key)
            if len(values) != len(self.x) and not (key.startswith("run_") and not values):
                raise ValueError(f"{key} has {len(values)} values where x has {len(self.x)}")
        return self


class MoreOfTheJudge(Part):
    """What adding labels with shared error does to the error and to P."""

    fixed: str
    source: str
    metric: str = "error"
    x: tuple[Annotated[int | float, Field(ge=0)], ...]
    error: tuple[Interval, ...]
    p: tuple[MeanInterval, ...]

    @model_validator(mode="after")
    def _lengths(self) -> MoreOfTheJudge:
        for key in ("error", "p"):
            if len(getattr(self, key)) != len(self.x):
                raise ValueError(f"{key} and x differ in length")
        return self


class HostileLabels(Part):
    """What hostile labels among those that are bought would do."""

    curve: str
    trigger: str | None = None
    cells: Count
    shares: tuple[Share, ...]
    error: tuple[Interval, ...]
    attack: tuple[Interval, ...] = ()
    p: tuple[MeanInterval, ...]

    @model_validator(mode="after")
    def _lengths(self) -> HostileLabels:
        for key in ("error", "p", *(("attack",) if self.attack else ())):
            if len(getattr(self, key)) != len(self.shares):
                raise ValueError(f"{key} and shares differ in length")
        return self


class ModelNeed(Part):
    """How many tasks a model needs."""

    name: str
    tasks_needed: Count | None = None
    low: Count | None = None
    high: Count | None = None
    p: Share | None = None
    note: str | None = ""


class ChangeRow(Part):
    """How P moves from one model to a more capable one, by which effect, in numbers and words."""

    before: str
    after: str
    p_before: Interval
    p_after: Interval
    efficiency: Interval
    error: Interval
    total: Interval
    falls: Share
    winner: str
    text: str


class SliderSource(Sparse):
    """A source whose price can be moved; under quality control it moves with that of ``of``."""

    where_said = frozenset({"of"})

    name: str
    price: NonNegative
    of: Count | None = None


Percent = Annotated[float, Field(ge=0.0, le=100.0)]


PerModelShareCurve = tuple[tuple[tuple[Percent, ...], ...], ...]


class Sliders(Part):
    """The grid that the sliders move over: percentages by model, hostile share and curve."""

    sources: Annotated[tuple[SliderSource, ...], Field(min_length=1)]
    budget: Positive
    models: Annotated[tuple[str, ...], Field(min_length=1)]
    shares: Annotated[tuple[Share, ...], Field(min_length=1)]
    curves: Annotated[
        tuple[tuple[tuple[Count, Count, Count, Count], ...], ...], Field(min_length=1)
    ]
    choose: PerModelShareCurve
    p: PerModelShareCurve
    low: PerModelShareCurve
    high: PerModelShareCurve
    far: tuple[tuple[bool, ...], ...] = ()

    @model_validator(mode="after")
    def _shapes(self) -> Sliders:
        want = (len(self.models), len(self.shares), len(self.curves))
        for key in ("choose", "p", "low", "high"):
            grid = getattr(self, key)
            rows = [row for part in grid for row in part]
            if (
                len(grid) != want[0]
                or any(len(part) != want[1] for part in grid)
                or any(len(row) != want[2] for row in rows)
            ):
                raise ValueError(f"{key} must be {want[0]} models of {want[1]} shares of curves")
        if any(b <= a for a, b in pairwise(self.shares)):
            raise ValueError("shares must rise")
        if any(t[0] >= len(self.sources) for c in self.curves for t in c):
            raise ValueError("curves name a source that is not there")
        return self


class ForecastRecord(Record):
    """forecast.json.

    Attributes:
        model: that the plan is about.
        sliders: what the page's sliders move over.
        hero: P over the plane of quantity and quality.
        learning_curves: error against the labels of one source.
        more_of_the_judge: what adding labels with shared error does; None with one source.
        hostile: what hostile labels would do; None where no attack was measured.
        models: how many tasks each model needs.
        thresholds: of the criterion, by metric.
        changes: how P moves from model to model, where the study states their capability.
    """

    file = "forecast.json"
    made_by = "suffice plan"

    model: str
    sliders: Sliders | None = None
    hero: Hero
    learning_curves: tuple[LearningCurve, ...] = ()
    more_of_the_judge: MoreOfTheJudge | None = None
    hostile: HostileLabels | None = None
    models: tuple[ModelNeed, ...] = ()
    thresholds: dict[str, float] = Field(default_factory=dict)
    changes: tuple[ChangeRow, ...] = ()
