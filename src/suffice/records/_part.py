"""What the records are made of: checked numbers, intervals, purchases."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

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


class Citation(Part):
    """Where a method or a data set comes from."""

    what: str
    text: str
    url: str | None = None
