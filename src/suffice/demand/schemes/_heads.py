"""Many regularised logistic heads at once, on one shared table of features.

A head scores an item by ``features @ w``; a comparison of items a and b is a Bradley-Terry trial
with log-odds ``score(a) - score(b)``, a classification of item a has log-odds ``score(a)``. A
*problem* is one training set; each problem is solved for several penalties. All problems and
penalties advance together, so that the work is a few large matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MAX_STEPS = 120
"""Steps of a fit at most. Chosen."""

TOLERANCE = 2e-3
"""Closer to the optimum than this, no answer of a head changes that is worth the time. Chosen."""

_ROWS_COST = 20.0
"""What reading a task's features costs, against one column of a product for one item. Chosen; it
moves time, and no answer."""


@dataclass(frozen=True, eq=False)
class Problem:
    """One training set of n tasks.

    Attributes:
        a, b: items [task]; ``b`` is -1 where a single item is classified.
        target: probability that the answer is 1, float32 [task]; with more than two classes, of
            each one [task, class].
        weight: weight of each task, float32 [task].
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    target: Floats
    weight: Floats

    def take(self, index: NDArray[np.bool_]) -> Problem:
        """The tasks where ``index`` is true."""
        return Problem(self.a[index], self.b[index], self.target[index], self.weight[index])


def rotate(features: NDArray[np.floating]) -> Floats:
    """Centre features, turn them to their principal axes, scale their mean variance to one.

    A ridge penalty means the same after this for every embedding, and a diagonal preconditioner
    becomes a good one.

    Args:
        features: [item, dimension].

    Returns:
        float32 [item, dimension], axes by falling variance.
    """
    centred = features - features.mean(axis=0)
    covariance = (centred.T @ centred).astype(np.float64) / len(centred)
    variance, axes = np.linalg.eigh(covariance)
    scale = 1.0 / np.sqrt(max(float(variance.mean()), 1e-12))
    return np.ascontiguousarray((centred @ axes[:, ::-1]) * scale, dtype=np.float32)


class Design:
    """Applies every problem's design matrix, or its transpose, to that problem's columns.

    Args:
        features: [item, dimension].
        problems: training sets.
        columns: of each problem, at most; says which of two ways is the quicker one.
    """

    def __init__(self, features: Floats, problems: Sequence[Problem], columns: int) -> None:
        from scipy import sparse

        self.problems = problems
        self.sizes = [len(p.a) for p in problems]
        self.ends = np.cumsum([0, *self.sizes])
        a = np.concatenate([p.a for p in problems])
        b = np.concatenate([p.b for p in problems])
        single = b < 0
        both = np.concatenate([a, b[~single]])
        used = np.flatnonzero(np.bincount(both, minlength=len(features)))
        # One product for all items, or differences of features that are read for every problem
        # anew: the second waits for memory, whatever the number of columns.
        self.by_item = bool(len(used) * columns < _ROWS_COST * np.mean(self.sizes))
        if self.by_item:
            place = np.zeros(len(features), dtype=np.int64)
            place[used] = np.arange(len(used))
            packed = place[both]
            self.features = features[used]
            n, count = len(a), len(problems)
            number = np.repeat(np.arange(count), self.sizes)
            plus = packed[: len(a)] * count + number
            minus = packed[len(a) :] * count + number[~single]
            rows = np.concatenate([np.arange(n), np.flatnonzero(~single)])
            signs = np.concatenate([np.ones(n), -np.ones(len(minus))]).astype(np.float32)
            shape = (n, len(used) * count)
            pick = sparse.csr_matrix((signs, (rows, np.concatenate([plus, minus]))), shape=shape)
            self.pick, self.pick_t = pick, pick.T.tocsr()
        else:
            self.rows = features[a]
            self.rows[~single] -= features[b[~single]]

    def forward(self, w: Floats) -> Floats:
        """[dimension, problem * column] -> log-odds [all tasks, column]."""
        columns = w.shape[1] // len(self.problems)
        if self.by_item:
            scores = (self.features @ w).reshape(-1, columns)
            return np.asarray(self.pick @ scores)
        out = np.empty((len(self.rows), columns), dtype=np.float32)
        for j in range(len(self.problems)):
            rows = slice(self.ends[j], self.ends[j + 1])
            out[rows] = self.rows[rows] @ w[:, j * columns : (j + 1) * columns]
        return out

    def backward(self, residual: Floats) -> Floats:
        """[all tasks, column] -> [dimension, problem * column]."""
        if self.by_item:
            by_item = self.pick_t @ residual
            flat = by_item.reshape(len(self.features), len(self.problems) * residual.shape[1])
            return np.asarray(self.features.T @ flat)
        parts = [
            self.rows[self.ends[j] : self.ends[j + 1]].T @ residual[self.ends[j] : self.ends[j + 1]]
            for j in range(len(self.problems))
        ]
        return np.concatenate(parts, axis=1)


