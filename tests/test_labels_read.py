"""Reading label files: what is recognised, and what each bad file is told."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from suffice.errors import InputError
from suffice.labels._asked import Asked
from suffice.labels._read import gold_of_file, read_gold, read_labels
from suffice.labels._table import LabelTable, natural_order
from suffice.labels.formats import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [("t1", "ann", "yes"), ("t1", "bob", "no"), ("t2", "ann", "no"), ("t2", "bob", "no")]
FRAME = pl.DataFrame(ROWS, schema=["task", "worker", "label"], orient="row")


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """Put a file into the folder."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path) -> str:
    """The message with which a file is refused: one line, with the file's name."""
    with pytest.raises(InputError) as caught:
        read_labels(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "jsonl", "json", "csv.gz", "jsonl.gz"])
def test_every_format_gives_the_same_table(tmp_path: Path, kind: str) -> None:
    """CSV, TSV, parquet, JSON and JSON lines, gzipped or not."""
    path = tmp_path / f"votes.{kind}"
    if kind == "parquet":
        FRAME.write_parquet(path)
    elif kind.startswith("csv"):
        text = FRAME.write_csv().encode()
        path.write_bytes(gzip.compress(text) if kind.endswith("gz") else text)
    elif kind == "tsv":
        FRAME.write_csv(path, separator="\t")
    else:
        rows = FRAME.to_dicts()
        text = json.dumps(rows) if kind == "json" else "\n".join(json.dumps(row) for row in rows)
        path.write_bytes(gzip.compress(text.encode()) if kind.endswith("gz") else text.encode())
    table = read_labels(path)
    assert table.frame.rows() == ROWS
    assert table.classes == ("no", "yes")


@pytest.mark.parametrize("name", ["votes[1].parquet", "votes*.csv", "votes?.jsonl"])
def test_a_file_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    """Brackets and stars in a name are read as they stand, whatever lies beside the file."""
    (tmp_path / "votes1.parquet").write_bytes(b"another file, and a broken one")
    path = tmp_path / name
    if name.endswith("parquet"):
        FRAME.write_parquet(path)
    else:
        path.write_text(FRAME.write_csv() if name.endswith("csv") else FRAME.write_ndjson())
    assert read_labels(path).frame.rows() == ROWS


@pytest.mark.parametrize(
    ("name", "frame", "columns"),
    [
        ("Label Studio", {"id": [1], "data": ["{}"], "annotations": ["[]"]}, {}),
        ("Label Studio", {"annotation_id": [1], "annotator": [2], "lead_time": [3.5]}, {}),
        ("Argilla", {"fields": ["{}"], "responses": ["[]"]}, {}),
        ("preferences", {"chosen": ["a"], "rejected": ["b"], "worker_1": ["c"]}, {}),
        ("one row a label", {"chosen": ["a"], "rejected": ["b"]}, {"label": "chosen"}),
        ("one column a worker", {"task": [1], "worker_1": ["c"], "worker_2": ["d"]}, {}),
        ("one row a label", {"task": [1], "worker": ["x"], "label": ["c"], "vote_1": ["d"]}, {}),
        ("one row a label", {"nothing": [1]}, {}),
    ],
)
def test_the_first_format_that_knows_a_file_reads_it(
    name: str, frame: dict[str, list[object]], columns: dict[str, str]
) -> None:
    """Exports before preferences before plain tables, and what nobody knows is one row a label."""
    raw = pl.DataFrame(frame)
    first = next(one for one in FORMATS if one.is_mine(raw, Asked(columns)))
    assert name == first.NAME


def test_obvious_names_are_recognised_and_said(tmp_path: Path) -> None:
    """Other tools' column names are taken for ours, and the notes say which."""
    text = "Item ID,Annotator,Response,lead_time,domain\n1,a,x,2.5,news\n1,b,y,3,news\n"
    table = read_labels(write(tmp_path, "export.csv", text))
    assert table.columns == {
        "task": "Item ID", "worker": "Annotator", "label": "Response", "seconds": "lead_time",
        "slice": "domain",
    }  # fmt: skip
    assert "Annotator as worker" in table.notes[0]
    assert table.frame["seconds"].to_list() == [2.5, 3.0]


