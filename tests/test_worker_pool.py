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
from suffice.errors import ConvergenceError, InputError
from suffice.labels import LabelTable, read_gold, read_labels
from suffice.supply import audit
from suffice.supply.operators import (
    Qualification,
    Redundancy,
    operate,
    predictive_checks,
    worker_pool,
)
from suffice.supply.workers._settling import Settling, effective_draws, split_rhat

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


def test_one_judge_who_labels_every_task_once_has_an_error_and_no_repeats() -> None:
    """What one label a task tells is told; what it cannot is named, and no ground to refuse."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 2, 1500)
    label = np.where(rng.random(1500) < 0.8, truth, 1 - truth)
    frame = pl.DataFrame({"task": np.arange(1500), "worker": "judge", "label": label.astype(str)})
    gold = {t: str(k) for t, k in enumerate(truth.tolist())}
    pool = worker_pool(LabelTable(frame), gold, seed=1, same_workers=True)
    judge = Source("judge", 1.0, pool, max_labels_per_task=1)
    error = operate(judge).estimates["error"]
    assert error.low < float((label != truth).mean()) < error.high
    assert error.high - error.low < 0.05
    worlds = pool.worlds(judge, 10, rng, None)
    assert any("no task has two labels" in note for note in worlds.notes)
    again, truths, _ = crowd(2)
    twice = worker_pool(again, truths).worlds(Source("c", 1.0, pool), 10, rng, None)
    assert not any("no task has two labels" in note for note in twice.notes)


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


def test_chains_that_disagree_are_noticed() -> None:
    """R-hat is near 1 for draws of one law and large for chains that stand apart."""
    rng = np.random.default_rng(2)
    same = rng.normal(size=(100, 4))
    assert 0.98 < split_rhat(same) < 1.03
    assert 250 < effective_draws(same) <= 400
    apart = same + np.array([0.0, 0.0, 0.0, 3.0])
    assert split_rhat(apart) > 1.5
    assert effective_draws(apart) < 20
    slow = rng.normal(size=(400, 4))
    for k in range(1, 400):
        slow[k] = 0.9 * slow[k - 1] + np.sqrt(0.19) * slow[k]
    assert 30 < effective_draws(slow) < 200  # (1 - .9) / (1 + .9) of 1600 is 84
    stuck = np.tile([0.0, 1.0], (50, 1))
    assert split_rhat(stuck) == np.inf


def test_a_pool_says_whether_its_chains_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """They do on a plain table; where they do not, a note says so or nothing is given."""
    table, gold, _ = crowd(4, tasks=60, workers=12)
    pool = worker_pool(table, gold)
    assert pool.settling.rhat < 1.1
    assert pool.settling.ess > 40
    assert pool.settling.draws == len(pool.weight) == 200
    for rhat, word in ((1.2, "had not settled"), (2.0, "disagree on the mean skill")):
        bad = Settling(rhat, 5.0, 200, "mean skill")
        monkeypatch.setattr(Settling, "of", lambda _watched, bad=bad: bad)
        if rhat > 1.5:
            with pytest.raises(ConvergenceError, match=word):
                worker_pool(table, gold)
        else:
            source = Source("c", 1.0, worker_pool(table, gold), max_labels_per_task=9)
            notes = operate(source, Redundancy(3)).notes
            assert any(word in note for note in notes), notes


def test_a_large_table_is_learned_from_some_of_its_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole tasks picked by chance, some of every slice; the interval is wider and still holds."""
    from suffice.supply.operators import _pool_posterior as posterior

    table, gold, _ = crowd(5, tasks=400, workers=25)
    whole = worker_pool(table, gold, seed=1)
    monkeypatch.setattr(posterior, "_MOST", 300)
    part = worker_pool(table, gold, seed=1)
    assert whole.seen == 1.0
    assert part.seen == pytest.approx(600 / 2400)  # 100 tasks, the least of a slice
    widths = []
    for pool in (whole, part):
        made = operate(Source("c", 1.0, pool, max_labels_per_task=9))
        error = made.estimates["error"]
        right = [gold[t] == k for t, k in table.frame.select("task", "label").iter_rows()]
        assert error.low < 1.0 - np.mean(right) < error.high
        assert any("25 % of the labels" in note for note in made.notes) == (pool is part)
        widths.append(error.high - error.low)
    assert widths[1] > widths[0]
    # Workers and their loads are those of the whole table.
    assert part.load.tolist() == whole.load.tolist()

    rng = np.random.default_rng(3)
    task = np.repeat(np.arange(1000), 3)
    slices = (np.arange(1000) >= 940).astype(np.int64)
    some = posterior.PoolTable(task, task % 7, task % 2, np.eye(2)[task[::3] % 2], slices, 2, 7)
    kept = some.sample(rng)
    found, labels = np.unique(kept.task, return_counts=True)
    assert set(labels.tolist()) == {3}
    # All 60 of the small slice, and 100 of the large one.
    assert np.bincount(slices[found]).tolist() == [100, 60]


def test_one_label_makes_a_pool() -> None:
    """A single label, and so a single class, leaves nearly all to the prior."""
    table = LabelTable(pl.DataFrame({"task": [0], "worker": [0], "label": ["a"]}))
    pool = worker_pool(table, {0: "a"})
    error = operate(Source("c", 1.0, pool)).estimates["error"]
    assert error.high - error.low > 0.4


def test_slices_keep_their_own_difficulty() -> None:
    """One to three labels a task: the hard slice's error is found hard, the easy one's easy."""
    rng = np.random.default_rng(8)
    tasks = 300
    part = np.arange(tasks) % 2
    task = np.repeat(np.arange(tasks), 2)
    worker = rng.integers(0, 25, len(task))
    right = rng.random(len(task)) < np.where(part[task] == 1, 0.65, 0.95)
    gold = {t: "ab"[t // 2 % 2] for t in range(tasks)}
    said = ["ab"[(t // 2 + (not r)) % 2] for t, r in zip(task.tolist(), right, strict=True)]
    frame = pl.DataFrame({
        "task": task, "worker": worker, "label": said,
        "slice": np.where(part[task] == 1, "hard", "easy"),
    }).unique(["task", "worker"], keep="first", maintain_order=True)  # fmt: skip
    pool = worker_pool(LabelTable(frame), gold, seed=3)
    worlds = pool.worlds(Source("c", 1.0, pool), 200, rng, None)
    low, high = np.quantile(worlds.by_slice(), [0.05, 0.95], axis=0)
    seen = {s: 1 - float(np.mean(right[part[task] == s])) for s in (0, 1)}
    for s in (0, 1):
        assert low[s] - 0.02 < seen[s] < high[s] + 0.02, (s, low, high, seen)


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
