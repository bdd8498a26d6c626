"""Label Studio and Argilla exports: what is read, what is counted, and bad ones refused."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from suffice.errors import InputError
from suffice.labels import LabelTable, read_labels

if TYPE_CHECKING:
    from pathlib import Path


def choice(value: Any, *, name: str = "verdict", kind: str = "choices") -> dict[str, Any]:
    """One result of an annotation."""
    return {"from_name": name, "to_name": "text", "type": kind, "value": value, "id": "r1"}


def annotation(worker: Any, result: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """One annotation."""
    return {
        "id": 1, "completed_by": worker, "result": result, "was_cancelled": False,
        "ground_truth": False, "created_at": "2024-05-01T10:00:00Z", "lead_time": 4.5, **more,
    }  # fmt: skip


def studio_tasks() -> list[dict[str, Any]]:
    """Two tasks, with everything that an export may hold beside labels."""
    region = choice({"start": 0, "end": 3, "labels": ["NAME"]}, name="spans", kind="labels")
    return [
        {
            "id": 7,
            "data": {"text": "one", "slice": "easy"},
            "annotations": [
                annotation(1, [choice({"choices": ["good"]}), region]),
                annotation({"id": 2, "email": "bo@x.org"}, [choice({"choices": ["bad"]})]),
                annotation(3, [choice({"choices": ["good"]})], was_cancelled=True),
                annotation(4, []),
            ],
            "predictions": [{"model_version": "m1", "result": [choice({"choices": ["bad"]})]}],
            "drafts": [],
        },
        {
            "id": 8,
            "data": {"text": "two", "slice": "hard"},
            "annotations": [
                annotation(1, [choice({"choices": ["bad", "off topic"]})]),
                annotation(9, [choice({"choices": ["bad"]})], ground_truth=True),
            ],
            "predictions": [],
        },
        {"id": 9, "data": {"text": "three"}, "annotations": [], "predictions": []},
    ]


def write(path: Path, rows: Any) -> Path:
    """Write rows as JSON."""
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def rows(table: LabelTable, *names: str) -> list[tuple[Any, ...]]:
    """Some columns of a table."""
    return table.frame.select(names).rows()


def test_label_studio_json(tmp_path: Path) -> None:
    """Choices are labels; all else is counted, and ground truth is gold."""
    table = read_labels(write(tmp_path / "export.json", studio_tasks()))
    assert rows(table, "task", "worker", "label") == [
        (7, "1", "good"), (7, "bo@x.org", "bad"), (8, "1", "bad + off topic"),
    ]  # fmt: skip
    assert rows(table, "slice", "seconds") == [("easy", 4.5), ("easy", 4.5), ("hard", 4.5)]
    assert table.gold() == {8: "bad"}
    said = " ".join(table.notes)
    for what in (
        "1 cancelled annotation left out", "1 annotation without an answer", "1 prediction",
        "1 task without an annotation", "1 ground-truth annotation taken as gold",
        "1 result of another kind",
    ):  # fmt: skip
        assert what in said, (what, said)


@pytest.mark.parametrize(
    ("kind", "value", "label"),
    [
        ("pairwise", {"selected": "left"}, "left"),
        ("rating", {"rating": 4}, "4"),
        ("number", {"number": 2}, "2"),
    ],
)
def test_label_studio_controls(tmp_path: Path, kind: str, value: Any, label: str) -> None:
    """Pairwise, rating and number controls are labels too."""
    tasks = [{"id": 1, "data": {}, "annotations": [annotation(5, [choice(value, kind=kind)])]}]
    table = read_labels(write(tmp_path / "export.json", tasks))
    assert rows(table, "worker", "label") == [(5, label)]


def test_label_studio_several_questions(tmp_path: Path) -> None:
    """The fullest question is read, the others are named, and any can be asked for."""
    both = [choice({"choices": ["good"]}), choice({"rating": 3}, name="stars", kind="rating")]
    tasks = [{"id": 1, "data": {}, "annotations": [annotation(5, both), annotation(6, both[1:])]}]
    path = write(tmp_path / "export.json", tasks)
    table = read_labels(path)
    assert rows(table, "label") == [("3",), ("3",)]
    assert any("other questions left out: 'verdict' (1)" in note for note in table.notes)
    assert rows(read_labels(path, columns={"label": "verdict"}), "label") == [("good",)]
    with pytest.raises(InputError, match="no answers to 'colour'; there are: verdict, stars"):
        read_labels(path, columns={"label": "colour"})


FLAT = [
    {"id": 7, "text": "one", "verdict": "good", "annotator": 1, "annotation_id": 1,
     "created_at": "t", "updated_at": "t", "lead_time": 4.5},
    {"id": 7, "text": "one", "verdict": "bad", "annotator": 2, "annotation_id": 2,
     "created_at": "t", "updated_at": "t", "lead_time": 3.5},
    {"id": 8, "text": "two", "verdict": {"choices": ["bad", "good"]}, "annotator": 1,
     "annotation_id": 3, "created_at": "t", "updated_at": "t", "lead_time": 2.5},
    {"id": 9, "text": "three", "annotator": 1, "annotation_id": 4, "created_at": "t",
     "updated_at": "t", "lead_time": 1.5},
]  # fmt: skip


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_label_studio_flat(tmp_path: Path, kind: str) -> None:
    """JSON-MIN and CSV give the same labels; the answer's column is found by what differs."""
    path = tmp_path / f"export.{kind}"
    if kind == "json":
        write(path, FLAT)
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, sorted(FLAT[0]))
            writer.writeheader()
            for row in FLAT:
                writer.writerow(
                    {k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()}
                )
    table = read_labels(path)
    assert rows(table, "task", "worker", "label", "seconds") == [
        (7, 2, "bad", 3.5), (7, 1, "good", 4.5), (8, 1, "bad + good", 2.5),
    ]  # fmt: skip
    assert any("1 annotation without an answer left out" in note for note in table.notes)


