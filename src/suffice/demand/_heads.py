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
TOLERANCE = 2e-3
"""Closer to the optimum than this, no answer of a head changes that is worth the time."""


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
    """Applies every problem's design matrix, or its transpose, to that problem's columns."""

    def __init__(self, features: Floats, problems: Sequence[Problem], columns: int) -> None:
        from scipy import sparse

        self.problems, self.columns = problems, columns
        self.sizes = [len(p.a) for p in problems]
        self.ends = np.cumsum([0, *self.sizes])
        a = np.concatenate([p.a for p in problems])
        b = np.concatenate([p.b for p in problems])
        single = b < 0
        used, packed = np.unique(np.concatenate([a, b[~single]]), return_inverse=True)
        self.features = features[used]
        # Scoring every item once beats forming differences as soon as items recur.
        self.by_item = bool(len(used) < 4.0 * np.mean(self.sizes))
        if self.by_item:
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
        if self.by_item:
            scores = (self.features @ w).reshape(-1, self.columns)
            return np.asarray(self.pick @ scores)
        out = np.empty((len(self.rows), self.columns), dtype=np.float32)
        for j in range(len(self.problems)):
            rows = slice(self.ends[j], self.ends[j + 1])
            out[rows] = self.rows[rows] @ w[:, j * self.columns : (j + 1) * self.columns]
        return out

    def backward(self, residual: Floats) -> Floats:
        """[all tasks, column] -> [dimension, problem * column]."""
        if self.by_item:
            by_item = self.pick_t @ residual
            flat = by_item.reshape(len(self.features), len(self.problems) * self.columns)
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
) -> Floats:
    """Minimise weighted mean log loss + penalty/2 |w - start|^2 for every problem and penalty.

    Preconditioned nonlinear conjugate gradients (Polak-Ribiere, restarted where it turns
    negative), one Newton step along each direction; all columns at once.

    Args:
        features: rotated features [item, dimension].
        problems: training sets.
        penalties: [problem, penalty].
        start: where each problem's penalty pulls to [dimension, problem]; None for zero.
        tolerance: stop when the preconditioned gradient has shrunk to this share of its first norm.

    Returns:
        Weights [dimension, problem, penalty].
    """
    count, columns = penalties.shape
    design = Design(features, problems, columns)
    target = np.concatenate([p.target for p in problems])[:, None]
    share = np.concatenate([p.weight / max(float(p.weight.sum()), 1e-12) for p in problems])
    share = share.astype(np.float32)[:, None]
    penalty = penalties.astype(np.float32).reshape(1, -1)
    number = np.repeat(np.arange(count), design.sizes)

    # Differences of two items have twice the variance of one; the log loss curves by at most 1/4.
    curvature = 0.5 * np.mean(features * features, axis=0)[:, None] + penalty
    pull = np.zeros((features.shape[1], count * columns), dtype=np.float32)
    if start is not None:
        pull = np.repeat(start, columns, axis=1).astype(np.float32)
    w = pull.copy()
    odds = design.forward(w)
    direction = np.zeros_like(w)
    previous: Floats | None = None
    first_norm = np.ones(count * columns, dtype=np.float32)
    slope_before = first_norm
    for step in range(MAX_STEPS):
        chance = _sigmoid(odds)
        gradient = design.backward(share * (chance - target)) + penalty * (w - pull)
        scaled = gradient / curvature
        slope = (gradient * scaled).sum(axis=0)
        if step == 0:
            first_norm = np.maximum(slope, 1e-30)
        if bool(np.all(slope <= tolerance**2 * first_norm)):
            break
        if previous is None:
            mix = np.zeros_like(slope)
        else:
            mix = np.maximum(0.0, (gradient * (scaled - previous)).sum(axis=0) / slope_before)
        previous, slope_before = scaled, np.maximum(slope, 1e-30)
        direction = -scaled + mix * direction
        along = (gradient * direction).sum(axis=0)
        uphill = along >= 0.0
        if bool(uphill.any()):
            direction = np.where(uphill, -scaled, direction)
            along = np.where(uphill, -slope, along)
        move = design.forward(direction)
        bend = share * chance * (1.0 - chance) * move * move
        total = np.add.reduceat(bend, design.ends[:-1], axis=0).reshape(-1)
        total += (penalty * direction * direction).sum(axis=0)
        stride = (-along / np.maximum(total, 1e-30)).astype(np.float32)
        w = w + stride * direction
        odds = odds + stride.reshape(count, columns)[number] * move
    return w.reshape(features.shape[1], count, columns)


def log_loss(features: Floats, problems: Sequence[Problem], weights: Floats) -> NDArray[np.float64]:
    """Weighted mean log loss of each problem under each of its heads [problem, penalty]."""
    columns = weights.shape[2]
    design = Design(features, problems, columns)
    odds = design.forward(np.ascontiguousarray(weights.reshape(weights.shape[0], -1)))
    target = np.concatenate([p.target for p in problems])[:, None]
    share = np.concatenate([p.weight / max(float(p.weight.sum()), 1e-12) for p in problems])
    loss = share[:, None] * (np.logaddexp(0.0, odds) - target * odds)
    return np.asarray(np.add.reduceat(loss, design.ends[:-1], axis=0), dtype=np.float64)


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))))
