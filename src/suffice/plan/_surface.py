"""P over the plane of quantity and quality: the picture of what can be bought and what it gives."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from suffice._streams import Stream
from suffice.curve import Curve, Tranche
from suffice.forecast import FAR, pass_chances
from suffice.plan._candidates import arrangements
from suffice.records import Hero, HeroPoint, PathPoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from suffice.demand import Law
    from suffice.forecast import Criterion
    from suffice.plan._market import Market
    from suffice.plan._option import Option, Plan

    Floats = NDArray[np.float64]

QUANTITIES, QUALITIES = 30, 17
"""Points of the plane: chosen, as fine as a picture of 740 by 440 shows."""
_DRAWS, _RUNS = 96, 150
"""Leave P a Monte Carlo sd of .04 (`tools/bench_monte_carlo.py`), which the best of a few
arrangements lifts: the picture is rounder than the numbers, and points carry the plan's own P."""
_ALIKE = 1e-3
"""Share of right labels by which kinds of label must differ for the picture to have a height.

Chosen: a tenth of a percent is printed as the same number."""
_BEYOND = 1.6
"""The picture ends this far beyond the largest purchase: chosen."""

Quality = dict[tuple[str, int], float]
"""Share of right labels after r labels of a task, by source and r."""


def quality_of(curve: Curve, quality: Quality) -> float:
    """Share of right labels over all tasks of a curve."""
    right = sum(t.tasks * quality[t.source, t.labels_per_task] for t in curve)
    return right / max(curve.tasks, 1)


def surface(
    law: Law, market: Market, criterion: Criterion, quality: Quality, plan: Plan, *, seed: int
) -> Hero:
    """P, cost and feasibility of the cheapest mixture at every quantity and quality.

    Two kinds of label at most are needed for the cheapest mixture of a given quality (it lies on
    the lower convex hull of price against quality). Rounds are arranged as is best for P. Where all
    labels on offer are right equally often, as of one source and one number of labels a task, there
    is one row: that of the cheapest.
    """
    rng = Stream.SURFACE_AND_SUPPLY.rng(seed)
    shown = [plan.recommended, *plan.alternatives]
    bought = [o.curve for o in shown if o.curve is not None]
    most = max(c.tasks for c in bought) * _BEYOND
    quantities = np.geomspace(market.smallest, most, QUANTITIES)
    low, high = min(quality.values()), max(quality.values())
    qualities = np.linspace(low, high, QUALITIES if high - low > _ALIKE else 1)
    hull = _hull(market, quality)
    cells: list[list[Curve]] = []
    cost = np.full((len(qualities), QUANTITIES), np.nan)
    feasible = np.zeros_like(cost, dtype=bool)
    for i, y in enumerate(qualities):
        for j, q in enumerate(quantities):
            curve = _mixture(float(y), float(q), hull, quality)
            cost[i, j] = curve.cost(market.sources)
            feasible[i, j] = cost[i, j] <= market.money * (1 + 1e-9) and market.has_room(curve)
            cells.append(arrangements(curve, market.names))
    flat = [c for group in cells for c in group]
    outcomes = law.outcomes(market.resolve(flat), rng, draws=_DRAWS, runs=_RUNS)
    chances = pass_chances(outcomes, criterion, law.metrics).mean(axis=0)
    ends = np.cumsum([0, *(len(group) for group in cells)])
    best = np.array([chances[a:b].max() for a, b in itertools.pairwise(ends)])
    far = np.array([law.distance(group[0]) == FAR for group in cells])
    p = np.where(far, np.nan, best).reshape(cost.shape)

    def point(option: Option, role: Literal["recommended", "alternative"]) -> HeroPoint:
        if option.curve is None or option.forecast is None:
            raise ValueError("only bought curves are points")
        return HeroPoint(
            name=option.name,
            quantity=option.curve.tasks,
            quality=quality_of(option.curve, quality),
            p=option.forecast.p.value,
            cost=option.cost,
            role=role,
        )

    path = [point(o, "alternative") for o in plan.frontier]
    return Hero(
        quantity=tuple(quantities.tolist()),
        quality=tuple(qualities.tolist()),
        p=tuple(tuple(None if np.isnan(v) else float(v) for v in row) for row in p),
        cost=tuple(map(tuple, cost.tolist())),
        feasible=tuple(map(tuple, feasible.tolist())),
        budget=market.money,
        points=tuple(
            point(o, "recommended" if o is plan.recommended else "alternative")
            for o in shown
            if o.curve is not None
        ),
        path=tuple(
            PathPoint(
                budget=at.cost,
                name=at.name,
                quantity=at.quantity,
                quality=at.quality,
                p=at.p,
                cost=at.cost,
            )
            for at in path
        ),
    )


def _hull(market: Market, quality: Quality) -> list[tuple[str, int]]:
    """Kinds of label on the lower convex hull of price against quality, worst first."""

    def price(kind: tuple[str, int]) -> float:
        return market.sources[kind[0]].price * kind[1]

    hull: list[tuple[str, int]] = []
    for kind in sorted(quality, key=lambda k: (quality[k], price(k))):
        while hull and price(hull[-1]) >= price(kind):
            hull.pop()
        while len(hull) > 1 and _slope(hull[-2], hull[-1], quality, price) >= _slope(
            hull[-1], kind, quality, price
        ):
            hull.pop()
        hull.append(kind)
    return hull


def _slope(
    a: tuple[str, int],
    b: tuple[str, int],
    quality: Mapping[tuple[str, int], float],
    price: Any,  # noqa: ANN401
) -> float:
    return float((price(b) - price(a)) / max(quality[b] - quality[a], 1e-12))


def _mixture(y: float, q: float, hull: list[tuple[str, int]], quality: Quality) -> Curve:
    """The cheapest curve of q tasks with mean quality y."""
    at = int(np.searchsorted([quality[k] for k in hull], y))
    if at == 0 or len(hull) == 1:
        kinds, shares = [hull[0]], [1.0]
    else:
        below, above = hull[at - 1], hull[min(at, len(hull) - 1)]
        room = max(quality[above] - quality[below], 1e-12)
        share = min(max((y - quality[below]) / room, 0.0), 1.0)
        kinds, shares = [below, above], [1.0 - share, share]
    tasks = [round(q * s) for s in shares]
    return Curve(tuple(Tranche(s, n, r) for (s, r), n in zip(kinds, tasks, strict=True) if n > 0))
