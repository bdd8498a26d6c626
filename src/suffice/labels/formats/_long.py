"""Tables of one row a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.labels._columns import check_named, said, taken_of, unused
from suffice.labels._sense import sensible
from suffice.labels._table import LabelTable, refuse_missing
from suffice.labels._values import counted, is_empty
from suffice.labels.formats._axes import (
    asked_of_pairs,
    combined,
    one_winner,
    refuse_people,
    refuse_unnamed_workers,
    split_tasks,
)
from suffice.labels.formats._cells import without_lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from suffice.labels._asked import Asked

NAME = "one row a label"


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Always: what no other format knows is read so, or refused for what it lacks."""
    return True


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """See ``Format.read``."""
    return read_rows(frame, origin=origin, asked=asked, notes=())


def read_rows(
    frame: pl.DataFrame, *, origin: str, asked: Asked, notes: Sequence[str]
) -> LabelTable:
    """A table of one row a label, after what another reader made rows of.

    Args:
        frame: the raw rows.
        origin: the file, for messages.
        asked: what the user said of the file.
        notes: what that reader has to say.
    """
    import polars as pl

    refuse_people(frame, origin)
    frame, columns = combined(one_winner(frame), asked.columns)
    check_named(columns, frame.columns, origin)
    taken = taken_of(frame.columns, columns)
    # Comparisons of named items need neither: see ``name_pairs``.
    pairs = ["task", "worker"] if {"left", "right"} <= set(taken) else []
    if pairs and "task" not in taken and (about := asked_of_pairs(frame.columns)):
        taken["task"] = about
    refuse_unnamed_workers(frame, taken, origin)
    by_name = taken
    taken, doubts = sensible(frame, by_name, columns, origin=origin)
    refuse_missing([*taken, *pairs], frame.columns, origin)
    believed = {ours: theirs for ours, theirs in taken.items() if by_name.get(ours) == theirs}
    said_of_tasks: list[str] = []
    whole = frame.columns
    frame, apart = split_tasks(frame, taken, said_of_tasks)
    all_notes = [
        *notes,
        *said(believed),
        *doubts,
        *unused(whole, [*taken.values(), *apart]),
        *said_of_tasks,
    ]
    long = frame.select(pl.col(theirs).alias(ours) for ours, theirs in taken.items())
    for name in ("label", "gold"):
        if name in long.columns:
            long = without_lists(long, name, all_notes, origin)
    return table_of(long, taken, all_notes, origin=origin, asked=asked)


def table_of(
    long: pl.DataFrame,
    taken: Mapping[str, str],
    notes: list[str],
    *,
    origin: str,
    asked: Asked,
) -> LabelTable:
    """The table of rows in our names, without those that lack what it needs where that is asked.

    Args:
        long: one row a label, columns in our names.
        taken: our name -> the file's column.
        notes: what the reader has to say.
        origin: the file, for messages.
        asked: whether rows without a task, worker or label are to be left out.
    """
    notes = list(notes)
    if asked.drop_missing:
        required = [name for name in ("task", "worker", "label") if name in long.columns]
        whole = long
        for name in required:
            whole = whole.filter(~is_empty(whole[name]))
        if lost := len(long) - len(whole):
            notes.append(f"{counted(lost, 'row')} with an empty task, worker or label left out")
        long = whole
    return LabelTable.from_frame(long, columns=taken, notes=notes, origin=origin, asked=asked)
