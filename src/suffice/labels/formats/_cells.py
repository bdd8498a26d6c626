"""Cells that hold lists: labels chosen from a list, in JSON and as data frames print them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels._values import counted
from suffice.labels.formats._conversation import parsed

if TYPE_CHECKING:
    import polars as pl

_PRINTED = re.compile(r"""\[\s*(?:(?:'[^']*'|"[^"]*"|[-+.\w]+)[\s,]*)*\]""")
_ENTRY = re.compile(r"""'([^']*)'|"([^"]*)"|([-+.\w]+)""")


def as_list(cell: object, origin: str = "labels") -> list[Any] | None:
    """The entries of a cell that holds a list, None where it holds none.

    Lists are read as JSON and as Python and NumPy print them: ``['pos']``, ``['pos' 'neg']``.

    Raises:
        InputError: a list was cut off when it was printed.
    """
    value = parsed(cell)
    if isinstance(value, list):
        return value
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return None
    text = value.strip()
    if "..." in text and re.search(r"['\s]\.\.\.['\s]", text):
        raise InputError(
            f"a list was cut off when it was written ({text[:40]!r})", where=origin,
            fix="write the file as JSON lines or parquet",
        )  # fmt: skip
    if not _PRINTED.fullmatch(text):
        return None
    return [
        next(part for part in found if part is not None)
        for found in map(_groups, _ENTRY.finditer(text))
    ]


def _groups(found: re.Match[str]) -> tuple[str | None, ...]:
    return found.groups()


def joined(values: list[Any]) -> str | None:
    """Several classes chosen at once as one label, in alphabetical order; None where none was."""
    if len(values) == 1:
        return str(values[0]) or None
    return " + ".join(sorted(str(value) for value in values)) or None


def without_lists(frame: pl.DataFrame, name: str, notes: list[str], origin: str) -> pl.DataFrame:
    """A column of lists as labels: one entry is the label, several are one together, none is none.

    A column counts as one of lists where all its cells are; rows whose list is empty are left out
    and counted.
    """
    import polars as pl

    column = frame[name]
    if column.dtype == pl.String:
        known = column.drop_nulls()
        if known.is_empty() or not known.str.contains(r"^\s*\[").all():
            return frame
    elif not isinstance(column.dtype, pl.List | pl.Array):
        return frame
    cells = column.to_list()
    lists = [None if cell is None else as_list(cell, origin) for cell in cells]
    if any(some is None and cell is not None for some, cell in zip(lists, cells, strict=True)):
        return frame
    if any(isinstance(one, dict | list) for some in lists for one in some or ()):
        return frame
    texts = [None if some is None else joined(some) for some in lists]
    if several := sum(len(some or ()) > 1 for some in lists):
        notes.append(
            f"{counted(several, 'answer')} of several {name}s at once: each combination is a class"
        )
    found = frame.with_columns(pl.Series(name, texts, dtype=pl.String))
    empty = pl.Series([some is not None and not some for some in lists])
    if name == "label" and (count := int(empty.sum())):
        notes.append(f"{counted(count, 'empty list')} left out: no {name} there")
        return found.filter(~empty)
    return found
