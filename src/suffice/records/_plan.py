"""plan.json: what to buy, what is promised, and what was checked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from suffice.records._part import (
    Citation,
    Count,
    HeldProbability,
    Interval,
    NonNegative,
    Part,
    Positive,
    Probability,
    Share,
    Tranche,
)


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
    slice_error: dict[str, Share] = Field(default_factory=dict)
    limits: dict[str, NonNegative] = Field(default_factory=dict)
    severe: dict[str, Share] = Field(default_factory=dict)


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
