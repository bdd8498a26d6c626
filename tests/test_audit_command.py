"""The command: text, JSON and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from suffice.cli.audit import audit
from suffice.errors import InputError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


def votes(folder: Path) -> Path:
    """Six workers, one of whom answers at random, on 150 tasks."""
    import numpy as np

    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 150)
    rows = []
    for task in range(150):
        for worker in range(6):
            skill = 0.5 if worker == 5 else 0.9
            label = truth[task] if rng.random() < skill else 1 - truth[task]
            rows.append({"item": task, "annotator": f"w{worker}", "answer": int(label)})
    path = folder / "votes.csv"
    pl.DataFrame(rows).write_csv(path)
    return path


def test_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text says what was read, what cannot be known, and what a label is worth."""
    audit(votes(tmp_path))
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    text = " ".join(printed.split())
    assert "annotator as worker" in text
    assert "No gold" in text
    assert "bits" in text
    assert "Fleiss' kappa" in text
    assert "Cohen's kappa of 15 pairs" in text
    assert "Suspect w5" in text


def test_json_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints the summary alone; --out writes the files."""
    audit(votes(tmp_path), out=tmp_path / "out", json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (tmp_path / "out" / "tasks.csv").exists()
    agreed = printed["agreement"]["all"]
    for kappa in (agreed["fleiss_kappa"], agreed["cohen_kappa"]["most"]):
        assert kappa["low"] < kappa["value"] < kappa["high"]


def test_gold_needed_for_a_chosen_level(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--below chooses the level; a level that is no share is refused in one line."""
    path = votes(tmp_path)
    audit(path, below=0.02)
    # .98^149 < .05 <= .98^148
    assert "149 gold tasks" in " ".join(capsys.readouterr().out.split())
    with pytest.raises(InputError, match="2 is no share of tasks"):
        audit(path, below=2.0)


def test_text_is_wrapped_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines break between words at the terminal's width, and say the same at any width."""
    path = votes(tmp_path)
    said = []
    for columns in (50, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        audit(path, quiet=True)
        lines = capsys.readouterr().out.splitlines()
        assert columns - 12 < max(map(len, lines)) <= columns
        said.append(" ".join(" ".join(lines).split()))
    assert said[0] == said[1]


def test_columns_and_classes_can_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names that nobody could guess, empty cells and classes that do not occur."""
    path = tmp_path / "odd.csv"
    path.write_text("foo,bar,baz\n1,a,x\n1,b,x\n2,a,x\n2,b,\n", encoding="utf-8")
    named = ["task=foo", "worker=bar", "label=baz"]
    with pytest.raises(InputError, match="--column worker=NAME"):
        audit(path)
    with pytest.raises(InputError, match="--drop-missing"):
        audit(path, column=named)
    with pytest.raises(InputError, match="--classes"):
        audit(path, column=named, drop_missing=True)
    audit(path, column=named, drop_missing=True, classes="x, y", json=True, quiet=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["classes"] == ["x", "y"]
    assert "1 row with an empty task, worker or label left out" in printed["notes"]
    for wrong in (["worker"], ["worker=bar", "worker=baz"], ["=bar"]):
        with pytest.raises(InputError, match="which column is which"):
            audit(path, column=wrong)


def test_many_slices_are_not_all_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ten slices with most errors are shown, the rest is counted."""
    path = tmp_path / "slices.csv"
    pl.read_csv(votes(tmp_path)).with_columns(slice=pl.col("item") % 13).write_csv(path)
    audit(path, quiet=True)
    lines = " ".join(capsys.readouterr().out.split())
    assert lines.count("a label is wrong") == 10
    assert "3 more slices" in lines


def test_sources_have_their_own_agreement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alpha and Fleiss' kappa are said for each source where there are several."""
    path = tmp_path / "sources.csv"
    who = pl.when(pl.col("annotator") < "w3").then(pl.lit("vendor")).otherwise(pl.lit("crowd"))
    pl.read_csv(votes(tmp_path)).with_columns(source=who).write_csv(path)
    audit(path, quiet=True)
    text = " ".join(capsys.readouterr().out.split())
    for name in ("vendor", "crowd"):
        assert f"Source {name}: Krippendorff's alpha" in text
        assert f"Source {name}: a label is wrong" in text


def test_a_folder_that_cannot_be_is_refused_before_the_work(tmp_path: Path) -> None:
    """A file in the place of the folder, and a seed below zero: one line each."""
    path = votes(tmp_path)
    with pytest.raises(StorageError, match=r"votes.csv: cannot be written .*another folder"):
        audit(path, out=path)
    with pytest.raises(InputError, match="-3 is no seed"):
        audit(path, seed=-3)
