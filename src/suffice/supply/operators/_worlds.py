"""The worlds that the evidence on a source allows: who works there, how they err, what it costs.

Operators compute on many worlds at once: every array has the draw as its first axis (after the
state of the task), so that a whole menu of operators is priced in one sweep.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from suffice.channel import NoisyChannel, Profile
from suffice.errors import InputError
from suffice.supply.sources import bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.channel import Source

    Floats = NDArray[np.float64]

LEAST = 1e-9
"""Chances are held this far from 0 and 1, where log odds end."""
UNTOLD_LABELS = 50.0
"""Labels that one worker gives, where nobody has said how many."""


@dataclass(frozen=True, eq=False)
class Worlds:
    """D equally likely worlds of what is sold, one after the other along the axis ``D``.

    A task either shows its answer (state 0) or misleads everybody alike (state 1). Given the state,
    labels are independent; each comes from a worker of kind A with chance ``weight``.

    Attributes:
        name: of the source.
        wrong: chance that a label is wrong, float64 [state, D, kind A, slice S, difficulty bin B].
        weight: share of the labels that each kind of worker gives, rows sum to 1 [D, A].
        hostile: which kinds want wrong answers, bool [A].
        camouflage: chance that a hostile worker sees through a test question and answers it like
            everybody else [D].
        share: share of each slice's tasks in each bin [D, S, B].
        shared: chance that a task misleads everybody [D, S, B].
        price: money for one delivered label [D].
        capacity: delivered labels a week, inf where there is no limit [D].
        latency: days from order to delivery [D].
        career: answers that one worker gives before leaving, on average.
        stint: the same for the worker behind a label picked by chance: busy workers count more.
        others: wrong answers to choose from, 1 for two classes; larger where wrong labels scatter.
        classes: answers that a task can have, for what a label tells and how much a task can
            mislead; 2 also where it is not known.
        most: independent labels that can be had of one task.
        people: whether labels still come from workers one by one, or are a panel's verdict.
        notes: what was assumed.
    """

    name: str
    wrong: Floats
    weight: Floats
    hostile: NDArray[np.bool_]
    camouflage: Floats
    share: Floats
    shared: Floats
    price: Floats
    capacity: Floats
    latency: Floats
    career: float = UNTOLD_LABELS
    stint: float = UNTOLD_LABELS
    others: float = 1.0
    classes: int = 2
    most: int = 1
    people: bool = True
    notes: tuple[str, ...] = ()

    @property
    def draws(self) -> int:
        """How many worlds there are."""
        return len(self.weight)

    def pooled(self) -> Floats:
        """Chance that a label of the pool is wrong in either state [state, D, S, B]."""
        return np.asarray(np.einsum("kdasb,da->kdsb", self.wrong, self.weight))

    def error(self) -> Floats:
        """Chance that a delivered label is wrong, hostile labels included [D, S, B]."""
        plain, misled = self.pooled()
        return np.asarray((1.0 - self.shared) * plain + self.shared * misled)

    def by_slice(self) -> Floats:
        """Chance that a delivered label is wrong [D, S]."""
        return np.asarray((self.error() * self.share).sum(axis=2))

    def mean_over_tasks(self, values: Floats) -> Floats:
        """Mean of [D, S, B] over bins by their share, and over slices alike [D]."""
        return np.asarray((values * self.share).sum(axis=2).mean(axis=1))

    def bits(self) -> Floats:
        """Bits of a delivered label whose difficulty its buyer does not know [D, S]."""
        return bits(self.by_slice(), self.classes)

    def accuracy(self) -> Floats:
        """Chance that a worker of each kind labels a task rightly [D, A]."""
        both = (1.0 - self.shared[:, None]) * self.wrong[0] + self.shared[:, None] * self.wrong[1]
        return np.asarray(1.0 - (both * self.share[:, None]).sum(axis=3).mean(axis=2))

    def gold_right(self) -> Floats:
        """Chance that a worker of each kind answers a gold question rightly [D, A].

        Gold questions are taken to be like the tasks. A hostile worker who sees through one
        answers it like the honest workers' mean; otherwise as on any task.
        """
        shown = self.accuracy()
        if not self.hostile.any():
            return shown
        honest = np.where(self.hostile, 0.0, self.weight)
        mean = (honest * shown).sum(axis=1) / np.maximum(honest.sum(axis=1), LEAST)
        hidden = self.camouflage * mean
        blend = hidden[:, None] + (1.0 - self.camouflage)[:, None] * shown
        return np.where(self.hostile, blend, shown)

    def attack(self) -> Floats:
        """Share of the labels that hostile workers give [D]."""
        return np.asarray(self.weight[:, self.hostile].sum(axis=1))

    def screened(self, kept: Floats) -> tuple[Worlds, Floats]:
        """Only a share of each kind's labels stays [D, A]: the worlds, and the share in all [D]."""
        left = self.weight * kept
        total = np.maximum(left.sum(axis=1), LEAST)
        return replace(self, weight=left / total[:, None]), total

    def verdict(self, wrong: Floats) -> Worlds:
        """One answer a task takes the place of single workers' labels: wrong [state, D, S, B]."""
        one = np.ones((self.draws, 1))
        return replace(
            self,
            wrong=wrong[:, :, None],
            weight=one,
            hostile=np.zeros(1, dtype=bool),
            people=False,
        )

    def noting(self, *notes: str) -> Worlds:
        """The same with more notes, each once."""
        fresh = [note for note in notes if note not in self.notes]
        return replace(self, notes=(*self.notes, *fresh))

    def profile(self) -> Profile:
        """What laws read: the mean of these worlds.

        ``error`` holds everything that makes a delivered label wrong, hostile labels too;
        ``attack`` says which share of the labels hostile workers give. After a panel there are no
        single workers left and what they got through is in ``error`` alone.
        """
        plain, misled = self.pooled()
        error = (1.0 - self.shared) * plain + self.shared * misled
        # What NoisyChannel would have to flip for everyone to give this error in both states.
        chance = 1.0 - 1.0 / self.classes
        room = np.maximum(1.0 - plain / chance, LEAST)
        flip = self.shared * np.clip((misled - plain) / room, 0.0, 1.0)
        return Profile(
            error=error.mean(axis=0),
            share=self.share.mean(axis=0),
            shared=np.minimum(flip, np.minimum(error, chance)).mean(axis=0),
            attack=float(self.attack().mean()),
            classes=self.classes,
        )

    def mean(self) -> Worlds:
        """One world with the mean of everything."""
        per_draw = ("weight", "camouflage", "share", "shared", "price", "capacity", "latency")
        means = {name: getattr(self, name).mean(axis=0, keepdims=True) for name in per_draw}
        return replace(self, wrong=self.wrong.mean(axis=1, keepdims=True), **means)


