"""The ledger: forecasts are on disk before their runs, once, and scored by the rules."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import recorded_sources, votes_pool

from suffice import stages
from suffice.curve import Curve
from suffice.errors import InputError, StorageError
from suffice.estimate import Estimate
from suffice.forecast import Forecast
from suffice.records import Ledger

TODAY = Path(__file__).parent / "data" / "today"
CURVE = Curve.parse("300 crowd + 20 panel x3 (round 2)")


def forecast(p: float = 0.7) -> Forecast:
    """A forecast of about p."""
    draws = np.random.default_rng(0).beta(60 * p, 60 * (1 - p), 400)
    return Forecast(Estimate.from_draws(draws), "this pool", None, (), "inside", 0.0)


def written(ledger: Ledger, p: float = 0.7, name: str = "recommended", total: int = 40) -> str:
    """Write a forecast down; returns its id."""
    return ledger.forecast(
        "digest",
        name,
        CURVE,
        forecast(p).counted(),
        (20, 35),
        total,
        seeds=(1000, 1000 + total - 1),
    )


def test_a_forecast_is_on_disk_when_the_call_returns(tmp_path):
    """Everything that was said is in the file before anything is scored."""
    ledger = Ledger(tmp_path / "new" / "ledger.jsonl")
    assert ledger.entries() == ()
    key = written(ledger)
    (row,) = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    assert row["id"] == key
    assert row["passed"] is row["brier"] is row["log_score"] is None
    assert Curve.from_list(row["curve"]) == CURVE
    assert row["p"]["mean"] == pytest.approx(0.7, abs=0.02)
    assert row["predictive"] == [20, 35]
    assert row["seeds"] == [1000, 1039]
    assert row["time"].endswith("+00:00")


def test_the_same_forecast_is_written_once(tmp_path):
    """A second run of the same study adds nothing; any other forecast does."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    keys = [written(ledger), written(ledger), written(ledger, 0.6), written(ledger, name="other")]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert len(ledger.path.read_text().splitlines()) == 3


def test_scores_are_added_once_and_change_nothing_that_was_said(tmp_path):
    """Scoring adds a line that repeats the forecast; a second score is not written."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    first, second = written(ledger), written(ledger, 0.2)
    ledger.score(first, 31)
    said = ledger.path.read_text()
    ledger.score(first, 12)
    assert ledger.path.read_text() == said
    assert written(ledger) == first
    assert ledger.path.read_text() == said
    lines = [json.loads(line) for line in said.splitlines()]
    assert [r["id"] for r in lines] == [first, second, first]
    before, after = lines[0], lines[2]
    changed = {k for k in after if after.get(k) != before.get(k)}
    assert changed == {"passed", "brier", "log_score", "scored"}
    assert [(r.id, r.passed) for r in ledger.entries()] == [(first, 31), (second, None)]


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 0.99), st.integers(0, 40))
def test_scoring_rules_are_those_of_single_runs(tmp_path_factory, p, passed):
    """Brier and log score are the means over runs of (outcome - p)^2 and log p(outcome)."""
    ledger = Ledger(tmp_path_factory.mktemp("l") / "ledger.jsonl")
    key = written(ledger, p)
    ledger.score(key, passed)
    (row,) = ledger.entries()
    said = row.p.mean
    outcomes = [1] * passed + [0] * (40 - passed)
    assert row.brier == pytest.approx(sum((o - said) ** 2 for o in outcomes) / 40)
    logs = [math.log(said if o else 1 - said) for o in outcomes]
    assert row.log_score == pytest.approx(sum(logs) / 40)


def test_a_sure_forecast_that_fails_has_a_finite_score(tmp_path):
    """P = 1 and no pass is the worst score, not an infinite one that breaks JSON."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    sure = Forecast(Estimate.from_draws(np.ones(10)), "pool", None, (), "inside", 0.0)
    key = ledger.forecast("d", "n", CURVE, sure.counted(), (40, 40), 40, seeds=(0, 39))
    ledger.score(key, 0)
    (row,) = ledger.entries()
    assert row.brier == 1.0
    assert -20 < row.log_score < -10


def test_scoring_what_was_not_forecast_is_refused(tmp_path):
    """There is no score without a forecast before it."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with pytest.raises(InputError, match="no forecast 'x' to score"):
        ledger.score("x", 3)


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_half_written_last_line_is_passed_over_and_mended(tmp_path, cut):
    """What a power cut leaves at the end is not a forecast; the next one starts a line of its
    own."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    first = written(ledger)
    written(ledger, 0.3)
    text = ledger.path.read_text()
    ledger.path.write_text(text[: len(text) - cut])
    again = written(ledger, 0.3)
    assert {r.id for r in ledger.entries()} == {first, again}
    third = written(ledger, 0.4)
    ledger.score(third, 10)
    assert {r.id for r in Ledger(ledger.path).entries()} == {first, again, third}


