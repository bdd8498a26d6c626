"""Evidence: what was measured, by whomever, is all that laws, forecasts and plans are made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import noisy_source

from suffice.curve import Curve, Tranche
from suffice.errors import InputError
from suffice.evidence import Cell, CellRuns, Evidence
from suffice.metric import Metric, error_rate

SOURCES = {
    "crowd": noisy_source("crowd", 0.25, price=0.1),
    "expert": noisy_source("expert", 0.05, price=1.0),
}
METRICS = (error_rate(), error_rate("hard", items=400))
SEEDS = tuple(range(5))
CURVES = [
    Curve(tuple(Tranche(s, n) for s, n in zip(SOURCES, counts, strict=True) if n))
    for counts in [
        (200, 0), (800, 0), (3200, 0), (0, 100), (0, 400), (0, 1600), (400, 50), (1600, 200),
        (800, 800), (3200, 100),
    ]
]  # fmt: skip


def table_of_runs(metrics: tuple[Metric, ...] = METRICS, model: str = "theirs") -> Evidence:
    """Runs that somebody else made and wrote down: a fall with labels, and the luck of seeds."""
    rng = np.random.default_rng(5)
    runs = []
    for curve in CURVES:
        worth = sum(t.tasks * {"crowd": 0.25, "expert": 0.8}[t.source] for t in curve)
        mean = np.array([0.08, 0.15]) + np.array([0.42, 0.35]) * (1.0 + worth / 60.0) ** -0.45
        width = 0.03 * (1.0 + worth / 200.0) ** -0.25
        luck = rng.standard_normal((len(SEEDS), 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
        runs.append(CellRuns.of_scores(mean + width * luck))
    return Evidence(
        cells=tuple(Cell(model, c.resolve(SOURCES), SEEDS) for c in CURVES),
        runs=tuple(runs),
        metrics=metrics,
        scheme="their training",
        sources=SOURCES,
        untrained=np.array([0.5, 0.5]),
        origin="runs.csv",
    )


def test_selections_keep_cells_and_runs_together():
    """Cells of a model, chosen metrics, and more cells: each run stays beside its curve."""
    known = table_of_runs()
    assert known.models == ("theirs",)
    curves, runs = known.of("theirs")
    assert curves == tuple(CURVES)
    assert known.of("another") == ((), ())
    assert known.attacked("theirs") == ((), ())
    hard = known.only(METRICS[1:])
    np.testing.assert_array_equal(hard.of("theirs")[1][3].scores[:, 0], runs[3].scores[:, 1])
    assert hard.untrained.shape == (1,)
    more = known.with_more(known.cells[:1], known.runs[:1])
    assert len(more.of("theirs")[0]) == len(CURVES) + 1


def test_gold_shifts_come_from_the_largest_cell():
    """What other gold adds is centred, and unknown where no gold was redrawn."""
    known = table_of_runs()
    assert known.gold_shifts("theirs") is None
    largest = max(range(len(CURVES)), key=lambda i: CURVES[i].tasks)
    gold = np.random.default_rng(0).normal(0.2, 0.01, (30, 2))
    runs = tuple(
        replace(r, gold=gold if i == largest else 2.0 * gold) for i, r in enumerate(known.runs)
    )
    np.testing.assert_allclose(
        replace(known, runs=runs).gold_shifts("theirs"), gold - gold.mean(axis=0)
    )


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"runs": ()}, "10 cells and the runs of 0"),
        ({"metrics": (error_rate(), error_rate())}, "'error' comes twice"),
        ({"untrained": np.array([0.5])}, "untrained levels of shape"),
        ({"sources": {"crowd": SOURCES["crowd"]}}, "nothing is known of source 'expert'"),
        (
            {"runs": (CellRuns.of_scores(np.full((5, 2), np.nan)), *table_of_runs().runs[1:])},
            "theirs on 200 crowd: error is no finite number",
        ),
        (
            {"runs": (CellRuns.of_scores(np.zeros((4, 2))), *table_of_runs().runs[1:])},
            r"theirs on 200 crowd: runs of shape \(4, 2\) \(give 5 seeds by 2 metrics\)",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(broken, said):
    """The message names the file, and the cell where there is one."""
    with pytest.raises(InputError, match=rf"runs.csv: .*{said}"):
        replace(table_of_runs(), **broken)


def test_unmeasured_metrics_are_named():
    """Asking for a metric that no run has says which there are."""
    with pytest.raises(InputError, match=r"attack is not measured \(measured: error, error:hard\)"):
        table_of_runs().only((Metric("attack"),))
