"""Bayesian regression on columns whose scales are unknown.

Model: a cell's mean is columns times weights, the weights are normal with sd ``scales(theta)``, and
to it come a deviation of the cell (sd tau, where repeats let it be told from noise) and the noise
of its runs. The weights are integrated out exactly, ``theta`` by importance sampling.
Reference: Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, chapters 2 and 5;
adaptive importance sampling as in Cornuet et al. (2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from suffice.demand.response._points import Observed, Points

    Floats = NDArray[np.float64]

_SAMPLES, _ROUNDS = 96, 2
"""Points of theta a round, and rounds of importance sampling after the search for the mode. Chosen
for speed: the mean effective number is then some fifty, and calibration is tested."""

_DISTINCT = 32
"""Thetas of each half of the draws, about as many as are independent: each serves several draws of
the weights. Chosen for speed."""

_FREEDOM = 5.0
"""Degrees of freedom of the t distribution that theta is proposed from: tails heavier than those
of the posterior, a convention of importance sampling."""

_STEP = 0.05
"""Of finite differences in theta, whose unit is a factor of e. Chosen between rounding and bend."""

_LEAST = 1e-10
"""Keeps variances above 0, in units of the metric's variance. Chosen below anything measured."""

_FLATTEST = 0.05
"""Least curvature of the log posterior in a direction: below that of the widest prior. Chosen."""

_FARTHEST = 6.0
"""Prior sds that theta stays within: beyond, exponentials overflow. Chosen, never reached."""

_MODE_STEPS = 60
"""Steps of the search for the mode. Chosen: where it has mostly ended; importance weights mend what
is left."""


class Family(Protocol):
    """One form of law: columns of points, and how large their weights are believed to be."""

    @property
    def name(self) -> str:
        """For readers."""
        ...

    @property
    def fixed_columns(self) -> bool:
        """Whether columns are the same whatever theta is."""
        ...

    @property
    def prior(self) -> tuple[Floats, Floats]:
        """Mean and sd of the normal prior of theta, noise left out [parameter]."""
        ...

    def columns(self, points: Points, theta: Floats) -> Floats:
        """Columns of points, in units of the metric's sd [point, column]."""
        ...

    def scales(self, theta: Floats) -> Floats:
        """Sd of each column's weight [column]."""
        ...


@dataclass(frozen=True, eq=False)
class Fitted:
    """The posterior of one family of one metric.

    Attributes:
        family: its form.
        theta: draws of its parameters, the last two are the logs of sigma and tau [draw, ...].
        weights: of the columns, one row a draw [draw, column].
    """

    family: Family
    theta: Floats
    weights: Floats

    @property
    def sigma(self) -> Floats:
        """Sd of runs [draw]."""
        return np.exp(self.theta[:, -2])

    @property
    def tau(self) -> Floats:
        """Sd of cells about the law [draw]."""
        return np.exp(self.theta[:, -1])

    def mean(self, points: Points, rows: NDArray[np.int64] | slice) -> Floats:
        """The law's mean at points for some draws [draw, point]."""
        theta, weights = self.theta[rows], self.weights[rows]
        out = np.empty((len(theta), len(points)))
        # Most families have the same columns whatever theta is; draws repeat theta in any case.
        distinct, at = np.unique(theta[:, : len(self.family.prior[0])], axis=0, return_inverse=True)
        if self.family.fixed_columns:
            return np.asarray(weights @ self.family.columns(points, distinct[0]).T)
        for k, one in enumerate(distinct):
            mine = at == k
            out[mine] = weights[mine] @ self.family.columns(points, one).T
        return out