def test_label_studio_flat_unclear(tmp_path: Path) -> None:
    """Where two columns could be the answer the reader asks instead of guessing."""
    unclear = [row | {"mood": "calm" if n % 2 else "loud"} for n, row in enumerate(FLAT)]
    path = write(tmp_path / "export.json", unclear)
    with pytest.raises(InputError, match="which is the answer: verdict, mood"):
        read_labels(path)
    assert len(read_labels(path, columns={"label": "verdict"})) == 3


V2 = [
    {"id": "a", "status": "completed", "fields": {"text": "one"}, "metadata": {"domain": "law"},
     "suggestions": {"tone": {"value": "rude", "agent": "m1", "score": 0.9}}, "vectors": {},
     "responses": {"tone": [{"value": "kind", "user_id": "u1", "status": "submitted"},
                            {"value": "rude", "user_id": "u2", "status": "submitted"},
                            {"value": "rude", "user_id": "u3", "status": "discarded"}]}},
    {"id": "b", "status": "pending", "fields": {"text": "two"}, "metadata": {"domain": "art"},
     "suggestions": {}, "vectors": {}, "responses": {}},
    {"id": "c", "status": "completed", "fields": {"text": "three"}, "metadata": {"domain": "law"},
     "suggestions": {}, "vectors": {},
     "responses": {"tone": [{"value": "kind", "user_id": "u1"}]}},
]  # fmt: skip
V1 = [
    {"external_id": "a", "fields": {"text": "one"}, "metadata": {"domain": "law"},
     "suggestions": [{"question_name": "tone", "value": "rude"}],
     "responses": [
         {"user_id": "u1", "status": "submitted", "values": {"tone": {"value": "kind"}}},
         {"user_id": "u2", "status": "submitted", "values": {"tone": {"value": "rude"}}},
         {"user_id": "u3", "status": "discarded", "values": {"tone": {"value": "rude"}}}]},
    {"external_id": "b", "fields": {"text": "two"}, "metadata": {"domain": "art"},
     "suggestions": [], "responses": []},
    {"external_id": "c", "fields": {"text": "three"}, "metadata": {"domain": "law"},
     "suggestions": [],
     "responses": [
         {"user_id": "u1", "status": "submitted", "values": {"tone": {"value": "kind"}}}]},
]  # fmt: skip
FLAT_V2 = [
    {"id": "a", "text": "one", "domain": "law", "tone.responses": ["kind", "rude", "rude"],
     "tone.responses.users": ["u1", "u2", "u3"], "tone.suggestion": "rude",
     "tone.responses.status": ["submitted", "submitted", "discarded"]},
    {"id": "b", "text": "two", "domain": "art", "tone.responses": None,
     "tone.responses.users": None, "tone.suggestion": None, "tone.responses.status": None},
    {"id": "c", "text": "three", "domain": "law", "tone.responses": ["kind"],
     "tone.responses.users": ["u1"], "tone.suggestion": None,
     "tone.responses.status": ["submitted"]},
]  # fmt: skip
ROWS_V1 = [
    {"external_id": "a", "text": "one", "domain": "law", "tone-suggestion": "rude",
     "tone": [{"user_id": "u1", "value": "kind", "status": "submitted"},
              {"user_id": "u2", "value": "rude", "status": "submitted"},
              {"user_id": "u3", "value": "rude", "status": "discarded"}]},
    {"external_id": "b", "text": "two", "domain": "art", "tone-suggestion": None, "tone": []},
    {"external_id": "c", "text": "three", "domain": "law", "tone-suggestion": None,
     "tone": [{"user_id": "u1", "value": "kind", "status": "submitted"}]},
]  # fmt: skip
PARTS = ("user_id", "value", "status")
LISTS_V1 = [
    row | {"tone": {key: [one[key] for one in row["tone"]] for key in PARTS}} for row in ROWS_V1
]


