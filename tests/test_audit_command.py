"""The command: text, JSON and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from suffice.cli.audit import audit
from suffice.errors import InputError, StorageError
from suffice.records import AgreementRow, AuditRecord, IdsTest
from suffice.supply import audit as run_audit

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


@pytest.mark.parametrize("gold", [False, True])
def test_the_summary_is_a_record_that_reads_back(tmp_path: Path, gold: bool) -> None:
    """summary.json opens as the object that was written, key for key, with and without gold."""
    right = dict.fromkeys(range(0, 150, 3), "1") if gold else None
    found = run_audit(votes(tmp_path), right)
    found.write(tmp_path / "out")
    again = AuditRecord.read(tmp_path / "out")
    assert again == found.summary
    assert again.as_json() == json.loads((tmp_path / "out" / "summary.json").read_text())
    assert again.version == AuditRecord.current() == 1
    assert again.columns["worker"] == "annotator"
    assert ("together" in again.as_json()["shared_error"]) == gold
    older = {k: v for k, v in again.as_json().items() if k != "version"}
    (tmp_path / "out" / "summary.json").write_text(json.dumps(older))
    assert AuditRecord.read(tmp_path / "out") == found.summary


def test_null_and_false_are_said_and_what_was_not_tested_is_not() -> None:
    """Labels all alike have a kappa of null; a test that was not made has no p at all."""
    alike = AgreementRow(tasks=3, labels=6, krippendorff_alpha=None, fleiss_kappa=None)
    assert alike.model_dump() == {
        "tasks": 3, "labels": 6, "krippendorff_alpha": None, "fleiss_kappa": None,
    }  # fmt: skip
    assert AgreementRow.model_validate(alike.model_dump()).model_dump() == alike.model_dump()
    assert "aligned" not in IdsTest(tested=False, statement="few").model_dump()
    told = IdsTest(tested=True, aligned=False, p_value=0.4, statement="alike").model_dump()
    assert told["aligned"] is False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"version": 7}', "is of version 7, and this suffice reads versions up to 1"),
        ("{", "is damaged"),
        ('{"version": 1}', "key labels: Field required"),
    ],
)
def test_a_newer_or_damaged_summary_is_named_in_one_line(
    tmp_path: Path, text: str, said: str
) -> None:
    """The file, what is wrong with it, and what to do."""
    path = tmp_path / "summary.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        AuditRecord.read(tmp_path)
    line = str(caught.value)
    assert line.startswith(f"{path}: {said}")
    assert "write it again with `suffice audit`" in line
    assert "\n" not in line


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
