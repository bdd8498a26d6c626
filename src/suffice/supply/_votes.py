"""Labels as integer arrays: what every statistic of the supply room works on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.supply._machines import find_judges
from suffice.supply._sides import swapped, turns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from suffice.labels import LabelTable, Spelling
    from suffice.labels.kinds import Sides

_LARGE = 5_000_000
"""Labels up to which rows are put in order of workers too. Chosen: beyond, the order costs seconds
and hundreds of megabytes, and all that it moves is the last digit."""


@dataclass(frozen=True, eq=False)
class Votes:
    """Labels as parallel integer arrays of length n, sorted by task.

    Attributes:
        task, worker, label: numbers of the task, worker and class, int64 [n].
        gold: the right class of each task, -1 where unknown, int64 [task].
        tasks, workers, classes: the ids behind the numbers.
        seconds: how long each label took, float64 [n]; None where the table does not say.
        slices: the slice of each task, int64 [task], and ``slice_names``.
        sources: the source of each label, int64 [n], and ``source_names``.
        cost: the mean cost of a label by source, float64 [source]; NaN where unknown.
        capability: of the model whose output the task is about, float64 [task], NaN where unknown;
            None where the table does not say.
        notes: what was passed over.
        twins: numbers of the two sides where labels name a side of a pair; None where they are
            classes. Sides are coded so that their names mean nothing, see ``turned``.
        turned: the tasks whose sides are coded the other way round, bool [task]; None without.
        unlike_shown: the labels whose first side by code was not the one shown first, bool [n];
            None where the order shown is unknown.
        judges: which workers are language models, bool [worker]; None where nobody looked.
    """

    task: NDArray[np.int64]
    worker: NDArray[np.int64]
    label: NDArray[np.int64]
    gold: NDArray[np.int64]
    tasks: Sequence[Any]
    workers: Sequence[Any]
    classes: tuple[str, ...]
    seconds: NDArray[np.float64] | None
    slices: NDArray[np.int64]
    slice_names: tuple[str, ...]
    sources: NDArray[np.int64]
    source_names: tuple[str, ...]
    cost: NDArray[np.float64]
    capability: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    twins: tuple[int, int] | None = None
    turned: NDArray[np.bool_] | None = None
    unlike_shown: NDArray[np.bool_] | None = None
    judges: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        """The number of labels."""
        return len(self.task)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The number of tasks, workers and classes."""
        return len(self.tasks), len(self.workers), len(self.classes)

    def counts(self) -> NDArray[np.float64]:
        """How many labels of each class a task has, float64 [task, class]."""
        import numpy as np

        tasks, _, classes = self.shape
        cells = np.bincount(self.task * classes + self.label, minlength=tasks * classes)
        return cells.reshape(tasks, classes).astype(np.float64)

    def renamed(self, values_TK: NDArray[Any]) -> NDArray[Any]:
        """Columns by class as the table names sides, from columns by code; or the other way."""
        if self.twins is None or self.turned is None:
            return values_TK
        named = values_TK.copy()
        one, other = self.twins
        named[self.turned, one] = values_TK[self.turned, other]
        named[self.turned, other] = values_TK[self.turned, one]
        return named

    def as_shown(self, codes: NDArray[Any]) -> NDArray[Any] | None:
        """Codes of each label [..., n] in what its worker saw: the first is what was shown first.

        None where labels name sides and nothing says which was shown first: no worker can have
        preferred a code then.
        """
        if self.twins is None:
            return codes
        if self.unlike_shown is None:
            return None
        from suffice.supply._sides import swapped

        return swapped(codes, self.twins, self.unlike_shown)


