"""How a quantity changes along a scale, from a few measured points: a meta-regression.

Model: point m at x_m has true value a + s x_m + u_m, with u_m normal of unknown width tau, and was
measured as y_m with known covariance V. ``a`` has a flat prior, ``s`` a normal one, ``tau`` a
half-normal one. Points known only to lie above a limit (a criterion not reached) count as such.
Assumes: what moves a point besides the scale (other pretraining, another style) is exchangeable.
Fails when: that something goes along with the scale; with two or three points nothing would show.
Reference: Higgins, Thompson and Spiegelhalter (2009), random-effects meta-analysis, JRSS A 172.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_GRID = 60
"""Widths, each as likely under the prior: fine enough that the grid's own error lies far below that
of thousands of draws."""
_POOL = 8
"""Draws for each that is kept where some points are known only to lie above a limit: they are then
kept by importance, and a pool this large keeps few of them twice."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """Posterior draws of a line through measured points.

    Attributes:
        level: a, the value at x = 0 [draw].
        slope: s, change per unit of x [draw].
        width: tau, how far points lie from the line [draw].
        points: how many points were measured.
        limits: how many were only known to lie above a limit.
    """

    level: Floats
    slope: Floats
    width: Floats
    points: int
    limits: int

    def at(self, x: Floats | float) -> Floats:
        """The line itself [draw] or [draw, x]."""
        x = np.asarray(x, dtype=np.float64)
        return np.asarray(self.level[:, None] + self.slope[:, None] * np.atleast_1d(x)).reshape(
            len(self.slope), *x.shape
        )


def fit_slope(
    x: Floats,
    y: Floats,
    covariance: Floats,
    rng: np.random.Generator,
    *,
    prior: tuple[float, float],
    width: float = 0.3,
    above: Sequence[tuple[float, float]] = (),
    draws: int = 4000,
) -> Slopes:
    """Sample the posterior of the line.

    Args:
        x: where the points lie [point].
        y: what was measured there [point].
        covariance: of the measurement [point, point].
        rng: the only source of chance.
        prior: mean and sd of the slope.
        width: scale of the half-normal prior of tau.
        above: (x, limit) of points that lie above their limit.
        draws: how many.
    """
    from scipy.special import log_ndtr, ndtri

    count = len(x)
    mean, sd = prior
    if count == 0:
        slope = rng.normal(mean, sd, draws)
        tau = np.abs(rng.normal(0.0, width, draws))
        return Slopes(np.zeros(draws), slope, tau, 0, len(above))
    # tau on the quantiles of its prior, each as likely beforehand; the line is exact given tau.
    tau_grid = width * ndtri(0.5 + (np.arange(_GRID) + 0.5) / (2.0 * _GRID))
    design = np.stack([np.ones(count), x], axis=1)
    prior_precision = np.diag([0.0, 1.0 / sd**2])
    log_weight, means, roots = [], [], []
    for tau in tau_grid:
        inverse = np.linalg.inv(covariance + (tau**2 + 1e-12) * np.eye(count))
        precision = design.T @ inverse @ design + prior_precision
        spread = np.linalg.inv(precision)
        right = design.T @ inverse @ y + prior_precision @ np.array([0.0, mean])
        centre = spread @ right
        fit = y @ inverse @ y + mean**2 / sd**2 - centre @ precision @ centre
        log_det = np.linalg.slogdet(inverse)[1] - np.linalg.slogdet(precision)[1]
        log_weight.append(0.5 * (log_det - fit))
        means.append(centre)
        roots.append(np.linalg.cholesky(spread))
    weight = np.exp(np.array(log_weight) - max(log_weight))
    pool = draws * (_POOL if above else 1)
    pick = rng.choice(_GRID, size=pool, p=weight / weight.sum())
    noise = rng.standard_normal((pool, 2))
    line = np.array(means)[pick] + np.einsum("dij,dj->di", np.array(roots)[pick], noise)
    tau = tau_grid[pick]
    if above:
        log_above = sum(
            log_ndtr((line[:, 0] + line[:, 1] * at - limit) / np.maximum(tau, 1e-3))
            for at, limit in above
        )
        chance = np.exp(log_above - np.max(log_above))
        kept = rng.choice(pool, size=draws, p=chance / chance.sum())
        line, tau = line[kept], tau[kept]
    return Slopes(line[:, 0], line[:, 1], tau, count, len(above))
