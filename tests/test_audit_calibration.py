"""Do the audit's numbers mean what they say? Against gold of public sets, and in simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice.labels._read import read_gold, read_labels
from suffice.labels._table import LabelTable
from suffice.supply._audit_kinds import audit
from suffice.supply._votes import code_votes
from suffice.supply.sources._source_table import mutual_information
from suffice.supply.workers._shared import err_together, gold_needed

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.supply._audit_record import Audit

SETS = ("bluebird", "rte", "dog", "web", "sentiment")
# Majority vote and Dawid-Skene of a well-known library, measured on the same files.
BEST_PEER = {"bluebird": 0.889, "rte": 0.928, "dog": 0.843, "web": 0.829, "sentiment": 0.960}


@pytest.fixture(scope="module")
def audits(shared_data: Path) -> dict[str, tuple[Audit, pl.DataFrame, dict[Any, str]]]:
    """Each public set audited without gold: audit, labels, gold."""
    found = {}
    for name in SETS:
        folder = shared_data / "crowd" / name
        table = read_labels(folder / "label.csv")
        found[name] = (audit(table), table.frame, read_gold(folder / "truth.csv"))
    return found


def judged(result: Audit, gold: dict[Any, str]) -> pl.DataFrame:
    """Tasks with gold: confidence, and whether the label is right."""
    return result.tasks.filter(pl.col("task").is_in(list(gold))).with_columns(
        (pl.col("label") == pl.col("task").replace_strict(gold)).alias("right")
    )


def test_tasks_are_answered_as_well_as_by_the_best_peer(audits: dict[str, Any]) -> None:
    """Within half a point (and, on 807 dogs, three tasks of sampling noise) on every set."""
    for name, (result, _, gold) in audits.items():
        score = judged(result, gold)["right"].mean()
        assert score >= BEST_PEER[name] - 0.005 - 0.004, (name, score)


def test_confidence_is_calibrated(audits: dict[str, Any]) -> None:
    """Calibration error of .05 at most, mean of sets; errors where .9 is claimed as claimed."""
    gaps = []
    for result, _, gold in audits.values():
        tasks = judged(result, gold).select("confidence", "right")
        bins = tasks.group_by((pl.col("confidence") * 10).floor().clip(0, 9)).agg(
            pl.col("confidence").mean().alias("claimed"), pl.col("right").mean(), pl.len()
        )
        gaps.append(((bins["claimed"] - bins["right"]).abs() * bins["len"]).sum() / len(tasks))
    assert np.mean(gaps) <= 0.06, gaps
    sure = pl.concat(judged(r, g).select("confidence", "right") for r, _, g in audits.values())
    sure = sure.filter(pl.col("confidence") >= 0.9)
    assert len(sure) > 1000
    assert 1.0 - sure["right"].mean() <= 4.0 / 3.0 * (1.0 - sure["confidence"].mean())


def test_worker_intervals_cover_gold_accuracy(audits: dict[str, Any]) -> None:
    """90 % intervals cover 85 to 95 % of the workers with 20 gold tasks or more, pooled."""
    inside = []
    for result, frame, gold in audits.values():
        exact = (
            frame.filter(pl.col("task").is_in(list(gold)))
            .with_columns((pl.col("label") == pl.col("task").replace_strict(gold)).alias("right"))
            .group_by("worker")
            .agg(pl.col("right").mean(), pl.len())
            .filter(pl.col("len") >= 20)
        )
        both = result.workers.join(exact, on="worker")
        inside += ((both["right"] >= both["low"] - 1e-9) & (both["right"] <= both["high"] + 1e-9)
                   ).to_list()  # fmt: skip
    assert len(inside) > 400
    assert 0.85 <= np.mean(inside) <= 0.95


def test_gold_and_the_audit_agree_on_the_error(shared_data: Path) -> None:
    """With gold on a fifth or all of the tasks, the error's interval holds the direct count."""
    for name in ("bluebird", "rte"):
        folder = shared_data / "crowd" / name
        table, gold = read_labels(folder / "label.csv"), read_gold(folder / "truth.csv")
        rows = table.frame.filter(pl.col("task").is_in(list(gold)))
        direct = (rows["label"] != rows["task"].replace_strict(gold)).mean()
        for share in (0.2, 1.0):
            tasks = sorted(gold, key=str)
            picked = np.random.default_rng(0).choice(
                len(tasks), int(share * len(tasks)), replace=False
            )
            result = audit(table, {tasks[k]: gold[tasks[k]] for k in picked})
            row = result.sources.row(0, named=True)
            assert row["error_low"] - 1e-9 <= direct <= row["error_high"] + 1e-9, (name, share)


