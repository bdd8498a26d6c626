"""Colluders, spammers, inverted, fast and slice attackers; and what clean crowds are accused of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice.labels._read import read_gold, read_labels
from suffice.labels._table import LabelTable
from suffice.supply._audit_kinds import audit
from suffice.supply._votes import code_votes
from suffice.supply.doubts._collusion import find_groups

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TASKS, WORKERS = 240, 24


def honest(seed: int = 0, *, low: float = 0.7, high: float = 0.9) -> tuple[pl.DataFrame, Any]:
    """Labels of 24 workers on 240 tasks with two classes, ten labels a task, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, TASKS)
    skill = rng.uniform(low, high, WORKERS)
    who = rng.random((TASKS, WORKERS)).argsort(axis=1)[:, :10]
    task, worker = np.repeat(np.arange(TASKS), 10), who.ravel()
    right = rng.random(len(task)) < skill[worker]
    label = np.where(right, truth[task], 1 - truth[task])
    return pl.DataFrame({"task": task, "worker": worker, "label": label}), truth


def replaced(frame: pl.DataFrame, workers: list[int], label: NDArray[Any]) -> pl.DataFrame:
    """The frame with other labels (one a row) for some workers."""
    mine = frame["worker"].is_in(workers).to_numpy()
    return frame.with_columns(pl.Series("label", np.where(mine, label, frame["label"].to_numpy())))


def right(frame: pl.DataFrame, truth: NDArray[Any]) -> float:
    """Share of tasks answered rightly."""
    return float((frame["label"].cast(pl.Int64).to_numpy() == truth).mean())


def kinds(result: Any, worker: int) -> str:
    """Why a worker is suspect."""
    return str(result.workers.filter(pl.col("worker") == worker)["reason"][0])


def test_clean_crowds_are_not_accused() -> None:
    """Of honest workers at most 2 % are flagged, and nobody for copying."""
    flagged = copying = 0
    for seed in range(4):
        result = audit(LabelTable.from_frame(honest(seed)[0]))
        flagged += int(result.workers["suspect"].sum())
        copying += int((result.workers["group"] != "").sum())
    assert copying == 0
    assert flagged <= 2


@pytest.mark.parametrize("attack", ["sybil", "anti", "stealth"])
def test_colluders_are_found_and_outvoted(attack: str) -> None:
    """40 % of the workers share a key: they are named, nobody else is, and the answers hold."""
    frame, truth = honest(1)
    rng = np.random.default_rng(5)
    key = {
        "sybil": rng.integers(0, 2, TASKS),
        "anti": np.where(rng.random(TASKS) < 0.9, 1 - truth, truth),
        "stealth": np.where(rng.random(TASKS) < 0.7, truth, 1 - truth),
    }[attack]
    bad = list(range(9))
    attacked = replaced(frame, bad, key[frame["task"].to_numpy()])
    result = audit(LabelTable.from_frame(attacked))
    group = result.workers.filter(pl.col("group") == "A")
    assert sorted(group["worker"].to_list()) == bad
    assert group["reason"].str.contains("same answers as group A").all()
    assert right(result.tasks, truth) > 0.9


