"""Prodigy's data sets: choices, yes or no, sessions, and what is no label."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from suffice.errors import InputError
from suffice.labels import read_labels

if TYPE_CHECKING:
    from pathlib import Path


def store(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as JSON lines."""
    path = folder / "db.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def row(n: int, who: str, answer: str, **more: Any) -> dict[str, Any]:
    """What ``db-out`` writes of one answer."""
    return {
        "text": f"t{n}", "_input_hash": -n, "_task_hash": n * 7, "_timestamp": 1700000000 + n,
        "_annotator_id": f"db-{who}", "_session_id": f"db-{who}", "answer": answer, **more,
    }  # fmt: skip


def test_choices(tmp_path: Path) -> None:
    """The option that was accepted is the label; ignored and rejected answers are counted."""
    options = [{"id": "A"}, {"id": "B"}]
    rows = [
        row(1, "ana", "accept", options=options, accept=["A"]),
        row(1, "bo", "ignore", options=options, accept=[]),
        row(2, "ana", "accept", options=options, accept=["B", "A"]),
        row(2, "bo", "reject", options=options, accept=["B"]),
        row(3, "bo", "accept", options=options, accept=[]),
    ]
    table = read_labels(store(tmp_path, rows))
    assert table.frame.select("task", "worker", "label").rows() == [
        (-1, "db-ana", "A"), (-2, "db-ana", "A + B"),
    ]  # fmt: skip
    for what in ("1 ignored answer", "1 rejected choice", "1 choice of nothing"):
        assert any(what in note for note in table.notes), (what, table.notes)


def test_yes_or_no(tmp_path: Path) -> None:
    """Accept and reject are the classes; several labels of one text are asked apart."""
    rows = [row(n, who, "accept" if n % 2 else "reject", label="SPAM")
            for n in range(1, 4) for who in ("ana", "bo")]  # fmt: skip
    table = read_labels(store(tmp_path, [*rows, row(9, "ana", "ignore", label="SPAM")]))
    assert table.classes == ("accept", "reject")
    assert len(table) == 6
    both = [one | {"label": label} for one in rows for label in ("SPAM", "AD")]
    assert read_labels(store(tmp_path, both)).frame["task"].n_unique() == 6


def test_spans_are_refused_by_name(tmp_path: Path) -> None:
    """Labels of parts of a text are no labels of the text."""
    rows = [row(1, "ana", "accept", spans=[{"start": 0, "end": 2, "label": "X"}])]
    with pytest.raises(InputError, match="mark spans"):
        read_labels(store(tmp_path, rows))