class Posterior:
    """Density of theta given the cells, and what follows from one theta."""

    def __init__(
        self,
        family: Family,
        points: Points,
        observed: Observed,
        noise: tuple[float, float],
    ) -> None:
        """Prepare.

        Args:
            family: form of the law.
            points, observed: cells.
            noise: mean and sd of the prior of log sigma, in units of the metric's sd.
        """
        self.family, self.points, self.observed = family, points, observed
        own_mean, own_sd = family.prior
        # Cells deviate less than runs, and mostly far less: two thirds of runs' sd at most.
        self.prior_mean = np.concatenate([own_mean, [noise[0], noise[0] - 1.0]])
        self.prior_sd = np.concatenate([own_sd, [noise[1], 1.0]])
        self._fixed: Floats | None = None
        if family.fixed_columns:
            self._fixed = family.columns(points, self.prior_mean)

    def parts(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Scaled columns [cell, column], scales, and variance of each cell's mean [cell]."""
        seen = self.observed
        columns = self.family.columns(self.points, theta) if self._fixed is None else self._fixed
        scales = self.family.scales(theta)
        sigma2 = np.exp(2.0 * theta[-2])
        tau2 = np.exp(2.0 * theta[-1]) if seen.freedom else 0.0
        variance = sigma2 / seen.runs + tau2 + seen.known + _LEAST
        return columns * scales, scales, variance

    def log_density(self, theta: Floats) -> float:
        """Log posterior of theta, up to a constant."""
        if np.abs((theta - self.prior_mean) / self.prior_sd).max() > _FARTHEST:
            return -np.inf
        seen = self.observed
        scaled, _, variance = self.parts(theta)
        likelihood = _log_normal(scaled, variance, seen.mean)
        if seen.freedom:
            s = theta[-2]
            likelihood += -seen.freedom * s - 0.5 * seen.within * np.exp(-2.0 * s)
        prior = -0.5 * float((((theta - self.prior_mean) / self.prior_sd) ** 2).sum())
        return float(likelihood + prior)

    def mode(self) -> Floats:
        """Where the density is highest."""
        from scipy.optimize import minimize

        scale = self.prior_sd

        def negative(u: Floats) -> float:
            value = self.log_density(self.prior_mean + scale * u)
            return -value if np.isfinite(value) else 1e10

        found = minimize(
            negative,
            np.zeros(len(scale)),
            method="L-BFGS-B",
            bounds=[(-4.0, 4.0)] * len(scale),
            options={"maxiter": _MODE_STEPS, "ftol": 1e-7},
        )
        return np.asarray(self.prior_mean + scale * found.x)

    def sample(self, count: int, rng: np.random.Generator) -> tuple[Floats, float]:
        """Draws of theta [draw, parameter], and how many independent ones they are worth."""
        center = self.mode()
        root = _root_of_inverse(_hessian(self.log_density, center))
        found, log_weights = [], []
        size = len(center)
        for _ in range(_ROUNDS):
            normal = rng.standard_normal((_SAMPLES, size))
            stretch = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, _SAMPLES))[:, None]
            proposed = center + (stretch * normal) @ root.T
            density = np.array([self.log_density(t) for t in proposed])
            whitened = ((stretch * normal) ** 2).sum(axis=1)
            log_q = -0.5 * (_FREEDOM + size) * np.log1p(whitened / _FREEDOM)
            log_q -= np.log(np.abs(np.diag(root))).sum()
            found.append(proposed)
            log_weights.append(density - log_q)
            w = _normalised(np.concatenate(log_weights))
            all_found = np.concatenate(found)
            center = w @ all_found
            spread = (all_found - center) * np.sqrt(w)[:, None]
            effective = 1.0 / float((w**2).sum())
            # A covariance from few effective draws would collapse: the first stays part of it.
            trust = effective / (effective + 2.0 * size)
            root = np.asarray(
                np.linalg.cholesky(
                    trust * (spread.T @ spread)
                    + (1.0 - trust) * (root @ root.T)
                    + 1e-9 * np.eye(size)
                ),
                dtype=np.float64,
            )
        weights = _smoothed(np.concatenate(log_weights))
        # Systematic resampling, as even as draws can be; each half has thetas of its own.
        found_rows = []
        for _ in range(2):
            kept = min(_DISTINCT, count // 2)
            places = (np.arange(kept) + rng.random()) / kept
            rows = np.searchsorted(np.cumsum(weights), places).clip(max=len(weights) - 1)
            found_rows.append(rng.permutation(np.resize(rows, count // 2)))
        theta = all_found[np.concatenate(found_rows)]
        return theta, 1.0 / float((weights**2).sum())

    def draw_weights(self, theta: Floats, before: Floats, noise: Floats) -> Floats:
        """Draws of the columns' weights given theta, by Matheron's rule.

        Args:
            theta: one value of it.
            before: standard normals [draw, column].
            noise: standard normals [draw, cell].

        Returns:
            float64 [draw, column].
        """
        scaled, scales, variance = self.parts(theta)
        n, p = scaled.shape
        gap = self.observed.mean[:, None] - scaled @ before.T - noise.T * np.sqrt(variance)[:, None]
        if n <= p:
            kernel = scaled @ scaled.T
            kernel[np.diag_indices(n)] += variance
            moved = scaled.T @ np.linalg.solve(kernel, gap)
        else:
            over = scaled / variance[:, None]
            inner = over.T @ scaled
            inner[np.diag_indices(p)] += 1.0
            moved = np.linalg.solve(inner, over.T @ gap)
        return np.asarray((before.T + moved).T * scales)

    def left_out(self, theta: Floats) -> tuple[Floats, Floats]:
        """Mean and variance of each cell's mean, foretold from the others under one theta."""
        scaled, _, variance = self.parts(theta)
        n, p = scaled.shape
        if n <= p:
            kernel = scaled @ scaled.T
            kernel[np.diag_indices(n)] += variance
            inverse = np.linalg.inv(kernel)
            diagonal, alpha = np.diag(inverse), inverse @ self.observed.mean
        else:
            over = scaled / variance[:, None]
            inner = over.T @ scaled
            inner[np.diag_indices(p)] += 1.0
            solved = np.linalg.solve(inner, over.T)
            diagonal = 1.0 / variance - np.einsum("np,pn->n", over, solved)
            alpha = self.observed.mean / variance - over @ (solved @ self.observed.mean)
        diagonal = np.maximum(diagonal, 1e-12)
        return self.observed.mean - alpha / diagonal, 1.0 / diagonal


@dataclass(frozen=True, eq=False)
class Sampled:
    """Draws of one family's theta, and what each cell would be by the others.

    Attributes:
        posterior: that they are drawn from.
        theta: draws; the last two are the logs of sigma and tau [draw, parameter].
        left_out: mean and sd of each cell's mean as foretold from all others [cell], [cell].
        log_scores: log density of each cell's mean, foretold from all others [cell].
        effective: draws that importance sampling left.
    """

    posterior: Posterior
    theta: Floats
    left_out: tuple[Floats, Floats]
    log_scores: Floats
    effective: float

    def fitted(self, before: Floats, noise: Floats) -> Fitted:
        """The family with draws of its weights.

        Args:
            before: standard normals; as many columns are used as the family has [draw, column].
            noise: standard normals [draw, cell].
        """
        distinct, at = np.unique(self.theta, axis=0, return_inverse=True)
        weights: Floats | None = None
        for k, one in enumerate(distinct):
            mine = np.flatnonzero(at == k)
            width = len(self.posterior.family.scales(one))
            drawn = self.posterior.draw_weights(one, before[mine, :width], noise[mine])
            if weights is None:
                weights = np.empty((len(self.theta), width))
            weights[mine] = drawn
        assert weights is not None
        return Fitted(self.posterior.family, self.theta, weights)


def sample_family(
    family: Family,
    points: Points,
    observed: Observed,
    noise: tuple[float, float],
    rng: np.random.Generator,
    *,
    draws: int,
) -> Sampled:
    """Draws of one family's theta from its posterior.

    Args:
        family: form of the law.
        points, observed: cells.
        noise: mean and sd of the prior of log sigma.
        rng: the only source of chance.
        draws: how many.
    """
    posterior = Posterior(family, points, observed, noise)
    theta, effective = posterior.sample(draws, rng)
    distinct, counts = np.unique(theta, axis=0, return_counts=True)
    each = [posterior.left_out(one) for one in distinct]
    mean, sd, log_scores = _mixed_left_out(
        np.stack([m for m, _ in each]),
        np.stack([v for _, v in each]),
        counts / counts.sum(),
        observed.mean,
    )
    return Sampled(posterior, theta, (mean, sd), log_scores, effective)


def _mixed_left_out(
    means: Floats, variances: Floats, weights: Floats, seen: Floats
) -> tuple[Floats, Floats, Floats]:
    """Leave-one-out moments over theta, whose weights without a cell are w / p(cell | others)."""
    log_p = -0.5 * (np.log(2.0 * np.pi * variances) + (seen - means) ** 2 / variances)
    log_w = np.log(weights)[:, None] - log_p
    log_w -= log_w.max(axis=0)
    w = np.exp(log_w)
    # One theta that suits a cell badly must not stand for all of them.
    w = np.minimum(w, w.mean(axis=0) * np.sqrt(len(w)))
    w /= w.sum(axis=0)
    mean = (w * means).sum(axis=0)
    variance = (w * (variances + means**2)).sum(axis=0) - mean**2
    score = np.log((w * np.exp(log_p)).sum(axis=0) + 1e-300)
    return mean, np.sqrt(np.maximum(variance, 1e-12)), score


def _log_normal(scaled: Floats, variance: Floats, seen: Floats) -> float:
    """Log density of N(0, scaled scaled' + diag(variance)) at ``seen``."""
    n, p = scaled.shape
    try:
        if n <= p:
            kernel = scaled @ scaled.T
            kernel[np.diag_indices(n)] += variance
            root = np.linalg.cholesky(kernel)
            half = _solve_lower(np.asarray(root), seen)
            return float(-0.5 * half @ half - np.log(np.diag(root)).sum())
        over = scaled / variance[:, None]
        inner = over.T @ scaled
        inner[np.diag_indices(p)] += 1.0
        root = np.linalg.cholesky(inner)
        half = _solve_lower(np.asarray(root), over.T @ seen)
        square = float((seen**2 / variance).sum() - half @ half)
        return float(-0.5 * square - np.log(np.diag(root)).sum() - 0.5 * np.log(variance).sum())
    except np.linalg.LinAlgError:
        return -np.inf


def _solve_lower(root: NDArray[Any], right: Floats) -> Floats:
    from scipy.linalg import solve_triangular

    return np.asarray(solve_triangular(root, right, lower=True, check_finite=False))


def _hessian(function: Callable[[Floats], float], at: Floats) -> Floats:
    """Negative second derivatives by central differences [parameter, parameter]."""
    size, step = len(at), _STEP
    middle = function(at)
    up = np.empty(size)
    down = np.empty(size)
    eye = step * np.eye(size)
    for i in range(size):
        up[i], down[i] = function(at + eye[i]), function(at - eye[i])
    out = np.empty((size, size))
    for i in range(size):
        out[i, i] = -(up[i] + down[i] - 2.0 * middle) / step**2
        for j in range(i):
            both = function(at + eye[i] + eye[j])
            out[i, j] = out[j, i] = -(both - up[i] - up[j] + middle) / step**2
    return np.where(np.isfinite(out), out, 0.0)


def _root_of_inverse(hessian: Floats) -> Floats:
    """Lower Cholesky factor of the inverse, flat and bent directions mended."""
    values, vectors = np.linalg.eigh(0.5 * (hessian + hessian.T))
    values = np.maximum(values, _FLATTEST)
    covariance = (vectors / values) @ vectors.T
    return np.asarray(np.linalg.cholesky(covariance + 1e-12 * np.eye(len(values))))


def _normalised(log_weights: Floats) -> Floats:
    w = np.exp(log_weights - np.nanmax(log_weights))
    w = np.where(np.isfinite(w), w, 0.0)
    return np.asarray(w / w.sum())


def _smoothed(log_weights: Floats) -> Floats:
    """Weights whose largest are cut back to the root of their number times the mean.

    Reference: Ionides (2008), Truncated importance sampling.
    """
    w = _normalised(log_weights)
    w = np.minimum(w, np.sqrt(len(w)) / len(w))
    return np.asarray(w / w.sum())
