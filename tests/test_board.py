"""The frozen board: its rows are what the rule says, and its page says what its columns score."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

BOARD = ROOT / "docs" / "results" / "board.csv"
PAGE = (ROOT / "docs" / "results" / "board.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def board() -> pl.DataFrame:
    """The frozen table."""
    return pl.read_csv(BOARD, infer_schema_length=None)


def test_rows(board: pl.DataFrame) -> None:
    """Ids are unique, probabilities are such, and base rates are those of the outcomes."""
    assert board["id"].n_unique() == len(board) > 1000
    for column in ("p_base_rate", "p_linear", "p_suffice"):
        assert board[column].is_between(0, 1).all()
    shares = board.group_by("set", "metric", "p_base_rate").agg(
        pl.col("outcome").mean(), pl.col("outcome").len().alias("runs")
    )
    for row in shares.to_dicts():
        # Equal values at a limit, and sets of few runs, move the share a little.
        assert abs(row["outcome"] - row["p_base_rate"]) < 0.05 + 1 / row["runs"]


def test_nothing_to_forecast_is_visible(board: pl.DataFrame) -> None:
    """No run is both seen and forecast in the same fold."""
    visible = pl.read_csv(
        BOARD.with_name("board_visible.csv"), infer_schema_length=None
    ).with_columns(pl.col("run").cast(pl.String))
    ahead = board.select("set", "fold", pl.col("run").cast(pl.String)).unique()
    assert len(ahead.join(visible, on=["set", "fold", "run"])) == 0
    assert set(ahead["set"]) == set(visible["set"])


def test_page_is_what_the_table_scores(board: pl.DataFrame) -> None:
    """The page is made of the table that lies beside it."""
    from bench_board import report

    assert report(board) == PAGE
    assert len(re.findall(r"^\| (?:suffice|normal|base)", PAGE, re.M)) == 3


def test_frozen_rows_follow_the_rule(board: pl.DataFrame, shared_data: Path) -> None:
    """Limits and outcomes of a set are those that its data give today."""
    from bench_board import limits_of, sets

    one = next(s for s in sets(shared_data) if s.name == "helpsteer2")
    rows = board.filter((pl.col("set") == one.name) & (pl.col("metric") == "Overall"))
    m = one.table.metric("Overall")
    values = dict(zip(one.table.ids, one.table.values[:, m], strict=True))
    limits = limits_of(one.table.values[:, m], one.table.metrics[m])
    assert sorted(rows["limit"].unique().to_list()) == sorted(limits)
    met = [values[run] >= limit for run, limit in zip(rows["run"], rows["limit"], strict=True)]
    assert np.array_equal(met, rows["outcome"].to_numpy() == 1)
