"""The probe: a frozen model with a Bradley-Terry, logistic or (more than two classes) softmax head.

Rounds are trained in order. A later round starts from the head of the one before and its penalty
pulls towards that head, so that a small last round corrects what came before instead of replacing
it. Tranches of one round are pooled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.schemes._heads import Problem, fit_heads, log_loss
from suffice.demand.schemes._scheme import KINDS, Trained, check_takes, draw_round, stand_in
from suffice.demand.schemes._softmax import fit_softmax, softmax_loss
from suffice.pools import Predictions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice._said import Said
    from suffice.curve import ResolvedCurve
    from suffice.demand.schemes._scheme import Embedded
    from suffice.pools import Evaluation, Pool

PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Penalties that held-out tasks choose from. Chosen: evenly spaced in log."""

_TO_COMPARE = 2e-2
"""Tolerance of heads that only choose a penalty. A closer one takes twice as long and chooses the
same in nearly every run."""
FLOOR_HELD_OUT = 2
"""With fewer held-out tasks than this there is nothing to choose by; the middle penalty is used."""


class Probe:
    """Frozen features, a linear head, and its penalty chosen on held-out texts as a user would."""

    name = "probe"
    version = "5"
    frozen = True
    takes = KINDS

    def said(self, teaches: str) -> Said:
        """See ``Scheme.said``."""
        return stand_in("A linear head on a frozen encoder", teaches)

    def check(self, pool: Pool, model: str) -> None:
        """See ``Scheme.check``: every model will do."""
        check_takes(self, pool)

    def fingerprint(self, model: str) -> str:
        """See ``Scheme.fingerprint``."""
        from suffice.demand.models import load_model

        return load_model(model).fingerprint

    def train(
        self,
        pool: Pool,
        model: Embedded,
        curve: ResolvedCurve,
        seeds: Sequence[int],
    ) -> Trained:
        """Train one head for each seed; see ``Scheme.train``."""
        rotated = model.rotated
        tasks = pool.evaluation.tasks
        if bool((tasks.b < 0).any()):
            # Classes of single items need an intercept; in comparisons it would cancel.
            rotated = np.hstack([rotated, np.ones((len(rotated), 1), dtype=np.float32)])
        # The curve is part of the seed: common random numbers would give all cells of a grid the
        # same luck, and a law that takes their noise for independent would be too sure of itself.
        number = curve.curve.number()
        streams = [np.random.default_rng([seed, number]) for seed in seeds]
        head: NDArray[np.float32] | None = None
        chosen = np.zeros(len(seeds))
        for tranches in curve.rounds():
            if not any(t.tranche.tasks for t in tranches):
                continue
            problems = [draw_round(pool, tranches, rng) for rng in streams]
            head, chosen = fit_round(rotated, problems, pool.held_out, head)
        if head is None:
            shape = (rotated.shape[1], len(seeds), *pool.evaluation.kind.shape)
            head = np.zeros(shape, dtype=np.float32)
        predictions = _predictions(rotated, pool.evaluation, head)
        return Trained(pool.evaluation.score(predictions), chosen, predictions)


def fit_round(
    features: NDArray[np.float32],
    problems: Sequence[Problem],
    held_out: NDArray[np.bool_],
    start: NDArray[np.float32] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Heads of one round, each with the penalty that is best on held-out items.

    Args:
        features: rotated features [item, dimension].
        problems: one training set a run.
        held_out: items whose tasks choose the penalty [item].
        start: heads of the round before [dimension, run] or [dimension, run, class].

    Returns:
        Heads of all tasks, shaped like ``start``, and the penalties [run].
    """
    # One log-odds a task is fitted as a sigmoid: a softmax over two costs twice as much.
    fit = fit_heads if problems[0].target.ndim == 1 else fit_softmax
    chosen, begin = _choose_penalty(features, problems, held_out, start)
    heads = fit(features, problems, chosen[:, None], start, begin=begin[:, :, None])
    return heads[:, :, 0], chosen


def _choose_penalty(
    features: NDArray[np.float32],
    problems: Sequence[Problem],
    held_out: NDArray[np.bool_],
    start: NDArray[np.float32] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """The penalty with the lowest log loss on each problem's held-out tasks, and its head.

    Returns:
        Penalties for all tasks [problem], and heads of the fitted ones shaped like ``start``.
    """
    asides = [held_out[p.a] for p in problems]
    enough = [
        bool(aside.sum() >= FLOOR_HELD_OUT and (~aside).sum() >= FLOOR_HELD_OUT) for aside in asides
    ]
    target = problems[0].target
    shape = (features.shape[1], len(problems), *target.shape[1:])
    heads = np.zeros(shape, dtype=np.float32) if start is None else start.copy()
    chosen = np.full(len(problems), PENALTIES[len(PENALTIES) // 2])
    index = [i for i, ok in enumerate(enough) if ok]
    if not index:
        return chosen, heads
    fit = [problems[i].take(~asides[i]) for i in index]
    check = [problems[i].take(asides[i]) for i in index]
    grid = np.tile(PENALTIES, (len(index), 1))
    pulled = None if start is None else start[:, index]
    solve, score = (fit_heads, log_loss) if target.ndim == 1 else (fit_softmax, softmax_loss)
    tried = solve(features, fit, grid, pulled, tolerance=_TO_COMPARE)
    best = score(features, check, tried).argmin(axis=1)
    share = np.array([len(f.a) / len(problems[i].a) for f, i in zip(fit, index, strict=True)])
    # The loss is a mean over tasks: with all tasks back in, the same pull is a smaller penalty.
    chosen[index] = np.asarray(PENALTIES)[best] * share
    heads[:, index] = tried[:, np.arange(len(index)), best]
    return chosen, heads


def _predictions(
    features: NDArray[np.float32], evaluation: Evaluation, head: NDArray[np.float32]
) -> Predictions:
    tasks = evaluation.tasks
    if head.ndim == 3:
        odds = np.einsum("td,drk->rtk", features[tasks.a], head, optimize=True)
        return Predictions(np.ascontiguousarray(odds))
    scores = features @ head
    gap = scores[tasks.a].copy()
    paired = tasks.b >= 0
    gap[paired] -= scores[tasks.b[paired]]
    best = evaluation.candidates
    return Predictions(np.ascontiguousarray(gap.T), None if best is None else scores[best.items].T)
