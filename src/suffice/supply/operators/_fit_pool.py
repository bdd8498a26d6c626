"""Workers and difficulty learned from labels whose truth is known, or known as far as it can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix

from suffice.channel import Source
from suffice.errors import InputError
from suffice.supply._votes import code_votes
from suffice.supply.operators._beliefs import require
from suffice.supply.operators._operated import OperatedPosterior
from suffice.supply.operators._worlds import Worlds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from suffice.channel import Channel
    from suffice.labels import LabelTable
    from suffice.supply._audit import Audit

    Floats = NDArray[np.float64]

SKILLS = np.linspace(-3.0, 5.5, 18)
"""Log odds of a right answer to a task of difficulty 0, one for each kind of worker."""
LEVELS = np.array([-3.0, -2.0, -1.2, -0.6, 0.0, 0.6, 1.2, 2.0, 3.0, 4.5, 6.5])
"""Difficulties: what a task takes from those log odds."""
_KEEP = 200
_LEAST_THIN, _MOST_THIN, _WORK = 2, 8, 2e7
"""All skills and difficulties can move together while the labels stay as likely, and a chain does
so slowly: it is thinned as far as the work (labels times sweeps) allows."""
_WEIGHT = 2.0
"""Weight of the priors of the shares of skills and of difficulties, in workers and in tasks."""
_PRIOR_SD = 2.0


@dataclass(frozen=True, eq=False)
class FittedWorkers:
    """What labels teach of a pool: ``worker_pool`` makes it.

    Attributes:
        weight: share of labels by skill, other people of the same kind drawn [draw, skill].
        met: the same for the very workers of the table [draw, skill].
        skill: drawn skill of each worker of the table, an index into ``SKILLS`` [draw, worker].
        load: labels of each worker [worker].
        share: share of tasks by difficulty, in each slice [draw, slice, level].
        others: wrong answers to choose from, as wrong labels of one task show it.
        career: labels that a worker gives on average.
        stint: labels of the worker behind a label picked by chance: busy workers count more.
        known: share of the labels whose truth was gold.
    """

    weight: Floats
    met: Floats
    skill: NDArray[np.int64]
    load: Floats
    share: Floats
    others: float
    career: float
    stint: float
    known: float
    same_workers: bool = False

    def worlds(
        self, source: Source, draws: int, rng: np.random.Generator, capability: float | None
    ) -> Worlds:
        """Joint draws of skills and difficulties."""
        total = len(self.weight)
        # In the chain's order, so that halves of the draws are halves of the chain.
        order = rng.integers(total, size=1)
        if draws > 1:
            order = np.arange(draws) * total // draws
        x = SKILLS[:, None] - LEVELS
        wrong = 1.0 / (1.0 + np.exp(x))
        slices = self.share.shape[1]
        table = np.broadcast_to(
            wrong[None, None, :, None], (2, draws, len(SKILLS), slices, len(LEVELS))
        )
        capacity = np.inf if source.capacity is None else source.capacity
        share = self.share[order]
        notes = ["workers to come are like those of the labels"]
        if self.known < 1.0:
            notes.append(
                f"gold is known for {100 * self.known:.0f} % of the labels; for the others the "
                "audit's draws of the truth stand in"
            )
        return Worlds(
            name=source.name,
            wrong=np.array(table),
            weight=(self.met if self.same_workers else self.weight)[order],
            hostile=np.zeros(len(SKILLS), dtype=bool),
            camouflage=np.zeros(draws),
            share=share,
            shared=np.zeros_like(share),
            price=np.full(draws, float(source.price)),
            capacity=np.full(draws, float(capacity)),
            latency=np.full(draws, float(source.latency_days)),
            career=self.career,
            stint=self.stint,
            others=self.others,
            most=source.max_labels_per_task,
            notes=tuple(notes),
        )

    def draw(self, rng: np.random.Generator, capability: float | None) -> Channel:
        """One channel, its workers drawn with it."""
        return OperatedPosterior(self._as_source(), ()).draw(rng, capability)

    def mean(self) -> Channel:
        """The channel with the posterior mean profile."""
        return OperatedPosterior(self._as_source(), ()).mean()

    def _as_source(self) -> Source:
        return Source("pool", 0.0, self)


def worker_pool(
    labels: LabelTable,
    gold: Mapping[Any, Any] | None = None,
    *,
    audit: Audit | None = None,
    seed: int = 0,
    same_workers: bool = False,
    labels_per_worker: float | None = None,
) -> FittedWorkers:
    """Learn how workers differ in skill and tasks in difficulty.

    Model: a worker of skill a answers a task of difficulty d rightly with log odds a - d; skills
    and difficulties each have a distribution of any form on a grid, with a Dirichlet prior around a
    wide normal. Tasks that most people get wrong are tasks of high difficulty: what redundancy
    cannot average away is in the distribution of difficulty, not in a separate shared part.
    Assumes: gold is right; where there is none, the audit's posterior is (it allows for shared
        error by a prior). Future workers and tasks are like these.
    Fails when: skill has several dimensions, so that experts of one slice are novices in another.
    Reference: Rasch (1960); de Leeuw & Verhelst (1986) on its non-parametric form.

    Args:
        labels: the table.
        gold: task -> right label, beside the gold of the table.
        audit: of the same labels; says what is likely where there is no gold.
        seed: of the sampler.
        same_workers: the next labels come from these very workers, in the same proportions.
        labels_per_worker: answers that one worker will give; by default as many as in the table.

    Raises:
        InputError: nothing says which labels are right.
    """
    require(
        labels_per_worker is None or labels_per_worker >= 1.0,
        f"{labels_per_worker} labels a worker cannot be",
        "give at least 1",
    )
    votes = code_votes(labels, gold)
    tasks, workers, classes = votes.shape
    truth_TK = np.zeros((tasks, classes))
    known = votes.gold >= 0
    truth_TK[known, votes.gold[known]] = 1.0
    if audit is not None:
        truth_TK[~known] = audit.posterior[~known]
    used = truth_TK.sum(axis=1) > 0.5
    if not used.any():
        raise InputError(
            "nothing says which labels are right",
            where=labels.origin,
            fix="give gold, or the audit of these labels",
        )
    rows = used[votes.task]
    task, worker, label = votes.task[rows], votes.worker[rows], votes.label[rows]
    rng = np.random.default_rng([seed, 29])
    load = np.bincount(worker, minlength=workers).astype(np.float64)
    slices = np.maximum(votes.slices, 0)
    fitted = _sample(task, worker, label, truth_TK, used, slices, len(votes.slice_names), load, rng)
    weight, met, skill, share = fitted
    gave = load[load > 0]
    more = 1.0 if labels_per_worker is None else labels_per_worker / float(gave.mean())
    return FittedWorkers(
        weight=weight,
        met=met,
        skill=skill.astype(np.int64),
        load=load,
        share=share,
        others=_others(task, label, truth_TK, classes),
        career=more * float(gave.mean()),
        stint=more * float((gave**2).sum() / gave.sum()),
        known=float(known[task].mean()),
        same_workers=same_workers,
    )


def _sample(
    task: NDArray[np.int64],
    worker: NDArray[np.int64],
    label: NDArray[np.int64],
    truth_TK: Floats,
    used: NDArray[np.bool_],
    slices: NDArray[np.int64],
    slice_count: int,
    load: Floats,
    rng: np.random.Generator,
) -> tuple[Any, ...]:
    """Gibbs sampling of skills, difficulties and their distributions; what is kept of it."""
    tasks, workers = len(truth_TK), len(load)
    x = SKILLS[:, None] - LEVELS
    log_right, log_wrong = -np.logaddexp(0.0, -x), -np.logaddexp(0.0, x)
    base_a, base_d = _bell(SKILLS - 1.5), _bell(LEVELS)
    skill = rng.choice(len(SKILLS), size=workers, p=base_a)
    share_a, share_d = base_a, base_d
    soft = bool(((truth_TK > 0.0) & (truth_TK < 1.0)).any())
    cumulated = truth_TK.cumsum(axis=1)
    truth = truth_TK.argmax(axis=1)
    kept: list[tuple[Any, ...]] = []
    real, at_work = np.flatnonzero(used), load > 0
    thin = int(np.clip(_WORK / (_KEEP * max(len(label), 1)), _LEAST_THIN, _MOST_THIN))
    burn = 75 * thin
    for sweep in range(burn + _KEEP * thin):
        if sweep == 0 or soft:
            if soft:
                draw = rng.random((tasks, 1)) * np.maximum(cumulated[:, -1:], 1e-12)
                truth = (cumulated < draw).sum(axis=1)
            right = (label == truth[task]).astype(np.float64)
            shape = tasks, workers
            is_right = csr_matrix((right, (task, worker)), shape=shape)
            is_wrong = csr_matrix((1.0 - right, (task, worker)), shape=shape)
        evidence = is_right @ log_right[skill] + is_wrong @ log_wrong[skill]
        level = _choose(evidence + np.log(share_d), rng)
        evidence = is_right.T @ log_right.T[level] + is_wrong.T @ log_wrong.T[level]
        skill = _choose(evidence + np.log(share_a), rng)
        counts_d = np.bincount(level[real], minlength=len(LEVELS))
        share_d = _dirichlet(_WEIGHT * base_d + counts_d, rng)
        counts_a = np.bincount(skill[at_work], minlength=len(SKILLS))
        share_a = _dirichlet(_WEIGHT * base_a + counts_a, rng)
        if sweep >= burn and (sweep - burn) % thin == 0:
            met = np.bincount(skill, weights=load, minlength=len(SKILLS))
            # Other people: the workers' weights are drawn anew, with room for kinds not yet met.
            luck = rng.exponential(size=workers)
            fresh = np.bincount(skill, weights=load * luck, minlength=len(SKILLS))
            fresh = fresh + load.sum() / at_work.sum() * _WEIGHT * rng.exponential() * share_a
            by_slice = np.stack([
                _dirichlet(
                    _WEIGHT * share_d
                    + np.bincount(level[real[slices[real] == s]], minlength=len(LEVELS)),
                    rng,
                )
                for s in range(slice_count)
            ])  # fmt: skip
            kept.append((fresh / fresh.sum(), met / met.sum(), skill, by_slice))
    return tuple(np.array(part) for part in zip(*kept, strict=True))


def _bell(x: Floats) -> Floats:
    density = np.exp(-0.5 * (x / _PRIOR_SD) ** 2) + 1e-3
    return np.asarray(density / density.sum())


def _choose(log_weights: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """One column of each row, with chances in proportion to exp(log_weights)."""
    noise = rng.gumbel(size=log_weights.shape)
    return np.asarray((log_weights + noise).argmax(axis=1), dtype=np.int64)


def _dirichlet(counts: Floats, rng: np.random.Generator) -> Floats:
    drawn = np.maximum(rng.gamma(counts), 1e-12)
    return np.asarray(drawn / drawn.sum())


def _others(
    task: NDArray[np.int64], label: NDArray[np.int64], truth_TK: Floats, classes: int
) -> float:
    """How many wrong answers there seem to be: one over the chance that two wrong labels agree."""
    if classes == 2:
        return 1.0
    wrong = label != truth_TK.argmax(axis=1)[task]
    cells = np.bincount(task[wrong] * classes + label[wrong], minlength=len(truth_TK) * classes)
    cells = cells.reshape(-1, classes).astype(np.float64)
    total = cells.sum(axis=1)
    pairs = float((total * (total - 1.0)).sum())
    same = float((cells * (cells - 1.0)).sum())
    agree = (same + 1.0) / (pairs + classes - 1.0)
    return float(np.clip(1.0 / max(agree, 1e-9), 1.0, classes - 1.0))
