"""A number that knows how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.90
"""Intervals hold this much probability unless they say otherwise."""


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, how it was made, and where the method comes from.

    Attributes:
        value: the point estimate (a posterior mean unless ``method`` says otherwise).
        low, high: the ends of the central interval.
        level: how much probability the interval holds.
        method: how it was made, in a few words.
        citation: where the method comes from.
        draws: posterior draws [draw], where they were kept.
    """

    value: float
    low: float
    high: float
    level: float = LEVEL
    method: str = ""
    citation: str = ""
    draws: NDArray[Any] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def from_draws(
        cls, draws: NDArray[Any], *, level: float = LEVEL, method: str = "", citation: str = ""
    ) -> Estimate:
        """Summarise posterior draws [draw] by their mean and central interval."""
        import numpy as np

        tail = (1.0 - level) / 2.0
        low, high = np.quantile(draws, [tail, 1.0 - tail])
        mean = float(np.mean(draws))
        return cls(mean, float(low), float(high), level, method, citation, draws)

    def as_dict(self) -> dict[str, float]:
        """The value and its interval, for JSON."""
        return {"value": self.value, "low": self.low, "high": self.high, "level": self.level}
