"""One protocol, three laws: a plan and its forecasts stand on each of them."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape
from report_study import study_files, write_study
from test_choose import MARKET, METRICS, SEED, TABLE, criterion, law, mean_error  # noqa: F401

from suffice import fit_two_source
from suffice.curve import Curve
from suffice.demand import FittedLaw, Law, TransferLaw, fit_law, transfer_law
from suffice.demand.law._terms import Shape
from suffice.demand.scaling import TwoSource
from suffice.errors import InputError
from suffice.evidence import Cell, CellRuns, Evidence
from suffice.forecast import Criterion, forecast, make_forecasts
from suffice.plan import About, forecast_record, make_plan, plan_record
from suffice.records import ForecastRecord, PlanRecord
from suffice.report import write_report

PILOTS = tuple(Curve.parse(t) for t in ("100 panel", "400 panel", "300 crowd", "1500 crowd"))
COUNTED = replace(MARKET, repeats={"crowd": (1,), "panel": (1,)}, rounds=1)
"""A market as a law of counts sees it."""
PANEL_ONLY = 0.35
"""What a crowd label is worth in the invented table of mixes, in panel labels."""


def members(of: type) -> dict[str, object]:
    """Public members by name."""
    return {k: v for k, v in vars(of).items() if not k.startswith("_")}


@pytest.mark.parametrize("kind", [FittedLaw, TransferLaw, TwoSource])
def test_a_law_has_every_member_that_is_asked_of_it(kind: type) -> None:
    """Attributes are there, and methods take the same arguments in the same order."""
    fields = set(inspect.get_annotations(kind))
    for name, asked in members(Law).items():
        there = getattr(kind, name, None)
        assert there is not None or name in fields, name
        if inspect.isfunction(asked):
            assert list(inspect.signature(there).parameters) == list(
                inspect.signature(asked).parameters
            )


@pytest.fixture(scope="module")
def transferred(law: FittedLaw) -> TransferLaw:  # noqa: F811
    """A law of a model that errs .02 more than one known model and .01 less than another."""
    rng = np.random.default_rng(7)
    runs = [
        mean_error(c) + 0.03 + (0.006 + 0.08 / np.sqrt(c.tasks)) * rng.standard_normal((6, 2))
        for c in law.curves
    ]
    weaker = fit_law(law.curves, runs, METRICS, TABLE, model="weaker", scheme="probe")
    pilots = [mean_error(c) + 0.02 + 0.006 * rng.standard_normal((4, 2)) for c in PILOTS]
    return transfer_law([law, weaker], PILOTS, pilots, model="new")


@pytest.fixture(scope="module")
def mixes() -> TwoSource:
    """A two-source law of measured mixes, whose sources are the market's."""
    rng = np.random.default_rng(8)
    counts = [(w, h) for w in (0, 100, 400, 2000) for h in (0, 40, 150, 400) if w + h]
    weak, high = np.array(counts, dtype=float).T
    error = 0.15 + 0.35 * (1.0 + (high + PANEL_ONLY * weak) / 60.0) ** -0.6
    error = error + 0.006 * rng.standard_normal(len(error))
    return fit_two_source(weak, high, error, sources=("crowd", "panel"), model="theirs")


def test_a_plan_stands_on_a_transferred_law(law: FittedLaw, transferred: TransferLaw) -> None:  # noqa: F811
    """Its P lies below that of the stronger known model, and it is as sure as its pilots let it."""
    wanted = criterion(0.26)
    made = make_plan(transferred, MARKET, wanted, seed=SEED, prices=True)
    chosen = made.recommended.curve
    assert chosen is not None
    assert made.recommended.cost <= MARKET.money
    said = made.recommended.forecast
    known = make_forecasts(law, [chosen], wanted, np.random.default_rng(1))[0]
    assert said.p.value < known.p.value
    assert said.p.low < said.p.value < said.p.high
    assert said.deployment is not None
    assert transferred.convergence.converged
    assert transferred.attacked == 0
    # By the same draws, with a discrepancy common to both, a wider limit costs nothing.
    assert made.shadows
    assert all(s.gain.value >= -0.01 for s in made.shadows)


