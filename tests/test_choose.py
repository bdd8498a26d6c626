"""Choosing: the cheapest of the best, judged on draws that did not choose it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import noisy_source

from suffice.curve import Curve, Tranche
from suffice.demand import FittedLaw, SourceTable, fit_law
from suffice.demand.law._sampler import Posterior
from suffice.errors import InfeasibleError
from suffice.estimate import probability
from suffice.forecast import Criterion, make_forecasts
from suffice.forecast._probability import pass_chances
from suffice.metric import error_rate
from suffice.plan import Market, make_plan, promising
from suffice.plan._objective import CHOOSE, GOOD_ENOUGH, REPORT
from suffice.plan._search import pick as _pick

METRICS = (error_rate(), error_rate("hard"))
MARKET = Market(
    {"crowd": noisy_source("crowd", 0.3, 0.1), "panel": noisy_source("panel", 0.1, 0.5)},
    ("crowd", "panel"),
    {"crowd": (1, 3), "panel": (1,)},
    {"crowd": None, "panel": None},
    money=200.0,
    weeks=4.0,
    smallest=40,
)
TABLE = SourceTable(
    names=("panel", "crowd"),
    log_worth=np.log([1.0, 0.4]),
    repeats={"panel": {1: 0.0}, "crowd": {1: 0.0, 3: 0.6}},
    bias=np.array([2.0, 4.0]),
    profiles={n: s.posterior.mean().profile for n, s in MARKET.sources.items()},
)
SEED = 5


def mean_error(curve: Curve) -> np.ndarray:
    """A small world: crowd labels are worth .4 of a panel's, and teach a little wrong."""
    worth = sum(t.tasks * (1.0 if t.source == "panel" else 0.4) for t in curve)
    crowd = sum(t.tasks for t in curve if t.source == "crowd") / max(curve.tasks, 1)
    error = 0.15 + 0.35 * (1.0 + worth / 60.0) ** -0.6 + 0.02 * crowd
    return np.array([error, 0.1 + error])


@pytest.fixture(scope="session")
def law() -> FittedLaw:
    """A law fitted to some runs of the small world: one for all files that take it."""
    return _fitted()


@cache
def _fitted() -> FittedLaw:
    rng = np.random.default_rng(0)
    curves = [Curve((Tranche("crowd", int(n)),)) for n in np.geomspace(40, 2000, 5)]
    curves += [Curve((Tranche("panel", int(n)),)) for n in np.geomspace(40, 400, 5)]
    for _ in range(8):
        crowd, panel = rng.integers(50, 1500), rng.integers(40, 300)
        curves.append(Curve((Tranche("crowd", int(crowd)), Tranche("panel", int(panel), round=2))))
    runs = []
    for c in curves:
        width = 0.006 + 0.08 / np.sqrt(c.tasks)
        runs.append(mean_error(c) + width * rng.standard_normal((8, 2)))
    return fit_law(curves, runs, METRICS, TABLE, model="m", scheme="probe")


def criterion(error: float) -> Criterion:
    """Two thresholds, the hard slice a little easier than it is."""
    return Criterion(error, slice_error={"hard": error + 0.11})


@pytest.fixture(scope="module")
def plan(law):
    """One plan."""
    return make_plan(law, MARKET, criterion(0.24), seed=SEED)


def test_what_more_labels_cannot_do_is_said(law):
    """A plan likely to fail says whether more labels would help; one that will do says nothing."""
    below_the_floor = make_plan(law, MARKET, criterion(0.185), seed=SEED)
    assert "More labels will not do it" in below_the_floor.decision
    assert below_the_floor.ceiling.p.value < 0.5
    dear = replace(MARKET, money=12.0)
    too_few = make_plan(law, dear, criterion(0.24), seed=SEED)
    assert too_few.recommended.forecast.p.value < 0.5
    assert "More labels could do it" in too_few.decision
    enough = make_plan(law, MARKET, criterion(0.29), seed=SEED)
    assert enough.ceiling is None
    assert "More labels" not in enough.decision


def test_the_two_halves_share_no_draw(law):
    """The draws that choose and those that report are different parameters."""
    draws = law.posterior.draws
    middle = len(draws) // 2
    first, second = ({row.tobytes() for row in half} for half in (draws[:middle], draws[middle:]))
    assert not first & second


