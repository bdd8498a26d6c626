"""How labels come about: tasks, channels that label them, and sources to buy labels from.

A *channel* is a sampler. It has three parts that must never be confused, because more labels cure
only the first:

- independent noise, drawn anew for every label: averages out;
- shared error, drawn once a task for everyone in the channel: repeats do not average it away;
- an attack: a share of hostile labels that push a wanted answer on a target slice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Tasks:
    """Labelling tasks with two or more possible answers, as parallel arrays of length n.

    A comparison asks whether item ``a`` is better than item ``b`` (answer 1) or worse (answer 0).
    A classification asks of which class item ``a`` is; its ``b`` is -1, classes count from 0.

    Attributes:
        a, b: item numbers in the pool, int64 [n].
        slices: the slice of each task, int64 [n].
        truth: probability that the right answer is 1, float64 [n]; NaN where unknown. With more
            than two classes, the number of the right one.
        difficulty: 0 (easy) to 1 (a coin toss for a good judge), float64 [n]; NaN where unknown.
        row: number of the task in a finite list of tasks, int64 [n]; -1 where tasks are made up
            from items on the fly.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    slices: NDArray[np.int64]
    truth: NDArray[np.float64]
    difficulty: NDArray[np.float64]
    row: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of tasks."""
        return len(self.a)

    def take(self, index: NDArray[Any]) -> Tasks:
        """The tasks at ``index`` (integers or a mask), in that order."""
        return Tasks(
            self.a[index],
            self.b[index],
            self.slices[index],
            self.truth[index],
            self.difficulty[index],
            self.row[index],
        )

    def swap(self) -> Tasks:
        """The same comparisons with the two items presented the other way round."""
        return replace(self, a=self.b, b=self.a, truth=1.0 - self.truth)


@dataclass(frozen=True, eq=False)
class Profile:
    """What is known of a channel, in the form that laws read.

    Attributes:
        error: chance that one label is wrong (a tie counts half), float64 [slice, difficulty bin].
            Bin k of K holds difficulties from k/K to (k+1)/K.
        share: share of each slice's tasks in each bin; rows sum to 1, float64 [slice, bin].
        shared: the part of the error that all labels of this channel share on a task, float64
            [slice, bin]; at most ``error``.
        attack: share of labels that come from an attacker.
        classes: answers that a task can have. With more than two, a wrong label is taken to be any
            of the other answers alike.
    """

    error: NDArray[np.float64]
    share: NDArray[np.float64]
    shared: NDArray[np.float64]
    attack: float = 0.0
    classes: int = 2

    @property
    def chance(self) -> float:
        """Error of a label that knows nothing: one half of two answers."""
        return 1.0 - 1.0 / self.classes

    @property
    def mean_error(self) -> float:
        """Chance that one label is wrong, every slice alike."""
        return float((self.error * self.share).sum(axis=1).mean())

    @property
    def mean_shared(self) -> float:
        """The part of it that all labels of this channel share, every slice alike."""
        return float((self.shared * self.share).sum(axis=1).mean())

    def turned(
        self, error: NDArray[np.float64], by: NDArray[np.float64] | float
    ) -> NDArray[np.float64]:
        """An error after a share ``by`` of the labels was turned into another answer at random."""
        return error + by * (1.0 - error / self.chance)

    def error_of_mean(self, labels_per_task: int = 1) -> NDArray[np.float64]:
        """Chance that the majority of r labels is wrong (a tie counts half), float64 [slice].

        Model: with chance ``shared`` a task is turned into another answer for everyone; on top,
        labels err independently, at the rate of their slice and difficulty bin, and alike often
        towards each of the other answers.
        Assumes: independent errors are exchangeable within a bin.
        Fails when: difficulty varies much within a bin, or two classes are taken for each other
        more than for the rest; the gain from repeats is then overstated.
        """
        import numpy as np
        from scipy.special import bdtr, comb

        r, half = labels_per_task, labels_per_task // 2
        alone = self.alone()
        # Of two answers the majority is a binomial tail; of more there is no such short sum.
        if self.classes == 2:
            wrong = 1.0 - np.asarray(bdtr(half, r, alone))
            if r % 2 == 0:
                wrong = wrong + 0.5 * comb(r, half) * alone**half * (1.0 - alone) ** half
        else:
            from suffice._plurality import plurality_error

            wrong = plurality_error(alone, r, self.classes - 1.0)
        # What fools everybody is wrong, unless slips happen to hit on the right one of the rest.
        fooled = 1.0 - wrong / (self.classes - 1)
        both = self.shared * fooled + (1.0 - self.shared) * wrong
        return np.asarray((both * self.share).sum(axis=1))

    def alone(self) -> NDArray[np.float64]:
        """The independent error rate that, behind the shared flip, gives ``error`` [slice, bin]."""
        import numpy as np

        room = np.maximum(1.0 - self.shared / self.chance, 1e-9)
        return np.asarray(np.clip((self.error - self.shared) / room, 0.0, 1.0))

    def bins(self, tasks: Tasks) -> NDArray[np.int64]:
        """The difficulty bin of each task, int64 [task]; unknown difficulty goes to the middle."""
        import numpy as np

        count = self.error.shape[1]
        difficulty = np.nan_to_num(tasks.difficulty, nan=0.5)
        return np.asarray(np.minimum((difficulty * count).astype(np.int64), count - 1))


@runtime_checkable
class Channel(Protocol):
    """A sampler of labels."""

    @property
    def name(self) -> str:
        """The source that it belongs to."""

    @property
    def profile(self) -> Profile:
        """Its error, by slice and kind."""

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels in {0, .5 (a tie), 1}, or class numbers, float64 [task, label]."""


