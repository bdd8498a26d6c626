"""Potato's exports: a row an annotator and instance, a column a scheme and label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.labels.formats._exports import NOBODY, Answers, joined, parsed

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "Potato"
_USERS = ("user_id", "user", "username")
_OWN = ("instance_id", "user_id", "user", "username", "spans", "links", "labels")
_TRUE, _EMPTY = ("true", "1", "1.0", "on"), ("", "false", "0", "0.0", "off")


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame has instances, users, and columns that name a scheme and a label."""
    names = set(frame.columns)
    if "instance_id" not in names or not names & set(_USERS):
        return False
    return "labels" in names or any(_split(name) for name in names)


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of an export, CSV, TSV or JSON lines; each scheme is a question.

    A column ``tone.kind`` (or ``tone:::kind``) says whether that label was ticked, by its name, its
    key or a truth value. What was ticked is the label of a row; of a scale its number is.

    Raises:
        InputError: nobody answered.
    """
    answers = Answers(NAME, origin)
    user = next(name for name in _USERS if name in frame.columns)
    schemes: dict[str, list[tuple[str, str]]] = {}
    for name in frame.columns:
        if (parts := _split(name)) is not None:
            schemes.setdefault(parts[0], []).append((parts[1], name))
    rows = []
    for row in frame.iter_rows(named=True):
        found = {s: {label: row[column] for label, column in of} for s, of in schemes.items()}
        nested = parsed(row.get("labels"))
        rows.append((row, found | (nested if isinstance(nested, dict) else {})))
    names: dict[str, set[str]] = {}
    for _, found in rows:
        for scheme, cells in found.items():
            names.setdefault(scheme, set()).update(cells if isinstance(cells, dict) else ())
    for row, found in rows:
        labels = {scheme: _label(cells, len(names[scheme])) for scheme, cells in found.items()}
        for scheme, label in labels.items():
            if label is not None:
                who = NOBODY if row[user] is None else row[user]
                answers.add(scheme, {"task": row["instance_id"], "worker": who, "label": label})
        answers.skip("row{s} without an answer", int(not any(labels.values())))
    return answers.table(asked)


def _split(name: str) -> tuple[str, str] | None:
    """The scheme and the label of a column, None of a column of another kind."""
    if name in _OWN:
        return None
    for mark in (":::", "."):
        scheme, found, label = name.partition(mark)
        # Columns with an underscore behind the mark are about the answer: spans, rooms.
        if found and scheme and label and not label.startswith("_"):
            return scheme, label
    return None


def _label(cells: Any, of: int) -> str | None:  # noqa: ANN401 - any JSON value
    """What was ticked of a scheme's labels; of a scale its number, of a field what was written."""
    if not isinstance(cells, dict):
        return None if cells in (None, "") else str(cells)
    given = {name: value for name, value in cells.items() if _ticked(value)}
    if len(given) != 1:
        return joined(list(given))
    name, value = next(iter(given.items()))
    text = str(value)
    scale = text.isdecimal() and name.endswith(f"_{text}")
    field = of == 1 and text.lower() not in _TRUE and text != name
    return text if scale or field else name


def _ticked(value: object) -> bool:
    return value is not None and str(value).strip().lower() not in _EMPTY
