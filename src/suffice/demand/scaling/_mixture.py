"""Members into one forecast: weights earned by extrapolating, quantiles, calibration.

Model: the forecast of a curve is a mixture of its members' Student t's. The weights come in two
steps. Members are first weighted for the whole file by how well they predicted held-out points
of all its curves (log predictive density at backtests; stacking), pulled towards their prior
weights. Each curve then moves these weights by its own backtests and its own evidence, both
tempered: points of one curve are not independent trials.

Assumes: curves of one file are alike in which laws extrapolate them (this is the information that
is shared; nothing else is).
Fails when: the last part of the curves is of another kind than what came before: no backtest sees
that.
Reference: Yao, Vehtari, Simpson and Gelman (2018) for stacking; Rosenblatt (1952) for the
transform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand.scaling._posterior import Members

    Floats = NDArray[np.float64]

STACKING_PRIOR = 30.0
"""How many backtests the prior weights are worth."""

EVIDENCE_POWER = BACKTEST_POWER = 0.1
"""How much of a curve's own evidence and backtests moves the weights of its file."""

WIDTH_PRIOR = 6.0
"""How many curves the assumption that widths are right is worth."""

LEAST_FLAT = 0.05
"""Weight that stays with the last value, whatever backtests say: they lie where curves still fell,
and cannot show that one ends. Chosen: what lies beyond a 90 % interval on that side."""

WORST = -12.0
"""Least log density of one miss: a single one must not rule a member out for good. Chosen: that of
a normal miss of about five sd."""


def log_density(members: Members, z: Floats) -> Floats:
    """Log predictive density of what was seen, z [curve, at], by member [member, curve, at]."""
    from scipy.special import gammaln

    dof = members.dof[None, :, None]
    constant = gammaln((dof + 1.0) / 2.0) - gammaln(dof / 2.0) - 0.5 * np.log(np.pi * dof)
    t = (z - members.mean) / members.scale
    found = constant - np.log(members.scale) - (dof + 1.0) / 2.0 * np.log1p(t * t / dof)
    return np.asarray(np.maximum(found, WORST))


def softmax(scores: Floats) -> Floats:
    """Weights [member, ...] from log scores, summing to one over members."""
    weights = np.exp(scores - scores.max(axis=0, keepdims=True))
    return np.asarray(weights / weights.sum(axis=0, keepdims=True))


def stack(scores: Floats, prior: Floats, strength: float = STACKING_PRIOR) -> Floats:
    """Mixture weights [member] with the highest density of what was left out, held by a prior.

    Args:
        scores: log predictive densities of what was left out [member, point].
        prior: weights beforehand, summing to 1 [member].
        strength: how many points they are worth.
    """
    weights = prior.copy()
    for _ in range(200):
        share = softmax(scores + np.log(weights)[:, None])
        weights = share.sum(axis=1) + strength * prior
        weights /= weights.sum()
    return weights


def distribution(members: Members, weights: Floats, z: Floats) -> Floats:
    """Probability of at most z [curve, at] under the mixture, weights [member, curve]."""
    from scipy.special import stdtr

    t = (z - members.mean) / members.scale
    return np.asarray((weights[:, :, None] * stdtr(members.dof[None, :, None], t)).sum(axis=0))


def quantile(members: Members, weights: Floats, level: float) -> Floats:
    """The mixture's quantile [curve, at], by bisection."""
    low = (members.mean - 50.0 * members.scale).min(axis=0)
    high = (members.mean + 50.0 * members.scale).max(axis=0)
    for _ in range(60):
        middle = (low + high) / 2.0
        below = distribution(members, weights, middle) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2.0)


def normal_score(members: Members, weights: Floats, z: Floats) -> Floats:
    """What was seen, as a standard normal deviate if the mixture is right [curve, at]."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(distribution(members, weights, z), 1e-6, 1.0 - 1e-6)))


def keep_flat(weights: Floats, flat: NDArray[np.bool_], last: Floats) -> Floats:
    """Weights [member, curve] of which at least ``LEAST_FLAT`` says that a curve has ended.

    Args:
        weights: summing to one over members [member, curve].
        flat: which members are flat beyond the data [member].
        last: how what is missing is shared out, summing to one [member].
    """
    missing = np.maximum(LEAST_FLAT - weights[flat].sum(axis=0), 0.0)
    return np.asarray(weights * (1.0 - missing) + last[:, None] * missing)


def width_factor(scores: Floats) -> float:
    """What widths must be multiplied by, from each curve's mean square normal score [curve].

    Never below 1: what comes is often noisier than what was seen.
    """
    total = WIDTH_PRIOR + float(np.sum(scores))
    return float(np.clip(np.sqrt(total / (WIDTH_PRIOR + len(scores))), 1.0, 4.0))