def fit_heads(
    features: Floats,
    problems: Sequence[Problem],
    penalties: NDArray[np.float64],
    start: Floats | None = None,
    *,
    tolerance: float = TOLERANCE,
    begin: Floats | None = None,
) -> Floats:
    """Minimise weighted mean log loss + penalty/2 |w - start|^2 for every problem and penalty.

    Preconditioned nonlinear conjugate gradients (Polak-Ribiere, restarted where it turns
    negative), one Newton step along each direction; all problems at once, and all penalties that
    have not converged.

    Args:
        features: rotated features [item, dimension].
        problems: training sets.
        penalties: [problem, penalty].
        start: where each problem's penalty pulls to [dimension, problem]; None for zero.
        tolerance: stop when the preconditioned gradient has shrunk to this share of what it is at
            ``start``.
        begin: a good guess of the answer [dimension, problem, penalty]; None for ``start``.

    Returns:
        Weights [dimension, problem, penalty].
    """
    count, columns = penalties.shape
    dim = features.shape[1]
    design = Design(features, problems, columns)
    target = np.concatenate([p.target for p in problems])[:, None]
    share = np.concatenate([p.weight / max(float(p.weight.sum()), 1e-12) for p in problems])
    share = share.astype(np.float32)[:, None]
    number = np.repeat(np.arange(count), design.sizes)
    penalty = penalties.astype(np.float32)[None]

    def forward(w: Floats) -> Floats:
        return design.forward(w.reshape(dim, -1))

    def backward(residual: Floats) -> Floats:
        return design.backward(residual).reshape(dim, count, -1)

    # Differences of two items have twice the variance of one; the log loss curves by at most 1/4.
    curvature = 0.5 * np.mean(features * features, axis=0)[:, None, None] + penalty
    pull = np.zeros((dim, count, columns), dtype=np.float32)
    if start is not None:
        pull += start[:, :, None]
    odds = np.zeros((len(target), columns), dtype=np.float32) if start is None else forward(pull)
    w, first_norm = pull, None
    if begin is not None:
        gradient = backward(share * (_sigmoid(odds) - target))
        first_norm = np.maximum((gradient * gradient / curvature).sum(axis=0), 1e-30)
        w = np.ascontiguousarray(begin, dtype=np.float32)
        odds = forward(w)
    found = np.empty_like(pull)
    active = np.arange(columns)
    direction = np.zeros_like(w)
    previous = np.zeros_like(w)
    slope_before = np.ones((count, columns), dtype=np.float32)
    for step in range(MAX_STEPS):
        chance = _sigmoid(odds)
        gradient = backward(share * (chance - target)) + penalty * (w - pull)
        scaled = gradient / curvature
        slope = (gradient * scaled).sum(axis=0)
        if first_norm is None:
            first_norm = np.maximum(slope, 1e-30)
        done = (slope <= tolerance**2 * first_norm).all(axis=0)
        if bool(done.any()):
            found[:, :, active[done]] = w[:, :, done]
            active, left = active[~done], ~done
            if not len(active):
                return found
            w, pull, gradient, scaled, direction, previous, curvature, penalty = (
                np.compress(left, x, axis=2)
                for x in (w, pull, gradient, scaled, direction, previous, curvature, penalty)
            )
            odds, chance, slope, slope_before, first_norm = (
                np.compress(left, x, axis=1)
                for x in (odds, chance, slope, slope_before, first_norm)
            )
        mix = np.zeros_like(slope)
        if step:
            mix = np.maximum(0.0, (gradient * (scaled - previous)).sum(axis=0) / slope_before)
        previous, slope_before = scaled, np.maximum(slope, 1e-30)
        direction = mix * direction - scaled
        along = (gradient * direction).sum(axis=0)
        uphill = along >= 0.0
        if bool(uphill.any()):
            direction = np.where(uphill, -scaled, direction)
            along = np.where(uphill, -slope, along)
        move = forward(direction)
        bend = share * chance * (1.0 - chance) * move * move
        total = np.add.reduceat(bend, design.ends[:-1], axis=0)
        total += (penalty * direction * direction).sum(axis=0)
        stride = (-along / np.maximum(total, 1e-30)).astype(np.float32)
        w = w + stride * direction
        odds = odds + stride[number] * move
    found[:, :, active] = w
    return found


def log_loss(features: Floats, problems: Sequence[Problem], weights: Floats) -> NDArray[np.float64]:
    """Weighted mean log loss of each problem under each of its heads [problem, penalty]."""
    design = Design(features, problems, weights.shape[2])
    odds = design.forward(np.ascontiguousarray(weights.reshape(weights.shape[0], -1)))
    target = np.concatenate([p.target for p in problems])[:, None]
    share = np.concatenate([p.weight / max(float(p.weight.sum()), 1e-12) for p in problems])
    loss = share[:, None] * (np.logaddexp(0.0, odds) - target * odds)
    return np.asarray(np.add.reduceat(loss, design.ends[:-1], axis=0), dtype=np.float64)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))))
