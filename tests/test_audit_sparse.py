"""Few labels a task: how much error is shared hardly shows, and the intervals must say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice.labels._table import LabelTable
from suffice.supply._audit_kinds import audit
from suffice.supply._votes import code_votes
from suffice.supply.workers._shared import even_prior, shared_error
from suffice.supply.workers._shared_prior import (
    PRIOR_BASE,
    PRIOR_LEAN,
    SHARE_GRID,
    beta_cells,
    dissent_icc,
    share_prior,
)
from suffice.supply.workers._worker_model import Crowd

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID = (np.arange(SHARE_GRID) + 0.5) / SHARE_GRID


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


def test_two_labels_a_task_leave_the_prior_over_crowds() -> None:
    """From agreement of two nothing is learned; ten labels narrow the share down."""
    two, truth = crowd(0, 2, misled=0.0)
    ten, _ = crowd(0, 10, misled=0.0)
    other, other_truth = crowd(1, 2, misled=0.3)
    by_two, by_ten = share_prior(two, truth[None]), share_prior(ten, truth[None])
    for cells in (by_two, by_ten):
        assert cells.sum() == pytest.approx(1.0)
    assert GRID @ by_two == pytest.approx(0.1, abs=0.03)
    assert GRID @ by_two == pytest.approx(GRID @ share_prior(other, other_truth[None]), abs=0.02)
    assert GRID @ by_ten < 0.5 * (GRID @ by_two)
    assert by_two[GRID > 0.3].sum() > 5.0 * by_ten[GRID > 0.3].sum()


def test_easy_tasks_are_not_suspected() -> None:
    """Where nearly all labels agree, few tasks are taken to mislead, even by three labels each."""
    table, truth = crowd(0, 3, misled=0.0, skill=(0.985, 0.999))
    assert GRID @ share_prior(table, truth[None]) < PRIOR_BASE + 0.005


def test_two_classes_have_a_fixed_prior() -> None:
    """With two classes the worker model has the tasks that lean; the rest is a stated share."""
    table, truth = crowd(0, 5, misled=0.1)
    from dataclasses import replace

    halved = replace(table, label=table.label % 2, classes=2)
    np.testing.assert_allclose(share_prior(halved, truth[None] % 2), beta_cells(PRIOR_LEAN))
    assert GRID @ beta_cells(PRIOR_LEAN) == pytest.approx(PRIOR_LEAN, abs=1e-3)


def test_tasks_that_nobody_disputes_may_be_wrong_too() -> None:
    """Without gold how evenly hits fall is drawn from its prior, for two classes and for more."""
    for classes in (2, 4):
        table, truth = crowd(0, 5, misled=0.1)
        label = table.label % classes
        votes = code_votes(LabelTable.from_frame(frame_of(table).with_columns(label=label)))
        sure = np.eye(classes)[truth % classes]
        mixed = np.full((classes, classes), 0.1) + (1.0 - 0.1 * classes) * np.eye(classes)
        shared = shared_error(
            votes, sure, sure, mixed, np.full(classes, 1.0 / classes),
            prior=beta_cells(0.1), draws=400, seed=0,
        )  # fmt: skip
        shares = [(shared.even_D == even).mean() for even in (0.0, 0.5, 1.0)]
        np.testing.assert_allclose(shares, even_prior(classes), atol=0.01)
