"""Cells of a label file: labels as text, what counts as empty, and how counts are said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.labels._spelling import plain_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_NOTHING = ("nan", "-nan", "<na>", "nat")
"""What data frames write for an empty cell, in small letters: NumPy and pandas 2."""

_ROWS_SHOWN = 3
"""Rows that a message names. Chosen: enough to find the fault, and one line stays one line."""


def label_text(frame: pl.DataFrame, name: str) -> pl.Series:
    """A label column as text: 1.0 is the label "1", true the label "true", blanks are empty."""
    return plain_ids(frame[name]).replace("", None).alias(name)


def plain_types(frame: pl.DataFrame, origin: str) -> pl.DataFrame:
    """Categories as text; lists and objects are refused by name."""
    import polars as pl

    for name, dtype in frame.schema.items():
        if dtype.is_nested() or dtype == pl.Object:
            raise InputError(
                f"the {name} column holds lists or objects", where=origin, fix="write one value"
            )
    grouped = [name for name, dtype in frame.schema.items() if dtype in (pl.Categorical, pl.Enum)]
    return frame.with_columns(pl.col(grouped).cast(pl.String)) if grouped else frame


def is_empty(column: pl.Series, *, words: bool = True) -> pl.Series:
    """Which cells hold nothing: null, NaN, blanks and, if ``words``, what stands for them."""
    import polars as pl

    empty = column.is_null()
    if column.dtype == pl.String:
        values = column.unique()
        bad = values.str.strip_chars() == ""
        if words:
            bad |= values.str.strip_chars().str.to_lowercase().is_in(_NOTHING)
        if bad.any():
            empty |= column.is_in(values.filter(bad).implode())
    elif column.dtype.is_float():
        empty |= column.is_nan().fill_null(False)
    return empty


def refuse_empty(frame: pl.DataFrame, name: str, origin: str, *, words: bool = True) -> None:
    """Raise InputError where a cell of a column ``is_empty``, naming the first rows."""
    empty = is_empty(frame[name], words=words)
    rows = empty.arg_true()
    if len(rows):
        first = ", ".join(str(row + 1) for row in rows[:_ROWS_SHOWN])
        more = " ..." if len(rows) > _ROWS_SHOWN else ""
        raise InputError(
            f"{counted(len(rows), 'row')} without a {name} (data row {first}{more})",
            where=origin,
            fix="fill them in, or leave those rows out: drop_missing=True in Python, "
            "--drop-missing for suffice audit",
        )


def natural_order(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels in the order a person expects: numbers by value before words by letter."""

    def key(label: str) -> tuple[int, float, str, str]:
        try:
            return 0, float(label), "", label
        except ValueError:
            return 1, 0.0, label.casefold(), label

    return tuple(sorted(labels, key=key))


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: "1 row", "2,000 rows"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
