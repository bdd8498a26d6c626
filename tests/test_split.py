"""Two groups that truly disagree: found where planted, not found where there is one truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from suffice import LabelTable, audit
from suffice.labels import read_labels
from suffice.supply._votes import code_votes
from suffice.supply.doubts._split import find_split

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.supply._votes import Votes


def crowd(
    seed: int, *, share: float = 0.0, classes: int = 2, tasks: int = 200, workers: int = 30,
    labels: int = 12, minority: float = 0.35,
) -> tuple[Votes, NDArray[Any]]:  # fmt: skip
    """Experts and others on easy and hard tasks; a minority follows another key on some tasks."""
    rng = np.random.default_rng([seed, 8])
    truth = rng.integers(0, classes, tasks)
    hard, expert = rng.random(tasks) < 0.3, rng.random(workers) < 0.4
    accuracy = np.clip(rng.beta(18, 2, workers), 0.5, 0.99)
    second = np.arange(workers) < round(minority * workers)
    moved = (truth + rng.integers(1, classes, tasks)) % classes
    key = np.where(rng.random(tasks) < share, moved, truth)
    task = np.repeat(np.arange(tasks), labels)
    worker = np.argsort(rng.random((tasks, workers)), axis=1)[:, :labels].ravel()
    right = accuracy[worker]
    guess = 1.0 / classes + 0.05
    right = np.where(hard[task], np.where(expert[worker], 0.6 * right + 0.2, guess), right)
    wanted = np.where(second[worker], key[task], truth[task])
    missed = (wanted + rng.integers(1, classes, len(task))) % classes
    label = np.where(rng.random(len(task)) < right, wanted, missed)
    table = LabelTable.from_columns(task, worker, [str(k) for k in label])
    return code_votes(table), second


@pytest.mark.parametrize("classes", [2, 4])
def test_one_truth_is_not_split(classes: int) -> None:
    """Difficulty and unequal skill do not look like two keys: no split in 10 honest crowds."""
    for seed in range(10):
        found = find_split(crowd(seed, classes=classes)[0])
        assert found is not None
        assert not found.found, (seed, found.statement)


@pytest.mark.parametrize("classes", [2, 4])
def test_planted_split_is_found(classes: int) -> None:
    """A third of the workers, another key on 30 % of the tasks: found, and nearly all placed."""
    hits, placed = 0, []
    for seed in range(6):
        votes, second = crowd(seed, share=0.3, classes=classes, tasks=400, labels=15)
        found = find_split(votes)
        assert found is not None
        if not found.found:
            continue
        hits += 1
        assert found.workers is not None
        group = dict(found.workers.select("worker", "group").rows())
        placed.append(np.mean([(group[w] == "B") == second[w] for w in votes.workers]))
        assert found.summary.agreement.between < found.summary.agreement.within_b
    assert hits >= 4, hits
    assert np.mean(placed) > 0.95


def test_spammers_and_inverted_workers_are_no_group() -> None:
    """Workers who guess or invert are not reported as a second view."""
    for kind in ("guess", "invert"):
        votes, _ = crowd(1)
        rng = np.random.default_rng(5)
        bad = votes.worker < 10
        label = rng.integers(0, 2, len(votes)) if kind == "guess" else 1 - votes.label
        mixed = np.where(bad, label, votes.label)
        table = LabelTable.from_columns(votes.task, votes.worker, [str(k) for k in mixed])
        found = find_split(code_votes(table))
        assert found is not None
        assert not found.found, (kind, found.statement)


def test_copying_group_is_not_called_honest() -> None:
    """A second group that copies one key is named as that."""
    votes, second = crowd(0, share=0.3, tasks=400, labels=15)
    found = find_split(votes, copying=[np.flatnonzero(second).tolist()])
    assert found is not None
    assert found.found
    assert found.summary.copying
    assert "copies a key" in found.statement


def test_too_little_is_not_tested() -> None:
    """Two workers, or one label a task, leave nothing to test."""
    pair = LabelTable.from_columns([1, 1, 2, 2], ["a", "b"] * 2, ["x", "y"] * 2)
    assert find_split(code_votes(pair)) is None
    lone = LabelTable.from_columns(range(9), range(9), ["x", "y", "x"] * 3)
    assert find_split(code_votes(lone)) is None


def test_the_audit_reports_it(tmp_path: Path) -> None:
    """The audit says it in words and writes who stands where and on which tasks."""
    votes, _ = crowd(3, share=0.3, tasks=400, labels=15)
    labels = [votes.classes[k] for k in votes.label]
    result = audit(LabelTable.from_columns(votes.task, votes.worker, labels))
    assert result.split is not None
    assert result.split.found, result.split.statement
    assert "only" not in result.split.statement.split("Labels alone")[0]
    assert {path.name for path in result.write(tmp_path)} >= {
        "split_workers.csv",
        "split_tasks.csv",
    }
    assert result.split.tasks is not None
    assert (result.split.tasks["label_a"] != result.split.tasks["label_b"]).all()


@pytest.mark.parametrize("name", ["bluebird", "rte", "dog", "web", "sentiment"])
def test_public_sets_are_not_split(shared_data: Path, name: str) -> None:
    """None of the five crowd sets with one truth is called split."""
    votes = code_votes(read_labels(shared_data / "crowd" / name / "label.csv"))
    found = find_split(votes)
    assert found is not None
    assert not found.found, found.statement
