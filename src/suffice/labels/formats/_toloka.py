"""Toloka's assignments: inputs, outputs, control answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels.formats._exports import NOBODY, Answers

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "Toloka"
_IN, _OUT, _GOLD, _OF = "INPUT:", "OUTPUT:", "GOLDEN:", "ASSIGNMENT:"
_COUNTS = ("APPROVED", "ACCEPTED", "SUBMITTED", "")


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame has outputs of assignments."""
    return f"{_OF}worker_id" in frame.columns and any(n.startswith(_OUT) for n in frame.columns)


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of a pool's assignments: each output is a question.

    The inputs are the task: one task may have several ids, as a control task of several suites has.
    ``GOLDEN:`` is the gold. Assignments that were rejected, skipped or expired are counted.

    Raises:
        InputError: nobody answered, or there is neither an input nor a task's id.
    """
    answers = Answers(NAME, origin)
    inputs = [name for name in frame.columns if name.startswith(_IN)] or [
        name for name in (f"{_OF}task_id",) if name in frame.columns
    ]
    if not inputs:
        raise InputError(
            "these assignments have no INPUT: column and no ASSIGNMENT:task_id", where=origin,
            fix="download them with their inputs",
        )  # fmt: skip
    outputs = [name for name in frame.columns if name.startswith(_OUT)]
    for row in frame.iter_rows(named=True):
        status = str(row.get(f"{_OF}status") or "")
        if status.upper() not in _COUNTS:
            answers.skip(f"{status.lower()} answer")
            continue
        task = " | ".join(str(row[name]) for name in inputs)
        for name in outputs:
            question = name.removeprefix(_OUT)
            if row[name] is None:
                answers.skip(f"empty {question}")
                continue
            worker = row[f"{_OF}worker_id"]
            found = {
                "task": row[inputs[0]] if len(inputs) == 1 else task,
                "worker": NOBODY if worker is None else worker,
                "label": _plain(row[name]),
                "gold": _plain(row.get(f"{_GOLD}{question}")),
                "seconds": _seconds(row),
                "cost": row.get(f"{_OF}reward"),
                "time": row.get(f"{_OF}submitted"),
            }
            answers.add(question, found)
    return answers.table(asked)


def _plain(value: Any) -> str | None:  # noqa: ANN401 - a cell
    return None if value is None else str(value)


def _seconds(row: dict[str, Any]) -> float | None:
    """From the start of an assignment to its end."""
    try:
        began, ended = (datetime.fromisoformat(row[f"{_OF}{n}"]) for n in ("started", "submitted"))
    except (KeyError, TypeError, ValueError):
        return None
    return (ended - began).total_seconds()
