"""Backtests: cut a curve short, forecast what comes after, compare.

Each curve is cut at the whole, three quarters, half and a quarter of the log distance that is
asked for, as far as that leaves it four points; the points after the cut are then held out.

Assumes: what is hard to extrapolate early in a curve is hard at its end.
Fails when: curves are much shorter than the distance that is asked for; a forecast says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand.scaling._read_curves import CurveData

    Floats = NDArray[np.float64]

LEAST_PREFIX = 4
"""Points that a backtest is fitted to at least: as many as the tail power law takes."""

_SHARES = (1.0, 0.75, 0.5, 0.25)
"""Shares of the asked log distance at which curves are cut. Chosen, evenly spaced."""

_MOST_HELD_OUT = 12
"""Points that a backtest is scored by at most, evenly spaced. Chosen: neighbours say the same."""

_TOLERANCE = 1e-9
"""Of rounding, in log x."""


@dataclass(frozen=True, eq=False)
class Backtest:
    """One curve cut short.

    Attributes:
        curve: which one.
        length: how many points come before the cut.
        u, z: the held-out points, relative to the last point before the cut [point].
    """

    curve: int
    length: int
    u: Floats
    z: Floats


def cut_curves(curves: Sequence[CurveData], distances: Floats) -> list[Backtest]:
    """All backtests of all curves, for the log distance asked of each [curve]."""
    return [
        backtest
        for number, (curve, distance) in enumerate(zip(curves, distances, strict=True))
        for backtest in _cuts(number, curve, float(distance))
    ]


def _cuts(number: int, curve: CurveData, distance: float) -> list[Backtest]:
    log_x, log_y = np.log(curve.x), np.log(curve.y)
    lengths = []
    for share in _SHARES:
        before = log_x[-1] - share * distance + _TOLERANCE
        length = max(int(np.searchsorted(log_x, before, side="right")), LEAST_PREFIX)
        if length < len(log_x) and length not in lengths:
            lengths.append(length)
    found = []
    for length in lengths:
        held_out = np.arange(length, len(log_x))
        spaced = np.linspace(0, len(held_out) - 1, min(len(held_out), _MOST_HELD_OUT))
        chosen = held_out[np.unique(np.round(spaced).astype(int))]
        u, z = log_x[chosen] - log_x[length - 1], log_y[chosen] - log_y[length - 1]
        found.append(Backtest(number, length, u, z))
    return found


def tested_distance(curve: CurveData) -> float:
    """The longest log distance at which a curve can check a forecast; 0 if none."""
    if len(curve.x) <= LEAST_PREFIX:
        return 0.0
    return float(np.log(curve.x[-1] / curve.x[LEAST_PREFIX - 1]))
