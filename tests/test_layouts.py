"""Containers and layouts of label files: lines, lists, keys, quotes, one column a person."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suffice.errors import InputError
from suffice.labels import read_frame, read_labels

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"task": f"t{t}", "worker": f"w{w}", "label": "odd" if (t * w) % 3 else "even"}
    for t in range(6) for w in range(3)
]  # fmt: skip


def store(folder: Path, name: str, content: Any) -> Path:
    """Write a text, or a value as JSON."""
    path = folder / name
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(text.encode())
    return path


def lines(rows: list[dict[str, Any]]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def labels(path: Path) -> list[tuple[Any, ...]]:
    """What a file says, in any order."""
    frame = read_labels(path).frame
    return sorted(map(tuple, frame.select("task", "worker", "label").rows()))


EXPECTED = sorted(tuple(row.values()) for row in ROWS)
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}
CONTAINERS = {
    "lines": lines(ROWS),
    "list": ROWS,
    "list over lines": json.dumps(ROWS, indent=2),
    "columns": COLUMNS,
    "pandas columns": {k: {str(i): v for i, v in enumerate(c)} for k, c in COLUMNS.items()},
    "pandas split": {"columns": list(COLUMNS), "index": list(range(len(ROWS))),
                     "data": [list(row.values()) for row in ROWS]},
    "by id": {f"r{i}": row for i, row in enumerate(ROWS)},
    "wrapper": {"version": 2, "data": ROWS},
    "datasets server": {"rows": [{"row_idx": i, "row": r, "truncated_cells": []}
                                 for i, r in enumerate(ROWS)], "num_rows_total": len(ROWS)},
    "under tasks": {t: [{k: v for k, v in row.items() if k != "task"} for row in ROWS
                        if row["task"] == t] for t in dict.fromkeys(COLUMNS["task"])},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "ending"),
    [(kind, "json") for kind in CONTAINERS]
    + [(kind, "jsonl") for kind in ("lines", "list", "list over lines")],
)
def test_one_table_in_every_container(tmp_path: Path, kind: str, ending: str) -> None:
    """What a file holds decides how it is read, whatever its ending says."""
    assert labels(store(tmp_path, f"votes.{ending}", CONTAINERS[kind])) == EXPECTED


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(ROWS), st.sampled_from(["json", "jsonl", "csv", "tsv", "parquet"]),
       st.booleans())  # fmt: skip
def test_order_container_and_compression_change_nothing(
    tmp_path: Path, rows: list[dict[str, Any]], ending: str, zipped: bool
) -> None:
    """The same labels in any order, container and compression are the same labels."""
    path = tmp_path / f"votes.{ending}"
    if ending.startswith("json"):
        path.write_text(lines(rows) if ending == "jsonl" else json.dumps(rows), encoding="utf-8")
    elif ending == "parquet":
        pl.DataFrame(rows).write_parquet(path)
    else:
        pl.DataFrame(rows).write_csv(path, separator="\t" if ending == "tsv" else ",")
    if zipped and ending != "parquet":
        packed = tmp_path / f"{path.name}.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        path = packed
    assert labels(path) == EXPECTED


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    """U+2028, U+2029, U+0085, form feed and vertical tab may stand in a JSON text."""
    text = "one\u2028two\u2029three\u0085four"
    rows = [{**row, "remark": text} for row in ROWS]
    raw = "".join(json.dumps(row, ensure_ascii=False) + "\r\n" for row in rows)
    frame = read_frame(store(tmp_path, "votes.jsonl", raw))
    assert frame["remark"].unique().to_list() == [text]
    assert len(frame) == len(ROWS)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    """The line of the file is said, in lines and in lists."""
    with pytest.raises(InputError, match="line 3 is no JSON"):
        read_frame(store(tmp_path, "a.jsonl", lines(ROWS[:2]) + '{"task": \n' + lines(ROWS[2:])))
    with pytest.raises(InputError, match=r"line 3 is no JSON \(Expecting ',' delimiter\)"):
        read_frame(store(tmp_path, "b.json", '[{"task": 1},\n{"task": 2}\n{"task": 3}]'))
    with pytest.raises(InputError, match="line 2 is no JSON"):
        read_frame(store(tmp_path, "c.json", '[{"task": 1}]\n[2]'))
    with pytest.raises(InputError, match="half a surrogate"):
        read_frame(store(tmp_path, "d.jsonl", '{"task": "\\ud83d"}\n{"task": "b"}\n'))


def test_columns_of_long_files_keep_their_kind(tmp_path: Path) -> None:
    """A column that begins late, or turns into another kind late, is read as one."""
    rows: list[dict[str, Any]] = [{"n": i, "mixed": i, "big": 2**53 + i} for i in range(45_000)]
    rows[-1] |= {"n": 0.5, "mixed": "x", "late": True, "nested": {"a": [1, None]}, "big": 0.5}
    frame = read_frame(store(tmp_path, "long.jsonl", lines(rows)))
    assert frame.schema == {"n": pl.Float64, "mixed": pl.String, "big": pl.String,
                            "late": pl.Boolean, "nested": pl.String}  # fmt: skip
    assert frame["mixed"].tail(2).to_list() == ["44998", "x"]
    assert frame["late"].tail(2).to_list() == [None, True]
    assert frame["nested"][-1] == '{"a":[1,null]}'
    assert frame["big"][1] == str(2**53 + 1), "a float would have rounded it"


INCHES = (
    'task,text,worker,label\n1,the 5" screen,a,yes\n1,"5"" and 6"", wide",b,no\n2,3" x 5",a,no\n'
)


def test_quotation_marks_inside_fields(tmp_path: Path) -> None:
    """A mark in a field that none opened stands for itself, as in every spreadsheet."""
    frame = read_frame(store(tmp_path, "inches.csv", INCHES))
    assert frame["text"].to_list() == ['the 5" screen', '5" and 6", wide', '3" x 5"']
    assert frame.schema["task"] == pl.Int64
    tabs = INCHES.replace('"5"" and 6"", wide"', '"5"" and 6""\t wide"').replace(",", "\t")
    assert len(read_frame(store(tmp_path, "inches.tsv", tabs))) == 3


def test_a_broken_quotation_is_named_with_its_line(tmp_path: Path) -> None:
    """A field that does not end, and a mark within a quoted field."""
    head = "task,text,worker,label\n1,plain,a,yes\n"
    with pytest.raises(InputError, match="line 3 has a quotation mark that opens a field"):
        read_frame(store(tmp_path, "a.csv", head + '2,"open,a,no\n3,x,a,no\n'))
    with pytest.raises(InputError, match="line 3 has a quotation mark inside a quoted field"):
        read_frame(store(tmp_path, "b.csv", head + '2,"a 5" screen",a,no\n'))
    with pytest.raises(InputError, match="line 3 has 5 fields where the first line has 4"):
        read_frame(store(tmp_path, "c.csv", head + '2,5" wide, flat,a,no\n'))


WIDE = "id,text,{}\n1,t1,yes,no,\n2,t2,no,no,yes\n3,t3,yes,,yes\n"


def test_one_column_a_person_under_any_name(tmp_path: Path) -> None:
    """Addresses are told from their form; other names are asked for, and named or matched."""
    mail = store(tmp_path, "mail.csv", WIDE.format("ana@x.org,bo@x.org,cy@x.org"))
    assert len(labels(mail)) == 7
    names = store(tmp_path, "names.csv", WIDE.format("Ana,Bo,Cy"))
    with pytest.raises(InputError, match=r"--workers Ana,Bo,Cy"):
        read_labels(names)
    table = read_labels(names, workers=["Ana,Bo,Cy"])
    assert table.frame["worker"].unique().sort().to_list() == ["Ana", "Bo", "Cy"]
    assert len(table) == 7
    rated = store(tmp_path, "r.csv", WIDE.format("r_ana,r_bo,other"))
    assert read_labels(rated, workers=["r_*"]).frame["worker"].n_unique() == 2
    with pytest.raises(InputError, match=r"no column 'q\*'; there are: id, text, r_ana"):
        read_labels(rated, workers=["q*"])


def test_labels_as_lists(tmp_path: Path) -> None:
    """One entry is the label, none is no label, several are one; in JSON, CSV and parquet."""
    rows = [
        {"task": 1, "worker": "a", "label": ["pos"]}, {"task": 1, "worker": "b", "label": []},
        {"task": 2, "worker": "a", "label": ["pos", "neg"]},
        {"task": 2, "worker": "b", "label": ["neg"]},
    ]  # fmt: skip
    expected = [(1, "a", "pos"), (2, "a", "neg + pos"), (2, "b", "neg")]
    path = store(tmp_path, "lists.jsonl", lines(rows))
    assert labels(path) == expected
    assert any("1 empty list left out" in note for note in read_labels(path).notes)
    pl.DataFrame(rows).write_parquet(tmp_path / "lists.parquet")
    assert labels(tmp_path / "lists.parquet") == expected
    printed = "task,worker,label\n1,a,['pos']\n1,b,[]\n2,a,['pos' 'neg']\n2,b,['neg']\n"
    assert labels(store(tmp_path, "lists.csv", printed)) == expected
    cut = "task,worker,label\n1,a,['a' 'b' ... 'c']\n2,a,['b']\n"
    with pytest.raises(InputError, match="a list was cut off"):
        read_labels(store(tmp_path, "cut.csv", cut))


def test_labels_inside_the_row_of_a_task(tmp_path: Path) -> None:
    """A list of objects with worker and label is one label each; the row's id is the task."""
    rows = [
        {"id": f"d{i}", "text": "t", "votes": [{"rater": w, "score": (i + w) % 2, "id": 9}
                                               for w in range(3)]}
        for i in range(4)
    ]  # fmt: skip
    for name, content in (("a.jsonl", lines(rows)), ("a.json", rows)):
        table = read_labels(store(tmp_path, name, content))
        assert len(table) == 12
        assert table.frame["worker"].n_unique() == 3
    assert table.frame["task"].n_unique() == 4, "the entry's own id is not the task's"


