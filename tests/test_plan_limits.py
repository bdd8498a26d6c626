"""Plans at the edge: no money, no price, no capacity, limits that fight, a bar out of reach."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from small import noisy_source
from test_choose import MARKET, SEED, criterion, law  # noqa: F401 - law is a fixture
from test_laws import evidence

from suffice.errors import InfeasibleError
from suffice.plan import About, Prices, forecast_record, make_plan, plan_record, what_next

ABOUT = About("s", "q", "m")
WANTED = criterion(0.24)


def sources(**changes: dict[str, float]) -> dict[str, object]:
    """The market's sources, some of them changed."""
    return {n: replace(s, **changes.get(n, {})) for n, s in MARKET.sources.items()}


def test_prices_of_zero(law):  # noqa: F811
    """Where everything is free, whole plans are made and written: they cost nothing, and money is
    worth nothing more."""
    free = replace(MARKET, sources=sources(crowd={"price": 0.0}, panel={"price": 0.0}))
    made = make_plan(law, free, WANTED, seed=SEED, prices=True)
    assert made.recommended.cost == 0.0
    assert made.recommended.curve.tasks > 0
    (money,) = [s for s in made.shadows if s.limit == "budget.money"]
    assert money.gain.value == money.gain.high == 0.0
    said = plan_record(made, free, WANTED, ABOUT)
    quality = {(s, r): 0.8 + 0.05 * k for k, (s, r) in enumerate([("crowd", 1), ("panel", 1)])}
    quality["crowd", 3] = 0.83
    known = evidence(law, [np.zeros((8, 2)) for _ in law.curves], law.curves)
    drawn = forecast_record({"m": law}, "m", free, WANTED, quality, made, known, seed=SEED)
    assert np.isfinite(
        json.loads(json.dumps([said.as_json(), drawn.as_json()], allow_nan=False))[0]["cost"]
    )
    found = what_next(law, free, WANTED, made, Prices(value=100.0), seed=SEED)
    assert found.value == 100.0


def test_one_free_source_among_paid_ones(law):  # noqa: F811
    """Free labels are taken as far as they help, and what is paid for stays within the budget."""
    free = replace(MARKET, sources=sources(crowd={"price": 0.0}))
    made = make_plan(law, free, WANTED, seed=SEED)
    assert made.recommended.cost <= MARKET.money
    assert any(t.source == "crowd" for t in made.recommended.curve)


def test_a_source_with_no_capacity(law):  # noqa: F811
    """It is left out of every curve, and the plan says which limit ends it."""
    none = replace(MARKET, sources=sources(panel={"capacity": 0.0}))
    made = make_plan(law, none, criterion(0.27), seed=SEED)
    bought = [t.source for o in made.frontier for t in o.curve]
    assert set(bought) == {"crowd"}
    (row,) = [o for o in made.alternatives if o.name == "all panel"]
    assert row.curve is None
    assert row.note.startswith("sources.panel.capacity allows 0 tasks")


def test_no_source_has_capacity(law):  # noqa: F811
    """Where nobody can label anything, that is the line."""
    none = replace(MARKET, sources=sources(panel={"capacity": 0.0}, crowd={"capacity": 0.0}))
    with pytest.raises(InfeasibleError, match=r"sources\.\w+\.capacity is what ends it") as caught:
        make_plan(law, none, WANTED, seed=SEED)
    assert "\n" not in str(caught.value)


def test_an_infeasible_budget_says_by_how_much(law):  # noqa: F811
    """The cheapest start costs 40 crowd labels at .10: with 3 there is 1 too little."""
    with pytest.raises(InfeasibleError, match=r"the budget is 1\.00 short of 'crowd'"):
        make_plan(law, MARKET.with_money(3.0), WANTED, seed=SEED)


def test_limits_that_fight_are_named_as_a_pair(law):  # noqa: F811
    """A promise of more panel tasks than its capacity gives."""
    torn = replace(
        MARKET,
        sources={**MARKET.sources, "panel": noisy_source("panel", 0.1, 0.5, capacity=10.0)},
        at_least={"panel": 200},
    )
    with pytest.raises(
        InfeasibleError,
        match=r"sources\.panel\.at_least = 200 and sources\.panel\.capacity contradict each other",
    ):
        make_plan(law, torn, WANTED, seed=SEED)


def test_a_criterion_out_of_reach_names_its_bound(law):  # noqa: F811
    """No purchase reaches an error of .11: the plan says so, with what is reached."""
    made = make_plan(law, MARKET, criterion(0.11), seed=SEED)
    assert made.decision.startswith("Nothing that can be bought meets the criterion")
    assert "is the bound that fails it most often" in made.decision


def test_the_whole_frontier_takes_seconds(law):  # noqa: F811
    """Weighing every curve for the frontier takes less than five seconds of one core."""
    import time

    begin = time.process_time()
    made = make_plan(law, MARKET, WANTED, seed=SEED)
    assert time.process_time() - begin < 5.0
    assert len(made.candidates) > 300
    assert len(made.frontier) >= 3
