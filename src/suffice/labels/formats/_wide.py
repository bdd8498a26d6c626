"""Tables of one row a task and one column a worker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from suffice.labels._columns import check_named, said, taken_of, unused
from suffice.labels._values import counted, is_empty, label_text
from suffice.labels.formats._long import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "one column a worker"
_WIDE = re.compile(
    r"^(?:(?:annotator|annotation|worker|rater|judge|coder|label|labeler|reviewer|vote)[_ -]?\d+"
    r"|.+[_ -](?:label|result|vote))$",
    re.IGNORECASE,
)

_NOBODY = re.compile(
    r"consensus|majority|aggregat|predict|noisy|final|adjudicat|gold|ground|true|truth|resolved"
    r"|merged|mean|median|expected|correct|silver",
    re.IGNORECASE,
)
"""Columns called like a worker's that hold what was made of the workers' labels, or gold."""


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether no column names the worker, and two or more are called like one worker's labels."""
    return (
        "worker" not in taken_of(frame.columns, asked.columns)
        and len(_wide(frame, asked.columns)) >= 2
    )


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """See ``Format.read``: the table is made long, and empty cells are passed over."""
    check_named(asked.columns, frame.columns, origin)
    taken = taken_of(frame.columns, asked.columns)
    wide = _wide(frame, asked.columns)
    notes = [*said(taken), *unused(frame.columns, [*taken.values(), *wide])]
    long, taken, more = _long(frame, taken, wide)
    return table_of(long, taken, notes + more, origin=origin, asked=asked)


def _wide(frame: pl.DataFrame, columns: Mapping[str, str]) -> list[str]:
    """Columns that are called like one worker's labels."""
    named = columns.values()
    called = [name for name in frame.columns if _WIDE.match(name) and name not in named]
    return [name for name in called if not _NOBODY.search(name)]


def _long(
    frame: pl.DataFrame, taken: dict[str, str], wide: list[str]
) -> tuple[pl.DataFrame, dict[str, str], list[str]]:
    """One row a label from one column a worker; empty cells are tasks that nobody labelled."""
    import polars as pl

    kept = {
        ours: theirs
        for ours, theirs in taken.items()
        if theirs not in wide and ours not in ("worker", "label")
    }
    notes = [f"one column a worker: {', '.join(wide)}"]
    base = frame.select(pl.col(theirs).alias(ours) for ours, theirs in kept.items())
    if "task" not in kept:
        base = base.with_columns(pl.int_range(1, len(frame) + 1).alias("task"))
        notes.append("no task column: the row number is the task")
    # The workers' columns may have different types: 1 and "1" are the same label.
    cells = frame.select(label_text(frame, name).alias(name) for name in wide)
    long = pl.concat([base, cells], how="horizontal").unpivot(
        on=wide, index=base.columns, variable_name="worker", value_name="label"
    )
    given = long.filter(~is_empty(long["label"]))
    if empty := len(long) - len(given):
        notes.append(f"{counted(empty, 'empty cell')} passed over: no label there")
    return given, kept | {"worker": "(column names)", "label": "(cells)"}, notes
