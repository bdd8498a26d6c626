"""Every path is literal: a bracket, a star or a question mark in a name is no pattern."""

from __future__ import annotations

import ast
import gzip
from pathlib import Path

import polars as pl
import pytest
from conftest import ROOT
from small import preference_rows, write_jsonl

from suffice.cli import main
from suffice.forecast._capability import read_verdicts

READERS = {"read_parquet", "read_csv", "read_ipc", "scan_parquet", "scan_csv", "scan_ipc"}
NAME = "a[1]*?"
DECOY = "a1xx"
"""What the name would mean as a pattern."""


def rows(first: str, second: str) -> pl.DataFrame:
    """Labels of three workers, who say one of two words."""
    task = [i // 3 for i in range(30)]
    label = [first if (i // 3 + (i % 7 == 0)) % 2 else second for i in range(30)]
    return pl.DataFrame({"task": task, "worker": [f"w{i % 3}" for i in range(30)], "label": label})


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command prints that ends well."""
    with pytest.raises(SystemExit) as stopped:
        main([str(one) for one in arguments])
    out, err = capsys.readouterr()
    assert stopped.value.code == 0, err
    return out + err


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "csv.gz"])
def test_the_file_is_read_that_is_called_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    """A file that the name would match as a pattern is not read, nor a folder written."""
    for name, words in ((NAME, ("yes", "no")), (DECOY, ("other", "words"))):
        path = tmp_path / f"{name}.{ending}"
        frame = rows(*words)
        if ending == "parquet":
            with path.open("wb") as file:
                frame.write_parquet(file)
        elif ending == "jsonl":
            path.write_text(frame.write_ndjson())
        else:
            content = frame.write_csv().encode()
            path.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    (tmp_path / DECOY).mkdir()
    out = tmp_path / NAME
    run(capsys, "audit", tmp_path / f"{NAME}.{ending}", "--out", out, "--quiet")
    assert set(pl.read_csv((out / "tasks.csv").read_bytes())["label"]) <= {"yes", "no"}
    assert not list((tmp_path / DECOY).iterdir())


def test_a_study_lives_in_such_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Study, labels, gold, results and cache may all be called so."""
    home = tmp_path / NAME
    home.mkdir()
    (tmp_path / DECOY).mkdir()
    monkeypatch.setenv("SUFFICE_CACHE", str(home / "cache[1]"))
    write_jsonl(home / "v[1].jsonl", preference_rows(90, wrong=0.3))
    write_jsonl(home / "v1.jsonl", preference_rows(5))
    write_jsonl(home / "g[1].jsonl", preference_rows(90)[:30])
    study = home / "s[1].toml"
    study.write_text(
        'name = "paths"\nquestion = "which is better?"\n[task]\n'
        'kind = "preferences"\ngold = "g[1].jsonl"\n'
        '[criterion]\nerror = 0.2\n[sources.vendor]\nlabels = "v[1].jsonl"\nprice = 1.0\n'
        "capacity = 50\n[models]\ntarget = 'minilm-l6'\n[budget]\nmoney = 50\nweeks = 4\n"
    )
    assert "vendor" in run(capsys, "supply", study, "--out", home / "o[1]")
    assert (home / "o[1]" / "supply.json").is_file()
    assert not list((tmp_path / DECOY).iterdir())


def test_verdicts_are_read_from_the_file_that_is_called_so(tmp_path: Path) -> None:
    """In both containers, beside a file that the name would match."""
    frame = pl.DataFrame({"x": [1.5]})
    for ending in ("csv", "parquet"):
        for name, value in (("v[1]", frame), ("v1", frame * 2)):
            with (tmp_path / f"{name}.{ending}").open("wb") as file:
                value.write_csv(file) if ending == "csv" else value.write_parquet(file)
        assert read_verdicts(tmp_path / f"v[1].{ending}")["x"].to_list() == [1.5]


def test_no_reader_takes_a_path_for_a_pattern() -> None:
    """Polars reads patterns unless it is told not to: it is given bytes, or told."""
    found = []
    for path in (ROOT / "src" / "suffice").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in READERS and not any(k.arg == "glob" for k in node.keywords):
                given = ast.unparse(node.args[0])
                if "BytesIO" not in given and given != "content":
                    found.append(f"{path.name}:{node.lineno}: {given}")
    assert not found
