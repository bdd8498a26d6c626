"""Scrutiny: many eyes on every answer, and the public's comments on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from suffice._plurality import plurality_error
from suffice.supply.operators._beliefs import Chance, require
from suffice.supply.operators._operated import Operator
from suffice.supply.operators._samplers import vote
from suffice.supply.operators._worlds import need_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply.operators._samplers import Codes, Drawn, Sampler
    from suffice.supply.operators._worlds import Worlds

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scrutiny(Operator):
    """Reviewers answer on their own, an adjudicator decides between them, the public may comment.

    Model: given the task's slice, difficulty and state, reviewers are independent. The adjudicator
    errs at a rate of its own; where most of the pool is wrong, the adjudicator is misled like
    everybody else. A comment period finds a wrong answer with chance ``finds``, shared errors
    included, and overturns a right one with chance ``harms``.
    Assumes: what is stated. The comment period is the only step here, of all operators, that lowers
        shared error, and it does so by no more than the stated belief.
    Fails when: nobody comments, or a crowd comes to overturn answers: state ``harms`` for that.

    Attributes:
        panel: reviewers of a task.
        adjudicator: the adjudicator's chance to err on a task that does not mislead; None where
            there is none, and the panel's majority decides.
        adjudicator_price: for one adjudicated task.
        finds: chance that the comment period finds and mends a wrong answer; None for no comments.
        harms: chance that it overturns a right one.
        comment_days: how long it lasts.
        comment_price: running it, for a task.
        capacity: tasks a week that adjudication and comments can take; None for no limit.
    """

    panel: int = 3
    adjudicator: Chance | None = None
    adjudicator_price: float = 0.0
    finds: Chance | None = None
    harms: Chance | None = None
    comment_days: float = 0.0
    comment_price: float = 0.0
    capacity: float | None = None

    def __post_init__(self) -> None:
        """Sizes and costs that can be."""
        costs = self.adjudicator_price, self.comment_days, self.comment_price
        fine = 1 <= self.panel <= 101 and min(costs) >= 0.0
        require(
            fine and (self.capacity is None or self.capacity > 0.0),
            f"scrutiny by a panel of {self.panel} cannot be",
            "give 1 to 101 reviewers, costs and days >= 0, capacity > 0",
        )

    def __str__(self) -> str:
        """In words."""
        comments = f", {self.comment_days:g} days of comments" if self.finds else ""
        judge = " with adjudicator" if self.adjudicator else ""
        return f"panel of {self.panel}{judge}{comments}"

    def effects(self, draws: int, rng: np.random.Generator) -> Floats:
        """Error of the adjudicator, chance to find an error, chance to make one [3, draw]."""
        chances = self.adjudicator, self.finds, self.harms
        return np.stack([np.zeros(draws) if c is None else c.draw(draws, rng) for c in chances])

    def transform(self, worlds: Worlds, effects: Floats) -> Worlds:
        """Error of the published answer, and what reviewers and adjudicator cost."""
        need_labels(worlds, self.panel)
        judge, finds, harms = (effect[:, None, None] for effect in effects)
        pooled = worlds.pooled()
        all_wrong, all_right = pooled**self.panel, (1.0 - pooled) ** self.panel
        split = 1.0 - all_wrong - all_right
        if self.adjudicator is None:
            wrong = plurality_error(pooled, self.panel, worlds.others)
        else:
            wrong = all_wrong + split * np.where(misleads(pooled), 1.0 - judge, judge)
        wrong = wrong * (1.0 - finds) + (1.0 - wrong) * harms
        both = (1.0 - worlds.shared) * split[0] + worlds.shared * split[1]
        price = worlds.price * self.panel + self.comment_price
        price = price + self.adjudicator_price * worlds.mean_over_tasks(both)
        capacity = worlds.capacity / self.panel
        if self.capacity is not None:
            capacity = np.minimum(capacity, self.capacity)
        notes = []
        if self.adjudicator is not None:
            notes.append("where most of the pool is wrong, the adjudicator is misled like it")
        if self.finds is not None:
            notes.append("comments find errors at the stated rate, which nothing here has tested")
        return replace(
            worlds.verdict(wrong),
            price=price,
            capacity=capacity,
            latency=worlds.latency + self.comment_days,
            most=worlds.most // self.panel,
        ).noting(*notes)

    def sampler(self, inner: Sampler, before: Worlds, after: Worlds, effects: Floats) -> Sampler:
        """Ask the reviewers, adjudicate, publish."""
        judge, finds, harms = (float(e) for e in effects[:, 0])
        errs = None
        if self.adjudicator is not None:
            errs = np.where(misleads(before.pooled()[:, 0]), 1.0 - judge, judge)
        return _Review(inner, self.panel, errs, finds, harms)


def misleads(pooled: Floats) -> NDArray[np.bool_]:
    """Where most of a pool is wrong: only a comment period is believed to mend that."""
    return pooled > 0.5


@dataclass(frozen=True, eq=False)
class _Review:
    inner: Sampler
    panel: int
    errs: Floats | None
    finds: float
    harms: float

    def labels(self, tasks: Drawn, each: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
        codes, _ = self.inner.labels(tasks, each * self.panel, rng)
        shape = len(tasks), each
        panels = codes.reshape(-1, self.panel)
        if self.errs is None:
            wrong = vote(panels, None, rng).reshape(shape) > 0
        else:
            bad = panels.reshape(*shape, self.panel) > 0
            rate = self.errs[tasks.misled, tasks.slices, tasks.bins][:, None]
            err = rng.random(shape) < rate
            wrong = np.where(bad.all(axis=2), True, np.where(bad.any(axis=2), err, False))
        overturned = rng.random(shape) < np.where(wrong, self.finds, self.harms)
        wrong = wrong ^ overturned
        return wrong.astype(np.int64), np.zeros(shape, dtype=np.int64)
