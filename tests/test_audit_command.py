"""The command: text, JSON and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from suffice.cli.audit import audit

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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
    assert "Suspect w5" in text


def test_json_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints the summary alone; --out writes the files."""
    audit(votes(tmp_path), out=tmp_path / "out", json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (tmp_path / "out" / "tasks.csv").exists()
