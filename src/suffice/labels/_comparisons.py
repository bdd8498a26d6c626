"""Comparisons of two named items: which columns hold the items, the answer and who gave it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.labels._columns import recognise
from suffice.labels._pairs import order_as_number
from suffice.labels._values import label_text, plain_types, refuse_empty
from suffice.labels.formats import read_frame

if TYPE_CHECKING:
    import polars as pl


def read_comparisons(comparisons: pl.DataFrame | str | Path) -> pl.DataFrame:
    """Comparisons with the columns ``left, right, label`` and, where given, ``worker, task``.

    Args:
        comparisons: a frame (Polars or pandas) or a file. ``left`` and ``right`` hold the items in
            the order in which they were shown (``item_a, item_b`` or ``model_a, model_b`` are taken
            too), ``label`` (or ``winner``) the item that won, or its side, or ``tie``.

    Returns:
        The same rows; ``label`` is as it was, see :func:`answers_of`.

    Raises:
        InputError: the file cannot be read, a column is missing, or a cell is empty.
    """
    import polars as pl

    origin = "comparisons"
    if isinstance(comparisons, str | Path):
        frame, origin = read_frame(comparisons), str(comparisons)
    elif isinstance(comparisons, pl.DataFrame):
        frame = comparisons
    else:
        try:
            frame = pl.DataFrame({str(name): list(comparisons[name]) for name in comparisons})
        except (TypeError, KeyError, ValueError):
            raise InputError(
                f"comparisons are a {type(comparisons).__name__}", fix="give a frame or a file"
            ) from None
    taken = recognise(frame.columns, skip={})
    for name in ("left", "right", "label"):
        if name not in taken:
            raise InputError(
                f"no column that says {name!r} among: {', '.join(frame.columns)}",
                where=origin,
                fix="name the columns left, right, label and, where known, worker and task",
            )
    known = ("task", "worker", "left", "right", "label", "presented_order")
    wanted = [name for name in known if name in taken]
    frame = frame.select(pl.col(taken[name]).alias(name) for name in wanted)
    if frame.is_empty():
        raise InputError("there are no comparisons in it", where=origin, fix="add rows")
    frame = order_as_number(plain_types(frame, origin))
    if not frame.schema["label"].is_integer():
        frame = frame.with_columns(label_text(frame, "label"))
    for name in wanted:
        if name != "presented_order":
            refuse_empty(frame, name, origin)
    same = frame.select((pl.col("left") == pl.col("right")).arg_true()).to_series()
    if len(same):
        raise InputError(
            f"data row {same[0] + 1} compares {frame['left'][int(same[0])]!r} with itself",
            where=origin,
            fix="remove such rows",
        )
    return frame
