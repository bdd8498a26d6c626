"""Many cheap labels, few careful ones or both: in words, with the budget where the answer flips."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.curve import control_of
from suffice.estimate import LEVEL, Estimate, equals, interval, probability
from suffice.forecast import FAR
from suffice.plan._candidates import candidates
from suffice.plan._objective import GOOD_ENOUGH
from suffice.plan._option import Flip, Hardest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand import Law
    from suffice.forecast import Criterion, Forecast
    from suffice.plan._market import Market
    from suffice.plan._objective import Objective
    from suffice.plan._option import Option

    Floats = NDArray[np.float64]

DELEGATE, BOTH, SCRUTINISE = (
    "buy many cheap labels",
    "buy some of both",
    "buy few careful labels",
)

AS_THEY_COME = "as they come"
"""Name of the alternative without quality control."""

MOSTLY = 0.2
"""Below this share of the money on one side, the plan is called after the other side. Chosen; it
moves the name of a plan, not what is bought."""

_LEVELS = np.geomspace(0.12, 4.0, 12)
"""Budgets that are weighed, as shares of the market's: chosen to reach from an eighth to fourfold.
A change lies anywhere between two of them, and its interval says so."""

_DRAWS = 64
"""Leave each P a Monte Carlo sd of .044 (`tools/bench_monte_carlo.py`), most of it alike for all
curves: the answer compares them. What is left is in the interval of a change, which resamples
them."""

_RESAMPLES = 200
"""Leave the share of resamples that see a change a Monte Carlo sd of .035 at most (a binomial)."""

_HARDEST_DRAWS, _HARDEST_RUNS = 200, 200
"""Leave the chance to meet one threshold a Monte Carlo sd of .03 (`tools/bench_monte_carlo.py`)."""

_HOPELESS = 0.02
"""Budgets whose best P is below this have no answer: chosen, twice what counts for nothing."""


def side_of(share: float) -> str:
    """What a plan is called that spends this share of its money on scrutiny."""
    return DELEGATE if share < MOSTLY else SCRUTINISE if share > 1.0 - MOSTLY else BOTH


def scrutiny(curve: Curve, market: Market) -> float:
    """Share of a curve's money that goes to the most careful source.

    Where everything is free, labels stand for money.
    """
    strict = market.order[-1]
    paid = [(t.source, t.labels * market.sources[t.source].price) for t in curve]
    total = sum(cost for _, cost in paid)
    if total == 0.0:
        paid = [(t.source, float(t.labels)) for t in curve]
        total = sum(cost for _, cost in paid)
    return sum(cost for s, cost in paid if market.base(s) == strict) / total


def decide(
    market: Market,
    recommended: Option,
    alternatives: Sequence[Option],
    *,
    points: bool = False,
    bought: bool = False,
) -> str:
    """Many cheap labels, few careful ones or both, in one sentence with its reason.

    Careful is the source of the highest quality; everything else counts as cheap. Of curves
    far from what was measured only bounds are told, unless ``points`` are asked for. Where labels
    are in hand (``bought``), no alternative is of one source alone.
    """
    if recommended.curve is None or recommended.forecast is None:
        raise ValueError("a decision needs a recommended curve")
    strict = market.order[-1]
    share = scrutiny(recommended.curve, market)
    if len(market.order) == 1:
        far = f" {_reached(recommended.forecast, points=points)}."
        only = f"There is one source, {strict}: the question is only how much of it to buy."
        said = only + (far if recommended.forecast.distance == FAR else "")
        return said + _quality_control(market, recommended, alternatives)
    side, careful = side_of(share), f"{strict}, the most careful source"
    if not market.ranked:
        kinds = dict.fromkeys(market.base(t.source) for t in recommended.curve)
        advice = (
            "Which source is the most careful nobody can tell: none of them labelled a task with "
            f"gold. The money goes to {' and '.join(kinds)}, by price and by what training showed"
        )
    elif side == DELEGATE:
        none = "none" if share == 0.0 else f"only {share:.0%}"
        advice = f"Buy many cheap labels: {none} of the money goes to {careful}"
    elif side == SCRUTINISE:
        whole = "all" if share == 1.0 else f"{share:.0%}"
        advice = f"Buy few careful labels: {whole} of the money goes to {careful}"
    else:
        advice = (
            f"Buy some of both: {share:.0%} of the money goes to {careful}, "
            "the rest to cheaper ones"
        )
    alone = "" if bought else " alone"
    rest = [
        f"{a.name.removeprefix('all ')}{alone} {_told(a.forecast, points=points)}"
        for a in alternatives
        if a.name.startswith("all ")
        and a.curve is not None
        and a.forecast is not None
        and a.curve != recommended.curve
    ]
    beside = "and nothing else beside what is bought: " if bought else ""
    reason = f"; for at most the same money {beside}{_join(rest)}" if rest else ""
    control = _quality_control(market, recommended, alternatives)
    reached = _reached(recommended.forecast, points=points)
    return f"{advice}. {reached}{reason}.{control}"


def _quality_control(market: Market, recommended: Option, alternatives: Sequence[Option]) -> str:
    """What is bought under quality control and what that gains; empty where none is on offer."""
    if not market.variants or recommended.curve is None:
        return ""
    names = list(dict.fromkeys(t.source for t in recommended.curve if t.source in market.variants))
    if not names:
        return " No quality control on offer is worth its price here."
    under = [f"{market.base(n)} under {control_of(n)}" for n in names]
    plain = next((a.forecast for a in alternatives if a.name == AS_THEY_COME), None)
    if plain is None or recommended.forecast is None:
        return f" Quality control is bought for {_join(under)}."
    without = f"without it the same money reaches P {equals(plain.p.value)}"
    if recommended.forecast.p.value - plain.p.value <= GOOD_ENOUGH:
        return f" Quality control of {_join(under)} makes no difference to speak of: {without}."
    return f" Quality control pays for {_join(under)}: {without}."


def flips(
    market: Market, objective: Objective, *, seed: int, chosen: Curve | None = None
) -> tuple[Flip, ...]:
    """The budgets, from an eighth to four times the market's, at which the answer changes.

    Model: at each budget the answer is named after the cheapest of the curves within .01 of the
    highest P, as the plan does; resamples of the posterior's draws say how sure that is. Between
    two of the budgets that are weighed the change may lie anywhere: its interval says so.
    Assumes: one round; rounds move P, hardly the share.
    Fails when: no curve of a budget has a chance (such budgets are passed over).

    Args:
        market, objective: as the plan has them.
        seed: of the resamples.
        chosen: what the plan buys for the market's own budget, which is the answer there.

    Returns:
        Changes that most resamples see.
    """
    if len(market.order) == 1 or not market.ranked:
        return ()
    rng = Stream.PLAN_FLIPS.rng(seed)
    levels: list[tuple[float, Floats, Floats, Floats]] = []
    weighed: dict[Curve, None] = {}
    draws = np.empty((_DRAWS, 0))
    for level in _LEVELS:
        money = float(level) * market.money
        there = replace(market, money=money, rounds=1)
        if there.room(there.promised())["budget.money"] > 1.0:
            continue
        if all(there.why_none(s) for s in there.order):
            continue
        # A budget holds every curve of a smaller one; the same draws value all of them.
        new = [c for c in candidates(there, levels=[1.0]) if c not in weighed]
        if new:
            more = objective.draws(new, _DRAWS, rng=Stream.PLAN_FLIP_DRAWS.rng(seed))
            weighed.update(dict.fromkeys(new))
            draws = np.concatenate([draws, more], axis=1)
        shares = np.array([scrutiny(c, there) for c in weighed])
        costs = np.array([c.cost(there.sources) for c in weighed])
        levels.append((money, costs, shares, draws))
    if len(levels) < 2:
        return ()

    def answers(pick: NDArray[np.int64]) -> list[tuple[float, str]]:
        told = []
        if chosen is not None:
            told.append((market.money, side_of(scrutiny(chosen, market))))
        for money, costs, shares, pi in levels:
            p = objective.risk.value(pi[pick])
            if p.max() < _HOPELESS:
                continue
            good = np.flatnonzero(p >= p.max() - GOOD_ENOUGH)
            told.append((money, side_of(float(shares[good[costs[good].argmin()]]))))
        return sorted(told)

    changes = _changes(answers(np.arange(_DRAWS)))
    places: dict[tuple[str, str], list[float]] = {key: [] for key in changes}
    for _ in range(_RESAMPLES):
        again = _changes(answers(rng.integers(_DRAWS, size=_DRAWS)))
        for key in changes:
            if key in again:
                places[key].append(float(np.exp(rng.uniform(*np.log(again[key])))))
    return tuple(
        Flip(
            *key,
            _budget(float(np.sqrt(low * high)), places[key]),
            len(places[key]) / _RESAMPLES,
        )
        for key, (low, high) in changes.items()
        if len(places[key]) > _RESAMPLES / 2
    )


def _changes(told: list[tuple[float, str]]) -> dict[tuple[str, str], tuple[float, float]]:
    """Between which budgets one answer gives way to another: the first of each kind of change."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for (low, before), (high, after) in itertools.pairwise(told):
        if before != after:
            found.setdefault((before, after), (low, high))
    return found