def test_a_long_torn_line_leaves_nothing_behind(tmp_path):
    """Whatever the length of half a line, the next forecast replaces all of it."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    first = written(ledger)
    with ledger.path.open("a") as file:
        file.write('{"id": "' + 5000 * "x")
    second = written(ledger, 0.3)
    assert [r.id for r in ledger.entries()] == [first, second]
    assert len(ledger.path.read_text().splitlines()) == 2


@pytest.mark.parametrize("damage", ["{", "[]", "3", '{"name": "x"}', "\x00\x00"])
def test_damage_in_the_middle_is_named(tmp_path, damage):
    """A line that is no ledger line is named by number: nobody can quietly rub out a miss."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for p in (0.2, 0.5, 0.8):
        written(ledger, p)
    lines = ledger.path.read_text().splitlines()
    lines[1] = damage
    ledger.path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"ledger.jsonl, line 2: is no ledger line"):
        ledger.entries()


def test_other_encodings_are_named(tmp_path):
    """A ledger that was saved in another encoding is one clear line."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    written(ledger)
    ledger.path.write_bytes(ledger.path.read_bytes() + b'{"id": "\xff"}\n{"id": "y"}\n')
    with pytest.raises(InputError, match=r"ledger.jsonl, line 2"):
        ledger.entries()


def test_a_ledger_that_cannot_be_written_is_told(tmp_path):
    """No forecast is made in secret: where it cannot be written down, that is an error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        written(Ledger(tmp_path / "file" / "ledger.jsonl"))


def test_two_processes_add_to_one_ledger(tmp_path):
    """Lines of two writers do not mix."""
    code = (
        "import sys; sys.path[:0] = [sys.argv[2]]\n"
        "from pathlib import Path\n"
        "from test_ledger import Ledger, written\n"
        "for k in range(30):\n"
        "    written(Ledger(Path(sys.argv[1])), 0.5, name=f'{sys.argv[3]} {k}')\n"
    )
    path = tmp_path / "ledger.jsonl"
    folder = os.path.dirname(__file__)  # noqa: PTH120
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(path), folder, who]) for who in "ab"
    ]
    assert [w.wait(timeout=60) for w in writers] == [0, 0]
    assert len(Ledger(path).entries()) == 60


def test_forecasts_are_written_before_the_first_run(tmp_path, monkeypatch):
    """When the first check run starts, every forecast is in the ledger, unscored."""
    import suffice.demand
    from suffice.demand.runs._executors import InProcess
    from suffice.plan import Option, Plan
    from suffice.progress import SilentProgress
    from suffice.stages._workspace import Workspace
    from suffice.study import parse_study

    pool, features = votes_pool()
    seen = []
    real = suffice.demand.measure

    def watched(*args, **more):
        seen.append(work.ledger.path.read_text())
        return real(*args, **{**more, "executor": InProcess()})

    monkeypatch.setattr(suffice.demand, "measure", watched, raising=False)
    study = parse_study(
        {
            "name": "own",
            "task": {"kind": "votes", "items": "i", "gold": "g"},
            "criterion": {"error": 0.3},
            "sources": {
                "crowd": {"labels": "c", "price": 0.1},
                "expert": {"labels": "e", "price": 1.0},
            },
            "models": {"target": "made-up"},
            "budget": {"money": 100},
            "check": {"runs": 8},
        }
    )
    work = Workspace(study, tmp_path, SilentProgress())
    monkeypatch.setenv("SUFFICE_CACHE", str(tmp_path / "cache"))
    # The parts that would be read from the user's files.
    work.__dict__["_planted"] = (pool, None)
    work.__dict__["models"] = {"made-up": suffice.demand.Embedded("made-up", "made-up/1", features)}
    work.__dict__["_supply"] = (recorded_sources(pool, {"crowd": 0.1, "expert": 1.0}), {})
    options = [
        Option(name, Curve.parse(text), 10.0, forecast(p))
        for name, text, p in (("recommended", "150 expert", 0.9), ("all crowd", "60 crowd", 0.1))
    ]
    none = np.zeros(0)
    plan = Plan(options[0], (options[1],), (), "", (), none, none)
    shutil.copy(TODAY / "plan.json", tmp_path)
    options = (plan.recommended, *plan.alternatives)
    checks = stages.check(work, options=options)
    (before,) = seen
    lines = [json.loads(line) for line in before.splitlines()]
    assert [r["name"] for r in lines] == ["recommended", "all crowd"]
    assert all(r["passed"] is None for r in lines)
    assert [r.passed for r in work.ledger.entries()] == [c.passed for c in checks]
    assert checks[0].passed > checks[1].passed
    # The same check again: nothing is trained or written twice.
    said = work.ledger.path.read_text()
    assert stages.check(work, options=options) == checks
    assert work.ledger.path.read_text() == said
