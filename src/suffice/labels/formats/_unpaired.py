"""TRL's other types: single completions with a verdict, and steps of a solution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels._columns import recognise
from suffice.labels.formats._conversation import messages_of, written
from suffice.labels.formats._exports import NOBODY, Answers, parsed

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "TRL"
_NO_LABELS = {
    "prompt-only": {"prompt"},
    "prompt and completion": {"prompt", "completion"},
    "language modelling": {"text"},
    "language modelling, conversations": {"messages"},
}  # fmt: skip


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame is of unpaired preferences, of steps, or of a type without labels."""
    names = set(frame.columns)
    if _unpaired(names) or {"prompt", "completions", "labels"} <= names:
        return True
    return any(names == own for own in _NO_LABELS.values())


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of unpaired preferences (true or false) or of steps (each a task).

    Equal completions of one prompt are one task. Types without labels are refused by name.

    Raises:
        InputError: the type has no labels, or a row lacks its label.
    """
    names = set(frame.columns)
    kind = next((kind for kind, own in _NO_LABELS.items() if names == own), None)
    if kind is not None:
        raise InputError(
            f"these are rows of TRL's type {kind!r}: texts to train on, with no label to audit",
            where=origin,
            fix="name a file with labels: preferences, or task, worker and label",
        )
    answers = Answers(NAME, origin)
    who = recognise(frame.columns, {}).get("worker")
    if {"prompt", "completions", "labels"} <= names:
        for number, row in enumerate(frame.iter_rows(named=True), start=1):
            steps, labels = parsed(row["completions"]) or [], parsed(row["labels"]) or []
            if len(steps) != len(labels):
                raise InputError(
                    f"row {number} has {len(steps)} completions and {len(labels)} labels",
                    where=origin, fix="write one label for each step",
                )  # fmt: skip
            for place, label in enumerate(labels, start=1):
                given = {"task": f"{number} | step {place}", "worker": _who(row, who)}
                answers.add("steps", given | {"label": _verdict(label)})
        return answers.table(asked)
    prompt, completion, label = _unpaired(names) or ("", "", "")
    tasks: dict[tuple[str, str], int] = {}
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        if row[label] is None:
            raise InputError(f"row {number} lacks its label", where=origin,
                             fix="write true or false")  # fmt: skip
        texts = (_text(row[prompt]), _text(row[completion]) if completion else "")
        task = tasks.setdefault(texts, len(tasks) + 1)
        given = {"task": task, "worker": _who(row, who), "label": _verdict(row[label])}
        answers.add("completions", given)
    return answers.table(asked)


def _unpaired(names: set[str]) -> tuple[str, str, str] | None:
    """Prompt, completion and verdict: TRL's names, or LLaMA-Factory's for its KTO data."""
    if {"prompt", "completion", "label"} <= names:
        return "prompt", "completion", "label"
    talk = next((name for name in ("messages", "conversations") if name in names), None)
    verdict = next((name for name in ("kto_tag", "label") if name in names), None)
    if talk and verdict and not {"chosen", "rejected", "task", "id"} & names:
        return talk, "", verdict
    return None


def _who(row: dict[str, Any], name: str | None) -> Any:  # noqa: ANN401 - an id
    return NOBODY if name is None or row[name] is None else row[name]


def _text(value: object) -> str:
    messages = messages_of(value)
    return str(value) if messages is None else written(messages)


def _verdict(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
