"""Language models among the workers: recognised, one voter, and never ordered without gold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice import audit
from suffice.errors import InputError
from suffice.labels import LabelTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

TASKS = 300


def panel(
    seed: int = 0, *, names: tuple[str, ...] = ("gpt-4o", "gemini_pro", "claude-3-opus", "llama-31")
) -> tuple[pl.DataFrame, NDArray[Any]]:
    """Three people right on .8, and models who follow a key of their own that is right on .65."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, TASKS)

    def like(key: NDArray[Any], right: float) -> NDArray[Any]:
        return np.where(rng.random(TASKS) < right, key, (key + rng.integers(1, 3, TASKS)) % 3)

    key = like(truth, 0.65)
    labels = {f"p{n}": like(truth, 0.8) for n in range(3)} | {n: like(key, 0.92) for n in names}
    frame = pl.DataFrame(
        [(t, w, str(given[t])) for w, given in labels.items() for t in range(TASKS)],
        schema=["task", "worker", "label"],
        orient="row",
    )
    return frame, truth


def right(result: Any, truth: NDArray[Any]) -> float:
    """Share of the tasks answered rightly."""
    labels = result.tasks.sort("task")["label"].cast(pl.Int64).to_numpy()
    return float((labels == truth).mean())


def test_models_are_recognised_and_are_one_voter() -> None:
    """By name, by kind, by source or stated, the same: four who err together outvote nobody."""
    frame, truth = panel()
    machine = pl.col("worker").str.starts_with("p").not_()
    plain, _ = panel(names=("a", "b", "c", "d"))
    by_kind = plain.with_columns(
        kind=pl.when(machine).then(pl.lit("LLM")).otherwise(pl.lit("human"))
    )
    by_source = plain.with_columns(
        source=pl.when(machine).then(pl.lit("llm judges")).otherwise(pl.lit("vendor"))
    )
    found = [
        audit(LabelTable.from_frame(frame)),
        audit(LabelTable.from_frame(by_kind)),
        audit(LabelTable.from_frame(by_source)),
        audit(LabelTable.from_frame(plain), judges=["a", "b", "c", "d"]),
    ]
    apart = audit(LabelTable.from_frame(frame), judges=[])
    for result in found:
        assert right(result, truth) > right(apart, truth) + 0.05
        assert not result.summary.verdict.known
        assert "people or language models" in result.summary.verdict.statement
        assert not result.summary.groups
    assert any("by their kind" in note for note in found[1].summary.notes)
    with pytest.raises(InputError, match="no worker 'nobody'"):
        audit(LabelTable.from_frame(frame), judges=["nobody"])


def test_people_and_models_are_not_ordered_without_gold() -> None:
    """No interval of a person lies beside that of a model; with gold the better are told."""
    frame, truth = panel()
    for gold, ordered in ((None, False), ({t: str(truth[t]) for t in range(100)}, True)):
        rows = audit(LabelTable.from_frame(frame), gold).workers
        person = rows["worker"].str.starts_with("p").to_numpy()
        low, high = rows["low"].to_numpy(), rows["high"].to_numpy()
        assert (low[person].min() > high[~person].max()) is np.bool_(ordered)


def test_people_whose_names_models_bear_are_people() -> None:
    """A worker called Claude, and one called Gemini, are people."""
    frame, _ = panel(names=("claude", "gemini", "ada"))
    assert not any(
        "language models" in n for n in audit(LabelTable.from_frame(frame)).summary.notes
    )


@pytest.mark.parametrize("people", [True, False])
def test_a_judges_interval_holds_and_is_narrower_than_a_count(people: bool) -> None:
    """Fifty gold tasks: in 20 tables 90 % intervals hold, and agreement of others narrows them."""
    inside, width, count = [], [], []
    for seed in range(10):
        frame, truth = panel(seed)
        if not people:
            frame = frame.filter(~pl.col("worker").str.starts_with("p"))
        shown = np.random.default_rng(seed).choice(TASKS, 50, replace=False)
        result = audit(LabelTable.from_frame(frame), {int(t): str(truth[t]) for t in shown})
        for row in result.workers.filter(~pl.col("worker").str.starts_with("p")).iter_rows(
            named=True
        ):
            mine = frame.filter(pl.col("worker") == row["worker"]).sort("task")
            exact = (mine["label"].cast(pl.Int64).to_numpy() == truth).mean()
            inside.append(row["low"] - 1e-9 <= exact <= row["high"] + 1e-9)
            width.append(row["high"] - row["low"])
            count.append(3.29 * np.sqrt(exact * (1.0 - exact) / 50))
    assert 0.75 <= np.mean(inside) <= 1.0
    assert np.mean(width) < 0.95 * np.mean(count)


def test_models_alone_cannot_be_known_without_gold() -> None:
    """However much they agree."""
    frame, _ = panel()
    models = frame.filter(~pl.col("worker").str.starts_with("p"))
    assert (
        "all labels are language models'"
        in audit(LabelTable.from_frame(models)).summary.verdict.statement
    )
