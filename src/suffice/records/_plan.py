"""plan.json: what to buy, what is promised, and what was checked."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator, model_validator

from suffice._said import Citation
from suffice.curve import Curve
from suffice.records._part import (
    Count,
    HeldProbability,
    Interval,
    NonNegative,
    Part,
    Positive,
    Probability,
    Share,
    Sparse,
    TrancheRow,
)
from suffice.records._record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

HOPELESS = 0.01
"""A plan whose P is below this is none: chosen, the least that is printed as a number."""

Distance = Literal["inside", "near", "far"]
"""How far a curve lies from what was measured."""


_OF_TRANCHES = {"source", "tasks", "labels_per_task", "round", "where"}
"""What of a row makes a tranche; what it costs is the market's word."""


class Budget(Part):
    """What may be spent."""

    dollars: NonNegative | None = None
    weeks: NonNegative | None = None


class OptionRow(Part):
    """Something that the money could buy: an alternative, or the best curve at a cost."""

    name: str = ""
    curve: tuple[TrancheRow, ...] = ()
    cost: NonNegative
    p: Probability | None = None
    distance: Distance | None = None
    note: str | None = None

    @property
    def purchase(self) -> Curve:
        """What would be bought, as a curve."""
        rows = [row.model_dump(include=_OF_TRANCHES) for row in self.curve]
        return Curve.from_list(rows)


class CriterionRow(Sparse):
    """What a run must reach; ``at_least`` names the ``limits`` that are lowest values."""

    where_said = frozenset({"at_least"})

    error: Share | None = None
    worst_slice_error: Share | None = None
    slices: tuple[str, ...] = ()
    slice_error: dict[str, Share] = Field(default_factory=dict)
    limits: dict[str, float] = Field(default_factory=dict)
    at_least: tuple[str, ...] = ()
    severe: dict[str, Share] = Field(default_factory=dict)


class CheckRow(Sparse):
    """A forecast beside the real runs that were made after it."""

    where_said = frozenset({"synthetic"})

    name: str
    passed: Count
    total: Annotated[int, Field(ge=1)]
    predictive_low: Count
    predictive_high: Count
    p: Probability | None = None
    synthetic: bool = False

    @property
    def inside(self) -> bool:
        """Whether the count fell inside its predictive interval."""
        return self.predictive_low <= self.passed <= self.predictive_high

    def is_unlikely_at(self, p: float) -> bool:
        """Whether counts this far off are rarer than one in ten, were the chance p alone."""
        above = 1.0 - at_most(self.passed - 1, self.total, p)
        return min(at_most(self.passed, self.total, p), above) < _UNLIKELY

    def would_show(self) -> tuple[float | None, float | None]:
        """The chances that would fall outside in nine of ten checks: at most, and at least.

        None where no chance would, on that side.
        """
        low, high = None, None
        for p in _CHANCES:
            if at_most(self.predictive_low - 1, self.total, p) >= _SHOWN:
                low = p
            if high is None and at_most(self.predictive_high, self.total, p) <= 1.0 - _SHOWN:
                high = p
        return low, high


_UNLIKELY = 0.05
"""A convention: one side of an interval that holds .9."""

_SHOWN = 0.9
"""A convention: what a test finds is told for this power."""

_CHANCES = tuple(i / 100 for i in range(101))
"""To the last place that is printed."""


def at_most(count: int, total: int, p: float) -> float:
    """Chance of at most so many successes in so many trials."""
    return sum(comb(total, k) * p**k * (1.0 - p) ** (total - k) for k in range(count + 1))


class UncertaintyPart(Part):
    """One part of the forecast's uncertainty."""

    name: str
    text: str = ""
    sd: NonNegative
    counted: str = ""


class _Risk(Part):
    kind: str
    share: Share


class RobustRow(Interval, _Risk):
    """What the recommended curve is worth when things go badly, and which way they go."""


class ShadowPrice(Part):
    """What a wider limit is worth, for the whole step and for one unit of it."""

    limit: str
    step: Positive
    unit: str
    gain: Interval
    per_unit: Interval | None = None
    curve: str = ""


class FlipRow(Part):
    """A budget at which the answer changes."""

    before: str
    after: str
    budget: Interval
    seen: Share


class PlanRecord(Record):
    """plan.json.

    Attributes:
        study, question, model: what was asked, and of which model.
        p, p_new_gold, p_deployment: P of the recommended curve: with the gold as it is, with other
            gold, and with other gold and new labels.
        p_ceiling: P with any number of labels; None where the plan is likely to do as it is.
        validity, validity_text: what the user believes of the criterion, and what follows.
        cost, budget, curve, decision: of the recommended purchase.
        bought, to_buy: labels in hand, and what is left to buy; None where nothing was bought.
        robust: what is left when things go badly; None where the mean was maximised.
        shadow_prices, flips: what wider limits are worth, and where the answer changes.
        alternatives, frontier: what else the money could buy, and the best curve at each cost.
        criterion: what a run must reach.
        check: forecasts beside the runs made after them; empty before the check.
        check_skipped: whether there will be none.
        parts, distance: of the forecast's uncertainty, and from what was measured.
        limits, assumptions, citations: what keeps the numbers honest.
        check_left_out: curves whose labels could not be had to train on.
    """

    file = "plan.json"
    made_by = "suffice plan"
    where_said = frozenset({"check_left_out", "p_ceiling"})

    study: str
    question: str = ""
    model: str
    p: HeldProbability
    p_new_gold: Probability | None = None
    p_deployment: Probability | None = None
    p_ceiling: Probability | None = None
    validity: Share | Literal["unknown"] = "unknown"
    validity_text: str = ""
    cost: NonNegative
    budget: Budget = Budget()
    curve: tuple[TrancheRow, ...]
    decision: str
    bought: tuple[TrancheRow, ...] | None = None
    to_buy: tuple[TrancheRow, ...] | None = None
    robust: RobustRow | None = None
    shadow_prices: tuple[ShadowPrice, ...] = ()
    flips: tuple[FlipRow, ...] = ()
    alternatives: tuple[OptionRow, ...] = ()
    frontier: tuple[OptionRow, ...] = ()
    criterion: CriterionRow
    check: tuple[CheckRow, ...] = ()
    check_skipped: bool = False
    parts: tuple[UncertaintyPart, ...] = ()
    distance: Distance | None = None
    limits: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    check_left_out: tuple[str, ...] = ()

    def checked(self, rows: Sequence[CheckRow], left_out: Sequence[str] = ()) -> PlanRecord:
        """The same plan after its check."""
        return self.model_copy(update={"check": tuple(rows), "check_left_out": tuple(left_out)})

    def without_check(self) -> PlanRecord:
        """The same plan, saying that there will be no check."""
        return self.model_copy(update={"check_skipped": True})

    @property
    def recommended(self) -> OptionRow:
        """The recommended purchase beside its alternatives, as one of them."""
        p = Probability.model_validate(self.p.model_dump(exclude={"held_fixed"}))
        return OptionRow(
            name="recommended", curve=self.curve, cost=self.cost, p=p, distance=self.distance
        )

    @field_validator("validity", mode="plain")
    @classmethod
    def _number_or_unknown(cls, value: object) -> float | str:
        if value == "unknown":
            return "unknown"
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and 0.0 <= float(str(value)) <= 1.0:
            return float(str(value))
        raise ValueError('must be a number from 0 to 1, or "unknown"')

    @model_validator(mode="after")
    def _check_or_none(self) -> PlanRecord:
        if self.check_skipped and self.check:
            raise ValueError("check has rows although check_skipped is true")
        return self
