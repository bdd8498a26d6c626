"""The rules of quality control as machines: a state and an observation give a state and a decision.

Pure and free of chance: a simulation feeds them answers it drew, whoever carries a plan out feeds
them answers as they come in, and both decide alike. Every argument may be a number or an array of
numbers, one a worker or task; states and decisions then have that shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Whole = NDArray[np.int64] | int
    Decisions = NDArray[np.int64]

POINTS = 60
"""Points of a wrong gold answer: scores are whole numbers, so that what becomes of a worker can be
computed exactly. Chosen: rounding to a 60th of a wrong answer moves no error chance visibly."""


class Entry(IntEnum):
    """Where a worker stands in a qualification test."""

    ASK = 0
    PASSED = 1
    FAILED = 2


class Standing(IntEnum):
    """Where a worker stands under gold checks."""

    STAYS = 0
    EXPELLED = 1


class Answer(IntEnum):
    """Where a task stands that is labelled until one of two answers leads."""

    OPEN = 0
    FIRST = 1
    SECOND = 2
    TIED = 3
    """All labels are there and neither leads: a coin decides, which is not for a rule to toss."""


class Taken(NamedTuple):
    """A worker's qualification test so far."""

    asked: Whole
    right: Whole


@dataclass(frozen=True)
class PassMark:
    """All questions are asked; who has ``mark`` right answers or more may work.

    Attributes:
        questions: in the test.
        mark: right answers that are needed.
    """

    questions: int
    mark: int

    def start(self) -> Taken:
        """Before the first question."""
        return Taken(0, 0)

    def step(self, state: Taken, right: ArrayLike) -> tuple[Taken, Decisions]:
        """After one more answer to the test, right or not."""
        after = Taken(state.asked + 1, state.right + np.asarray(right, dtype=np.int64))
        return after, self.decide(after)

    def decide(self, state: Taken) -> Decisions:
        """Where a worker stands: an ``Entry``."""
        done = np.asarray(state.asked) >= self.questions
        verdict = np.where(np.asarray(state.right) >= self.mark, Entry.PASSED, Entry.FAILED)
        return np.asarray(np.where(done, verdict, Entry.ASK))


@dataclass(frozen=True)
class GoldScore:
    """Wald's sequential test over a worker's gold answers, run again and again.

    A wrong answer adds ``POINTS``, a right one takes ``right`` off. A score of ``expel`` or more
    expels; one of ``anew`` or less starts the count anew, so that nobody is trusted for ever.

    Reference: Wald (1945), Annals of Mathematical Statistics 16; Page (1954), Biometrika 41.

    Attributes:
        right: points off for a right answer.
        anew: the score, below 0, that starts anew.
        expel: the score that expels.
    """

    right: int
    anew: int
    expel: int

    @classmethod
    def against(cls, good: float, bad: float, *, false_alarm: float, miss: float) -> GoldScore:
        """The test of accuracy ``bad`` against ``good`` with these chances of error."""
        scale = POINTS / log((1.0 - bad) / (1.0 - good))
        return cls(
            right=max(round(scale * log(good / bad)), 1),
            anew=-max(round(scale * log((1.0 - false_alarm) / miss)), 1),
            expel=max(round(scale * log((1.0 - miss) / false_alarm)), 1),
        )

    def start(self) -> int:
        """The score before the first gold question."""
        return 0

    def step(self, score: Whole, right: ArrayLike) -> tuple[NDArray[np.int64], Decisions]:
        """After one more gold answer, right or not: the score and a ``Standing``."""
        moved = np.asarray(score + np.where(right, -self.right, POINTS))
        moved = np.where(moved <= self.anew, 0, moved)
        return moved, np.where(moved >= self.expel, Standing.EXPELLED, Standing.STAYS)


class Labelled(NamedTuple):
    """A task's labels so far: how many, and the first answer's votes less the second's."""

    labels: Whole
    lead: Whole


@dataclass(frozen=True)
class LeadRule:
    """A task is labelled until one answer leads by enough votes, or all its labels are there.

    Reference: Wald (1945): between two answers the posterior hangs on the lead alone.

    Attributes:
        most: labels of a task at most.
        lead: votes of a lead that closes a task.
    """

    most: int
    lead: int

    def start(self) -> Labelled:
        """Before the first label."""
        return Labelled(0, 0)

    def step(self, state: Labelled, first: ArrayLike) -> tuple[Labelled, Decisions]:
        """After one more label, for the first answer or the second."""
        after = Labelled(state.labels + 1, state.lead + np.where(first, 1, -1))
        return after, self.decide(after)

    def decide(self, state: Labelled) -> Decisions:
        """Where a task stands: an ``Answer``."""
        lead = np.asarray(state.lead)
        closed = (np.abs(lead) >= self.lead) | (np.asarray(state.labels) >= self.most)
        ahead = np.where(lead > 0, Answer.FIRST, np.where(lead < 0, Answer.SECOND, Answer.TIED))
        return np.asarray(np.where(closed, ahead, Answer.OPEN))
