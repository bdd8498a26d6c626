"""The decision in numbers: shadow prices, flips, robust plans; the search and brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from test_choose import MARKET, SEED, criterion, law  # noqa: F401 - the fixture of a fitted law

from suffice.curve import Curve, Tranche
from suffice.errors import InfeasibleError, InputError
from suffice.forecast import make_forecasts
from suffice.plan import Market, Risk, make_plan
from suffice.plan._candidates import arrangements
from suffice.plan._decide import BOTH, DELEGATE, SCRUTINISE, scrutiny, side_of
from suffice.plan._objective import Objective
from suffice.plan._risk import attacked, improved
from suffice.plan._search import rising
from suffice.plan._shadow import _winner, paired_pi
from suffice.plan._words import limits_text


def chance(law, market: Market, curve: Curve, wanted) -> float:  # noqa: F811
    """P of a curve from many draws of the whole posterior."""
    rng = np.random.default_rng(11)
    return make_forecasts(law, market.resolve([curve]), wanted, rng, draws=1500)[0].p.value


@pytest.mark.parametrize(("money", "error"), [(80.0, 0.29), (160.0, 0.25)])
def test_the_search_against_brute_force(law, money, error):  # noqa: F811
    """No curve on a fine lattice of all that can be bought is better by more than simulation
    error."""
    wanted = criterion(error)
    market = replace(MARKET, money=money, repeats={"crowd": (1,), "panel": (1,)})
    made = make_plan(law, market, wanted, seed=SEED)
    lattice = []
    for panel in range(0, int(money / 0.5) + 1, 8):
        left = int((money - 0.5 * panel) / 0.1 + 1e-9)
        for crowd in np.linspace(0, left, 8).astype(int):
            parts = (("crowd", int(crowd)), ("panel", panel))
            kept = tuple(Tranche(s, n) for s, n in parts if n >= market.smallest)
            if kept:
                lattice += arrangements(Curve(kept), market.order)
    rng = np.random.default_rng(12)
    rough = make_forecasts(law, market.resolve(lattice), wanted, rng, draws=60)
    order = np.argsort([-f.p.value for f in rough])[:12]
    best = max(chance(law, market, lattice[int(i)], wanted) for i in order)
    assert 0.2 < best < 0.9
    assert chance(law, market, made.recommended.curve, wanted) >= best - 0.03


def test_the_cheapest_for_a_target_against_brute_force(law):  # noqa: F811
    """No purchase of one source or of an even mixture reaches the target for much less money."""
    wanted, target = criterion(0.25), 0.6
    made = make_plan(law, MARKET, wanted, seed=SEED, target=target)
    assert made.recommended.forecast.p.value == pytest.approx(target, abs=0.08)
    costs = []
    for scale in np.linspace(0.3, 1.0, 12) * MARKET.money:
        for share in (0.0, 0.5, 1.0):
            parts = (("crowd", int((1 - share) * scale / 0.1)), ("panel", int(share * scale / 0.5)))
            kept = Curve(tuple(Tranche(s, n) for s, n in parts if n >= MARKET.smallest))
            if kept.tranches and chance(law, MARKET, kept, wanted) >= target + 0.03:
                costs.append(kept.cost(MARKET.sources))
    assert made.recommended.cost <= min(costs) * 1.03


def test_much_money_is_no_reason_to_spend_it(law):  # noqa: F811
    """A budget a thousand times too large buys about what a sufficient one buys."""
    wanted = criterion(0.4)
    enough = make_plan(law, MARKET.with_money(40.0), wanted, seed=SEED).recommended
    rich = make_plan(law, MARKET.with_money(40_000.0), wanted, seed=SEED).recommended
    assert enough.forecast.p.value > 0.97
    assert rich.cost < 1.5 * enough.cost
    assert rich.forecast.p.value == pytest.approx(enough.forecast.p.value, abs=0.02)


@pytest.fixture(scope="module")
def priced(law):  # noqa: F811
    """A plan with shadow prices, whose budget and crowd capacity bind."""
    market = replace(
        MARKET,
        money=120.0,
        sources={**MARKET.sources, "crowd": replace(MARKET.sources["crowd"], capacity=100.0)},
    )
    return market, make_plan(law, market, criterion(0.27), seed=SEED, prices=True)


def test_what_binds_has_a_price(law, priced):  # noqa: F811
    """Money that binds is worth something, with an interval above nothing; its worth for a tenth
    more budget agrees with planning again on that budget."""
    market, made = priced
    found = {s.limit: s for s in made.shadows}
    assert set(found) == {
        "budget.money", "budget.weeks", "sources.crowd.capacity",
        "accuracy of crowd", "accuracy of panel",
    }  # fmt: skip
    money = found["budget.money"]
    assert money.step == pytest.approx(12.0)
    assert money.gain.value > 0.0
    assert money.gain.low <= money.gain.value <= money.gain.high
    assert money.curve.cost(market.sources) > market.money
    assert money.per_unit().value == pytest.approx(money.gain.value / 12.0)
    again = make_plan(law, market.with_money(132.0), criterion(0.27), seed=SEED)
    more = again.recommended.forecast.p.value - made.recommended.forecast.p.value
    assert money.gain.value == pytest.approx(more, abs=0.05)


def test_a_limit_that_does_not_bind_is_worth_nothing(law):  # noqa: F811
    """A capacity far beyond what is bought has a price of exactly zero, and says so."""
    crowd = replace(MARKET.sources["crowd"], capacity=1e6)
    market = replace(MARKET, sources={**MARKET.sources, "crowd": crowd}, money=100.0)
    made = make_plan(law, market, criterion(0.27), seed=SEED, prices=True)
    idle = next(s for s in made.shadows if s.limit == "sources.crowd.capacity")
    assert (idle.gain.value, idle.gain.low, idle.gain.high) == (0.0, 0.0, 0.0)
    assert str(idle).endswith("nothing, it does not bind")


def test_better_labels_of_what_is_bought_are_worth_something(priced):
    """A point of accuracy of the sources in the curve raises P; of others it does nothing."""
    _, made = priced
    bought = {t.source for t in made.recommended.curve}
    for s in ("crowd", "panel"):
        gain = next(x for x in made.shadows if x.limit == f"accuracy of {s}").gain
        assert gain.value >= -0.01 if s in bought else gain.value == 0.0


def test_a_wider_limit_never_costs(law, priced):  # noqa: F811
    """Who may buy more can still buy the same: no gain is below nothing by more than simulation
    error, and the luckiest of some rough guesses is not taken for better than what is bought."""
    _, made = priced
    assert all(s.gain.value >= -0.005 for s in made.shadows)
    wanted = criterion(0.275)
    bought = Curve((Tranche("panel", 300),))
    worse = [Curve((Tranche("panel", n),)) for n in range(292, 300)]
    lucky = 0
    for seed in range(6):
        objective = Objective(law, MARKET, wanted, Risk(), seed=seed)
        lucky += int(objective.value([bought, *worse], 128).argmax() > 0)
        assert _winner(law, MARKET, worse, bought, wanted, objective, seed=seed) is bought
    assert lucky > 0
    better = [*worse, Curve((Tranche("panel", 380),))]
    assert _winner(law, MARKET, better, bought, wanted, objective, seed=1) is better[-1]


def test_paired_draws_differ_less_than_their_sum(law):  # noqa: F811
    """Common random numbers: the difference of two neighbours is much surer than each."""
    wanted = criterion(0.275)
    first, second = (
        paired_pi(law, MARKET, Curve((Tranche("panel", n),)), wanted, 1) for n in (300, 310)
    )
    assert (second - first).std() < 0.4 * first.std()


def test_flips(priced, law):  # noqa: F811
    """Each flip joins two different answers at a budget inside its interval, the last one at a
    budget that was weighed; with one source there is none."""
    market, made = priced
    for f in made.flips:
        assert f.before != f.after
        assert {f.before, f.after} <= {DELEGATE, BOTH, SCRUTINISE}
        assert f.budget.low <= f.budget.value <= f.budget.high
        assert 0.1 * market.money < f.budget.value < 4.0 * market.money
        assert 0.5 < f.seen <= 1.0
    alone = Market(
        {"panel": MARKET.sources["panel"]}, ("panel",), {"panel": (1,)}, {"panel": None},
        money=100.0, weeks=4.0, smallest=40,
    )  # fmt: skip
    assert make_plan(law, alone, criterion(0.26), seed=SEED, prices=True).flips == ()


def test_the_answer_flips_where_capacity_ends(law):  # noqa: F811
    """With cheap labels that soon run out, small budgets buy them and large ones do not."""
    crowd = replace(MARKET.sources["crowd"], capacity=150.0, price=0.02)
    market = replace(MARKET, sources={**MARKET.sources, "crowd": crowd}, money=60.0)
    made = make_plan(law, market, criterion(0.3), seed=SEED, prices=True)
    assert any(f.before == DELEGATE for f in made.flips)
    # Budgets were weighed a step apart: where between two of them it flips, nobody can say.
    assert all(f.budget.low * 1.1 < f.budget.high for f in made.flips)
    lines = limits_text(made)
    assert "rather than buy many cheap labels" in " ".join(x.strip() for x in lines)
    assert max(map(len, lines)) <= 80


def test_flips_agree_with_the_decision(law):  # noqa: F811
    """Whatever the budgets around it say, at its own budget the answer is what the plan buys."""
    for money in (60.0, 120.0, 200.0):
        crowd = replace(MARKET.sources["crowd"], capacity=150.0, price=0.02)
        market = replace(MARKET, sources={**MARKET.sources, "crowd": crowd}, money=money)
        made = make_plan(law, market, criterion(0.3), seed=SEED, prices=True)
        mine = side_of(scrutiny(made.recommended.curve, market))
        ordered = sorted(made.flips, key=lambda f: f.budget.value)
        for first, second in pairwise(ordered):
            assert first.after == second.before
        below = [f.after for f in ordered if f.budget.value < money]
        above = [f.before for f in ordered if f.budget.value > money]
        assert below[-1:] in ([], [mine])
        assert above[:1] in ([], [mine])


def test_names_of_sides():
    """A fifth on one side names the plan after the other; free sources count by labels."""
    assert [side_of(x) for x in (0.0, 0.19, 0.2, 0.5, 0.8, 0.81, 1.0)] == [
        DELEGATE, DELEGATE, BOTH, BOTH, BOTH, SCRUTINISE, SCRUTINISE,
    ]  # fmt: skip
    curve = Curve((Tranche("crowd", 100), Tranche("panel", 20)))
    assert scrutiny(curve, MARKET) == pytest.approx(0.5)
    free = {s: replace(x, price=0.0) for s, x in MARKET.sources.items()}
    assert scrutiny(curve, replace(MARKET, sources=free)) == pytest.approx(20 / 120)


@pytest.mark.parametrize("kind", ["cvar", "worst"])
def test_robust_plans(law, kind):  # noqa: F811
    """What is left when things go badly is below P, falls with the share, and repeats itself."""
    wanted = criterion(0.26)
    values = []
    for share in (0.3, 0.1) if kind == "cvar" else (0.02, 0.08):
        made = make_plan(law, MARKET, wanted, seed=SEED, risk=Risk(kind, share))
        assert made.robust.value.value < made.recommended.forecast.p.value
        assert made.robust.value.low <= made.robust.value.value <= made.robust.value.high
        values.append(made.robust.value.value)
        assert " ".join(x.strip() for x in limits_text(made)) == str(made.robust)
    assert values[0] > values[1]
    assert make_plan(law, MARKET, wanted, seed=SEED).robust is None


def test_expected_shortfall_by_hand():
    """The mean of the worst tenth."""
    pi = np.linspace(0.0, 0.99, 100)[::-1, None]
    assert Risk("cvar", 0.1).value(pi)[0] == pytest.approx(0.045)
    assert Risk("mean").value(pi)[0] == pytest.approx(0.495)


def test_attacks_and_better_labels_change_the_error_as_they_say():
    """A hostile tenth turns e into e + .1 (1 - 2 e) and is named; a point more accuracy is one."""
    source = MARKET.sources["crowd"]
    before = source.posterior.mean().profile
    bad = attacked(source, 0.1).posterior.mean().profile
    np.testing.assert_allclose(bad.error, before.error + 0.1 * (1.0 - 2.0 * before.error))
    assert bad.attack == pytest.approx(0.1)
    good = improved(source, 0.01).posterior.mean().profile
    np.testing.assert_allclose(good.error, before.error - 0.01)
    assert (improved(source, 0.9).posterior.mean().profile.error == 0.0).all()


@pytest.mark.parametrize("bad", [("cvar", 0.0), ("worst", 1.0), ("median", 0.1)])
def test_bad_risks_are_one_line(bad):
    """A kind or share that is none."""
    with pytest.raises(InputError):
        Risk(*bad)


def test_a_criterion_that_nothing_meets_says_which_bound(law):  # noqa: F811
    """The plan names the threshold out of reach and what is reached; with a target it refuses."""
    made = make_plan(law, MARKET, criterion(0.12), seed=SEED)
    assert made.decision.startswith("Nothing that can be bought meets the criterion: error")
    assert "is the bound that fails it most often" in made.decision
    with pytest.raises(InfeasibleError, match=r"P below \.01 .*is expected at"):
        make_plan(law, MARKET, criterion(0.12), seed=SEED, target=0.5)


def test_the_rising_curves_by_definition():
    """Each kept curve is better than every cheaper one."""
    rng = np.random.default_rng(0)
    costs, chances = rng.random(200), rng.random(200)
    kept = rising(costs, chances)
    assert (np.diff(costs[kept]) > 0).all()
    for i in range(200):
        beaten = any(costs[j] <= costs[i] and chances[j] >= chances[i] for j in kept)
        assert beaten
