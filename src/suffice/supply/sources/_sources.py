"""What the study's sources are worth: their measured channels, with the audit's uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._said import Citation, Said
from suffice._streams import Stream
from suffice.channel import Profile, Source
from suffice.estimate import Estimate
from suffice.records import Interval, Repeats, Supplier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from suffice.channel import Channel
    from suffice.pools import Pool, RecordedChannel

    Floats = NDArray[np.float64]

BINS = 3
AUDIT_TASKS = 6000
DRAWS = 200

METHOD = "mean over audited tasks; Bayesian bootstrap over documents"
CITATION = "Rubin (1981), The Bayesian bootstrap, Annals of Statistics 9"


@dataclass(frozen=True, eq=False)
class Offered:
    """What the study file says of a source beside its labels."""

    price: float
    capacity: float | None
    latency_days: float
    labels_per_task: tuple[int, ...]
    about: str = ""


@dataclass(frozen=True, eq=False)
class Measured:
    """A recorded channel with draws of its profile: a ``ChannelPosterior``.

    Attributes:
        channel: the record, with the posterior mean profile.
        error: draws of the error of one label [draw, slice, bin].
        share: draws of each slice's share of tasks in each bin [draw, slice, bin].
        shared: draws of the shared part of the error [draw, slice, bin].
        audited: tasks with gold behind it; 0 means that nothing is known.
        repeated: whether two labels of one task were compared; without that the shared part is
            unknown and drawn anywhere between nothing and all of the error.
    """

    channel: RecordedChannel
    error: Floats
    share: Floats
    shared: Floats
    audited: int
    repeated: bool

    def draw(self, rng: np.random.Generator, capability: float | None) -> Channel:
        """The record with one drawn profile; capability changes nothing that was recorded."""
        k = int(rng.integers(len(self.error)))
        return self.channel.measured(self._profile(self.error[k], self.share[k], self.shared[k]))

    def mean(self) -> Channel:
        """The record with the posterior mean profile."""
        return self.channel

    @property
    def automatic(self) -> bool:
        """Whether a machine gives its labels: the second answer is always the first."""
        return _answers_never_vary(self.channel)

    def by_slice(self) -> Floats:
        """Draws of the error of one label [draw, slice]."""
        return np.asarray((self.error * self.share).sum(axis=2))

    def shared_by_slice(self) -> Floats:
        """Draws of the part of the error that all labels of a task share [draw, slice]."""
        return np.asarray((self.shared * self.share).sum(axis=2))

    def repeats(self, labels_per_task: int) -> Floats:
        """Draws of the error of r labels' majority, mean over slices [draw]."""
        profiles = (
            self._profile(e, w, s)
            for e, w, s in zip(self.error, self.share, self.shared, strict=True)
        )
        return np.array([p.error_of_mean(labels_per_task).mean() for p in profiles])

    def _profile(self, error: Floats, share: Floats, shared: Floats) -> Profile:
        return Profile(error, share, shared, classes=self.channel.profile.classes)


def measure_source(pool: Pool, name: str, *, seed: int) -> Measured:
    """Audit one recorded source against the pool's gold.

    Model: on tasks of one slice and difficulty bin, a task is turned into another answer for
    everyone with chance s, and each label on its own with chance a; where there are K answers, into
    any of the others alike. Score a label 1 where it is right and -1/(K-1) where it is wrong, and
    two labels of one task likewise by whether they agree. With h = K/(K-1) the mean scores are
    (1-hs)(1-ha) = 1-he and (1-ha)^2, so that both together give s.
    Assumes: gold errs independently of the source. What gold and source share stays invisible.
    Fails when: difficulty varies within a bin, or some classes are taken for each other more than
    for the rest: both look like shared error.
    """
    rng = Stream.SOURCES.rng(seed)
    channel = pool.channel(name)
    audited = pool.audit_tasks(AUDIT_TASKS, rng, source=name)
    slices, kind = len(pool.slice_names), pool.evaluation.kind
    chance = kind.chance
    if len(audited.tasks) == 0:
        error = rng.beta(1.0, 1.0, size=(DRAWS, slices, 1)) * chance
        share, shared = np.ones_like(error), error * rng.random(error.shape)
        return _measured(channel, error, share, shared, 0, repeated=False)
    tasks = audited.tasks
    most = min(2, channel.max_labels_per_task)
    labels = channel.draw(tasks, most, rng)
    first = np.nan_to_num(kind.agreement(labels[:, 0], audited.truth))
    both = np.full(len(tasks), np.nan)
    if most == 2:
        both = kind.agreement(labels[:, 0], labels[:, 1])
    repeated = bool(np.isfinite(both).sum() > len(tasks) / 4)
    fixed = _answers_never_vary(channel)
    known = Profile(np.zeros((slices, BINS)), np.zeros((slices, BINS)), np.zeros((slices, BINS)))
    cell = tasks.slices * BINS + known.bins(tasks)
    groups = np.unique(np.concatenate([audited.first, audited.second]), return_inverse=True)[1]
    one, two = groups[: len(tasks)], groups[len(tasks) :]
    parts: list[list[Floats]] = [[], [], []]
    for _ in range(DRAWS):
        mass = rng.exponential(size=groups.max() + 1)
        weight = np.where(one == two, mass[one], mass[one] * mass[two])
        total = np.bincount(cell, weight, slices * BINS)
        # One task that was right and one that was wrong are taken as seen in every cell: a
        # bootstrap alone cannot imagine an error that no audited task showed.
        seen_right, seen_wrong = rng.exponential(size=(2, slices * BINS))
        gained = np.bincount(cell, weight * first, slices * BINS) + seen_right
        gained = gained - seen_wrong / (kind.answers - 1)
        gain = gained / (total + seen_right + seen_wrong)
        error = np.clip((1.0 - gain) * chance, 0.0, 1.0)
        if fixed:
            shared = np.minimum(error, chance)
        elif repeated:
            seen = np.isfinite(both)
            mass_seen = np.maximum(np.bincount(cell[seen], weight[seen], slices * BINS), 1e-12)
            agree = np.bincount(cell[seen], (weight * both)[seen], slices * BINS) / mass_seen
            steady = np.sqrt(np.clip(agree, 1e-4, 1.0))
            shared = np.clip((1.0 - gain / steady) * chance, 0.0, np.minimum(error, chance))
        else:
            shared = np.minimum(error, chance) * rng.random()
        by_slice = total.reshape(slices, BINS)
        share = by_slice / np.maximum(by_slice.sum(axis=1, keepdims=True), 1e-12)
        for kept, values in zip(parts, (error, share, shared), strict=True):
            kept.append(values.reshape(slices, BINS))
    error, share, shared = (np.array(kept) for kept in parts)
    return _measured(channel, error, share, shared, len(tasks), repeated=repeated or fixed)


