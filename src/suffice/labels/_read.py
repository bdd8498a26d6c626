"""Label files into label tables: the first format that knows a file reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels._asked import Asked
from suffice.labels._columns import said, taken_of
from suffice.labels._garbage import no_garbage
from suffice.labels._no_answer import no_answers
from suffice.labels._spelling import plain_names, respell
from suffice.labels._table import LabelTable, gold_of_rows
from suffice.labels._values import counted, label_text, refuse_empty
from suffice.labels.formats import FORMATS, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl


def read_labels(
    given: str | Path | pl.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    drop_missing: bool = False,
    missing: Sequence[str] = (),
    classes: Sequence[str] = (),
    workers: Sequence[str] = (),
) -> LabelTable:
    """Read labels from a file, or from the rows of one.

    CSV, TSV, parquet, JSON and JSON lines are read, gzipped or not. Column names are recognised
    where they are obvious (``item`` is ``task``, ``annotator`` is ``worker``); the table's
    ``columns`` and ``notes`` say what was taken for what. A table with one column a worker
    (``annotator_1, annotator_2``) is made long. A file of preferences (``chosen``, ``rejected``)
    becomes one task a pair, see :func:`suffice.labels.read_preferences`. Label Studio and Argilla
    exports are read as they are; ``columns={"label": ...}`` names the question to read.

    Args:
        given: the file, or its rows.
        columns: our name -> the name in the file, where the names are not obvious.
        drop_missing: leave out rows without a task, worker or label instead of refusing them;
            how many is noted.
        missing: labels that mean no answer, beside those that surely do ("N/A", "skipped"). Such
            labels are passed over, and counted; what may be one and may be a class is said.
        classes: all labels that there can be, where two of them differ in capital letters alone or
            one is written like a missing answer.
        workers: columns that hold one worker's labels each, by name or by pattern (``r*``), where
            their names do not tell.

    Raises:
        InputError: the file cannot be read, lacks a column, has no labels, or has empty cells.
    """
    frame, origin = rows_of(given, "labels")
    asked = Asked(
        dict(columns or {}),
        drop_missing=drop_missing,
        workers=tuple(workers),
        missing=tuple(missing),
        classes=tuple(classes),
    )
    with no_garbage():
        mine = next(one for one in FORMATS if one.is_mine(frame, asked))
        return mine.read(frame, origin=origin, asked=asked)


def read_gold(given: str | Path | pl.DataFrame, *, like: str | None = None) -> dict[Any, str]:
    """Read gold labels from a file with a task column and a gold (truth, label) column.

    Args:
        given: the file, or its rows.
        like: what the labels' file calls its tasks: a column of that name is the task here too.

    Returns:
        task -> right label, for the tasks that have one.

    Raises:
        InputError: the file cannot be read, lacks a column, has no gold, or contradicts itself.
    """
    return gold_of_file(given, like=like)[0]


def gold_of_file(
    given: str | Path | pl.DataFrame, *, like: str | None = None
) -> tuple[dict[Any, str], list[str]]:
    """Gold labels as ``read_gold`` reads them, and what was taken for what or passed over."""
    import polars as pl

    frame, origin = rows_of(given, "gold")
    taken = taken_of(frame.columns, {"task": like} if like in frame.columns and like else {})
    if "task" not in taken:
        raise InputError(
            f"no task column among: {', '.join(frame.columns)}",
            where=origin,
            fix="name the columns task and gold",
        )
    answer = taken.get("gold") or taken.get("label")
    if answer is None:
        raise InputError(
            f"no column with the right label among: {', '.join(frame.columns)}",
            where=origin,
            fix="name it gold",
        )
    notes = [f"gold file: {note}" for note in said({"task": taken["task"], "gold": answer})]
    rows = plain_names(
        frame.select(pl.col(taken["task"]).alias("task"), pl.col(answer).alias("gold")), notes
    )
    text = label_text(rows, "gold")
    times = dict(text.drop_nulls().value_counts(name="n").iter_rows())
    gone, _ = no_answers(times)
    spelt, said_of = respell({"gold": text.replace(dict.fromkeys(gone))})
    notes += [f"gold file: {note}" for note in said_of]
    known = rows.with_columns(spelt["gold"]).drop_nulls("gold")
    if known.is_empty():
        raise InputError("there are no gold labels in it", where=origin, fix="add rows")
    if empty := len(rows) - len(known):
        notes.append(f"gold file: {counted(empty, 'row')} without a right label passed over")
    refuse_empty(known, "task", origin)
    return gold_of_rows(known, origin), notes
