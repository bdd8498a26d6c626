"""A study's sources under quality control: what a plan may buy beside the sources as they come."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from suffice._said import Said
from suffice._streams import Stream
from suffice.channel import Source
from suffice.curve import operated_name
from suffice.errors import InputError
from suffice.labels.kinds import classes_kind
from suffice.supply.operators._beliefs import Chance
from suffice.supply.operators._operated import draw_worlds, operate
from suffice.supply.operators._stated import with_workers
from suffice.supply.operators._words import parse_operators
from suffice.supply.operators._worlds import UNTOLD_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.channel import Channel, Profile, Tasks
    from suffice.estimate import Estimate
    from suffice.records import OperatedRow
    from suffice.supply.operators._operated import Operated, Operator

    Floats = NDArray[np.float64]

_DRAWS = 400


@dataclass(frozen=True)
class StatedPool:
    """What a study states of the people behind one source.

    Attributes:
        spread: sd between workers of the log odds of a right answer.
        hostile: share of the recorded labels that wanted to be wrong.
        camouflage: chance that a hostile worker sees through a test question.
        labels_per_worker: answers that one worker gives before leaving.
    """

    spread: float = 0.8
    hostile: float = 0.0
    camouflage: float = 0.5
    labels_per_worker: float = UNTOLD_LABELS

    def behind(self, source: Source) -> Source:
        """The source with these workers; as it comes, it errs as it was measured to err."""
        hostile = Chance.about(self.hostile) if self.hostile > 0.0 else None
        return with_workers(
            source,
            spread=self.spread,
            hostile=hostile,
            camouflage=None if hostile is None else Chance.about(self.camouflage),
            labels_per_worker=self.labels_per_worker,
            hostile_met=True,
        )

    def __str__(self) -> str:
        """In words."""
        attack = ""
        if self.hostile > 0.0:
            attack = (
                f", {self.hostile:.0%} of the labels hostile, who see through a test question "
                f"{self.camouflage:.0%} of the time"
            )
        return (
            f"log odds of a right answer differ with sd {self.spread:g}, "
            f"{self.labels_per_worker:g} answers each{attack}"
        )


@dataclass(frozen=True)
class Variant:
    """A source under one setting of quality control.

    Attributes:
        name: in curves, ``crowd/test:10:8``.
        base: name of the source underneath.
        source: what is bought, as any source; one answer a task.
        how: the operators in words.
        effort: labels of the source underneath that are paid for one answer.
        estimates: error, price, capacity and so on, with intervals.
        notes: what was assumed.
    """

    name: str
    base: str
    source: Source
    how: str
    effort: float
    estimates: dict[str, Estimate] = field(default_factory=dict, compare=False)
    notes: tuple[str, ...] = ()

    def record(self) -> OperatedRow:
        """For ``supply.json``."""
        from suffice.records import Interval, OperatedRow

        return OperatedRow(
            name=self.name,
            source=self.base,
            operators=self.how,
            labels_behind_an_answer=self.effort,
            **{key: Interval.of(e) for key, e in self.estimates.items()},
            assumes=self.notes,
        )


def build_variants(
    source: Source,
    settings: Sequence[str],
    workers: StatedPool | None,
    *,
    automatic: bool = False,
    seed: int = 0,
) -> dict[str, Variant]:
    """Put a source under every setting of quality control that a study names.

    Args:
        source: as it comes.
        settings: each as in ``suffice offers --qc``.
        workers: how the people behind it differ; None where nothing is stated.
        automatic: whether its labels are a machine's, who has no workers and says the same again.
        seed: of the draws behind price, capacity and intervals.

    Returns:
        Variants by name.

    Raises:
        InputError: a setting is none, stands twice, or cannot be applied to this source.
    """
    found: dict[str, Variant] = {}
    for text in settings:
        operators = parse_operators(text)
        if not operators:
            raise InputError(f"{text!r} is no quality control", fix="for instance test:10:8,x3")
        name = operated_name(source.name, text)
        if name in found:
            raise InputError(f"{text!r} stands twice", fix="name each setting once")
        _check_fits(source, operators, workers, automatic=automatic)
        found[name] = _variant(name, source, operators, workers, seed)
    return found


def _check_fits(
    source: Source, operators: Sequence[Operator], workers: StatedPool | None, *, automatic: bool
) -> None:
    if automatic:
        raise InputError(
            f"{operators[0]} does nothing to an automatic judge: it has no workers to choose from, "
            "and its second answer is its first",
            fix="leave qc out",
        )
    blind = next((o for o in operators if o.tells_workers_apart), None)
    if blind is not None and workers is None:
        raise InputError(
            f"{blind} tells workers apart, and nothing is known of how those of {source.name!r} "
            "differ",
            fix="state it, for instance workers = { spread = 0.8 }",
        )


def _variant(
    name: str,
    source: Source,
    operators: tuple[Operator, ...],
    workers: StatedPool | None,
    seed: int,
) -> Variant:
    base = source if workers is None else workers.behind(source)
    made = operate(base, *operators, seed=seed, draws=_DRAWS)
    bought = Source(
        name=name,
        price=made.price,
        posterior=_Mended(name, source, made),
        capacity=made.capacity,
        latency_days=made.latency_days,
    )
    effort = _effort(base, made, seed)
    return Variant(name, source.name, bought, made.how, effort, made.estimates, made.notes)


def _effort(base: Source, made: Operated, seed: int) -> float:
    """Labels of the source underneath behind one answer: how the price moves with the label's."""
    means = []
    for price in (1.0, 2.0):
        rng = Stream.OPERATED_EFFORT.rng(seed)
        worlds = draw_worlds(replace(base, price=price), _DRAWS, rng)
        for operator in made.operators:
            worlds = operator.transform(worlds, operator.effects(_DRAWS, rng))
        means.append(float(worlds.price.mean()))
    return means[1] - means[0]


