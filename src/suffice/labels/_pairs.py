"""Rows that compare two named items: one task a pair, one order of its items, one word a side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.labels._spelling import plain_ids
from suffice.labels._strengths import align_signed, cut_strengths, is_signed
from suffice.labels.kinds import side_of_words

if TYPE_CHECKING:
    import polars as pl

NOBODY = "(unnamed)"
_SWAPPED = {
    "swapped": 1, "true": 1, "ba": 1, "second first": 1, "reversed": 1, "yes": 1,
    "original": 0, "false": 0, "ab": 0, "first first": 0, "straight": 0, "no": 0,
}  # fmt: skip


def answers_of(
    frame: pl.DataFrame, origin: str = "comparisons", notes: list[str] | None = None
) -> pl.Series:
    """Who won each comparison: .5 the left, -.5 the right, 0 a tie.

    What the labels name is decided for the column, not for each row: items where every label is
    one of the two of its row (or a word for a tie), else sides.

    Args:
        frame: columns ``left``, ``right`` and ``label``; a label is one of the two items or one of
            the words for first, second and tie (1, 2 and, where both occur, 0 for a tie).
        origin: the file, for messages.
        notes: told what was decided, where labels could be both.

    Raises:
        InputError: a label is neither an item of its row nor such a word, or it cannot be told
            which of the two it is.
    """
    import polars as pl

    label, left, right = (plain_ids(frame[name]) for name in ("label", "left", "right"))
    named = pl.concat([left, right]).unique().implode()
    won, lost = label == left, label == right
    words = side_of_words(label.unique().to_list())
    side = label.replace_strict(words, default=None, return_dtype=pl.Float64)
    item = won | lost
    if (item | (side == 0.0).fill_null(False)).all():
        both = side.is_not_null() & (side != 0.0)
        if both.any() and notes is not None:
            notes.append(
                f"labels such as {label.filter(both)[0]!r} may name an item or a side: every row's "
                "is one of its two items, so they are read as items"
            )
        by_word = pl.when(won).then(0.5).when(lost).then(-0.5).otherwise(0.0)
        return pl.select(by_word.alias("answer")).to_series()
    mixed = label.is_in(named) & side.is_not_null() & (side != 0.0)
    if side.is_not_null().all():
        if mixed.any() and notes is not None:
            notes.append(
                f"labels such as {label.filter(mixed)[0]!r} may name an item or a side: not every "
                "row's is one of its two items, so they are read as sides"
            )
        return side.alias("answer")
    if mixed.any():
        raise InputError(
            f"label {label.filter(mixed)[0]!r} may name an item or a side, and other labels of the "
            "column do the one and the other",
            where=origin,
            fix="write the winner's name, or left, right and tie, in all rows",
        )
    answer = pl.select(
        pl.when(won).then(0.5).when(lost).then(-0.5).otherwise(side).alias("answer")
    ).to_series()
    if bad := int(answer.null_count()):
        row = int(answer.is_null().arg_true()[0])
        raise InputError(
            f"label {frame['label'][row]!r} of data row {row + 1} is neither of the two items nor "
            f"left, right or tie ({bad:,} such rows)",
            where=origin,
            fix="write the winner's name, or left, right and tie",
        )
    return answer


def name_pairs(frame: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Give every pair of items a task of its own, whichever of them is named first.

    Without a task column, a worker who judges a pair again in the same order judges something new
    (another prompt, say): each time is a task of its own, so that no comparison is lost.
    """
    import polars as pl

    if frame.is_empty() or not {"left", "right"} <= set(frame.columns):
        return frame
    if "worker" not in frame.columns:
        notes.append("no worker column: all comparisons count as one worker's")
        frame = frame.with_columns(pl.lit(NOBODY).alias("worker"))
    pair = [pl.col(name).cast(pl.String) for name in ("left", "right")]
    named = pl.format("{} | {}", pl.min_horizontal(*pair), pl.max_horizontal(*pair))
    if "task" not in frame.columns:
        frame = frame.with_columns(named.alias("task"))
        shown = [name for name in ("presented_order",) if name in frame.columns]
        # Hashes: in tables of millions, groups of three texts would take seconds.
        judged = frame.select("task", "worker", "left", *shown).hash_rows()
        counts = pl.DataFrame({"of": judged}).select(pl.int_range(1, pl.len() + 1).over("of"))
        time = counts.to_series().alias("(time)")
        again = int((time > 1).sum())
        if not again:
            notes.append("no task column: the pair of items is the task")
            return frame
        notes.append(
            "no task column: the pair of items is the task, and each further time that a worker "
            f"judged it in the same order is a task of its own ({again:,} labels)"
        )
        task = pl.when(pl.col("(time)") > 1).then(pl.format("{} ({})", "task", "(time)"))
        frame = frame.with_columns(time).with_columns(task.otherwise("task").alias("task"))
        return frame.drop("(time)")
    if frame.select("task", named.alias("pair")).unique()["task"].is_duplicated().any():
        notes.append("a task holds several pairs of items: each pair is a task of its own")
        return frame.with_columns(pl.format("{} | {}", pl.col("task"), named).alias("task"))
    return frame


