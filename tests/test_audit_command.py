"""The command: text, JSON and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from suffice.cli.audit import audit
from suffice.errors import InputError

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
    text = capsys.readouterr().out
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
