"""Planning on after a batch: what is in hand is kept, its cost sunk, the rest planned anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import noisy_source
from test_choose import MARKET, SEED, criterion, law  # noqa: F401 - law is a fixture

from suffice.curve import Curve
from suffice.errors import InputError
from suffice.plan import About, make_plan, plan_record, pooled, still_to_buy, with_bought
from suffice.plan._candidates import candidates, neighbours

WANTED = criterion(0.24)


def tasks(curve: Curve) -> dict[str, int]:
    """Tasks by source."""
    return {t.source: t.tasks for t in curve}


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2500), st.integers(0, 500), st.sampled_from([1, 3]))
def test_every_candidate_holds_what_was_bought(crowd, panel, repeats):
    """Whatever was bought, even more than the limits allow, no candidate or neighbour lacks it, and
    none spends more than the budget or what is spent already."""
    text = f"{crowd} crowd x{repeats}" + (f" + {panel} panel" if panel else "")
    bought = Curve.parse(text)
    limited = {
        "crowd": noisy_source("crowd", 0.3, 0.1, capacity=200.0, latency_days=3.0),
        "panel": noisy_source("panel", 0.1, 0.5, capacity=40.0),
    }
    market = replace(
        MARKET,
        sources=limited,
        takes={"panel": {"hours": 0.1}},
        weekly={"hours": 5.0},
    )
    there = with_bought(market, bought)
    spent = bought.cost(market.sources)
    found = candidates(there, levels=[0.3, 1.0])
    for curve in [*found, *neighbours(found[-1], there)]:
        have = tasks(curve)
        assert all(have.get(s, 0) >= n for s, n in tasks(bought).items())
        assert curve.cost(market.sources) <= max(market.money, spent) * (1 + 1e-9)


def test_a_batch_that_was_planned_changes_nothing_much(law):  # noqa: F811
    """Half of the recommended purchase in hand: the plan goes on to a curve that is as good."""
    first = make_plan(law, MARKET, WANTED, seed=SEED)
    half = Curve(tuple(replace(t, tasks=t.tasks // 2) for t in first.recommended.curve))
    then = make_plan(law, MARKET, WANTED, seed=SEED, bought=pooled([half]))
    assert then.recommended.forecast.p.value > first.recommended.forecast.p.value - 0.03
    rest = still_to_buy(then.recommended.curve, then.bought)
    assert tasks(rest) != tasks(then.recommended.curve)
    assert f"Bought so far: {then.bought}" in then.decision
    assert "and nothing else beside what is bought: " in then.decision


def test_a_poor_batch_is_made_up_for(law):  # noqa: F811
    """With the money of a bad purchase gone, less is left: P falls, and the rest goes elsewhere."""
    first = make_plan(law, MARKET, WANTED, seed=SEED)
    poor = Curve.parse("1500 crowd")
    then = make_plan(law, MARKET, WANTED, seed=SEED, bought=poor)
    rest = still_to_buy(then.recommended.curve, poor)
    assert rest.cost(MARKET.sources) <= 50.0 + 1e-9
    assert then.chances.max() <= first.chances.max() + 0.02


def test_everything_bought(law):  # noqa: F811
    """Where the budget is spent, the plan is what is in hand, and says that nothing is left."""
    all_of_it = Curve.parse("2500 crowd")
    made = make_plan(law, MARKET, WANTED, seed=SEED, bought=all_of_it)
    assert tasks(made.recommended.curve) == {"crowd": 2500}
    assert "nothing more is worth buying" in made.decision
    said = plan_record(made, with_bought(MARKET, all_of_it), WANTED, About("s", "q", "m"))
    assert said.to_buy == ()
    assert said.bought[0].tasks == 2500


def test_alternatives_hold_it_too(law):  # noqa: F811
    """What all of one source is compared with is what could still be done."""
    bought = Curve.parse("400 crowd")
    made = make_plan(law, MARKET, WANTED, seed=SEED, bought=bought)
    options = [o for o in (*made.alternatives, *made.frontier) if o.curve is not None]
    assert options
    assert all(tasks(o.curve).get("crowd", 0) >= 400 for o in options)
    # Of the bought labels alone nothing is left to buy.
    assert all(o.cost >= 40.0 - 1e-9 for o in options)


def test_batches_are_pooled():
    """Batches of one source add up; their rounds do not matter."""
    made = pooled([Curve.parse("100 crowd + 40 panel"), Curve.parse("50 crowd (round 2)")])
    assert tasks(made) == {"crowd": 150, "panel": 40}
    assert still_to_buy(Curve.parse("200 crowd + 40 panel"), made) == Curve.parse("50 crowd")


@pytest.mark.parametrize(
    ("batches", "said"),
    [
        (["100 crowd", "50 crowd x3"], "crowd was bought at 1 and at 3 labels a task"),
        (["100 nobody"], "unknown source 'nobody'"),
        (["100 panel x3"], "panel is not sold at 3 labels a task"),
    ],
)
def test_what_cannot_have_been_bought_is_one_line(batches, said):
    """Two numbers of labels a task, a source that is not there, repeats that are not sold."""
    with pytest.raises(InputError, match=said):
        with_bought(MARKET, pooled(map(Curve.parse, batches)))


def test_batch_by_batch_ends_where_one_plan_does(law):  # noqa: F811
    """Ten batches, each planned anew from what is in hand, end as good as the plan at the start,
    and within the budget."""
    first = make_plan(law, MARKET, WANTED, seed=SEED)
    bought = None
    for _ in range(10):
        made = make_plan(law, MARKET, WANTED, seed=SEED, bought=bought)
        rest = still_to_buy(made.recommended.curve, bought or Curve(()))
        if not rest.tranches:
            break
        batch = [replace(t, tasks=min(t.tasks, 400)) for t in rest]
        bought = pooled([*([bought] if bought else []), Curve(tuple(batch))])
    assert bought.cost(MARKET.sources) <= MARKET.money * (1 + 1e-9)
    last = make_plan(law, MARKET, WANTED, seed=SEED, bought=bought)
    assert last.recommended.forecast.p.value > first.recommended.forecast.p.value - 0.05
    assert np.isfinite(last.recommended.cost)
