"""Workers and difficulty learned from labels whose truth is known, or known as far as it can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._streams import Stream
from suffice.channel import Source
from suffice.errors import InputError
from suffice.supply._votes import code_votes
from suffice.supply.operators._beliefs import require
from suffice.supply.operators._operated import OperatedPosterior
from suffice.supply.operators._pool_grid import LEVELS, SKILLS, WRONG
from suffice.supply.operators._pool_posterior import PoolTable, sample_pool
from suffice.supply.operators._worlds import Worlds
from suffice.supply.workers import SETTLED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from suffice.channel import Channel
    from suffice.labels import LabelTable
    from suffice.supply._audit_record import Audit
    from suffice.supply.workers import Settling

    Floats = NDArray[np.float64]


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
        settling: whether the chains agree.
        seen: share of the labels that the chains learned from.
        repeated: whether any task has two labels.
        same_workers: the next labels come from these very workers.
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
    settling: Settling
    seen: float = 1.0
    repeated: bool = True
    same_workers: bool = False

    def worlds(
        self, source: Source, draws: int, rng: np.random.Generator, capability: float | None
    ) -> Worlds:
        """Joint draws of skills and difficulties."""
        total = len(self.weight)
        # In order, so that halves of the draws come from different chains.
        order = rng.integers(total, size=1)
        if draws > 1:
            order = np.arange(draws) * total // draws
        slices = self.share.shape[1]
        table = np.broadcast_to(
            WRONG[None, None, :, None], (2, draws, len(SKILLS), slices, len(LEVELS))
        )
        capacity = np.inf if source.capacity is None else source.capacity
        share = self.share[order]
        notes = ["workers to come are like those of the labels"]
        if self.known < 1.0:
            notes.append(
                f"gold is known for {100 * self.known:.0f} % of the labels; for the others the "
                "audit's draws of the truth stand in"
            )
        if self.seen < 1.0:
            notes.append(
                f"learned from {100 * self.seen:.2g} % of the labels, whole tasks picked by chance"
            )
        if not self.repeated:
            notes.append(
                "no task has two labels: how much tasks differ, and so what repeats are worth, is "
                "a guess"
            )
        if self.settling.rhat > SETTLED:
            notes.append(
                f"the chains had not settled (R-hat {self.settling.rhat:.2f}): intervals of the "
                "pool are too narrow"
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
    Reference: Rasch (1960); de Leeuw & Verhelst (1986) on its non-parametric form; Liu & Sabatti
        (2000), Biometrika 87, on moves that keep the likelihood, with which the chains mix.

    Args:
        labels: the table.
        gold: task -> right label, beside the gold of the table.
        audit: of the same labels; says what is likely where there is no gold.
        seed: of the sampler.
        same_workers: the next labels come from these very workers, in the same proportions.
        labels_per_worker: answers that one worker will give; by default as many as in the table.

    Raises:
        InputError: nothing says which labels are right.
        ConvergenceError: the chains disagree, also after a longer run.
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
        truth_TK[~known] = votes.renamed(audit.posterior)[~known]
    used = truth_TK.sum(axis=1) > 0.5
    if not used.any():
        raise InputError(
            "nothing says which labels are right",
            where=labels.origin,
            fix="give gold, or the audit of these labels",
        )
    rows = used[votes.task]
    task, worker, label = votes.task[rows], votes.worker[rows], votes.label[rows]
    slices = np.maximum(votes.slices, 0)
    table = PoolTable(task, worker, label, truth_TK, slices, len(votes.slice_names), workers)
    kept, settling, seen = sample_pool(table, Stream.POOL_OF_WORKERS.rng(seed))
    weight, met, skill, share = kept
    load = np.bincount(worker, minlength=workers).astype(np.float64)
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
        settling=settling,
        seen=seen,
        repeated=table.repeated,
        same_workers=same_workers,
    )


def _others(
    task: NDArray[np.int64], label: NDArray[np.int64], truth_TK: Floats, classes: int
) -> float:
    """How many wrong answers there seem to be: one over the chance that two wrong labels agree."""
    others = max(classes - 1.0, 1.0)
    wrong = label != truth_TK.argmax(axis=1)[task]
    cells = np.bincount(task[wrong] * classes + label[wrong], minlength=len(truth_TK) * classes)
    cells = cells.reshape(-1, classes).astype(np.float64)
    total = cells.sum(axis=1)
    pairs = float((total * (total - 1.0)).sum())
    same = float((cells * (cells - 1.0)).sum())
    agree = (same + 1.0) / (pairs + others)
    return float(np.clip(1.0 / max(agree, 1e-9), 1.0, others))