def test_a_transferred_law_says_which_pilots_it_lacks(
    law: FittedLaw,  # noqa: F811
    transferred: TransferLaw,
) -> None:
    """Without pilots it says that nothing was run; with some, which sources none buys from."""
    said = transferred.said
    assert [s.partition(" ")[0] for s in said.limits] == ["Where"]
    assert "Pilot runs are independent of each other." in said.assumptions
    # Both known laws say the same, which is said once; what one alone says bears its name.
    assert [s for s in said.assumptions if "mix of" in s] == [law.said.assumptions[0]]
    draws = law.posterior.draws.copy()
    draws[:, Shape.column(law.table)] = 0.0
    bent = replace(law, posterior=replace(law.posterior, draws=draws))
    mixed = replace(transferred, laws=(bent, *transferred.laws[1:])).said.assumptions
    assert f"Of m: {bent.said.assumptions[0]}" in mixed
    assert law.said.assumptions[1] in mixed
    crowd = replace(transferred.pilots, curves=PILOTS[2:])
    limits = replace(transferred, pilots=crowd).said.limits
    assert limits[1].startswith("No run of new buys from panel:")
    without = replace(transferred, pilots=replace(transferred.pilots, curves=())).said
    assert without.limits[1].startswith("Nothing was run on new:")
    assert not any("Pilot" in s for s in without.assumptions)


def test_channels_of_one_purchase_share_a_transferred_law_s_discrepancy(
    transferred: TransferLaw,
) -> None:
    """With ``common`` equal curves get equal draws; without it each has its own rough departure."""
    curves = [Curve.parse("400 crowd"), Curve.parse("400 crowd")]

    def gap(*, common: bool) -> float:
        rng = np.random.default_rng(3)
        mean = transferred.outcomes(curves, rng, draws=200, runs=10, common=common).mean
        return float(np.abs(mean[:, 0] - mean[:, 1]).max())

    assert gap(common=True) < 1e-6
    assert gap(common=False) > 1e-4


def test_a_plan_stands_on_a_two_source_law(mixes: TwoSource) -> None:
    """What it recommends keeps to the budget, meets the bar in truth, and it says so."""
    market = COUNTED
    hard = Criterion(error=0.15 + 0.35 * (1.0 + 400.0 / 60.0) ** -0.6)
    made = make_plan(mixes, market, hard, seed=SEED, prices=True)
    chosen = made.recommended.curve
    assert chosen is not None
    assert made.recommended.cost <= market.money
    # Ten labels of the crowd for two of the panel, each worth a third of one: the crowd it is.
    bought = {t.source: t.tasks for t in chosen}
    worth = bought.get("panel", 0) + PANEL_ONLY * bought.get("crowd", 0)
    assert worth > 400.0
    assert made.recommended.forecast.p.value > 0.7
    easy, never = (
        make_forecasts(mixes, [chosen], Criterion(error=e), np.random.default_rng(2))[0]
        for e in (0.4, 0.1)
    )
    assert easy.p.value > 0.99
    assert never.p.value < 0.01
    assert {p.name for p in easy.parts} >= {"choice of law", "parameters", "run to run"}
    # New labels of the same quality change nothing that a law of counts could see.
    full = forecast(mixes, chosen, market.sources, hard)
    assert full.deployment.value == pytest.approx(full.p.value, abs=0.05)


def test_a_two_source_law_reads_curves_in_its_counts(mixes: TwoSource) -> None:
    """Curves and counts get the same answer, tranches of one source add up, and rounds are far."""
    rng = np.random.default_rng(4)
    asked = [
        Curve.parse("1000 crowd + 100 panel"),
        Curve.parse("600 crowd + 100 panel + 400 crowd"),
    ]
    mean = mixes.outcomes(asked, rng, draws=4000, runs=10).mean[:, :, 0]
    np.testing.assert_array_equal(mean[:, 0], mean[:, 1])
    [found] = mixes.predict([1000], [100], of_law=True)
    assert mean[:, 0].mean() == pytest.approx(found.value, abs=0.002)
    assert np.quantile(mean[:, 0], 0.95) == pytest.approx(found.high, abs=0.003)
    assert mixes.distance(asked[0]) == "inside"
    assert mixes.distance(Curve.parse("3000 crowd + 100 panel")) == "near"
    assert mixes.distance(Curve.parse("30000 crowd + 100 panel")) == "far"
    assert mixes.distance(Curve.parse("100 crowd + 100 panel (round 2)")) == "far"
    assert mixes.distance(Curve.parse("100 crowd x3")) == "far"
    with pytest.raises(InputError, match="has not seen source 'judge'"):
        mixes.outcomes([Curve.parse("10 judge")], rng, draws=5, runs=5)


