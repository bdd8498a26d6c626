"""Choosing the curve: the highest P that the budget buys, told with its alternatives.

The curve is chosen on one half of the posterior's draws and reported on the other half, so that
the luck that made it look best is not in the number that is printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from suffice.curve import Curve
from suffice.errors import InfeasibleError
from suffice.forecast import Forecast, make_forecasts, pass_chances
from suffice.plan._candidates import Market, alone, arrangements, candidates, equal_split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import ResolvedCurve
    from suffice.demand import Law
    from suffice.forecast import Criterion

    Floats = NDArray[np.float64]

CHOOSE, REPORT = 0, 1
"""Halves of the posterior's draws."""

GOOD_ENOUGH = 0.01
"""Among curves this close to the highest P, the cheapest is recommended."""

FOCUS_LEVELS = (0.7, 1.0)
"""Spending levels, as shares of the budget, at which promising curves are looked for."""

_APART = 0.2
_MOSTLY = 0.2
"""Below this share of the money on one side, the plan is called after the other side."""

_CHOOSE_DRAWS = 128
_ROUGH_DRAWS = 24
_WORTH_A_CLOSER_LOOK = 0.15
_BLOCK = 250
_CHOOSE_RUNS = 150
_REPORT_DRAWS = 600


@dataclass(frozen=True)
class Option:
    """A curve with its cost and forecast.

    Attributes:
        name: what it is called in tables.
        curve: what is bought; None where there is nothing of the kind to buy.
        cost: money.
        forecast: on draws that did not choose it; None without a curve.
        note: why there is no curve, or what stands out.
    """

    name: str
    curve: Curve | None
    cost: float
    forecast: Forecast | None
    note: str | None = None


@dataclass(frozen=True)
class Plan:
    """The recommended curve and everything it was weighed against.

    Attributes:
        recommended: the curve to follow.
        alternatives: the best of each source alone at the same cost, and others worth knowing.
        frontier: the best curve at each spending level.
        decision: in one sentence, whether to delegate or to scrutinise, and why.
        candidates: every curve that was weighed, with cost and P on the choosing draws.
    """

    recommended: Option
    alternatives: tuple[Option, ...]
    frontier: tuple[Option, ...]
    decision: str
    candidates: tuple[Curve, ...] = field(repr=False)
    costs: Floats = field(repr=False)
    chances: Floats = field(repr=False)


