"""Mechanical Turk's batch results: answers in columns, or as JSON in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.labels.formats._exports import Answers, answers_in, joined

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "Mechanical Turk"
_ANSWER, _JSON = "Answer.", "Answer.taskAnswers"
_TRUE, _FALSE = ("true", "on"), ("false", "off")


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame has assignments of workers to HITs, with answers."""
    names = set(frame.columns)
    return {"HITId", "WorkerId"} <= names and any(name.startswith(_ANSWER) for name in names)


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of a batch: each form field is a question, the HIT the task.

    ``Answer.taskAnswers`` holds the form as JSON, ``Answer.tone`` a field, ``Answer.tone.kind``
    whether a radio button was ticked. Rejected assignments are left out and counted; the reward is
    the cost and the work time the seconds.

    Raises:
        InputError: no assignment has an answer.
    """
    answers = Answers(NAME, origin)
    fields = [name for name in frame.columns if name.startswith(_ANSWER) and name != _JSON]
    for row in frame.iter_rows(named=True):
        if str(row.get("AssignmentStatus") or "").lower() == "rejected":
            answers.skip("rejected assignment")
            continue
        found = answers_in(row.get(_JSON)) | _of_fields(row, fields)
        if not found:
            answers.skip("assignment{s} without an answer")
        known = {
            "task": row["HITId"],
            "worker": row["WorkerId"],
            "seconds": row.get("WorkTimeInSeconds"),
            "cost": dollars(row.get("Reward")),
        }
        for question, label in found.items():
            answers.add(question, known | {"label": label})
    return answers.table(asked)


def _of_fields(row: dict[str, Any], fields: list[str]) -> dict[str, str]:
    """The answers of a row's fields; buttons of one field, of which some were ticked, are one."""
    found: dict[str, str] = {}
    ticked: dict[str, list[str]] = {}
    for name in fields:
        text = "" if row[name] is None else str(row[name]).strip()
        question, _, button = name.removeprefix(_ANSWER).rpartition(".")
        if question and text.lower() in (*_TRUE, *_FALSE):
            ticked.setdefault(question, []).extend([button] * (text.lower() in _TRUE))
        elif text and text != "{}":
            found[name.removeprefix(_ANSWER)] = text
    return found | {q: label for q, on in ticked.items() if (label := joined(on)) is not None}


def dollars(value: object) -> float | None:
    """A price with or without its sign, None where there is none."""
    try:
        return float(str(value).strip().removeprefix("$"))
    except ValueError:
        return None
