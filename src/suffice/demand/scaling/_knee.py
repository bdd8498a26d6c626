"""Is there a knee in the gain from mixing: a share beyond which high-quality labels stop paying?

Model: along mixes of one total number of labels the error is a straight line in the share of
high-quality labels, or a smooth bend (a parabola), or two lines that meet at a knee. All three have
conjugate priors, so their evidence is exact; each has a third of the prior.

Assumes: noise of one size; nothing but the share changes between the mixes.
Fails when: a few shares only are measured: then the evidence stays near the prior, and no knee is
claimed.
Reference: Kass and Raftery (1995) on Bayes factors; Carlin, Gelfand and Smith (1992) on
changepoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.scaling._mixing_posterior import NOISE_SD, NOISE_WEIGHT
from suffice.estimate import LEVEL, Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CLAIM = 0.95
"""A knee is claimed from this probability on."""

FEWEST_SHARES = 5
"""Different shares at one total. Chosen: a bent line has four parameters."""

_SAME_TOTAL = 0.02
"""Relative difference up to which totals are one: budgets are rounded to whole labels. Chosen."""

_LEVEL_SD, _SLOPE_SD, _BEND_SD = 10.0, 0.3, 0.1
"""Prior sd of a line in the share, in units of y: the level is free; ends differ by up to .6,
and a bend by up to .2. Chosen."""

_PLACES = np.linspace(0.05, 0.95, 37)


@dataclass(frozen=True)
class Knee:
    """What the mixes of one total say about a knee.

    Attributes:
        claimed: whether its probability reaches ``CLAIM``.
        probability: of the knee, the straight line and the smooth bend, given one of them.
        at: share of high-quality labels where the knee would lie, with its interval.
        total: labels of each mix.
        shares: how many shares were measured.
    """

    claimed: bool
    probability: dict[str, float]
    at: Estimate
    total: float
    shares: int


def find_knee(n_weak: Floats, n_high: Floats, y: Floats) -> Knee | None:
    """Weigh a knee against a line and a bend; None without enough mixes of one total."""
    total = n_weak + n_high
    same = np.abs(total[:, None] / np.maximum(total, 1e-12) - 1.0) <= _SAME_TOTAL
    share = n_high / np.maximum(total, 1e-12)
    rounded = np.round(share, 3)
    counts = np.array([len(np.unique(rounded[row])) for row in same])
    row = int(counts.argmax())
    if counts[row] < FEWEST_SHARES:
        return None
    # Equal shares become one point with a count: the evidence is the same but for a constant.
    places, number = np.unique(rounded[same[row]], return_inverse=True)
    count = np.bincount(number).astype(float)
    mean = np.bincount(number, y[same[row]]) / count
    within = float(((y[same[row]] - mean[number]) ** 2).sum())
    level = float(np.average(mean, weights=count))

    def evidence(*bends: Floats) -> float:
        columns = np.column_stack([np.ones_like(places), places, *bends])
        sd = np.array([_LEVEL_SD, _SLOPE_SD, *(_BEND_SD for _ in bends)]) / NOISE_SD
        spread = np.diag(1.0 / count) + (columns * sd**2) @ columns.T
        half = np.linalg.cholesky(spread)
        square = float((np.linalg.solve(half, mean - level) ** 2).sum()) + within
        weight = NOISE_WEIGHT + count.sum()
        return float(
            -np.log(np.diag(half)).sum()
            - 0.5 * weight * np.log1p(square / (NOISE_WEIGHT * NOISE_SD**2))
        )

    line, bend = evidence(), evidence(4.0 * places * (1.0 - places))
    knees = np.array([evidence(_corner(places, k)) for k in _PLACES])
    scores = np.array([line, bend, np.logaddexp.reduce(knees) - np.log(len(knees))])
    chances = np.exp(scores - np.logaddexp.reduce(scores))
    where = np.exp(knees - np.logaddexp.reduce(knees))
    up_to = np.cumsum(where)
    low, high = (float(np.interp(q, up_to, _PLACES)) for q in (0.5 - LEVEL / 2, 0.5 + LEVEL / 2))
    at = Estimate(float(where @ _PLACES), low, high, LEVEL, "posterior of the knee, given a knee")
    named = dict(zip(("line", "bend", "knee"), map(float, chances), strict=True))
    return Knee(bool(chances[2] >= CLAIM), named, at, float(total[row]), len(places))


def _corner(share: Floats, at: float) -> Floats:
    """Two lines that meet at ``at``, zero at both ends and one in height."""
    return np.minimum(share / at, (1.0 - share) / (1.0 - at))
