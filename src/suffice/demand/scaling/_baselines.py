"""What any forecast has to beat: the last value, and a power law through the last four points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TAIL_POINTS = 4
"""Points of the tail power law. Chosen: enough for a slope, and near the end."""


def last_value(y: Floats, x_new: Floats) -> Floats:
    """Nothing gets better: the last value everywhere [at]."""
    return np.full(len(x_new), y[-1])


def tail_power_law(x: Floats, y: Floats, x_new: Floats) -> Floats:
    """Least squares in log-log through the last four points [at].

    Reference: in log space this is ordinary linear regression; with fewer points, all are used.
    """
    slope, level = tail_line(x, y)
    with np.errstate(over="ignore"):
        found = y[-1] * np.exp(level + slope * np.log(x_new / x[-1]))
    return np.asarray(np.minimum(found, 1e300))


def tail_line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and level of that line, relative to the last point."""
    u, z = np.log(x[-TAIL_POINTS:] / x[-1]), np.log(y[-TAIL_POINTS:] / y[-1])
    centred = u - u.mean()
    slope = float((centred * z).sum() / (centred**2).sum())
    return slope, float(z.mean() - slope * u.mean())