def code_votes(
    table: LabelTable,
    gold: Mapping[Any, Any] | None = None,
    classes: Sequence[str] | None = None,
    *,
    pairs: bool | None = None,
    judges: Sequence[Any] | None = None,
) -> Votes:
    """Number the tasks, workers and classes of a label table.

    Args:
        table: the labels.
        gold: task -> right label; added to the gold that the table itself has.
        classes: all labels that there can be, in order; by default those that occur.
        judges: the workers who are language models; by default those that are recognised.
        pairs: whether labels are sides of pairs; by default as ``sides_of`` sees it.

    Raises:
        InputError: a judge is no worker, a label or a gold label is outside the classes, gold
            contradicts itself, or gold has no task of the table.
    """
    import numpy as np
    import polars as pl

    from suffice.labels import Spelling, natural_order
    from suffice.labels.kinds import sides_of

    frame = table.frame
    notes: list[str] = []
    sides = sides_of(table.classes, frame.columns) if pairs is not False else None
    if pairs and sides is None:
        raise InputError(
            f"no two sides among the labels {_some(table.classes)}",
            where=table.origin,
            fix="write left, right and tie, or name both items in columns left and right",
        )
    tasks, task = numbered(frame["task"])
    workers, worker = numbered(frame["worker"])
    spelling = Spelling.of(classes if classes is not None else table.classes)
    right, said = merge_gold(table, gold or {}, tasks, spelling)
    notes += said
    names = _class_names(table, right, tasks, classes, sides)
    alone = natural_order(list(set(right.values()) - set(table.classes)))
    if alone and classes is None:
        notes.append(f"only gold says {', '.join(alone)}: no label does")
    coded = {name: number for number, name in enumerate(names)}
    label = frame["label"].replace_strict(coded, return_dtype=pl.Int32).to_numpy()
    machines, about = find_judges(frame, workers, worker, judges)
    notes += about
    order = order_of(task, worker)
    truth = np.full(len(tasks), -1, dtype=np.int64)
    for index, name in right.items():
        truth[index] = coded[name]
    slice_names, slices = by_task(frame, "slice", task, len(tasks), notes)
    source_names, sources = optional_column(frame, "source")
    cost = np.full(len(source_names), np.nan)
    if "cost" in frame.columns:
        money = frame["cost"].cast(pl.Float64).to_numpy()
        for number in range(len(source_names)):
            known = money[(sources == number) & np.isfinite(money)]
            cost[number] = known.mean() if len(known) else np.nan
    capability = None
    if "capability" in frame.columns:
        capability = np.full(len(tasks), np.nan)
        capability[task[::-1]] = frame["capability"].cast(pl.Float64).to_numpy()[::-1]
    seconds = None
    if "seconds" in frame.columns:
        seconds = ordered(frame["seconds"].cast(pl.Float64).to_numpy(), order)
    twins: tuple[int, int] | None = None
    turned = unlike_shown = None
    if sides is not None and {sides.first, sides.second} <= set(names):
        twins = names.index(sides.first), names.index(sides.second)
        turned = turns(task, worker, label, twins, len(tasks))
        label, truth = swapped(label, twins, turned[task]), swapped(truth, twins, turned)
        if sides.shown:
            unlike_shown = turned[task]
            if "presented_order" in frame.columns:
                other_way = frame["presented_order"].fill_null(0).to_numpy() == 1
                unlike_shown = unlike_shown != other_way
            unlike_shown = ordered(unlike_shown, order)
        notes.append(
            f"{sides.first} and {sides.second} are the two sides of a pair, no classes: which is "
            "which says nothing, and two answers agree by chance half of the time"
        )
    return Votes(
        task=ordered(task, order).astype(np.int64),
        worker=ordered(worker, order).astype(np.int64),
        label=ordered(label, order).astype(np.int64),
        gold=truth,
        tasks=tasks,
        workers=workers,
        classes=names,
        seconds=seconds,
        slices=slices,
        slice_names=slice_names,
        sources=ordered(sources, order) if len(source_names) > 1 else sources,
        source_names=source_names,
        cost=cost,
        capability=capability,
        notes=tuple(notes),
        twins=twins,
        turned=turned,
        unlike_shown=unlike_shown,
        judges=machines,
    )


def numbered(column: Any) -> tuple[list[Any], NDArray[np.int32]]:  # noqa: ANN401 - a Polars series
    """The distinct ids in order, and the number of each row's id.

    A table may have a hundred million rows: ranks would take several times the memory of this.
    """
    import numpy as np
    import polars as pl

    ids = column.unique().sort()
    if column.dtype == pl.String and (places := ids.cast(pl.Int64, strict=False)).null_count() == 0:
        # Numbers are in the order of their values, whether a file holds them as numbers or as text.
        ids = ids.gather(pl.DataFrame([places.alias("n"), ids.alias("t")]).with_row_index("at")
                         .sort("n", "t")["at"])  # fmt: skip
    if column.dtype.is_integer():
        values, known = column.to_numpy(), ids.to_numpy()
        low, reach = int(known[0]), int(known[-1]) - int(known[0]) + 1
        if reach > 2 * len(values) + 1_000 or column.dtype == pl.UInt64:
            return ids.to_list(), np.searchsorted(known, values).astype(np.int32)
        number = np.zeros(reach, dtype=np.int32)
        number[np.subtract(known, low, dtype=np.int64)] = np.arange(len(known))
        return ids.to_list(), number[np.subtract(values, low, dtype=np.int64)]
    if column.dtype == pl.String:
        codes = column.cast(pl.Enum(ids)).to_physical()
        return ids.to_list(), codes.to_numpy().astype(np.int32)
    return ids.to_list(), column.rank("dense").to_numpy().astype(np.int32) - 1


def order_of(task: NDArray[np.int32], worker: NDArray[np.int32]) -> NDArray[np.int64] | None:
    """The order of rows by task and, in tables that are not large, by worker; None where they are.

    The order of rows then changes no digit of an audit.
    """
    import numpy as np

    sorted_ = bool((task[1:] >= task[:-1]).all())
    if len(task) > _LARGE:
        return None if sorted_ else np.argsort(task, kind="stable")
    if sorted_ and not ((task[1:] == task[:-1]) & (worker[1:] < worker[:-1])).any():
        return None
    return np.lexsort((worker, task))


def ordered(values: NDArray[Any], order: NDArray[np.int64] | None) -> NDArray[Any]:
    """The values in an order; None where they are in order already."""
    return values if order is None else values[order]


