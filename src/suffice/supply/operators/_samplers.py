"""Labels drawn as an operator would really produce them: workers tested, checked, put in panels.

Nothing here uses the formulas that price an operator, so the two can be held against each other.
A drawn label is a code: 0 is right, 1 and above are wrong answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from suffice._plurality import extra_others
from suffice.errors import InputError
from suffice.labels.kinds import classes_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from suffice.channel import Profile, Tasks
    from suffice.supply.operators._worlds import Worlds

    Codes = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Keep = Callable[[Codes, np.random.Generator], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Tasks as a channel meets them, as parallel arrays: slice, bin, and whether they mislead."""

    slices: Codes
    bins: Codes
    misled: Codes

    def __len__(self) -> int:
        """The number of tasks."""
        return len(self.slices)


class Sampler(Protocol):
    """Draws delivered labels."""

    def labels(self, tasks: Drawn, each: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
        """Codes of the labels and kinds of their workers, int64 [task, label] each."""


@dataclass(frozen=True, eq=False)
class PoolSampler:
    """Labels by single workers.

    Attributes:
        world: one world (D = 1); its ``wrong`` is how workers err now.
        start: share of labels by kind before any screen [A].
        screens: each says which of the workers handed to it may go on, in their order.
    """

    world: Worlds
    start: Floats
    screens: tuple[Keep, ...] = ()

    def workers(self, n: int, rng: np.random.Generator) -> Codes:
        """Kinds of n workers who passed all screens, int64 [n]."""
        found: list[Codes] = []
        missing, tried = n, 0
        while missing > 0:
            kinds = rng.choice(len(self.start), size=max(2 * missing, 256), p=self.start)
            tried += len(kinds)
            for keep in self.screens:
                kinds = kinds[keep(kinds, rng)]
            found.append(kinds[:missing])
            missing -= len(found[-1])
            if tried > 1000 * n + 100_000:
                raise InputError(
                    f"source {self.world.name!r}: hardly anybody passes the screens",
                    fix="lower the pass mark or check less strictly",
                )
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def labels(self, tasks: Drawn, each: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
        """A worker for every label, and what that worker says."""
        kinds = self.workers(len(tasks) * each, rng).reshape(len(tasks), each)
        at = (tasks.misled[:, None], 0, kinds, tasks.slices[:, None], tasks.bins[:, None])
        wrong = rng.random(kinds.shape) < self.world.wrong[at]
        # Between two whole numbers of other answers, tasks of both kinds are mixed.
        others = np.full(len(tasks), int(np.floor(self.world.others)))
        others += rng.random(len(tasks)) < extra_others(self.world.others)
        which = 1 + (rng.random(kinds.shape) * others[:, None]).astype(np.int64)
        return np.where(wrong, which, 0), kinds


def vote(codes: Codes, weights: Floats | None, rng: np.random.Generator) -> Codes:
    """The answer with the most votes, or the most weight; ties are broken by chance [task]."""
    answers = max(int(codes.max(initial=0)) + 1, 2)
    ones = np.ones(codes.shape) if weights is None else weights
    given = np.stack([(ones * (codes == k)).sum(axis=1) for k in range(answers)], axis=1)
    # Weights may be negative: an answer that nobody gave then stands at zero and may win, which
    # with two answers is what the other one deserves.
    best = np.isclose(given, given.max(axis=1, keepdims=True), rtol=0.0, atol=1e-9)
    return np.asarray((best * rng.random(best.shape)).argmax(axis=1), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class OperatedChannel:
    """A ``Channel`` that simulates a source and everything done to it.

    It is synthetic: it draws from what is known of the source, not from recorded labels. Where the
    difficulty of a task is unknown, it is drawn from the slice's share of difficulties.

    Attributes:
        name: the source's name.
        profile: the exact error of what it draws.
        sampler: draws delivered labels.
        share: share of difficulty bins by slice [slice, bin].
        misleads: chance that a task misleads everybody [slice, bin].
    """

    name: str
    profile: Profile
    sampler: Sampler
    share: Floats
    misleads: Floats

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels in {0, 1}, or class numbers [task, label].

        Raises:
            InputError: the truth of a task is unknown.
        """
        if np.isnan(tasks.truth).any():
            raise InputError(
                f"source {self.name!r} draws from the truth, which some tasks lack",
                fix="take tasks with gold, or the recorded source",
            )
        drawn = self.meet(tasks, rng)
        kind = classes_kind(self.profile.classes)
        right = kind.settled(tasks.truth, rng)[:, None]
        codes, _ = self.sampler.labels(drawn, labels_per_task, rng)
        return kind.turned(right, codes)

    def meet(self, tasks: Tasks, rng: np.random.Generator) -> Drawn:
        """Draw what is not known of the tasks."""
        count = self.share.shape[1]
        # A source that was not measured by slice is the same in all of them.
        slices = np.minimum(tasks.slices, len(self.share) - 1)
        edges = self.share.cumsum(axis=1)[slices]
        guess = (edges < rng.random((len(tasks), 1)) * edges[:, -1:]).sum(axis=1)
        known = np.nan_to_num(tasks.difficulty * count, nan=0.0).astype(np.int64)
        bins = np.where(np.isnan(tasks.difficulty), guess, known)
        bins = np.clip(bins, 0, count - 1)
        misled = (rng.random(len(tasks)) < self.misleads[slices, bins]).astype(np.int64)
        return Drawn(slices, bins, misled)