def test_workers_and_labels_side_by_side(tmp_path: Path) -> None:
    """Two lists in a row, or an object of workers, are one label an entry."""
    lists = [{"id": i, "annotators": ["a", "b"], "labels": [i % 2, 1]} for i in range(4)]
    objects = [{"id": i, "labels": {"a": i % 2, "b": 1}} for i in range(4)]
    expected = [(i, w, str(label)) for i in range(4) for w, label in (("a", i % 2), ("b", 1))]
    for rows in (lists, objects):
        assert labels(store(tmp_path, "a.jsonl", lines(rows))) == expected
        pl.DataFrame(lists).write_parquet(tmp_path / "a.parquet")
        assert labels(tmp_path / "a.parquet") == expected
    lists[2]["labels"] = [1]
    with pytest.raises(InputError, match="row 3 has 2 annotators and 1 labels"):
        read_labels(store(tmp_path, "a.jsonl", lines(lists)))


def test_winners_in_columns_of_their_own(tmp_path: Path) -> None:
    """A column for each way to win is one winner."""
    text = "id,model_a,model_b,prompt,winner_model_a,winner_model_b,winner_tie\n"
    path = store(tmp_path, "w.csv", text + "1,x,y,p,1,0,0\n2,y,x,q,0,1,0\n3,x,z,r,0,0,1\n")
    table = read_labels(path)
    assert table.frame["label"].to_list() == ["model_a", "model_b", "tie"]


