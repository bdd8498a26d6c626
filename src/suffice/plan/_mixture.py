"""Choosing a mixture where every measured run had the same number of labels.

Such runs say nothing of other totals, so that a curve is a division of that total among the
sources: the one of the highest P that money, capacity and time allow. It is chosen on one half of
the posterior's draws and reported on the other, as plans of free size are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.curve import Curve, Tranche
from suffice.errors import InfeasibleError
from suffice.estimate import equals, probability
from suffice.forecast import make_forecasts
from suffice.plan._objective import CHOOSE, CHOOSE_DRAWS, CHOOSE_RUNS, GOOD_ENOUGH, REPORT, chances
from suffice.plan._option import Option, Plan
from suffice.records import HOPELESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand import Law
    from suffice.forecast import Criterion
    from suffice.plan._market import Market

    Floats = NDArray[np.float64]

_TRIED = 600
"""Mixtures that are drawn around the measured ones. Chosen for time; neighbours refine the best."""

_STEPS = (0.2, 0.05, 0.02)
"""Shares of the total that neighbours move from one source to another. Chosen, each some third of
the one before."""

_REPORT_DRAWS = 600
"""As in ``_choose``."""

_CONCENTRATED = 30.0
"""Concentration of drawn mixtures around measured ones: shares move by some tenth. Chosen."""

_LEVELS = 6
"""Spending levels of the frontier. Chosen."""


def plan_mixture(
    law: Law, market: Market, criterion: Criterion, total: float, *, seed: int
) -> Plan:
    """The division of a total among the sources with the highest P.

    Args:
        law: of the target model.
        market: what can be bought.
        criterion: what must be met.
        total: labels of every run.
        seed: of all draws.

    Raises:
        InfeasibleError: no mixture of that total can be bought.
    """
    names, rng = market.order, Stream.PLAN_CHOOSE.rng(seed)
    shares = _tried(law, names, total, rng)
    curves = _allowed(shares, names, total, market)
    if not curves:
        cheapest = min(market.sources[n].price for n in names) * total
        raise InfeasibleError(
            f"every run had {total:,.0f} labels, and no mixture of so many can be bought within "
            f"{market.money:,.2f} and the capacities (the cheapest source alone costs "
            f"{cheapest:,.2f})"
        )

    def value(some: Sequence[Curve]) -> Floats:
        found = chances(
            law,
            market.resolve(some),
            criterion,
            rng,
            draws=CHOOSE_DRAWS,
            runs=CHOOSE_RUNS,
            half=CHOOSE,
        )
        return np.asarray(found.mean(axis=0))

    weighed, p = list(curves), value(curves)
    for step in _STEPS:
        for at in np.argsort(-p)[:3]:
            near = _allowed(_neighbours(weighed[at], names, total, step), names, total, market)
            near = [c for c in near if c not in set(weighed)]
            if near:
                weighed += near
                p = np.concatenate([p, value(near)])
    cost = np.array([c.cost(market.sources) for c in weighed])
    good = np.flatnonzero(p >= p.max() - GOOD_ENOUGH)
    chosen = weighed[int(good[np.lexsort((-p[good], cost[good]))[0]])]
    named: list[tuple[str, Curve | None, str | None]] = [("recommended", chosen, None)]
    for n in reversed(names):
        one = _allowed(np.eye(len(names))[[names.index(n)]], names, total, market)
        none = None if one else f"{total:,.0f} labels of it cannot be bought"
        named.append((f"all {n}", one[0] if one else None, none))
    even = _allowed(np.full((1, len(names)), 1.0 / len(names)), names, total, market)
    if even and len(names) > 1:
        named.append(("equal split", even[0], "as many labels of every source"))
    front = _frontier(weighed, cost, p)
    made = _report(law, market, criterion, [*named, *(("", c, None) for c in front)], seed)
    recommended, rest = made[0], made[1 : len(named)]
    return Plan(
        recommended=recommended,
        alternatives=tuple(rest),
        frontier=tuple(made[len(named) :]),
        decision=_decision(recommended, rest, total),
        candidates=tuple(weighed),
        costs=cost,
        chances=p,
    )


def _tried(law: Law, names: Sequence[str], total: float, rng: np.random.Generator) -> Floats:
    """Measured mixtures, sources alone, and mixtures around the measured ones [mixture, source]."""
    rows = []
    for curve in law.curves:
        row = np.zeros(len(names))
        for t in curve:
            if t.base in names:
                row[names.index(t.base)] += t.labels / total
        if abs(row.sum() - 1.0) < 0.05:
            rows.append(row / row.sum())
    measured = np.array(rows) if rows else np.full((1, len(names)), 1.0 / len(names))
    around = measured[rng.integers(len(measured), size=_TRIED)]
    drawn = np.stack([rng.dirichlet(_CONCENTRATED * a + 0.3) for a in around])
    return np.concatenate([measured, np.eye(len(names)), drawn])


def _neighbours(curve: Curve, names: Sequence[str], total: float, step: float) -> Floats:
    at = np.zeros(len(names))
    for t in curve:
        at[names.index(t.source)] += t.labels / total
    rows = []
    for i in range(len(names)):
        for j in range(len(names)):
            moved = min(step, float(at[i]))
            if i != j and moved > 0.0:
                row = at.copy()
                row[i] -= moved
                row[j] += moved
                rows.append(row)
    return np.array(rows) if rows else np.zeros((0, len(names)))


def _allowed(shares: Floats, names: Sequence[str], total: float, market: Market) -> list[Curve]:
    """Mixtures as curves of whole labels, those that can be bought, each once."""
    found: dict[Curve, None] = {}
    for row in shares:
        counts = np.floor(row * total + 1e-9).astype(int)
        counts[int(row.argmax())] += round(total) - int(counts.sum())
        curve = Curve(
            tuple(Tranche(n, int(k)) for n, k in zip(names, counts, strict=True) if k > 0)
        )
        held = {t.source: t.labels for t in curve}
        promised = all(held.get(s, 0) >= n for s, n in market.at_least.items())
        if promised and market.has_room(curve) and max(market.room(curve).values()) <= 1.0 + 1e-9:
            found[curve] = None
    return list(found)


def _frontier(weighed: Sequence[Curve], cost: Floats, p: Floats) -> list[Curve]:
    """The best mixture at each of some spending levels, cheaper ones first."""
    levels = np.quantile(cost, np.linspace(0.0, 1.0, _LEVELS))
    best: list[Curve] = []
    for level in levels:
        within = np.flatnonzero(cost <= level + 1e-9)
        curve = weighed[int(within[p[within].argmax()])]
        if curve not in best:
            best.append(curve)
    return best


def _report(
    law: Law,
    market: Market,
    criterion: Criterion,
    named: Sequence[tuple[str, Curve | None, str | None]],
    seed: int,
) -> list[Option]:
    curves = list(dict.fromkeys(c for _, c, _ in named if c is not None))
    made = make_forecasts(
        law,
        market.resolve(curves),
        criterion,
        Stream.PLAN_REPORT.rng(seed),
        draws=_REPORT_DRAWS,
        half=REPORT,
    )
    said = dict(zip(curves, made, strict=True))
    return [
        Option(
            name,
            c,
            0.0 if c is None else c.cost(market.sources),
            None if c is None else said[c],
            note,
        )
        for name, c, note in named
    ]


def _decision(recommended: Option, alternatives: Sequence[Option], total: float) -> str:
    """What is recommended, in one sentence, and how it compares."""
    assert recommended.forecast is not None
    p = recommended.forecast.p.value
    best = [a for a in alternatives if a.forecast is not None and a.name.startswith("all ")]
    rest = ", ".join(
        f"{a.name.removeprefix('all ')} alone {probability(a.forecast.p.value)}"
        for a in best
        if a.forecast is not None and a.curve != recommended.curve
    )
    beside = f"; {rest}" if rest else ""
    start = "Nothing that can be bought meets the criterion. " if p < HOPELESS else ""
    return (
        f"{start}All runs had {total:,.0f} labels, so this is how to divide them: P {equals(p)}"
        f"{beside}."
    )
