"""What tells the judgements of one task apart: the turn, the dimension, the attempt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_PARTS = ("turn", "turnid", "turnindex", "itemindex", "dimension", "aspect")
"""Columns of which each value is judged apart, small and without separators."""
_REPEATS = (
    "criterion", "criteria", "attribute", "facet", "axis", "trait", "metric", "question",
    "questionid", "subquestion", "subtask", "prompt", "promptid", "step", "stepindex",
    "attempt", "attemptid", "trial", "trialid", "round", "repetition", "repeat", "epoch",
)  # fmt: skip
"""Columns that tell a worker's answers to one task apart; they may be an answer themselves, or the
round of a study, so that between workers they tell nothing."""
_ASKED = ("prompt", "promptid", "question", "instruction", "conversationid")
"""Columns that say what two items were compared on."""


def combined(
    frame: pl.DataFrame, columns: Mapping[str, str]
) -> tuple[pl.DataFrame, dict[str, str]]:
    """A task that the user named by several columns (``task=question,turn``) as one column.

    Returns:
        The frame with a column of that name, where it lacks it, and the columns as they were.
    """
    import polars as pl

    wanted = columns.get("task", "")
    parts = [part.strip() for part in wanted.split(",")]
    if wanted in frame.columns or len(parts) < 2 or not set(parts) <= set(frame.columns):
        return frame, dict(columns)
    cells = [pl.col(part).cast(pl.String) for part in parts]
    return frame.with_columns(pl.concat_str(cells, separator=" | ").alias(wanted)), dict(columns)


def split_tasks(
    frame: pl.DataFrame, taken: Mapping[str, str], notes: list[str]
) -> tuple[pl.DataFrame, list[str]]:
    """Make what is judged apart a task of its own: ``80 | turn 2``.

    A column of a surely known name counts where it varies within a task, others where they vary
    within the answers of a worker to a task. Of two items that are compared without a task
    column, the prompt is the task.

    Args:
        frame: the raw rows.
        taken: our name -> the file's column.
        notes: added to.

    Returns:
        The frame, with its task column changed, and the columns that were made use of.
    """
    import polars as pl

    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in frame.columns
             if name not in taken.values()}  # fmt: skip
    if "task" not in taken:
        return frame, []
    task, used = taken["task"], []
    for names, key in ((_PARTS, ["task"]), (_REPEATS, ["task", "worker", "left", "right"])):
        of = [taken[ours] for ours in key if ours in taken]
        for name in (plain[one] for one in names if one in plain):
            column = frame[name]
            if column.dtype.is_nested() or column.dtype == pl.Object or column.dtype.is_float():
                continue
            if frame.select(pl.struct(*of, name).n_unique() > pl.struct(of).n_unique()).item():
                used.append(name)
    if not used:
        return frame, []
    if frame.filter(pl.any_horizontal(pl.col(name).is_null() for name in used)).height:
        used = [name for name in used if frame[name].null_count() == 0]
    pieces = [pl.col(task).cast(pl.String)]
    for name in used:
        pieces.append(pl.format(f"{name} {{}}", pl.col(name)))
    notes.append(f"judged apart, each a task of its own: {' and '.join(used)}")
    whole = pl.when(pl.col(task).is_not_null()).then(pl.concat_str(pieces, separator=" | "))
    return frame.with_columns(whole.alias(task)), used


def asked_of_pairs(names: list[str]) -> str | None:
    """The column that says what two items were compared on, where no column is the task."""
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in names}
    return next((plain[name] for name in _ASKED if name in plain), None)


def refuse_unnamed_workers(frame: pl.DataFrame, taken: Mapping[str, str], origin: str) -> None:
    """Raise InputError where columns look like one person each, with the option that names them."""
    import polars as pl

    if {"worker", "label"} & set(taken):
        return
    values = {}
    for name in frame.columns:
        column = frame[name]
        if name in taken.values() or column.dtype.is_nested() or column.dtype == pl.Object:
            continue
        found = set(column.drop_nulls().cast(pl.String).unique().to_list())
        if 1 <= len(found) <= _FEW and len(found) < len(column) - column.null_count():
            values[name] = found
    alike = [a for a, mine in values.items()
             if any(mine & theirs for b, theirs in values.items() if a != b)]  # fmt: skip
    if len(alike) >= 2:
        raise InputError(
            f"no column for worker and label among: {', '.join(frame.columns)}", where=origin,
            fix=f"if each of {', '.join(alike)} holds one person's labels, say so: "
            f"--workers {','.join(alike)}, or a pattern such as --workers '*@example.org'",
        )  # fmt: skip


_FEW = 50
"""Different values up to which columns may be labels of people. Chosen: as many classes as are
audited."""


def one_winner(frame: pl.DataFrame) -> pl.DataFrame:
    """A column ``winner`` where the file has a column of 0 and 1 for each way to win."""
    import polars as pl

    ways = {name.removeprefix("winner_"): name for name in frame.columns
            if name.startswith("winner_")}  # fmt: skip
    if not {"model_a", "model_b"} <= set(ways) or "winner" in frame.columns:
        return frame
    winner = pl.coalesce(
        pl.when(pl.col(name).cast(pl.String).is_in(["1", "1.0", "true"])).then(pl.lit(way))
        for way, name in ways.items()
    )
    return frame.with_columns(winner.alias("winner")).drop(ways.values())


def refuse_people(frame: pl.DataFrame, origin: str) -> None:
    """Raise InputError where a file is Prolific's list of participants, which holds no labels."""
    plain = {re.sub(r"[^a-z]", "", name.lower()) for name in frame.columns}
    if {"participantid", "submissionid", "status"} <= plain:
        raise InputError(
            "this is Prolific's list of participants: who they are, and no label", where=origin,
            fix="join it to a file of labels by the participant's id, with the group to compare as "
            "the column source",
        )  # fmt: skip
