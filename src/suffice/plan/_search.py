"""The search: every mixture roughly, the promising ones closely, then their neighbours.

Curves are judged on the choosing half of the posterior's draws alone. Judging in stages spends
draws where the answer is open; what survives luckily is corrected by the report on the other half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.plan._candidates import LOWEST_LEVEL, candidates, neighbours, scaled
from suffice.plan._objective import CHOOSE_DRAWS, GOOD_ENOUGH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.plan._market import Market
    from suffice.plan._objective import Objective

    Floats = NDArray[np.float64]

_ROUGH_DRAWS = 24
"""Leave P a Monte Carlo sd of .04 (`tools/bench_monte_carlo.py`)."""
_WORTH_A_CLOSER_LOOK = 0.15
"""How far below the best rough P a curve may lie and still be judged closely: chosen, almost four
times the error of a rough P. More would cost time and rarely a better curve."""
# Chosen for time; the search ends earlier where no neighbour is better.
_MOST_FINALISTS = 60
_STEPS = 3
_MOST_NEIGHBOURS = 120
_SECTIONS = 12
"""Sizes that are tried at once: chosen, a law answers for so many nearly as fast as for one. It
moves time alone."""
_MOST_ZOOMS, _AT_THE_END = 12, 1.2
"""How often the spending levels go on below the cheapest, a twentieth each time, and how near to
the cheapest level a pick must lie to ask for it (levels are 1.3 apart)."""
_SHOWN = 14
"""Curves of the frontier: chosen, as many as a table and a chart can show."""


def search(
    objective: Objective, market: Market, target: float | None
) -> tuple[list[Curve], Floats, Floats, int]:
    """All curves that were weighed, with costs and P, and which one is to be followed.

    Returns:
        (curves, costs [curve], chances [curve], place of the pick).
    """
    curves, costs, chances = _roughly(objective, market, target)
    close = np.flatnonzero(chances >= _bar(chances, target) - _WORTH_A_CLOSER_LOOK)
    chances[close] = objective.value([curves[int(i)] for i in close], CHOOSE_DRAWS)
    known = set(curves)
    best = pick(costs, chances, target)
    # With quality control there are as many more ways to go.
    wider = len(market.names) / len(market.order)
    for _ in range(_STEPS if wider == 1.0 else 2 * _STEPS):
        near = [c for c in neighbours(curves[best], market) if c not in known]
        near = near[: int(wider * _MOST_NEIGHBOURS)]
        if not near:
            break
        known.update(near)
        curves += near
        costs = np.concatenate([costs, costs_of(near, market)])
        chances = np.concatenate([chances, objective.value(near, CHOOSE_DRAWS)])
        before, best = best, pick(costs, chances, target)
        if best == before:
            break
    # Those that could be the pick are judged once more, on draws enough to tell them apart.
    most = int(wider * _MOST_FINALISTS)
    likeliest = np.lexsort((costs, -chances))
    enough = target if target is not None else float(chances.max()) - GOOD_ENOUGH
    able = np.flatnonzero(chances >= enough - GOOD_ENOUGH)
    cheapest = able[np.argsort(costs[able], kind="stable")]
    # With a target the likeliest are of no use but to those whom nothing meets.
    first = likeliest if target is None or not len(able) else cheapest
    finalists = np.unique(np.concatenate([first[:most], cheapest[:most], [best]]))
    chances[finalists] = objective.closely([curves[int(i)] for i in finalists])
    best = pick(costs, chances, target, finalists)
    if target is None or chances[best] < target:
        return curves, costs, chances, best
    less, p = _trimmed(objective, market, curves[best], float(chances[best]), target)
    return (
        [*curves, less],
        np.append(costs, less.cost(market.sources)),
        np.append(chances, p),
        len(curves),
    )


def _roughly(
    objective: Objective, market: Market, target: float | None
) -> tuple[list[Curve], Floats, Floats]:
    """All candidates, their costs and rough chances.

    Where the cheapest level of spending is already enough, levels below it are weighed too: much
    money is no reason to spend a twentieth of it.
    """
    curves: list[Curve] = []
    costs = chances = np.zeros(0)
    money, owed = market.money, market.promised().cost(market.sources)
    for _ in range(_MOST_ZOOMS):
        known = set(curves)
        new = [c for c in candidates(market.with_money(money)) if c not in known]
        if new:
            curves += new
            costs = np.concatenate([costs, costs_of(new, market)])
            chances = np.concatenate([chances, objective.value(new, _ROUGH_DRAWS)])
        spent = costs[pick(costs, chances, target)] - owed
        if spent > _AT_THE_END * LOWEST_LEVEL * (money - owed) or chances.max() <= GOOD_ENOUGH:
            break
        money = owed + max(spent, LOWEST_LEVEL * (money - owed))
        if all(market.with_money(money).why_none(s) for s in market.order):
            break
    return curves, costs, chances


def _trimmed(
    objective: Objective, market: Market, curve: Curve, chance: float, target: float
) -> tuple[Curve, float]:
    """The least of this mixture that still reaches the target, by section over its tasks.

    With one source and one round this is the quantile of what the model needs: the answer of
    Learn-Optimize-Collect.
    """
    whole = max(t.tasks for t in curve)
    value = objective.of_sizes()
    best, low, high = curve, 0, whole
    while high - low > 1:
        # Several sizes at once: a law answers for ten curves nearly as fast as for one.
        inner = np.unique(np.linspace(low, high, _SECTIONS + 1).round().astype(int)[1:-1])
        sizes = [int(n) for n in inner if low < n < high]
        curves = [scaled(curve, n / whole) for n in sizes]
        p = np.where([market.allows(c) for c in curves], value(curves), 0.0)
        enough = np.flatnonzero(p >= target)
        at = int(enough[0]) if len(enough) else len(sizes)
        if len(enough):
            best, chance, high = curves[at], float(p[at]), sizes[at]
        low = sizes[at - 1] if at else low
    return best, chance


def costs_of(curves: Sequence[Curve], market: Market) -> Floats:
    """Money for each curve [curve]."""
    return np.array([c.cost(market.sources) for c in curves])


def pick(
    costs: Floats,
    chances: Floats,
    target: float | None,
    among: NDArray[np.int64] | None = None,
) -> int:
    """The cheapest of those that are good enough; of equally cheap ones the likelier."""
    among = np.arange(len(costs)) if among is None else among
    good = among[chances[among] >= _bar(chances[among], target)]
    return int(good[np.lexsort((-chances[good], costs[good]))[0]])


def _bar(chances: Floats, target: float | None) -> float:
    """P from which a curve is good enough."""
    highest = float(chances.max())
    return target if target is not None and highest >= target else highest - GOOD_ENOUGH


def rising(costs: Floats, chances: Floats) -> NDArray[np.int64]:
    """Curves that no cheaper curve beats, cheapest first."""
    order = np.lexsort((-chances, costs))
    best = np.maximum.accumulate(chances[order])
    return np.asarray(order[np.flatnonzero(np.diff(np.concatenate([[-1.0], best])) > 0)])


def frontier(curves: Sequence[Curve], costs: Floats, chances: Floats) -> list[Curve]:
    """The curves that no cheaper curve beats, thinned to about a dozen."""
    kept = rising(costs, chances)
    if len(kept) > _SHOWN:
        marks = np.geomspace(max(costs[kept[0]], 1e-9), max(costs[kept[-1]], 1e-9), _SHOWN)
        spots = np.searchsorted(costs[kept], marks * (1 + 1e-9), side="right") - 1
        kept = kept[np.unique(np.clip(spots, 0, len(kept) - 1))]
    return [curves[int(i)] for i in kept]
