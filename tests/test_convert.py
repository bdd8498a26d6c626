"""``suffice convert`` and ``suffice formats``: what is written is read again as what it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from test_preference_shapes import ASK, BAD, GOOD, TALKS

from suffice.cli import main
from suffice.errors import InputError
from suffice.labels import LabelTable, convert, list_formats, read_labels, read_preferences
from suffice.labels.formats import FORMATS

ROWS = [
    {"task": f"t{t}", "worker": f"w{w}@x.org", "label": "yes" if (t + w) % 2 else "no",
     "gold": "yes" if t == 1 else None, "seconds": 1.5, "slice": "easy"}
    for t in range(3) for w in range(2)
]  # fmt: skip


def store(folder: Path, rows: list[dict[str, Any]], name: str = "in.jsonl") -> Path:
    """Write rows as JSON lines."""
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def said(table: LabelTable) -> list[tuple[Any, ...]]:
    """Task, worker and label, in any order."""
    return sorted(table.frame.select(pl.col("task", "worker", "label").cast(pl.String)).rows())


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "json", "jsonl"])
def test_a_table_is_read_as_it_was(tmp_path: Path, ending: str) -> None:
    """All columns come back, whatever the ending; nothing is lost."""
    before = read_labels(store(tmp_path, ROWS))
    result = convert(tmp_path / "in.jsonl", tmp_path / f"out.{ending}", to="table")
    assert result.rows == len(ROWS)
    assert result.lost == ()
    after = read_labels(result.path)
    assert after.frame.equals(before.frame)


@pytest.mark.parametrize("target", ["trl", "openai"])
@pytest.mark.parametrize("shape", TALKS)
def test_pairs_are_read_as_they_were(tmp_path: Path, shape: str, target: str) -> None:
    """A pair of any shape is the same pair for TRL and OpenAI."""
    path = store(tmp_path, [TALKS[shape]])
    result = convert(path, tmp_path / "out.jsonl", to=target)
    names = ("prompt", "chosen", "rejected")
    before, after = (read_preferences(p).frame.select(names) for p in (path, result.path))
    assert after.equals(before)


def test_pairs_with_tools_and_system(tmp_path: Path) -> None:
    """A system prompt becomes a message, tools stay beside; what is left out is said."""
    row = {
        "prompt": [ASK],
        "chosen": [GOOD],
        "rejected": [BAD],
        "system": "Be bold.",
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "annotator": "a",
    }
    path = store(tmp_path, [row])
    result = convert(path, tmp_path / "openai.jsonl", to="openai")
    asked = json.loads(result.path.read_text())["input"]
    assert [one["role"] for one in asked["messages"]] == ["system", "user"]
    assert asked["tools"][0]["function"]["name"] == "f"
    assert result.lost == ("columns: annotator",)
    convert(path, tmp_path / "trl.parquet", to="trl")
    assert pl.read_parquet(tmp_path / "trl.parquet").columns == ["prompt", "chosen", "rejected",
                                                                 "tools"]  # fmt: skip
    texts = store(tmp_path, [{"question": "p", "chosen": "a", "rejected": "b"}])
    convert(texts, tmp_path / "texts.jsonl", to="trl")
    assert json.loads((tmp_path / "texts.jsonl").read_text()) == {
        "prompt": "p", "chosen": "a", "rejected": "b",
    }  # fmt: skip


def test_label_studio(tmp_path: Path) -> None:
    """Members' labels are annotations that are no ground truth; gold is the one that is."""
    before = read_labels(store(tmp_path, ROWS))
    result = convert(tmp_path / "in.jsonl", tmp_path / "out.json", to="label-studio")
    tasks = json.loads(result.path.read_text())
    flags = [a["ground_truth"] for task in tasks for a in task["annotations"]]
    assert flags.count(False) == len(ROWS)
    assert flags.count(True) == 1
    after = read_labels(result.path)
    assert sorted(row[1:] for row in said(after)) == sorted(row[1:] for row in said(before))
    assert list(after.gold().values()) == ["yes"]
    assert any("no members" in what for what in result.lost)
    others = store(tmp_path, [row | {"worker": "ana"} for row in ROWS[::2]])
    result = convert(others, tmp_path / "others.json", to="label-studio")
    assert any("1 worker whose name is no address" in what for what in result.lost)
    first = json.loads(result.path.read_text())[0]
    assert first["predictions"][0]["model_version"] == "ana"


def test_argilla(tmp_path: Path) -> None:
    """Records come back with other names for the same people, and that is said."""
    before = read_labels(store(tmp_path, ROWS))
    result = convert(tmp_path / "in.jsonl", tmp_path / "out.json", to="argilla")
    after = read_labels(result.path)
    assert after.frame["worker"].n_unique() == before.frame["worker"].n_unique()
    assert [row[::2] for row in said(after)] == [row[::2] for row in said(before)]
    assert any("UUID version 5" in what for what in result.lost)


def test_what_has_no_form_is_refused(tmp_path: Path) -> None:
    """Classes are no pairs, and a file's ending has to be one of the target's."""
    path = store(tmp_path, ROWS)
    with pytest.raises(InputError, match="trl takes pairs of texts"):
        convert(path, tmp_path / "out.jsonl", to="trl")
    with pytest.raises(InputError, match=r"argilla is not written to files that end in \.csv"):
        convert(path, tmp_path / "out.csv", to="argilla")
    with pytest.raises(InputError, match="no target 'excel'"):
        convert(path, tmp_path / "out.csv", to="excel")


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both commands print for people and for programs."""
    path = store(tmp_path, ROWS)
    with pytest.raises(SystemExit, match="0"):
        main(["convert", str(path), str(tmp_path / "out.json"), "--to", "argilla"])
    assert "Not carried: texts" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        main(["convert", str(path), str(tmp_path / "out.csv"), "--to", "table", "--json"])
    assert json.loads(capsys.readouterr().out)["rows"] == len(ROWS)
    with pytest.raises(SystemExit, match="0"):
        main(["formats"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(list_formats())
    with pytest.raises(SystemExit, match="0"):
        main(["formats", "--json"])
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == [
        k.name for k in list_formats()
    ]


def test_every_reader_is_listed_and_shown() -> None:
    """``suffice formats`` names every reader, and docs/formats.md shows what it prints."""
    assert {known.reader for known in list_formats()} == {one.NAME for one in FORMATS}
    page = (Path(__file__).resolve().parents[1] / "docs" / "formats.md").read_text()
    flat = " ".join(page.split())
    for known in list_formats():
        assert f"{known.name}: {known.kept}" in flat, known.name
