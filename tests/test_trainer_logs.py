"""Logs that the real Trainer and TRL wrote, read back. ``make torch`` runs this."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suffice.demand.runs.logs import gather_runs

pytestmark = pytest.mark.torch


def test_trl(tmp_path: Path) -> None:
    """Metrics are found in checkpoints where nothing else has them, settings in the YAML beside."""
    pytest.importorskip("trl", reason="needs the oracles extra: make torch")
    script = Path(__file__).with_name("write_logs.py")
    done = subprocess.run(
        [sys.executable, script, "trl", tmp_path], capture_output=True, text=True, timeout=300,
        env=os.environ | {"HF_HUB_OFFLINE": "1"}, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert not (tmp_path / "out" / "checkpoints" / "trainer_state.json").exists()
    found = gather_runs([tmp_path / "out"], {"n_crowd": "data.n_crowd", "data_seed": "data.seed"})
    rows = {row["run"]: row for row in found.frame.to_dicts()}
    assert set(rows) == {"checkpoints", "state"}
    for row in rows.values():
        assert (row["n_crowd"], row["data_seed"], row["state"]) == (300, 4, "done")
        # Pairs that truncation made equal stay in DPO's evaluation and count as lost.
        assert row["eval_rewards/accuracies"] == 0.0
    notes = " ".join(found.notes)
    assert (
        "checkpoints keeps its metrics in checkpoints alone: read as far as checkpoint-8" in notes
    )
    assert "state keeps" not in notes