def test_chosen_on_one_half_and_reported_on_the_other(law):
    """With halves that disagree, the choice follows the first and the printed P the second."""
    draws = law.posterior.draws.copy()
    middle = len(draws) // 2
    # The last two parameters are size and length of the discrepancy: the first half believes the
    # law to the letter, the second knows nothing but what was measured on the spot.
    draws[:middle, -2] = np.log(0.05)
    draws[middle:, -2:] = np.log(30.0), np.log(0.2)
    p = law.posterior
    torn = replace(law, posterior=Posterior(draws, p.convergence))
    wanted = criterion(0.27)
    made = make_plan(torn, MARKET, wanted, seed=SEED)

    def chance(half: int) -> float:
        rng = np.random.default_rng(1)
        return make_forecasts(torn, [made.recommended.curve], wanted, rng, half=half)[0].p.value

    choosing, reporting = chance(CHOOSE), chance(REPORT)
    assert abs(choosing - reporting) > 0.15
    told = made.recommended.forecast.p.value
    assert told == pytest.approx(reporting, abs=0.06)
    chosen = made.candidates.index(made.recommended.curve)
    assert made.chances[chosen] == pytest.approx(choosing, abs=0.06)


def test_the_cheapest_of_the_best_is_recommended(plan):
    """Among all candidates within a hundredth of the highest P, none is cheaper."""
    good = plan.chances >= plan.chances.max() - GOOD_ENOUGH
    assert plan.recommended.cost == pytest.approx(plan.costs[good].min())
    assert plan.recommended.cost <= MARKET.money
    assert plan.recommended.forecast.p.low <= plan.recommended.forecast.p.value
    assert len(plan.candidates) == len(plan.costs) == len(plan.chances)


def test_a_plan_repeats_itself(law, plan):
    """The same seed gives the same plan, to the last digit."""
    again = make_plan(law, MARKET, criterion(0.24), seed=SEED)
    assert again.recommended == plan.recommended
    assert again.decision == plan.decision
    assert (again.chances == plan.chances).all()


def test_alternatives_cost_no_more_than_the_recommended_curve(plan):
    """All of each source, an equal split: each for at most the same money, each forecast."""
    names = {a.name for a in plan.alternatives}
    assert {"all panel", "all crowd", "equal split"} <= names
    for a in plan.alternatives:
        assert a.cost <= plan.recommended.cost + 1e-6
        assert (a.curve is None) == (a.forecast is None)
        if a.name.startswith("all ") and a.curve is not None:
            assert {t.source for t in a.curve} == {a.name.removeprefix("all ")}
        assert a.curve is not None or a.note


def test_the_frontier_rises(plan):
    """Spending more along the frontier never lowers P on the draws that made it."""
    costs = [o.cost for o in plan.frontier]
    assert costs == sorted(costs)
    index = [plan.candidates.index(o.curve) for o in plan.frontier]
    assert (np.diff(plan.chances[index]) > 0).all()
    assert plan.chances[index[-1]] == plan.chances.max()


def test_a_target_buys_the_cheapest_that_is_enough(law):
    """With a target, the cheapest curve that reaches it is bought; a higher target costs more."""
    wanted = criterion(0.26)
    costs = []
    for target in (0.3, 0.8):
        made = make_plan(law, MARKET, wanted, seed=SEED, target=target)
        enough = made.chances >= target
        assert made.recommended.cost == pytest.approx(made.costs[enough].min())
        costs.append(made.recommended.cost)
    assert costs[0] < costs[1]


def test_a_target_is_met_by_the_p_that_is_printed(law):
    """Where both halves believe the same, what is reported is what was asked for; where they do
    not, the decision says so."""
    p = law.posterior
    middle = len(p.draws) // 2
    for seed in range(3):
        same = np.concatenate([p.draws[:middle]] * 2)
        alike = replace(law, posterior=Posterior(same, p.convergence))
        made = make_plan(alike, MARKET, criterion(0.26), seed=seed, target=0.8)
        assert made.recommended.forecast.p.value == pytest.approx(0.8, abs=0.02)
        assert "The target of" not in made.decision
    torn = p.draws.copy()
    torn[middle:, -2:] = np.log(30.0), np.log(0.2)
    apart = replace(law, posterior=Posterior(torn, p.convergence))
    made = make_plan(apart, MARKET, criterion(0.26), seed=SEED, target=0.8)
    said = made.recommended.forecast.p.value
    assert said < 0.75
    assert (
        f"The target of 0.8 is met on the draws that chose this curve; those that did not say "
        f"{probability(said)}." in made.decision
    )


def test_a_target_out_of_reach_says_what_is_in_reach(law):
    """Where no curve is enough, the best P and its price are named."""
    with pytest.raises(InfeasibleError) as caught:
        make_plan(law, MARKET, criterion(0.19), seed=SEED, target=0.95)
    said = str(caught.value)
    assert (
        "no curve within 200.00 and 4 weeks reaches P = 0.95; the best has P below .01 for " in said
    )
    assert "more labels will not do it" in said
    assert "\n" not in said


