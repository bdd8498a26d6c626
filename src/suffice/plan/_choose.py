"""Choosing the curve: the highest P that the budget buys, told with its alternatives.

The curve is chosen on one half of the posterior's draws and reported on the other half, so that
the luck that made it look best is not in the number that is printed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.errors import InfeasibleError
from suffice.estimate import Estimate, equals, interval, probability
from suffice.forecast import in_deployment, make_forecasts, pass_chances
from suffice.plan._bought import told, with_bought
from suffice.plan._candidates import alone, arrangements, candidates, equal_split
from suffice.plan._ceiling import ceiling
from suffice.plan._decide import (
    AS_THEY_COME,
    decide,
    flips,
    hardest_threshold,
)
from suffice.plan._objective import (
    CHOOSE_DRAWS,
    CHOOSE_RUNS,
    GOOD_ENOUGH,
    REPORT,
    Objective,
)
from suffice.plan._option import LOW, Ceiling, Option, Plan, Robust
from suffice.plan._risk import Risk
from suffice.plan._search import frontier, search
from suffice.plan._shadow import shadow_prices
from suffice.records import HOPELESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand import Law
    from suffice.forecast import Criterion
    from suffice.plan._market import Market

    Floats = NDArray[np.float64]

FOCUS_LEVELS = (0.7, 1.0)
"""Spending levels, as shares of the budget, at which promising curves are looked for. Chosen: a
plan mostly spends the budget, or the part of it that is good enough."""

_APART = 0.2
"""Least distance of two cells that are measured next, in log labels of a source: chosen, so that
they spread over what is promising."""

_REPORT_DRAWS = 600
"""Leave the reported P a Monte Carlo sd of .004 (largest of four curves of the example study,
`tools/bench_monte_carlo.py`); each forecast states a bound of its own."""

_RESAMPLES = 200
"""For the interval of a shortfall: its two ends are then known to about a tenth of their distance
from the middle. It moves the ends alone."""

_FULL = 0.9
"""Below this share of the money that an alternative could spend, its capacity is named as the
reason: chosen."""


def make_plan(
    law: Law,
    market: Market,
    criterion: Criterion,
    *,
    seed: int,
    target: float | None = None,
    gold_shifts: Floats | None = None,
    risk: Risk | None = None,
    prices: bool = False,
    points: bool = False,
    bought: Curve | None = None,
) -> Plan:
    """Find the curve to follow.

    Args:
        law: of the target model.
        market: what can be bought.
        criterion: what must be met.
        seed: of all draws.
        target: buy the cheapest curve with P at least this; without it, the highest P.
        gold_shifts: see ``make_forecasts``.
        risk: maximise something other than P; then ``target`` is a bar for that.
        prices: also work out shadow prices and the budgets at which the answer flips.
        points: tell P of curves far from what was measured as a point in the decision.
        bought: labels in hand; every curve then holds them, and their cost is sunk.

    Raises:
        InfeasibleError: limits contradict each other, nothing can be bought, or no curve reaches
            the target.
    """
    if bought is not None:
        market = with_bought(market, bought)
    risk = risk or Risk()
    objective = Objective(law, market, criterion, risk, seed=seed)
    weighed, costs, chances, best = search(objective, market, target)
    chosen = weighed[best]
    if target is not None and chances[best] < target:
        hardest = hardest_threshold(law, market, criterion, chosen, seed=seed)
        reach = ceiling(law, market, criterion, chosen, seed=seed).p.value
        way_out = (
            "raise the budget or the capacity, or lower the target"
            if reach >= target
            else f"more labels will not do it (any number of them has P {equals(reach)}): "
            "change the model, the labels or the criterion, or lower the target"
        )
        raise InfeasibleError(
            f"no curve within {market.money:,.2f} and {market.weeks:g} weeks reaches P = "
            f"{target:g}; the best has P {equals(float(chances[best]))} for {costs[best]:,.2f} "
            f"({hardest}): {way_out}"
        )

    def report(named: Sequence[tuple[str, Curve | None, str | None]]) -> list[Option]:
        # One forecast a curve: a curve that stands in two rows says the same in both.
        curves = list(dict.fromkeys(curve for _, curve, _ in named if curve is not None))
        made = make_forecasts(
            law,
            market.resolve(curves),
            criterion,
            Stream.PLAN_REPORT.rng(seed),
            gold_shifts=gold_shifts,
            draws=_REPORT_DRAWS,
            half=REPORT,
        )
        said = dict(zip(curves, made, strict=True))
        return [
            Option(
                name,
                curve,
                0.0 if curve is None else curve.cost(market.sources),
                None if curve is None else said[curve],
                note,
            )
            for name, curve, note in named
        ]

    others = _alternatives(objective, market, chosen)
    recommended, *alternatives = report([("recommended", chosen, None), *others])
    if recommended.forecast is not None:
        full = in_deployment(
            recommended.forecast,
            law,
            chosen,
            market.sources,
            criterion,
            Stream.PLAN_DEPLOYMENT.rng(seed),
            gold_shifts=gold_shifts,
            half=REPORT,
        )
        recommended = replace(recommended, forecast=full)
    decision = decide(market, recommended, alternatives, points=points, bought=bought is not None)
    if recommended.forecast is not None and recommended.forecast.p.value < HOPELESS:
        hardest = hardest_threshold(law, market, criterion, chosen, seed=seed)
        badly = "" if risk.kind == "mean" else " when things go this badly"
        decision = f"Nothing that can be bought meets the criterion{badly}: {hardest}."
    most: Ceiling | None = None
    if recommended.forecast is not None and recommended.forecast.p.value < LOW:
        most = ceiling(law, market, criterion, chosen, seed=seed)
        decision = f"{decision} {most}"
    if bought is not None:
        decision = f"{told(chosen, bought, market)} {decision}"
    if target is not None and risk.kind == "mean":
        decision += _short_of(target, recommended)
    return Plan(
        recommended=recommended,
        alternatives=tuple(alternatives),
        frontier=tuple(report([("", c, None) for c in frontier(weighed, costs, chances)])),
        decision=decision,
        shadows=shadow_prices(law, market, criterion, chosen, objective, seed=seed)
        if prices
        else (),
        flips=flips(market, objective, seed=seed, chosen=None if target else chosen)
        if prices
        else (),
        robust=_robust(law, market, criterion, chosen, risk, seed),
        bought=bought,
        ceiling=most,
        candidates=tuple(weighed),
        costs=costs,
        chances=chances,
    )


def _short_of(target: float, recommended: Option) -> str:
    """What to think of a target that is met on the draws that chose the curve, and on them only."""
    p = 1.0 if recommended.forecast is None else recommended.forecast.p.value
    if p >= target - GOOD_ENOUGH:
        return ""
    return (
        f" The target of {target:g} is met on the draws that chose this curve; those that did not "
        f"say {probability(p, spelled=True)}. Ask for a little more to be safe."
    )


def promising(
    law: Law, market: Market, criterion: Criterion, count: int, *, seed: int
) -> list[Curve]:
    """Curves worth measuring before the plan is made, most promising first.

    Each draw of the posterior names the curve that it would buy (Thompson 1933); the most named
    are returned, skipping those that lie next to one already taken.
    """
    rng = Stream.PLAN_PROMISING.rng(seed)
    weighed = candidates(market, levels=FOCUS_LEVELS)
    outcomes = law.outcomes(market.resolve(weighed), rng, draws=CHOOSE_DRAWS, runs=CHOOSE_RUNS)
    chances = pass_chances(outcomes, criterion, law.metrics)
    votes = np.bincount(chances.argmax(axis=1), minlength=len(weighed))
    # Between curves that no draw names first, the mean decides.
    order = np.lexsort((-chances.mean(axis=0), -votes))
    places = np.array([_place(c, market) for c in weighed])
    taken: list[int] = []
    for i in order:
        if len(taken) == count:
            break
        gaps = [float(np.abs(places[i] - places[j]).max()) for j in taken]
        if all(gap >= _APART for gap in gaps):
            taken.append(int(i))
    return [weighed[i] for i in taken]


def _place(curve: Curve, market: Market) -> list[float]:
    """Log labels of each source, sources in an earlier round, sources under quality control."""
    counts = dict.fromkeys(market.order, 0)
    for t in curve:
        counts[market.base(t.source)] += t.labels
    last = max(t.round for t in curve)
    early = len({t.source for t in curve if t.round < last})
    operated = len({t.source for t in curve if t.source in market.variants})
    sizes = (float(np.log1p(n / market.smallest)) for n in counts.values())
    return [*sizes, float(early), float(operated)]


def _robust(
    law: Law, market: Market, criterion: Criterion, chosen: Curve, risk: Risk, seed: int
) -> Robust | None:
    """What the chosen curve is worth under the risk that chose it, on the reporting half."""
    if risk.kind == "mean":
        return None
    rng = Stream.PLAN_ROBUST.rng(seed)
    there = risk.market(market).resolve([chosen])
    pi = make_forecasts(law, there, criterion, rng, draws=_REPORT_DRAWS, half=REPORT)[0].draws
    if risk.kind == "worst":
        method = f"posterior of pi with {risk.share:.0%} hostile labels in every source"
        return Robust(risk, Estimate.from_draws(pi, method=method))
    # The shortfall is one number of the posterior: its interval is the simulation's own error.
    again = rng.choice(pi, (_RESAMPLES, len(pi)))
    low, high = interval(risk.value(again.T))
    method = f"mean of pi over the worst {risk.share:.0%} of the posterior"
    value = float(risk.value(pi[:, None])[0])
    return Robust(risk, Estimate(value, low, high, method=method))


def _alternatives(
    objective: Objective, market: Market, chosen: Curve
) -> list[tuple[str, Curve | None, str | None]]:
    """The best of each source alone at the chosen cost, and the chosen labels rearranged."""
    cost = chosen.cost(market.sources)
    named: list[tuple[str, Curve | None, str | None]] = []
    for s in reversed(market.order):
        curves = alone(market, s, cost)
        if not curves:
            few = market.why_none(s) or (
                f"{cost:,.2f} buys fewer than {market.smallest} tasks of it"
            )
            named.append((f"all {s}", None, few))
            continue
        best = curves[int(objective.value(curves, CHOOSE_DRAWS).argmax())]
        spent = best.cost(market.sources)
        note = None
        if spent < _FULL * cost:
            note = f"its capacity ends at {spent:,.2f}"
        named.append((f"all {s}", best, note))
    even = equal_split(market, cost)
    if even is not None and len(market.order) > 1:
        named.append(("equal split", even, "the same money to every source, in one round"))
    if any(t.source in market.variants for t in chosen):
        plain = market.plain().with_money(cost)
        curves = candidates(plain, levels=[1.0])
        best = curves[int(objective.value(curves, CHOOSE_DRAWS).argmax())]
        named.append((AS_THEY_COME, best, "the best for the same money without quality control"))
    if len({t.round for t in chosen}) > 1:
        pooled = arrangements(chosen, market.order)[0]
        named.append(("in one round", pooled, "the recommended labels, pooled"))
    return named
