"""A number that knows how sure it is, the interval of draws, and how a probability is printed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEVEL = 0.90
"""Intervals hold this much probability unless they say otherwise. A convention: wide enough to be
taken seriously, and its ends are met by draws often enough to be estimated well."""

TAILS = (0.05, 0.95)
"""The ends of the central interval that holds ``LEVEL``, as quantiles."""

_LEAST = 0.005
"""A probability nearer to 0 or 1 than this is printed as a bound: two places cannot tell it apart,
and no finite study shows a 0 or a 1. A convention."""


def interval(draws: ArrayLike, tails: tuple[float, float] = TAILS) -> tuple[float, float]:
    """The ends of the central interval of draws.

    A quantile between two order statistics is interpolated linearly (type 7 of Hyndman and Fan
    1996, Sample quantiles in statistical packages; NumPy's own). Counts and draws that may be
    infinite are not for this: they take order statistics.

    Args:
        draws: any shape; all of them count as one sample.
        tails: the two quantiles.
    """
    import numpy as np

    low, high = np.quantile(np.asarray(draws), tails)
    return float(low), float(high)


def intervals(draws: ArrayLike, axis: int | tuple[int, ...]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The same along axes: (low, high), each with the shape that is left."""
    import numpy as np

    low, high = np.quantile(np.asarray(draws), TAILS, axis=axis)
    return low, high


def cells(name: str, draws: NDArray[Any]) -> dict[str, float]:
    """Mean and interval of draws as three cells of a table: name, name_low, name_high."""
    import numpy as np

    low, high = interval(draws)
    return {name: float(np.mean(draws)), f"{name}_low": low, f"{name}_high": high}


def finite(value: float) -> float | None:
    """A number for JSON, which knows no infinity."""
    return value if abs(value) < float("inf") else None


def equals(p: float) -> str:
    """What stands behind "P" in a sentence: ``= .83``, ``below .01``."""
    told = probability(p, spelled=True)
    return f"= {told}" if told.startswith(".") else told


def probability(p: float, *, spelled: bool = False) -> str:
    """A probability in two places: ``.83``, ``<.01``; ``spelled`` for sentences: ``below .01``."""
    if p < _LEAST:
        return "below .01" if spelled else "<.01"
    if p > 1.0 - _LEAST:
        return "above .99" if spelled else ">.99"
    return f"{p:.2f}".removeprefix("0")


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
        low, high = interval(draws, (tail, 1.0 - tail))
        mean = float(np.mean(draws))
        return cls(mean, low, high, level, method, citation, draws)

    def as_dict(self) -> dict[str, float]:
        """The value and its interval, for JSON."""
        return {"value": self.value, "low": self.low, "high": self.high, "level": self.level}
