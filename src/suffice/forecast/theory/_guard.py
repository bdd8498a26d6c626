"""Hold a forecast of labels against theory: clip by what holds, flag against the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from suffice.forecast.theory._bound import Bound


@dataclass(frozen=True)
class Guarded:
    """A forecast after theory has seen it.

    Attributes:
        labels: the forecast; its draws are clipped where a bound holds for this very instance.
        clipped_by: names of the bounds that moved a draw.
        flags: where it is better (or worse) than a bound whose assumptions are not known to hold.
    """

    labels: Estimate
    clipped_by: tuple[str, ...]
    flags: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "labels": self.labels.as_dict(),
            "clipped_by": list(self.clipped_by),
            "flags": list(self.flags),
        }


def guard(forecast: NDArray[np.float64] | Estimate, bounds: Iterable[Bound]) -> Guarded:
    """Clip a forecast of labels needed by bounds that hold here, and flag it against the others.

    Only bounds on ``labels`` count. An uncertain bound clips at its lenient end, and it is flagged
    where the forecast's mean lies beyond that. A bound that is known not to hold does nothing.

    Args:
        forecast: draws of the labels needed, or an estimate with or without draws.
        bounds: any bounds.
    """
    given = (
        forecast
        if isinstance(forecast, Estimate)
        else Estimate.from_draws(np.asarray(forecast, dtype=np.float64), method="as given")
    )
    draws = (
        np.array([given.low, given.value, given.high])
        if given.draws is None
        else np.array(given.draws, dtype=np.float64)
    )
    clipped, flags = [], []
    for bound in bounds:
        if bound.quantity != "labels" or bound.holds_here is False:
            continue
        if bound.direction == "optimum":
            continue
        below = bound.direction == "lower"
        limit = bound.interval[0] if below else bound.interval[1]
        beyond = draws < limit if below else draws > limit
        if bound.holds_here is True:
            if beyond.any():
                clipped.append(bound.name)
            draws = np.maximum(draws, limit) if below else np.minimum(draws, limit)
        elif given.value < limit if below else given.value > limit:
            than = "better than the worst case" if below else "worse than the guarantee"
            ends = "at least" if below else "at most"
            flags.append(
                f"{than} under an assumption: {bound.name} says {ends} {_count(limit)} labels "
                f"{bound.holds_here}"
            )
    if given.draws is None:
        low, value, high = (float(x) for x in draws)
        kept = Estimate(value, low, high, given.level, given.method, given.citation)
    elif clipped:
        kept = Estimate.from_draws(
            draws,
            level=given.level,
            method=f"{given.method}, clipped by {', '.join(clipped)}",
            citation=given.citation,
        )
    else:
        kept = given
    return Guarded(kept, tuple(clipped), tuple(flags))


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
