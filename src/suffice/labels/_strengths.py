"""Numbers that say which of two items is preferred, and how strongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_ENDS = (1.0, 2.0)
"""Where AlpacaEval writes a weighted judge's preference: 1 for the first output, 2 for the
second, between them how sure the judge is."""
_EVEN = 1.5
"""The middle of both: a judge that prefers neither, by AlpacaEval's definition."""


def cut_strengths(frame: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Labels between 1 and 2 beside two named items, as left, right and tie."""
    import polars as pl

    numbers = _numbers(frame)
    if numbers is None:
        return frame
    inside = numbers.is_between(*_ENDS).all() and ((numbers > 1.0) & (numbers < 2.0)).any()
    if not inside:
        return frame
    label = (
        pl.when(numbers < _EVEN)
        .then(pl.lit("left"))
        .when(numbers > _EVEN)
        .then(pl.lit("right"))
        .otherwise(pl.lit("tie"))
    )
    notes.append(
        "labels from 1 to 2 are strengths of preference: below 1.5 the first item is preferred, "
        "above it the second; how strongly is not used"
    )
    return frame.with_columns(label.alias("label"))


def is_signed(frame: pl.DataFrame) -> bool:
    """Whether labels are numbers on both sides of 0: for one item, or for the other."""
    numbers = _numbers(frame)
    return numbers is not None and bool((numbers < 0.0).any() and (numbers > 0.0).any())


def align_signed(frame: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Strengths about 0 with the items of each task in one order: other rows change their sign."""
    import polars as pl

    leads = (pl.col("left").cast(pl.String) <= pl.col("right").cast(pl.String)).mean()
    low = pl.min_horizontal(*(pl.col(name).cast(pl.String) for name in ("left", "right")))
    first = pl.col("left").cast(pl.String) == low
    turned = frame.select((first != (leads.over("task") >= 0.5)).alias("turned"))["turned"]
    if not (count := int(turned.sum())):
        return frame
    notes.append(
        f"{count:,} strengths of preference saw their pair the other way round than most of their "
        "task: their sign is turned"
    )
    number = frame["label"].cast(pl.String).cast(pl.Float64)
    text = (0.0 - number).cast(pl.String).str.strip_suffix(".0")
    return frame.with_columns(
        pl.when(turned).then(text).otherwise(pl.col("label").cast(pl.String)).alias("label"),
        pl.when(turned).then(pl.col("right")).otherwise(pl.col("left")).alias("left"),
        pl.when(turned).then(pl.col("left")).otherwise(pl.col("right")).alias("right"),
    )


def _numbers(frame: pl.DataFrame) -> pl.Series | None:
    """The labels as numbers; None where some are none."""
    import polars as pl

    found = frame["label"].cast(pl.String).cast(pl.Float64, strict=False)
    return None if found.is_null().any() or found.is_nan().any() else found