class _Mended:
    """What is believed of a variant; its mean channel, which plans ask for often, is made once."""

    def __init__(self, name: str, source: Source, made: Operated) -> None:
        self._name, self._source, self._made = name, source, made
        self._mean: MendedChannel | None = None

    def draw(self, rng: np.random.Generator, capability: float | None) -> Channel:
        """One channel that the evidence allows."""
        return self._on_record(self._made.posterior.draw(rng, capability).profile)

    def mean(self) -> Channel:
        """The channel with the posterior mean profile."""
        if self._mean is None:
            self._mean = self._on_record(self._made.posterior.mean().profile)
        return self._mean

    def _on_record(self, profile: Profile) -> MendedChannel:
        record = self._source.posterior.mean()
        wrong = profile.error / np.maximum(record.profile.error, 1e-9)
        right = (1.0 - profile.error) / np.maximum(1.0 - record.profile.error, 1e-9)
        return MendedChannel(
            self._name, profile, record, np.clip(1.0 - wrong, 0, 1), np.clip(1.0 - right, 0, 1)
        )


@dataclass(frozen=True, eq=False)
class MendedChannel:
    """Labels of a source, mended as often as quality control is computed to: a *synthetic* channel.

    A record that names no workers cannot be tested or expelled from. What is known is how often an
    answer would be wrong, by slice and difficulty; so wrong labels of the record are put right (or
    right ones wrong) at random until they err as often as that. What made the record err on one
    task rather than another, and its ties, stay as they were.

    Attributes:
        name: of the variant.
        profile: how its labels err.
        record: the channel underneath.
        mends, spoils: chance to put a wrong label right, and a right one wrong [slice, bin].
    """

    name: str
    profile: Profile
    record: Channel
    mends: Floats
    spoils: Floats

    @property
    def fingerprint(self) -> str:
        """Hash of what its labels depend on beside the record and chance."""
        return hashlib.sha256(self.mends.tobytes() + self.spoils.tobytes()).hexdigest()

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels in {0, .5, 1}, or class numbers [task, label].

        Raises:
            InputError: the truth of a task is unknown.
        """
        if np.isnan(tasks.truth).any():
            raise InputError(
                f"labels of {self.name!r} are made of recorded ones with the help of gold, which "
                "some tasks lack",
                fix="take tasks with gold, or the recorded source",
            )
        labels = self.record.draw(tasks, labels_per_task, rng)
        # A source that was not measured by slice is the same in all of them.
        cell = np.minimum(tasks.slices, len(self.mends) - 1), self.profile.bins(tasks)
        luck, truth = rng.random(labels.shape), tasks.truth[:, None]
        labels = np.where(luck < self.mends[cell][:, None], truth, labels)
        kind = classes_kind(self.profile.classes)
        other = kind.turned(truth, kind.slips(labels.shape, rng))
        return np.where(luck >= 1.0 - self.spoils[cell][:, None], other, labels)


SYNTHETIC = (
    "Labels under quality control are synthetic: the records name no workers to test or expel, so "
    "recorded labels were mended with the help of gold until they erred as often as quality "
    "control is computed to leave them. Forecasts and checks of such curves rest on that."
)


def operators_said(variants: Mapping[str, Variant], people: Mapping[str, StatedPool]) -> Said:
    """What plans with quality control take for granted, one sentence a source, and cannot see.

    Args:
        variants: by their names in curves.
        people: what the study states of the workers behind a source, where it does.
    """
    said = []
    for base in dict.fromkeys(v.base for v in variants.values()):
        notes = [note for v in variants.values() if v.base == base for note in v.notes]
        if not notes:
            continue
        if base in people:
            notes.append(f"the workers of {base}: {people[base]}")
        said.append(f"Quality control of {base} assumes: {'; '.join(dict.fromkeys(notes))}.")
    return Said(assumptions=tuple(said), limits=(SYNTHETIC,) if variants else ())
