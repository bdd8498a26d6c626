"""L(N, D) = E + A / N^alpha + B / D^beta: loss against parameters and training tokens.

Model: the log of the loss misses the log of the law by independent errors, heavy-tailed: the sum of
Huber losses (delta 1e-3) is minimised, the law being a log-sum-exp of its three terms. The sum and
not the mean, so that stopping rules mean the same for every number of points. Many starts, all
advanced together; uncertainty by a bootstrap over points.

Assumes: points are independent and come from one training recipe, each trained to its own end of
the learning rate schedule.
Fails when: N and D hardly vary apart from each other (the exponents are then not identified: their
intervals show it); a few points with high leverage are wrong (see ``suspects`` and ``leverage``).
Reference: Hoffmann et al. (2022), approach 3; Besiroglu, Erdil, Barnett and You (2024) on the sum,
on stopping early, and on honest intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.errors import ConvergenceError, InputError
from suffice.estimate import LEVEL, Estimate, interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

DELTA = 1e-3
"""Of the Huber loss of the log: Hoffmann et al. (2022)."""

FEWEST_POINTS = 8
"""Points that a fit needs. Chosen: five parameters, and some to miss by."""

SUSPECT_FROM = 6.0
"""Residuals beyond this many robust standard deviations are named. Chosen: a normal miss of that
size comes once in 500 million."""

_KEPT_STARTS = 12
"""Best points of the first grid that a search goes on from. Chosen:
starts that end in worse optima are many, and time goes with their number."""

_STEPS = 600
"""Most steps of a search. Chosen."""

_ENOUGH = 1e-9
"""Relative fall of the objective below which a search has arrived. A convention."""

_EXPONENTS = (0.1, 0.3, 0.6, 1.0, 1.6)
"""Where searches start, about the published .3 (Hoffmann et al. 2022). Chosen."""

_SHARES = (0.03, 0.1, 0.3, 0.6)
"""The same for what A's and B's term make of the loss at the centre. Chosen."""

_EXPONENT_BOUND = 4.0
"""Largest exponent: far above any that was published. Chosen."""

_CITATION = "Hoffmann et al. 2022; Besiroglu et al. 2024"


@dataclass(frozen=True, eq=False)
class ScalingFit:
    """A fitted law of parameters and tokens.

    Attributes:
        E, A, B, alpha, beta: of the law, with bootstrap intervals.
        compute_exponent: a in N* ~ C^a at C = 6 N D, which is beta / (alpha + beta).
        objective: sum of Huber losses at the optimum.
        residuals: log loss measured less fitted [point]; excluded points have one too.
        leverage: how far each point pulls its own fit, between 0 and 1 [point]; 0 where excluded.
        excluded: rows that the caller left out.
        suspects: rows beyond ``SUSPECT_FROM`` robust sd; they are kept in the fit.
        without_suspects: the compute exponent without them, None without suspects.
        method: what was minimised.
    """

    E: Estimate
    A: Estimate
    B: Estimate
    alpha: Estimate
    beta: Estimate
    compute_exponent: Estimate
    objective: float
    residuals: Floats
    leverage: Floats
    excluded: tuple[int, ...]
    suspects: tuple[int, ...]
    without_suspects: Estimate | None
    method: str
    _draws: Floats
    _best: Floats

    def predict(self, n_params: ArrayLike, n_tokens: ArrayLike) -> list[Estimate]:
        """Loss of the law at each N and D, with the bootstrap's interval.

        Raises:
            InputError: a size that is not positive.
        """
        sizes = [np.atleast_1d(np.asarray(v, dtype=float)) for v in (n_params, n_tokens)]
        if any(not (v > 0.0).all() for v in sizes):
            raise InputError("sizes must be positive", where="predict")
        n, d = (np.log(v) for v in sizes)
        best = np.exp(_law(self._best[None], n, d)[0])[0]
        draws = np.exp(_law(self._draws, n, d)[0])
        return [_estimate(b, column, self.method) for b, column in zip(best, draws.T, strict=True)]


def fit_scaling(
    n_params: ArrayLike,
    n_tokens: ArrayLike,
    loss: ArrayLike,
    *,
    exclude: Sequence[int] = (),
    delta: float = DELTA,
    draws: int = 400,
    seed: int = 0,
) -> ScalingFit:
    """Fit L(N, D) by the sum of Huber losses of the log, with a bootstrap.

    No point is left out unless ``exclude`` names it. Points that look wrong are reported.

    Args:
        n_params, n_tokens, loss: of each training [point].
        exclude: rows to leave out, counted from 0.
        delta: where the Huber loss turns from square to straight, in log loss.
        draws: bootstrap resamples.
        seed: of the bootstrap.

    Raises:
        InputError: too few points, or values that cannot be.
        ConvergenceError: the starts do not agree on one optimum.
    """
    n, d, y = _check(n_params, n_tokens, loss)
    if not delta > 0.0 or draws < 20:
        raise InputError("delta must be positive and draws at least 20", where="fit_scaling")
    left_out = sorted(set(exclude))
    for row in left_out:
        if not 0 <= row < len(y):
            raise InputError(f"exclude names row {row}", where="fit_scaling",
                             fix=f"rows go from 0 to {len(y) - 1}")  # fmt: skip
    kept = np.setdiff1d(np.arange(len(y)), left_out)
    _enough(n[kept], d[kept])
    best, objective = _optimum(n[kept], d[kept], y[kept], delta)
    sample = _bootstrap(best, n[kept], d[kept], y[kept], delta, draws, seed)

    value, slopes = _law(best[None], n, d)
    residuals = y - value[0]
    robust_sd = max(1.4826 * float(np.median(np.abs(residuals[kept]))), 1e-12)
    suspects = tuple(int(i) for i in kept if abs(residuals[i]) > SUSPECT_FROM * robust_sd)
    leverage = np.zeros(len(y))
    leverage[kept] = _leverage(slopes[0][kept], residuals[kept], delta)
    method = f"sum of Huber losses of log loss (delta {delta:g}), bootstrap over points"
    point, spread = _named(best[None])[:, 0], _named(sample)
    E, A, B, alpha, beta, exponent = (
        _estimate(p, s, method) for p, s in zip(point, spread, strict=True)
    )
    without = None
    rest = np.setdiff1d(kept, suspects)
    if suspects and len(rest) >= FEWEST_POINTS:
        point_r, _ = _optimum(n[rest], d[rest], y[rest], delta)
        spread_r = _bootstrap(point_r, n[rest], d[rest], y[rest], delta, draws, seed)
        without = _estimate(_named(point_r[None])[5, 0], _named(spread_r)[5], method)
    return ScalingFit(
        E, A, B, alpha, beta, exponent, objective, residuals, leverage,
        tuple(left_out), suspects, without, method, sample, best,
    )  # fmt: skip


def _law(theta: Floats, n: Floats, d: Floats) -> tuple[Floats, Floats]:
    """Log loss [fit, point] and slopes [fit, point, parameter] of (e, a, b, alpha, beta)."""
    e, a, b, alpha, beta = (theta[:, k, None] for k in range(5))
    terms = np.stack(np.broadcast_arrays(e + 0.0 * n, a - alpha * n, b - beta * d))
    top = terms.max(axis=0)
    parts = np.exp(terms - top)
    total = parts.sum(axis=0)
    shares = parts / total
    slopes = np.stack([*shares, -n * shares[1], -d * shares[2]], axis=-1)
    return top + np.log(total), slopes


def _huber(residual: Floats, delta: float) -> Floats:
    size = np.abs(residual)
    return np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta))


def _search(
    theta: Floats, n: Floats, d: Floats, y: Floats, count: Floats, delta: float, steps: int = _STEPS
) -> tuple[Floats, Floats]:
    """Minimise for many fits at once: reweighted, damped Gauss-Newton steps.

    Args:
        theta: starts [fit, parameter].
        n, d, y: logarithms [point], or [fit, point].
        count: how often each point counts [fit, point].

    Returns:
        Optimum [fit, parameter] and its objective [fit].
    """
    theta = theta.copy()
    damping = np.full(len(theta), 1e-2)
    active = np.arange(len(theta))
    objective = (count * _huber(y - _law(theta, n, d)[0], delta)).sum(axis=1)
    quiet = np.zeros(len(theta), dtype=int)
    for _ in range(steps):
        at = theta[active]
        points = [v if v.ndim == 1 else v[active] for v in (n, d, y)]
        value, slopes = _law(at, points[0], points[1])
        miss = points[2] - value
        weight = count[active] * np.minimum(1.0, delta / np.maximum(np.abs(miss), 1e-15))
        weighted = (slopes * weight[:, :, None]).swapaxes(1, 2)
        curvature = weighted @ slopes
        downhill = (weighted @ miss[:, :, None])[:, :, 0]
        ridge = np.einsum("bpp->bp", curvature) + 1e-12
        damped = curvature + (damping[active, None] * ridge)[:, :, None] * np.eye(5)
        step = np.clip(np.linalg.solve(damped, downhill[:, :, None])[:, :, 0], -3.0, 3.0)
        trial = at + step
        trial[:, 3:] = np.clip(trial[:, 3:], 1e-3, _EXPONENT_BOUND)
        reached = (
            count[active] * _huber(points[2] - _law(trial, points[0], points[1])[0], delta)
        ).sum(axis=1)
        fall = objective[active] - reached
        better = fall > 0.0
        theta[active[better]], objective[active[better]] = trial[better], reached[better]
        damping[active] = np.clip(
            np.where(better, 0.3 * damping[active], 5.0 * damping[active]), 1e-12, 1e8
        )
        still = better & (fall > _ENOUGH * objective[active])
        quiet[active] = np.where(still, 0, quiet[active] + 1)
        active = active[quiet[active] < 12]
        if not len(active):
            break
    return theta, objective


def _optimum(n: Floats, d: Floats, y: Floats, delta: float) -> tuple[Floats, float]:
    """The best of many starts; they are laid in units of the data's centre, where terms compare."""
    n_0, d_0, y_0 = n.mean(), d.mean(), y.min()
    starts = []
    for alpha in _EXPONENTS:
        for beta in _EXPONENTS:
            for share in _SHARES:
                for other in _SHARES:
                    rest = max(1.0 - share - other, 0.05)
                    a, b = y_0 + np.log(share), y_0 + np.log(other)
                    starts.append((y_0 + np.log(rest), a, b, alpha, beta))
    theta, u, v = np.array(starts), n - n_0, d - d_0
    worth = _huber(y - _law(theta, u, v)[0], delta).sum(axis=1)
    count = np.ones((len(theta), len(y)))
    # A few steps for all, then many for the best: a start's height says little of its valley.
    theta, worth = _search(theta, u, v, y, count, delta, steps=25)
    chosen = np.argsort(worth)[:_KEPT_STARTS]
    theta, worth = _search(theta[chosen], u, v, y, count[chosen], delta)
    best = int(worth.argmin())
    found, value = _polish(theta[best], u, v, y, delta)
    if not np.isfinite(value):
        raise ConvergenceError("the scaling law did not converge: the loss does not depend on N "
                               "or D as the law says")  # fmt: skip
    found[1] += found[3] * n_0
    found[2] += found[4] * d_0
    return found, value


