"""A finite list of tasks with recorded labels: the user's own data as a pool."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from suffice._said import Said
from suffice._streams import Stream
from suffice.channel import Profile, Tasks
from suffice.errors import InputError
from suffice.labels import counted
from suffice.pools._pool import (
    COMPARISONS,
    HELD_OUT_SHARE,
    REPLICAS,
    SAME_POOL,
    Audited,
    Evaluation,
    check_where,
    fingerprint,
    split_documents,
)
from suffice.pools._recorded import unmeasured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.labels.kinds import LabelKind
    from suffice.progress import Progress

    Ints = NDArray[np.int64]

FEWEST_TASKS = 20
"""A source with fewer tasks to train on, or a gold with fewer tasks, answers nothing. Chosen: the
standard error of an error of .2 on 20 tasks is .09; moves only what is refused."""


@dataclass(frozen=True, eq=False)
class VoteChannel:
    """Recorded labels of a finite list of tasks, several a task where there are several.

    Attributes:
        name: the source.
        starts: where each task's labels start in ``values`` [task + 1].
        values: all labels in {0, .5, 1}, or class numbers, task after task [label].
        most: labels that every training task has at least.
        profile: measured error, where it has been measured.
    """

    name: str
    starts: Ints
    values: NDArray[np.float64]
    most: int
    profile: Profile = field(default_factory=unmeasured)

    @property
    def max_labels_per_task(self) -> int:
        """Labels that every training task has at least."""
        return self.most

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Recorded labels in random order [task, label]; NaN where a task has fewer."""
        counts = np.diff(self.starts)[tasks.row]
        width = int(counts.max(initial=0))
        labels = np.full((len(tasks), max(width, labels_per_task)), np.nan)
        place = np.arange(labels.shape[1]) < counts[:, None]
        index = self.starts[tasks.row][:, None] + np.arange(labels.shape[1])
        labels[place] = self.values[index[place]]
        order = np.argsort(np.where(np.isnan(labels), 2.0, rng.random(labels.shape)), axis=1)
        return np.take_along_axis(labels, order[:, :labels_per_task], axis=1)

    def measured(self, profile: Profile) -> Self:
        """The same labels with a measured profile."""
        return replace(self, profile=profile)


@dataclass(frozen=True, eq=False)
class SourceLabels:
    """What one source said.

    Attributes:
        task: number of the labelled task, int64 [label].
        value: the label in {0, .5, 1}, or a class number, float64 [label].
    """

    task: Ints
    value: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TaskList:
    """Tasks as they stand in the user's files.

    Attributes:
        items: texts; tasks refer to them by number.
        a, b: items of each task; ``b`` is -1 where a single item is classified [task].
        slices: slice of each task [task].
        slice_names: names of the slices.
        group: tasks of one group stay on one side of every split [task].
        gold: trusted answer in {0, 1}, or a class number; NaN where there is none [task].
        prompts: what each item answers [item]; None where items answer nothing.
        kind: what labels can say; it names the answers.
    """

    items: tuple[str, ...]
    a: Ints
    b: Ints
    slices: Ints
    slice_names: tuple[str, ...]
    group: Ints
    gold: NDArray[np.float64]
    kind: LabelKind
    prompts: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class TaskPool:
    """The user's own tasks, split by group; see ``Pool``."""

    items: tuple[str, ...]
    slice_names: tuple[str, ...]
    evaluation: Evaluation
    held_out: NDArray[np.bool_]
    fingerprint: str
    unique_items: int
    _tasks: TaskList
    _training: Mapping[str, Ints]
    _audit: Mapping[str, Ints]
    _channels: Mapping[str, VoteChannel]

    teaches = ""

    @property
    def said(self) -> Said:
        """What tasks and gold take for granted, cannot see, and rest on."""
        compared = bool((self._tasks.b >= 0).all())
        return Said(
            assumptions=(SAME_POOL,),
            limits=("Whatever the gold gets wrong, no number here can see.",),
            citations=(COMPARISONS,) if compared else (),
        )

    @property
    def prompts(self) -> tuple[str, ...] | None:
        """What each item answers, where items are answers."""
        return self._tasks.prompts

    def limit(self, source: str) -> int | None:
        """Training tasks that this source has labelled."""
        return len(self._training[source])

    def channel(self, source: str) -> VoteChannel:
        """The recorded labels of ``source``."""
        return self._channels[source]

    def draw_tasks(
        self, n: int, rng: np.random.Generator, *, source: str, where: tuple[str, ...] = ()
    ) -> Tasks:
        """Draw n different tasks that ``source`` has labelled."""
        rows = self._training[source]
        if where:
            rows = rows[np.isin(self._tasks.slices[rows], check_where(where, self.slice_names))]
        if n > len(rows):
            raise InputError(
                f"{counted(n, 'task')} of source {source!r} asked for",
                fix=f"its file has {len(rows):,} to train on",
            )
        return self._take(rng.choice(rows, size=n, replace=False))

    def audit_tasks(self, n: int, rng: np.random.Generator, *, source: str) -> Audited:
        """Tasks of this source that have gold; they are never trained on."""
        rows = self._audit[source]
        if len(rows) > n:
            rows = rng.choice(rows, size=n, replace=False)
        group = self._tasks.group[rows]
        return Audited(self._take(rows), self._tasks.gold[rows], group, group)

    def _take(self, rows: Ints) -> Tasks:
        t = self._tasks
        return Tasks(
            a=t.a[rows],
            b=t.b[rows],
            slices=t.slices[rows],
            truth=t.gold[rows],
            difficulty=np.full(len(rows), np.nan),
            row=rows,
        )