def build_sources(
    pool: Pool, offered: Mapping[str, Offered], *, seed: int
) -> tuple[dict[str, Source], dict[str, Measured]]:
    """Measure every source of a study, and put a price on it."""
    measured = {name: measure_source(pool, name, seed=seed) for name in offered}
    sources = {
        name: Source(
            name=name,
            price=offer.price,
            posterior=measured[name],
            capacity=offer.capacity,
            latency_days=offer.latency_days,
            max_labels_per_task=measured[name].channel.max_labels_per_task,
        )
        for name, offer in offered.items()
    }
    return sources, measured


def bits(error: Floats, classes: int = 2) -> Floats:
    """Capacity of a symmetric channel of K answers, in bits a label (Shannon 1948).

    1 - H2(e) for two; log2 K - H2(e) - e log2(K - 1) where wrong labels are any of the others
    alike. Where some are commoner than others a label tells more.
    """
    e = np.clip(error, 1e-12, 1.0 - 1e-12)
    told = np.log2(classes) + e * np.log2(e) + (1.0 - e) * np.log2(1.0 - e)
    return np.asarray(told - e * np.log2(classes - 1))


def suppliers(
    pool: Pool,
    sources: Mapping[str, Source],
    measured: Mapping[str, Measured],
    offered: Mapping[str, Offered],
) -> tuple[Supplier, ...]:
    """Everything known of the sources, for ``supply.json``."""
    rows = []
    for name, source in sources.items():
        m, offer = measured[name], offered[name]
        by_slice = m.by_slice()
        worth = (bits(m.error, pool.evaluation.kind.answers) * m.share).sum(axis=2).mean(axis=1)
        shared = m.shared_by_slice().mean(axis=1)
        rows.append(
            Supplier(
                name=name,
                about=offer.about,
                price=source.price,
                capacity=source.capacity,
                latency_days=source.latency_days,
                max_labels_per_task=source.max_labels_per_task,
                audited_tasks=m.audited,
                error=_of_draws(by_slice.mean(axis=1)),
                by_slice={s: _of_draws(by_slice[:, k]) for k, s in enumerate(pool.slice_names)},
                shared=_of_draws(shared) if m.repeated else None,
                shared_note=_shared_note(m),
                bits=_of_draws(worth),
                price_per_bit=_of_draws(source.price / np.maximum(worth, 1e-9)),
                by_repeats=tuple(
                    Repeats(labels_per_task=r, error=_of_draws(m.repeats(r)), cost=r * source.price)
                    for r in offer.labels_per_task
                ),
            )
        )
    return tuple(rows)


def sources_said(measured: Mapping[str, Measured]) -> Said:
    """What holds of sources whose recorded labels stand for those to come."""
    seen = [name.replace("_", " ") for name, m in measured.items() if m.automatic]
    limits: tuple[str, ...] = ()
    if len(seen) == 1:
        limits = (f"The {seen[0]} is the one source whose shared error is visible.",)
    elif seen:
        limits = (f"Shared error is visible of {' and '.join(seen)}, and of no other source.",)
    return Said(
        assumptions=("Each source goes on labelling as it did in the labels that were recorded.",),
        limits=limits,
        citations=(
            Citation(
                "Intervals of sources",
                "Rubin (1981), The Bayesian bootstrap",
                "https://doi.org/10.1214/aos/1176345338",
            ),
        ),
    )


def _shared_note(m: Measured) -> str | None:
    if m.audited == 0:
        return "no task of this source has gold: nothing is known of its error"
    if not m.repeated:
        return (
            "one label a task: how much of the error all its labels share is unknown, anywhere "
            "between nothing and all of it"
        )
    if _answers_never_vary(m.channel):
        return "an automatic judge: the second answer is the first, so all of its error is shared"
    return "what these labels and the gold both get wrong is not in it"


def _answers_never_vary(channel: RecordedChannel) -> bool:
    from suffice.pools import ScoreChannel

    return isinstance(channel, ScoreChannel)


def _measured(
    channel: RecordedChannel,
    error: Floats,
    share: Floats,
    shared: Floats,
    audited: int,
    *,
    repeated: bool,
) -> Measured:
    mean = Profile(
        error.mean(axis=0),
        share.mean(axis=0),
        shared.mean(axis=0),
        classes=channel.profile.classes,
    )
    return Measured(channel.measured(mean), error, share, shared, audited, repeated)


def _of_draws(draws: Floats) -> Interval:
    return Interval.of(Estimate.from_draws(draws, method=METHOD, citation=CITATION))