@dataclass(frozen=True, eq=False)
class NoisyChannel:
    """A channel made of its parts: a *synthetic* channel, always named as such.

    Labels start from the truth (drawn once a task where the truth is soft), are flipped together
    with chance ``profile.shared`` and then one by one with ``profile.alone()``; a share
    ``profile.attack`` of labels answers ``wanted`` on the ``target`` slice. A flip is to any of the
    other answers, at random.

    Attributes:
        name: the source's name.
        profile: error, shared error and attack share.
        target: the attacked slice, or None for all of them.
        wanted: the answer that an attacker gives.
    """

    name: str
    profile: Profile
    target: int | None = None
    wanted: float = 1.0

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels [task, label]; raises ValueError where the truth is unknown."""
        import numpy as np

        from suffice.labels.kinds import classes_kind

        if np.isnan(tasks.truth).any():
            raise ValueError(f"channel {self.name!r} draws from the truth, which some tasks lack")
        kind, each = classes_kind(self.profile.classes), (len(tasks), labels_per_task)
        cell = tasks.slices, self.profile.bins(tasks)
        shared, alone = self.profile.shared[cell], self.profile.alone()[cell][:, None]
        right = kind.settled(tasks.truth, rng)
        together = (rng.random(len(tasks)) < shared) * kind.slips(len(tasks), rng)
        apart = (rng.random(each) < alone) * kind.slips(each, rng)
        labels = kind.turned(right[:, None], together[:, None] + apart)
        if self.profile.attack > 0.0:
            hostile = rng.random(each) < self.profile.attack
            if self.target is not None:
                hostile &= (tasks.slices == self.target)[:, None]
            labels = np.where(hostile, self.wanted, labels)
        return np.asarray(labels, dtype=np.float64)


class ChannelPosterior(Protocol):
    """What is believed about a source's channel."""

    def draw(self, rng: np.random.Generator, capability: float | None) -> Channel:
        """One channel that the evidence allows."""

    def mean(self) -> Channel:
        """The channel with the posterior mean profile."""


@dataclass(frozen=True)
class FixedPosterior:
    """A channel that is known exactly: synthetic ones, and tests."""

    channel: Channel

    def draw(self, rng: np.random.Generator, capability: float | None) -> Channel:
        """The channel itself."""
        return self.channel

    def mean(self) -> Channel:
        """The channel itself."""
        return self.channel


@dataclass(frozen=True)
class Source:
    """A pool that labels can be bought from.

    Attributes:
        name: as in the study file.
        price: money for one label.
        posterior: what is believed about its channel.
        capacity: labels a week; None where there is no limit.
        latency_days: days from order to delivery.
        max_labels_per_task: how many independent labels of one task it can give.
    """

    name: str
    price: float
    posterior: ChannelPosterior
    capacity: float | None = None
    latency_days: float = 0.0
    max_labels_per_task: int = 1

    def draw(self, rng: np.random.Generator, capability: float | None = None) -> Channel:
        """One channel from the joint posterior.

        Args:
            rng: the only source of chance.
            capability: of the model whose outputs are judged; None for the capability seen.
        """
        return self.posterior.draw(rng, capability)
