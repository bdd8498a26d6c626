"""Position bias, ties, and labels put right, in the audit of preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice import LabelTable, audit, bradley_terry
from suffice.supply import judge_report
from suffice.supply.preferences._position import UNKNOWN, find_preferences, preference_lines

if TYPE_CHECKING:
    from pathlib import Path


def judged(
    *, bias: float, orders: str = "both", ties: bool = False, seed: int = 0, tasks: int = 150,
    bad: int = 0,
) -> tuple[pl.DataFrame, dict[int, str]]:  # fmt: skip
    """Pairs judged by six workers, and the better side of each; ``bad`` of them only see order."""
    rng = np.random.default_rng([seed, 3])
    strength = rng.normal(0.0, 1.5, tasks)
    rows = []
    for task in range(tasks):
        drawn = int(rng.integers(2))
        for worker in range(6):
            turned = {
                "both": [0, 1], "random": [int(rng.integers(2))], "fixed": [0], "task": [drawn],
            }[orders]  # fmt: skip
            for order in turned:
                sign = 1 - 2 * order
                own = 0.0 if worker < bad else strength[task]
                eta = sign * own + (2.5 if worker < bad else bias)
                weight = np.exp([eta / 2, -eta / 2, 0.0 if ties else -99.0])
                said = rng.choice(3, p=weight / weight.sum())
                side = "tie" if said == 2 else ("first", "second")[said if order == 0 else 1 - said]
                rows.append((task, f"w{worker}", side, order))
    schema = ["task", "worker", "label", "presented_order"]
    truth = {task: "first" if s > 0 else "second" for task, s in enumerate(strength)}
    return pl.DataFrame(rows, schema=schema, orient="row"), truth


def preferences(frame: pl.DataFrame) -> Any:
    """What is found in a table that holds preferences."""
    found = find_preferences(LabelTable.from_frame(frame))
    assert found is not None
    return found


@pytest.mark.parametrize("orders", ["both", "random"])
@pytest.mark.parametrize("bias", [0.0, 0.8])
def test_bias_is_measured(orders: str, bias: float) -> None:
    """The pooled interval is at the truth, and excludes an even chance only where there is bias."""
    frame, _ = judged(bias=bias, orders=orders, tasks=100)
    found = preferences(frame).summary.position_bias
    assert found.low - 0.03 <= 1.0 / (1.0 + np.exp(-bias)) <= found.high + 0.03
    assert (found.low > 0.5) == (bias > 0.0)


def test_labels_are_put_right() -> None:
    """Where four of six only see the order, allowing for it gives more right labels than voting."""
    frame, truth = judged(bias=0.0, orders="task", bad=4)
    found = preferences(frame)
    right = found.tasks.with_columns(pl.col("task").replace_strict(truth).alias("truth"))
    ours = (right["preferred"] == right["truth"]).mean()
    plain = np.where(right["changed"], right["preferred"] != right["truth"],
                     right["preferred"] == right["truth"]).mean()  # fmt: skip
    assert ours > plain + 0.05
    assert found.summary.changed_tasks == right["changed"].sum()
    workers = found.workers.sort("worker")
    assert (workers["first_low"].to_numpy()[:4] > 0.7).all()


def test_pairs_in_both_orders_are_counted() -> None:
    """The swap design keeps both answers of a worker and says how often they agree."""
    frame, _ = judged(bias=1.5, orders="both")
    table = LabelTable.from_frame(frame)
    assert len(table) == len(frame)
    both = preferences(frame).summary.both_orders
    assert both.tasks == 150
    wide = frame.pivot("presented_order", index=["task", "worker"], values="label")
    assert both.by_one_worker == len(wide) == 900
    assert both.same_item == (wide["0"] == wide["1"]).sum()
    assert both.first_both_times > 3 * both.second_both_times


def test_ties_are_kept() -> None:
    """Ties stay labels, each worker has a liking for them, and they bias nothing."""
    frame, _ = judged(bias=0.0, orders="random", ties=True, tasks=80)
    found = preferences(frame)
    share = (frame["label"] == "tie").mean()
    assert found.summary.ties.share == pytest.approx(share)
    workers = found.workers
    # Weight 1 for a tie beside 1 and 1: an even pair is called a tie a third of the time.
    assert (workers["tie_low"] <= 1 / 3).mean() > 0.6
    assert (workers["tie_high"] >= 1 / 3).mean() > 0.6
    assert found.summary.position_bias.low < 0.5 < found.summary.position_bias.high
    result = audit(LabelTable.from_frame(frame))
    assert set(result.tasks.columns) >= {"p_first", "p_second", "p_tie"}


def test_unknown_order_is_said(tmp_path: Path) -> None:
    """Preference data without the order: the bias is unknown, and the audit says so."""
    rows = ["prompt,chosen,rejected,annotator"]
    rng = np.random.default_rng(0)
    for pair in range(40):
        for worker in "abc":
            good, bad = (f"x{pair}", f"y{pair}") if rng.random() < 0.8 else (f"y{pair}", f"x{pair}")
            rows.append(f"p{pair},{good},{bad},{worker}")
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join(rows))
    result = audit(path)
    assert result.preferences is not None
    assert result.preferences.workers is None
    assert f"{UNKNOWN}." in preference_lines(result.preferences.summary)


def test_fixed_order_is_said_to_be_an_assumption() -> None:
    """Where no pair was judged in both orders the statement says what it rests on."""
    frame, _ = judged(bias=0.5, orders="fixed", tasks=60)
    said = preferences(frame).summary.position_statement
    assert "no pair was judged in both orders" in said


def test_votes_are_no_preferences() -> None:
    """Ordinary classes get no talk of positions."""
    table = LabelTable.from_columns([1, 1, 2, 2], ["a", "b"] * 2, ["cat", "dog", "cat", "cat"])
    assert find_preferences(table) is None
    assert audit(table).summary.preferences is None
    rated = LabelTable.from_columns([1, 1, 2, 2], ["a", "b"] * 2, ["1", "2", "1", "2"])
    assert find_preferences(rated) is None


def test_items_are_written(tmp_path: Path) -> None:
    """Comparisons of items give items.csv, and no comparison is lost where pairs come again."""
    rng = np.random.default_rng(1)
    left = rng.integers(0, 6, 600)
    right = (left + rng.integers(1, 6, 600)) % 6
    won = rng.random(600) < 1.0 / (1.0 + np.exp(0.8 * (left - right)))
    frame = pl.DataFrame(
        {"worker": rng.integers(0, 10, 600), "left": left, "right": right,
         "label": np.where(won, left, right)}
    )  # fmt: skip
    frame = frame.with_columns(
        pl.format("m{}", pl.col(name)).alias(name) for name in ("left", "right", "label")
    )
    path = tmp_path / "comparisons.csv"
    frame.write_csv(path)
    result = audit(path)
    assert result.summary.labels == 600
    assert result.tasks["task"].str.replace(r" \(\d+\)$", "").n_unique() == 15
    assert result.preferences is not None
    alone = bradley_terry(path)
    assert result.preferences.items is not None
    assert result.preferences.items["item"].to_list() == alone.items["item"].to_list()
    assert set(result.summary.classes) == {"left", "right"}
    names = {file.name for file in result.write(tmp_path / "out")}
    assert {"items.csv", "positions.csv", "preferences.csv"} <= names
    items = pl.read_csv(tmp_path / "out" / "items.csv")
    assert items["item"][0] == "m0"
    assert items["item"][-1] == "m5"
    assert (items["low"] <= items["score"]).all()
    assert (items["rank_low"] <= items["rank"]).all()


def test_missing_items_are_said() -> None:
    """Rows without their items leave the labels as votes, and the notes say so."""
    table = LabelTable.from_columns(
        [1, 1, 2], ["a", "b", "a"], ["left", "right", "left"], left=["x", None, "x"],
        right=["y", "y", "z"],
    )  # fmt: skip
    assert "left" not in table.frame.columns
    assert any("1 rows lack left or right" in note for note in table.notes)


def test_judge_beside_people() -> None:
    """A judge who copies a person's errors is seen to err with them; a good one is not."""
    rng = np.random.default_rng(2)
    n = 600
    truth = rng.integers(0, 2, n)
    hard = rng.random(n) < 0.2
    people = [np.where(rng.random(n) < np.where(hard, 0.3, 0.95), truth, 1 - truth)
              for _ in range(3)]  # fmt: skip
    copier = np.where(rng.random(n) < np.where(hard, 0.3, 0.95), truth, 1 - truth)
    other = np.where(rng.random(n) < 0.8, truth, 1 - truth)
    columns = {"p1": people[0], "p2": people[1], "p3": people[2], "gpt": copier, "rule": other}
    table = LabelTable.from_columns(
        np.tile(np.arange(n), 5), np.repeat(list(columns), n),
        np.concatenate(list(columns.values())),
        slice=np.tile(np.where(hard, "hard", "easy"), 5),
    )  # fmt: skip
    found = judge_report(table, ["gpt", "rule"], {i: str(t) for i, t in enumerate(truth)})
    rows = {(row["judge"], row["slice"]): row for row in found.iter_rows(named=True)}
    assert rows["gpt", "all"]["both_wrong_low"] > rows["gpt", "all"]["both_wrong_alone_high"]
    assert rows["rule", "all"]["both_wrong_low"] <= rows["rule", "all"]["both_wrong_alone_high"]
    assert rows["gpt", "hard"]["accuracy_low"] <= 0.3 <= rows["gpt", "hard"]["accuracy_high"]
    assert rows["gpt", "all"]["gap_low"] <= 0.0 <= rows["gpt", "all"]["gap_high"]
    assert rows["rule", "all"]["gap_high"] < 0.0


def test_comparisons_without_a_worker() -> None:
    """A judge's file names no worker: it counts as one, which is said."""
    frame = pl.DataFrame({"left": ["x", "y"], "right": ["y", "z"], "label": ["left", "tie"]})
    table = LabelTable.from_frame(frame)
    assert table.frame["worker"].unique().to_list() == ["(unnamed)"]
    assert "no worker column" in table.notes[0]


def test_a_pair_that_comes_again_with_a_task_is_a_repeat() -> None:
    """Where the table names tasks, a repeated row says nothing new; without tasks it does."""
    frame = pl.DataFrame(
        {"task": [1, 1], "worker": ["a", "a"], "left": ["x"] * 2, "right": ["y"] * 2,
         "label": ["left", "left"]}
    )  # fmt: skip
    assert len(LabelTable.from_frame(frame)) == 1
    table = LabelTable.from_frame(frame.drop("task"))
    assert table.frame["task"].to_list() == ["x | y", "x | y (2)"]
