"""Adaptive redundancy: ask for another label of a task until the answer is sure enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, log
from typing import TYPE_CHECKING

import numpy as np

from suffice.supply.operators._beliefs import require
from suffice.supply.operators._operated import Operator
from suffice.supply.operators._rules import Answer, LeadRule
from suffice.supply.operators._worlds import need_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply.operators._samplers import Codes, Drawn, Sampler
    from suffice.supply.operators._worlds import Worlds

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Adaptive(Operator):
    """Stop a task when one answer leads by enough votes, or when ``most`` labels are there.

    Model: two answers; the buyer believes that every label is right with the pool's mean accuracy,
    so the posterior depends on the lead alone and "sure" is a lead of k votes. The walk of the lead
    is followed exactly, for each slice, difficulty and state of the task.
    Assumes: labels arrive one by one (``round_days`` each).
    Fails when: tasks mislead: the lead then grows on the wrong side, and the task is closed early.
    Reference: Wald (1945); Sheng, Provost & Ipeirotis (2008), KDD, on buying labels selectively.

    Attributes:
        most: labels of a task at most.
        sure: posterior at which a task is closed.
        lead: votes of a lead that closes a task; None to compute it from ``sure``.
        round_days: days that each further label takes.
    """

    most: int = 7
    sure: float = 0.95
    lead: int | None = None
    round_days: float = 0.0

    def __post_init__(self) -> None:
        """Limits that make sense."""
        fine = 1 <= self.most <= 101 and 0.5 < self.sure < 1.0 and self.round_days >= 0.0
        require(
            fine and (self.lead is None or self.lead >= 1),
            f"adaptive redundancy with most {self.most} and sure {self.sure:g} cannot be",
            "give 1 to 101 labels, and sure between .5 and 1",
        )

    def __str__(self) -> str:
        """In words."""
        return f"up to {self.most} labels, stop at {self.sure:g}"

    def settle(self, worlds: Worlds) -> Adaptive:
        """The lead that makes the buyer sure, given the mean accuracy of the pool."""
        if self.lead is not None:
            return self
        right = 1.0 - float(worlds.by_slice().mean())
        right = min(max(right, 0.501), 1.0 - 1e-6)
        lead = ceil(log(self.sure / (1.0 - self.sure)) / log(right / (1.0 - right)) - 1e-9)
        return replace(self, lead=min(max(lead, 1), self.most))

    def transform(self, worlds: Worlds, effects: Floats) -> Worlds:
        """Error of the answer, and labels a task on average."""
        need_labels(worlds, self.most)
        operator = self.settle(worlds)
        wrong, labels = walk(worlds.pooled(), operator.most, int(operator.lead or 1))
        each = (1.0 - worlds.shared) * labels[0] + worlds.shared * labels[1]
        mean = worlds.mean_over_tasks(each)
        notes = ["workers of one task are different people drawn from the pool"]
        if worlds.others > 1.0:
            notes.append("adaptive redundancy is computed as if all wrong answers were the same")
        return replace(
            worlds.verdict(wrong),
            price=worlds.price * mean,
            capacity=worlds.capacity / mean,
            latency=worlds.latency + self.round_days * (mean - 1.0),
            most=max(worlds.most // self.most, 1),
        ).noting(*notes)

    def sampler(self, inner: Sampler, before: Worlds, after: Worlds, effects: Floats) -> Sampler:
        """Ask one worker after the other."""
        return Walker(inner, LeadRule(self.most, int(self.settle(before).lead or 1)))


@dataclass(frozen=True, eq=False)
class Walker:
    """Draws labels one by one until one answer leads."""

    inner: Sampler
    rule: LeadRule

    def labels(self, tasks: Drawn, each: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
        """The answers."""
        answer, _ = self.answers(tasks, each, rng)
        return answer, np.zeros_like(answer)

    def answers(self, tasks: Drawn, each: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
        """The answers, and how many labels each took, int64 [task, answer]."""
        most = self.rule.most
        codes, _ = self.inner.labels(tasks, each * most, rng)
        right = codes.reshape(-1, most) == 0
        taken = np.zeros(len(right), dtype=np.int64)
        stands = np.full(len(right), Answer.OPEN, dtype=np.int64)
        state = self.rule.start()
        for label in range(most):
            is_open = stands == Answer.OPEN
            state, decided = self.rule.step(state, right[:, label])
            stands = np.where(is_open, decided, stands)
            taken += is_open
        coin = rng.random(len(right)) < 0.5
        wrong = (stands == Answer.SECOND) | ((stands == Answer.TIED) & coin)
        shape = len(tasks), each
        return wrong.astype(np.int64).reshape(shape), taken.reshape(shape)


def walk(wrong: Floats, most: int, lead: int) -> tuple[Floats, Floats]:
    """Chance of a wrong answer and expected labels, for labels wrong at these rates.

    Follows the distribution of the lead; what is still open after ``most`` labels goes to the side
    that leads, or to a coin.
    """
    right = 1.0 - wrong
    chance = np.zeros((2 * lead - 1, *wrong.shape))  # leads -(lead-1) .. lead-1
    chance[lead - 1] = 1.0
    lost, labels = np.zeros_like(wrong), np.zeros_like(wrong)
    for _ in range(most):
        labels += chance.sum(axis=0)
        lost += chance[0] * wrong
        moved = np.zeros_like(chance)
        moved[1:] = chance[:-1] * right
        moved[:-1] += chance[1:] * wrong
        chance = moved
    lost += chance[: lead - 1].sum(axis=0) + 0.5 * chance[lead - 1]
    return lost, labels