def test_columns_can_be_named(tmp_path: Path) -> None:
    """Names that nobody could guess are given by the caller."""
    path = write(tmp_path, "odd.csv", "foo,bar,baz\n1,a,x\n1,b,y\n")
    table = read_labels(path, columns={"task": "foo", "worker": "bar", "label": "baz"})
    assert len(table) == 2
    with pytest.raises(InputError, match="no column 'nope'"):
        read_labels(path, columns={"task": "nope"})


def test_wide_table_is_made_long(tmp_path: Path) -> None:
    """One column a worker; an empty cell is no label, and is counted."""
    text = "id,annotation_1,annotation_2,final_label\n1,safe,unsafe,safe\n2,safe,,safe\n"
    table = read_labels(write(tmp_path, "wide.csv", text))
    assert sorted(table.frame.select("task", "worker", "label").rows()) == [
        (1, "annotation_1", "safe"), (1, "annotation_2", "unsafe"), (2, "annotation_1", "safe"),
    ]  # fmt: skip
    assert table.gold() == {1: "safe", 2: "safe"}
    assert any("1 empty cell passed" in note for note in table.notes)


def test_numbers_and_text_are_the_same_label(tmp_path: Path) -> None:
    """1, 1.0 and "1" are one class."""
    frame = pl.DataFrame({"task": [1, 2], "worker": ["a", "a"], "label": [1.0, 0.0]})
    assert LabelTable.from_frame(frame).classes == ("0", "1")


def test_natural_order() -> None:
    """Numbers by value, then words."""
    assert natural_order(["10", "9", "b", "a"]) == ("9", "10", "a", "b")


def test_ids_with_commas_and_emoji(tmp_path: Path) -> None:
    """Ids are kept as they are."""
    ids = ['a, "b"', "naïve 🦆", "\u4efb\u52a1"]
    frame = pl.DataFrame({"task": ids, "worker": ids, "label": ["x", "y", "x"]})
    path = tmp_path / "ids.csv"
    frame.write_csv(path)
    assert read_labels(path).frame["worker"].to_list() == ids


def test_ids_keep_their_zeros(tmp_path: Path) -> None:
    """007 and 7 are two workers; whole numbers are read as numbers."""
    path = write(tmp_path, "z.csv", "task,worker,label\n1,007,1.0\n2,7,0\n3,7,\n")
    table = read_labels(path, drop_missing=True)
    assert table.frame["worker"].to_list() == ["007", "7"]
    assert table.frame["task"].to_list() == [1, 2]
    assert table.classes == ("0", "1")


def test_categories_are_text_and_objects_are_refused(tmp_path: Path) -> None:
    """Categorical columns of parquet files work; a column of objects is named."""
    path = tmp_path / "votes.parquet"
    FRAME.with_columns(pl.all().cast(pl.Categorical)).write_parquet(path)
    assert read_labels(path).frame.rows() == ROWS
    FRAME.with_columns(label=pl.struct("label")).write_parquet(path)
    assert "label column holds lists" in refusal(path)


def test_duplicate_rows_count_once_and_are_said(tmp_path: Path) -> None:
    """A repeated row says nothing new; a changed mind counts as the later label."""
    text = "task,worker,label\n1,a,x\n1,a,x\n1,b,x\n1,b,y\n"
    table = read_labels(write(tmp_path, "twice.csv", text))
    assert table.frame.rows() == [(1, "a", "x"), (1, "b", "y")]
    said = " ".join(table.notes)
    assert "1 row repeated" in said
    assert "later row counts" in said


