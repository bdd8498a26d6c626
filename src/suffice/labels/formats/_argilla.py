"""Argilla exports: records as JSON (version 1 and 2) and rows of the datasets library."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels.formats._exports import NOBODY, Answers, as_list, joined, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "Argilla"
_RESPONSES = ".responses"
_SLICES = ("slice", "domain", "subset")
_LOOKED_AT = 20
"""Cells that tell whether a column holds responses. Chosen: an export holds them in all cells."""


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame is one of Argilla's exports."""
    names = frame.columns
    if {"fields", "responses"} <= set(names):
        return True
    return any(f"{name}.users" in names for name in names if name.endswith(_RESPONSES)) or bool(
        _question_columns(frame)
    )


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of an export: label, multi-label, rating and ranking questions.

    Submitted responses are read; drafts, discarded ones and suggestions are counted. A ranking of
    two becomes the name of the better one or ``tie``; of more, their order. Argilla 2 writes ranks
    only where responses are whole objects; its SDK keeps the options alone, in the order that they
    were logged in or that the question has them in, which then says nothing.

    Args:
        frame: the raw rows.
        origin: the file, for messages.
        asked: its column ``label`` names the question to read. What was not answered is left out
            and counted, whether that is asked or not.

    Raises:
        InputError: nobody answered the question.
    """
    answers = Answers(NAME, origin)
    names = set(frame.columns)
    nested = {"fields", "responses"} <= names
    lists: dict[str, list[tuple[dict[str, Any], list[Any]]]] = {}
    unmarked = 0
    flat = [n[: -len(_RESPONSES)] for n in frame.columns
            if n.endswith(_RESPONSES) and f"{n}.users" in names]  # fmt: skip
    whole = [] if nested or flat else _question_columns(frame)
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        task = next((row[n] for n in ("id", "external_id") if row.get(n) is not None), number)
        known = _slice(row)
        if nested:
            found = list(_of_record(parsed(row["responses"]), origin, task))
            suggested = parsed(row.get("suggestions")) or ()
            answers.skip("suggestion", len(suggested))
        elif flat:
            found = []
            for question in flat:
                mine = _of_lists(row, question, origin)
                if mine is None and question == asked.columns.get("label"):
                    raise InputError(
                        f"{question}{_RESPONSES} holds lists that were printed as text, which "
                        "cannot be told apart again",
                        where=origin,
                        fix="write the data set with to_json or to_parquet instead of to_csv",
                    )
                if mine is None:
                    answers.skip(f"cell{{s}} of {question} with lists that were printed as text")
                found += mine or []
            answers.skip("suggestion", sum(row.get(f"{q}.suggestion") is not None for q in flat))
        else:
            found = [one for question in whole for one in _of_cell(row[question], question)]
            answers.skip("suggestion", sum(row.get(f"{q}-suggestion") is not None for q in whole))
        if not found:
            answers.skip("record{s} without a response")
        for question, worker, status, value in found:
            unmarked += status is None
            if status not in (None, "submitted"):
                answers.skip(f"{status} response")
                continue
            label = _label(value)
            if label is None:
                answers.skip("empty response")
                continue
            given = {"task": task, "worker": NOBODY if worker is None else worker, "label": label}
            answers.add(question, given | known)
            options = as_list(value)
            if options is not None and not any(isinstance(one, dict) for one in options):
                lists.setdefault(question, []).append((answers.rows[question][-1], options))
    for question, listed in lists.items():
        _order(answers, question, listed, asked, origin)
    if unmarked and nested:
        answers.notes.append(
            "this file does not tell drafts and discarded responses from submitted ones: they "
            "count. dataset.records.to_list(flatten=True) and to_datasets() keep the status"
        )
    return answers.table(asked)


def _order(
    answers: Answers,
    question: str,
    listed: list[tuple[dict[str, Any], list[Any]]],
    asked: Asked,
    origin: str,
) -> None:
    """Read lists of always the same options as rankings, where their order says something."""
    sets = {frozenset(map(str, options)) for _, options in listed}
    size = len(next(iter(sets)))
    if len(listed) < 2 or len(sets) > 1 or size < 2 or len(listed) < len(answers.rows[question]):
        return
    orders = {tuple(map(str, options)) for _, options in listed}
    if len(orders) > 1:
        for row, options in listed:
            row["label"] = str(options[0]) if size == 2 else " > ".join(map(str, options))
        answers.notes_of[question] = "the order of the options is read as their ranking"
        return
    if asked.columns.get("label") == question or len(answers.rows) == 1:
        raise InputError(
            f"{question!r} holds the same options in the same order everywhere: if it is "
            "a ranking, this file has lost the ranks, as Argilla's SDK does",
            where=origin,
            fix="fetch the responses from the server (GET /api/v1/datasets/ID/records"
            "?include=responses), which gives value and rank",
        )
    del answers.rows[question]
    answers.skip(f"response to {question!r} whose ranks are lost", len(listed))


_Response = tuple[str, Any, str | None, Any]


def _of_record(responses: object, origin: str, task: object) -> Iterator[_Response]:
    """Question, worker, status and value of a record's responses, of version 1 or 2."""
    if responses is None:
        return
    if isinstance(responses, dict):
        for question, given in responses.items():
            for one in given or ():
                yield question, one.get("user_id"), one.get("status"), one.get("value")
        return
    if not isinstance(responses, list) or not all(isinstance(one, dict) for one in responses):
        raise InputError(
            f"the responses of record {task!r} are neither a list nor an object",
            where=origin,
            fix="export the records with their responses",
        )
    for one in responses:
        if "question_name" in one:
            yield one["question_name"], one.get("user_id"), one.get("status"), one.get("value")
            continue
        values = one.get("values") or {}
        if not values:
            yield "(none)", one.get("user_id"), one.get("status") or "empty", None
        for question, value in values.items():
            inner = value.get("value") if isinstance(value, dict) else value
            yield question, one.get("user_id"), one.get("status"), inner


