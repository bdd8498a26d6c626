"""The label table: annotations in long form, one row a label."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels._asked import NOTHING
from suffice.labels._columns import COLUMNS, REQUIRED
from suffice.labels._no_answer import no_answers
from suffice.labels._pairs import align_pairs, name_pairs, order_as_number
from suffice.labels._spelling import plain_names, respell
from suffice.labels._times import instants
from suffice.labels._values import (
    counted,
    label_text,
    natural_order,
    plain_types,
    refuse_empty,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import polars as pl

    from suffice.labels._asked import Asked

_NEVER_NEGATIVE = ("seconds", "cost")

_MOST = 1e12
"""Seconds or money for one label, at most: 30,000 years. Chosen, far above anything meant."""


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Annotations in long form: who gave which label to which task.

    Attributes:
        frame: the rows. ``task``, ``worker`` and ``label`` are always there; ``source``, ``slice``,
            ``seconds``, ``cost``, ``presented_order``, ``gold``, ``time``, ``left`` and ``right``
            (the items of a comparison) and ``capability`` (of the model that made what is judged)
            where the file had them. ``label`` and ``gold`` are text; ids keep the type that they
            were read with.
        columns: our name -> the name of the column that it was taken from.
        notes: what was assumed or passed over, one line each.
        origin: the file, for messages.
    """

    frame: pl.DataFrame
    columns: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    origin: str = "labels"

    @classmethod
    def from_frame(
        cls,
        frame: pl.DataFrame,
        *,
        columns: Mapping[str, str] | None = None,
        notes: Sequence[str] = (),
        origin: str = "labels",
        asked: Asked = NOTHING,
    ) -> LabelTable:
        """Check the rows and build a table of them.

        Repeats of a row are counted once; where one worker labelled a task twice in different
        ways the later row counts. Both are noted.

        Args:
            frame: rows with at least the columns ``task``, ``worker`` and ``label``.
            columns: our name -> the name in the file.
            notes: what the reader has to say.
            origin: the file, for messages.
            asked: what the user said of the file.

        Raises:
            InputError: a column is missing, there are no rows, or a cell is empty or NaN.
        """
        said = list(notes)
        # What the user has switched off is not read from an export either.
        frame = frame.drop([n for n, given in asked.columns.items() if not given], strict=False)
        known = plain_types(frame.select([n for n in COLUMNS if n in frame.columns]), origin)
        frame = name_pairs(plain_names(order_as_number(known), said), said)
        refuse_missing(frame.columns, frame.columns, origin)
        if frame.is_empty():
            raise InputError("there are no labels in it", where=origin, fix="add rows")
        for name in ("task", "worker"):
            refuse_empty(frame, name, origin)
        frame = _answers(frame, asked, said, origin)
        frame = align_pairs(frame, said, origin)
        # A pair that is judged in both orders is judged twice on purpose.
        shown = [name for name in ("presented_order",) if name in frame.columns]
        last = _last_of_each(frame, ["task", "worker", *shown], said)
        for name in ("seconds", "cost", "presented_order", "capability"):
            if name in last.columns:
                last, lost, example = _as_number(last, name)
                if lost:
                    least = "no numbers of 0 or more" if name in _NEVER_NEGATIVE else "no numbers"
                    said.append(
                        f"{counted(lost, 'value')} of {name} left out that are {least} "
                        f"(such as {example!r})"
                    )
        return cls(last, dict(columns or {}), tuple(said), origin)

    @classmethod
    def from_columns(
        cls,
        task: Sequence[Any],
        worker: Sequence[Any],
        label: Sequence[Any],
        **others: Sequence[Any],
    ) -> LabelTable:
        """Build a table of parallel sequences: ``task``, ``worker``, ``label`` and others."""
        import polars as pl

        return cls.from_frame(
            pl.DataFrame({"task": task, "worker": worker, "label": label, **others}, strict=False)
        )

    def __len__(self) -> int:
        """The number of labels."""
        return len(self.frame)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that occur, in natural order."""
        return natural_order(self.frame["label"].unique().to_list())

    def gold(self) -> dict[Any, str]:
        """The right label of each task where the table has it: task -> label.

        Raises:
            InputError: a task has two different gold labels.
        """
        if "gold" not in self.frame.columns:
            return {}
        rows = self.frame.select("task", "gold").drop_nulls().unique(maintain_order=True)
        return gold_of_rows(rows, self.origin)

    def summary(self) -> str:
        """One line: how much was read, and what was taken for what."""
        frame = self.frame
        taken = ", ".join(f"{ours} = {theirs}" for ours, theirs in self.columns.items())
        head = (
            f"{len(frame):,} labels on {frame['task'].n_unique():,} tasks by "
            f"{counted(frame['worker'].n_unique(), 'worker')}, "
            f"{counted(frame['label'].n_unique(), 'class', 'classes')}"
        )
        return f"{head}; read {taken}" if taken else head


def _answers(frame: pl.DataFrame, asked: Asked, said: list[str], origin: str) -> pl.DataFrame:
    """Labels and gold as text in one spelling, without what is no answer."""
    import polars as pl

    names = [name for name in ("label", "gold") if name in frame.columns]
    frame = frame.with_columns(label_text(frame, name) for name in names)
    refuse_empty(frame, "label", origin)
    items = [name for name in ("left", "right") if name in frame.columns]
    kept = {str(item) for name in items for item in frame[name].unique().to_list()}
    times = dict(frame["label"].value_counts(name="n").iter_rows())
    gone, doubtful = no_answers(times, declared=asked.missing, kept={*kept, *asked.classes})
    if gone:
        shown = ", ".join(f"{code!r} ({times[code]:,})" for code in sorted(gone))
        said.append(f"no answer, and passed over: {shown}")
        frame = frame.filter(~pl.col("label").is_in(list(gone)))
        if frame.is_empty():
            raise InputError("no label in it is an answer", where=origin, fix="add rows")
    said.extend(
        f"{code!r} ({counted(times[code], 'label')}) is taken as a class; if it means no answer, "
        f"say so: --missing {code!r}"
        for code in doubtful
    )
    if "gold" in names:
        golden = dict(frame["gold"].drop_nulls().value_counts(name="n").iter_rows())
        empty, _ = no_answers(golden, declared=asked.missing, kept={*kept, *asked.classes, *times})
        frame = frame.with_columns(frame["gold"].replace(dict.fromkeys(empty)))
    spelt, notes = respell({name: frame[name] for name in names}, keep={*kept, *asked.classes})
    said.extend(notes)
    return frame.with_columns(column.alias(name) for name, column in spelt.items())


def _last_of_each(frame: pl.DataFrame, key: list[str], said: list[str]) -> pl.DataFrame:
    """One row for each key: repeats of a row count once, of different labels the last one counts.

    Last in time where the rows say when, else in the file. Keys that occur twice are found by
    sorting hashes, eight bytes a row: a table of a hundred million labels would not leave room for
    more.
    """
    import polars as pl

    hashes = frame.select(key).hash_rows()
    ordered = hashes.sort()
    twice = ordered.filter(ordered == ordered.shift(1)).unique()
    del ordered
    if twice.is_empty():
        return frame
    suspects = hashes.is_in(twice.implode())
    rows = frame.with_row_index("row").filter(suspects)
    answers = rows.select(pl.struct([*key, "label"]).n_unique()).item()
    keys = rows.select(pl.struct(key).n_unique()).item()
    if repeats := len(rows) - answers:
        said.append(f"{counted(repeats, 'row')} repeated an earlier row and counted once")
    if changed := answers - keys:
        when = instants(rows["time"]) if "time" in rows.columns else None
        if when is not None:
            rows = rows.with_columns(when.alias("when")).sort("when", maintain_order=True)
        how = "the later label counts" if when is not None else "the later row counts"
        if "time" in rows.columns and when is None:
            how += f", since not all times can be read (such as {rows['time'][0]!r})"
        said.append(
            f"{counted(changed, 'label')} of a worker who labelled the same task again: {how}"
        )
    last = rows.unique(subset=key, keep="last", maintain_order=True)
    lost = rows["row"].filter(~rows["row"].is_in(last["row"].implode()))
    return frame.with_row_index("row").filter(~pl.col("row").is_in(lost.implode())).drop("row")


def refuse_missing(taken: Collection[str], names: Sequence[str], origin: str) -> None:
    """Raise InputError where ``taken`` lacks a column that every table needs; list ``names``."""
    missing = [name for name in REQUIRED if name not in taken]
    if missing:
        raise InputError(
            f"no column for {' and '.join(missing)} among: {', '.join(names)}",
            where=origin,
            fix="rename them to task, worker and label, or say which is which: "
            'columns={"worker": "NAME"} in Python, --column worker=NAME for suffice audit',
        )


def gold_of_rows(rows: pl.DataFrame, origin: str) -> dict[Any, str]:
    """Turn rows (task, gold) into a mapping; raises InputError where they contradict."""
    rows = rows.unique(maintain_order=True)
    if rows["task"].n_unique() != len(rows):
        twice = rows.filter(rows["task"].is_duplicated())["task"][0]
        raise InputError(
            f"task {twice!r} has two different gold labels", where=origin, fix="keep one of them"
        )
    return dict(zip(rows["task"].to_list(), rows["gold"].to_list(), strict=True))


def _as_number(frame: pl.DataFrame, name: str) -> tuple[pl.DataFrame, int, Any]:
    """A column as numbers, how many of its values are none, and one of those."""
    import polars as pl

    had = frame[name]
    numbers = had if had.dtype.is_integer() else had.cast(pl.Float64, strict=False).fill_nan(None)
    if name in _NEVER_NEGATIVE:
        # What a label costs or takes is never below 0, nor past counting: such values say nothing.
        numbers = pl.select(pl.when(numbers.is_between(0, _MOST)).then(numbers)).to_series()
    lost = had.is_not_null() & numbers.is_null()
    example = had.filter(lost)[0] if lost.any() else None
    return frame.with_columns(numbers.alias(name)), int(lost.sum()), example
