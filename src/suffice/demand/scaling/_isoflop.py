"""The compute-optimal size from runs at equal compute: N* ~ C^a.

Model: at each compute budget the loss over log N is interpolated by Akima's spline and its lowest
place taken; a straight line through log N* over log C gives the exponent. The interval is that of
the line, from how far the budgets' minima scatter around it.

Assumes: one power law over all budgets; minima scatter independently.
Fails when: sizes are coarse or reach to one side of the minimum only. Such budgets are left out and
named.
Reference: Hoffmann et al. (2022), approach 2; Porian et al. (2024) for the interpolation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import InputError
from suffice.estimate import LEVEL, Estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FEWEST_BUDGETS, FEWEST_SIZES = 3, 4
"""Budgets, and sizes at each. Chosen: one more than a line and a parabola have parameters."""

_SAME_BUDGET = 1e-6
"""Relative difference up to which budgets are one: rounding of files."""

_GRID = 4001
"""Places at which a curve's lowest point is looked for. Chosen: a step is below a thousandth of the
range, far below the interval."""


@dataclass(frozen=True, eq=False)
class Isoflop:
    """The exponent of the compute-optimal size.

    Attributes:
        exponent: a in N* ~ C^a.
        coefficient: N* at a compute of 1, in parameters.
        flops, best_params: the budgets that were used and their optimal sizes [budget].
        left_out: budgets without a minimum inside the sizes that were trained.
    """

    exponent: Estimate
    coefficient: Estimate
    flops: Floats
    best_params: Floats
    left_out: tuple[float, ...]


def fit_isoflop(n_params: ArrayLike, flops: ArrayLike, loss: ArrayLike) -> Isoflop:
    """Fit N* ~ C^a to losses at equal compute.

    Args:
        n_params, flops, loss: of each training [point]; those with the same flops are one budget.

    Raises:
        InputError: values that cannot be, or too few budgets with a minimum.
    """
    from scipy.special import stdtrit

    columns = [np.atleast_1d(np.asarray(v, dtype=float)) for v in (n_params, flops, loss)]
    if len({len(c) for c in columns}) != 1:
        raise InputError("n_params, flops and loss differ in length", where="fit_isoflop",
                         fix="give one of each a training")  # fmt: skip
    for name, column in zip(("n_params", "flops", "loss"), columns, strict=True):
        for row in np.flatnonzero(~(np.isfinite(column) & (column > 0.0)))[:1]:
            raise InputError(f"{name} is {column[row]:g} in row {row}", where="fit_isoflop",
                             fix="give positive numbers")  # fmt: skip
    n, c, y = columns
    used, best, left_out = [], [], []
    for budget in _budgets(c):
        same = np.abs(c / budget - 1.0) <= _SAME_BUDGET
        place = _minimum(np.log(n[same]), np.log(y[same]))
        if place is None:
            left_out.append(float(budget))
        else:
            used.append(budget)
            best.append(place)
    if len(used) < FEWEST_BUDGETS:
        raise InputError(
            f"{len(used)} compute budgets have a minimum inside their sizes", where="fit_isoflop",
            fix=f"give at least {FEWEST_BUDGETS}, each with {FEWEST_SIZES} sizes around it",
        )  # fmt: skip
    x, z = np.log(used), np.array(best)
    centre = x.mean()
    spread = float(((x - centre) ** 2).sum())
    slope = float(((x - centre) * z).sum() / spread)
    level = float(z.mean())
    miss = z - level - slope * (x - centre)
    sd = float(np.sqrt((miss**2).sum() / (len(x) - 2)))
    wide = float(stdtrit(len(x) - 2, 0.5 + LEVEL / 2.0))
    method = "line through the minima of interpolated losses"
    slope_sd = sd / float(np.sqrt(spread))
    start = level - slope * centre
    start_sd = sd * float(np.sqrt(1.0 / len(x) + centre**2 / spread))
    exponent = Estimate(slope, slope - wide * slope_sd, slope + wide * slope_sd, LEVEL, method)
    at_one = [float(np.exp(start + k * wide * start_sd)) for k in (0.0, -1.0, 1.0)]
    coefficient = Estimate(at_one[0], at_one[1], at_one[2], LEVEL, method)
    return Isoflop(exponent, coefficient, np.array(used), np.exp(z), tuple(left_out))


def _budgets(flops: Floats) -> list[float]:
    """Different budgets, rounding aside."""
    ordered = np.unique(flops)
    fresh = np.concatenate([[True], np.diff(ordered) > _SAME_BUDGET * ordered[:-1]])
    return [float(v) for v in ordered[fresh]]


def _minimum(log_n: Floats, log_loss: Floats) -> float | None:
    """Where the interpolated loss is lowest; None if that is at an end."""
    from scipy.interpolate import Akima1DInterpolator

    places, number = np.unique(log_n, return_inverse=True)
    if len(places) < FEWEST_SIZES:
        return None
    heights = np.bincount(number, log_loss) / np.bincount(number)
    grid = np.linspace(places[0], places[-1], _GRID)
    best = int(np.argmin(Akima1DInterpolator(places, heights)(grid)))
    return None if best in (0, _GRID - 1) else float(grid[best])
