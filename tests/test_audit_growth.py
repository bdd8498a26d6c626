"""Large tables: memory grows with labels and workers, and pieces change no answer."""

from __future__ import annotations

import tracemalloc

import numpy as np
import polars as pl
import polars.testing
import pytest

from suffice.labels import LabelTable
from suffice.supply import _agreement, _pieces
from suffice.supply._agreement import pair_agreement
from suffice.supply._audit_kinds import audit
from suffice.supply._votes import code_votes
from suffice.supply.doubts import find_groups
from suffice.supply.workers import _alone, _gibbs, _worker_model


def table(tasks: int, each: int, workers: int, classes: int = 2) -> LabelTable:
    """Workers who are right three times of four, all with as many labels."""
    rng = np.random.default_rng(7)
    task = np.repeat(np.arange(tasks), each)
    worker = np.resize(rng.permutation(workers), len(task))
    truth = rng.integers(0, classes, tasks)[task]
    wrong = (truth + rng.integers(1, classes, len(task))) % classes
    label = np.where(rng.random(len(task)) < 0.75, truth, wrong)
    return LabelTable.from_frame(pl.DataFrame({"task": task, "worker": worker, "label": label}))


def test_memory_for_copying_groups_does_not_grow_with_the_square_of_workers() -> None:
    """Sixteen thousand workers: their square would be two gigabytes."""
    votes = code_votes(table(8_000, 6, 16_000))
    tracemalloc.start()
    find_groups(votes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400e6


def test_pairs_of_workers_agree_alike_however_they_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One dense table, dense blocks and sparse products count the same tasks."""
    votes = code_votes(table(600, 4, 40, 3))
    whole = pair_agreement(votes, least=3)
    assert whole[0]
    monkeypatch.setattr(_agreement, "_DENSE", 4_000)
    assert pair_agreement(votes, least=3) == whole
    monkeypatch.setattr(_agreement, "_SPARSE", 1.0)
    assert pair_agreement(votes, least=3) == whole


def test_an_audit_in_pieces_is_the_same_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a thousand labels give the tables of one piece, to the last digits."""
    labels = table(500, 5, 30)
    whole = audit(labels)
    defaults = _pieces.pieces.__defaults__
    monkeypatch.setattr(_pieces.pieces, "__defaults__", (1_000,))
    assert defaults == (_pieces.PIECE,)
    cut = audit(labels)
    for name in ("tasks", "workers", "sources"):
        one, other = getattr(whole, name), getattr(cut, name)
        pl.testing.assert_frame_equal(one, other, rel_tol=1e-9)


def test_tasks_in_blocks_are_the_same_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small blocks of tasks and of skills draw the same classes by the same random numbers."""
    labels = table(400, 5, 40, 3)
    whole = audit(labels)
    monkeypatch.setattr(_worker_model, "BLOCK_CELLS", 900)
    monkeypatch.setattr(_gibbs, "_COLUMNS", 24)
    cut = audit(labels)
    pl.testing.assert_frame_equal(whole.tasks, cut.tasks, abs_tol=2e-3)


def test_tasks_with_one_label_are_answered_alike_in_and_out_of_the_sampler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Left out of the sampler they get the same chances, but for other random numbers."""
    many, single = table(300, 5, 12).frame, table(600, 1, 12).frame
    rows = pl.concat([many, single.with_columns(pl.col("task") + 300)])
    labels = LabelTable.from_frame(rows)
    inside = audit(labels).tasks.sort("task")
    monkeypatch.setattr(_alone, "_MANY", 100)
    monkeypatch.setattr(_alone, "_KEPT", 5)
    outside = audit(labels).tasks.sort("task")
    gap = (inside["p_1"] - outside["p_1"]).to_numpy()
    assert 0 < np.abs(gap[300:]).max() < 0.12
    # Two chains of a class-wise model on 300 tasks: how much tasks lean is hardly known.
    assert np.abs(gap).mean() < 0.06