def test_unanimous_tasks_are_believed_once_gold_has_shown_them_right() -> None:
    """Tasks without gold are about as wrong as those with it, when most are easy and some hard."""
    rng = np.random.default_rng(9)
    truth = rng.integers(0, 2, 1200)
    chance = np.where(rng.random(1200) < 0.7, 0.99, 0.65)
    task = np.repeat(np.arange(1200), 5)
    label = np.where(rng.random(6000) < chance[task], truth[task], 1 - truth[task])
    frame = pl.DataFrame({"task": task, "worker": np.tile(np.arange(5), 1200), "label": label})
    gold = {number: str(truth[number]) for number in range(400)}
    row = audit(LabelTable.from_frame(frame), gold).sources.row(0, named=True)
    assert row["error_low"] <= (label != truth[task]).mean() <= row["error_high"]


def test_accuracy_on_new_tasks_holds_on_the_other_half(shared_data: Path) -> None:
    """Half of the tasks audited without gold; gold of the other half, its noise allowed for."""
    inside = []
    for name in ("bluebird", "rte", "sentiment"):
        folder = shared_data / "crowd" / name
        frame = read_labels(folder / "label.csv").frame.select("task", "worker", "label")
        gold = read_gold(folder / "truth.csv")
        tasks = frame["task"].unique().sort().to_list()
        half = [task for task, coin in zip(tasks, np.random.default_rng(0).random(len(tasks)),
                                           strict=True) if coin < 0.5]  # fmt: skip
        seen = pl.col("task").is_in(half)
        workers = audit(LabelTable.from_frame(frame.filter(seen))).workers
        exact = (
            frame.filter(~seen)
            .with_columns((pl.col("label") == pl.col("task").replace_strict(gold)).alias("right"))
            .group_by("worker").agg(pl.col("right").mean(), pl.len()).filter(pl.col("len") >= 20)
        )  # fmt: skip
        both = workers.join(exact, on="worker")
        p = both["accuracy_new"].to_numpy()
        sd = (both["high_new"] - both["low_new"]).to_numpy() / 3.29
        wide = 1.645 * np.sqrt(sd**2 + p * (1.0 - p) / both["len"].to_numpy())
        inside += (np.abs(both["right"].to_numpy() - p) <= wide).tolist()
    assert len(inside) > 100
    assert 0.82 <= np.mean(inside) <= 0.97


def test_flagged_spammers_are_near_chance(audits: dict[str, Any]) -> None:
    """Workers flagged for low quality are, on gold, not far above chance."""
    for name, (result, frame, gold) in audits.items():
        bad = result.suspects["worker"].to_list()
        if not bad:
            continue
        rows = frame.filter(pl.col("worker").is_in(bad) & pl.col("task").is_in(list(gold)))
        score = (rows["label"] == rows["task"].replace_strict(gold)).mean()
        chance = 1.0 / len(result.summary.classes)
        assert score < chance + 0.12, (name, score)