@pytest.mark.parametrize("classes", [2, 4])
def test_experts_who_are_always_right_are_no_copiers(classes: int) -> None:
    """Three who agree on every task because they are right, beside twenty right on .65."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, classes, 200)
        task, worker = np.repeat(np.arange(200), 23), np.tile(np.arange(23), 200)
        good = (rng.random(len(task)) < 0.65) | (worker >= 20)
        label = np.where(good, truth[task], (truth[task] + rng.integers(1, classes)) % classes)
        frame = pl.DataFrame({"task": task, "worker": worker, "label": label})
        result = audit(LabelTable.from_frame(frame), seed=seed)
        assert not result.summary.groups
        assert right(result.tasks, truth) > 0.97


def test_noisy_copies_are_found() -> None:
    """Copiers who change 2 % of the answers are still a group."""
    frame, _ = honest(2)
    rng = np.random.default_rng(6)
    key = rng.integers(0, 2, TASKS)[frame["task"].to_numpy()]
    key = np.where(rng.random(len(key)) < 0.02, 1 - key, key)
    groups, _ = find_groups(code_votes(LabelTable.from_frame(replaced(frame, [3, 4, 5], key))))
    assert [group.members.tolist() for group in groups] == [[3, 4, 5]]


def test_dishonest_majority_without_gold_cannot_be_known() -> None:
    """The audit says so, is sure of nothing, and a few gold tasks decide."""
    frame, truth = honest(3)
    bad = list(range(15))
    key = np.where(np.random.default_rng(7).random(TASKS) < 0.9, 1 - truth, truth)
    table = LabelTable.from_frame(replaced(frame, bad, key[frame["task"].to_numpy()]))
    result = audit(table)
    assert not result.summary.verdict.known
    assert "Cannot know" in result.summary.verdict.statement
    wrong = result.tasks["label"].cast(pl.Int64).to_numpy() != truth
    assert result.tasks["confidence"].to_numpy()[wrong].max() < 0.9
    assert not audit(table, {0: str(truth[0])}).summary.verdict.known
    decided = audit(table, {task: str(truth[task]) for task in range(10)})
    assert decided.summary.verdict.known
    assert right(decided.tasks, truth) > 0.9


def test_half_of_the_crowd_inverted_cannot_be_known() -> None:
    """Two camps that contradict each other: no camp is called right without gold."""
    frame, truth = honest(4, low=0.8, high=0.9)
    camp = list(range(12))
    table = LabelTable.from_frame(replaced(frame, camp, 1 - frame["label"].to_numpy()))
    result = audit(table)
    assert not result.summary.verdict.known
    assert result.tasks["confidence"].max() < 0.75
    decided = audit(table, {task: str(truth[task]) for task in range(12)})
    assert right(decided.tasks, truth) > 0.95
    assert "inverted" in kinds(decided, 0)


def test_spammer_one_sided_and_inverted_have_their_reasons() -> None:
    """Three bad workers among 24, each with the right reason."""
    frame, truth = honest(5)
    rng = np.random.default_rng(8)
    frame = replaced(frame, [0], rng.integers(0, 2, len(frame)))
    frame = replaced(frame, [1], np.ones(len(frame), dtype=int))
    frame = replaced(frame, [2], 1 - truth[frame["task"].to_numpy()])
    result = audit(LabelTable.from_frame(frame))
    assert "near chance" in kinds(result, 0)
    assert "'1' nearly always" in kinds(result, 1)
    assert "inverted" in kinds(result, 2)
    assert result.workers["suspect"].sum() <= 4


def test_one_answer_for_everything_shows_in_twenty_labels() -> None:
    """Of 24 workers three give one answer to 20 tasks each: all three are named, nobody else."""
    frame, _ = honest(3)
    few = frame.filter(~pl.col("worker").is_in([2, 9, 17]))
    tasks = [t for w in (2, 9, 17) for t in range(10 * w, 10 * w + 20)]
    lazy = pl.DataFrame(
        {"task": tasks, "worker": [2] * 20 + [9] * 20 + [17] * 20, "label": [1] * 60}
    )
    result = audit(LabelTable.from_frame(pl.concat([few, lazy])))
    for worker in (2, 9, 17):
        assert "nearly always" in kinds(result, worker)
    assert result.suspects["worker"].to_list() == [2, 9, 17]


def test_a_worker_whose_tasks_are_of_one_class_is_not_one_sided() -> None:
    """Who answers 1 to twenty tasks that are all 1 is right, not lazy."""
    frame, truth = honest(4)
    ones = np.flatnonzero(truth == 1)[:20].tolist()
    good = pl.DataFrame({"task": ones, "worker": [99] * 20, "label": [1] * 20})
    result = audit(LabelTable.from_frame(pl.concat([frame, good])))
    assert kinds(result, 99) == ""


def test_fast_clicker_is_flagged_and_fast_expert_is_not() -> None:
    """Quick and worse is suspicious; quick and good is not."""
    frame, truth = honest(6, low=0.85, high=0.95)
    rng = np.random.default_rng(9)
    task = frame["task"].to_numpy()
    guess = np.where(rng.random(len(frame)) < 0.6, truth[task], 1 - truth[task])
    frame = replaced(frame, [0], guess)
    seconds = np.where(frame["worker"].is_in([0, 1]).to_numpy(), 1.0, 10.0)
    frame = frame.with_columns(pl.Series("seconds", seconds * rng.uniform(0.8, 1.2, len(frame))))
    result = audit(LabelTable.from_frame(frame))
    assert "a label where the crowd takes" in kinds(result, 0)
    assert kinds(result, 1) == ""


def test_target_slice_attacker_is_found() -> None:
    """A worker who is good everywhere but always wrong on one slice."""
    frame, truth = honest(7, low=0.8, high=0.9)
    task = frame["task"].to_numpy()
    place = np.where(task % 3 == 0, "target", "rest")
    hostile = np.where(task % 3 == 0, 1 - truth[task], truth[task])
    frame = replaced(frame, [0], hostile).with_columns(pl.Series("slice", place))
    result = audit(LabelTable.from_frame(frame))
    assert "slice 'target'" in kinds(result, 0)
    assert result.workers["suspect"].sum() <= 2
    assert result.sources["slice"].to_list() == ["all", "rest", "target"]


def test_attackers_who_push_one_answer_on_a_slice_are_found() -> None:
    """A fifth of the workers always answer 1 on a target slice: most are named, hardly others."""
    bad, found, others = [0, 1, 2, 3, 4], 0, 0
    for seed in range(3):
        frame, _ = honest(seed, low=0.75, high=0.9)
        task = frame["task"].to_numpy()
        place = np.where(task % 4 == 0, "target", "rest")
        pushed = np.where(task % 4 == 0, 1, frame["label"].to_numpy())
        frame = replaced(frame, bad, pushed).with_columns(pl.Series("slice", place))
        result = audit(LabelTable.from_frame(frame))
        accused = result.workers.filter(pl.col("reason").str.contains("slice 'target'"))
        found += len(set(accused["worker"].to_list()) & set(bad))
        others += int(result.workers.filter(~pl.col("worker").is_in(bad))["suspect"].sum())
    assert found >= 10
    assert others <= 1


def test_honest_workers_are_not_accused_of_pushing() -> None:
    """Slices with few tasks of one class, and workers who like a class, are no attack."""
    accused = 0
    for seed in range(3):
        frame, truth = honest(20 + seed)
        task = frame["task"].to_numpy()
        # Nearly all tasks of the slice are of class 1; four workers like class 0 everywhere.
        place = np.where((task % 4 == 0) & (truth[task] == 1), "mostly one", "rest")
        rng = np.random.default_rng(seed)
        shy = np.where(rng.random(len(frame)) < 0.5, 0, frame["label"].to_numpy())
        frame = replaced(frame, [0, 1, 2, 3], shy).with_columns(pl.Series("slice", place))
        result = audit(LabelTable.from_frame(frame))
        accused += int(result.workers["reason"].str.contains("slice").sum())
    assert accused == 0


def test_clean_public_crowds_have_no_copiers(shared_data: Path) -> None:
    """At most 5 % of the workers of each public crowd set are said to copy."""
    for name in ("bluebird", "rte", "dog", "web", "sentiment"):
        votes = code_votes(read_labels(shared_data / "crowd" / name / "label.csv"))
        groups, _ = find_groups(votes)
        share = sum(len(group.members) for group in groups) / votes.shape[1]
        assert share <= 0.05, name


def test_colluders_in_a_public_crowd(shared_data: Path) -> None:
    """rte with 40 % sybils and no gold: the answers stay near those of the honest alone."""
    folder = shared_data / "crowd" / "rte"
    frame = read_labels(folder / "label.csv").frame
    truth = {task: int(label) for task, label in read_gold(folder / "truth.csv").items()}
    rng = np.random.default_rng(0)
    bad = rng.choice(164, 66, replace=False).tolist()
    key = {task: int(rng.integers(0, 2)) for task in truth}
    mine = frame["worker"].is_in(bad).to_list()
    label = [
        str(key[row["task"]]) if hostile else row["label"]
        for hostile, row in zip(mine, frame.iter_rows(named=True), strict=True)
    ]
    result = audit(LabelTable.from_frame(frame.with_columns(pl.Series("label", label))))
    found = dict(result.tasks.select("task", "label").rows())
    assert np.mean([int(found[task]) == k for task, k in truth.items()]) > 0.85
    grouped = set(result.workers.filter(pl.col("group") != "")["worker"].to_list())
    assert grouped <= set(bad)
    assert len(grouped) > 0.75 * len(bad)
