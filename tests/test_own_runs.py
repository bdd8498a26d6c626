"""Studies of training runs that were made elsewhere: from a table to worth, P, plan and report."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from own_runs import runs_csv, study_toml

from suffice import stages
from suffice.cli import main
from suffice.errors import InputError, StudyError
from suffice.records import LawRecord, Ledger, OwnRunsRecord, PlanRecord
from suffice.study import load_study

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "bench_sbc"))

import sbc_response
from sbc_ranks import uniform

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from suffice.records import WorthRow


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of runs that was answered from end to end."""
    folder = tmp_path_factory.mktemp("own-runs")
    runs_csv(folder / "runs.csv")
    study = study_toml(folder / "study.toml", "runs.csv")
    stages.run(study, folder / "out")
    return folder


def _worth(folder: Path) -> dict[tuple[str, str], WorthRow]:
    found = OwnRunsRecord.read(folder)
    return {(w.source, w.metric): w for w in found.worth}


def test_worth_has_a_sign_for_each_metric(answered: Path) -> None:
    """People help chat and harm safety, the judge the other way round, and both are said."""
    worth = _worth(answered / "out")
    assert worth["human", "chat"].verdict == "helps"
    assert worth["human", "safety"].verdict == "harms"
    assert worth["judge", "chat"].verdict == "harms"
    # A tenth of the labels moved to people: the truth is .1 of the slope.
    gain = worth["human", "chat"].gain
    assert gain.low < 0.01 < gain.high


def test_plan_divides_the_total_of_all_runs(answered: Path) -> None:
    """All runs had 4,000 labels: so has the plan, within the budget, mostly of people."""
    plan = PlanRecord.read(answered / "out")
    assert sum(t.tasks for t in plan.curve) == 4000
    assert plan.cost <= 5000
    assert {t.source: t.tasks for t in plan.curve}["human"] > 2000
    assert plan.p.mean is not None
    assert plan.p.mean > 0.8
    assert "4,000 labels" in plan.decision


def test_every_run_is_forecast_from_those_before_it(answered: Path) -> None:
    """The record and the ledger hold one forecast a run after the first, and how it came out."""
    check = OwnRunsRecord.read(answered / "out").check
    assert check is not None
    assert check.runs == 24 - 8
    assert [r.before for r in check.rows] == list(range(8, 24))
    assert {s.name for s in check.scores} > {"suffice", "mean", "gradient-boosted trees"}
    ours, mean = (next(s for s in check.scores if s.name == n) for n in ("suffice", "mean"))
    assert ours.rmse < mean.rmse
    entries = Ledger(answered / "out" / "ledger.jsonl").entries()
    assert len(entries) == check.runs
    assert all(e.passed is not None for e in entries)
    assert any(h.name == "suffice" for h in LawRecord.read(answered / "out").held_out)


def test_report_speaks_of_runs_alone(answered: Path) -> None:
    """The page tells worth, check and noise, and nothing of heads, encoders or texts."""
    page = (answered / "out" / "report.html").read_text()
    for said in ("What the labels are worth", "no simple forecast", "no repeats"):
        assert said.lower() in page.lower() or "had a lower Brier score" in page
    for word in ("encoder", "probe", "texts", "<script"):
        assert word not in page


@pytest.mark.parametrize("width", [1280, 360])
def test_report_is_no_wider_than_the_screen(answered: Path, browser: Browser, width: int) -> None:
    """Tables scroll in their own place, on a desk and on a phone."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto((answered / "out" / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_commands_answer(answered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands print what the records hold, in words and as JSON."""
    study, out = str(answered / "study.toml"), str(answered / "out")
    for arguments in (
        ["supply", study, "--out", out, "--quiet"],
        ["forecast", "2000 human + 2000 judge", study, "--quiet"],
        ["fit", study, "--out", out, "--json"],
        ["ledger", out],
    ):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 0
        said = capsys.readouterr().out
        if arguments[0] == "forecast":
            assert "nearest run" in said
        if arguments[0] == "supply":
            assert "harm: more of this harms" in said
        if "--json" in arguments:
            assert json.loads(said)["held_out"]


def test_nothing_can_be_told_is_an_answer(tmp_path: Path) -> None:
    """Runs whose results follow nothing say so, in words and in the record."""
    runs_csv(tmp_path / "runs.csv", runs=14, seed=5, chat=0.0, safe=0.0)
    study = study_toml(tmp_path / "study.toml", "runs.csv")
    stages.supply(study, tmp_path / "out")
    found = OwnRunsRecord.read(tmp_path / "out")
    assert not found.told
    assert {w.verdict for w in found.worth} == {"nothing can be told"}
    assert any("nothing can be told" in line for line in stages.own_runs_lines(tmp_path / "out"))


def test_init_writes_a_study_that_runs(tmp_path: Path) -> None:
    """What init recognises in a table is a study that can be opened, with comments on it."""
    table = runs_csv(tmp_path / "runs.csv")
    path = stages.init(tmp_path / "mine.toml", kind="runs", tables=[table])
    text = path.read_text()
    assert "#   n_human: labels of human" in text
    study = load_study(path)
    assert set(study.sources) == {"human", "judge"}
    assert set(study.metrics) == {"chat", "safety"}
    assert study.models.target == "llama"


@pytest.mark.parametrize(
    ("mend", "said"),
    [
        (("limits = { chat = 0.6 }", "limits = { chatt = 0.6 }"), "'chatt'"),
        (('count = "n_human"', ""), "needs one of 'count', 'share', 'rest'"),
        (('[metrics.chat]\nbetter = "higher"', '[metrics.chat]\nbetter = "up"'), "better"),
        (("limits = { chat = 0.6 }", "error = 0.1"), "criterion.error means nothing"),
        (("limits = { chat = 0.6 }", "gain = { chat = 0.1 }"), "untrained"),
    ],
)
def test_a_wrong_study_is_refused_in_one_line(
    tmp_path: Path, mend: tuple[str, str], said: str
) -> None:
    """What a study of runs cannot mean is named with the key to mend."""
    study = study_toml(tmp_path / "study.toml", "runs.csv")
    study.write_text(study.read_text().replace(*mend))
    with pytest.raises(StudyError, match=said):
        load_study(study)


def test_posterior_of_the_law_is_calibrated() -> None:
    """Truths drawn from the law's prior rank uniformly among its posterior's draws."""
    rng = np.random.default_rng(11)
    rows = [sbc_response.one("additive", rng) for _ in range(50)]
    for quantity in rows[0]:
        assert uniform(np.array([r[quantity] for r in rows]), 5) > 1e-3, quantity


def test_what_needs_a_pool_is_refused_in_one_line(answered: Path) -> None:
    """Commands about tasks say that a study of runs has none, and what answers instead."""
    with pytest.raises(InputError, match="no pool of tasks"):
        _ = stages.Workspace.of(answered / "study.toml").pool


def test_init_of_shares_leaves_money_for_a_run(tmp_path: Path) -> None:
    """A table of shares alone starts with a total, and with the money for so many labels."""
    table = tmp_path / "shares.csv"
    rows = "".join(f"r{k},{k / 9:.3f},{1 - k / 9:.3f},{3 - k / 20}\n" for k in range(10))
    table.write_text("run,share_a,share_b,val_loss\n" + rows)
    study = load_study(stages.init(tmp_path / "mine.toml", kind="runs", tables=[table]))
    assert study.budget.money == 1000
    plan = stages.plan(study, tmp_path / "out")
    assert sum(t.tasks for t in plan.curve) == 1000
