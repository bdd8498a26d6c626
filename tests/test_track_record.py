"""The track record: scores, coverage and a calibration curve that tells truth from boasting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from test_ledger import written

from suffice.cli import main
from suffice.errors import InputError
from suffice.forecast import calibration, track_record
from suffice.records import Ledger

if TYPE_CHECKING:
    from pathlib import Path


def test_an_honest_forecaster_lies_on_the_line():
    """Runs that pass with the chance that was said: nine of ten bins hold it, in 60 ledgers."""
    rng = np.random.default_rng(0)
    held = []
    for seed in range(60):
        said = rng.random(30)
        passed = rng.binomial(40, said)
        for b in calibration(said, passed, [40] * 30, seed=seed):
            held.append(b.came.low <= b.said <= b.came.high)
    assert np.mean(held) > 0.85


def test_a_boaster_does_not():
    """Forecasts of .9 that come true half of the time lie far below the line."""
    rng = np.random.default_rng(1)
    said = np.full(20, 0.9)
    (b,) = calibration(said, rng.binomial(40, 0.5, 20), [40] * 20)
    assert b.came.high < 0.6 < b.said
    assert (b.low, b.high, b.forecasts) == (0.8, 1.0, 20)


def test_counts_that_cannot_be_are_refused():
    """More passes than runs."""
    with pytest.raises(InputError, match="more passes than runs"):
        calibration([0.5], [3], [2])


def test_the_list_keeps_to_80_columns(tmp_path, capsys):
    """Long curves go on in a line of their own, below the others' words."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.score(written(ledger, 0.5), 20)
    with pytest.raises(SystemExit):
        main(["ledger", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80


def test_scores_are_means_over_what_is_scored(tmp_path):
    """A forecast without runs counts as made, not as scored; means are those of the lines."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    keys = [written(ledger, p) for p in (0.2, 0.5, 0.7)]
    ledger.score(keys[0], 9)
    ledger.score(keys[2], 25)
    record = track_record(ledger.entries())
    assert (record.forecasts, record.scored) == (3, 2)
    rows = [r for r in ledger.entries() if r.passed is not None]
    assert record.brier.value == pytest.approx(np.mean([r.brier for r in rows]))
    assert record.log_score.value == pytest.approx(np.mean([r.log_score for r in rows]))
    # The interval says 20 to 35 passes: nine is outside.
    assert record.covered.value == 0.5
    assert record.covered.low < 0.5 < record.covered.high
    assert [b.forecasts for b in record.curve] == [1, 1]
    assert json.loads(json.dumps(record.as_dict()))["scored"] == 2


def test_nothing_scored_has_no_score(tmp_path):
    """Before the runs are in there is nothing to be proud of."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    written(ledger)
    record = track_record(ledger.entries())
    assert (record.forecasts, record.scored, record.brier, record.curve) == (1, 0, None, ())
    assert track_record([]).as_dict()["calibration"] == []


def test_the_command_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """``suffice ledger`` ends with scores and the curve."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.score(written(ledger, 0.7), 30)
    with pytest.raises(SystemExit) as left:
        main(["ledger", str(tmp_path)])
    assert not left.value.code
    said = capsys.readouterr().out
    assert "1 forecasts, 1 of them scored" in said
    assert "Brier score " in said
    assert "log score " in said
    assert "0.6 to 0.8           1    0.6" in said
