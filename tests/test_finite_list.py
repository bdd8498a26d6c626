"""Run-to-run widths where tasks are a finite list: runs that share their tasks are alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_law import METRICS, TABLE, some_curves, truth

from suffice.curve import Curve
from suffice.demand import fit_law
from suffice.demand.law._terms import SourceTable, Terms
from suffice.demand.law._widths import Widths

ENDLESS = SourceTable(
    names=("expert", "crowd"),
    log_worth=np.log([1.0, 0.5]),
    repeats={"expert": {1: 0.0}, "crowd": {1: 0.0}},
    bias=np.array([2.0, 2.0]),
)
LISTED = replace(ENDLESS, limits={"expert": (1000, 1.0), "crowd": (2000, 0.5)})


@pytest.mark.parametrize(
    ("curve", "share"),
    [
        ("500 expert", 0.5),
        ("1000 expert", 1.0),
        ("2000 crowd", 0.5),
        ("500 expert + 500 crowd", 0.5 * 0.5 + 0.5 * 0.125),
        ("500 expert + 500 crowd (round 2)", 0.5 * 0.5 + 0.5 * 0.125),
    ],
)
def test_share_of_the_list(curve: str, share: float) -> None:
    """A tranche leaves n/N of its noise to the list, as far as the record fixes its labels."""
    read = [Curve.parse(curve)]
    assert Terms.of(read, LISTED).exhausted(LISTED) == pytest.approx([share])
    assert Terms.of(read, ENDLESS).exhausted(ENDLESS) == pytest.approx([0.0])


def test_share_counts_tasks_not_weights() -> None:
    """Tasks of twice the weight use up no more of the list."""
    heavy = Curve(tuple(replace(t, weight=2.0) for t in Curve.parse("500 expert")))
    assert Terms.of([heavy], LISTED).exhausted(LISTED) == pytest.approx([0.5])


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95])
def test_squared_deviation_of_a_sample_from_a_list(share: float) -> None:
    """An error that is a square of the head's deviation loses f^2 of its variance, simulated."""
    rng = np.random.default_rng(7)
    size, axes, lists = 200, 40, 60
    taken = round(share * size)
    within = []
    for _ in range(lists):
        tasks = rng.standard_normal((size, axes))
        picked = np.argsort(rng.random((200, size)), axis=1)[:, :taken]
        deviation = tasks[picked].mean(axis=1)
        within.append((deviation**2).sum(axis=1).var(ddof=1))
    endless = 2.0 * axes / taken**2
    assert np.mean(within) / endless == pytest.approx(1.0 - share**2, rel=0.12)


def test_widths_beyond_the_fitted_cells_follow_the_list() -> None:
    """Fitted where little of a list is used, widths are right where nearly all of it is."""
    small = [Curve.parse(f"{n} expert") for n in (40, 60, 90, 130, 180, 250)]
    far = [Curve.parse(f"{n} expert") for n in (600, 900)]

    def variance(curves: list[Curve], table: SourceTable) -> np.ndarray:
        used = Terms.of(curves, table).exhausted(table)
        counts = np.array([float(c.tasks) for c in curves])
        return (0.05**2 * (counts / 100.0) ** -0.8 * (1.0 - used**2))[:, None]

    counts = np.full(len(small), 400.0)
    for table in (ENDLESS, LISTED):
        fit = Widths.fit(Terms.of(small, table), table, variance(small, table), counts)
        wide = fit.typical(Terms.of(far, table))
        assert wide == pytest.approx(np.sqrt(variance(far, table)), rel=0.1)
        drawn = fit.draw(Terms.of(far, table), np.random.default_rng(1), 400)
        assert np.exp(np.log(drawn).mean(axis=0)) == pytest.approx(wide, rel=0.05)


def test_cells_whose_runs_are_all_the_same_widen_no_other() -> None:
    """Runs on the whole of a list do not differ, which says nothing of how others differ."""
    rng = np.random.default_rng(3)
    table = replace(TABLE, limits={"judge": (2000, 1.0)})
    curves = some_curves(rng, 30)
    runs = [truth(c) + 0.01 * rng.standard_normal((8, 3)) for c in curves]
    whole = [Curve.parse(f"{n} judge") for n in (52, 500, 2000)]
    same = [np.repeat(truth(c)[None], 8, axis=0) for c in whole]
    law = fit_law([*curves, *whole], [*runs, *same], METRICS, table, model="m", scheme="probe")
    asked = [Curve.parse("700 crowd"), Curve.parse("52 judge"), Curve.parse("2000 judge")]
    spread = law.outcomes(asked, rng, draws=400, runs=10).spread[..., 0]
    assert (np.quantile(spread[:, :2], 0.95, axis=0) < 0.02).all()
    assert np.median(spread[:, 2]) < 0.5 * np.median(spread[:, 0])