def test_a_list_of_participants_is_named(tmp_path: Path) -> None:
    """Prolific's export holds people and no labels."""
    text = "Submission id,Participant id,Status,Age,Sex\n1,a,APPROVED,30,Female\n"
    with pytest.raises(InputError, match="Prolific's list of participants"):
        read_labels(store(tmp_path, "p.csv", text))


def test_what_is_judged_apart_is_apart(tmp_path: Path) -> None:
    """Turns and dimensions are tasks of their own, and so are a worker's attempts."""
    both = [{**row, "turn": turn} for row in ROWS for turn in (1, 2)]
    table = read_labels(store(tmp_path, "turns.jsonl", lines(both)))
    assert len(table) == 2 * len(ROWS)
    assert table.frame["task"].n_unique() == 12
    assert "t0 | turn 1" in table.frame["task"].to_list()
    assert any("judged apart" in note and "turn" in note for note in table.notes)
    rounds = [{**row, "round": row["worker"]} for row in ROWS]
    table = read_labels(store(tmp_path, "rounds.jsonl", lines(rounds)))
    assert table.frame["task"].n_unique() == 6, "a round of other people is no other task"
    named = [{**row, "lens": lens} for row in ROWS for lens in ("a", "b")]
    path = store(tmp_path, "named.jsonl", lines(named))
    assert len(read_labels(path, columns={"task": "task,lens"})) == 2 * len(ROWS)
