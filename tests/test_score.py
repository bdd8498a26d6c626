"""Scores of anybody's forecasts: hand-computed values, intervals over groups, bad input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from suffice.cli import main
from suffice.errors import InputError
from suffice.forecast import score_forecasts
from suffice.stages import score

if TYPE_CHECKING:
    from pathlib import Path


def test_by_hand() -> None:
    """Brier and log scores, skill, and go and no go of four forecasts, worked out by hand."""
    s = score_forecasts(
        [0.9, 0.2, 0.6, 0.4],
        [True, False, False, True],
        cost=[1, 2, 3, 4],
        references={"half": [0.5] * 4},
    )
    assert s.brier.value == pytest.approx((0.01 + 0.04 + 0.36 + 0.36) / 4)
    assert s.log_score.value == pytest.approx(np.log([0.9, 0.8, 0.4, 0.4]).mean())
    assert s.skill["half"].value == pytest.approx(1 - 0.1925 / 0.25)
    assert s.base_rate == 0.5
    assert s.go.successes_kept is not None
    assert s.go.failures_stopped is not None
    assert s.go.successes_kept.value == 0.5
    assert s.go.failures_stopped.value == 0.5
    assert s.go.saved.value == pytest.approx(6 / 10)
    assert [(b.forecasts, b.said, b.came.value) for b in s.curve] == [
        (1, 0.2, 0.0), (1, 0.4, 1.0), (1, 0.6, 0.0), (1, 0.9, 1.0)
    ]  # fmt: skip


def test_swapping_outcomes_swaps_sides() -> None:
    """Forecasts of the opposite have the same scores, and kept and stopped change places."""
    rng = np.random.default_rng(2)
    p, came = rng.random(200), rng.random(200) < 0.4
    one, other = score_forecasts(p, came), score_forecasts(1 - p, ~came)
    assert other.brier.value == pytest.approx(one.brier.value)
    assert other.log_score.value == pytest.approx(one.log_score.value)
    assert one.go.successes_kept is not None
    assert other.go.failures_stopped is not None
    assert other.go.failures_stopped.value == pytest.approx(one.go.successes_kept.value)


def test_groups_widen_intervals() -> None:
    """Rows that repeat each other carry no more than one: the interval over groups says so."""
    rng = np.random.default_rng(3)
    p, came = rng.random(40), rng.random(40) < 0.5
    groups = [str(k) for k in range(40)]
    alone = score_forecasts(p, came, groups=groups)
    many = score_forecasts(np.tile(p, 25), np.tile(came, 25), groups=groups * 25)
    naive = score_forecasts(np.tile(p, 25), np.tile(came, 25))
    width = alone.brier.high - alone.brier.low
    assert many.brier.high - many.brier.low == pytest.approx(width, rel=0.01)
    assert naive.brier.high - naive.brier.low < width / 3


def test_intervals_cover() -> None:
    """Intervals over groups hold the true Brier score about as often as they say."""
    rng = np.random.default_rng(4)
    truth = np.mean([0.25 - 0.04, 0.25])  # of p = .7 where .7 come true, and p = .5 where half do
    inside = 0
    for seed in range(150):
        p, groups, came = [], [], []
        for g in range(30):
            said = (0.7, 0.5)[g % 2]
            same = rng.random() < said  # all rows of a group come out alike
            p += [said] * 4
            came += [same] * 4
            groups += [str(g)] * 4
        brier = score_forecasts(p, came, groups=groups, seed=seed).brier
        inside += brier.low <= truth <= brier.high
    assert 0.82 <= inside / 150 <= 0.97


def test_certain_and_wrong() -> None:
    """A forecast of 1 that failed is infinitely bad by the log score, and named."""
    found = score(pl.DataFrame({"p": [1.0, 0.5], "outcome": [0, 1]}))
    assert found.scores.log_score.value == -np.inf
    assert any("the first in row 1" in note for note in found.notes)
    assert found.as_dict()["log_score"] is None


def test_against_a_board(tmp_path: Path) -> None:
    """Forecasts by id are put to a frozen table; what is left out counts with its base rate."""
    board = tmp_path / "board.csv"
    board.write_text(
        "id,set,group,outcome,p_base_rate,p_linear\na,s,g1,1,.6,.7\nb,s,g1,0,.6,.4\nc,t,g2,1,.6,.5\n"
    )
    mine = tmp_path / "mine.csv"
    mine.write_text("id,p\nc,.9\na,.8\n")
    found = score(mine, board)
    assert found.scores.brier.value == pytest.approx((0.04 + 0.36 + 0.01) / 3)
    assert set(found.scores.skill) == {"base rate", "linear"}
    assert found.scores.by_set["t"] == (1, pytest.approx(0.01))
    assert any("1 of 3 rows were not forecast" in note for note in found.notes)
    mine.write_text("id,p\nc,.9\nz,.8\n")
    with pytest.raises(InputError, match="z is no row of the board"):
        score(mine, board)
    mine.write_text("id,p\nc,.9\nc,.8\n")
    with pytest.raises(InputError, match="c is forecast twice"):
        score(mine, board)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("q,outcome\n.5,1\n", "there is no column p"),
        ("p,outcome\n1.5,1\n", r"p is 1\.5 in row 1"),
        ("p,outcome\n.5,maybe\n", "outcome is 'maybe' in row 1"),
        ("p,outcome\nx,1\n", "p is 'x' in row 1"),
        ("p,outcome,cost\n.5,1,-1\n", "costs have to be"),
    ],
)
def test_refused(tmp_path: Path, text: str, told: str) -> None:
    """Bad input is one line that says where."""
    path = tmp_path / "f.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        score(path)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints scores and notes, and JSON."""
    path = tmp_path / "f.csv"
    path.write_text("p,outcome,group,p_linear\n.9,1,a,.6\n.2,0,a,.4\n.7,yes,b,.5\n.3,no,b,.5\n")
    with pytest.raises(SystemExit) as ended:
        main(["score", str(path)])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "skill over linear" in printed
    assert "2 groups are few" in printed
    with pytest.raises(SystemExit):
        main(["score", str(path), "--json"])
    assert json.loads(capsys.readouterr().out)["go_no_go"]["successes_kept"]["value"] == 1.0
