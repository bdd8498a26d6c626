"""A grid of forecasts that sliders can move over without a computer behind them.

Curves are kept that are the best buy somewhere: under some prices, some budget, some model and
some share of hostile labels. Costs follow from tasks and prices, so that a page can work them out
itself; P is given for every model and share, once on the draws that choose and once on those that
report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.estimate import intervals
from suffice.forecast import FAR
from suffice.plan._candidates import candidates, scaled
from suffice.plan._objective import CHOOSE, REPORT, chances
from suffice.plan._risk import wholly_attacked
from suffice.plan._search import pick
from suffice.records import BUDGET_RANGE, PRICE_RANGE, Sliders, SliderSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand import Law
    from suffice.forecast import Criterion
    from suffice.plan._market import Market
    from suffice.plan._option import Plan

    Floats = NDArray[np.float64]

SHARES = (0.0, 0.05, 0.1, 0.2)
"""Hostile shares of every source's labels: chosen, the stops of a slider, within the shares that
grids train on."""

_LEVELS = tuple(float(x) for x in np.geomspace(0.08, 1.0, 7))
"""Spending levels of the largest budget: the lowest is a fifth of the study's."""
_BETWEEN = (0.8, 0.9, 1.15, 0.7, 1.3)
"""Sizes between two levels, which lie 1.5 apart; where there are too many, the first ones stay."""
_SITUATIONS = 1500
"""Random prices and budgets that elect the curves: chosen, several for each curve that is kept."""
_MOST = 240
"""Curves that a page carries: chosen; each adds numbers for every model and share."""
_ROUGH_DRAWS, _ROUGH_RUNS = 16, 120
"""Elect curves, and are not printed; Monte Carlo sd of P .041 (`tools/bench_monte_carlo.py`)."""
_DRAWS, _RUNS = 64, 400
"""Leave P a Monte Carlo sd of .024 (`tools/bench_monte_carlo.py`); the recommended curve has the
plan's own P instead."""


def slider_grid(
    laws: Mapping[str, Law],
    target: str,
    market: Market,
    criterion: Criterion,
    plan: Plan,
    *,
    seed: int,
) -> Sliders:
    """Everything that the sliders need.

    Args:
        laws: by model.
        target: the model that the plan is about.
        market: as in the plan.
        criterion: what must be met.
        plan: its recommended curve comes first, with the plan's own forecast.
        seed: of all draws.
    """
    rng = Stream.HOSTILE_AND_SITUATIONS.rng(seed)
    wide = market.with_money(BUDGET_RANGE[1] * market.money)
    curves = candidates(wide, levels=_LEVELS)
    rough = [
        chances(
            law,
            wholly_attacked(wide, share).resolve(curves),
            criterion,
            Stream.SLIDERS_ROUGH.rng(seed),
            draws=_ROUGH_DRAWS,
            runs=_ROUGH_RUNS,
            half=CHOOSE,
        )
        for m, law in laws.items()
        for share in ((SHARES[0], SHARES[-1]) if m == target else SHARES[:1])
    ]
    best = _best_somewhere(curves, wide, market, [pi.mean(axis=0) for pi in rough], rng)
    # Sizes between the spending levels, so that a small move of a slider moves the purchase.
    between = [scaled(c, k) for k in _BETWEEN for c in best]
    options = [o for o in (plan.recommended, *plan.alternatives) if o.curve is not None]
    kept = [
        *(o.curve for o in options if o.curve is not None),
        *best,
        *(c for c in between if wide.allows(c)),
    ]
    kept = list(dict.fromkeys(kept))[:_MOST]
    names = [target, *(m for m in laws if m != target)]
    grid: dict[str, list[list[list[float]]]] = {"choose": [], "p": [], "low": [], "high": []}
    for m in names:
        rows: dict[str, list[list[float]]] = {key: [] for key in grid}
        for share in SHARES:
            there = wholly_attacked(wide, share).resolve(kept)
            # The same luck at every share: what differs is what the hostile labels do.
            choosing, reporting = (
                chances(
                    laws[m],
                    there,
                    criterion,
                    Stream.SLIDERS_AND_OPERATORS.rng(seed),
                    draws=_DRAWS,
                    runs=_RUNS,
                    half=half,
                )
                for half in (CHOOSE, REPORT)
            )
            low, high = intervals(reporting, axis=0)
            rows["choose"].append(_percent(choosing.mean(axis=0)))
            rows["p"].append(_percent(reporting.mean(axis=0)))
            rows["low"].append(_percent(low))
            rows["high"].append(_percent(high))
        for key, values in rows.items():
            grid[key].append(values)
    if plan.recommended.forecast is not None:
        said = plan.recommended.forecast.p
        for key, value in (("p", said.value), ("low", said.low), ("high", said.high)):
            grid[key][0][0][0] = round(100.0 * value, 1)
    operated = [n for n in market.names if any(t.source == n for c in kept for t in c)]
    names_sold = [*market.order, *(n for n in operated if n in market.variants)]
    place = {s: i for i, s in enumerate(names_sold)}
    return Sliders(
        sources=tuple(
            # The price of an answer under quality control moves with the price of a label.
            SliderSource(
                name=s,
                price=market.sources[s].price,
                of=place[market.variants[s]] if s in market.variants else None,
            )
            for s in names_sold
        ),
        budget=market.money,
        models=tuple(names),
        shares=SHARES,
        curves=tuple(
            tuple((place[t.source], t.tasks, t.labels_per_task, t.round) for t in c) for c in kept
        ),
        choose=_frozen(grid["choose"]),
        p=_frozen(grid["p"]),
        low=_frozen(grid["low"]),
        high=_frozen(grid["high"]),
        far=tuple(tuple(laws[m].distance(c) == FAR for c in kept) for m in names),
    )


def _frozen(grid: list[list[list[float]]]) -> tuple[tuple[tuple[float, ...], ...], ...]:
    return tuple(tuple(tuple(row) for row in part) for part in grid)


def _best_somewhere(
    curves: Sequence[Curve],
    wide: Market,
    market: Market,
    rough: Sequence[Floats],
    rng: np.random.Generator,
) -> list[Curve]:
    """Curves that are picked under random prices and budgets, the most often picked first."""
    labels = np.zeros((len(curves), len(wide.order)))
    prices = np.array([wide.sources[s].price for s in wide.order])
    for i, c in enumerate(curves):
        for t in c:
            at = wide.order.index(wide.base(t.source))
            ratio = wide.sources[t.source].price / prices[at] if prices[at] else 1.0
            labels[i, at] += t.labels * ratio
    votes = np.zeros(len(curves), dtype=np.int64)
    for k in range(_SITUATIONS):
        factor = PRICE_RANGE ** rng.uniform(-1.0, 1.0, len(prices))
        # Half of the time prices are as they are: that is where most readers look.
        costs = labels @ (prices * (factor if k % 2 else 1.0))
        budget = market.money * np.exp(rng.uniform(*np.log(BUDGET_RANGE)))
        able = np.flatnonzero(costs <= budget)
        if len(able):
            p = rough[k % len(rough)]
            target = float(rng.uniform(0.0, 1.0)) if k % 3 == 0 else None
            votes[pick(costs, p, target, able)] += 1
    order = np.argsort(-votes, kind="stable")
    return [curves[int(i)] for i in order if votes[i]]


def _percent(p: Floats) -> list[float]:
    """In tenths: whole per cents would make ties of what the plan tells apart."""
    return [float(x) for x in np.round(100.0 * p, 1)]
