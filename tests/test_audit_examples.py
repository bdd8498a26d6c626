"""Documented examples on public preference and safety data: what the audit says is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from suffice import bradley_terry
from suffice.errors import InputError
from suffice.labels import LabelTable, read_labels
from suffice.supply import judge_report, label_sources, route
from suffice.supply._audit_kinds import audit

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.supply._audit_record import Audit

REFUSAL = "2_full_refusal"


def xstest(folder: Path) -> tuple[pl.DataFrame, dict[str, str]]:
    """Two people, GPT-4 and a string match on 2,250 completions, and the adjudicated gold."""
    parts = []
    for path in sorted(folder.glob("*_gpteval.csv")):
        model = path.name.split("_")[3]
        for name in (path.name, path.name.replace("gpteval", "streval")):
            rows = read_labels(folder / name).frame
            if "streval" in name:
                rows = rows.filter(~pl.col("worker").str.starts_with("annotation"))
            parts.append(
                rows.select(
                    pl.format("{}:{}", pl.lit(model), "task").alias("task"),
                    "worker", "label", "gold",
                )
            )  # fmt: skip
    frame = pl.concat(parts)
    return frame.drop("gold"), dict(frame.select("task", "gold").unique().rows())


def accuracies(result: Audit) -> dict[str, float]:
    """Worker -> accuracy."""
    return dict(result.workers.select("worker", "accuracy").rows())


def test_xstest(shared_data: Path) -> None:
    """GPT-4 judges right about 80 %, people 97 to 99 %; labels alone order the people alone."""
    folder = shared_data / "preferences" / "xstest" / "evaluation" / "automated_evaluation_labels"
    frame, gold = xstest(folder)
    # The judge sometimes refused to judge: its answer is text, which the audit names.
    with pytest.raises(InputError, match=r"by worker 'gpt4_label' is none of"):
        audit(LabelTable.from_frame(frame), gold)
    judged = pl.col("label").is_in(sorted(set(gold.values())))
    frame = frame.with_columns(pl.when(judged).then("label").otherwise(pl.lit(REFUSAL)))
    table = LabelTable.from_frame(frame)
    exact = accuracies(audit(table, gold))
    assert exact["gpt4_label"] == pytest.approx(0.80, abs=0.01)
    assert exact["annotation_1"] == pytest.approx(0.99, abs=0.01)
    assert exact["annotation_2"] == pytest.approx(0.97, abs=0.01)
    blind = audit(table)
    found = accuracies(blind)
    assert found["annotation_1"] > found["annotation_2"] > found["strmatch_label"]
    # Whether people or GPT-4 are right where they differ, labels alone do not show.
    assert not blind.summary.verdict.known
    assert "neither are put in order" in blind.summary.verdict.statement
    assert not blind.workers["suspect"].any()
    for row in blind.workers.iter_rows(named=True):
        assert row["low"] - 0.025 <= exact[row["worker"]] <= row["high"] + 0.025, row
    answers = blind.tasks.with_columns(pl.col("task").replace_strict(gold).alias("gold"))
    assert (answers["label"] == answers["gold"]).mean() > 0.97


def test_llmfao(shared_data: Path) -> None:
    """124 workers on pairs of model answers: low agreement is said, ids belong."""
    path = shared_data / "preferences" / "llmfao" / "crowd-comparisons.csv"
    result = audit(path)
    alpha = result.summary.agreement["all"].krippendorff_alpha
    assert 0.0 < alpha.low < alpha.high < 0.4
    assert result.summary.ids.aligned
    assert (result.workers["group"] != "").mean() <= 0.05
    assert result.tasks["confidence"].mean() < 0.9


def test_pandalm(shared_data: Path) -> None:
    """Three people who agree on 91 to 93 % of the pairs, filtered so by the authors."""
    result = audit(shared_data / "preferences" / "pandalm" / "testset-v1.json")
    assert result.pairs["agreement"].to_list() == pytest.approx([0.92] * 3, abs=0.015)
    assert not result.workers["suspect"].any()
    assert result.workers["accuracy"].min() > 0.85


def test_llmfao_items_and_judges(shared_data: Path) -> None:
    """GPT-4's answers lead; the left is favoured; GPT-3.5 as a judge goes by place, GPT-4 less."""
    folder = shared_data / "preferences" / "llmfao"
    parts = [pl.read_csv(folder / "crowd-comparisons.csv", infer_schema=False)]
    for name in ("gpt4", "gpt3"):
        votes = pl.read_csv(folder / f"{name}-crowd-comparisons.csv", infer_schema=False)
        parts.append(votes.with_columns(pl.lit(name).alias("worker")))
    frame = pl.concat(parts, how="diagonal").rename({"id": "task", "winner": "label"})
    found = bradley_terry(frame.sample(fraction=0.5, seed=0))
    assert "GPT 4" in found.items["item"].head(4).to_list()
    workers = {row["worker"]: row for row in found.workers.iter_rows(named=True)}
    assert workers["gpt3"]["first_low"] > 0.6
    assert workers["gpt3"]["reliability_high"] < workers["gpt4"]["reliability_low"]
    assert workers["gpt4"]["tie_high"] < 0.15
    report = judge_report(LabelTable.from_frame(frame), ["gpt4", "gpt3"])
    assert (report["gap_high"] < 0.0).all()
    assert report["tasks"].to_list() == [2139, 2139]