def make_plan(
    law: Law,
    market: Market,
    criterion: Criterion,
    *,
    seed: int,
    target: float | None = None,
    gold_shifts: Floats | None = None,
) -> Plan:
    """Find the curve to follow.

    Args:
        law: of the target model.
        market: what can be bought.
        criterion: what must be met.
        seed: of all draws.
        target: buy the cheapest curve with P at least this; without it, the highest P.
        gold_shifts: see ``make_forecasts``.

    Raises:
        InfeasibleError: nothing can be bought, or no curve reaches the target.
    """
    rng = np.random.default_rng([seed, 21])
    weighed = candidates(market)
    costs = np.array([c.cost(market.sources) for c in weighed])
    chances = _choosing_chances(law, market, weighed, criterion, rng)
    best = _pick(costs, chances, target)
    if target is not None and chances[best] < target:
        raise InfeasibleError(
            f"no curve within {market.money:,.2f} and {market.weeks:g} weeks reaches P = "
            f"{target:g}; the best has P = {chances[best]:.2f} for {costs[best]:,.2f}: raise the "
            "budget or the capacity, or lower the target"
        )
    chosen = weighed[best]

    def report(named: Sequence[tuple[str, Curve | None, str | None]]) -> list[Option]:
        # One forecast a curve: a curve that stands in two rows says the same in both.
        curves = list(dict.fromkeys(curve for _, curve, _ in named if curve is not None))
        rng = np.random.default_rng([seed, 22])
        made = make_forecasts(
            law,
            market.resolve(curves),
            criterion,
            rng,
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

    others = _alternatives(law, market, criterion, chosen, rng)
    recommended, *alternatives = report([("recommended", chosen, None), *others])
    frontier = report([("", c, None) for c in _frontier(weighed, costs, chances)])
    return Plan(
        recommended=recommended,
        alternatives=tuple(alternatives),
        frontier=tuple(frontier),
        decision=decide(market, recommended, alternatives),
        candidates=tuple(weighed),
        costs=costs,
        chances=chances,
    )


def promising(
    law: Law, market: Market, criterion: Criterion, count: int, *, seed: int
) -> list[Curve]:
    """Curves worth measuring before the plan is made, most promising first.

    Each draw of the posterior names the curve that it would buy (Thompson 1933); the most named
    are returned, skipping those that lie next to one already taken.
    """
    rng = np.random.default_rng([seed, 23])
    weighed = candidates(market, levels=FOCUS_LEVELS)
    outcomes = law.outcomes(market.resolve(weighed), rng, draws=_CHOOSE_DRAWS, runs=_CHOOSE_RUNS)
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
    """Log labels of each source, and how many sources train in an earlier round."""
    counts = dict.fromkeys(market.order, 0)
    for t in curve:
        counts[t.source] += t.labels
    last = max(t.round for t in curve)
    early = len({t.source for t in curve if t.round < last})
    return [*(float(np.log1p(n / market.smallest)) for n in counts.values()), float(early)]


def decide(market: Market, recommended: Option, alternatives: Sequence[Option]) -> str:
    """Delegate, scrutinise or both, in one sentence with its reason.

    Scrutiny is what goes to the source of the highest quality; everything else delegates.
    """
    if recommended.curve is None or recommended.forecast is None:
        raise ValueError("a decision needs a recommended curve")
    strict = market.order[-1]
    spent = dict.fromkeys(market.order, 0.0)
    for t in recommended.curve:
        spent[t.source] += t.labels * market.sources[t.source].price
    total = sum(spent.values())
    share = spent[strict] / total if total > 0 else float(strict in spent)
    if len(market.order) == 1:
        return f"There is one source, {strict}: the question is only how much of it to buy."
    if share < _MOSTLY:
        none = "none" if share == 0.0 else f"only {share:.0%}"
        advice = f"Delegate: {none} of the money goes to {strict}, the most careful source"
    elif share > 1.0 - _MOSTLY:
        whole = "all" if share == 1.0 else f"{share:.0%}"
        advice = f"Scrutinise: {whole} of the money goes to {strict}, the most careful source"
    else:
        advice = f"Do both: {share:.0%} of the money buys scrutiny by {strict}, the rest delegates"
    rest = [
        f"{a.name.removeprefix('all ')} alone {_chance(a.forecast.p.value)}"
        for a in alternatives
        if a.name.startswith("all ")
        and a.curve is not None
        and a.forecast is not None
        and a.curve != recommended.curve
    ]
    reason = f"; for at most the same money {_join(rest)}" if rest else ""
    return f"{advice}. This reaches P = {_chance(recommended.forecast.p.value)}{reason}."


def _chance(p: float) -> str:
    """A probability in two places, without claiming certainty."""
    return "below .01" if p < 0.005 else "above .99" if p > 0.995 else f"{p:.2f}".removeprefix("0")


def _choosing_chances(
    law: Law,
    market: Market,
    curves: Sequence[Curve],
    criterion: Criterion,
    rng: np.random.Generator,
) -> Floats:
    """P of every curve on the choosing half: roughly for all, then closely for the best ones."""
    resolved = market.resolve(curves)
    chances = _chances_in_blocks(law, resolved, criterion, rng, _ROUGH_DRAWS)
    close = np.flatnonzero(chances >= float(chances.max()) - _WORTH_A_CLOSER_LOOK)
    near = [resolved[int(i)] for i in close]
    chances[close] = _chances_in_blocks(law, near, criterion, rng, _CHOOSE_DRAWS)
    return chances


def _chances_in_blocks(
    law: Law,
    curves: Sequence[ResolvedCurve],
    criterion: Criterion,
    rng: np.random.Generator,
    draws: int,
) -> Floats:
    parts = []
    # Blocks this small stay in the processor's cache.
    for start in range(0, len(curves), _BLOCK):
        block = curves[start : start + _BLOCK]
        outcomes = law.outcomes(block, rng, draws=draws, runs=_CHOOSE_RUNS, half=CHOOSE)
        parts.append(pass_chances(outcomes, criterion, law.metrics).mean(axis=0))
    return np.concatenate(parts)


def _pick(costs: Floats, chances: Floats, target: float | None) -> int:
    wanted = float(chances.max()) - GOOD_ENOUGH
    if target is not None and chances.max() >= target:
        wanted = target
    good = np.flatnonzero(chances >= wanted)
    # Cheapest first; of equally cheap ones the likelier.
    return int(good[np.lexsort((-chances[good], costs[good]))[0]])


def _frontier(curves: Sequence[Curve], costs: Floats, chances: Floats) -> list[Curve]:
    """Curves that no cheaper curve beats, thinned to about a dozen."""
    order = np.lexsort((-chances, costs))
    best = np.maximum.accumulate(chances[order])
    rising = np.flatnonzero(np.diff(np.concatenate([[-1.0], best])) > 0)
    kept = order[rising]
    if len(kept) > 14:
        marks = np.geomspace(max(costs[kept[0]], 1e-9), max(costs[kept[-1]], 1e-9), 14)
        spots = np.searchsorted(costs[kept], marks * (1 + 1e-9), side="right") - 1
        kept = kept[np.unique(np.clip(spots, 0, len(kept) - 1))]
    return [curves[int(i)] for i in kept]


def _alternatives(
    law: Law, market: Market, criterion: Criterion, chosen: Curve, rng: np.random.Generator
) -> list[tuple[str, Curve | None, str | None]]:
    """The best of each source alone at the chosen cost, and the chosen labels rearranged."""
    cost = chosen.cost(market.sources)
    named: list[tuple[str, Curve | None, str | None]] = []
    for s in reversed(market.order):
        curves = alone(market, s, cost)
        if not curves:
            few = f"{cost:,.2f} buys fewer than {market.smallest} tasks of it"
            named.append((f"all {s}", None, few))
            continue
        chances = _choosing_chances(law, market, curves, criterion, rng)
        best = curves[int(chances.argmax())]
        spent = best.cost(market.sources)
        note = None
        if spent < 0.9 * cost:
            note = f"its capacity ends at {spent:,.2f}"
        named.append((f"all {s}", best, note))
    even = equal_split(market, cost)
    if even is not None and len(market.order) > 1:
        named.append(("equal split", even, "the same money to every source, in one round"))
    if len({t.round for t in chosen}) > 1:
        pooled = arrangements(chosen, market.order)[0]
        named.append(("in one round", pooled, "the recommended labels, pooled"))
    return named


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
