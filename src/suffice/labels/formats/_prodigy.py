"""Prodigy's ``db-out``: answers to whether a label fits, and choices from options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.labels.formats._cells import as_list, joined
from suffice.labels.formats._exports import NOBODY, Answers

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "Prodigy"
_CHOICES, _YES_NO = "accept", "answer"


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame is one of Prodigy's, by its hashes and answers."""
    return {"_input_hash", "answer"} <= set(frame.columns)


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of a data set: what was chosen, or ``accept`` and ``reject``.

    The input is the task (``_input_hash``), the annotator or else the session the worker. Ignored
    answers are no labels; nor are rejected ones where options were chosen from. Where several
    labels were asked about, each label of an input is a task of its own.

    Raises:
        InputError: it holds spans alone, or nobody answered.
    """
    names = set(frame.columns)
    choice = "accept" in names
    if not choice and "label" not in names and "spans" in names:
        raise InputError(
            "these answers mark spans: labels of parts of a text are not read", where=origin,
            fix="export choices or binary answers (textcat, choice)",
        )  # fmt: skip
    answers = Answers(NAME, origin)
    several = not choice and "label" in names and frame["label"].n_unique() > 1
    known = [name for name in ("_annotator_id", "_session_id") if name in names]
    for row in frame.iter_rows(named=True):
        worker = next((row[name] for name in known if row[name] is not None), NOBODY)
        given, task = row["answer"], row["_input_hash"]
        if given not in ("accept", "reject"):
            answers.skip(f"{'ignored' if given == 'ignore' else 'missing'} answer")
            continue
        label = given
        chosen = as_list(row["accept"], origin) if choice else None
        if chosen is not None:
            if given == "reject":
                answers.skip("rejected choice")
                continue
            label = joined(chosen)
            if label is None:
                answers.skip("choice{s} of nothing")
                continue
        if several:
            task = f"{task} | {row['label']}"
        answers.add(
            _YES_NO if chosen is None else _CHOICES,
            {"task": task, "worker": worker, "label": label, "time": row.get("_timestamp")},
        )
    return answers.table(asked)