FORMS = {"v2": V2, "v1": V1, "flat": FLAT_V2, "rows": ROWS_V1, "lists": LISTS_V1}
# Records with nested answers are exported as JSON alone.
EXPORTS = [
    pytest.param(records, kind, id=f"{kind}-{form}")
    for kind in ("json", "jsonl", "parquet")
    for form, records in FORMS.items()
    if kind != "parquet" or form not in ("v2", "v1")
]


@pytest.mark.parametrize(("records", "kind"), EXPORTS)
def test_argilla(tmp_path: Path, records: list[dict[str, Any]], kind: str) -> None:
    """Every form of export, in every kind of file, gives the same labels and counts."""
    path = tmp_path / f"export.{kind}"
    if kind == "json":
        write(path, records)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    else:
        pl.DataFrame(records).write_parquet(path)
    table = read_labels(path)
    assert rows(table, "task", "worker", "label", "slice") == [
        ("a", "u1", "kind", "law"), ("a", "u2", "rude", "law"), ("c", "u1", "kind", "law"),
    ]  # fmt: skip
    said = " ".join(table.notes)
    for what in ("1 discarded response left out", "1 suggestion left out", "1 record without"):
        assert what in said, (what, said)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (5, "5"),
        (["law", "art"], "art + law"),
        ([{"value": "x", "rank": 1}, {"value": "y", "rank": 2}], "x"),
        ([{"value": "x", "rank": 1}, {"value": "y", "rank": 1}], "tie"),
        (
            [{"value": "x", "rank": 2}, {"value": "y", "rank": 1}, {"value": "z", "rank": 2}],
            "y > x = z",
        ),
    ],
)
def test_argilla_kinds_of_question(tmp_path: Path, value: Any, label: str) -> None:
    """Ratings, several labels and rankings become one label."""
    record = V2[2] | {"responses": {"q": [{"value": value, "user_id": "u1"}]}}
    assert rows(read_labels(write(tmp_path / "export.json", [record])), "label") == [(label,)]


def test_bad_exports(tmp_path: Path) -> None:
    """Each bad export gets one line that says what and where."""
    cancelled = [annotation(1, [choice({"choices": ["good"]})], was_cancelled=True)]
    cases = [
        ([{"id": 1, "data": {}, "annotations": [17]}], "annotations of task 1 are no list"),
        ([{"id": 1, "data": {}, "annotations": cancelled}], "no submitted answer .1 cancelled"),
        ([{"id": 1, "fields": {}, "responses": []}], "no submitted answer .1 record without"),
        ([{"id": "x", "fields": {}, "responses": "yes"}], "responses of record 'x' are neither"),
        ([FLAT[3], FLAT[3] | {"id": 10, "text": "four"}], "no column looks like an answer"),
    ]
    for number, (content, message) in enumerate(cases):
        path = write(tmp_path / f"{number}.json", content)
        with pytest.raises(InputError, match=message) as caught:
            read_labels(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_what_is_left_out_is_said_in_good_plural(tmp_path: Path) -> None:
    """Two of a kind are counted with the plural where it belongs."""
    empty = [{"id": n, "data": {}, "annotations": []} for n in (1, 2)]
    full = {"id": 3, "data": {}, "annotations": [annotation(5, [choice({"choices": ["good"]})])]}
    table = read_labels(write(tmp_path / "export.json", [*empty, full]))
    assert "2 tasks without an annotation left out" in table.notes