def task_pool(
    tasks: TaskList,
    votes: Mapping[str, SourceLabels],
    *,
    seed: int,
    where: str,
    leaks: NDArray[np.bool_] | None = None,
) -> TaskPool:
    """Split the user's tasks: those with gold judge, what shares nothing with them trains.

    Args:
        tasks: all tasks.
        votes: what each source said.
        seed: of the split for hyperparameters.
        where: the gold file, for messages.
        leaks: tasks that must not be trained on, whatever they share with gold [task].

    Raises:
        InputError: too little gold, gold of one class only, or nothing left to train on.
    """
    judged = np.flatnonzero(~np.isnan(tasks.gold))
    if len(judged) < FEWEST_TASKS:
        raise InputError(
            f"{len(judged)} tasks with gold are too few to judge a run",
            where=where,
            fix=f"at least {FEWEST_TASKS} are needed",
        )
    paired = bool((tasks.b >= 0).all())
    if not paired and len(np.unique(tasks.gold[judged])) < 2:
        raise InputError("gold has one class only", where=where, fix="add gold of the other class")
    trains = ~np.isin(tasks.group, tasks.group[judged])
    # Comparisons share texts, and one text may stand under two names: no judged text trains.
    text, _ = number_of(tasks.items)
    seen = np.zeros(len(tasks.items), dtype=bool)
    for side in (tasks.a[judged], tasks.b[judged][tasks.b[judged] >= 0]):
        seen |= np.isin(text, text[side])
    trains &= ~seen[tasks.a] & ~(seen[tasks.b] & (tasks.b >= 0))
    if leaks is not None:
        trains &= ~leaks
    rng = Stream.TASK_POOL.rng(seed)
    aside = np.zeros(len(trains), dtype=bool)
    aside[trains] = split_documents(tasks.group[trains], HELD_OUT_SHARE, rng)
    held_out = np.zeros(len(tasks.items), dtype=bool)
    held_out[tasks.a[aside]] = True
    held_out[tasks.b[aside & (tasks.b >= 0)]] = True

    training, audit, channels = {}, {}, {}
    for name, said in votes.items():
        counts = np.bincount(said.task, minlength=len(tasks.a))
        training[name] = np.flatnonzero((counts > 0) & trains)
        audit[name] = np.flatnonzero((counts > 0) & ~np.isnan(tasks.gold))
        if len(training[name]) < FEWEST_TASKS:
            raise InputError(
                f"source {name!r} leaves {len(training[name])} tasks to train on: the others "
                "share their group or a text with gold, which training must not see",
                fix=f"give it labels of at least {FEWEST_TASKS} tasks outside the gold",
            )
        order = np.argsort(said.task, kind="stable")
        channels[name] = VoteChannel(
            name,
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            said.value[order],
            int(counts[training[name]].min()),
            unmeasured(tasks.kind.answers),
        )
    used = np.unique(np.concatenate(list(training.values())))
    items = np.concatenate([tasks.a[used], tasks.b[used]])
    return TaskPool(
        items=tasks.items,
        slice_names=tasks.slice_names,
        evaluation=_evaluation(tasks, judged, Stream.TASK_POOL_EVALUATION.rng(seed)),
        held_out=held_out,
        fingerprint=fingerprint(
            "\n".join(tasks.items),
            tasks.a,
            tasks.b,
            tasks.slices,
            tasks.group,
            tasks.gold,
            held_out,
            *tasks.kind.marks,
            *(x for name in sorted(votes) for x in (name, votes[name].task, votes[name].value)),
        ),
        unique_items=len(np.unique(items[items >= 0])),
        _tasks=tasks,
        _training=training,
        _audit=audit,
        _channels=channels,
    )


def told_pool(
    listed: TaskList,
    votes: Mapping[str, SourceLabels],
    *,
    seed: int,
    where: str,
    progress: Progress,
    leaks: NDArray[np.bool_] | None = None,
) -> TaskPool:
    """``task_pool``, having said what cannot be trained on although it has no gold."""
    pool = task_pool(listed, votes, seed=seed, where=where, leaks=leaks)
    for name, said in votes.items():
        unjudged = int(np.isnan(listed.gold[np.unique(said.task)]).sum())
        if lost := unjudged - (pool.limit(name) or 0):
            progress.note(
                f"{name}: not trained on {counted(lost, 'task')} sharing a group or a text "
                "with gold"
            )
    return pool


def _evaluation(tasks: TaskList, judged: Ints, rng: np.random.Generator) -> Evaluation:
    members = np.array([tasks.slices[judged] == s for s in range(len(tasks.slice_names))])
    present = members.any(axis=1)
    names = tuple(tasks.slice_names[k] for k in np.flatnonzero(present))
    _, number = np.unique(tasks.group[judged], return_inverse=True)
    # Hard gold has no noise of its own to redraw: only which groups were judged.
    weights = rng.exponential(size=(REPLICAS, number.max() + 1))[:, number]
    truth = np.repeat(tasks.gold[judged][None], len(weights), axis=0)
    return Evaluation(
        tasks=Tasks(
            a=tasks.a[judged],
            b=tasks.b[judged],
            slices=tasks.slices[judged],
            truth=tasks.gold[judged],
            difficulty=np.full(len(judged), np.nan),
            row=judged,
        ),
        members=members[present],
        slice_names=names,
        replicas=(truth.astype(np.float32), weights.astype(np.float32)),
        trials=tuple(len(np.unique(tasks.group[judged][m])) for m in members[present]),
        kind=tasks.kind,
    )


def number_of(values: Sequence[object]) -> tuple[Ints, tuple[object, ...]]:
    """Number values in the order of their first appearance."""
    seen: dict[object, int] = {}
    numbers = np.array([seen.setdefault(v, len(seen)) for v in values], dtype=np.int64)
    return numbers, tuple(seen)
