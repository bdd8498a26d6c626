"""The posterior of one two-source family for many panels at once: law, discrepancy, noise.

Model: ``y = f(theta; n_weak, n_high) + s a delta + s e``. ``f`` is a family, ``e`` white noise,
``delta`` a smooth Gaussian process over the logarithms of both counts, ``a`` its size in units of
the noise. ``a`` takes a few values; each pair of a family and an ``a`` is a member of the average.
``theta`` has a normal prior, ``s^2`` an inverse gamma one. The mode is found by damped Gauss-Newton
steps; around it the posterior is taken as normal (Laplace). Predictions are Student t.

Assumes: noise of the same size everywhere, independent between rows.
Fails when: rows share seeds or evaluation sets (intervals come out narrow).
Reference: Kennedy and O'Hagan (2001) for the discrepancy; Rasmussen and Williams (2006), sections
2.7 and 5.4, for a parametric mean with a Gaussian process and its leave-one-out formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand.scaling._mixing_families import MixingFamily

    Floats = NDArray[np.float64]

DISCREPANCIES = (0.0, 1.5, 4.0)
"""Sizes of the discrepancy in units of the noise: none, near it, well above it. Chosen; skill on
what is left out decides between them."""

NOISE_SD, NOISE_WEIGHT = 0.015, 4.0
"""Prior of the noise: its size, and how many rows that prior is worth. Chosen: trainings
that differ by their seed alone were seen to differ by .005 to .02 of error; four rows give way to
any table worth fitting."""

_REACH = 1.5
"""The discrepancy forgets over this many e-folds of a count. Chosen: about two doublings."""

STEPS, _STEPS_AGAIN = 40, 20
"""Steps of a search for the mode, first and from a neighbouring mode on. Chosen: enough for the
public tables; ``Member.to_gain`` says where they were not."""

_LONGEST_STEP = 2.0
"""Longest step of a search in any parameter. Chosen: prior sds are of order one; beyond them
the slopes at hand say little."""

_DAMPING = (0.3, 4.0)
"""What a step that helped, and one that did not, multiply the damping by: Marquardt's (1963) rule,
with factors that are chosen. They move how many steps a search takes."""

_LEAST_DAMPING, _MOST_DAMPING = 1e-6, 1e6
"""Of the curvature: as good as none, and as good as standing still. Chosen."""

_SLOPE_STEP = 1e-4
"""Half-width of a central difference. Chosen: small against parameters of order one, and
large against rounding."""

_ABSENT = 1e8
"""Noise variance, in units of the noise, of a point that is not there: as good as no weight."""


@dataclass(frozen=True, eq=False)
class Panels:
    """Panels side by side; equal rows of one panel are one point with a count.

    Attributes:
        n_weak, n_high: labels [panel, point].
        y: mean error [panel, point].
        count: rows behind each point; zero where a point is not there [panel, point].
        within: squared deviations of rows from their point's mean, summed [panel].
        scale: unit of counts, in high-quality labels [panel].
    """

    n_weak: Floats
    n_high: Floats
    y: Floats
    count: Floats
    within: Floats
    scale: Floats

    @property
    def rows(self) -> Floats:
        """How many rows there are [panel]."""
        return np.asarray(self.count.sum(axis=1))


@dataclass(frozen=True, eq=False)
class Member:
    """One family with one size of its discrepancy, fitted to every panel.

    Attributes:
        theta: posterior mode [panel, parameter].
        covariance: of theta [panel, parameter, parameter].
        variance: of the noise [panel].
        gram, gram_inverse: covariance of points in units of the noise, and its inverse
            [panel, point, point].
        slopes, residual: of the family at the mode [panel, point, parameter], [panel, point].
        to_gain: log posterior that one more Gauss-Newton step would gain: none at a mode [panel].
    """

    family: MixingFamily
    size: float
    panels: Panels
    theta: Floats
    covariance: Floats
    variance: Floats
    gram: Floats
    gram_inverse: Floats
    slopes: Floats
    residual: Floats
    to_gain: Floats

    def at(self, n_weak: Floats, n_high: Floats, panel: int) -> tuple[Floats, Floats]:
        """Mean [at] and covariance [at, at] of the law of one panel, without noise."""
        scale, one = self.panels.scale[panel], slice(panel, panel + 1)
        value, slopes = _slopes(self.family, self.theta[one], n_weak[None] / scale, n_high / scale)
        new = _places(n_weak, n_high)
        seen = _places(self.panels.n_weak[panel], self.panels.n_high[panel])
        cross = self.size**2 * _kernel(new, seen)
        gain = cross @ self.gram_inverse[panel]
        left = slopes[0] - gain @ self.slopes[panel]
        own = self.size**2 * _kernel(new, new) - gain @ cross.T
        covariance = self.variance[panel] * own + left @ self.covariance[panel] @ left.T
        return value[0] + gain @ self.residual[panel], covariance

    def left_out(self) -> tuple[Floats, Floats]:
        """What each point misses when left out, and its sd [panel, point].

        The law is taken as linear around its mode, so that no fit has to be repeated.
        """
        prior = np.array(self.family.sd) ** 2
        spread = self.variance[:, None, None] * self.gram
        spread += (self.slopes * prior) @ self.slopes.swapaxes(1, 2)
        inverse = np.linalg.inv(spread)
        shift = (self.slopes @ (self.theta - np.array(self.family.mean))[:, :, None])[:, :, 0]
        variance = 1.0 / np.einsum("bii->bi", inverse)
        missed = (inverse @ (self.residual + shift)[:, :, None])[:, :, 0] * variance
        return missed, np.sqrt(variance)


def fit_members(family: MixingFamily, panels: Panels) -> list[Member]:
    """The posterior of a family for every panel, once for each size of the discrepancy."""
    n_weak, n_high = panels.n_weak / panels.scale[:, None], panels.n_high / panels.scale[:, None]
    noise = np.where(panels.count > 0, 1.0 / np.maximum(panels.count, 1.0), _ABSENT)
    own = noise[:, :, None] * np.eye(noise.shape[1])
    near = _kernel(_places(panels.n_weak, panels.n_high), _places(panels.n_weak, panels.n_high))
    starts = [np.tile(start, (len(noise), 1)) for start in family.starts]
    members = []
    for size in DISCREPANCIES:
        gram = own + size**2 * near
        inverse: Floats = np.asarray(np.linalg.inv(gram), dtype=np.float64)
        steps = STEPS if size == 0.0 else _STEPS_AGAIN
        found = [_mode(family, s, n_weak, n_high, panels, inverse, steps) for s in starts]
        theta, objective, variance = found[0]
        for other in found[1:]:
            better = other[1] < objective
            theta = np.where(better[:, None], other[0], theta)
            objective = np.where(better, other[1], objective)
            variance = np.where(better, other[2], variance)
        starts = [theta]
        value, slopes = _slopes(family, theta, n_weak, n_high)
        information = slopes.swapaxes(1, 2) @ inverse @ slopes / variance[:, None, None]
        covariance: Floats = np.asarray(
            np.linalg.inv(information + np.diag(np.array(family.sd) ** -2.0)),
            dtype=np.float64,
        )
        miss = panels.y - value
        uphill = np.einsum("bnp,bnk,bk->bp", slopes, inverse, miss) / variance[:, None]
        uphill -= (theta - np.array(family.mean)) * np.array(family.sd) ** -2.0
        to_gain = 0.5 * np.einsum("bp,bpq,bq->b", uphill, covariance, uphill)
        members.append(
            Member(
                family, size, panels, theta, covariance, variance, gram, inverse, slopes, miss,
                to_gain,
            )
        )  # fmt: skip
    return members


def _mode(
    family: MixingFamily, theta: Floats, n_weak: Floats, n_high: Floats, panels: Panels,
    inverse: Floats, steps: int,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Posterior mode [panel, parameter], its objective and the noise variance [panel]."""
    mean, precision = np.array(family.mean), np.array(family.sd) ** -2.0
    weight = NOISE_WEIGHT + panels.rows

    def objective(theta: Floats) -> tuple[Floats, Floats]:
        miss = (panels.y - family.function(theta, n_weak, n_high))[:, :, None]
        square = (miss.swapaxes(1, 2) @ inverse @ miss)[:, 0, 0] + panels.within
        variance = (NOISE_WEIGHT * NOISE_SD**2 + square) / weight
        return weight * np.log(variance) + ((theta - mean) ** 2 * precision).sum(axis=1), variance

    best, variance = objective(theta)
    damping = np.ones(len(theta))
    for _ in range(steps):
        value, slopes = _slopes(family, theta, n_weak, n_high)
        weighted = slopes.swapaxes(1, 2) @ inverse / variance[:, None, None]
        curvature = weighted @ slopes + np.diag(precision)
        uphill = (weighted @ (panels.y - value)[:, :, None])[:, :, 0] - (theta - mean) * precision
        ridge = np.einsum("bpp->bp", curvature) * damping[:, None]
        damped = curvature + ridge[:, :, None] * np.eye(len(mean))
        step = np.clip(
            np.linalg.solve(damped, uphill[:, :, None])[:, :, 0], -_LONGEST_STEP, _LONGEST_STEP
        )
        trial, trial_variance = objective(theta + step)
        better = trial < best
        theta = np.where(better[:, None], theta + step, theta)
        best, variance = np.where(better, trial, best), np.where(better, trial_variance, variance)
        damping = np.clip(damping * np.where(better, *_DAMPING), _LEAST_DAMPING, _MOST_DAMPING)
    return theta, best, variance


def _slopes(
    family: MixingFamily, theta: Floats, n_weak: Floats, n_high: Floats
) -> tuple[Floats, Floats]:
    """The law [panel, point] and its derivatives [panel, point, parameter], by differences."""
    value = family.function(theta, n_weak, n_high)
    slopes = np.empty((*value.shape, theta.shape[1]))
    for k in range(theta.shape[1]):
        step = np.zeros(theta.shape[1])
        step[k] = _SLOPE_STEP
        above = family.function(theta + step, n_weak, n_high)
        below = family.function(theta - step, n_weak, n_high)
        slopes[..., k] = (above - below) / (2.0 * _SLOPE_STEP)
    return value, slopes


def _places(n_weak: Floats, n_high: Floats) -> Floats:
    return np.stack([np.log1p(n_weak), np.log1p(n_high)], axis=-1) / _REACH


def _kernel(a: Floats, b: Floats) -> Floats:
    apart = ((a[..., :, None, :] - b[..., None, :, :]) ** 2).sum(axis=-1)
    return np.asarray(np.exp(-0.5 * apart))
