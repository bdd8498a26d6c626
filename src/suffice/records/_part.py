"""What the records are made of: checked numbers, intervals, purchases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from suffice.curve import base_source, control_of

if TYPE_CHECKING:
    from suffice.estimate import Estimate

Share = Annotated[float, Field(ge=0.0, le=1.0)]


NonNegative = Annotated[float, Field(ge=0.0)]


Positive = Annotated[float, Field(gt=0.0)]


Count = Annotated[int, Field(ge=0)]


Size = Annotated[int | float, Field(gt=0)]
"""A number of tasks, which a chart may also place between two whole ones."""


class Part(BaseModel):
    """One object of a file: frozen, and no number in it is infinite or undefined."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Sparse(Part):
    """A part some of whose keys stand in the file only where they say something.

    Attributes:
        where_said: those keys; they are left out while false, empty or None.
        where_given: keys that are left out where nobody gave them. False, empty and None are
            answers there, and are written.
    """

    where_said: ClassVar[frozenset[str]] = frozenset()
    where_given: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        silent = {k for k in self.where_said if not _says(values.get(k))}
        silent |= self.where_given - self.model_fields_set
        return {k: v for k, v in values.items() if k not in silent}


def _says(value: object) -> bool:
    # A zero is a place or a number, and says something.
    return bool(value) or (isinstance(value, int | float) and not isinstance(value, bool))


class Interval(Part):
    """A value with the interval that holds ``level`` of its probability."""

    value: float
    low: float
    high: float
    level: Share = 0.9

    @classmethod
    def of(cls, estimate: Estimate) -> Self:
        """An estimate without its draws and its method."""
        e = estimate
        return cls(value=e.value, low=e.low, high=e.high, level=e.level)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
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
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


class MeanInterval(Part):
    """P on a line inside what was measured, where it always has a mean."""

    mean: Share
    low: Share
    high: Share


class HeldProbability(Probability):
    """P(meets the criterion) with what it holds fixed."""

    held_fixed: str | list[str] = ""


class TrancheRow(Sparse):
    """One line of the shopping list."""

    where_said = frozenset({"quality_control", "synthetic"})

    source: str
    tasks: Count
    labels_per_task: Annotated[int, Field(ge=1)] = 1
    round: int = 1
    where: tuple[str, ...] = ()
    cost: NonNegative | None = None
    quality_control: str = ""
    synthetic: bool = False

    @property
    def labels(self) -> int:
        """Labels bought."""
        return self.tasks * self.labels_per_task

    @property
    def base(self) -> str:
        """The source underneath, without quality control."""
        return base_source(self.source)

    @property
    def control(self) -> str:
        """The setting of its quality control, off its name; runs then train on synthetic labels.

        Older files say it nowhere else. Empty where it is bought as it comes.
        """
        return control_of(self.source)