def _polish(theta: Floats, n: Floats, d: Floats, y: Floats, delta: float) -> tuple[Floats, float]:
    """Finish with a quasi-Newton search: reweighting is slow where residuals are near zero."""
    from scipy.optimize import minimize

    def objective(x: Floats) -> tuple[float, Floats]:
        value, slopes = _law(x[None], n, d)
        miss = y - value[0]
        pull = np.clip(miss, -delta, delta)
        return float(_huber(miss, delta).sum() / delta), -(pull @ slopes[0]) / delta

    found = minimize(objective, theta, jac=True, method="BFGS", options={"gtol": 1e-8})
    return np.asarray(found.x, dtype=float), float(found.fun) * delta


def _bootstrap(
    best: Floats, n: Floats, d: Floats, y: Floats, delta: float, draws: int, seed: int
) -> Floats:
    """Optima of resampled points [draw, parameter], each sought from the optimum of all."""
    rng = Stream.SCALING_CURVE.rng(seed)
    count = rng.multinomial(len(y), np.full(len(y), 1.0 / len(y)), size=draws).astype(float)
    n_0, d_0 = n.mean(), d.mean()
    start = best.copy()
    start[1] -= start[3] * n_0
    start[2] -= start[4] * d_0
    found, _ = _search(np.tile(start, (draws, 1)), n - n_0, d - d_0, y, count, delta)
    found[:, 1] += found[:, 3] * n_0
    found[:, 2] += found[:, 4] * d_0
    return found


