"""Ask and tell: the next runs with their worth, and results of all kinds taken in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from own_runs import runs_csv, study_toml

from suffice import Experiment, stages
from suffice.cli import main
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of twelve runs."""
    runs_csv(tmp_path / "runs.csv", runs=12)
    return study_toml(tmp_path / "study.toml", "runs.csv", extra="[next]\nrun = 20.0")


def _states(study: Path) -> dict[str, str]:
    own = stages.Workspace.of(study).own
    assert own is not None
    return dict(zip(own.runs.ids, own.runs.states, strict=True))


def test_runs_are_handed_out_and_told(study: Path) -> None:
    """What is asked for is pending, counted against the money, and done once it is told."""
    asked = stages.ask(study, count=5, money=60)
    assert len(asked) == 3  # a run costs 20
    assert len({a.id for a in asked}) == len({a.seed for a in asked}) == 3
    assert all(a.curve.tasks == 4000 for a in asked)
    assert all(a.worth is not None and a.worth.value >= 0.0 for a in asked)
    states = _states(study)
    assert [states[a.id] for a in asked] == ["pending"] * 3
    stages.tell(study, run=asked[0].id, values={"chat": 0.6, "safety": 0.8}, errors={"chat": 0.01})
    stages.tell(study, failed=[asked[1].id])
    states = _states(study)
    assert (states[asked[0].id], states[asked[1].id]) == ("done", "failed")
    own = stages.Workspace.of(study).own
    assert own is not None
    assert own.runs.errors[own.runs.ids.index(asked[0].id), 0] == 0.01
    # A failed run is no bad run: the law does not see it.
    assert len(own.response.cells.cell) == 13


def test_tables_of_results_are_taken_in(study: Path) -> None:
    """Rows of ids and metrics complete what was asked, and foreign rows come with their labels."""
    asked = stages.ask(study, count=2)
    short = study.parent / "short.csv"
    short.write_text("id,chat,safety\n" + "".join(f"{a.id},.61,.79\n" for a in asked))
    assert stages.tell(study, short) == (2, 0, 0)
    foreign = study.parent / "foreign.csv"
    foreign.write_text("run,n_human,n_judge,model,seed,chat,safety\nnew,1000,3000,llama,9,.6,.8\n")
    assert stages.tell(study, foreign) == (1, 1, 0)
    assert _states(study)["new"] == "done"


def test_what_cannot_be_is_refused_in_one_line(study: Path) -> None:
    """Unknown runs, metrics and values, and too little money, are named."""
    asked = stages.ask(study)[0]
    with pytest.raises(InputError, match="no run 'x' is awaited"):
        stages.tell(study, run="x", values={"chat": 0.5})
    with pytest.raises(InputError, match="'chatt' is no metric"):
        stages.tell(study, run=asked.id, values={"chatt": 0.5})
    with pytest.raises(InputError, match="no finite number"):
        stages.tell(study, run=asked.id, values={"chat": float("nan")})
    with pytest.raises(InputError, match="pays for no run"):
        stages.ask(study, money=5)
    with pytest.raises(InputError, match="nothing was told"):
        stages.tell(study)


def test_commands_hand_out_and_take_in(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line asks as JSON, takes a value with its error, and a failure."""

    def call(*arguments: str) -> str:
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        assert stop.value.code == 0
        return capsys.readouterr().out

    asked = json.loads(call("ask", str(study), "-n", "2", "--json", "--quiet"))
    assert sum(asked[0]["labels"].values()) == 4000
    told = call("tell", str(study), "--run", asked[0]["id"], "chat=.6+-.01", "safety=.8", "--json")
    assert json.loads(told) == {"told": 1, "foreign": 0, "failed": 0}
    assert "1 failed" in call("tell", str(study), "--failed", asked[1]["id"])
    assert "To know everything" in call("next", str(study), "--out", str(study.parent), "--quiet")


def _train(labels: Mapping[str, int], rng: np.random.Generator) -> float:
    worth = 0.3 * labels.get("crowd", 0) + labels.get("panel", 0)
    return float(0.85 - 0.7 * (worth + 50.0) ** -0.2 + 0.005 * rng.standard_normal())


def test_experiment_goes_from_no_run_to_a_plan() -> None:
    """Ten lines of Python: ask, tell, forecast, plan; what helps is found."""
    rng = np.random.default_rng(3)
    experiment = Experiment(
        {"crowd": 0.1, "panel": 2.0}, {"chat": "higher"}, {"chat": 0.72},
        money=4000, run=40, capacity={"crowd": 8000},
    )  # fmt: skip
    with pytest.raises(InputError, match="give 4 at least"):
        experiment.plan()
    for _ in range(4):
        for run in experiment.ask(2):
            experiment.tell(run.id, chat=_train(run.as_dict()["labels"], rng))
    experiment.failed(experiment.ask()[0].id)
    experiment.add("1000 crowd + 100 panel", {"chat": _train({"crowd": 1000, "panel": 100}, rng)})
    assert experiment.runs.states.count("failed") == 1
    low, high = (experiment.forecast(c).p.value for c in ("300 crowd", "20000 crowd"))
    assert low < high
    bought = experiment.plan().recommended
    assert bought.cost <= 4000
    assert {w.source: w.verdict for w in experiment.worth()}["crowd"] == "helps"


def test_first_runs_differ() -> None:
    """Before there is a law, no run is handed out twice while others are left."""
    experiment = Experiment({"a": 1.0, "b": 1.0}, {"m": "lower"}, {"m": 1.0}, money=100)
    asked = [*experiment.ask(2), *experiment.ask(1)]
    experiment.tell(asked[0].id, m=2.0)
    assert len({*(r.curve for r in asked), *(r.curve for r in experiment.ask(2))}) == 5
