"""The shapes of a study's output files, as the report reads them.

Keys that the report does not know are left to later versions; a key that it knows must be right.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """One object of a file: frozen, and no number in it is infinite or undefined."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Interval(Part):
    """A value with the interval that holds ``level`` of its probability."""

    value: float
    low: float
    high: float
    level: Share = 0.9

    @model_validator(mode="after")
    def _ordered(self) -> Interval:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


class Probability(Part):
    """P(meets the criterion): its mean and interval; no mean far from what was measured."""

    mean: Share | None
    low: Share
    high: Share
    level: Share = 0.9

    @model_validator(mode="after")
    def _ordered(self) -> Probability:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


class Chance(Part):
    """P on a line inside what was measured, where it always has a mean."""

    mean: Share
    low: Share
    high: Share


class HeldProbability(Probability):
    """P(meets the criterion) with what it holds fixed."""

    held_fixed: str | list[str] = ""


class Tranche(Part):
    """One line of the shopping list."""

    source: str
    tasks: Count
    labels_per_task: Annotated[int, Field(ge=1)] = 1
    round: int = 1
    where: tuple[str, ...] = ()
    cost: NonNegative | None = None

    @property
    def labels(self) -> int:
        """Labels bought."""
        return self.tasks * self.labels_per_task

    @property
    def operated(self) -> bool:
        """Whether it is bought under quality control; runs then train on synthetic labels."""
        return "/" in self.source


class Budget(Part):
    """What may be spent."""

    dollars: NonNegative | None = None
    weeks: NonNegative | None = None


class Alternative(Part):
    """Something else that the money could buy."""

    name: str
    curve: tuple[Tranche, ...]
    cost: NonNegative
    p: Probability | None = None
    note: str | None = None


class FrontierPoint(Part):
    """The best curve at a cost."""

    cost: NonNegative
    p: Probability | None = None
    curve: tuple[Tranche, ...] = ()


class Criterion(Part):
    """What a run must reach."""

    error: Share | None = None
    worst_slice_error: Share | None = None
    slices: tuple[str, ...] = ()
    slice_error: dict[str, Share] = {}
    limits: dict[str, NonNegative] = {}
    severe: dict[str, Share] = {}


class Check(Part):
    """A forecast beside the real runs that were made after it."""

    name: str
    passed: Count
    total: Annotated[int, Field(ge=1)]
    predictive_low: NonNegative
    predictive_high: NonNegative
    p: Probability | None = None
    synthetic: bool = False

    @property
    def inside(self) -> bool:
        """Whether the count fell inside its predictive interval."""
        return self.predictive_low <= self.passed <= self.predictive_high


class UncertaintyPart(Part):
    """One part of the forecast's uncertainty."""

    name: str
    text: str = ""
    sd: NonNegative
    counted: str = ""


class ShadowPrice(Part):
    """What a wider limit is worth."""

    limit: str
    step: Positive
    unit: str
    gain: Interval
    curve: str = ""


class Flip(Part):
    """A budget at which the answer changes."""

    before: str
    after: str
    budget: Interval
    seen: Share


class Citation(Part):
    """Where a method or a data set comes from."""

    what: str
    text: str
    url: str | None = None


class Plan(Part):
    """plan.json."""

    study: str
    question: str = ""
    p: HeldProbability
    p_new_gold: Probability | None = None
    p_deployment: Probability | None = None
    bought: tuple[Tranche, ...] | None = None
    validity: Share | Literal["unknown"] = "unknown"
    validity_text: str = ""
    cost: NonNegative
    budget: Budget = Budget()
    curve: tuple[Tranche, ...]
    decision: str
    alternatives: tuple[Alternative, ...] = ()
    frontier: tuple[FrontierPoint, ...] = ()
    shadow_prices: tuple[ShadowPrice, ...] = ()
    flips: tuple[Flip, ...] = ()
    criterion: Criterion
    model: str
    check: tuple[Check, ...] = ()
    check_skipped: bool = False
    check_left_out: tuple[str, ...] = ()
    parts: tuple[UncertaintyPart, ...] = ()
    distance: Literal["inside", "near", "far"] | None = None
    limits: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()

    @field_validator("validity", mode="plain")
    @classmethod
    def _number_or_unknown(cls, value: object) -> float | str:
        if value == "unknown":
            return "unknown"
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and 0.0 <= float(str(value)) <= 1.0:
            return float(str(value))
        raise ValueError('must be a number from 0 to 1, or "unknown"')


class Repeats(Part):
    """What several labels a task do to a source's error."""

    labels_per_task: Annotated[int, Field(ge=1)]
    error: Interval
    cost: NonNegative


class Supplier(Part):
    """A source as the audit found it."""

    name: str
    about: str = ""
    price: NonNegative
    capacity: NonNegative | None = None
    latency_days: NonNegative = 0.0
    max_labels_per_task: Annotated[int, Field(ge=1)] = 1
    error: Interval
    by_slice: dict[str, Interval] = {}
    shared: Interval | None = None
    shared_note: str | None = None
    bits: Interval | None = None
    price_per_bit: Interval | None = None
    by_repeats: tuple[Repeats, ...] = ()