def merge_gold(
    table: LabelTable, given: Mapping[Any, Any], tasks: Sequence[Any], spelling: Spelling
) -> tuple[dict[int, str], list[str]]:
    """Number of the task -> right label, and what had to be looked past to find the tasks."""
    from suffice.labels import counted, match_ids

    inside = table.gold()
    if not inside and not given:
        return {}, []
    number = {task: index for index, task in enumerate(tasks)}
    right: dict[int, str] = {number[task]: answer for task, answer in inside.items()}
    found = match_ids(list(given), tasks, "gold tasks")
    notes = list(found.notes)
    for (task, answer), index in zip(given.items(), found.place, strict=True):
        if index < 0:
            continue
        if answer is None or answer != answer:
            raise InputError(f"the gold label of task {task!r} is empty", fix="leave the task out")
        word = spelling.read(str(answer))
        if right.setdefault(index, word) != word:
            raise InputError(
                f"task {task!r} has two different gold labels: {right[index]!r} in the table and "
                f"{word!r} in the gold",
                fix="keep one of them",
            )
    if given and found.lost == len(given):
        first = next(iter(given))
        raise InputError(
            f"none of the {len(given):,} gold tasks is in the labels (for instance {first!r})",
            where=table.origin,
            fix="use the same task ids in both files",
        )
    if found.lost:
        # Few that fit among many is no gold of other tasks, but ids that are written otherwise.
        strange = next(t for t, place in zip(given, found.place, strict=True) if place < 0)
        alarm = (
            f" (such as {strange!r}, where the labels have {tasks[0]!r}: are these the same ids?)"
            if found.lost > len(given) / 2
            else ""
        )
        notes.append(
            f"{counted(found.lost, 'gold task')} passed over: no label has "
            f"{'its' if found.lost == 1 else 'their'} task{alarm}"
        )
    return right, notes


def _class_names(
    table: LabelTable,
    right: Mapping[int, str],
    tasks: Sequence[Any],
    classes: Sequence[str] | None,
    sides: Sides | None,
) -> tuple[str, ...]:
    from suffice.labels import natural_order

    seen = set(table.classes)
    golden = set(right.values())
    if sides is not None:
        # Nobody need have preferred the side that the alphabet calls the first.
        seen |= {sides.first, sides.second}
    if classes is not None:
        allowed, by = tuple(str(name) for name in classes), "the classes"
        if "" in allowed or len(set(allowed)) < len(allowed):
            raise InputError(
                f"the classes {', '.join(map(repr, allowed))} are not all different names",
                fix="name each class once",
            )
    elif golden and len(right) == len(tasks):
        # Gold need not call any pair even, nor prefer both sides of some.
        every = golden if sides is None or not golden & seen else golden | seen
        allowed, by = natural_order(list(every)), "the gold's classes"
    else:
        if golden and not golden & seen:
            raise InputError(
                f"gold and labels share no class: gold has {_some(golden)}, "
                f"labels have {_some(seen)}",
                where=table.origin,
                fix="write both in the same words",
            )
        return natural_order(list(seen | golden))
    if stray := natural_order(list(set(table.classes) - set(allowed))):
        row = table.frame["label"].is_in(list(stray)).arg_true()[0]
        task, worker, label = table.frame.select("task", "worker", "label").row(row)
        raise InputError(
            f"label {label!r} of task {task!r} by worker {worker!r} is none of {by}: "
            f"{_some(allowed)}",
            where=table.origin,
            fix="mend the label, or name all classes",
        )
    if stray := natural_order(list(golden - set(allowed))):
        raise InputError(
            f"gold label {stray[0]!r} is none of {by}: {_some(allowed)}",
            where=table.origin,
            fix="mend the gold, or name all classes",
        )
    return allowed


def _some(names: Any) -> str:  # noqa: ANN401 - any collection of names
    from suffice.labels import natural_order

    ordered = names if isinstance(names, tuple) else natural_order(list(names))
    return ", ".join(ordered[:8]) + (", ..." if len(ordered) > 8 else "")


def by_task(
    frame: Any,  # noqa: ANN401 - a Polars frame
    name: str,
    task: NDArray[np.int32],
    count: int,
    notes: list[str],
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """A column that belongs to tasks: the first row of a task decides."""
    import numpy as np

    names, codes = optional_column(frame, name)
    first = np.full(count, -1, dtype=np.int64)
    first[task[::-1]] = codes[::-1]
    if differ := int((first[task] != codes).sum()):
        notes.append(f"{differ:,} labels name another {name} than the first label of their task")
    return names, first


def optional_column(frame: Any, name: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:  # noqa: ANN401
    """The names of a column's values and the number of each row's; one name where absent."""
    import numpy as np
    import polars as pl

    if name not in frame.columns:
        return ("all",), np.broadcast_to(np.int64(0), len(frame))
    column = frame[name].cast(pl.String).fill_null("(none)")
    ids, codes = numbered(column)
    return tuple(ids), codes.astype(np.int64)