def _leverage(slopes: Floats, residual: Floats, delta: float) -> Floats:
    weight = np.minimum(1.0, delta / np.maximum(np.abs(residual), 1e-15))
    rows = slopes * np.sqrt(weight)[:, None]
    half, _ = np.linalg.qr(rows / np.maximum(np.linalg.norm(rows, axis=0), 1e-300))
    return np.asarray((half**2).sum(axis=1))


def _named(theta: Floats) -> Floats:
    """(E, A, B, alpha, beta, compute exponent) of each fit [6, fit]."""
    e, a, b, alpha, beta = theta.T
    with np.errstate(over="ignore"):
        return np.stack([np.exp(e), np.exp(a), np.exp(b), alpha, beta, beta / (alpha + beta)])


def _estimate(value: float, draws: Floats, method: str) -> Estimate:
    return Estimate(float(value), *interval(draws), LEVEL, method, _CITATION, draws)


def _check(n: ArrayLike, d: ArrayLike, loss: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Logarithms of what was given, if it can be."""
    given = {"n_params": n, "n_tokens": d, "loss": loss}
    found = {}
    for name, values in given.items():
        array = np.atleast_1d(np.asarray(values, dtype=float))
        for row in np.flatnonzero(~(np.isfinite(array) & (array > 0.0)))[:1]:
            raise InputError(f"{name} is {array[row]:g} in row {row}", where="fit_scaling",
                             fix="give positive numbers")  # fmt: skip
        found[name] = np.log(array)
    sizes = {len(v) for v in found.values()}
    if len(sizes) != 1:
        raise InputError("n_params, n_tokens and loss differ in length", where="fit_scaling",
                         fix="give one of each a training")  # fmt: skip
    return found["n_params"], found["n_tokens"], found["loss"]


def _enough(n: Floats, d: Floats) -> None:
    points = len(np.unique(np.column_stack([n, d]), axis=0))
    if points < FEWEST_POINTS:
        raise InputError(f"{points} different trainings are too few for L(N, D)",
                         where="fit_scaling", fix=f"give at least {FEWEST_POINTS}")  # fmt: skip
    for name, values in (("n_params", n), ("n_tokens", d)):
        if len(np.unique(values)) < 3:
            raise InputError(f"{name} takes fewer than 3 values", where="fit_scaling",
                             fix="vary model size and tokens both")  # fmt: skip