def simulated(seed: int, *, shared: float = 0.0) -> tuple[pl.DataFrame, Any, Any, Any]:
    """Honest workers on 300 tasks, a share of which mislead everybody: labels, truth, skill."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, 300)
    seen = np.where(rng.random(300) < shared, 1 - truth, truth)
    skill = rng.uniform(0.6, 0.95, 20)
    who = rng.random((300, 20)).argsort(axis=1)[:, :6]
    task, worker = np.repeat(np.arange(300), 6), who.ravel()
    label = np.where(rng.random(1800) < skill[worker], seen[task], 1 - seen[task])
    return pl.DataFrame({"task": task, "worker": worker, "label": label}), truth, seen, skill


def test_accuracy_on_new_tasks_covers_the_skill() -> None:
    """With enough gold to rule shared error out, 90 % intervals cover the true skill."""
    inside = []
    for seed in range(4):
        frame, truth, _, skill = simulated(seed)
        gold = {task: str(truth[task]) for task in range(0, 300, 2)}
        workers = audit(LabelTable.from_frame(frame), gold, seed=seed).workers.sort("worker")
        low, high = workers["low_new"].to_numpy(), workers["high_new"].to_numpy()
        inside += ((low <= skill) & (skill <= high)).tolist()
    assert 0.82 <= np.mean(inside) <= 0.99


def test_shared_error_is_seen_with_gold_only() -> None:
    """Without gold the share is the prior, whatever the truth; with gold it is found."""
    frame, truth, _, _ = simulated(0, shared=0.2)
    table = LabelTable.from_frame(frame)
    without = audit(table)
    blind = without.summary.shared_error
    assert not blind.known
    assert "unknown" in blind.statement
    assert 0.02 < blind.share.value < 0.12
    gold = {task: str(truth[task]) for task in range(150)}
    result = audit(table, gold)
    seeing = result.summary.shared_error
    assert seeing.known
    error = seeing.consensus_error["all"]
    assert error.low < 0.2 + 0.05
    assert error.high > 0.2
    # On tasks without gold the audit with gold is about as sure as it is right; the one without
    # gold cannot be.
    rest = np.arange(300) >= 150

    def gap(audited: Audit) -> float:
        right = audited.tasks["label"].cast(pl.Int64).to_numpy() == truth
        return float((audited.tasks["confidence"].to_numpy() - right)[rest].mean())

    assert abs(gap(result)) < 0.06
    assert gap(without) > gap(result)
    assert seeing.together.p_value < 0.05
    assert seeing.together.ratio > 1.2


def test_independent_errors_are_not_called_shared() -> None:
    """The test that annotators err together keeps its level."""
    alarms = []
    for seed in range(20):
        frame, truth, _, _ = simulated(100 + seed)
        gold = {task: str(label) for task, label in enumerate(truth)}
        found = err_together(code_votes(LabelTable.from_frame(frame), gold), permutations=99)
        alarms.append(found.p_value < 0.05)
    assert np.mean(alarms) <= 0.2


def test_gold_needed() -> None:
    """About three over the level."""
    assert gold_needed(0.05) == 59
    assert gold_needed(0.01) == 299


def test_bits_of_a_flip_channel() -> None:
    """A flip rate of .11 leaves half a bit; no information leaves none."""
    e = 0.11
    joint = np.array([[[1 - e, e], [e, 1 - e]], [[1.0, 1.0], [1.0, 1.0]]])
    joint /= joint.sum(axis=(1, 2), keepdims=True)
    bits = mutual_information(joint)
    assert bits[0] == pytest.approx(0.5, abs=2e-3)
    assert bits[1] == pytest.approx(0.0, abs=1e-12)


def test_price_per_bit_by_source() -> None:
    """The better source costs more a label and less a bit."""
    frame, truth, _, _ = simulated(1)
    rng = np.random.default_rng(2)
    task = np.arange(300)
    expert = np.where(rng.random(300) < 0.97, truth, 1 - truth)
    crowd = frame.with_columns(source=pl.lit("crowd"), cost=pl.lit(0.1)).with_columns(
        pl.col("worker").cast(pl.String)
    )
    extra = pl.DataFrame({"task": task, "worker": ["pro"] * 300, "label": expert}).with_columns(
        source=pl.lit("expert"), cost=pl.lit(0.15)
    )
    table = LabelTable.from_frame(pl.concat([crowd, extra], how="vertical_relaxed"))
    rows = {row["source"]: row for row in audit(table).sources.iter_rows(named=True)}
    assert rows["expert"]["bits"] > rows["crowd"]["bits"]
    assert rows["expert"]["price_per_bit"] < rows["crowd"]["price_per_bit"]
    for row in rows.values():
        assert row["error_low"] < row["error"] < row["error_high"]
        assert row["price_per_bit"] == pytest.approx(row["price"] / row["bits"], rel=0.25)
