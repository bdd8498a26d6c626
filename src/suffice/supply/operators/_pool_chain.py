"""The chain behind ``worker_pool``: skills, difficulties and their distributions, side by side.

Model: a label by a worker of skill a on a task of difficulty d is right with log odds a - d.
Skills come from a distribution on ``SKILLS``, difficulties from one on ``LEVELS`` for each slice;
both have a Dirichlet prior, the slices' around a distribution of the whole table (a hierarchical
Dirichlet process on a grid). Several tables, or several chains of one table, run at once: ``set``
numbers them.

Gibbs steps alone mix slowly. Skills and difficulties can all move together while the labels stay as
likely; the few values that a Dirichlet prior favours are left by one worker or task at a time; and
where a task has few labels, its level and the shares of the levels hold each other in place. So
there are moves for each: everything moves up or down by one step, and neighbouring values swap all
their workers or tasks, with the shares integrated out; the shares bend, and pairs of them divide
what both have in another way, with the levels integrated out.

Reference: Rasch (1960); Teh et al. (2006) on the hierarchy; Liu & Sabatti (2000), Biometrika 87,
on moves along a group under which the likelihood does not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit, gammaln, logit

from suffice.supply.operators._pool_grid import (
    BASE_LEVEL,
    BASE_SKILL,
    LEVELS,
    SKILLS,
    TINY,
    WEIGHT,
    WRONG,
    dirichlet,
    likelihood,
    pick,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Ints = NDArray[np.int64]

_LOG_WRONG = np.log(WRONG).astype(np.float32)
_LEVELS, _SKILLS = LEVELS.astype(np.float32), SKILLS.astype(np.float32)
_SHIFTS, _TRADES, _ANEW = 4, 30, 0.3
"""Tries of two moves in each sweep, and the share of trades that ask the prior."""


@dataclass(frozen=True, eq=False)
class PoolLabels:
    """Labels of one or several tables; workers and tasks that have any, numbered through.

    Attributes:
        task, worker: of each label.
        task_set, worker_set: the table of each task and of each worker.
        task_slice: slice of each task, numbered from 0 within its table.
        sets, slices: how many tables, and slices in each.
    """

    task: Ints
    worker: Ints
    task_set: Ints
    worker_set: Ints
    task_slice: Ints
    sets: int
    slices: int


class PoolChain:
    """State of the chains: ``skill_W``, ``level_T``, ``share_SA``, ``base_SL`` and ``share_GL``.

    ``share_GL`` has a row for each slice of each table, table by table. With one slice it is
    ``base_SL``.
    """

    def __init__(self, labels: PoolLabels, rng: np.random.Generator) -> None:
        """Start from the prior; ``see`` must say which labels are right before the first sweep."""
        self.labels, self.rng = labels, rng
        tasks, workers = len(labels.task_set), len(labels.worker_set)
        ones = np.ones(len(labels.task), dtype=np.float32)
        self.count_TW = csr_matrix((ones, (labels.task, labels.worker)), shape=(tasks, workers))
        self.group_T = labels.task_set * labels.slices + labels.task_slice
        self.skill_W = rng.choice(len(SKILLS), size=workers, p=BASE_SKILL)
        self.level_T = np.zeros(tasks, dtype=np.int64)
        self.share_SA = np.tile(BASE_SKILL, (labels.sets, 1))
        self.base_SL = np.tile(BASE_LEVEL, (labels.sets, 1))
        self.share_GL = np.repeat(self.base_SL, labels.slices, axis=0)
        # Everybody starts too good or too bad together: chains that agree in the end have moved.
        start = rng.integers(-3, 4, labels.sets)
        self.skill_W = np.clip(self.skill_W + start[labels.worker_set], 0, len(SKILLS) - 1)

    def see(self, right: Floats) -> None:
        """Say which labels are right: all that matters of it is how many are, by task and worker.

        The log likelihood is the sum of log P(wrong) over labels and of a - d over right ones.
        """
        tasks, workers = self.count_TW.shape
        self.right_T = np.bincount(self.labels.task, right, tasks).astype(np.float32)
        self.right_W = np.bincount(self.labels.worker, right, workers).astype(np.float32)

    def sweep(self) -> None:
        """Draw everything anew, given the rest."""
        of, rng = self.labels, self.rng
        evidence_TL = self.count_TW @ _LOG_WRONG[self.skill_W]
        evidence_TL -= self.right_T[:, None] * _LEVELS
        like_TL = likelihood(evidence_TL)
        self._tilt(like_TL)
        self.level_T = pick(like_TL * self._by_task(self.share_GL), rng)
        counts_SL = self._base_counts()
        self.level_T, counts_SL = _swap(
            self.level_T, of.task_set, evidence_TL, counts_SL, BASE_LEVEL, rng
        )
        evidence_WA = self._worker_counts() @ _LOG_WRONG.T
        evidence_WA += self.right_W[:, None] * _SKILLS
        share_SA = self.share_SA.astype(np.float32)
        self.skill_W = pick(likelihood(evidence_WA) * share_SA[of.worker_set], rng)
        counts_SA = _table(of.worker_set, self.skill_W, of.sets, len(SKILLS))
        self.skill_W, counts_SA = _swap(
            self.skill_W, of.worker_set, evidence_WA, counts_SA, BASE_SKILL, rng
        )
        counts_SA, counts_SL = self._shift(counts_SA, counts_SL)
        self.share_SA = dirichlet(WEIGHT * BASE_SKILL + counts_SA, rng)
        self.base_SL = dirichlet(WEIGHT * BASE_LEVEL + counts_SL, rng)
        self.share_GL = self.base_SL
        if of.slices > 1:
            self.share_GL = dirichlet(self._around() + self._slice_counts(), rng)

    def _worker_counts(self) -> Singles:
        """Labels of each worker by the level of their tasks [worker, level]."""
        shape = len(self.skill_W), len(LEVELS)
        cell = self.labels.worker * len(LEVELS) + self.level_T[self.labels.task]
        counts = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        return counts.astype(np.float32)

    def _around(self) -> Floats:
        """Parameters of the Dirichlet prior of the shares of difficulty in each slice."""
        if self.labels.slices == 1:
            return np.tile(WEIGHT * BASE_LEVEL, (self.labels.sets, 1))
        return WEIGHT * np.repeat(self.base_SL, self.labels.slices, axis=0)

    def _by_task(self, share_GL: Floats) -> Singles:
        return np.asarray(share_GL.astype(np.float32)[self.group_T])

    def _tilt(self, like_TL: Singles) -> None:
        """Bend each distribution of difficulty, whatever level each task has.

        Shares are gammas over their sum; each gamma is multiplied by exp(a (d - b)^2), for an a
        and a b that do not depend on the state.
        """
        rng, around_GL = self.rng, self._around()
        groups = len(around_GL)
        gamma_GL = self.share_GL * rng.gamma(WEIGHT, size=(groups, 1))
        now_T = (like_TL * self._by_task(self.share_GL)).sum(axis=1)
        bend = rng.normal(size=(groups, 1)) * 10.0 ** rng.uniform(-2.5, 0.0, (groups, 1))
        power = np.clip(bend * (LEVELS - rng.normal(0.0, 3.0, (groups, 1))) ** 2, -30.0, 30.0)
        bent_GL = gamma_GL * np.exp(power)
        share_GL = np.maximum(bent_GL / bent_GL.sum(axis=1, keepdims=True), TINY)
        bent_T = (like_TL * self._by_task(share_GL)).sum(axis=1)
        gain = self._gain(now_T, bent_T)
        gain += (around_GL * power).sum(axis=1) - (bent_GL - gamma_GL).sum(axis=1)
        yes = -rng.exponential(size=groups) < gain
        self.share_GL = np.where(yes[:, None], share_GL, self.share_GL)
        self._trade(like_TL, np.where(yes[self.group_T], bent_T, now_T), around_GL)

    def _trade(self, like_TL: Singles, now_T: Singles, around_GL: Floats) -> None:
        """Let two levels divide what both have: anew, as the prior would, or a bit differently.

        Where tasks have few labels this is what moves the shares, since it sums over the levels.
        """
        rng, share_GL, groups = self.rng, self.share_GL, len(around_GL)
        like_LT = np.ascontiguousarray(like_TL.T)
        for _ in range(_TRADES):
            # Neighbours as often as any two.
            one, two = rng.choice(len(LEVELS), size=2, replace=False)
            if rng.random() < 0.5:
                two = one - 1 if one else 1
            first, second = around_GL[:, one], around_GL[:, two]
            both = share_GL[:, one] + share_GL[:, two]
            was = np.clip(share_GL[:, one] / both, TINY, 1.0 - TINY)
            if rng.random() < _ANEW:
                part = np.clip(rng.beta(first, second), TINY, 1.0 - TINY)
                gain = np.zeros(groups)
            else:
                step = rng.normal(size=groups) * 10.0 ** rng.uniform(-1.5, 0.5)
                part = np.clip(expit(logit(was) + step), TINY, 1.0 - TINY)
                # The prior's density of the log odds of the part.
                gain = first * np.log(part / was) + second * np.log((1.0 - part) / (1.0 - was))
            more = both * part - share_GL[:, one]
            change_T = more.astype(np.float32)[self.group_T] * (like_LT[one] - like_LT[two])
            next_T = np.maximum(now_T + change_T, np.float32(1e-30))
            yes = -rng.exponential(size=groups) < gain + self._gain(now_T, next_T)
            share_GL[:, one] = np.where(yes, both * part, share_GL[:, one])
            share_GL[:, two] = np.where(yes, both * (1.0 - part), share_GL[:, two])
            now_T = np.where(yes[self.group_T], next_T, now_T)
        self.share_GL = np.maximum(share_GL, TINY)
        if self.labels.slices == 1:
            self.base_SL = self.share_GL

    def _gain(self, now_T: Singles, next_T: Singles) -> Floats:
        """Change of the log likelihood of each slice, levels summed over [slice]."""
        gain = np.bincount(self.group_T, np.log(next_T / now_T), len(self.share_GL))
        return np.asarray(gain, dtype=np.float64)

    def _slice_counts(self) -> Floats:
        of = self.labels
        return _table(self.group_T, self.level_T, of.sets * of.slices, len(LEVELS))

    def _base_counts(self) -> Floats:
        """Draws from the base behind the tasks' levels [set, level].

        With one slice every task is one. With more, a task takes its level anew from the base with
        chance c / (c + i), i tasks of the slice being at that level before it (Antoniak 1974).
        """
        of = self.labels
        if of.slices == 1:
            return self._slice_counts()
        around = self._around()
        cell = self.group_T * len(LEVELS) + self.level_T
        order = np.argsort(cell, kind="stable")
        ranked = cell[order]
        first = np.r_[True, ranked[1:] != ranked[:-1]]
        before = np.arange(len(ranked)) - np.maximum.accumulate(
            np.where(first, np.arange(len(ranked)), 0)
        )
        weight = around.ravel()[ranked]
        # The first of a cell always is one.
        anew = first | (self.rng.random(len(ranked)) * (weight + before) < weight)
        return _table(of.task_set[order], self.level_T[order], of.sets, len(LEVELS), anew)

    def _shift(self, counts_SA: Floats, counts_SL: Floats) -> tuple[Floats, Floats]:
        """Move all skills and difficulties of a set by one step, as the prior lets them."""
        moved_S = np.zeros(len(counts_SA), dtype=np.int64)
        prior_S = _log_prior(counts_SA, BASE_SKILL) + _log_prior(counts_SL, BASE_LEVEL)
        for _ in range(_SHIFTS):
            up = self.rng.random(len(moved_S)) < 0.5
            next_SA, fits_A = _moved(counts_SA, up)
            next_SL, fits_L = _moved(counts_SL, up)
            next_S = _log_prior(next_SA, BASE_SKILL) + _log_prior(next_SL, BASE_LEVEL)
            yes = fits_A & fits_L & (-self.rng.exponential(size=len(up)) < next_S - prior_S)
            counts_SA = np.where(yes[:, None], next_SA, counts_SA)
            counts_SL = np.where(yes[:, None], next_SL, counts_SL)
            prior_S = np.where(yes, next_S, prior_S)
            moved_S += np.where(up, 1, -1) * yes
        self.skill_W = self.skill_W + moved_S[self.labels.worker_set]
        self.level_T = self.level_T + moved_S[self.labels.task_set]
        return counts_SA, counts_SL


def _swap(
    value: Ints, owner: Ints, evidence: Singles, counts: Floats, base: Floats,
    rng: np.random.Generator,
) -> tuple[Ints, Floats]:  # fmt: skip
    """Let neighbouring values swap all that have them, first pairs from 0 and then from 1.

    Args:
        value: of each worker or task.
        owner: its set.
        evidence: log likelihood of each value [worker or task, value].
        counts: how many of each set have each value [set, value].
        base: the prior of the shares, up to its weight [value].
        rng: of the moves.
    """
    rows, width = np.arange(len(value)), len(base)
    prior = WEIGHT * base
    for begin in (0, 1):
        pairs = (width - begin) // 2
        pair = (value - begin) // 2
        inside = (value >= begin) & (pair < pairs)
        other = np.where(inside, begin + 2 * pair + (1 - (value - begin) % 2), value)
        gain_i = evidence[rows, other] - evidence[rows, value]
        cell = owner * pairs + np.where(inside, pair, 0)
        gain = np.bincount(cell, gain_i, len(counts) * pairs).reshape(len(counts), pairs)
        low, high = slice(begin, begin + 2 * pairs, 2), slice(begin + 1, begin + 2 * pairs, 2)
        n_low, n_high = counts[:, low], counts[:, high]
        gain += gammaln(prior[low] + n_high) + gammaln(prior[high] + n_low)
        gain -= gammaln(prior[low] + n_low) + gammaln(prior[high] + n_high)
        yes = -rng.exponential(size=gain.shape) < gain
        value = np.where(inside & yes.ravel()[cell], other, value)
        swapped = counts.copy()
        swapped[:, low] = np.where(yes, n_high, n_low)
        swapped[:, high] = np.where(yes, n_low, n_high)
        counts = swapped
    return value, counts


def _moved(counts: Floats, up: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Counts with every value moved up or down, and which sets have none that would fall off."""
    rows, width = np.arange(len(counts))[:, None], counts.shape[1]
    source = np.arange(width) - np.where(up, 1, -1)[:, None]
    there = (source >= 0) & (source < width)
    moved = np.where(there, counts[rows, source % width], 0.0)
    return moved, moved.sum(axis=1) == counts.sum(axis=1)


def _log_prior(counts: Floats, base: Floats) -> Floats:
    """Log probability of the values with the shares integrated out, up to a constant [set]."""
    return np.asarray(gammaln(WEIGHT * base + counts).sum(axis=1))


def _table(
    row: Ints, column: Ints, rows: int, columns: int, weight: NDArray[np.bool_] | None = None
) -> Floats:
    cell = row * columns + column
    return np.bincount(cell, weight, rows * columns).reshape(rows, columns).astype(np.float64)
