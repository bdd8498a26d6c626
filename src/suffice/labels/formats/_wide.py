"""Tables of one row a task and one column a worker."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.labels._columns import check_named, said, taken_of, unused
from suffice.labels._values import counted, is_empty, label_text
from suffice.labels.formats._long import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "one column a worker"
_MAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
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
    """Whether columns of workers were named, or two or more are called like one worker's labels."""
    if asked.workers:
        return True
    taken = taken_of(frame.columns, asked.columns)
    return "worker" not in taken and len(_wide(frame, asked.columns)) >= 2


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """See ``Format.read``: the table is made long, and empty cells are passed over."""
    check_named(asked.columns, frame.columns, origin)
    named = _named(frame.columns, asked.workers, origin)
    wide = named or _wide(frame, asked.columns)
    taken = taken_of([name for name in frame.columns if name not in named], asked.columns)
    taken = {ours: theirs for ours, theirs in taken.items() if ours not in ("worker", "label")}
    notes = [*said(taken), *unused(frame.columns, [*taken.values(), *wide])]
    long, taken, more = _long(frame, taken, wide)
    return table_of(long, taken, notes + more, origin=origin, asked=asked)


def _named(names: Sequence[str], wanted: Sequence[str], origin: str) -> list[str]:
    """The columns that the user named, each by itself or by a pattern."""
    found: list[str] = []
    for text in wanted:
        for one in [text] if text in names else [part.strip() for part in text.split(",")]:
            mine = [one] if one in names else [n for n in names if fnmatchcase(n, one)]
            if not mine:
                raise InputError(
                    f"no column {one!r}; there are: {', '.join(names)}", where=origin,
                    fix="--workers takes names of columns, with commas, or patterns such as 'r*'",
                )  # fmt: skip
            found += mine
    return list(dict.fromkeys(found))


def _wide(frame: pl.DataFrame, columns: Mapping[str, str]) -> list[str]:
    """Columns that are called like one worker's labels, or by addresses of mail."""
    left = [name for name in frame.columns if name not in columns.values()]
    mail = [name for name in left if _MAIL.match(name)]
    called = [name for name in left if _WIDE.match(name) and not _NOBODY.search(name)]
    return mail if len(mail) >= 2 else called


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
