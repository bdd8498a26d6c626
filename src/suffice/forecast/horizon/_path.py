"""The path of scale over years, and the scale at which misalignment gets dangerous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.records import Distance

    Floats = NDArray[np.float64]


_SLOWEST = 0.1
"""Least share of the mean rate of growth: chosen, since a scale that stands still never gets
anywhere; it moves the late end of a date."""

_LEAST_SPAN = 0.5
"""Decades that one measured model alone counts as near: chosen, a factor of three."""


@dataclass(frozen=True)
class Path:
    """The user's priors on how scale grows and where it gets dangerous.

    Attributes:
        decades_per_year: mean and sd of tenfolds a year; draws at or below a tenth of the mean
            are drawn anew, so that scale always grows.
        danger: mean and sd of the decades beyond today's model at which misalignment gets
            dangerous; draws below 0 mean that it already is, and count as 0.
        years: how far to look.
    """

    decades_per_year: tuple[float, float]
    danger: tuple[float, float]
    years: float

    def draw_rate(self, rng: np.random.Generator, draws: int) -> Floats:
        """Decades a year [draw]."""
        mean, sd = self.decades_per_year
        rate = rng.normal(mean, sd, draws)
        while (low := rate <= _SLOWEST * mean).any():
            rate[low] = rng.normal(mean, sd, int(low.sum()))
        return rate

    def draw_danger(self, rng: np.random.Generator, draws: int) -> Floats:
        """Decades beyond today's model at which misalignment gets dangerous [draw]."""
        return np.maximum(rng.normal(*self.danger, draws), 0.0)


def distance(decades: float, span: float) -> Distance:
    """How far a scale lies from the measured models: ``inside``, ``near`` or ``far``.

    Near is at most as far beyond the largest measured model as measured models lie apart (at
    least half a decade, as for one model alone).
    """
    if decades <= 0.0:
        return "inside"
    return "near" if decades <= max(span, _LEAST_SPAN) else "far"
