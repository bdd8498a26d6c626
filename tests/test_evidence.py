"""Evidence: what was measured, by whomever, is all that laws, forecasts and plans are made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import noisy_source

from suffice.curve import Curve, Tranche
from suffice.demand import FittedLaw, laws_of
from suffice.demand.law._of_evidence import table_of
from suffice.errors import InputError
from suffice.evidence import Cell, CellRuns, Evidence
from suffice.forecast import Criterion, make_forecasts
from suffice.metric import Metric, error_rate
from suffice.plan import About, Market, make_plan, plan_record

SOURCES = {
    "crowd": noisy_source("crowd", 0.25, price=0.1),
    "expert": noisy_source("expert", 0.05, price=1.0),
}
MARKET = Market(
    sources=SOURCES,
    order=("crowd", "expert"),
    repeats={"crowd": (1,), "expert": (1,)},
    limits={"crowd": None, "expert": None},
    money=400.0,
    weeks=4.0,
    smallest=50,
)
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


@pytest.fixture(scope="module")
def law() -> FittedLaw:
    """The law of what somebody else measured."""
    return laws_of(table_of_runs())["theirs"]


def test_a_table_of_runs_becomes_a_plan(law):
    """No pool and no training: evidence by hand goes from the law to a forecast and a plan."""
    wanted = Criterion(0.25, slice_error={"hard": 0.32})
    assert wanted.asks(law.metrics) == METRICS
    small, large = make_forecasts(
        law, [CURVES[0], CURVES[-2]], wanted, np.random.default_rng(0), draws=200, runs=50
    )
    assert small.p.value < 0.1 < 0.9 < large.p.value
    made = make_plan(law, MARKET, wanted, seed=1, target=0.8)
    best = made.recommended
    assert best.curve is not None and best.forecast is not None  # noqa: PT018 - for the types
    assert best.forecast.p.value > 0.75
    assert 0.0 < best.cost <= MARKET.money


def test_beliefs_follow_from_how_the_sources_err():
    """Without a table the best source is the reference, and the others are worth less of it."""
    found = table_of(table_of_runs())
    assert found.names == ("expert", "crowd")
    np.testing.assert_allclose(np.exp(found.log_worth), [1.0, (0.5 / 0.9) ** 2])
    assert found.repeats == {"expert": {1: 0.0}, "crowd": {1: 0.0}}


def test_direction_and_sign_together_change_nothing(law):
    """Metrics turned round, better when higher, give the same law, forecasts and plan."""
    gains = (Metric("gain", better="higher"), Metric("gain in hard", better="higher"))
    plain = table_of_runs()
    turned = replace(
        plain,
        metrics=gains,
        runs=tuple(replace(r, scores=-r.scores) for r in plain.runs),
        untrained=-plain.untrained,
    )
    other = laws_of(turned)["theirs"]
    np.testing.assert_array_equal(other.posterior.draws, law.posterior.draws)
    wanted = Criterion(0.25, slice_error={"hard": 0.32})
    mirrored = Criterion(limits={"gain": -0.25, "gain in hard": -0.32})
    shifts = np.random.default_rng(2).normal(0.0, 0.01, (40, 2))
    one, two = (
        make_forecasts(m, CURVES, c, np.random.default_rng(0), gold_shifts=g, draws=200, runs=50)
        for m, c, g in ((law, wanted, shifts), (other, mirrored, -shifts))
    )
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.draws, b.draws)
        assert a.new_gold is not None
        assert b.new_gold is not None
        np.testing.assert_array_equal(a.new_gold.draws, b.new_gold.draws)
    plans = [make_plan(m, MARKET, c, seed=1) for m, c in ((law, wanted), (other, mirrored))]
    assert plans[0].recommended.curve == plans[1].recommended.curve
    assert plans[0].recommended.forecast.p.value == plans[1].recommended.forecast.p.value
    told = plan_record(
        plans[1], MARKET, mirrored, About("s", "which?", "theirs"), metrics=other.metrics
    )
    assert told.criterion.at_least == ("gain", "gain in hard")
    assert told.criterion.limits["gain"] == -0.25
    assert not np.array_equal(
        law.outcomes(CURVES, np.random.default_rng(0), draws=5, runs=5).mean,
        other.outcomes(CURVES, np.random.default_rng(0), draws=5, runs=5).mean,
    )


def test_levels_before_training_are_stated_or_measured():
    """A cell without labels says what the model reaches as it is; without either, nothing fits."""
    known = table_of_runs()
    unknown = replace(known, untrained=np.array([0.5, np.nan]))
    with pytest.raises(InputError, match="what theirs reaches in error:hard before"):
        unknown.level("theirs")
    bare = Cell("theirs", Curve(()).resolve(SOURCES), (0, 1))
    told = unknown.with_more([bare], [CellRuns.of_scores(np.array([[0.6, 0.7], [0.6, 0.8]]))])
    np.testing.assert_allclose(told.level("theirs"), [0.5, 0.75])
    assert told.of("theirs")[0] == tuple(CURVES)
