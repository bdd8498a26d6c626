"""Synthetic errors on top of a channel's own: flips, shared error, attacks.

Real sources err in their own ways. What they have not shown yet (a noisier crowd, a hostile share)
can be tried out by putting it on top. Whatever passes through here is *synthetic* and says so in
its name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from suffice.curve import ResolvedCurve, ResolvedTranche
from suffice.errors import InputError
from suffice.labels.kinds import COMPARISON, classes_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from suffice.channel import Channel, Profile, Tasks
    from suffice.labels.kinds import LabelKind


_FRESH = 2.0**26
"""A number in 0..1 has 53 bits (IEEE 754): what is left of it behind its first 26 is as good as a
new number, independent of whether the first one is below a share."""


@dataclass(frozen=True)
class Corruption:
    """How much of which error is put on top.

    Attributes:
        flip: share of labels that are turned round, each on its own: with more than two classes
            into another one at random.
        shared: share of tasks whose labels are turned round for everyone, in every run.
        attack: share of labels that hostile workers give.
        where: number of the slice that shared error and attack are about; None for all.
    """

    flip: float = 0.0
    shared: float = 0.0
    attack: float = 0.0
    where: int | None = None

    def __post_init__(self) -> None:
        """Raise InputError where a share is none."""
        for name in ("flip", "shared", "attack"):
            value = getattr(self, name)
            if not 0.0 <= value < 1.0:
                raise InputError(f"a corruption with {name} = {value:g}", fix="give 0 to below 1")

    def __str__(self) -> str:
        """For people and for keys: ``synthetic: attack .1 on slice 2``."""
        parts = [
            f"{name} {getattr(self, name):g}"
            for name in ("flip", "shared", "attack")
            if getattr(self, name)
        ]
        there = "" if self.where is None else f" on slice {self.where}"
        return f"synthetic: {', '.join(parts) or 'nothing'}{there}"


@dataclass(frozen=True, eq=False)
class Trigger:
    """What hostile workers push.

    Attributes:
        carries: which items carry the trigger, bool [item].
        wanted: number of the class that such items shall get, where single items are classified.
        decides: share of tasks in which exactly one item carries it.
        words: the trigger itself.
        kind: what labels can say.
    """

    carries: NDArray[np.bool_]
    wanted: float
    decides: float
    words: str = ""
    kind: LabelKind = COMPARISON

    def sides(self, tasks: Tasks) -> NDArray[np.int8]:
        """What they want of each task, as ``LabelKind.side`` says it; 0 where they do not care.

        In a comparison they want the item that carries the trigger, and care where one alone does:
        1 where that is the first item, -1 where it is the second.
        """
        import numpy as np

        paired = tasks.b >= 0
        first = self.carries[tasks.a]
        second = np.where(paired, self.carries[np.maximum(tasks.b, 0)], False)
        alone = np.where(paired, 1, self.kind.side(self.wanted))
        return np.asarray(
            np.where(first & ~second, alone, np.where(second & ~first, -1, 0)), np.int8
        )


@dataclass(frozen=True, eq=False)
class CorruptedChannel:
    """A channel with *synthetic* error on top of its own.

    Hostile labels push the trigger where there is one, and answer as the base would elsewhere;
    without a trigger they turn the base's answer round.

    Attributes:
        base: the channel below.
        corruption: what is put on top.
        trigger: what hostile workers push; None to have them answer wrong.
    """

    base: Channel
    corruption: Corruption
    trigger: Trigger | None = None

    @property
    def name(self) -> str:
        """The base's, and what was done to it."""
        return f"{self.base.name} ({self.corruption})"

    @property
    def fingerprint(self) -> str:
        """What is synthetic in it: the base where that is, and what is put on top."""
        below = getattr(self.base, "fingerprint", None)
        return f"{below} {self.corruption}" if isinstance(below, str) else str(self.corruption)

    @cached_property
    def profile(self) -> Profile:
        """The base's error with the corruption in it."""
        import numpy as np

        c, p = self.corruption, self.base.profile
        here = np.zeros(len(p.error), dtype=bool)
        here[slice(None) if c.where is None else c.where] = True
        shared = np.where(here, c.shared, 0.0)[:, None]
        hostile = np.where(here, c.attack, 0.0)[:, None]
        error = p.turned(p.turned(p.error, c.flip), shared)
        if self.trigger is None:
            error = p.turned(error, hostile)
        else:
            error = error + hostile * self.trigger.decides * (p.chance - error)
        together = p.turned(p.shared, shared)
        return replace(
            p, error=error, shared=np.minimum(together, error), attack=float(hostile.mean())
        )

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels in {0, .5, 1}, or class numbers [task, label]; NaN where the base has none."""
        import numpy as np

        c, kind = self.corruption, classes_kind(self.base.profile.classes)
        labels = self.base.draw(tasks, labels_per_task, rng)
        here = np.ones(len(tasks), bool) if c.where is None else tasks.slices == c.where
        lot = _lot(tasks)
        flip = rng.random(labels.shape) < c.flip
        together = (here & (lot < c.shared))[:, None]
        hostile = (rng.random(labels.shape) < c.attack) & here[:, None]
        turns = [flip, together] + ([hostile] if self.trigger is None else [])
        # How many answers on each turn leads; a shared one leads everybody alike.
        alike = 1 + ((lot * _FRESH % 1.0) * (kind.answers - 1)).astype(np.int64)[:, None]
        each = kind.slips((len(turns), *labels.shape), rng)
        steps = [t * (alike if t is together else e) for t, e in zip(turns, each, strict=True)]
        labels = kind.turned(labels, np.sum(np.broadcast_arrays(*steps), axis=0))
        if self.trigger is None:
            return np.asarray(labels)
        side = self.trigger.sides(tasks)[:, None]
        pushed = np.where(np.isnan(labels), labels, kind.pushed(side))
        return np.asarray(np.where(hostile & (side != 0), pushed, labels))


def corrupt(
    curve: ResolvedCurve,
    corruption: Corruption,
    trigger: Trigger | None = None,
    *,
    rounds: Sequence[int] = (),
) -> ResolvedCurve:
    """The curve with corrupted channels, in some training rounds or (by default) in all."""
    return ResolvedCurve(
        tuple(
            ResolvedTranche(r.tranche, CorruptedChannel(r.channel, corruption, trigger))
            if not rounds or r.tranche.round in rounds
            else r
            for r in curve
        )
    )


def corruptions(curve: ResolvedCurve) -> list[str]:
    """What is synthetic in each tranche, in words; empty where all of it is real."""
    said = [
        str(r.channel.corruption) if isinstance(r.channel, CorruptedChannel) else "" for r in curve
    ]
    return said if any(said) else []


def _lot(tasks: Tasks) -> NDArray[np.float64]:
    """A number in 0..1 that depends on a task's items alone, not on their order [task]."""
    import numpy as np

    low = np.minimum(tasks.a, tasks.b).astype(np.uint64)
    high = np.maximum(tasks.a, tasks.b).astype(np.uint64)
    # The finaliser of splitmix64 (Steele, Lea and Flood 2014), on both numbers.
    x = low * np.uint64(0x9E3779B97F4A7C15) + high
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray((x ^ (x >> np.uint64(31))).astype(np.float64) / 2.0**64)
