"""Agreement statistics, the test of ids, and Dawid-Skene, against known values and invariants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice.labels._read import read_labels
from suffice.labels._table import LabelTable
from suffice.records import AgreementRow
from suffice.supply._agreement import (
    _alpha,
    _fleiss,
    agreement,
    agreement_lines,
    cohen_range,
    pair_agreement,
)
from suffice.supply._votes import Votes, code_votes
from suffice.supply.doubts._ids import ids_test
from suffice.supply.workers._dawid_skene import dawid_skene, majority_vote

if TYPE_CHECKING:
    from pathlib import Path

# Fleiss (1971) as on Wikipedia: 10 subjects, 14 raters, 5 categories, kappa .210.
FLEISS = np.array(
    [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ],
    dtype=float,
)  # fmt: skip
# Krippendorff's example: three coders, fifteen units, nominal alpha .691.


def coders() -> Votes:
    """Krippendorff's example as votes."""
    rows = []
    table = (
        "*****34121133*3",
        "1*213343*******",
        "**21344*21133*4",
    )
    for coder, units in enumerate(table):
        rows += [(unit, coder, value) for unit, value in enumerate(units) if value != "*"]
    frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
    return code_votes(LabelTable.from_frame(frame))


def crowd(seed: int = 0, tasks: int = 200, workers: int = 12) -> tuple[Votes, Any]:
    """Votes of workers of different skill, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, tasks)
    skill = rng.uniform(0.4, 0.95, workers)
    rows = []
    for task in range(tasks):
        for worker in rng.choice(workers, 6, replace=False):
            right = rng.random() < skill[worker]
            label = truth[task] if right else (truth[task] + rng.integers(1, 3)) % 3
            rows.append((task, int(worker), int(label)))
    frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
    return code_votes(LabelTable.from_frame(frame)), truth


def test_fleiss_kappa_of_the_textbook() -> None:
    """The published value."""
    assert _fleiss(FLEISS, np.ones((1, 10)))[0] == pytest.approx(0.210, abs=5e-4)


def test_krippendorff_alpha_of_the_textbook() -> None:
    """The published value, units with one coder left out."""
    table = agreement(coders())["all"]
    assert table.krippendorff_alpha.value == pytest.approx(0.691, abs=5e-4)
    assert table.krippendorff_alpha.low < 0.691 < table.krippendorff_alpha.high


def test_cohen_kappa_of_the_textbook() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: kappa .4."""
    cells = [("y", "y", 20), ("y", "n", 5), ("n", "y", 10), ("n", "n", 15)]
    rows, task = [], 0
    for one, other, count in cells:
        for _ in range(count):
            rows += [(task, "a", one), (task, "b", other)]
            task += 1
    frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
    (pair,), _ = pair_agreement(code_votes(LabelTable.from_frame(frame)))
    assert pair["kappa"] == pytest.approx(0.4)
    assert pair["agreement"] == pytest.approx(0.7)
    assert pair["low"] < 0.4 < pair["high"]


def test_range_of_cohen_kappa_over_pairs() -> None:
    """The pairs that agree least and most are named, each kappa within its interval."""
    votes, _ = crowd()
    rows, whole = pair_agreement(votes)
    found = cohen_range(rows, whole=whole)
    assert found is not None
    assert found.pairs == len(rows) > 30
    assert found.all_pairs
    kappas = {(row["worker"], row["other"]): row["kappa"] for row in rows}
    assert found.least.value == min(kappas.values())
    assert found.most.value == max(kappas.values())
    assert found.least.value < found.median < found.most.value
    for end in (found.least, found.most):
        assert end.low < end.value < end.high
    assert cohen_range([]) is None


def test_a_pair_that_always_agrees_may_still_differ_on_new_tasks() -> None:
    """Ten common tasks, all answered alike: kappa is 1 and its interval is not."""
    rows = [(task, who, task % 2) for task in range(10) for who in "ab"]
    frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
    (pair,), _ = pair_agreement(code_votes(LabelTable.from_frame(frame)))
    assert pair["kappa"] == pair["high"] == pytest.approx(1.0)
    assert pair["low"] < 0.8


def test_agreement_in_lines_of_80_columns() -> None:
    """Alpha, Fleiss' kappa and Cohen's over pairs are said; of two workers Cohen's alone."""
    votes, _ = crowd()
    rows, _ = pair_agreement(votes)
    found = agreement(votes)["all"].model_copy(update={"cohen_kappa": cohen_range(rows)})
    alpha, fleiss, pairs = agreement_lines(found)
    assert alpha.startswith("Krippendorff's alpha (nominal) 0.")
    assert f"Fleiss' kappa {found.fleiss_kappa.value:.2f}" in fleiss
    assert f"Cohen's kappa of {found.cohen_kappa.pairs} pairs" in pairs
    assert max(len(line) for line in (alpha, fleiss, pairs)) <= 80
    one = rows[:1]
    assert agreement_lines(AgreementRow(tasks=0, cohen_kappa=cohen_range(one)))[0].startswith(
        "Cohen's kappa 0."
    )
    assert agreement_lines(AgreementRow(tasks=0)) == []


def test_only_the_busiest_pairs_are_said_to_be_those() -> None:
    """Of 40 workers on the same tasks 500 of 780 pairs are listed, and the line says so."""
    rng = np.random.default_rng(0)
    rows = [(task, who, rng.integers(2)) for task in range(12) for who in range(40)]
    frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
    pairs, whole = pair_agreement(code_votes(LabelTable.from_frame(frame)))
    assert (len(pairs), whole) == (500, False)
    (line,) = agreement_lines(AgreementRow(tasks=0, cohen_kappa=cohen_range(pairs, whole=whole)))
    assert "of the busiest 500 pairs" in line
    few, whole = pair_agreement(
        code_votes(LabelTable.from_frame(frame.filter(pl.col("worker") < 9)))
    )
    assert (len(few), whole) == (36, True)