def plain_worlds(
    source: Source, draws: int, rng: np.random.Generator, capability: float | None = None
) -> Worlds:
    """Worlds of a source that says nothing of its workers: all of them are alike.

    An attack in its profile becomes a kind of worker who is always wrong on the attacked slice, the
    worst that a wanted answer can be.
    """
    channels = [source.draw(rng, capability) for _ in range(draws)]
    profiles = [channel.profile for channel in channels]
    alone = np.clip(np.array([p.alone() for p in profiles]), LEAST, 1.0 - LEAST)
    attack, classes = np.array([p.attack for p in profiles]), profiles[0].classes
    wrong = np.stack([alone, 1.0 - alone / (classes - 1)])[:, :, None]
    weight, hostile = np.ones((draws, 1)), np.zeros(1, dtype=bool)
    notes: tuple[str, ...] = ()
    if attack.any():
        first = channels[0]
        target = first.target if isinstance(first, NoisyChannel) else None
        wrong = np.concatenate([wrong, attackers(alone, target, classes)], axis=2)
        weight = np.stack([1.0 - attack, attack], axis=1)
        hostile = np.array([False, True])
        notes = ("hostile labels are taken to be always wrong where they attack",)
    capacity = np.inf if source.capacity is None else source.capacity
    return Worlds(
        name=source.name,
        wrong=wrong,
        weight=weight,
        hostile=hostile,
        camouflage=np.zeros(draws),
        share=np.array([p.share for p in profiles]),
        shared=np.array([p.shared for p in profiles]),
        price=np.full(draws, float(source.price)),
        capacity=np.full(draws, float(capacity)),
        latency=np.full(draws, float(source.latency_days)),
        others=classes - 1.0,
        classes=classes,
        most=source.max_labels_per_task,
        notes=notes,
    )


def attackers(alone: Floats, target: int | None, classes: int = 2) -> Floats:
    """Workers who are wrong on the target slice (None: everywhere) and like all others elsewhere.

    Args:
        alone: independent error of the others [D, S, B].
        target: number of the slice.
        classes: answers that a task can have.

    Returns:
        Chance to be wrong, as one kind of worker [state, D, 1, S, B].
    """
    wrong = np.stack([alone, 1.0 - alone / (classes - 1)])
    wrong[:, :, slice(None) if target is None else target] = 1.0
    return wrong[:, :, None]


def shifted(worlds: Worlds, effect: Floats) -> Worlds:
    """Change the log odds that the honest workers' labels are right by ``effect`` [D].

    A trial sees the change in the pool's own odds, which is smaller than the change in each
    worker's, so the workers' shift is solved for: the pool's log odds move by exactly the effect.
    """
    honest = ~worlds.hostile
    weight = worlds.weight[:, honest] / np.maximum(
        worlds.weight[:, honest].sum(axis=1, keepdims=True), LEAST
    )
    part = np.clip(worlds.wrong[0][:, honest], LEAST, 1.0 - LEAST)
    odds, slices = logit(part), part.shape[2]
    mass = weight[:, :, None, None] * worlds.share[:, None] / slices
    before = (mass * part).sum(axis=(1, 2, 3))
    aim = expit(logit(before) - effect)
    move = -np.array(effect, dtype=np.float64)
    for _ in range(6):
        now = expit(odds + move[:, None, None, None])
        slope = (mass * now * (1.0 - now)).sum(axis=(1, 2, 3))
        step = ((mass * now).sum(axis=(1, 2, 3)) - aim) / np.maximum(slope, 1e-6)
        move = move - np.clip(step, -2.0, 2.0)
    wrong = worlds.wrong.copy()
    wrong[0][:, honest] = expit(odds + move[:, None, None, None])
    misled = np.clip(worlds.wrong[1][:, honest], LEAST, 1.0 - LEAST)
    wrong[1][:, honest] = expit(logit(misled) - move[:, None, None, None])
    return replace(worlds, wrong=wrong)


def need_people(worlds: Worlds, what: str) -> None:
    """Raise InputError where labels no longer come from single workers."""
    if not worlds.people:
        raise InputError(
            f"source {worlds.name!r}: {what} works on single workers, but comes after they were "
            "put together into one answer",
            fix=f"put {what} before redundancy, adaptive redundancy and scrutiny",
        )


def need_labels(worlds: Worlds, labels: int) -> None:
    """Raise InputError where a source cannot give so many independent labels of one task."""
    if labels > worlds.most:
        raise InputError(
            f"source {worlds.name!r} gives at most {worlds.most} independent "
            f"label{'s' if worlds.most > 1 else ''} of a task, and {labels} are asked for",
            fix="ask for fewer, or take another source",
        )
