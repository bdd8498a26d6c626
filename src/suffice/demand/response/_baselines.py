"""Simple forecasts of a run, to hold the law against; printed beside it also where they win."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from suffice.demand.response._points import Points

    Floats = NDArray[np.float64]
    Predict = Callable[[Points], Floats]

TAIL = 4
"""Runs that a tail power law is fitted to, the largest: a convention."""

_RIDGE = 1e-6
"""Keeps a regression on more columns than runs a number, in units of their variance. Chosen."""

_TREES, _DEPTH, _RATE, _LEAF = 100, 3, 0.1, 3
"""Of the gradient-boosted trees: what such packages do by default, but for leaves of three runs."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """A fitted baseline of one metric.

    Attributes:
        name: for readers.
        predict: values at points.
        sd: of its errors on the runs that it was fitted to, corrected for what it fitted.
    """

    name: str
    predict: Predict
    sd: float


def baselines_of(points: Points, values: Floats) -> list[Baseline]:
    """Every baseline, fitted to runs in the order in which they came.

    Args:
        points: one a run.
        values: of one metric [run].
    """
    made = [_mean(values), _nearest(points, values), _last(values), _tail(points, values)]
    made.append(_regression("linear in shares and log counts", _linear, points, values))
    made.append(_regression("linear and square root", _rooted, points, values))
    made.append(_trees(points, values))
    return made


def _spread(off: Floats, used: float) -> float:
    left = max(len(off) - used, 1.0)
    return float(max(np.sqrt((off**2).sum() / left), 1e-9))


def _mean(values: Floats) -> Baseline:
    middle = float(values.mean())
    return Baseline("mean", lambda p: np.full(len(p), middle), _spread(values - middle, 1.0))


def _last(values: Floats) -> Baseline:
    value = float(values[-1])
    steps = np.diff(values) if len(values) > 1 else np.zeros(1)
    return Baseline("last value", lambda p: np.full(len(p), value), _spread(steps, 0.0))


def _features(points: Points) -> Floats:
    """Shares, log counts, log size and settings; one for each category [point, feature]."""
    size = np.nan_to_num(points.size, nan=0.0)[:, None]
    hot = [
        (points.groups[:, [k]] == np.arange(points.groups[:, k].max(initial=0) + 1)).astype(float)
        for k in range(points.groups.shape[1])
    ]
    return np.concatenate(
        [points.shares, np.log1p(points.counts), size, points.numbers, *hot], axis=1
    )


def _nearest(points: Points, values: Floats) -> Baseline:
    raw = _features(points)
    scale = np.where(raw.std(axis=0) > 0.0, raw.std(axis=0), 1.0)

    def gaps(p: Points) -> Floats:
        at = _padded(_features(p), raw.shape[1])
        a, b = at / scale, raw / scale
        return np.asarray((a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2.0 * a @ b.T)

    own = gaps(points)
    np.fill_diagonal(own, np.inf)
    off = values - values[own.argmin(axis=1)] if len(values) > 1 else np.zeros(1)
    return Baseline("nearest run", lambda p: values[gaps(p).argmin(axis=1)], _spread(off, 0.0))


def _tail(points: Points, values: Floats) -> Baseline:
    """A power law through the largest runs; a mean of them where totals are one."""
    total = np.log(np.maximum(points.total, 1e-12))
    rows = np.argsort(total, kind="stable")[-TAIL:]
    positive = bool((values[rows] > 0.0).all())
    y = np.log(values[rows]) if positive else values[rows]
    spread = float(np.ptp(total[rows]))
    slope, level = np.polyfit(total[rows], y, 1) if spread > 1e-6 else (0.0, float(y.mean()))

    def predict(p: Points) -> Floats:
        at = slope * np.log(np.maximum(p.total, 1e-12)) + level
        return np.exp(np.minimum(at, 50.0)) if positive else np.asarray(at)

    return Baseline("tail power law", predict, _spread(values - predict(points), 2.0))


def _linear(points: Points) -> Floats:
    return _features(points)


def _rooted(points: Points) -> Floats:
    return np.concatenate([_features(points), np.sqrt(points.shares)], axis=1)


def _regression(
    name: str, make: Callable[[Points], Floats], points: Points, values: Floats
) -> Baseline:
    raw = make(points)
    center, scale = raw.mean(axis=0), raw.std(axis=0)
    kept = scale > 1e-9

    def columns(p: Points) -> Floats:
        at = _padded(make(p), raw.shape[1])
        return np.column_stack([np.ones(len(p)), (at - center)[:, kept] / scale[kept]])

    x = columns(points)
    inner = x.T @ x + _RIDGE * len(x) * np.eye(x.shape[1])
    weights = np.linalg.solve(inner, x.T @ values)
    used = float(np.trace(np.linalg.solve(inner, x.T @ x)))
    return Baseline(name, lambda p: columns(p) @ weights, _spread(values - x @ weights, used))


def _padded(columns: Floats, width: int) -> Floats:
    """As many columns as were fitted: categories may be more or fewer."""
    if columns.shape[1] >= width:
        return columns[:, :width]
    return np.pad(columns, ((0, 0), (0, width - columns.shape[1])))


def _trees(points: Points, values: Floats) -> Baseline:
    """Gradient-boosted trees for squared error (Friedman 2001)."""
    raw = _features(points)
    width = raw.shape[1]
    base = float(values.mean())
    left = values - base
    grown: list[_Tree] = []
    for _ in range(_TREES):
        tree = _grow(raw, left, _DEPTH)
        if tree.feature < 0:
            break
        left = left - _RATE * tree.at(raw)
        grown.append(tree)

    def predict(p: Points) -> Floats:
        at = _padded(_features(p), width)
        return np.asarray(base + _RATE * sum((t.at(at) for t in grown), np.zeros(len(p))))

    # What trees leave on the runs they saw is far too little: half of the mean's is put back.
    sd = float(np.sqrt(0.5 * (left**2).mean() + 0.25 * values.var()))
    return Baseline("gradient-boosted trees", predict, max(sd, 1e-9))


@dataclass(frozen=True, eq=False)
class _Tree:
    """A split, or a leaf where ``feature`` is below 0."""

    feature: int
    cut: float
    value: float
    low: _Tree | None = None
    high: _Tree | None = None

    def at(self, x: Floats) -> Floats:
        if self.feature < 0 or self.low is None or self.high is None:
            return np.full(len(x), self.value)
        below = x[:, self.feature] <= self.cut
        out = np.empty(len(x))
        out[below] = self.low.at(x[below])
        out[~below] = self.high.at(x[~below])
        return out


def _grow(x: Floats, y: Floats, depth: int) -> _Tree:
    """The tree of the greatest fall in squared error, split by split."""
    n = len(y)
    leaf = _Tree(-1, 0.0, float(y.mean()) if n else 0.0)
    if depth == 0 or n < 2 * _LEAF:
        return leaf
    order = np.argsort(x, axis=0, kind="stable")
    sorted_x = np.take_along_axis(x, order, axis=0)
    sums = np.cumsum(y[order], axis=0)
    count = np.arange(1, n)[:, None]
    total = sums[-1]
    gain = sums[:-1] ** 2 / count + (total - sums[:-1]) ** 2 / (n - count) - total**2 / n
    allowed = (sorted_x[1:] > sorted_x[:-1]) & (count >= _LEAF) & (n - count >= _LEAF)
    gain = np.where(allowed, gain, -np.inf)
    row, feature = np.unravel_index(int(gain.argmax()), gain.shape)
    if not gain[row, feature] > 1e-12:
        return leaf
    cut = 0.5 * float(sorted_x[row, feature] + sorted_x[row + 1, feature])
    below = x[:, feature] <= cut
    return _Tree(
        int(feature),
        cut,
        leaf.value,
        _grow(x[below], y[below], depth - 1),
        _grow(x[~below], y[~below], depth - 1),
    )