def test_workers_who_never_differ_may_still_do_so() -> None:
    """Without any dissent alpha and Fleiss' kappa are 1, their intervals not, less so with more."""
    low = []
    for tasks in (10, 200):
        rows = [(task, who, task % 2) for task in range(tasks) for who in range(3)]
        frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
        found = agreement(code_votes(LabelTable.from_frame(frame)))["all"]
        for name in ("krippendorff_alpha", "fleiss_kappa"):
            assert getattr(found, name).value == pytest.approx(1.0)
            assert getattr(found, name).high == pytest.approx(1.0)
            assert getattr(found, name).low < 1.0
        low.append(found.krippendorff_alpha.low)
    assert low[0] < 0.8 < 0.95 < low[1]


def test_agreement_intervals_cover() -> None:
    """The 90 % interval of alpha covers the value of very many tasks in most small samples."""
    rng = np.random.default_rng(1)
    true = rng.integers(0, 2, 20_000)
    labels = np.where(rng.random((20_000, 4)) < 0.8, true[:, None], 1 - true[:, None])
    ones = labels.sum(axis=1)
    counts = np.stack([4 - ones, ones], axis=1).astype(float)
    value = float(_alpha(counts, np.ones((1, 20_000)))[0])
    from suffice.supply._agreement import _of_counts

    inside = 0
    for start in range(0, 20_000, 200):
        found = _of_counts(counts[start : start + 200], 200, 0).krippendorff_alpha
        inside += found.low <= value <= found.high
    assert 80 <= inside <= 98


def test_ids_that_belong_and_ids_that_do_not() -> None:
    """Real ids are told from shuffled ones."""
    votes, _ = crowd()
    from dataclasses import replace

    assert ids_test(votes).aligned
    rng = np.random.default_rng(3)
    alarms = [
        ids_test(replace(votes, worker=rng.permutation(votes.worker)), seed=k).aligned
        for k in range(20)
    ]
    assert np.mean(alarms) <= 0.2


def test_ids_of_too_little_data() -> None:
    """One label a task cannot be tested, and that is said."""
    frame = pl.DataFrame({"task": [1, 2], "worker": ["a", "b"], "label": ["x", "y"]})
    found = ids_test(code_votes(LabelTable.from_frame(frame)))
    assert not found.tested
    assert "Too few" in found.statement


def test_dawid_skene_beats_majority_vote() -> None:
    """With workers of different skill it is at least as good, and gold is kept."""
    votes, truth = crowd(tasks=600)
    fitted = dawid_skene(votes)
    assert fitted.converged
    ours = (fitted.posterior.argmax(axis=1) == truth).mean()
    assert ours >= (majority_vote(votes).argmax(axis=1) == truth).mean()
    np.testing.assert_allclose(fitted.posterior.sum(axis=1), 1.0)
    np.testing.assert_allclose(fitted.confusion.sum(axis=2), 1.0)
    from dataclasses import replace

    wrong = np.where(np.arange(600) < 5, (truth + 1) % 3, -1)
    pinned = dawid_skene(replace(votes, gold=wrong)).posterior
    assert (pinned[:5].argmax(axis=1) == wrong[:5]).all()


def test_dawid_skene_does_not_care_for_names() -> None:
    """Renaming classes and workers renames the answer."""
    votes, _ = crowd(seed=2)
    from dataclasses import replace

    order = np.array([2, 0, 1])
    renamed = replace(votes, label=order[votes.label], worker=11 - votes.worker)
    one, other = dawid_skene(votes).posterior, dawid_skene(renamed).posterior
    np.testing.assert_allclose(one, other[:, order], atol=1e-8)


def test_borrowed_answers_draw_sparse_workers_to_the_crowd() -> None:
    """With few labels each, a worker's matrix is near the crowd's; with many it is the worker's."""
    few, _ = crowd(tasks=60)
    alone, drawn = (dawid_skene(few, borrowed=b).confusion for b in (0.0, 50.0))
    assert drawn.std(axis=0).max() < 0.5 * alone.std(axis=0).max()
    np.testing.assert_allclose(drawn.sum(axis=2), 1.0)


def test_shuffled_ids_of_public_crowds_are_noticed(shared_data: Path) -> None:
    """Ids of five public crowds belong to the labels; shuffled, hardly ever."""
    called = 0
    for name in ("bluebird", "rte", "dog", "web", "sentiment"):
        table = read_labels(shared_data / "crowd" / name / "label.csv")
        assert ids_test(code_votes(table)).aligned, name
        for seed in range(8):
            column = table.frame["worker"].shuffle(seed=seed)
            mixed = LabelTable.from_frame(table.frame.with_columns(column))
            called += ids_test(code_votes(mixed), permutations=60, seed=seed).aligned
    # At 5 % two of 40 are expected; more than seven would be one chance in 500.
    assert called <= 7


def test_an_interval_has_width_where_every_task_dissents() -> None:
    """Two labels a task, always different: alpha cannot be lower, but a new task may agree."""
    rows = [(task, who, (task + (who == "b")) % 2) for task in range(20) for who in "ab"]
    frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
    alpha = agreement(code_votes(LabelTable.from_frame(frame)))["all"].krippendorff_alpha
    assert alpha.value < -0.9
    assert alpha.high > alpha.value + 0.1