def test_semicolons_and_byte_order_mark(tmp_path: Path) -> None:
    """What spreadsheets write is read."""
    path = write(tmp_path, "sheet.csv", b"\xef\xbb\xbftask;worker;label\n1;a;x\n")
    assert read_labels(path).frame.rows() == [(1, "a", "x")]


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there."""
    assert "no such file" in refusal(tmp_path / "nowhere.csv")
    assert "no such file" in refusal(tmp_path / "nowhere.xyz")


def test_folder_and_unknown_kind(tmp_path: Path) -> None:
    """A folder, and a file of a kind that is not read."""
    assert "folder" in refusal(tmp_path)
    assert ".csv" in refusal(write(tmp_path, "votes.xlsx", "x"))


@pytest.mark.parametrize("text", ["", "\n\n", "task,worker,label\n"])
def test_empty_table(tmp_path: Path, text: str) -> None:
    """No labels at all."""
    message = refusal(write(tmp_path, "empty.csv", text))
    assert "empty" in message or "no labels" in message


def test_not_utf8_names_the_line(tmp_path: Path) -> None:
    """Latin-1 text is refused with its line."""
    path = write(tmp_path, "latin.csv", "task,worker,label\n1,a,x\n2,b\xe9,x\n".encode("latin1"))
    assert "line 3 is not UTF-8" in refusal(path)


@pytest.mark.parametrize(
    ("cell", "column"), [("1,a,", "label"), ("1,,x", "worker"), (",a,x", "task"),
                         ("1,a,NaN", "label")],
)  # fmt: skip
def test_empty_and_nan_cells_name_the_row(tmp_path: Path, cell: str, column: str) -> None:
    """An empty or NaN cell is refused with its row, or left out when asked."""
    path = write(tmp_path, "holes.csv", f"task,worker,label\n2,b,y\n{cell}\n")
    message = refusal(path)
    assert f"without a {column}" in message
    assert "data row 2" in message


def test_holes_can_be_left_out_and_are_counted(tmp_path: Path) -> None:
    """With drop_missing the rows are passed over and counted."""
    path = write(tmp_path, "holes.csv", "task,worker,label\n2,b,y\n1,a,\n")
    table = read_labels(path, drop_missing=True)
    assert len(table) == 1
    assert any("1 row with" in note for note in table.notes)


def test_nan_in_a_float_column() -> None:
    """A NaN label in a frame is refused too."""
    frame = pl.DataFrame({"task": [1, 2], "worker": ["a", "a"], "label": [1.0, float("nan")]})
    with pytest.raises(InputError, match="without a label"):
        LabelTable.from_frame(frame)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    """A file without workers says so and lists what it has."""
    message = refusal(write(tmp_path, "two.csv", "task,label\n1,x\n"))
    assert "worker" in message
    assert "task" in message


def test_broken_json_names_the_line(tmp_path: Path) -> None:
    """A broken line of JSON is named."""
    path = write(tmp_path, "votes.jsonl", '{"task": 1, "worker": 2, "label": 0}\n{"task": \n')
    assert "line 2" in refusal(path)


def test_ragged_csv_and_broken_parquet(tmp_path: Path) -> None:
    """Files that cannot be parsed are refused in one line."""
    ragged = refusal(write(tmp_path, "ragged.csv", "task,worker,label\n1,a,x\n1,b,x,9,9\n"))
    assert "line 3 has 5 fields where the first line has 3" in ragged
    quote = refusal(write(tmp_path, "quote.csv", 'task,worker,label\n1,"a,x\n2,b,y\n'))
    assert "line 2 has a quotation mark that opens a field and none that ends it" in quote
    assert "parquet" in refusal(write(tmp_path, "broken.parquet", "no parquet"))


def test_gold_file(tmp_path: Path) -> None:
    """Gold is a task column and a truth column, whatever they are called."""
    assert read_gold(write(tmp_path, "g.csv", "item,truth\n1,x\n2,y\n")) == {1: "x", 2: "y"}
    assert read_gold(write(tmp_path, "h.csv", "task,label\n1,1.0\n2,\n")) == {1: "1"}


def test_gold_that_contradicts_itself(tmp_path: Path) -> None:
    """Two gold labels for one task are refused."""
    with pytest.raises(InputError, match="two different gold labels"):
        read_gold(write(tmp_path, "g.csv", "task,gold\n1,x\n1,y\n"))


def test_gold_without_gold(tmp_path: Path) -> None:
    """A gold file with no gold in it."""
    with pytest.raises(InputError, match="no gold labels"):
        read_gold(write(tmp_path, "g.csv", "task,gold\n1,\n"))


def test_crowd_sets_are_read(shared_data: Path) -> None:
    """The public crowd sets are read as they are."""
    sizes = {"bluebird": 4212, "dog": 8070, "rte": 8000, "web": 15567, "sentiment": 20000}
    for name, labels in sizes.items():
        assert len(read_labels(shared_data / "crowd" / name / "label.csv")) == labels


def test_llmfao_and_pandalm_are_read(shared_data: Path) -> None:
    """Pairwise votes with a winner column, and a JSON list with one column a person."""
    folder = shared_data / "preferences"
    votes = read_labels(folder / "llmfao" / "crowd-comparisons.csv")
    assert votes.classes == ("left", "right", "tie")
    assert len(votes) == 8931
    wide = read_labels(folder / "pandalm" / "testset-v1.json")
    assert len(wide) == 3 * 999


def test_columns_that_mean_nothing_are_listed(tmp_path):
    """A table without one known name shows the names that it has."""
    path = tmp_path / "odd.csv"
    path.write_text("a,b,c\n1,2,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column for task and worker and label among: a, b, c"):
        read_labels(path)


def test_columns_that_were_not_used_are_named(tmp_path: Path) -> None:
    """A column that nothing was made of is named; one that has our own name is not."""
    table = read_labels(write(tmp_path, "more.csv", "task,rater,label,mood\n1,a,x,good\n1,b,y,\n"))
    assert table.notes == ("read rater as worker", "columns not used: mood")
    many = ",".join(f"extra{n}" for n in range(12))
    table = read_labels(write(tmp_path, "many.csv", f"task,worker,label,{many}\n1,a,x{',' * 12}\n"))
    assert table.notes[0].endswith("extra7 and 4 more")


def test_gold_says_what_it_took_and_passed_over(tmp_path: Path) -> None:
    """Of a gold file the notes say which columns were read and how many rows had no gold."""
    gold, notes = gold_of_file(write(tmp_path, "g.csv", "item,truth\n1,x\n2,\n3,\n"))
    assert gold == {1: "x"}
    assert notes == [
        "gold file: read item as task, truth as gold",
        "gold file: 2 rows without a right label passed over",
    ]


def test_text_that_is_none(tmp_path: Path) -> None:
    """UTF-16 and binary files are told apart from text in another encoding."""
    text = "task,worker,label\n1,a,x\n"
    assert "UTF-16" in refusal(write(tmp_path, "wide.csv", text.encode("utf-16")))
    assert "line 2 holds a zero byte" in refusal(
        write(tmp_path, "zero.csv", "task,worker,label\n1,a\0b,x\n")
    )


def test_negative_prices_and_times_are_left_out_and_said(tmp_path: Path) -> None:
    """What costs or takes less than nothing says nothing; one such value is shown."""
    text = "task,worker,label,cost,seconds\n1,a,x,-1,3\n1,b,x,0.5,-2\n2,a,y,free,4\n"
    table = read_labels(write(tmp_path, "odd.csv", text))
    assert table.frame["cost"].to_list() == [None, 0.5, None]
    assert table.frame["seconds"].to_list() == [3, None, 4]
    said = " ".join(table.notes)
    assert "1 value of seconds left out" in said
    assert "2 values of cost left out" in said
    assert "such as '-1'" in said
