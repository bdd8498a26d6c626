"""The posterior of one family for many curves at once: a falling law, a drift, and noise.

Model: ``log y(u) = log f(u; theta) + s R delta(u) + s e(u)`` with ``u = ln(x / x_last)``. ``f`` is
a family, ``e`` white noise, ``delta`` a Gaussian drift that is nothing at the last point and grows
away from it in either direction: integrated Brownian motion with a little plain Brownian motion.
So the family has to be right where the curve ends, old points count the less the farther back they
lie, and a forecast widens with log distance. ``R``, the drift's size in units of the noise, takes a
few values; each pair of a family and an ``R`` is a member of the average.

``theta`` has a normal prior, ``s^2`` an inverse gamma one. The mode is found by Levenberg-Marquardt
steps for all curves at once; around it the posterior is taken as normal (Laplace), which also gives
the member's evidence. Predictions are Student t.

Assumes: noise is independent between points and in proportion to y.
Fails when: checkpoints of one run share noise over a long stretch (intervals come out narrow); the
posterior is far from normal, as for two points (the prior decides, and intervals are wide).
Reference: Kennedy and O'Hagan (2001) for the drift as a discrepancy; Rasmussen and Williams (2006),
section 2.7, for a parametric mean with a Gaussian process; Nocedal and Wright (2006), section 10.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand.scaling._families import Family

    Floats = NDArray[np.float64]

DRIFTS = (1.0, 4.0, 16.0)
"""Sizes of the drift per e-fold of x, in units of the noise."""

DRIFT_PRIOR = (0.2, 0.5, 0.3)
"""Weights of the three sizes beforehand. Chosen: the middle one most; backtests move them."""

NOISE_SD, NOISE_WEIGHT = 0.005, 2.0
"""Prior of the noise: its size as a share of y, and how many points that prior is worth. Chosen:
losses along one training scatter by less than a per cent; two points give way to any curve."""

_ROUGHNESS = 0.05
"""Variance share of plain Brownian motion in the drift. Chosen: a drift is smooth, with some
kinks."""

_STEPS = 25
"""Most steps of a search for the mode. Chosen."""

_LARGEST_STEP = 2.0
"""Largest change of a parameter in one step: parameters are logs. Chosen."""

_ENOUGH = 1e-4
"""An improvement of the log posterior below this ends the search: lost in any interval."""

_FARTHEST = 60.0
"""|log y| of a prediction is cut here, far outside anything that means something."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Curves side by side, the shorter ones filled up.

    Attributes:
        u, z: ``ln(x / x_last)`` and ``ln(y / y_last)`` [curve, point].
        variance: of the noise relative to the curve's own level [curve, point].
        known: which points are there [curve, point].
        noise_sd, noise_weight: the noise prior of each curve [curve].
    """

    u: Floats
    z: Floats
    variance: Floats
    known: NDArray[np.bool_]
    noise_sd: Floats
    noise_weight: Floats

    @classmethod
    def of(cls, parts: Sequence[tuple[Floats, Floats, Floats, float, float]]) -> Batch:
        """Lay curves (u, z, variance, noise sd, its weight) side by side."""
        shape = (len(parts), max(len(part[0]) for part in parts))
        u, z, variance = np.zeros(shape), np.zeros(shape), np.ones(shape)
        known = np.zeros(shape, dtype=bool)
        for row, (u_i, z_i, variance_i, _, _) in enumerate(parts):
            n = len(u_i)
            u[row, :n], z[row, :n], variance[row, :n], known[row, :n] = u_i, z_i, variance_i, True
        sd, weight = (np.array([part[k] for part in parts]) for k in (3, 4))
        return cls(u, z, variance, known, sd, weight)


@dataclass(frozen=True, eq=False)
class Members:
    """What every member says of every curve.

    Attributes:
        mean, scale: centre and scale of the Student t of ``ln(y / y_last)`` [member, curve, at].
        dof: its degrees of freedom [curve].
        evidence: log marginal likelihood [member, curve].
    """

    mean: Floats
    scale: Floats
    dof: Floats
    evidence: Floats


def member_prior(families: Sequence[Family]) -> Floats:
    """Prior weight of each member: simple families that rarely hold count less."""
    weight = np.array([family.weight for family in families])
    return np.outer(DRIFT_PRIOR, weight / weight.sum()).ravel()


def member_names(families: Sequence[Family]) -> list[str]:
    """The family of each member, in the order of ``Members``."""
    return [family.name for _ in DRIFTS for family in families]


def predict(
    batch: Batch, at: Floats, families: Sequence[Family], drifts: Sequence[float] = DRIFTS
) -> Members:
    """Fit every family with every drift to every curve, and predict at ``at`` [curve, at]."""
    means, scales, evidences = [], [], []
    for drift in drifts:
        whitening = _Whitening(batch, at, drift)
        for family in families:
            mean, scale, evidence = _member(family, batch, at, whitening)
            means.append(np.clip(mean, -_FARTHEST, _FARTHEST))
            scales.append(np.clip(scale, 1e-12, _FARTHEST))
            evidences.append(evidence)
    dof = batch.known.sum(axis=1) + batch.noise_weight
    return Members(np.array(means), np.array(scales), dof, np.array(evidences))


def drift_covariance(u: Floats, v: Floats) -> Floats:
    """Covariance of the unit drift between u [..., n] and v [..., m]: [..., n, m]."""
    a, b = np.abs(u)[..., :, None], np.abs(v)[..., None, :]
    near, far = np.minimum(a, b), np.maximum(a, b)
    same_side = np.sign(u)[..., :, None] * np.sign(v)[..., None, :] > 0
    smooth = near**2 * (3.0 * far - near) / 6.0
    return np.asarray(np.where(same_side, smooth + _ROUGHNESS * near, 0.0))


class _Whitening:
    """Turns residuals with drift into independent ones, for one size of drift."""

    def __init__(self, batch: Batch, at: Floats, drift: float) -> None:
        both = batch.known[:, :, None] & batch.known[:, None, :]
        covariance = np.where(both, drift**2 * drift_covariance(batch.u, batch.u), 0.0)
        n = batch.u.shape[1]
        covariance[:, range(n), range(n)] += np.where(batch.known, batch.variance, 1.0)
        factor = np.linalg.cholesky(covariance)
        self.inverse = np.linalg.inv(factor)
        self.log_det = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        # Beyond the last point the drift knows nothing of the past; inside, it follows the points.
        across = drift**2 * drift_covariance(batch.u, at) * batch.known[:, :, None]
        self.to_new = np.matmul(self.inverse, across)
        own = drift**2 * (np.abs(at) ** 3 / 3.0 + _ROUGHNESS * np.abs(at))
        self.left = np.maximum(own - (self.to_new**2).sum(axis=1), 0.0) + 1.0


def _member(
    family: Family, batch: Batch, at: Floats, whitening: _Whitening
) -> tuple[Floats, Floats, Floats]:
    """Mean and scale at ``at`` [curve, at] and evidence [curve] of one family and drift."""
    best = _Mode(family, batch, whitening)
    variance, precision = best.variance(), best.precision()
    mean, slope = family.function(best.theta, at)
    # Inside the data the drift follows the residuals, so it takes part in mean and slope.
    mean = mean - np.einsum("bnm,bn->bm", whitening.to_new, best.residual)
    slope = slope - np.einsum("bnm,bnp->bmp", whitening.to_new, best.jacobian)
    spread = np.einsum("bmp,bmp->bm", slope, np.linalg.solve(
        precision, slope.transpose(0, 2, 1)).transpose(0, 2, 1))  # fmt: skip
    evidence = (
        -0.5 * best.objective
        - whitening.log_det
        - 0.5 * np.linalg.slogdet(precision)[1]
        - np.log(np.array(family.sd)).sum()
    )
    return mean, np.sqrt(np.maximum(spread, 0.0) + variance[:, None] * whitening.left), evidence


class _Mode:
    """The posterior mode of every curve: sought from every start at once, the best one kept."""

    def __init__(self, family: Family, batch: Batch, whitening: _Whitening) -> None:
        self.family, self.batch, self.inverse = family, batch, whitening.inverse
        self.prior = np.array(family.mean), 1.0 / np.array(family.sd) ** 2
        curves, starts = len(batch.u), len(family.starts)
        # A row is a curve with a start; ``curve`` says which one.
        self.curve = np.tile(np.arange(curves), starts)
        self.theta = np.repeat(np.array(family.starts), curves, axis=0)
        self.count = (batch.known.sum(axis=1) + batch.noise_weight)[self.curve]
        self.prior_sum = (batch.noise_weight * batch.noise_sd**2)[self.curve]
        rows = np.arange(len(self.curve))
        self.residual, self.jacobian, self.squares, self.penalty = self._parts(self.theta, rows)
        self.objective = self._objective(self.squares, self.penalty, rows)
        self._search(rows)
        best = self.objective.reshape(starts, curves).argmin(axis=0) * curves + np.arange(curves)
        for name in (
            "curve", "theta", "count", "prior_sum", "residual", "jacobian", "squares", "penalty",
            "objective",
        ):  # fmt: skip
            setattr(self, name, getattr(self, name)[best])

    def _parts(
        self, theta: Floats, rows: NDArray[np.intp]
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Whitened residuals and derivatives, sum of squares, and the prior's penalty."""
        curve = self.curve[rows]
        z, slope = self.family.function(theta, self.batch.u[curve])
        both = np.concatenate([(z - self.batch.z[curve])[..., None], slope], axis=-1)
        white = np.matmul(self.inverse[curve], both * self.batch.known[curve][..., None])
        penalty = ((theta - self.prior[0]) ** 2 * self.prior[1]).sum(axis=1)
        return white[..., 0], white[..., 1:], (white[..., 0] ** 2).sum(axis=1), penalty

    def _objective(self, squares: Floats, penalty: Floats, rows: NDArray[np.intp]) -> Floats:
        """Minus twice the log posterior, the noise integrated out."""
        return np.asarray(self.count[rows] * np.log(squares + self.prior_sum[rows]) + penalty)

    def _search(self, rows: NDArray[np.intp]) -> None:
        damping = np.full(len(rows), 0.01)
        diagonal = range(self.theta.shape[1])
        for _ in range(_STEPS):
            system = self.precision(rows)
            system[:, diagonal, diagonal] *= 1.0 + damping[rows, None]
            step = np.linalg.solve(system, self._downhill(rows)[..., None])[..., 0]
            longest = np.abs(step).max(axis=1, keepdims=True)
            step *= np.minimum(1.0, _LARGEST_STEP / np.maximum(longest, 1e-12))
            tried = self.theta[rows] + step
            parts = self._parts(tried, rows)
            objective = self._objective(parts[2], parts[3], rows)
            good = objective < self.objective[rows]
            gain = np.where(good, self.objective[rows] - objective, np.inf)
            kept = rows[good]
            self.theta[kept], self.objective[kept] = tried[good], objective[good]
            self.residual[kept], self.jacobian[kept] = parts[0][good], parts[1][good]
            self.squares[kept], self.penalty[kept] = parts[2][good], parts[3][good]
            damping[rows] = np.clip(damping[rows] * np.where(good, 0.2, 6.0), 1e-9, 1e7)
            rows = rows[(gain > _ENOUGH) & (damping[rows] < 1e6)]
            if not len(rows):
                break

    def _downhill(self, rows: NDArray[np.intp]) -> Floats:
        pull = np.einsum("bnp,bn->bp", self.jacobian[rows], self.residual[rows])
        pull /= self.variance(rows)[:, None]
        return np.asarray(-pull - (self.theta[rows] - self.prior[0]) * self.prior[1])

    def variance(self, rows: NDArray[np.intp] | slice = slice(None)) -> Floats:
        """Of the noise [row]."""
        return np.asarray((self.squares[rows] + self.prior_sum[rows]) / self.count[rows])

    def precision(self, rows: NDArray[np.intp] | slice = slice(None)) -> Floats:
        """Of the parameters [row, parameter, parameter]."""
        jacobian = self.jacobian[rows]
        found = np.matmul(jacobian.transpose(0, 2, 1), jacobian)
        found /= self.variance(rows)[:, None, None]
        diagonal = range(found.shape[1])
        found[:, diagonal, diagonal] += self.prior[1]
        return np.asarray(found)