class Offer(Part):
    """One thing that can be bought."""

    quantity: Positive
    quality: Share
    cost: NonNegative
    source: str
    labels_per_task: Annotated[int, Field(ge=1)] = 1


class Way(Part):
    """The cheapest way to one quality at one quantity."""

    tasks: Annotated[int, Field(ge=1)]
    error: Interval
    cost: Interval
    weeks: NonNegative
    how: str


class Bought(Part):
    """The curve that can be bought with quality control on the sources."""

    offers: tuple[Way, ...] = ()
    weeks: Positive | None = None
    notes: tuple[str, ...] = ()


class Supply(Part):
    """supply.json."""

    slices: tuple[str, ...] = ()
    sources: Annotated[tuple[Supplier, ...], Field(min_length=1)]
    curve: tuple[Offer, ...] = ()
    bought: Bought = Bought()


class HeroPoint(Part):
    """A curve's place in the picture."""

    name: str
    quantity: Positive
    quality: Share
    p: Share | None = None
    cost: NonNegative
    role: Literal["recommended", "alternative"] = "alternative"


class PathPoint(Part):
    """Where the recommended curve stands at a budget."""

    budget: NonNegative
    quantity: Positive
    quality: Share
    p: Share | None = None
    cost: NonNegative | None = None


class Hero(Part):
    """The grid behind the picture: rows are qualities, columns quantities."""

    quantity: Annotated[tuple[Positive, ...], Field(min_length=2)]
    quality: Annotated[tuple[Share, ...], Field(min_length=2)]
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


class MeasuredPoint(Part):
    """The mean of the real runs at one quantity."""

    x: Positive
    mean: float
    sd: NonNegative | None = None
    runs: Count | None = None


class LearningCurve(Part):
    """How a metric falls with the quantity of one source's labels."""

    model: str
    source: str
    labels_per_task: Annotated[int, Field(ge=1)] = 1
    metric: str
    x: tuple[Positive, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    run_low: tuple[float, ...] = ()
    run_high: tuple[float, ...] = ()
    measured: tuple[MeasuredPoint, ...] = ()

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
    x: tuple[NonNegative, ...]
    error: tuple[Interval, ...]
    p: tuple[Chance, ...]

    @model_validator(mode="after")
    def _lengths(self) -> MoreOfTheJudge:
        for key in ("error", "p"):
            if len(getattr(self, key)) != len(self.x):
                raise ValueError(f"{key} and x differ in length")
        return self


class Hostile(Part):
    """What hostile labels among those that are bought would do."""

    curve: str
    trigger: str | None = None
    cells: Count
    shares: tuple[Share, ...]
    error: tuple[Interval, ...]
    attack: tuple[Interval, ...] = ()
    p: tuple[Probability, ...]

    @model_validator(mode="after")
    def _lengths(self) -> Hostile:
        for key in ("error", "p", *(("attack",) if self.attack else ())):
            if len(getattr(self, key)) != len(self.shares):
                raise ValueError(f"{key} and shares differ in length")
        return self


class ModelNeed(Part):
    """How many tasks a model needs."""

    name: str
    parameters: Positive | None = None
    tasks_needed: NonNegative | None = None
    low: NonNegative | None = None
    high: NonNegative | None = None
    note: str | None = ""


class Change(Part):
    """How P moves from one model to a more capable one, in words."""

    before: str
    after: str
    winner: str
    text: str


class SliderSource(Part):
    """A source whose price can be moved; under quality control it moves with that of ``of``."""

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


class Forecast(Part):
    """forecast.json."""

    model: str
    hero: Hero
    learning_curves: tuple[LearningCurve, ...] = ()
    more_of_the_judge: MoreOfTheJudge | None = None
    hostile: Hostile | None = None
    models: tuple[ModelNeed, ...] = ()
    changes: tuple[Change, ...] = ()
    thresholds: dict[str, float] = {}
    sliders: Sliders | None = None


class Family(Part):
    """One family of laws with its weight in the average."""

    name: str
    weight: NonNegative


class HeldOut(Part):
    """How well a method foretold cells that it had not seen."""

    name: str
    rmse: NonNegative
    log_score: float | None = None


class Law(Part):
    """law.json."""

    families: tuple[Family, ...] = ()
    converged: bool
    rhat: float | None = None
    ess: float | None = None
    draws: Count
    discrepancy_sd: dict[str, NonNegative] = {}
    held_out: tuple[HeldOut, ...] = ()
    cells: Count
    runs: Count


class LedgerEntry(Part):
    """One forecast that was written down before its runs; its score has the same ``id``."""

    id: str | None = None
    time: str
    study: str = ""
    name: str
    curve: str | tuple[Tranche, ...] = ""
    p: Probability
    predictive: tuple[float, float] | None = None
    total: Count | None = None
    passed: Count | None = None
    brier: float | None = None
    log_score: float | None = None


class Lock(Part):
    """study.lock.json."""

    suffice: str
    python: str
    packages: dict[str, str] = {}
    seed: int | None = None
    study_sha256: str | None = None
    data: dict[str, str] = {}
    models: dict[str, str | None] = {}
    created: str | None = None


class Timing(Part):
    """How long a stage took."""

    stage: str
    seconds: NonNegative
