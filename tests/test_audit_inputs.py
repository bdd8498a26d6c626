"""Bad and odd input to the audit: each gets one clear line or an honest answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice.errors import InputError
from suffice.labels._read import read_gold, read_labels
from suffice.labels._table import LabelTable
from suffice.supply._audit_kinds import audit
from suffice.supply._summary import summary_lines
from suffice.supply._votes import code_votes

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.supply._audit_record import Audit


def made_up(
    tasks: int = 40,
    workers: int = 8,
    classes: int = 2,
    labels_per_task: int = 5,
    accuracy: float = 0.85,
    seed: int = 0,
) -> tuple[LabelTable, dict[Any, str]]:
    """Labels by workers of one accuracy, and the gold."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, tasks)
    rows = []
    for task in range(tasks):
        for worker in rng.choice(workers, min(labels_per_task, workers), replace=False):
            wrong = (truth[task] + rng.integers(1, max(classes, 2))) % classes
            label = truth[task] if rng.random() < accuracy else wrong
            rows.append((task, f"w{worker}", str(label)))
    frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
    return LabelTable.from_frame(frame), {task: str(k) for task, k in enumerate(truth)}


def sound(result: Audit) -> None:
    """What must hold of every audit."""
    p = result.tasks.select(pl.selectors.starts_with("p_")).to_numpy()
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-9)
    assert (p >= 0).all()
    np.testing.assert_allclose(result.tasks["confidence"].to_numpy(), p.max(axis=1))
    frame = result.workers
    for name in ("accuracy", "low", "high", "accuracy_new", "low_new", "high_new"):
        assert frame[name].is_between(0, 1).all(), name
    assert (frame["low"] <= frame["high"]).all()
    assert (frame["low_new"] < frame["high_new"]).all()
    json.dumps(result.summary.as_json(), allow_nan=False)
    assert all("\n" not in line for line in summary_lines(result.summary))


def test_files_and_columns(tmp_path: Path) -> None:
    """The audit writes its five files with the columns that are promised."""
    table, _ = made_up()
    written = audit(table).write(tmp_path / "audit")
    assert [path.name for path in written] == [
        "tasks.csv", "workers.csv", "sources.csv", "pairs.csv", "summary.json",
    ]  # fmt: skip
    assert pl.read_csv(written[0]).columns == ["task", "label", "confidence", "p_0", "p_1"]
    assert pl.read_csv(written[1]).columns == [
        "worker", "labels", "accuracy", "low", "high", "accuracy_new", "low_new", "high_new",
        "suspect", "group", "reason",
    ]  # fmt: skip
    assert set(pl.read_csv(written[1])["suspect"].to_list()) <= {True, False}
    sources = pl.read_csv(written[2])
    assert {"source", "slice", "error", "error_low", "bits", "price_per_bit", "channel"} <= set(
        sources.columns
    )
    summary = json.loads(written[4].read_text())
    assert summary["labels"] == len(table)


def test_same_seed_same_numbers() -> None:
    """The audit is a function of labels, gold and seed."""
    table, gold = made_up()
    some = dict(list(gold.items())[:5])
    first, second = audit(table, some, seed=3), audit(table, some, seed=3)
    assert first.tasks.equals(second.tasks)
    assert first.workers.equals(second.workers)
    assert first.summary == second.summary


def test_one_worker() -> None:
    """One worker: the audit says that accuracy is not measured."""
    table, _ = made_up(workers=1)
    result = audit(table)
    sound(result)
    assert any("one worker" in line for line in result.summary.cautions)
    assert not result.summary.verdict.known
    assert result.workers["high"][0] - result.workers["low"][0] > 0.2


def test_one_worker_with_gold() -> None:
    """With gold one worker's accuracy is measured, and the audit says on what it rests."""
    table, gold = made_up(tasks=120, workers=1)
    result = audit(table, dict(list(gold.items())[:60]))
    sound(result)
    assert result.summary.verdict.known
    assert any("rests on 60 gold tasks alone" in line for line in result.summary.cautions)
    row = result.workers.row(0, named=True)
    right = np.mean([gold[task] == label for task, _, label in table.frame.rows()])
    assert row["low"] <= right <= row["high"]


def test_one_label_a_task() -> None:
    """One label a task: nobody is compared with anybody."""
    table, _ = made_up(tasks=60, labels_per_task=1)
    result = audit(table)
    sound(result)
    assert any("one label a task" in line for line in result.summary.cautions)
    assert "no two workers labelled the same task" in result.summary.verdict.statement
    assert result.summary.agreement["all"].tasks == 0
    assert not result.workers["suspect"].any()


