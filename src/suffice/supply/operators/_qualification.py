"""A qualification test: who may work at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr

from suffice.supply.operators._beliefs import require
from suffice.supply.operators._operated import Operator
from suffice.supply.operators._rules import Entry, PassMark, Taken
from suffice.supply.operators._samplers import PoolSampler
from suffice.supply.operators._worlds import need_people

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply.operators._samplers import Codes, Sampler
    from suffice.supply.operators._worlds import Worlds

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Qualification(Operator):
    """Workers answer gold questions before they may work; who misses the pass mark is turned away.

    Model: a worker's answers to different questions are independent, right with the chance of that
    worker on gold, so passing is binomial. Hostile workers who see through the test answer it like
    everybody else, and pass like everybody else.
    Assumes: questions are like the tasks, and how much someone works does not depend on luck in
        the test.
    Fails when: answers are passed around, or test questions are easier than tasks.

    Attributes:
        questions: in the test.
        pass_mark: right answers that are needed.
        price_per_question: what a worker is paid for one; None for the price of a label.
        days: until workers have taken the test.
    """

    questions: int = 10
    pass_mark: int = 8
    price_per_question: float | None = None
    days: float = 0.0

    def __post_init__(self) -> None:
        """A pass mark that can be reached."""
        fine = 1 <= self.questions <= 1000 and 0 <= self.pass_mark <= self.questions
        require(
            fine and self.days >= 0.0 and (self.price_per_question or 0.0) >= 0.0,
            f"a test of {self.questions} questions with pass mark {self.pass_mark} cannot be",
            "give 1 to 1000 questions, and a pass mark between 0 and that",
        )

    @property
    def tells_workers_apart(self) -> bool:
        """Good workers stay, bad ones go."""
        return True

    def __str__(self) -> str:
        """In words."""
        return f"test {self.pass_mark}/{self.questions}"

    def rule(self) -> PassMark:
        """The test of each worker."""
        return PassMark(self.questions, self.pass_mark)

    def passes(self, gold_right: Floats) -> Floats:
        """Chance to pass for workers who are right on gold with these chances."""
        if self.pass_mark == 0:
            return np.ones_like(gold_right)
        return np.asarray(1.0 - bdtr(self.pass_mark - 1, self.questions, gold_right))

    def transform(self, worlds: Worlds, effects: Floats) -> Worlds:
        """Who is left, and what testing everybody costs a label of those who passed."""
        need_people(worlds, "a qualification test")
        after, share = worlds.screened(self.passes(worlds.gold_right()))
        paid = worlds.price if self.price_per_question is None else self.price_per_question
        notes = [f"a worker gives {worlds.career:.3g} answers, and works as much after the test"]
        if len(worlds.hostile) == 1:
            notes.append("workers are taken to be alike: a test cannot help, it only costs")
        return replace(
            after,
            price=worlds.price + self.questions * paid / (share * worlds.career),
            capacity=worlds.capacity * share,
            latency=worlds.latency + self.days,
        ).noting(*notes)

    def sampler(self, inner: Sampler, before: Worlds, after: Worlds, effects: Floats) -> Sampler:
        """Test every worker who comes."""
        assert isinstance(inner, PoolSampler)
        right = before.gold_right()[0]

        def keep(kinds: Codes, rng: np.random.Generator) -> NDArray[np.bool_]:
            taken = Taken(self.questions, rng.binomial(self.questions, right[kinds]))
            return np.asarray(self.rule().decide(taken) == Entry.PASSED)

        return replace(inner, screens=(*inner.screens, keep))
