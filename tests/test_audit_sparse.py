"""Few labels a task: how much error is shared hardly shows, and the intervals must say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice.labels._table import LabelTable
from suffice.supply._audit_kinds import audit
from suffice.supply.workers import PUBLIC_CROWDS
from suffice.supply.workers._crowd_prior import shrunk
from suffice.supply.workers._dissent import DissentIcc, dissent_icc
from suffice.supply.workers._worker_model import Crowd

if TYPE_CHECKING:
    from numpy.typing import NDArray


def crowd(
    seed: int, each: int, *, misled: float, tasks: int = 400, workers: int = 24,
    skill: tuple[float, float] = (0.6, 0.95),
) -> tuple[Crowd, NDArray[Any]]:  # fmt: skip
    """Four classes; on a share of the tasks three quarters of all workers see a wrong class."""
    rng = np.random.default_rng([seed, 4])
    truth = rng.integers(0, 4, tasks)
    other = (truth + rng.integers(1, 4, tasks)) % 4
    misleads = rng.random(tasks) < misled
    right = rng.uniform(*skill, workers)
    worker = rng.random((tasks, workers)).argsort(axis=1)[:, :each].ravel()
    task = np.repeat(np.arange(tasks), each)
    fooled = misleads[task] & (rng.random(len(task)) < 0.75)
    seen = np.where(fooled, other[task], truth[task])
    wrong = (seen + rng.integers(1, 4, len(task))) % 4
    label = np.where(rng.random(len(task)) < right[worker], seen, wrong)
    nothing = np.full(tasks, -1)
    sets = np.zeros(tasks, dtype=np.int64), np.zeros(workers, dtype=np.int64)
    return Crowd(task, worker, label, nothing, workers, 4, *sets), truth


def frame_of(table: Crowd) -> pl.DataFrame:
    """The labels as a frame."""
    return pl.DataFrame({"task": table.task, "worker": table.worker, "label": table.label})


def test_workers_intervals_hold_where_labels_are_few() -> None:
    """Five labels a task, 15 % of the tasks misleading: intervals hold 80 % of the workers."""
    inside, over = [], []
    for seed in range(3):
        table, truth = crowd(seed, 5, misled=0.15)
        result = audit(LabelTable.from_frame(frame_of(table)), seed=seed).workers.sort("worker")
        right = (table.label == truth[table.task]).astype(np.float64)
        exact = np.bincount(table.worker, right) / np.bincount(table.worker)
        value, low, high = (result[c].to_numpy() for c in ("accuracy", "low", "high"))
        inside += ((low - 1e-9 <= exact) & (exact <= high + 1e-9)).tolist()
        over.append((value - exact).mean())
    assert np.mean(inside) >= 0.8
    assert abs(np.mean(over)) < 0.03


@pytest.mark.parametrize("each", [3, 10])
def test_dissent_goes_together_only_where_tasks_mislead(each: int) -> None:
    """Nothing is seen where tasks are alike, and something where some divide everybody."""
    for misled in (0.0, 0.3):
        found = []
        for seed in range(6):
            table, truth = crowd(seed, each, misled=misled)
            found.append(dissent_icc(table, truth[None]))
        seen, error = np.mean([f.seen for f in found]), np.mean([f.error for f in found])
        if misled:
            assert seen > 0.1
        else:
            assert abs(seen) < 2.0 * error / np.sqrt(len(found))
        assert found[0].shown == pytest.approx((each - 2) / each, abs=1e-6)


def expected_misled(dissent: DissentIcc | None) -> float:
    """Mean share of misled tasks before any gold."""
    _, misled, chances = PUBLIC_CROWDS.grid(dissent)
    assert chances.sum() == pytest.approx(1.0)
    return float(chances.sum(axis=0) @ misled)


def test_two_labels_a_task_leave_the_prior_over_crowds() -> None:
    """From agreement of two nothing is learned of which crowds are alike; ten labels say it."""
    two, truth = crowd(0, 2, misled=0.0)
    ten, _ = crowd(0, 10, misled=0.0)
    by_two, by_ten = dissent_icc(two, truth[None]), dissent_icc(ten, truth[None])
    assert expected_misled(by_two) == pytest.approx(expected_misled(None), abs=1e-6)
    assert expected_misled(by_ten) < 0.6 * expected_misled(by_two)


def test_evidence_saturates_and_keeps_its_order() -> None:
    """However sure the labels are, the answer stays and its chance has a ceiling."""
    rng = np.random.default_rng(0)
    chance = rng.dirichlet([0.2] * 3, 200)
    for together in (0.0, 0.1, 0.5):
        less = shrunk(chance, together)
        np.testing.assert_allclose(less.sum(axis=1), 1.0)
        assert (less.argmax(axis=1) == chance.argmax(axis=1)).all()
        assert (less.max(axis=1) <= chance.max(axis=1) + 1e-9).all()
        order = np.argsort(chance.max(axis=1))
        sure = less.max(axis=1)[order]
        if together:
            assert sure.max() < 1.0 / (1.0 + np.exp(-1.0 / together))
    np.testing.assert_allclose(shrunk(chance, 0.0), chance, atol=1e-6)


def test_tasks_that_nobody_disputes_may_be_wrong_too() -> None:
    """Without gold no answer is all but certain, for two classes and for more."""
    for classes in (2, 4):
        table, _ = crowd(0, 10, misled=0.0, skill=(0.97, 0.99))
        label = table.label % classes
        result = audit(LabelTable.from_frame(frame_of(table).with_columns(label=label)))
        assert result.tasks["confidence"].max() < 0.995
        assert result.tasks["confidence"].mean() > 0.9