def test_more_money_does_not_lower_p(law):
    """A larger budget holds every curve of a smaller one."""
    best = [
        make_plan(law, replace(MARKET, money=m), criterion(0.24), seed=SEED).chances.max()
        for m in (60.0, 120.0, 240.0)
    ]
    assert best[0] < best[2]
    assert best[0] - 0.03 < best[1] < best[2] + 0.03


def test_stricter_criteria_are_met_less_often(law):
    """P falls as the threshold falls, from sure to hopeless."""
    curve = [Curve((Tranche("panel", 300),))]
    rng = np.random.default_rng
    p = [
        make_forecasts(law, curve, criterion(e), rng(0))[0].p.value
        for e in (0.16, 0.25, 0.27, 0.29, 0.5)
    ]
    assert (np.diff(p) >= 0).all()
    assert p[0] < 0.05
    assert p[-1] > 0.99


def test_all_thresholds_count_at_once(law):
    """P of meeting two thresholds is at most that of each, and what simulated runs give."""
    curve = [Curve((Tranche("panel", 250),))]
    limits = mean_error(curve[0])
    outcomes = law.outcomes(curve, np.random.default_rng(2), draws=200, runs=100)
    one = Criterion(float(limits[0]))
    two = Criterion(float(limits[0]), slice_error={"hard": float(limits[1])})
    pi_one, pi_two = (pass_chances(outcomes, c, METRICS)[:, 0] for c in (one, two))
    assert (pi_two <= pi_one).all()
    assert pi_two.mean() < pi_one.mean() - 0.05
    np.testing.assert_allclose(pi_two, two.met(outcomes.runs(), METRICS).mean(axis=1), atol=0.02)


def test_other_gold_moves_p_towards_one_half(law):
    """Uncertain gold spreads P and is shown as a part of its own, beside the interval."""
    curve = [Curve((Tranche("panel", 300),))]
    shifts = 0.03 * np.random.default_rng(3).standard_normal((60, 2))
    sure = criterion(0.3)
    made = make_forecasts(law, curve, sure, np.random.default_rng(4), gold_shifts=shifts)[0]
    assert made.p.value > 0.9
    assert made.new_gold.value < made.p.value - 0.02
    assert made.new_gold.low < made.p.low
    parts = {p.name: p.sd for p in made.parts}
    assert set(parts) == {"run to run", "parameters", "choice of law", "evaluation set"}
    assert parts["evaluation set"] > 0.0


def test_predictive_counts_hold_runs_of_the_forecast_itself(law):
    """If pi is drawn from the forecast, 95 % intervals hold 95 % of counts or a few more."""
    made = make_forecasts(
        law, [Curve((Tranche("panel", 200),))], criterion(0.295), np.random.default_rng(5)
    )[0]
    rng = np.random.default_rng(6)
    low, high = made.predictive(40, rng)
    assert 0 <= low < high <= 40
    counts = rng.binomial(40, rng.choice(made.draws, 4000))
    assert 0.94 <= np.mean((low <= counts) & (counts <= high)) <= 0.995


def test_promising_curves_are_apart_and_affordable(law):
    """Curves worth measuring differ from each other and cost no more than there is."""
    found = promising(law, MARKET, criterion(0.24), 5, seed=1)
    assert 1 <= len(found) <= 5
    assert len(set(found)) == len(found)
    assert all(c.cost(MARKET.sources) <= MARKET.money * (1 + 1e-9) for c in found)
    assert promising(law, MARKET, criterion(0.24), 5, seed=1) == found


def test_the_decision_is_one_sentence_with_its_reason(plan):
    """It says what kind of labels to buy, and what the alternatives reach."""
    assert plan.decision.startswith(("Buy many", "Buy few", "Buy some"))
    assert "alone" in plan.decision or len(plan.recommended.curve.tranches) == 1


@given(
    st.lists(st.tuples(st.floats(1, 100), st.floats(0, 1)), min_size=1, max_size=30),
    st.none() | st.floats(0.05, 0.95),
)
def test_picking_by_its_definition(rows, target):
    """The pick is the cheapest of those that are good enough, the likelier one in a tie."""
    costs, chances = np.array(rows).T
    best = _pick(costs, chances, target)
    reachable = target is not None and chances.max() >= target
    enough = target if reachable else chances.max() - GOOD_ENOUGH
    assert chances[best] >= enough
    for cost, chance in rows:
        if chance >= enough:
            assert (costs[best], -chances[best]) <= (cost, -chance)
