"""What a bound is: a number with its direction, its assumptions and whether they hold here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from suffice.errors import InputError
from suffice.estimate import finite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Direction = Literal["lower", "upper", "optimum"]


@dataclass(frozen=True)
class Bound:
    """One thing that theory says.

    Attributes:
        name: a short name.
        quantity: what is bounded, with its unit: ``labels``, ``share of labels``, ``error`` ...
        value: the bound; infinite where nothing suffices.
        direction: ``lower`` (less will not do), ``upper`` (more is not needed), or ``optimum``.
        assumptions: what must be so, one line each.
        reference: where it comes from.
        holds_here: True where the assumptions are met by construction, False where they are known
            not to be, otherwise the condition in words (``if ...``).
        low, high: the bound at the ends of its inputs' intervals; the value itself where the
            inputs were given as plain numbers.
    """

    name: str
    quantity: str
    value: float
    direction: Direction
    assumptions: tuple[str, ...]
    reference: str
    holds_here: bool | str
    low: float | None = None
    high: float | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """The bound at the ends of its inputs' intervals."""
        low = self.value if self.low is None else self.low
        return low, self.value if self.high is None else self.high

    def holding(self, holds_here: bool | str) -> Bound:
        """The same bound for an instance about which more is known."""
        return replace(self, holds_here=holds_here)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; an infinite number becomes null."""
        low, high = self.interval
        return {
            "name": self.name,
            "quantity": self.quantity,
            "value": finite(self.value),
            "low": finite(low),
            "high": finite(high),
            "direction": self.direction,
            "assumptions": list(self.assumptions),
            "reference": self.reference,
            "holds_here": self.holds_here,
        }

    @classmethod
    def over(cls, make: Callable[[float], Bound], value: float, ends: Iterable[float]) -> Bound:
        """A bound that is monotone in one uncertain input, with the interval which that gives."""
        values = [make(end).value for end in ends]
        return replace(make(value), low=min(values), high=max(values))


def check_share(name: str, value: float, *, below: float = 1.0, zero: bool = False) -> None:
    """Refuse a chance or share that lies outside its range.

    Raises:
        InputError: ``value`` is not between 0 and ``below``.
    """
    if not (0.0 < value < below or (zero and value == 0.0)):
        allowed = f"{'0 or more' if zero else 'more than 0'} and less than {below:g}"
        raise InputError(f"{name} = {value:g}", fix=f"it must be {allowed}")


def check_count(name: str, value: float, *, least: float) -> None:
    """Refuse a number below ``least``, an infinite one, or NaN.

    Raises:
        InputError: ``value`` cannot be.
    """
    if not least <= value < float("inf"):
        raise InputError(f"{name} = {value:g}", fix=f"it must be at least {least:g}")
