"""forecast.json: the numbers behind the pictures."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from suffice.records._part import (
    Chance,
    Count,
    Interval,
    NonNegative,
    Part,
    Positive,
    Probability,
    Share,
)


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
    thresholds: dict[str, float] = Field(default_factory=dict)
    sliders: Sliders | None = None