def test_a_two_source_law_s_runs_scatter_as_its_rows_do(mixes: TwoSource) -> None:
    """The run-to-run sd that forecasts use is that of the table: .006."""
    rng = np.random.default_rng(5)
    spread = mixes.outcomes([Curve.parse("400 crowd")], rng, draws=500, runs=10).spread
    assert np.median(spread) == pytest.approx(0.006, rel=0.6)


def test_a_search_that_stops_too_early_has_not_converged(
    mixes: TwoSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Convergence of a two-source law is measured at its modes, not taken for granted."""
    from suffice.demand.scaling import _mixing_posterior

    assert mixes.convergence.converged
    monkeypatch.setattr(_mixing_posterior, "STEPS", 1)
    monkeypatch.setattr(_mixing_posterior, "_STEPS_AGAIN", 0)
    hasty = fit_two_source(mixes.n_weak, mixes.n_high, mixes.y)
    assert not hasty.convergence.converged


def evidence(of: Law, runs: list[np.ndarray], curves: tuple[Curve, ...]) -> Evidence:
    """Runs of a law's model [run, metric], one array a curve."""
    return Evidence(
        cells=tuple(
            Cell(of.model, c.resolve(MARKET.sources), tuple(range(len(r))))
            for c, r in zip(curves, runs, strict=True)
        ),
        runs=tuple(CellRuns.of_scores(r) for r in runs),
        metrics=of.metrics,
        scheme="probe",
        sources=MARKET.sources,
        untrained=np.full(len(of.metrics), 0.5),
        origin="made up",
    )


@pytest.mark.parametrize("kind", ["law", "transferred", "mixes"])
def test_a_plan_on_any_law_is_written_read_and_drawn(kind: str, request, tmp_path: Path) -> None:
    """Its files hold the law's own sentences and cells, and the report shows them."""
    made: Law = request.getfixturevalue(kind)
    # Measured in another order than the law holds them; one run of the last, two of the others.
    measured = PILOTS if kind == "transferred" else made.curves[::-1]
    runs = [
        mean_error(c)[: len(made.metrics)] + np.array([[-0.01], [0.01]])[: 1 + (c != measured[-1])]
        for c in measured
    ]
    known = evidence(made, runs, measured)
    market = COUNTED if kind == "mixes" else MARKET
    wanted = Criterion(error=0.3)
    plan = make_plan(made, market, wanted, seed=SEED)
    about = About("own", "how much?", made.model, made.said)
    quality = {
        (s, r): {"crowd": 0.7, "panel": 0.9}[s] for s in market.order for r in market.repeats[s]
    }
    said = plan_record(plan, market, wanted, about, metrics=made.metrics)
    drawn = forecast_record(
        {made.model: made}, made.model, market, wanted, quality, plan, known, seed=SEED
    )
    write_study(tmp_path, study_files(judge="panel"))
    said.write(tmp_path)
    drawn.write(tmp_path)
    assert PlanRecord.read(tmp_path) == said
    read = ForecastRecord.read(tmp_path)
    assert read == drawn
    assert said.assumptions == made.said.assumptions
    assert said.citations
    shown = {(c.source, m.x): m for c in read.learning_curves for m in c.measured}
    alone = {
        (c.tranches[0].source, c.tasks): r[:, 0]
        for c, r in zip(measured, runs, strict=True)
        if len(c.tranches) == 1
    }
    assert shown.keys() == alone.keys()
    assert sum(m.sd is None for m in shown.values()) == 1
    for at, m in shown.items():
        assert m.runs == len(alone[at])
        assert m.mean == pytest.approx(alone[at].mean())
        assert (m.sd is None) if m.runs == 1 else m.sd == pytest.approx(alone[at].std(ddof=1))
    page = write_report(tmp_path).read_text(encoding="utf-8")
    for sentence in (*made.said.assumptions, *made.said.limits):
        assert str(escape(sentence)) in page
