"""Workers and difficulty learned from labels: calibrated in simulation and on real crowds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from suffice._plurality import plurality_error
from suffice.channel import Source
from suffice.errors import InputError
from suffice.labels import LabelTable, read_gold, read_labels
from suffice.supply import audit
from suffice.supply.operators import (
    Qualification,
    Redundancy,
    operate,
    predictive_checks,
    worker_pool,
)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import bench_operators as bench


def crowd(seed: int, tasks: int = 100, workers: int = 30, each: int = 6) -> Any:
    """Made-up labels by workers of normal skill on tasks of normal difficulty, and the truth."""
    rng = np.random.default_rng([seed, 51])
    mean, skill_sd, task_sd = rng.normal(1.3, 0.4), rng.uniform(0.3, 1.2), rng.uniform(0.2, 1.4)
    skill = rng.normal(mean, skill_sd, workers)
    difficulty = rng.normal(0.0, task_sd, tasks)
    task = np.repeat(np.arange(tasks), each)
    worker = np.argsort(rng.random((tasks, workers)), axis=1)[:, :each].ravel()
    right = rng.random(len(task)) < expit(skill[worker] - difficulty[task])
    truth = rng.integers(0, 2, tasks)
    label = np.where(right, truth[task], 1 - truth[task])
    frame = pl.DataFrame({"task": task, "worker": worker, "label": label.astype(str)})
    gold = {int(t): str(k) for t, k in enumerate(truth)}
    return LabelTable(frame), gold, (mean, skill_sd, task_sd)


def test_a_pool_knows_its_best_and_worst() -> None:
    """A test lifts the accuracy of a pool whose workers differ, by about what it really does."""
    table, gold, (mean, skill_sd, task_sd) = crowd(7, tasks=300, workers=60)
    source = Source("c", 1.0, worker_pool(table, gold, seed=1), max_labels_per_task=60)
    before, after = operate(source), operate(source, Qualification(10, 9))
    rng = np.random.default_rng(0)
    skill = rng.normal(mean, skill_sd, 4000)
    right = expit(skill[:, None] - rng.normal(0.0, task_sd, 500)).mean(axis=1)
    passed = rng.binomial(10, right) >= 9
    assert before.estimates["error"].low < 1 - right.mean() < before.estimates["error"].high
    assert after.estimates["error"].low < 1 - right[passed].mean() < after.estimates["error"].high
    assert after.estimates["error"].value < before.estimates["error"].value


def test_drawn_labels_look_like_real_ones() -> None:
    """Labels from the model pass their own checks; copies of one worker's labels do not."""
    table, gold, _ = crowd(3, tasks=200, workers=40)
    checks = predictive_checks(worker_pool(table, gold), table)
    assert sum(c.fits for c in checks) >= 2
    assert len(checks) == 3
    first = table.frame.group_by("task").agg(pl.col("label").first().alias("first"))
    copied = table.frame.join(first, on="task").with_columns(
        label=pl.when(pl.col("worker") < 20).then("first").otherwise("label")
    )
    same = LabelTable(copied.select("task", "worker", "label"))
    assert not predictive_checks(worker_pool(same, gold), same)[2].fits


def test_gold_is_needed_or_an_audit() -> None:
    """Without anything that says which labels are right there is no pool."""
    table, _, _ = crowd(1, tasks=30)
    with pytest.raises(InputError, match="give gold, or the audit"):
        worker_pool(table)


def test_an_audit_stands_in_for_gold(shared_data: Path) -> None:
    """Without gold the audit's doubt is in the pool: its interval is wider and holds the truth."""
    folder = shared_data / "crowd" / "rte"
    table, gold = read_labels(folder / "label.csv"), read_gold(folder / "truth.csv")
    found = audit(table)
    wide, sharp = (
        operate(Source("c", 1.0, pool, max_labels_per_task=99), Redundancy(3)).estimates["error"]
        for pool in (worker_pool(table, audit=found), worker_pool(table, gold))
    )
    assert wide.high - wide.low > 0.9 * (sharp.high - sharp.low)
    assert wide.low < sharp.value < wide.high


@pytest.mark.parametrize("name", ["bluebird", "rte"])
def test_real_crowds_do_as_predicted(shared_data: Path, name: str) -> None:
    """Redundancy, a test and gold checks on held-out tasks and workers: most intervals hold."""
    table, gold, rows = bench.load(shared_data / "crowd" / name)
    found = bench.redundancy(table, gold, rows, 0) + bench.screening(table, gold, rows, 0)
    held = [np.quantile(d, 0.05) <= real <= np.quantile(d, 0.95) for _, d, real, _ in found]
    assert len(held) == 6
    assert sum(held) >= 4
    miss = [abs(d.mean() - real) for _, d, real, _ in found]
    alike = [abs(plain - real) for *_, real, plain in found]
    assert np.mean(miss) < np.mean(alike)


@pytest.mark.slow
def test_predictions_from_labels_cover() -> None:
    """In 60 simulated crowds, intervals of the error of three labels hold about 90 %."""
    rng = np.random.default_rng(5)
    hits = []
    for seed in range(60):
        table, gold, (mean, skill_sd, task_sd) = crowd(seed)
        pool = worker_pool(table, gold, seed=seed)
        made = operate(Source("c", 1.0, pool, max_labels_per_task=30), Redundancy(3), seed=seed)
        x = rng.normal(mean, skill_sd, 600)[:, None] - rng.normal(0.0, task_sd, 600)
        truth = float(plurality_error(1 - expit(x).mean(axis=0), 3).mean())
        error = made.estimates["error"]
        hits.append(error.low <= truth <= error.high)
    assert 0.80 <= np.mean(hits) <= 0.99, np.mean(hits)