def _budget(at: float, places: list[float]) -> Estimate:
    tail = (1.0 - LEVEL) / 2.0
    low, high = interval([*places, at], (tail, 1.0 - tail))
    return Estimate(at, low, high, method="bootstrap over posterior draws")


def hardest_threshold(
    law: Law, market: Market, criterion: Criterion, curve: Curve, *, seed: int
) -> Hardest:
    """The one threshold that a curve fails most often, with what it reaches there."""
    rng = Stream.PLAN_HARDEST.rng(seed)
    outcomes = law.outcomes(market.resolve([curve]), rng, draws=_HARDEST_DRAWS, runs=_HARDEST_RUNS)
    limits = criterion.thresholds(law.metrics)
    runs = outcomes.runs()
    met = criterion.each_met(runs, law.metrics)
    alone = {k: float(met[:, :, k].mean()) for k in np.flatnonzero(np.isfinite(limits)).tolist()}
    k = min(alone, key=lambda i: alone[i])
    mean = float(outcomes.mean[:, 0, k].mean())
    return Hardest(
        law.metrics[k].name,
        "<=" if law.metrics[k].better == "lower" else ">=",
        float(limits[k]),
        Estimate(mean, *interval(runs[:, :, k]), method="runs of the law's draws"),
        alone[k],
    )


def _reached(forecast: Forecast, *, points: bool) -> str:
    """What a curve reaches, with a warning where that is an extrapolation."""
    if forecast.distance != FAR:
        return f"This reaches P {equals(forecast.p.value)}"
    told = _told(forecast, points=points)
    return f"This lies far beyond what was measured, where P is {told}: train more before you buy"


def _told(forecast: Forecast, *, points: bool) -> str:
    if forecast.distance == FAR and not points:
        low, high = forecast.p.low, forecast.p.high
        return f"{probability(low, spelled=True)} to {probability(high, spelled=True)}"
    return probability(forecast.p.value, spelled=True)


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