def test_xstest_judge_by_model(shared_data: Path) -> None:
    """GPT-4 judges GPT-4's answers well and other models' worse, which one rate would hide."""
    folder = shared_data / "preferences" / "xstest" / "evaluation" / "automated_evaluation_labels"
    frame, gold = xstest(folder)
    judged = pl.col("label").is_in(sorted(set(gold.values())))
    frame = frame.with_columns(
        pl.when(judged).then("label").otherwise(pl.lit(REFUSAL)),
        pl.col("task").str.split(":").list.first().alias("slice"),
    )
    report = judge_report(LabelTable.from_frame(frame), ["gpt4_label", "strmatch_label"], gold)
    rows = {row["slice"]: row for row in report.iter_rows(named=True)
            if row["judge"] == "gpt4_label"}  # fmt: skip
    assert rows["all"]["accuracy"] == pytest.approx(0.80, abs=0.01)
    assert rows["all"]["people_accuracy"] == pytest.approx(0.98, abs=0.01)
    own = rows.pop("gpt4")
    del rows["all"]
    assert all(row["accuracy_high"] < own["accuracy_low"] for row in rows.values())


@pytest.mark.slow
def test_xstest_judges_as_sources(shared_data: Path) -> None:
    """People and judges are sources: each has a channel, a price of a bit, errors by slice."""
    folder = shared_data / "preferences" / "xstest" / "evaluation" / "automated_evaluation_labels"
    frame, gold = xstest(folder)
    judged = pl.col("label").is_in(sorted(set(gold.values())))
    person = pl.col("worker").str.starts_with("annotation")
    frame = frame.with_columns(
        pl.when(judged).then("label").otherwise(pl.lit(REFUSAL)).alias("label"),
        pl.when(person).then(pl.lit("people")).otherwise("worker").alias("source"),
        pl.when(person).then(1.0).otherwise(0.01).alias("cost"),
        pl.col("task").str.split(":").list.first().alias("slice"),
    )
    table = LabelTable.from_frame(frame)
    result = audit(table, gold)
    whole = result.sources.filter(pl.col("slice") == "all")
    error = dict(whole.select("source", "error").rows())
    assert error["gpt4_label"] == pytest.approx(0.20, abs=0.01)
    assert error["people"] == pytest.approx(0.02, abs=0.01)
    per_bit = dict(whole.select("source", "price_per_bit").rows())
    assert per_bit["gpt4_label"] < 0.05 < per_bit["people"]
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 3000)
    wrong = {
        name: (result.channel(name).draw(rng).draw_classes(truth, 1, rng)[:, 0] != truth).mean()
        for name in error
    }
    assert wrong["people"] < 0.05 < 0.1 < wrong["gpt4_label"]
    learned = label_sources(table, gold)
    found = route(learned.sources, slices=learned.slices).frame
    for place in learned.slices:
        here = found.filter(pl.col("slice") == place).sort("error")
        assert here["source"][0] == "people", place
    own = found.filter(pl.col("source") == "gpt4_label")
    by_model = dict(own.select("slice", "error").rows())
    assert by_model["gpt4"] < 0.15 < by_model["mistralinstruct"]
