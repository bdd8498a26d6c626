"""Many regularised softmax heads at once: ``_heads`` for more than two classes.

A head has weights for every class, and the class log-odds of an item are ``features @ w``. The
penalty is on the squares of all of them, without the half that a logistic head has: the log-odds
between any two classes then pay what a logistic head's pay, and for two classes both give the same
answers at the same penalty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.schemes._heads import MAX_STEPS, TOLERANCE, Design

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand.schemes._heads import Problem

    Floats = NDArray[np.float32]


def fit_softmax(
    features: Floats,
    problems: Sequence[Problem],
    penalties: NDArray[np.float64],
    start: Floats | None = None,
    *,
    tolerance: float = TOLERANCE,
    begin: Floats | None = None,
) -> Floats:
    """Minimise weighted mean log loss + penalty |w - start|^2 for every problem and penalty.

    The method of ``fit_heads``: all classes of one head share a direction and a step.

    Args:
        features: rotated features [item, dimension].
        problems: training sets of single items; targets are chances of the classes [task, class].
        penalties: [problem, penalty].
        start: where each problem's penalty pulls to [dimension, problem, class]; None for zero.
        tolerance: stop when the preconditioned gradient has shrunk to this share of what it is at
            ``start``.
        begin: a good guess [dimension, problem, penalty, class]; None for ``start``.

    Returns:
        Weights [dimension, problem, penalty, class]; over classes they sum to what ``start`` does.
    """
    count, columns = penalties.shape
    target, share = _stacked(problems)
    classes = target.shape[1]
    design = Design(features, problems, columns * classes)
    dim, n = features.shape[1], len(target)
    heads, rows = (dim, count, columns, classes), (n, columns, classes)
    number = np.repeat(np.arange(count), design.sizes)
    weight = share[:, None, None]
    # The square's derivative is twice the weight.
    penalty = 2.0 * penalties.astype(np.float32)[:, :, None]

    def forward(w: Floats) -> Floats:
        return design.forward(np.ascontiguousarray(w.reshape(dim, -1))).reshape(rows)

    def backward(residual: Floats) -> Floats:
        return design.backward(np.ascontiguousarray(residual.reshape(n, -1))).reshape(heads)

    def inner(one: Floats, other: Floats) -> Floats:
        """Products of two sets of heads [problem, penalty]."""
        return np.asarray(np.einsum("dpck,dpck->pc", one, other))

    # The log loss of a class that has an even chance curves by that of p (1 - p).
    even = (classes - 1.0) / classes**2
    square = np.mean(features * features, axis=0)[:, None, None, None]
    curvature = (even * square + penalty).astype(np.float32)
    pull = np.zeros(heads, dtype=np.float32)
    if start is not None:
        pull += start[:, :, None, :]
    w, odds, first_norm = pull, forward(pull), None
    if begin is not None:
        gradient = backward(weight * (softmax(odds) - target[:, None, :]))
        first_norm = np.maximum(inner(gradient, gradient / curvature), 1e-30)
        w = np.ascontiguousarray(begin, dtype=np.float32)
        odds = forward(w)
    direction, previous = np.zeros_like(w), None
    slope_before = np.ones((count, columns), dtype=np.float32)
    for _ in range(MAX_STEPS):
        chance = softmax(odds)
        gradient = backward(weight * (chance - target[:, None, :])) + penalty * (w - pull)
        scaled = gradient / curvature
        slope = inner(gradient, scaled)
        if first_norm is None:
            first_norm = np.maximum(slope, 1e-30)
        if bool(np.all(slope <= tolerance**2 * first_norm)):
            break
        mix = np.zeros_like(slope)
        if previous is not None:
            mix = np.maximum(0.0, (slope - inner(gradient, previous)) / slope_before)
        previous, slope_before = scaled, np.maximum(slope, 1e-30)
        direction = mix[:, :, None] * direction - scaled
        along = inner(gradient, direction)
        uphill = along >= 0.0
        if bool(uphill.any()):
            direction = np.where(uphill[:, :, None], -scaled, direction)
            along = np.where(uphill, -slope, along)
        move = forward(direction)
        mean = (chance * move).sum(axis=2, keepdims=True)
        bend = share[:, None] * (chance * (move - mean) ** 2).sum(axis=2)
        total = np.add.reduceat(bend, design.ends[:-1], axis=0)
        total = total + penalty[:, :, 0] * inner(direction, direction)
        stride = (-along / np.maximum(total, 1e-30)).astype(np.float32)[:, :, None]
        w = w + stride * direction
        odds = odds + stride[number] * move
    return w


def softmax_loss(
    features: Floats, problems: Sequence[Problem], weights: Floats
) -> NDArray[np.float64]:
    """Weighted mean log loss of each problem under each of its heads [problem, penalty]."""
    dim, _, columns, classes = weights.shape
    target, share = _stacked(problems)
    design = Design(features, problems, columns * classes)
    odds = design.forward(np.ascontiguousarray(weights.reshape(dim, -1)))
    odds = odds.reshape(len(target), columns, classes)
    top = odds.max(axis=2)
    whole = top + np.log(np.exp(odds - top[:, :, None]).sum(axis=2))
    loss = share[:, None] * (whole - np.einsum("nck,nk->nc", odds, target))
    return np.asarray(np.add.reduceat(loss, design.ends[:-1], axis=0), dtype=np.float64)


def softmax(odds: Floats) -> Floats:
    """Chances of the classes, the last axis."""
    raised = np.exp(odds - odds.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def _stacked(problems: Sequence[Problem]) -> tuple[Floats, Floats]:
    """Targets [all tasks, class] and each task's share of its problem's weight [all tasks]."""
    target = np.concatenate([p.target for p in problems])
    share = [p.weight / max(float(p.weight.sum()), 1e-12) for p in problems]
    return target, np.concatenate(share).astype(np.float32)