def align_pairs(frame: pl.DataFrame, notes: list[str], origin: str) -> pl.DataFrame:
    """Let every row of a task name its two items in one order, that of most of its rows.

    Where a row showed them the other way round, ``presented_order`` is 1 and its label is turned
    round.
    """
    import polars as pl

    if not {"left", "right"} <= set(frame.columns):
        return frame
    lacking = pl.any_horizontal(pl.col("left", "right").is_null())
    if missing := int(frame.select(lacking.sum()).item()):
        notes.append(f"not read as comparisons of items: {missing:,} rows lack left or right")
        return frame.drop("left", "right")
    if is_signed(frame):
        return align_signed(frame, notes)
    frame = cut_strengths(frame, notes)
    words = [str(w) for w in frame["label"].unique().drop_nulls().to_list()]
    known = side_of_words(words)
    try:
        answer = answers_of(frame, origin, notes)
    except InputError as error:
        notes.append(f"not read as comparisons of items: {error.what}")
        return frame.drop("left", "right")
    by_side = (
        frame["label"].cast(pl.String).replace_strict(known, default=None, return_dtype=pl.Float64)
    )
    if by_side.null_count() or (by_side != answer).any():
        frame = frame.with_columns(
            answer.replace_strict({0.5: "left", -0.5: "right", 0.0: "tie"}).alias("label")
        )
        notes.append("labels that name the winner are read as left, right and tie")
        known = {"left": 0.5, "right": -0.5, "tie": 0.0}
    # Most rows, and of a draw the alphabet, so that the order of rows changes nothing.
    low, high = pl.min_horizontal("left", "right"), pl.max_horizontal("left", "right")
    leads = (pl.col("left") == low).mean().over("task") >= 0.5
    turned = frame.with_columns(
        (pl.col("left") != pl.when(leads).then(low).otherwise(high)).alias("turned")
    )
    if not turned["turned"].any():
        return frame
    opposite = {
        label: next((other for other, theirs in known.items() if theirs == -side), label)
        for label, side in known.items()
    }
    count = int(turned["turned"].sum())
    notes.append(
        f"{count:,} labels saw their pair the other way round than most of their task: "
        "turned round, and kept as presented_order"
    )
    flipped = pl.col("turned")
    order = pl.col("turned").cast(pl.Int64)
    if "presented_order" in frame.columns:
        given = pl.col("presented_order")
        order = pl.when(flipped).then(1 - given).otherwise(given)
    return turned.with_columns(
        pl.when(flipped)
        .then(pl.col("label").cast(pl.String).replace(opposite))
        .otherwise(pl.col("label").cast(pl.String))
        .alias("label"),
        pl.when(flipped).then(pl.col("right")).otherwise(pl.col("left")).alias("left"),
        pl.when(flipped).then(pl.col("left")).otherwise(pl.col("right")).alias("right"),
        order.alias("presented_order"),
    ).drop("turned")


def order_as_number(frame: pl.DataFrame) -> pl.DataFrame:
    """``presented_order`` as 0 (as named) or 1 (the other way round); 1 and 2 are read so too."""
    import polars as pl

    if "presented_order" not in frame.columns:
        return frame
    column = frame["presented_order"]
    if column.dtype == pl.Boolean:
        return frame.with_columns(column.cast(pl.Int64))
    if column.dtype == pl.String:
        text = column.str.strip_chars().str.to_lowercase()
        if text.drop_nulls().is_in(list(_SWAPPED)).all():
            return frame.with_columns(text.replace_strict(_SWAPPED).alias("presented_order"))
        return frame
    if set(column.drop_nulls().unique().to_list()) <= {1, 2} and (column == 2).any():
        return frame.with_columns(column - 1)
    return frame
