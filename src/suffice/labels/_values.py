"""Cells of a label file: labels as text, what counts as empty, and how counts are said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_ROWS_SHOWN = 3
"""Rows that a message names. Chosen: enough to find the fault, and one line stays one line."""


def label_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A label column as text: 1.0 is the label "1", true the label "true", blanks are empty."""
    import polars as pl

    column, dtype = pl.col(name), frame.schema[name]
    if dtype.is_float():
        whole = frame[name].drop_nulls().drop_nans()
        if whole.is_empty() or (whole == whole.round()).all():
            return column.fill_nan(None).cast(pl.Int64, strict=False).cast(pl.String)
        return column.fill_nan(None).cast(pl.String)
    if dtype.is_integer():
        return column.cast(pl.String)
    text = column.cast(pl.String).str.strip_chars()
    if dtype == pl.String:
        values = frame[name].drop_nulls()
        numbers = values.cast(pl.Float64, strict=False)
        whole = numbers.is_finite() & (numbers == numbers.round())
        # What spreadsheets and data frames make of 1 once a cell of the column is empty.
        if len(values) and values.str.ends_with(".0").any() and whole.fill_null(False).all():
            text = text.cast(pl.Float64).cast(pl.Int64).cast(pl.String)
    return pl.when(text == "").then(None).otherwise(text).alias(name)


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


def refuse_empty(frame: pl.DataFrame, name: str, origin: str) -> None:
    """Raise InputError where a cell of a column is empty or NaN, naming the first rows."""
    import polars as pl

    column = frame[name]
    if column.dtype == pl.String:
        values = column.unique()
        bad = (values.str.strip_chars() == "") | (values.str.to_lowercase() == "nan")
        empty = column.is_null()
        if bad.any():
            empty |= column.is_in(values.filter(bad).implode())
    elif column.dtype.is_float():
        empty = column.is_null() | column.is_nan()
    else:
        empty = column.is_null()
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

    def key(label: str) -> tuple[int, float, str]:
        try:
            return 0, float(label), label
        except ValueError:
            return 1, 0.0, label

    return tuple(sorted(labels, key=key))


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: "1 row", "2,000 rows"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
