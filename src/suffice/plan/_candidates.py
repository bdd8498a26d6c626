"""The curves that money, capacity and time allow."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.curve import Curve, Tranche, split_rounds
from suffice.errors import InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice.channel import Source
    from suffice.curve import ResolvedCurve

_WEIGHTS = ((0.0, 0.01, 0.03, 0.1, 0.3, 1.0), (0.0, 0.03, 0.3, 1.0), (0.0, 0.1, 1.0), (0.0, 1.0))
_MOST_SHARES = 400
_LEVELS = 12
_LOWEST_LEVEL = 0.05
MOST_FREE_LABELS = 20_000
"""Labels that a source without price and capacity is taken to offer."""


@dataclass(frozen=True)
class Market:
    """What can be bought, and under which limits.

    Attributes:
        sources: by name.
        order: from the lowest to the highest quality of one label; rounds train in this order.
        repeats: labels a task that may be bought, by source.
        limits: different tasks that a source can label; None for as many as wanted.
        money: the budget.
        weeks: until the last label must be in.
        smallest: a tranche with fewer tasks is not worth its overhead, and no grid has seen it.
    """

    sources: Mapping[str, Source]
    order: tuple[str, ...]
    repeats: Mapping[str, tuple[int, ...]]
    limits: Mapping[str, int | None]
    money: float
    weeks: float
    smallest: int

    def most_labels(self, source: str) -> int:
        """Labels of one source within capacity, time and the whole budget."""
        s = self.sources[source]
        weeks = max(self.weeks - s.latency_days / 7.0, 0.0)
        bounds = [MOST_FREE_LABELS if s.price == 0 else self.money / s.price]
        if s.capacity is not None:
            bounds.append(s.capacity * weeks)
        elif weeks <= 0.0:
            bounds.append(0.0)
        limit = self.limits.get(source)
        if limit is not None:
            bounds.append(float(limit * max(self.repeats[source])))
        return int(min(bounds) + 1e-9)

    def most_tasks(self, source: str, labels_per_task: int) -> int:
        """Tasks of one source at so many labels each."""
        tasks = self.most_labels(source) // labels_per_task
        limit = self.limits.get(source)
        return tasks if limit is None else min(tasks, limit)

    def resolve(self, curves: Sequence[Curve]) -> list[ResolvedCurve]:
        """Curves with the mean of what is believed of their sources."""
        return [c.resolve(self.sources) for c in curves]

    def check(self) -> None:
        """Raise InfeasibleError when nothing worth training can be bought."""
        most = {s: self.most_tasks(s, min(self.repeats[s])) for s in self.order}
        best = max(self.order, key=lambda s: most[s])
        if most[best] < self.smallest:
            need = self.smallest * min(self.repeats[best]) * self.sources[best].price
            raise InfeasibleError(
                f"nothing can be bought: {self.money:,.2f} in {self.weeks:g} weeks gets "
                f"{most[best]} tasks labelled by {best!r}, fewer than the smallest "
                f"purchase of {self.smallest} (which costs {need:,.2f}); raise the budget, the "
                "weeks or the capacity"
            )


def alone(market: Market, source: str, money: float) -> list[Curve]:
    """All that one source can give for at most ``money``, one curve for each labels a task."""
    price = market.sources[source].price
    curves = []
    for r in market.repeats[source]:
        tasks = market.most_tasks(source, r)
        if price > 0:
            tasks = min(tasks, int(money / (price * r) + 1e-9))
        if tasks >= market.smallest:
            curves.append(Curve((Tranche(source, tasks, r),)))
    return curves


def equal_split(market: Market, money: float) -> Curve | None:
    """The same money to every source, one label a task where that is sold."""
    count = len(market.order)
    repeats = [min(market.repeats[s]) for s in market.order]
    return _buy(market, money, [1.0 / count] * count, repeats)


def candidates(market: Market, *, levels: Sequence[float] | None = None) -> list[Curve]:
    """Every split of every spending level over the sources, in every order of rounds.

    Money that a source's capacity cannot take stays unspent.

    Args:
        market: what can be bought.
        levels: spending levels as shares of the budget; by default twelve, evenly spaced in log.
    """
    market.check()
    if levels is None:
        levels = [float(x) for x in np.geomspace(_LOWEST_LEVEL, 1.0, _LEVELS)]
    found: dict[Curve, None] = {}
    for level in levels:
        for shares in _shares(len(market.order)):
            for repeats in itertools.product(*(market.repeats[s] for s in market.order)):
                curve = _buy(market, level * market.money, shares, repeats)
                if curve is None:
                    continue
                for arranged in arrangements(curve, market.order):
                    found[arranged] = None
    return list(found)


def arrangements(curve: Curve, order: Sequence[str]) -> list[Curve]:
    """The curve in one round, and split into two at every place of the quality order."""
    splits = [split_rounds(curve, order, at) for at in range(len(order))]
    return list(dict.fromkeys(splits))


def _buy(
    market: Market, money: float, shares: Sequence[float], repeats: Sequence[int]
) -> Curve | None:
    tranches = []
    for s, share, r in zip(market.order, shares, repeats, strict=True):
        price = market.sources[s].price
        tasks = market.most_tasks(s, r)
        # A free source is taken in proportion to its share: its price says nothing.
        tasks = min(tasks, int(share * money / (price * r) + 1e-9)) if price else int(share * tasks)
        if tasks >= market.smallest:
            tranches.append(Tranche(s, tasks, r))
        elif share == 0 and r != min(market.repeats[s]):
            return None  # the same curve comes up with the smallest number of repeats
    return Curve(tuple(tranches)) if tranches else None


def _shares(count: int) -> list[tuple[float, ...]]:
    """Shares of money that sum to one, spread evenly in their ratios.

    Prices differ by orders of magnitude, so a hundredth of the money can be most of the labels:
    shares are ratios of weights a factor of about three apart, fewer of them for many sources.
    """
    weights = next(w for w in _WEIGHTS if len(w) ** count <= _MOST_SHARES or w is _WEIGHTS[-1])
    found: dict[tuple[float, ...], None] = {}
    for mix in itertools.product(weights, repeat=count):
        total = sum(mix)
        if total > 0:
            found[tuple(round(w / total, 6) for w in mix)] = None
    return list(found)
