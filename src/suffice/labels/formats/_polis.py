"""Polis: votes on comments, one row a vote, or one row a participant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.labels.formats._long import table_of

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "Polis"
_VOTES = {"1": "agree", "0": "pass", "-1": "disagree"}
_ROWS, _WIDE = {"comment-id", "voter-id", "vote"}, {"participant", "n-votes"}


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame is ``votes.csv`` or ``participants-votes.csv``."""
    names = set(frame.columns)
    return names >= _ROWS or (names >= _WIDE and any(name.isdecimal() for name in names))


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of a conversation: comments are tasks, participants workers.

    In exported files 1 is agree, 0 pass and -1 disagree (the database, and lists of votes made from
    it, have the signs the other way round). ``votes.csv`` keeps votes that were changed later: the
    last in time counts.
    """
    import polars as pl

    notes = ["1 is read as agree, 0 as pass, -1 as disagree, as Polis exports them: comments.csv "
             "counts agrees, hold one comment against it"]  # fmt: skip
    if set(frame.columns) >= _ROWS:
        names = {"comment-id": "task", "voter-id": "worker", "vote": "label"}
        time = [name for name in ("timestamp",) if name in frame.columns]
        long = frame.select(*(pl.col(old).alias(new) for old, new in names.items()),
                            *(pl.col(name).alias("time") for name in time))  # fmt: skip
        long = long.sort("time", maintain_order=True) if time else long
    else:
        comments = [name for name in frame.columns if name.isdecimal()]
        long = frame.select(pl.col("participant").alias("worker"), *comments).unpivot(
            on=comments, index="worker", variable_name="task", value_name="label"
        )
        long = long.drop_nulls("label")
    long = long.with_columns(pl.col("label").cast(pl.String).replace(_VOTES))
    taken = {"task": "comment", "worker": "participant", "label": "vote"}
    return table_of(long, taken, notes, origin=origin, asked=asked)
