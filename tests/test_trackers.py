"""Logs that the real trackers and harnesses wrote, read back; and what those libraries do to them.

``make trackers`` runs this where they are installed: mlflow-skinny 3.17.2, trackio 0.43.0, wandb
0.31.0, tensorboard 2.21.0 and tensorboardX 2.6.5, inspect-ai 0.3.285, lm-eval 0.4.13,
tinker-cookbook 0.6.1, verl 0.9.1.
"""

from __future__ import annotations

import functools
import json
import math
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import mkdtemp

import pytest

from suffice.demand.runs import read_runs
from suffice.demand.runs.logs import GatheredRuns, gather_runs

pytestmark = pytest.mark.trackers

MAPPING = {"n_crowd": "n_crowd", "data_seed": "data_seed"}


@functools.cache
def written(kind: str) -> Path:
    """A folder with the logs of one library."""
    folder = Path(mkdtemp(prefix="suffice-logs-")) / kind
    script = Path(__file__).with_name("write_logs.py")
    home = {"HOME": str(folder.parent), "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder.parent)}
    done = subprocess.run(
        [sys.executable, script, kind, folder], capture_output=True, text=True, timeout=300,
        env=os.environ | home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def read(kind: str, mapping: dict[str, str] | None = None) -> tuple[GatheredRuns, dict]:
    """What is gathered from it, and its rows by run."""
    found = gather_runs([written(kind)], mapping)
    return found, {row["run"]: row for row in found.frame.to_dicts()}


def said(found: GatheredRuns, part: str) -> bool:
    """Whether a note says so."""
    return any(part in note for note in found.notes)


def test_mlflow() -> None:
    """The highest step is the last, infinity comes back as such, deleted runs do not."""
    found, rows = read("mlflow", MAPPING)
    assert set(rows) == {"good", "bad"}
    assert rows["good"]["eval_accuracy"] == 0.8
    assert math.isinf(rows["good"]["eval_perplexity"])
    assert (rows["good"]["n_crowd"], rows["good"]["data_seed"]) == ("300", "4")
    assert rows["bad"]["state"] == "failed"
    assert said(found, "n_crowd: 1 of 2 runs have no n_crowd: bad")


def test_mlflow_itself_makes_infinity_finite() -> None:
    """What the reader mends: MLflow's own client hands out the largest double."""
    script = (
        "import mlflow, sys; mlflow.set_tracking_uri(sys.argv[1]); c = mlflow.MlflowClient();"
        "runs = c.search_runs(['1']); print([r.data.metrics.get('eval_perplexity') for r in runs])"
    )
    uri = f"sqlite:///{written('mlflow')}/mlflow.db"
    done = subprocess.run(
        [sys.executable, "-c", script, uri], capture_output=True, text=True, timeout=120
    )
    assert "1.7976931348623157e+308" in done.stdout


def test_trackio() -> None:
    """Values by step, settings, and a diverged value that is no number."""
    found, rows = read("trackio", MAPPING)
    assert rows["good"]["eval/accuracy"] == 0.8
    assert (rows["good"]["n_crowd"], rows["good"]["step"]) == (300, 10)
    assert math.isnan(rows["bad"]["eval/accuracy"])
    assert said(found, "not finite: bad (eval/accuracy)")


def test_wandb_offline() -> None:
    """An offline run has its settings, its whole history and its end."""
    found, rows = read("wandb", {"n_crowd": "data.n_crowd"})
    assert (rows["good"]["eval/accuracy"], rows["good"]["n_crowd"]) == (0.8, 300)
    assert (rows["good"]["state"], rows["good"]["step"]) == ("done", 2)
    assert len(found.logs[0].points) == 3


def test_tensorboard() -> None:
    """All 25,000 points are read, so that the best one is found; its own reader keeps 10,000."""
    folder = written("tensorboard")
    found = gather_runs([folder], {"n_crowd": "n_crowd"}, keep="best:eval/accuracy")
    (row,) = found.frame.to_dicts()
    assert row["eval/accuracy"] == pytest.approx(0.99)
    assert row["n_crowd"] == 300
    assert len(found.logs[0].points) > 25_000
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "good"))
    events.Reload()
    assert len(events.Scalars("eval/accuracy")) == 10_000


def test_inspect_ai() -> None:
    """Archive and JSON say the same; a value rests on samples, not on samples times epochs."""
    folder = written("inspect_ai")
    rows = [gather_runs([folder / kind], MAPPING).frame.to_dicts()[0] for kind in ("eval", "json")]
    assert rows[0]["manners/accuracy"] == rows[1]["manners/accuracy"] == pytest.approx(0.5)
    assert 0.05 < rows[0]["manners/accuracy_stderr"] < 0.15
    assert (rows[0]["n_crowd"], rows[0]["model"]) == (300, "mockllm/reward-v1")
    found = gather_runs([folder])
    assert len(found.frame) == 1
    assert said(found, "12 items, not 36")
    (archive,) = (folder / "eval").glob("*.eval")
    with zipfile.ZipFile(archive) as members:
        assert {m.compress_type for m in members.infolist()} == {93}


def test_lm_eval() -> None:
    """A metric for each filter, and a line of samples for each item and filter."""
    found, rows = read("lm_eval")
    (row,) = rows.values()
    assert (row["manners/exact_match:strict"], row["manners/exact_match:loose"]) == (0.0, 1.0)
    assert said(found, "manners has 2 filters (strict, loose)")
    (samples,) = (written("lm_eval") / "results").rglob("samples_*.jsonl")
    assert len(samples.read_text().splitlines()) == 16
    (results,) = (written("lm_eval") / "results").rglob("results_*.json")
    assert json.loads(results.read_text())["n-samples"]["manners"]["effective"] == 8


def test_tinker() -> None:
    """A row that came late for an early step is not the last, and a row without one is kept."""
    _, rows = read("tinker", {"n_crowd": "data.n_crowd"})
    assert rows["good"]["test/accuracy"] == 0.8
    assert (rows["good"]["test/seen"], rows["good"]["n_crowd"]) == (12, 300)
    assert rows["good"]["model"] == "tiny/model-1b"


def test_verl() -> None:
    """A resumed run has lost what came before, which is said."""
    found, rows = read("verl")
    assert rows["good"]["val-core/accuracy/mean@1"] == 0.2
    assert rows["resumed"]["val-core/accuracy/mean@1"] == 0.4
    assert said(found, "resumed.jsonl begins at step 3")
    assert said(found, "no log says how many labels of each source")


def test_gathered_rows_are_a_table_of_runs(tmp_path: Path) -> None:
    """What is written can be read as a table of runs; those that name no labels are said."""
    found = gather_runs([written("mlflow"), written("tinker")], MAPPING | {"seed": "seed"})
    path = tmp_path / "runs.csv"
    found.frame.write_csv(path)
    table = read_runs(path)
    assert table.sources == ("crowd",)
    assert found.frame["state"].to_list() == ["done", "failed", "done"]
    assert table.states == ("done",)
    assert any("2 rows do not say what they were trained on" in note for note in table.notes)
    assert "eval_accuracy" in [m.name for m in table.metrics]