def test_one_label_a_task_is_answered_as_it_was_labelled() -> None:
    """Where nobody can be compared, no worker's habits may overrule what was said."""
    rng = np.random.default_rng(3)
    lean = rng.dirichlet(np.full(4, 0.7), 12)
    worker = np.repeat(np.arange(12), 40)
    label = [f"c{rng.choice(4, p=lean[w])}" for w in worker]
    frame = pl.DataFrame({"task": np.arange(480), "worker": worker, "label": label})
    result = audit(LabelTable.from_frame(frame))
    sound(result)
    assert result.tasks["label"].to_list() == label
    assert result.tasks["confidence"].max() < 0.95


def test_few_labels_of_many_classes_do_no_worse_than_a_majority(shared_data: Path) -> None:
    """Two labels a task of a real crowd: sparse confusion matrices must not overfit."""
    folder = shared_data / "crowd" / "dog"
    gold = read_gold(folder / "truth.csv")
    mixed = read_labels(folder / "label.csv").frame.sample(fraction=1.0, shuffle=True, seed=0)
    frame = mixed.group_by("task", maintain_order=True).head(2)
    found = dict(audit(LabelTable.from_frame(frame)).tasks.select("task", "label").rows())
    ours = np.mean([found[task] == right for task, right in gold.items() if task in found])
    # A fair tie of two labels is right as often as one of them is.
    one = frame.select((pl.col("label") == pl.col("task").replace_strict(gold)).mean()).item()
    assert ours > one - 0.01


def test_worker_with_one_label() -> None:
    """A single label gives a wide interval and no flag."""
    table, _ = made_up(tasks=100)
    one = pl.DataFrame({"task": [0], "worker": ["once"], "label": ["0"]})
    frame = pl.concat([table.frame.select("task", "worker", "label"), one])
    result = audit(LabelTable.from_frame(frame))
    sound(result)
    row = result.workers.filter(pl.col("worker") == "once").row(0, named=True)
    assert not row["suspect"]
    assert row["high_new"] - row["low_new"] > 0.2
    assert any("1 worker gave one label" in line for line in result.summary.cautions)


