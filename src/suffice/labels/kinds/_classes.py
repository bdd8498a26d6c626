"""Classes: of which of K kinds is a single item?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.labels.kinds._class_scores import (
    class_attack,
    class_calibration,
    class_errors,
    class_log_loss,
)
from suffice.labels.kinds._kind import MOST_CLASSES, LabelKind
from suffice.labels.kinds._scores import weighted_sums
from suffice.labels.kinds._two_way import TwoWay
from suffice.metric import CALIBRATION, LOG_LOSS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.metric import Metric

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Named:
    """Answers that have names.

    Attributes:
        names: of the classes, by their numbers.
    """

    names: tuple[str, ...]

    @property
    def tie(self) -> float | None:
        """One label names one class."""
        return None

    def code(self, word: str) -> float | None:
        """The number of a class; None where there is no such class."""
        return float(self.names.index(word)) if word in self.names else None


@dataclass(frozen=True)
class TwoClasses(_Named, TwoWay):
    """A label that names one of two classes; the second is the positive answer.

    Two classes are learned and judged as two answers are, with one log-odds between them: the
    numbers are those of a softmax over two, at half the cost.
    """

    @property
    def name(self) -> str:
        """What schemes call it."""
        return "two classes"

    @property
    def said(self) -> str:
        """The same."""
        return self.name


@dataclass(frozen=True)
class ManyClasses(_Named):
    """A label that names one of three or more classes; see ``LabelKind``."""

    @property
    def name(self) -> str:
        """What schemes call it."""
        return f"up to {MOST_CLASSES} classes"

    @property
    def said(self) -> str:
        """How many there are."""
        return f"{self.answers} classes"

    @property
    def answers(self) -> int:
        """The number of classes."""
        return len(self.names)

    @property
    def chance(self) -> float:
        """Wrong but for one in as many tries as there are classes."""
        return 1.0 - 1.0 / self.answers

    @property
    def shape(self) -> tuple[int, ...]:
        """The log-odds of every class, up to a constant."""
        return (self.answers,)

    @property
    def marks(self) -> tuple[str, ...]:
        """The number of classes: their order is in the labels' numbers."""
        return (self.said,)

    def agreement(self, one: Floats, other: Floats) -> Floats:
        """1 where two labels are the same, and so much less that guessing has a mean of 0."""
        found = np.where(one == other, 1.0, -1.0 / (self.answers - 1))
        return np.asarray(np.where(np.isnan(one) | np.isnan(other), np.nan, found))

    def target(self, labels: Floats) -> NDArray[np.float32]:
        """The share of a task's labels that each class got [task, class]."""
        given = (labels[:, :, None] == np.arange(self.answers)).sum(axis=1)
        return np.asarray((given / given.sum(axis=1, keepdims=True)).astype(np.float32))

    def settled(self, truth: Floats, rng: np.random.Generator) -> Floats:
        """The truth: gold of classes is hard."""
        return np.asarray(truth)

    def slips(self, shape: Any, rng: np.random.Generator) -> NDArray[np.int64]:  # noqa: ANN401
        """Any of the other classes alike often."""
        return np.asarray(rng.integers(1, self.answers, shape))

    def turned(self, codes: Floats, steps: NDArray[np.integer]) -> Floats:
        """So many classes on, beginning again after the last."""
        return np.asarray((codes + steps) % self.answers)

    def side(self, wanted: float) -> int:
        """One more than the number of the class."""
        return 1 + int(wanted)

    def pushed(self, side: NDArray[np.integer]) -> Floats:
        """The number of the class."""
        return np.asarray(side - 1.0)

    def likeliest(self, odds: NDArray[np.floating]) -> NDArray[np.float32]:
        """The number of the class with the highest odds, the first of equals [run, task]."""
        return np.asarray(odds.argmax(axis=2), dtype=np.float32)

    def errors(
        self,
        odds: NDArray[np.floating],
        truth: NDArray[np.floating],
        weight: NDArray[np.floating],
        members: Floats,
    ) -> Floats:
        """Classes of equal odds share the choice [run, replica, group]."""
        wrong = class_errors(odds, _hard(truth))
        return np.asarray(weighted_sums(wrong, weight, members) / (weight @ members))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Log loss and calibration error."""
        return LOG_LOSS, CALIBRATION

    def scores(
        self,
        odds: NDArray[np.floating],
        truth: NDArray[np.floating],
        share: NDArray[np.floating],
    ) -> Floats:
        """See ``class_log_loss`` and ``class_calibration`` [run, replica, metric]."""
        gold = _hard(truth)
        found = class_log_loss(odds, gold) @ share.T, class_calibration(odds, gold, share)
        return np.stack(found, axis=2)

    def attack(
        self,
        odds: NDArray[np.floating],
        truth: NDArray[np.floating],
        share: NDArray[np.floating],
        sides: NDArray[np.integer],
    ) -> Floats:
        """See ``suffice.labels.kinds._class_scores.class_attack``."""
        return class_attack(odds, _hard(truth), share, sides)


def classes_kind(names: Sequence[str] | int) -> LabelKind:
    """The kind of labels that name one of these classes.

    Args:
        names: of the classes, by their numbers; or how many there are, called by their numbers.
    """
    known = tuple(map(str, range(names))) if isinstance(names, int) else tuple(names)
    return TwoClasses(known) if len(known) == 2 else ManyClasses(known)


def _hard(truth: NDArray[np.floating]) -> NDArray[np.int64]:
    """The number of the right class of each task, which is the same in all replicas [task]."""
    return np.asarray(truth[0], dtype=np.int64)