def _of_lists(row: dict[str, Any], question: str, origin: str) -> list[_Response] | None:
    """Parallel lists of values, users and statuses; None where they cannot be read.

    In CSV they are as NumPy prints them: lists of classes can be read, lists of lists cannot.
    """
    name = f"{question}{_RESPONSES}"
    if row[name] is None:
        return []
    values = as_list(row[name], origin)
    if values is None:
        return None
    users = as_list(row.get(f"{name}.users"), origin) or [None] * len(values)
    status = as_list(row.get(f"{name}.status"), origin) or [None] * len(values)
    return [
        (question, user, state, value)
        for user, state, value in zip(users, status, values, strict=False)
    ]


def _of_cell(cell: object, question: str) -> Iterator[_Response]:
    """A list of responses, or one object of lists."""
    given = parsed(cell)
    if isinstance(given, dict):
        values = given.get("value") or []
        users = given.get("user_id") or [None] * len(values)
        status = given.get("status") or [None] * len(values)
        for user, state, value in zip(users, status, values, strict=False):
            yield question, user, state, value
    for one in given if isinstance(given, list) else ():
        yield question, one.get("user_id"), one.get("status"), one.get("value")


def _question_columns(frame: pl.DataFrame) -> list[str]:
    """Columns whose cells hold responses with a user, a value and a status."""
    found = []
    for name in frame.columns:
        cells = (parsed(cell) for cell in frame[name].drop_nulls().head(_LOOKED_AT).to_list())
        first = next((cell for cell in cells if isinstance(cell, list | dict) and cell), None)
        if isinstance(first, list):
            first = first[0]
        if isinstance(first, dict) and {"user_id", "value", "status"} <= set(first):
            found.append(name)
    return found


def _slice(row: dict[str, Any]) -> dict[str, Any]:
    """The slice of a record, where its metadata or a column names it."""
    metadata = parsed(row.get("metadata"))
    places = [row, metadata] if isinstance(metadata, dict) else [row]
    for place in places:
        for name in _SLICES:
            if place.get(name) is not None:
                return {"slice": place[name]}
    return {}


def _label(value: object) -> str | None:
    value = parsed(value)
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, list):
        ranked = [one for one in value if isinstance(one, dict) and one.get("rank") is not None]
        if not ranked:
            return joined([one.get("value") if isinstance(one, dict) else one for one in value])
        ranked.sort(key=lambda one: (one["rank"], str(one["value"])))
        if len(ranked) == 2:
            tie = ranked[0]["rank"] == ranked[1]["rank"]
            return "tie" if tie else str(ranked[0]["value"])
        text = str(ranked[0]["value"])
        for before, after in pairwise(ranked):
            text += (" = " if before["rank"] == after["rank"] else " > ") + str(after["value"])
        return text
    return None if value is None or not str(value).strip() else str(value)
