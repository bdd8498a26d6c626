"""Shadow prices: what P would gain if one limit were a little wider.

Model: the best purchase is looked for among neighbours of the recommended curve, on the choosing
half of the posterior, in the market as it is and in one with a single limit relaxed; those that
look best are told apart draw by draw. The gain is the difference of pi between the two winners,
again draw by draw, on the reporting half.
Assumes: what is wrong with the law is wrong in the same way for two neighbouring curves (their
discrepancies move together), so that the same random numbers serve both.
Fails when: a relaxed limit opens a purchase of quite another kind; that is the next plan's work.
Reference: Milgrom and Segal (2002), Envelope theorems for arbitrary choice sets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.estimate import Estimate
from suffice.forecast import pass_chances
from suffice.plan._candidates import neighbours
from suffice.plan._objective import CHOOSE, CHOOSE_DRAWS, REPORT
from suffice.plan._risk import improved_market
from suffice.records import Interval, ShadowPrice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand import Law
    from suffice.forecast import Criterion
    from suffice.plan._market import Market
    from suffice.plan._objective import Objective

    Floats = NDArray[np.float64]

WIDER = 0.1
"""Share by which money, capacities and resources are relaxed. A convention: a tenth more is what
somebody might really ask for."""

POINT = 0.01
"""One point of accuracy."""

_DRAWS, _RUNS = 300, 1000
"""Leave the gain of a limit that is a tenth wider a Monte Carlo sd of .001: pairs share all draws
(`tools/bench_monte_carlo.py`)."""
_CLOSER = 6
"""Neighbours that are held against the curve draw by draw: chosen for time. More of them would find
a gain that is a little larger."""
METHOD = "difference of pi at the best neighbour, paired over posterior draws"
CITATION = "Milgrom and Segal (2002), Envelope theorems for arbitrary choice sets"


@dataclass(frozen=True)
class Shadow:
    """What relaxing one limit is worth.

    Attributes:
        limit: its name, as in the study file.
        step: by how much it is relaxed.
        unit: what ``step`` counts.
        gain: of P for the whole step.
        curve: what would be bought then; the same as before where nothing changes.
    """

    limit: str
    step: float
    unit: str
    gain: Estimate
    curve: Curve

    def per_unit(self) -> Estimate:
        """Gain of P for one unit."""
        g = self.gain
        return replace(
            g,
            value=g.value / self.step,
            low=g.low / self.step,
            high=g.high / self.step,
            draws=None if g.draws is None else g.draws / self.step,
        )

    def record(self) -> ShadowPrice:
        """For ``plan.json``."""
        return ShadowPrice(
            limit=self.limit,
            step=self.step,
            unit=self.unit,
            gain=Interval.of(self.gain),
            per_unit=Interval.of(self.per_unit()),
            curve=str(self.curve),
        )

    def __str__(self) -> str:
        """One line."""
        g = self.gain
        more = f"{self.step:,.4g} more {'to spend' if self.unit == 'money' else self.unit}"
        if g.low == g.high == 0.0:
            return f"{more}: nothing, it does not bind"
        if g.value <= 0.0:
            return f"{more}: nothing that can be told from chance"
        return f"{more}: P {g.value:+.3f} ({g.low:+.3f} to {g.high:+.3f})"


def shadow_prices(
    law: Law,
    market: Market,
    criterion: Criterion,
    curve: Curve,
    objective: Objective,
    *,
    seed: int,
) -> tuple[Shadow, ...]:
    """What money, weeks, capacities, resources and a point of accuracy are worth.

    Args:
        law, market, criterion: as the plan has them.
        curve: the recommended one.
        objective: of the choosing half.
        seed: of the paired draws.
    """
    near = [curve, *neighbours(curve, market)]
    best = _winner(law, market, near, curve, criterion, objective, seed)
    base = paired_pi(law, market, best, criterion, seed)
    found = []
    for limit, step, unit, wider in _relaxed(market):
        new = [c for c in neighbours(curve, wider) if not market.allows(c)]
        if best is not curve:
            new += [c for c in neighbours(best, wider) if not market.allows(c)]
        new = list(dict.fromkeys(new))
        winner = _winner(law, wider, new, best, criterion, objective, seed) if new else best
        pi = base if winner is best else paired_pi(law, wider, winner, criterion, seed)
        found.append(_shadow(limit, step, unit, pi - base, winner))
    better = [improved_market(market, s, POINT) for s in market.order]
    resolved = [r for m in (market, *better) for r in m.resolve([best])]
    pi = _paired(law, resolved, criterion, seed, REPORT)
    for s, gain in zip(market.order, (pi[:, 1:] - pi[:, :1]).T, strict=True):
        found.append(_shadow(f"accuracy of {s}", 1.0, f"point of accuracy of {s}", gain, best))
    return tuple(found)


def _winner(
    law: Law,
    market: Market,
    curves: Sequence[Curve],
    against: Curve,
    criterion: Criterion,
    objective: Objective,
    seed: int,
) -> Curve:
    """The best of some curves on the choosing half; ``against`` where none is better than that.

    The best of many rough guesses is mostly luck, so the few that look best are held against
    ``against`` draw by draw.
    """
    first = np.argsort(-objective.value(curves, CHOOSE_DRAWS), kind="stable")[:_CLOSER]
    close = [against, *(curves[int(i)] for i in first)]
    there = objective.risk.market(market)
    pi = _paired(law, there.resolve(close), criterion, seed, CHOOSE)
    return close[int(objective.risk.value(pi).argmax())]


def paired_pi(law: Law, market: Market, curve: Curve, criterion: Criterion, seed: int) -> Floats:
    """pi of one curve on the reporting half [draw]; one seed gives comparable draws."""
    return np.asarray(_paired(law, market.resolve([curve]), criterion, seed, REPORT)[:, 0])


def _paired(
    law: Law, curves: Sequence[ResolvedCurve], criterion: Criterion, seed: int, half: int
) -> Floats:
    """pi on the same draws of everything, for every curve and in every call [draw, curve]."""
    rng = Stream.PLAN_SHADOW.rng(seed)
    outcomes = law.outcomes(curves, rng, draws=_DRAWS, runs=_RUNS, half=half, common=True)
    return pass_chances(outcomes, criterion, law.metrics)


def _relaxed(market: Market) -> Iterator[tuple[str, float, str, Market]]:
    step = WIDER * market.money
    yield "budget.money", step, "money", market.with_money(market.money + step)
    yield "budget.weeks", 1.0, "week", replace(market, weeks=market.weeks + 1.0)
    for s, source in market.sources.items():
        if source.capacity is None or s in market.variants:
            continue
        step = WIDER * source.capacity
        sources = {**market.sources, s: replace(source, capacity=source.capacity + step)}
        for name in market.family(s)[1:]:
            # More people give more of every kind of answer that is made of their labels.
            capacity = market.sources[name].capacity
            if capacity is not None:
                sources[name] = replace(market.sources[name], capacity=capacity * (1.0 + WIDER))
        yield (
            f"sources.{s}.capacity",
            step,
            f"labels a week from {s}",
            replace(market, sources=sources),
        )
    for name, amount in market.weekly.items():
        step = WIDER * amount or 1.0
        weekly = {**market.weekly, name: amount + step}
        yield f"budget.weekly.{name}", step, f"{name} a week", replace(market, weekly=weekly)


def _shadow(limit: str, step: float, unit: str, gain: Floats, curve: Curve) -> Shadow:
    return Shadow(
        limit, step, unit, Estimate.from_draws(gain, method=METHOD, citation=CITATION), curve
    )
