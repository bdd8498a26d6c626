"""Labels on a scale, numbered: values, gold, sources and slices of a label table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.supply._votes import by_task, merge_gold, numbered, optional_column, order_of, ordered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from suffice.labels import LabelTable
    from suffice.supply._votes import Votes

MOST_LEVELS = 11
"""Different values up to which a scale is ordinal: 0 to 10, or 1 to 5 in half points, and every
step has a place of its own. Beyond, steps are too many to be learned, and values count as what they
are. Chosen."""


@dataclass(frozen=True, eq=False)
class ScaleVotes:
    """Labels on a scale as parallel arrays of length n, sorted by task.

    Attributes:
        task, worker: numbers of the task and worker, int64 [n].
        value: what was given, float64 [n].
        gold: the right value of each task, NaN where unknown, float64 [task].
        levels: the different values, rising, float64 [level].
        ordinal: whether there are so few of them that only their order counts.
        tasks, workers: the ids behind the numbers.
        seconds: how long each label took, float64 [n]; None where the table does not say.
        slices, slice_names: the slice of each task, and what slices are called.
        sources, source_names: the source of each label, and what sources are called.
        cost: the mean cost of a label by source, float64 [source]; NaN where unknown.
        notes: what was passed over.
    """

    task: NDArray[np.int64]
    worker: NDArray[np.int64]
    value: NDArray[np.float64]
    gold: NDArray[np.float64]
    levels: NDArray[np.float64]
    ordinal: bool
    tasks: Sequence[Any]
    workers: Sequence[Any]
    seconds: NDArray[np.float64] | None
    slices: NDArray[np.int64]
    slice_names: tuple[str, ...]
    sources: NDArray[np.int64]
    source_names: tuple[str, ...]
    cost: NDArray[np.float64]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        """The number of labels."""
        return len(self.task)

    @property
    def level(self) -> NDArray[np.int64]:
        """The number of each label's value, int64 [n]."""
        import numpy as np

        return np.asarray(np.searchsorted(self.levels, self.value))

    def as_classes(self) -> Votes:
        """The labels as if their values were classes, without gold."""
        import numpy as np

        from suffice.supply._votes import Votes

        return Votes(
            task=self.task,
            worker=self.worker,
            label=self.level,
            gold=np.full(len(self.tasks), -1),
            tasks=self.tasks,
            workers=self.workers,
            classes=tuple(f"{level:g}" for level in self.levels),
            seconds=None,
            slices=self.slices,
            slice_names=self.slice_names,
            sources=self.sources,
            source_names=self.source_names,
            cost=self.cost,
        )


def code_scale(
    table: LabelTable,
    gold: Mapping[Any, Any] | None = None,
    values: Sequence[str] | None = None,
) -> ScaleVotes:
    """Number the tasks and workers of a table whose labels are numbers on one scale.

    Args:
        table: the labels.
        gold: task -> right value; added to the gold that the table itself has.
        values: all values that there can be; by default those that occur.

    Raises:
        InputError: a label or gold is no number, all labels are one value, or gold contradicts
            itself or has no task of the table.
    """
    import numpy as np
    import polars as pl

    from suffice.labels import Spelling

    frame = table.frame
    notes: list[str] = []
    tasks, task = numbered(frame["task"])
    workers, worker = numbered(frame["worker"])
    value = _numbers(frame["label"], "label", table.origin)
    right, said = merge_gold(table, gold or {}, tasks, Spelling.of(table.classes))
    notes += said
    truth = np.full(len(tasks), np.nan)
    for index, word in right.items():
        try:
            truth[index] = float(word)
        except ValueError:
            raise InputError(
                f"the gold of task {tasks[index]!r} is {word!r}, which is no number on the scale",
                where=table.origin,
                fix="write gold in the scale of the labels",
            ) from None
    named = _numbers(pl.Series(list(values or ()), dtype=pl.String), "class", table.origin)
    levels = np.unique(np.concatenate([value, named]))
    if len(levels) < 2:
        raise InputError(
            f"all {len(value):,} labels are {levels[0]:g}: one value tells nothing apart",
            where=table.origin,
            fix="name the others: classes=[...] in Python, --classes 1,2,3 for suffice audit",
        )
    ordinal = len(levels) <= MOST_LEVELS
    beyond = np.isfinite(truth) & ((truth < levels[0]) | (truth > levels[-1]))
    if ordinal and beyond.any():
        at = int(np.flatnonzero(beyond)[0])
        raise InputError(
            f"the gold of task {tasks[at]!r} is {truth[at]:g}, and labels go from {levels[0]:g} to "
            f"{levels[-1]:g}",
            where=table.origin,
            fix="write gold in the scale of the labels, or name its ends with --classes",
        )
    order = order_of(task, worker)
    slice_names, slices = by_task(frame, "slice", task, len(tasks), notes)
    source_names, sources = optional_column(frame, "source")
    cost = np.full(len(source_names), np.nan)
    if "cost" in frame.columns:
        money = frame["cost"].cast(pl.Float64).to_numpy()
        for number in range(len(source_names)):
            known = money[(sources == number) & np.isfinite(money)]
            cost[number] = known.mean() if len(known) else np.nan
    seconds = None
    if "seconds" in frame.columns:
        seconds = ordered(frame["seconds"].cast(pl.Float64).to_numpy(), order)
    return ScaleVotes(
        task=ordered(task, order).astype(np.int64),
        worker=ordered(worker, order).astype(np.int64),
        value=ordered(value, order),
        gold=truth,
        levels=levels,
        ordinal=ordinal,
        tasks=tasks,
        workers=workers,
        seconds=seconds,
        slices=slices,
        slice_names=slice_names,
        sources=ordered(sources, order) if len(source_names) > 1 else np.asarray(sources),
        source_names=source_names,
        cost=cost,
        notes=tuple(notes),
    )


def _numbers(column: Any, called: str, origin: str) -> NDArray[np.float64]:  # noqa: ANN401
    """A column of texts as numbers."""
    import numpy as np
    import polars as pl

    found = column.cast(pl.String).cast(pl.Float64, strict=False)
    bad = (found.is_null() | found.is_nan() | found.is_infinite()).arg_true()
    if len(bad):
        raise InputError(
            f"{called} {column[int(bad[0])]!r} of data row {bad[0] + 1} is no number "
            f"({len(bad):,} such rows)",
            where=origin,
            fix="a scale has numbers alone: leave it out with --missing, or audit --kind classes",
        )
    return np.asarray(found.to_numpy(), dtype=np.float64)
