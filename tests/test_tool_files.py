"""Files of annotation tools and markets, in the form in which each tool writes them."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from suffice.errors import InputError
from suffice.labels import LabelTable, read_labels

if TYPE_CHECKING:
    from pathlib import Path


def as_lines(rows: list[dict[str, Any]]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def as_csv(rows: list[dict[str, Any]], apart: str = ",") -> str:
    """Rows as CSV, with JSON in cells as tools write it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(k for r in rows for k in r)), delimiter=apart)
    writer.writeheader()
    for row in rows:
        cells = {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in row.items()}
        writer.writerow(cells)
    return out.getvalue()


def store(folder: Path, name: str, text: Any) -> Path:
    """Write a text, or a value as JSON."""
    path = folder / name
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return path


def said(table: LabelTable) -> list[tuple[Any, ...]]:
    """Task, worker and label as texts, in any order."""
    frame = table.frame.select(pl.col("task", "worker", "label").cast(pl.String))
    return sorted(frame.rows())


def studio(task: int, *annotations: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A task of Label Studio's JSON export."""
    return {"id": task, "data": data, "annotations": list(annotations), "drafts": [],
            "predictions": []}  # fmt: skip


def one(number: int, worker: int, *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An annotation of Label Studio, made at a time that grows with its number."""
    return {
        "id": number, "completed_by": worker, "result": list(results), "was_cancelled": False,
        "ground_truth": False, "created_at": f"2026-01-02T10:00:{number:02}.5Z", "lead_time": 2.5,
        **more,
    }  # fmt: skip


def result(name: str, kind: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A result of an annotation of Label Studio."""
    return {"from_name": name, "to_name": "t", "type": kind, "value": value, **more}


def choose(name: str, *choices: str, **more: Any) -> dict[str, Any]:
    """The result of a control of choices."""
    return result(name, "choices", {"choices": list(choices)}, **more)


FLAT = ("annotator", "annotation_id", "created_at", "lead_time")


def meta(number: int, worker: int) -> dict[str, Any]:
    """What the flat exports of Label Studio say of an annotation."""
    made = f"2026-01-02T10:00:{number:02}.5Z"
    return dict(zip(FLAT, (worker, number, made, 2.5), strict=True))


def test_label_studio_gives_one_answer_in_three_containers(tmp_path: Path) -> None:
    """A correction counts, although CSV and JSON-MIN list a task's annotations newest first."""
    tones = [(1, 1, "kind"), (2, 2, "kind"), (3, 1, "rude")]
    full = [studio(7, *(one(n, w, choose("tone", tone)) for n, w, tone in tones), text="one"),
            studio(8, one(4, 1, choose("tone", "kind")), text="two")]  # fmt: skip
    flat = [{"text": "one", "id": 7, "tone": tone} | meta(n, w) for n, w, tone in reversed(tones)]
    flat.append({"text": "two", "id": 8, "tone": "kind"} | meta(4, 1))
    expected = [("7", "1", "rude"), ("7", "2", "kind"), ("8", "1", "kind")]
    assert said(read_labels(store(tmp_path, "a.json", full))) == expected
    assert said(read_labels(store(tmp_path, "min.json", flat))) == expected
    table = read_labels(store(tmp_path, "a.csv", as_csv(flat)))
    assert said(table) == expected
    assert any("do not tell which annotation is ground truth" in note for note in table.notes)


def test_label_studio_answers_about_each_item(tmp_path: Path) -> None:
    """item_index tells the items of a task apart; flat files drop it, and say so."""
    per_item = [choose("kind", word, item_index=i) for i, word in enumerate(("cat", "dog"))]
    full = [studio(7, one(1, 1, *per_item), one(2, 2, per_item[1]), imgs=["a", "b"])]
    assert said(read_labels(store(tmp_path, "a.json", full))) == [
        ("7 | item 0", "1", "cat"), ("7 | item 1", "1", "dog"), ("7 | item 1", "2", "dog"),
    ]  # fmt: skip
    flat = [
        {"id": 7, "kind": ["cat", "dog"], "annotator": 1, "annotation_id": 1, "lead_time": 1},
        {"id": 7, "kind": ["dog", "dog"], "annotator": 2, "annotation_id": 2, "lead_time": 1},
        {"id": 8, "kind": ["dog", "cat"], "annotator": 2, "annotation_id": 3, "lead_time": 1},
    ]
    table = read_labels(store(tmp_path, "min.json", flat))
    assert said(table)[:2] == [("7 | item 0", "1", "cat"), ("7 | item 0", "2", "dog")]
    flat[1]["kind"] = "dog"
    with pytest.raises(InputError, match=r"does not tell which.*export the project as JSON"):
        read_labels(store(tmp_path, "min.json", flat))


def test_label_studio_rankers(tmp_path: Path) -> None:
    """An order is the label, a bucket each item's; the order shown may be nobody's answer."""
    items = [{"id": name, "title": name} for name in ("a", "b", "c")]

    def rank(**buckets: list[str]) -> dict[str, Any]:
        return result("rank", "ranker", {"ranker": buckets})

    full = [studio(1, one(1, 1, rank(rank=["c", "a", "b"])), one(2, 2, rank(rank=["a", "b", "c"])),
                   items=items)]  # fmt: skip
    table = read_labels(store(tmp_path, "order.json", full))
    assert said(table) == [("1", "1", "c > a > b"), ("1", "2", "a > b > c")]
    assert any("1 ranking in the very order" in note for note in table.notes)
    buckets = rank(_=["c"], good=["a"], bad=["b"])
    full = [studio(1, one(1, 1, buckets), items=items)]
    assert said(read_labels(store(tmp_path, "buckets.json", full))) == [
        ("1 | a", "1", "good"), ("1 | b", "1", "bad"),
    ]  # fmt: skip
    flat = {"id": 1, "items": items, "rank": [{"ranker": {"rank": ["b", "a", "c"]}}]}
    flat = [flat | dict(zip(FLAT, (w, w, "t", 1.0), strict=True)) for w in (1, 2)]
    for name, content in (("f.json", flat), ("f.csv", as_csv(flat))):
        assert said(read_labels(store(tmp_path, name, content)))[0] == ("1", "1", "b > a > c")


def test_label_studio_reads_the_comparison_before_its_reason(tmp_path: Path) -> None:
    """A fuller control of reasons does not take the place of the comparison."""
    pair = result("better", "pairwise", {"selected": "left"})
    full = [studio(n, one(n, 1, pair, choose("why", "long")), one(n + 5, 2, choose("why", "short")))
            for n in (1, 2)]  # fmt: skip
    table = read_labels(store(tmp_path, "a.json", full))
    assert {row[2] for row in said(table)} == {"left"}
    assert any("'why' (4) (--column label=NAME" in note for note in table.notes)
    flat = [
        {
            "id": 7,
            "better": [{"selected": side}],
            "why": why,
            "annotator": w,
            "lead_time": 1,
            "annotation_id": w,
        }
        for w, side, why in ((1, "left", "x"), (2, "right", "y"))
    ]
    table = read_labels(store(tmp_path, "flat.json", flat))
    assert [row[2] for row in said(table)] == ["left", "right"]
    assert any("other columns that may be answers: why" in note for note in table.notes)


def test_label_studio_where_all_is_ground_truth(tmp_path: Path) -> None:
    """An import without ground_truth makes all annotations gold: refused with the way out."""
    full = [studio(7, *(one(n, n, choose("tone", "kind"), ground_truth=True) for n in (1, 2)))]
    with pytest.raises(InputError, match=r"all 2 annotations are marked as ground truth"):
        read_labels(store(tmp_path, "a.json", full))
    full[0]["annotations"][1]["result"] = [choose("tone", "rude")]
    full[0]["annotations"].append(one(3, 3, choose("tone", "rude")))
    table = read_labels(store(tmp_path, "b.json", full))
    assert table.gold() == {7: "rude"}
    assert any("1 ground-truth annotation contradict" in note for note in table.notes)


def responses(*values: Any, status: bool = True) -> list[dict[str, Any]]:
    """Responses of Argilla by users 0, 1, ..., the last of them discarded."""
    found = [{"value": value, "user_id": f"u{i}"} for i, value in enumerate(values)]
    if status:
        for i, response in enumerate(found):
            response["status"] = "discarded" if i == len(values) - 1 else "submitted"
    return found


def test_argilla_nested_records_lack_their_status(tmp_path: Path) -> None:
    """Argilla 2's records.to_json drops the status: all count, and the way out is said."""
    records = [
        {
            "id": f"r{n}",
            "fields": {"text": "t"},
            "metadata": {},
            "suggestions": {},
            "responses": {"tone": responses("kind", "rude", status=False)},
        }
        for n in (1, 2)
    ]
    table = read_labels(store(tmp_path, "nested.json", records))
    assert len(table) == 4
    assert any("does not tell drafts and discarded" in note for note in table.notes)


RANKED = {
    "id": ["r1", "r2"],
    "text": ["t", "u"],
    "tone.responses": [["kind", "rude"], ["rude", "rude"]],
    "tone.responses.users": [["u0", "u1"]] * 2,
    "tone.responses.status": [["submitted", "discarded"], ["submitted", "submitted"]],
    "rank.responses": [[["a", "b"], ["b", "a"]], [["b", "a"], ["b", "a"]]],
    "rank.responses.users": [["u0", "u1"]] * 2,
    "rank.responses.status": [["submitted", "discarded"], ["submitted", "submitted"]],
}


def test_argilla_flat_records_in_every_container(tmp_path: Path) -> None:
    """The flat form keeps the status, as lines, columns, parquet and CSV of ``datasets``."""
    frame = pl.DataFrame(RANKED)
    rows = frame.to_dicts()
    frame.write_parquet(tmp_path / "d.parquet")
    printed = "['kind' 'rude']", "['rude' 'rude']"
    users, states = "['u0'\n 'u1']", ("['submitted' 'discarded']", "['submitted' 'submitted']")
    table = [{"id": f"r{n}", "tone.responses": printed[n - 1], "tone.responses.users": users,
              "tone.responses.status": states[n - 1],
              "rank.responses": "[array(['a', 'b'], dtype=object)\n array(['b'], dtype=object)]",
              "rank.responses.users": users} for n in (1, 2)]  # fmt: skip
    paths = [
        tmp_path / "d.parquet",
        store(tmp_path, "d.jsonl", as_lines(rows)),
        store(tmp_path, "d.json", RANKED),
        store(tmp_path, "d.csv", as_csv(table)),
    ]
    for path in paths:
        found = read_labels(path, columns={"label": "tone"})
        assert said(found) == [("r1", "u0", "kind"), ("r2", "u0", "rude"), ("r2", "u1", "rude")]
        assert any("discarded response" in note for note in found.notes)
    ranked = read_labels(paths[1], columns={"label": "rank"})
    assert [row[2] for row in said(ranked)] == ["a", "b", "b"]
    with pytest.raises(InputError, match=r"printed as text.*to_parquet"):
        read_labels(paths[3], columns={"label": "rank"})


def test_argilla_rankings_that_lost_their_ranks_are_refused(tmp_path: Path) -> None:
    """The SDK writes the options in the order of the question: alike in all, they say nothing."""
    rows = [{"id": n, "rank.responses": [["a", "b", "c"]] * 2, "rank.responses.users": ["u", "v"],
             "rank.responses.status": ["submitted"] * 2} for n in (1, 2)]  # fmt: skip
    with pytest.raises(InputError, match=r"has lost the ranks.*GET /api/v1"):
        read_labels(store(tmp_path, "r.jsonl", as_lines(rows)))


DOCCANO = {
    "ann": [(1, ["pos"]), (2, ["neg"]), (3, [])],
    "bob": [(1, ["neg", "pos"]), (2, ["neg"]), (3, ["pos"])],
}


def test_doccano_a_file_an_annotator(tmp_path: Path) -> None:
    """The annotator is the file's name, alone and in the archive that doccano gives."""
    with zipfile.ZipFile(tmp_path / "project.zip", "w") as archive:
        for who, rows in DOCCANO.items():
            texts = [
                {"id": n, "text": f"t{n}", "label": label, "Comments": []} for n, label in rows
            ]
            store(tmp_path, f"{who}.jsonl", as_lines(texts))
            flat = [row | {"label": "#".join(row["label"]), "Comments": ""} for row in texts]
            store(tmp_path, f"{who}.csv", as_csv(flat))
            archive.write(tmp_path / f"{who}.jsonl", f"{who}.jsonl")
    bob = [("1", "bob", "neg + pos"), ("2", "bob", "neg"), ("3", "bob", "pos")]
    assert said(read_labels(tmp_path / "bob.jsonl")) == bob
    assert said(read_labels(tmp_path / "bob.csv")) == bob
    both = read_labels(tmp_path / "project.zip")
    assert said(both) == sorted([("1", "ann", "pos"), ("2", "ann", "neg"), *bob])
    assert any("1 example without a label" in note for note in both.notes)
    spans = [{"id": 1, "text": "t", "label": [[0, 1, "X"]], "Comments": []}]
    with pytest.raises(InputError, match="labels of parts of a text"):
        read_labels(store(tmp_path, "spans.jsonl", as_lines(spans)))


def test_potato(tmp_path: Path) -> None:
    """One-hot columns, scales and nested labels, as Potato 2.12.1 writes them."""
    rows = [
        {"instance_id": "i1", "user_id": "ana", "tone.kind": "true", "tone.rude": "",
         "stars.scale_2": "", "stars.scale_4": "4", "why.text_box": "so", "tone._spans": "[]"},
        {"instance_id": "i1", "user_id": "bo", "tone.kind": "", "tone.rude": "true",
         "stars.scale_2": "2", "stars.scale_4": "", "why.text_box": "", "tone._spans": "[]"},
    ]  # fmt: skip
    nested = [
        {"instance_id": "i1", "user_id": "ana", "labels": {"tone": {"kind": "true"},
         "stars": {"scale_4": "4"}}, "spans": {}, "links": {}},
        {"instance_id": "i1", "user_id": "bo", "labels": {"tone": {"rude": "true"},
         "stars": {"scale_2": "2"}}, "spans": {}, "links": {}},
    ]  # fmt: skip
    for path in (
        store(tmp_path, "a.csv", as_csv(rows)),
        store(tmp_path, "a.tsv", as_csv(rows, "\t")),
        store(tmp_path, "a.jsonl", as_lines(nested)),
    ):
        tone, stars = (read_labels(path, columns={"label": q}) for q in ("tone", "stars"))
        assert said(tone) == [("i1", "ana", "kind"), ("i1", "bo", "rude")]
        assert said(stars) == [("i1", "ana", "4"), ("i1", "bo", "2")]


def test_mechanical_turk(tmp_path: Path) -> None:
    """JSON in the answer cell, fields in columns; rejected assignments are left out."""
    base = {"HITId": "H1", "AssignmentStatus": "Approved", "Reward": "$0.05",
            "WorkTimeInSeconds": 31, "Input.text": "t"}  # fmt: skip
    rows = [
        {**base, "WorkerId": "A", "Answer.taskAnswers": [{"tone": {"label": "kind"}}]},
        {**base, "WorkerId": "B", "Answer.taskAnswers": [{"tone": {"kind": False, "rude": True}}]},
        {**base, "WorkerId": "C", "Answer.taskAnswers": [{"tone": {"label": "kind"}}],
         "AssignmentStatus": "Rejected"},
    ]  # fmt: skip
    table = read_labels(store(tmp_path, "batch.csv", as_csv(rows)))
    assert said(table) == [("H1", "A", "kind"), ("H1", "B", "rude")]
    assert table.frame.select("cost", "seconds").rows() == [(0.05, 31), (0.05, 31)]
    assert any("1 rejected assignment left out" in note for note in table.notes)
    fields = [{**base, "WorkerId": w, "Answer.tone.kind": k, "Answer.tone.rude": not k}
              for w, k in (("A", True), ("B", False))]  # fmt: skip
    table = read_labels(store(tmp_path, "fields.csv", as_csv(fields)))
    assert said(table) == [("H1", "A", "kind"), ("H1", "B", "rude")]


def test_toloka(tmp_path: Path) -> None:
    """Outputs are labels, GOLDEN: is gold, and the inputs are the task whatever its id."""
    rows = [
        {"INPUT:url": f"u{t}", "OUTPUT:result": label, "GOLDEN:result": "cat" if t == 1 else "",
         "ASSIGNMENT:task_id": f"{t}-{w}", "ASSIGNMENT:worker_id": w, "ASSIGNMENT:status": status,
         "ASSIGNMENT:started": "2024-05-01T10:00:00.000", "ASSIGNMENT:reward": 0.02,
         "ASSIGNMENT:submitted": "2024-05-01T10:00:12.000"}
        for t, w, label, status in ((1, "a", "cat", "APPROVED"), (1, "b", "dog", "APPROVED"),
                                    (2, "a", "dog", "APPROVED"), (2, "b", "dog", "REJECTED"))
    ]  # fmt: skip
    table = read_labels(store(tmp_path, "assignments.tsv", as_csv(rows, "\t")))
    assert said(table) == [("u1", "a", "cat"), ("u1", "b", "dog"), ("u2", "a", "dog")]
    assert table.gold() == {"u1": "cat"}
    assert table.frame["seconds"].unique().to_list() == [12.0]


def test_ground_truth(tmp_path: Path) -> None:
    """Workers' answers are read by worker; a manifest is one label a task, and says so."""
    manifest = [
        {"source": f"text {n}", "job": n % 2, "job-metadata": {"class-name": "ab"[n % 2],
         "confidence": 0.9, "type": "groundtruth/text-classification", "human-annotated": "yes"}}
        for n in range(3)
    ]  # fmt: skip
    table = read_labels(store(tmp_path, "output.manifest", as_lines(manifest)))
    assert [row[2] for row in said(table)] == ["a", "b", "a"]
    assert any("consolidated labels" in note for note in table.notes)
    request = [
        {
            "datasetObjectId": str(n),
            "dataObject": {"content": "t"},
            "annotations": [
                {
                    "workerId": w,
                    "annotationData": {
                        "content": json.dumps({"crowd-classifier": {"label": label}})
                    },
                }
                for w, label in (("w1", "a"), ("w2", "b"))
            ],
        }
        for n in range(2)
    ]
    table = read_labels(store(tmp_path, "request.json", request))
    assert said(table)[:2] == [("0", "w1", "a"), ("0", "w2", "b")]
    answers = [
        {
            "answers": [
                {
                    "workerId": "w1",
                    "timeSpentInSeconds": 3.5,
                    "answerContent": {"crowd-classifier": {"label": "a"}},
                }
            ],
            "inputContent": {},
            "humanLoopName": "h",
        }
    ]
    table = read_labels(store(tmp_path, "worker-response.json", answers))
    assert said(table) == [("h", "w1", "a")]
