"""Channels that hand out labels which real people or judges really gave."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from suffice.channel import Profile, Tasks
from suffice.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compare(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """1 where first is larger, 0 where smaller, .5 where they tie."""
    return np.asarray(0.5 * (1.0 + np.sign(first - second)), dtype=np.float64)


def unmeasured(classes: int = 2) -> Profile:
    """The profile of a channel that nobody has audited: no better than chance is ruled out."""
    chance = np.full((1, 1), 1.0 - 1.0 / classes)
    return Profile(chance, share=np.ones((1, 1)), shared=np.zeros((1, 1)), classes=classes)


class RecordedChannel(Protocol):
    """A channel that hands out labels which were really given."""

    @property
    def name(self) -> str:
        """The source that it belongs to."""

    @property
    def profile(self) -> Profile:
        """Its error, by slice and difficulty."""

    @property
    def max_labels_per_task(self) -> int:
        """Labels of one task before the record runs out."""

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels in {0, .5, 1} or class numbers [task, label]; NaN where the record holds fewer."""

    def measured(self, profile: Profile) -> Self:
        """The same record with a measured profile."""


@dataclass(frozen=True, eq=False)
class RatingChannel:
    """Comparisons made by asking raters about each text.

    One label compares the mean of ``raters`` ratings of each text. Labels of the same task use
    disjoint raters.

    Attributes:
        name: the source.
        ratings: float64 [item, rater]; which rater stands in which column means nothing.
        raters: raters behind one label.
        profile: measured error, where it has been measured.
    """

    name: str
    ratings: NDArray[np.float64]
    raters: int
    profile: Profile = field(default_factory=unmeasured)

    @property
    def max_labels_per_task(self) -> int:
        """Labels of one task before a rater would be asked twice."""
        return int(self.ratings.shape[1]) // self.raters

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels in {0, .5, 1} [task, label]."""
        wanted = labels_per_task * self.raters
        if wanted > self.ratings.shape[1]:
            raise InputError(
                f"source {self.name!r} was asked for {labels_per_task} labels a task",
                fix=f"it has raters for {self.max_labels_per_task}",
            )
        first, second = (
            self._means(items, labels_per_task, wanted, rng) for items in (tasks.a, tasks.b)
        )
        return compare(first, second)

    def measured(self, profile: Profile) -> Self:
        """The same ratings with a measured profile."""
        return replace(self, profile=profile)

    def _means(
        self, items: NDArray[np.int64], labels: int, wanted: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        order = np.argsort(rng.random((len(items), self.ratings.shape[1])), axis=1)[:, :wanted]
        drawn = np.take_along_axis(self.ratings[items], order, axis=1)
        return np.asarray(drawn.reshape(len(items), labels, self.raters).mean(axis=2))


@dataclass(frozen=True, eq=False)
class ScoreChannel:
    """Comparisons made by an automatic judge that scores each item once.

    Its answer never changes, so all of its error is shared: asking again teaches nothing.

    Attributes:
        name: the source.
        scores: float64 [item].
        profile: measured error, where it has been measured.
    """

    name: str
    scores: NDArray[np.float64]
    profile: Profile = field(default_factory=unmeasured)

    @property
    def max_labels_per_task(self) -> int:
        """One: the second answer is the first."""
        return 1

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels in {0, .5, 1} [task, label]; all columns are equal."""
        answer = compare(self.scores[tasks.a], self.scores[tasks.b])
        return np.repeat(answer[:, None], labels_per_task, axis=1)

    def measured(self, profile: Profile) -> Self:
        """The same scores with a measured profile."""
        return replace(self, profile=profile)
