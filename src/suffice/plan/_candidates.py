"""The curves that money, capacity and time allow."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from suffice.curve import Curve, Tranche, split_rounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suffice.plan._market import Market

_WEIGHTS = ((0.0, 0.01, 0.03, 0.1, 0.3, 1.0), (0.0, 0.03, 0.3, 1.0), (0.0, 0.1, 1.0), (0.0, 1.0))
_MOST_SHARES = 400
_LEVELS = 12
_LOWEST_LEVEL = 0.05
_STEPS = (0.03, 0.1, 0.25)
"""Shares of the money that a neighbouring curve spends otherwise."""


def alone(market: Market, source: str, money: float) -> list[Curve]:
    """All that one source can give for at most ``money``, one curve for each labels a task.

    What must be bought of others is bought first.
    """
    price = market.sources[source].price
    owed = [t for t in market.promised() if t.source != source]
    money -= Curve(tuple(owed)).cost(market.sources)
    curves = []
    for r in market.repeats[source]:
        tasks = market.most_tasks(source, r)
        if price > 0:
            tasks = min(tasks, int(money / (price * r) + 1e-9))
        if tasks >= market.least(source):
            curves.append(Curve((*owed, Tranche(source, tasks, r))))
    return curves


def equal_split(market: Market, money: float) -> Curve | None:
    """The same money to every source, one label a task where that is sold."""
    count = len(market.order)
    repeats = [min(market.repeats[s]) for s in market.order]
    return _buy(market, money, [1.0 / count] * count, repeats)


def one_in_ten(market: Market, money: float) -> Curve | None:
    """One task by the best source to every ten by the second best: a common rule of thumb."""
    if len(market.order) < 2:
        return None
    weak, strong = market.order[-2:]
    prices = [market.sources[s].price * min(market.repeats[s]) for s in (weak, strong)]
    unit = 10.0 * prices[0] + prices[1]
    most = market.most_tasks(weak, min(market.repeats[weak])) / 10.0
    strong_tasks = min(money / unit if unit else most, most)
    strong_tasks = min(strong_tasks, float(market.most_tasks(strong, min(market.repeats[strong]))))
    counts = (int(10.0 * strong_tasks + 1e-9), int(strong_tasks + 1e-9))
    tranches = [
        Tranche(s, n, min(market.repeats[s]))
        for s, n in zip((weak, strong), counts, strict=True)
        if n > 0
    ]
    return Curve(tuple(tranches)) if counts[0] >= market.smallest else None


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
    owed = market.promised().cost(market.sources)
    found: dict[Curve, None] = {}
    for level in levels:
        money = owed + level * (market.money - owed)
        for shares in _shares(len(market.order)):
            for repeats in itertools.product(*(market.repeats[s] for s in market.order)):
                curve = _buy(market, money, shares, repeats)
                if curve is None:
                    continue
                for arranged in arrangements(curve, market.order, market.rounds):
                    found[arranged] = None
    return list(found)


def neighbours(curve: Curve, market: Market) -> list[Curve]:
    """Curves near one: money moved between two sources, saved, or added where some is left.

    All of them keep to the market's limits. Rounds follow the curve's own arrangement as well as
    every other.
    """
    by_source = {t.source: t for t in curve}
    spare = market.money - curve.cost(market.sources)
    found: dict[Curve, None] = {}
    for giver, taker in itertools.product((None, *by_source), (None, *market.order)):
        if giver == taker:
            continue
        for step in _STEPS:
            moved = spare if giver is None else step * market.money
            for r in (1,) if taker is None else market.repeats[taker]:
                changed = _moved(by_source, market, giver, taker, moved, step, r)
                for arranged in arrangements(changed, market.order, market.rounds):
                    if arranged.tranches and market.allows(arranged):
                        found[arranged] = None
    for arranged in arrangements(curve, market.order, market.rounds):
        found[arranged] = None
    found.pop(curve, None)
    return list(found)


def scaled(curve: Curve, factor: float) -> Curve:
    """The same mixture with so many times the tasks."""
    return Curve(tuple(replace(t, tasks=round(t.tasks * factor)) for t in curve))


def arrangements(curve: Curve, order: Sequence[str], rounds: int = 2) -> list[Curve]:
    """The curve in one round, and split into two at every place of the quality order."""
    places = range(len(order)) if rounds > 1 else range(1)
    return list(dict.fromkeys(split_rounds(curve, order, at) for at in places))


def _buy(
    market: Market, money: float, shares: Sequence[float], repeats: Sequence[int]
) -> Curve | None:
    spare = max(money - market.promised().cost(market.sources), 0.0)
    counts: dict[str, tuple[int, int]] = {}
    for s, share, r in zip(market.order, shares, repeats, strict=True):
        price, owed = market.sources[s].price, market.at_least.get(s, 0)
        if owed:
            r = min(market.repeats[s])
        most = market.most_tasks(s, r)
        # A free source is taken in proportion to its share: its price says nothing.
        more = int(share * spare / (price * r) + 1e-9) if price else int(share * most)
        tasks = min(owed + more, most)
        if tasks >= market.least(s):
            counts[s] = (tasks, r)
        elif share == 0 and r != min(market.repeats[s]):
            return None  # the same curve comes up with the smallest number of repeats
    return _within_resources(market, counts)


def _within_resources(market: Market, counts: dict[str, tuple[int, int]]) -> Curve | None:
    """Shrink what takes more of a shared resource than there is, promises apart."""
    for name, weekly in market.weekly.items():
        rate = {s: market.takes.get(s, {}).get(name, 0.0) * r for s, (_, r) in counts.items()}
        owed = {s: market.at_least.get(s, 0) for s in counts}
        free = sum(rate[s] * (n - owed[s]) for s, (n, _) in counts.items())
        room = weekly * market.weeks - sum(rate[s] * owed[s] for s in counts)
        if free > room:
            keep = max(room / free, 0.0)
            counts = {
                s: (owed[s] + int(keep * (n - owed[s])) if rate[s] else n, r)
                for s, (n, r) in counts.items()
            }
    kept = [Tranche(s, n, r) for s, (n, r) in counts.items() if n >= market.least(s)]
    return Curve(tuple(kept)) if kept else None


def _moved(
    by_source: dict[str, Tranche],
    market: Market,
    giver: str | None,
    taker: str | None,
    money: float,
    step: float,
    repeats: int,
) -> Curve:
    tasks = {s: (t.tasks, t.labels_per_task) for s, t in by_source.items()}

    def worth(source: str, r: int) -> int:
        price = market.sources[source].price * r
        if price == 0:
            return int(step * market.most_tasks(source, r))
        return int(money / price + 1e-9)

    if giver is not None:
        n, r = tasks[giver]
        left = n - worth(giver, r)
        # What would be left is too little to be worth its overhead: all but a promise moves.
        if left < market.least(giver):
            left = market.at_least.get(giver, 0)
        money = (n - left) * r * market.sources[giver].price
        tasks[giver] = (left, r)
    if taker is not None:
        before, r = tasks.get(taker, (0, repeats))
        if before and r != repeats:
            before = before * r // repeats
        tasks[taker] = (
            min(before + worth(taker, repeats), market.most_tasks(taker, repeats)),
            repeats,
        )
    kept = ((s, *tasks[s]) for s in market.order if s in tasks)
    return Curve(tuple(Tranche(s, n, r) for s, n, r in kept if n >= market.least(s)))


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
