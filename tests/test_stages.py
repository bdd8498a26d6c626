"""The whole way, from real ratings to a checked answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from suffice import stages
from suffice.curve import Curve
from suffice.errors import InputError
from suffice.progress import SilentProgress
from suffice.records import ForecastRecord, Ledger
from suffice.stages._keep import Kept
from suffice.stages._workspace import Workspace
from suffice.study import Study, load_study, parse_study

EXAMPLE = Path(__file__).parents[1] / "examples" / "ratings.toml"
FRESH_SEEDS = 7_000_000
"""Far from the seeds of the grid and of the demo's own check."""


def small_study() -> Study:
    """The example on fewer texts and a model that embeds them in no time."""
    values = load_study(EXAMPLE).model_dump()
    values.pop("folder", None)
    values["name"] = "small"
    values["task"] |= {"texts": 1500, "evaluation_pairs": 1200}
    values["models"] = {"target": "glove-50d", "others": []}
    values["criterion"] |= {"error": 0.36, "worst_slice_error": 0.42, "slice_error": {}}
    values["grid"] = {"seeds": 6, "mixtures": 12, "focus": 4, "smallest": 100}
    values["check"] = {"runs": 12}
    return parse_study(values)


class Told(SilentProgress):
    """Keeps the names of steps, and notes."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)

    def step(self, name: str, *args: object, **more: object):
        self.said.append(name)
        return super().step(name, *args, **more)


def forgetful(
    study: Study, folder: Path, memory: Path | None = None, progress: SilentProgress | None = None
) -> Workspace:
    """A study whose stages find nothing that was made before, or only what ``memory`` holds."""
    work = Workspace.of(study, folder, progress=progress)
    work.kept = Kept(memory or folder.with_name(f"{folder.name}-kept"), work.progress)
    return work


def contents(folder: Path, name: str) -> dict:
    """What a JSON file of a folder holds."""
    return json.loads((folder / name).read_text())


@pytest.fixture(scope="module")
def small_result(packaged_data: None, tmp_path_factory: pytest.TempPathFactory) -> stages.Result:
    """The small study, run once."""
    return stages.run(small_study(), tmp_path_factory.mktemp("small"))


def test_dry_run_trains_nothing(small_result: stages.Result, tmp_path: Path) -> None:
    """After a run all of the grid is stored: a dry run says so, and writes nothing."""
    ahead = stages.dry_run(small_study(), tmp_path / "dry")
    assert ahead.runs == ahead.stored > 10
    assert "Nothing is left to train" in ahead.statement
    assert not (tmp_path / "dry").exists()


def test_every_promised_file_is_there(small_result: stages.Result) -> None:
    """The folder holds the report, the plan, the runs, the lock and the ledger."""
    names = {p.name for p in small_result.folder.iterdir()}
    assert names == {
        "supply.json",
        "runs.parquet",
        "law.json",
        "forecast.json",
        "plan.json",
        "ledger.jsonl",
        "study.lock.json",
        "report.html",
        "timings.json",
    }


def test_plan_file_holds_what_other_tools_read(small_result: stages.Result) -> None:
    """``plan.json`` has the promised keys, and its costs add up."""
    plan = json.loads((small_result.folder / "plan.json").read_text())
    assert set(plan["p"]) >= {"mean", "low", "high", "held_fixed"}
    assert plan["validity"] == "unknown"
    assert set(plan["curve"][0]) >= {"source", "tasks", "labels_per_task", "round", "cost"}
    assert plan["cost"] == pytest.approx(sum(t["cost"] for t in plan["curve"]))
    assert {a["name"] for a in plan["alternatives"]} >= {
        "all panel",
        "all crowd",
        "all lexicon_judge",
    }
    for row in plan["check"]:
        assert set(row) >= {"name", "passed", "total", "predictive_low", "predictive_high"}
        assert row["total"] == 12


def test_forecasts_stand_in_the_ledger_and_are_scored(small_result: stages.Result) -> None:
    """Each checked curve was written down before its runs, and scored after them."""
    lines = (small_result.folder / "ledger.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    said = [i for i, r in enumerate(rows) if r["passed"] is None]
    scored = [i for i, r in enumerate(rows) if r["passed"] is not None]
    assert len(said) == len(scored) == len(small_result.checks)
    assert max(said) < min(scored)
    ledger = Ledger(small_result.folder / "ledger.jsonl")
    assert all(e.brier is not None for e in ledger.entries())


def test_runs_file_holds_grid_and_check(small_result: stages.Result) -> None:
    """One row a run; check runs use seeds that no cell of the grid used."""
    import polars as pl

    runs = pl.read_parquet(small_result.folder / "runs.parquet")
    grid, check = runs.filter(stage="grid"), runs.filter(stage="check")
    assert set(grid["seed"]) & set(check["seed"]) == set()
    assert len(check) == 12 * len(small_result.checks)
    assert runs["error"].is_between(0.0, 0.6).all()
    curve = Curve.from_list(json.loads(check["curve"][0]))
    assert str(curve) == check["curve_text"][0]


def test_same_study_gives_the_same_numbers(small_result: stages.Result, tmp_path: Path) -> None:
    """Computed anew from the stored runs, plan, pictures and sources repeat to the last digit."""
    again = stages.run(forgetful(small_study(), tmp_path / "again"))
    for name in ("plan.json", "forecast.json", "supply.json"):
        assert contents(again.folder, name) == contents(small_result.folder, name), name


def test_an_answer_that_stands_is_left_as_it_is(small_result: stages.Result) -> None:
    """The same study once more writes nothing; a touched file of the answer is made again."""
    told = Told()
    work = Workspace.of(small_study(), small_result.folder, progress=told)
    before = {p.name: p.stat().st_mtime_ns for p in small_result.folder.iterdir()}
    assert stages.run(work) == small_result
    assert {p.name: p.stat().st_mtime_ns for p in small_result.folder.iterdir()} == before
    assert any("nothing to do" in note for note in told.said)
    small_result.report.write_text("spilt")
    assert stages.run(small_study(), small_result.folder) == small_result
    assert small_result.report.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_what_does_not_depend_on_a_change_is_kept(
    small_result: stages.Result, tmp_path: Path
) -> None:
    """More check runs leave the plan as it is read, and are forecast as by a plan made anew.

    Another budget leaves the sources as they are read, and makes another plan.
    """
    values = small_study().model_dump()
    values["check"] = {"runs": 14}
    more = parse_study(values)
    told = Told()
    kept = stages.run(Workspace.of(more, tmp_path / "kept", progress=told))
    assert "plan" not in told.said
    assert "check" in told.said
    made = stages.run(forgetful(more, tmp_path / "made"))
    assert kept.plan == made.plan
    assert [c.total for c in kept.checks] == [14] * len(small_result.checks)
    values["budget"] |= {"money": 0.8 * values["budget"]["money"]}
    told = Told()
    work = Workspace.of(parse_study(values), tmp_path / "budget", progress=told)
    supplied = work.kept.read
    found = []
    work.kept.read = lambda name: found.append(supplied(name)) or found[-1]
    poorer = stages.run(work, check=False)
    assert "supply" in found[0]
    assert "plan" in told.said
    assert poorer.plan.cost < kept.plan.budget.dollars
    tables = [contents(r.folder, "supply.json") for r in (poorer, kept)]
    # Each says which study it answers.
    assert tables[0].pop("of_study") != tables[1].pop("of_study")
    assert tables[0] == tables[1]


def test_damaged_memory_is_made_again(small_result: stages.Result, tmp_path: Path) -> None:
    """What was kept and then cut is said to be damaged, and the answer is the same."""
    memory = tmp_path / "memory"
    first = stages.run(forgetful(small_study(), tmp_path / "first", memory), check=False)
    kept = list(memory.iterdir())
    for path in kept:
        path.write_bytes(path.read_bytes()[:-100])
    told = Told()
    work = forgetful(small_study(), tmp_path / "second", memory, told)
    second = stages.run(work, check=False)
    assert second.plan == first.plan
    assert len([note for note in told.said if "damaged" in note]) == len(kept)


def test_a_skipped_check_is_said(small_result: stages.Result, tmp_path: Path) -> None:
    """Without the check, plan and report say so."""
    result = stages.run(small_study(), tmp_path, check=False)
    plan = json.loads((result.folder / "plan.json").read_text())
    assert plan["check"] == []
    assert plan["check_skipped"] is True
    assert result.checks == ()
    page = result.report.read_text(encoding="utf-8")
    assert "skipped" in page or "not checked" in page


def test_the_answer_comes_before_the_pictures(small_result: stages.Result, tmp_path: Path) -> None:
    """A plan is told as soon as it is on disk; pictures of an earlier plan are gone by then."""
    work = forgetful(small_study(), tmp_path)
    stages.fit(work)
    (tmp_path / "forecast.json").write_text("of an earlier plan")
    seen = []

    def told(plan: stages.Planned) -> None:
        names = {p.name for p in tmp_path.iterdir()}
        seen.append((plan.record.cost, "plan.json" in names, "forecast.json" in names))

    made = stages.plan(work, told=told)
    assert work.planned is not None
    assert work.planned.record is made
    assert seen == [(made.cost, True, False)]
    assert ForecastRecord.read(tmp_path).sliders is not None


def test_what_the_command_line_says_is_a_function(
    small_result: stages.Result, tmp_path: Path
) -> None:
    """The forecast of a curve and the bits of labels come from a study and a folder, ready for
    JSON; what cannot be is refused by name."""
    work = Workspace.of(small_study(), tmp_path)
    made = stages.forecast(work, curve="600 crowd + 100 panel")
    assert made.cost == pytest.approx(made.curve.cost(work.buyable))
    shown = made.as_dict()
    assert shown["p"]["mean"] == pytest.approx(made.forecast.p.value)
    assert Curve.from_list(json.loads(json.dumps(shown))["curve"]) == made.curve
    with pytest.raises(InputError, match="unknown source 'nobody'"):
        stages.forecast(work, curve="600 nobody")
    told = stages.bits(work, source="crowd", labels=60, orders=3, floor=0.5)
    assert (told.source, told.model, told.floor_from) == ("crowd", "glove-50d", "given")
    assert told.as_dict()["surplus"]["value"] == pytest.approx(told.bits.bits.value - 30.0)
    audited = stages.bits(work, source="crowd", labels=60, orders=3)
    assert audited.floor_from == "the audited error of crowd"
    assert 0.5 < audited.bits.floor < 1.0
    for wrong in ({"source": "nobody"}, {"model": "none"}, {"labels": 0}):
        with pytest.raises(InputError):
            stages.bits(work, **wrong)


def test_stages_that_share_a_workspace_do_nothing_twice(tmp_path: Path) -> None:
    """A workspace is opened once, from a file too; what is made of it is kept, for it alone."""
    work = Workspace.of(EXAMPLE, tmp_path)
    assert Workspace.of(work, "elsewhere") is work
    assert (work.study, work.folder) == (load_study(EXAMPLE), tmp_path)
    made: list[Workspace] = []

    def make(opened: Workspace) -> int:
        made.append(opened)
        return len(made)

    assert [work.once(make), work.once(make)] == [1, 1]
    assert Workspace.of(EXAMPLE, tmp_path).once(make) == 2
    assert made[0] is work


def test_example_study_is_valid_and_not_trivial() -> None:
    """The example names real sources, three models and a criterion over slices."""
    study = load_study(EXAMPLE)
    assert set(study.sources) == {"lexicon_judge", "crowd", "panel"}
    assert len({study.models.target, *study.models.others}) >= 3
    assert study.criterion.worst_slice_error is not None


def test_budget_that_buys_nothing_says_by_how_much(tmp_path: Path, packaged_data: None) -> None:
    """A budget below the smallest purchase is infeasible, with the price of the smallest."""
    from suffice.errors import InfeasibleError

    values = small_study().model_dump()
    values["budget"] = {"money": 0.05, "weeks": 4}
    work = Workspace(parse_study(values), tmp_path, SilentProgress())
    with pytest.raises(InfeasibleError, match=r"smallest purchase of 50 .*costs"):
        stages.supply(work)


@pytest.mark.slow
def test_demo_forecasts_hold_on_fresh_seeds(tmp_path: Path, packaged_data: None) -> None:
    """The example's check, repeated with seeds that nothing has used, agrees with its forecasts.

    At most one checked curve may fall outside its 95 % predictive interval; some curves must be
    open questions, so that agreement means something.
    """
    result = stages.run(EXAMPLE, tmp_path, check_seed=FRESH_SEEDS)
    outside = [row for row in result.checks if not row.inside]
    assert len(outside) <= 1, outside
    means = np.array([row.p.mean for row in result.checks])
    assert ((means > 0.2) & (means < 0.8)).sum() >= 2
    frontier = [o.p.mean for o in result.plan.frontier if o.p is not None and o.p.mean is not None]
    assert max(*frontier, means.max()) > 0.9
    assert min(*frontier, means.min()) < 0.05