def test_800_workers_with_5_labels_each() -> None:
    """Sparse workers are drawn to the crowd: no flags, and intervals are not points."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 400)
    task = rng.permuted(np.tile(np.arange(400), (10, 1)), axis=1).ravel()
    label = np.where(rng.random(4000) < 0.8, truth[task], 1 - truth[task])
    frame = pl.DataFrame({"task": task, "worker": np.arange(4000) // 5, "label": label})
    result = audit(LabelTable.from_frame(frame))
    sound(result)
    assert len(result.workers) == 800
    assert result.workers["suspect"].mean() < 0.02
    assert abs(result.workers["accuracy_new"].mean() - 0.8) < 0.1
    assert (result.workers["high_new"] - result.workers["low_new"]).min() > 0.05


def test_all_labels_identical() -> None:
    """One class only is refused with a remedy; naming the other class gives an answer."""
    frame = pl.DataFrame({"task": [1, 1, 2, 2], "worker": ["a", "b"] * 2, "label": ["x"] * 4})
    table = LabelTable.from_frame(frame)
    with pytest.raises(InputError, match="all 4 labels are 'x'"):
        audit(table)
    result = audit(table, classes=["x", "y"])
    sound(result)
    assert result.tasks["label"].to_list() == ["x", "x"]
    assert result.summary.verdict.statement.startswith("Cannot know: all labels are 'x'")
    with pytest.raises(InputError, match="not all different names"):
        audit(table, classes=["x", "x"])
    assert result.summary.agreement["all"].krippendorff_alpha is None


def test_200_classes() -> None:
    """Many classes fall back to the one-coin model and stay right."""
    table, gold = made_up(tasks=300, workers=20, classes=200, labels_per_task=5)
    result = audit(table)
    sound(result)
    right = [gold[row["task"]] == row["label"] for row in result.tasks.iter_rows(named=True)]
    assert np.mean(right) > 0.95


@pytest.mark.parametrize(
    "ids",
    [
        pl.Series([-128, -5, 0, 127], dtype=pl.Int8),
        pl.Series([3, 10**6, 10**12, 10**17], dtype=pl.Int64),
        pl.Series([2**63, 2**63 + 1, 2**63 + 2, 2**64 - 1], dtype=pl.UInt64),
        pl.Series([0.5, 1.0, 2.25, 1e300], dtype=pl.Float64),
        pl.Series(["a, b", 'c "d"', "naïve", "🦆"], dtype=pl.String),
        pl.Series([False, True]),
    ],
    ids=["int8", "far apart", "uint64", "float", "text", "bool"],
)
def test_ids_of_any_type_are_numbered_alike(ids: pl.Series) -> None:
    """Tasks and workers are numbered in the order of their ids, whatever type those have."""
    n = len(ids)
    rows = [(t, w, (t + w) % 2) for t in reversed(range(n)) for w in range(n)]
    task, worker, label = (list(column) for column in zip(*rows, strict=True))
    frame = pl.DataFrame({"task": ids.gather(task), "worker": ids.gather(worker), "label": label})
    votes = code_votes(LabelTable.from_frame(frame))
    assert list(votes.tasks) == ids.to_list()
    assert list(votes.workers) == ids.to_list()
    order = np.argsort(task, kind="stable")
    np.testing.assert_array_equal(votes.task, np.array(task)[order])
    np.testing.assert_array_equal(votes.worker, np.array(worker)[order])
    np.testing.assert_array_equal(votes.label, np.array(label)[order])


def test_ids_with_commas_and_emoji(tmp_path: Path) -> None:
    """Ids come back from the files as they went in."""
    table, _ = made_up(workers=3)
    names = {"w0": 'a, "b"', "w1": "duck 🦆", "w2": "naïve"}
    frame = table.frame.with_columns(pl.col("worker").replace(names))
    paths = audit(LabelTable.from_frame(frame)).write(tmp_path)
    assert sorted(pl.read_csv(paths[1])["worker"].to_list()) == sorted(names.values())


def test_label_outside_the_classes() -> None:
    """A stray label is named with its task and worker."""
    table, gold = made_up()
    frame = table.frame.select("task", "worker", "label")
    stray = pl.DataFrame({"task": [3], "worker": ["zed"], "label": ["7"]})
    bad = LabelTable.from_frame(pl.concat([frame, stray]))
    with pytest.raises(InputError, match=r"label '7' of task 3 by worker 'zed'.*: 0, 1"):
        audit(bad, gold)
    with pytest.raises(InputError, match="label '7'"):
        audit(bad, classes=["0", "1"])


def test_gold_that_does_not_fit() -> None:
    """Gold in other words, for other tasks, outside the classes, or empty is refused."""
    table, gold = made_up()
    with pytest.raises(InputError, match="share no class"):
        audit(table, {0: "yes", 1: "no"})
    with pytest.raises(InputError, match="none of the 1 gold tasks"):
        audit(table, {"elsewhere": "0"})
    with pytest.raises(InputError, match="gold label '9'"):
        audit(table, {0: "9"}, classes=["0", "1"])
    with pytest.raises(InputError, match="is empty"):
        audit(table, gold | {1: float("nan")})


def test_task_with_no_gold_and_gold_with_no_task() -> None:
    """Gold may cover some tasks; gold of unknown tasks is counted and said."""
    table, gold = made_up()
    some = {task: gold[task] for task in range(10)}
    result = audit(table, some | {"nowhere": "0"})
    sound(result)
    assert result.summary.gold_tasks == 10
    assert any("1 gold task passed over" in note for note in result.summary.notes)
    answers = dict(result.tasks.select("task", "label").rows())
    assert all(answers[task] == right for task, right in some.items())


def test_gold_ids_as_text_match_numbers() -> None:
    """A gold file's "3" is the task 3."""
    table, gold = made_up()
    result = audit(table, {str(task): label for task, label in gold.items()})
    assert result.summary.gold_tasks == len(gold)


def test_complete_gold_makes_accuracy_exact() -> None:
    """Where every task has gold, accuracy here is counted and its interval is a point."""
    table, gold = made_up(tasks=60)
    result = audit(table, gold)
    right = table.frame.with_columns(
        (pl.col("label") == pl.col("task").replace_strict(gold)).alias("right")
    )
    exact = right.group_by("worker").agg(pl.col("right").mean()).sort("worker")
    ours = result.workers.sort("worker")
    np.testing.assert_allclose(ours["accuracy"], exact["right"], atol=1e-12)
    np.testing.assert_allclose(ours["low"], ours["high"])
    assert (ours["low_new"] < ours["high_new"]).all()


def test_not_a_table() -> None:
    """Something that is no label table."""
    with pytest.raises(InputError, match="labels are a list"):
        audit([1, 2])  # type: ignore[arg-type]


def test_audit_of_a_preference_file(tmp_path: Path) -> None:
    """A trainer's file has one unnamed annotator: the audit says what that means."""
    rows = [
        {"prompt": f"p{n}", "chosen": f"{n % 7} good", "rejected": f"{(n * 3) % 5} bad"}
        for n in range(50)
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    result = audit(path)
    sound(result)
    assert any("no annotator column" in note for note in result.summary.notes)
    assert any("one worker" in line for line in result.summary.cautions)


def test_a_class_that_only_gold_has_is_said() -> None:
    """Gold with a class that nobody gave may be a slip of the pen: it is named."""
    table, gold = made_up()
    some = dict(list(gold.items())[:5]) | {7: "maybe"}
    assert "only gold says maybe: no label does" in audit(table, some).summary.notes
