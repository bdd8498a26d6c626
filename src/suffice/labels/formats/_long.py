"""Tables of one row a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.labels._columns import check_named, said, taken_of, unused
from suffice.labels._table import LabelTable, refuse_missing
from suffice.labels._values import counted, is_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from suffice.labels._asked import Asked

NAME = "one row a label"


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Always: what no other format knows is read so, or refused for what it lacks."""
    return True


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """See ``Format.read``."""
    import polars as pl

    check_named(asked.columns, frame.columns, origin)
    taken = taken_of(frame.columns, asked.columns)
    # Comparisons of named items need neither: see ``name_pairs``.
    pairs = ["task", "worker"] if {"left", "right"} <= set(taken) else []
    refuse_missing([*taken, *pairs], frame.columns, origin)
    notes = [*said(taken), *unused(frame.columns, taken.values())]
    long = frame.select(pl.col(theirs).alias(ours) for ours, theirs in taken.items())
    return table_of(long, taken, notes, origin=origin, asked=asked)


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
