"""Studies in which an axis has one value: one source, one number of labels, nothing told apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from small import preference_rows, write_jsonl

from suffice import stages
from suffice.records import ForecastRecord, PlanRecord
from suffice.report._hero import hero_figure
from suffice.study import load_study

STUDY = """\
name = "one"
seed = 1

[task]
kind = "preferences"
gold = "gold.jsonl"

[criterion]
error = 0.3

[models]
target = "glove-50d"

[budget]
money = 100
weeks = 4

[grid]
seeds = 4
mixtures = 4
smallest = 30

[check]
runs = 5
"""


def study_of(folder: Path, sources: dict[str, list[dict[str, object]]]) -> Path:
    """A study of preferences with these sources' rows."""
    text = STUDY
    write_jsonl(folder / "gold.jsonl", preference_rows(60, seed=1))
    for price, (name, rows) in enumerate(sources.items(), start=1):
        write_jsonl(folder / f"{name}.jsonl", rows)
        text += f'\n[sources.{name}]\nlabels = "{name}.jsonl"\nprice = {price}\ncapacity = 200\n'
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "gold",
    [
        pytest.param(True, id="with gold tasks"),
        pytest.param(False, id="without gold tasks", marks=pytest.mark.slow),
    ],
)
def test_one_source_and_one_number_of_labels_is_answered(
    packaged_data: None, tmp_path: Path, gold: bool
) -> None:
    """The simplest study ends in a plan and a report, whose picture says that it has no height."""
    rows = preference_rows(300, wrong=0.1)
    study = study_of(tmp_path, {"vendor": rows if gold else rows[60:]})
    result = stages.run(load_study(study), tmp_path / "out")
    assert PlanRecord.read(result.folder).recommended.curve
    hero = ForecastRecord.read(result.folder).hero
    assert len(hero.quality) == len(hero.p) == 1
    assert "the height of the picture says nothing" in hero_figure(hero, "m").caption
    assert (result.folder / "report.html").stat().st_size > 10_000


def test_sources_that_nobody_measured_are_not_ranked(packaged_data: None, tmp_path: Path) -> None:
    """Where no source labelled a gold task none of them is called the most careful."""
    rows = preference_rows(360, wrong=0.1)[60:]
    study = study_of(tmp_path, {"vendor": rows[:150], "experts": rows[150:]})
    result = stages.run(load_study(study), tmp_path / "out")
    decision = PlanRecord.read(result.folder).decision
    assert "none of them labelled a task with gold" in decision
    assert "the most careful source" not in decision
    assert (result.folder / "report.html").exists()
