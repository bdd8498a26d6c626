"""The curves that money, capacity and time allow."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from suffice.curve import Curve, Tranche, split_rounds
from suffice.plan._market import ROUNDING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from suffice.plan._market import Market

# Chosen: what the grid steps over, neighbours fill in, so that a finer one moves time more than the
# plan. Weights are a factor of about three apart.
_WEIGHTS = ((0.0, 0.01, 0.03, 0.1, 0.3, 1.0), (0.0, 0.03, 0.3, 1.0), (0.0, 0.1, 1.0), (0.0, 1.0))
_LAST = len(_WEIGHTS) - 1
_MOST_SHARES = 400
"""Mixtures of sources that are tried at each spending level; with more sources, coarser weights."""
_MOST_OPERATED = 24
"""Combinations of quality control over the sources that are weighed from the start."""
_LEVELS = 12
"""Spending levels, evenly spaced in log: each 1.3 times the one below."""
LOWEST_LEVEL = 0.05
"""Share of the money that the cheapest candidates spend; the search goes below it where that is
enough."""
_STEPS = (0.03, 0.1, 0.25)
"""Shares of the money that a neighbouring curve spends otherwise, about a third of each other."""


def alone(market: Market, source: str, money: float) -> list[Curve]:
    """All that one source can give for at most ``money``, one curve for each way to buy it.

    What must be bought of others is bought first.
    """
    owed = [t for t in market.promised() if t.source != source]
    money -= Curve(tuple(owed)).cost(market.sources)
    curves = []
    for name, r in market.ways(source):
        price = market.sources[name].price
        tasks = market.most_tasks(name, r)
        if price > 0:
            tasks = min(tasks, int(money / (price * r) + ROUNDING))
        if tasks >= market.least(source):
            curves.append(Curve((*owed, Tranche(name, tasks, r))))
    return curves


def equal_split(market: Market, money: float) -> Curve | None:
    """The same money to every source, one label a task where that is sold."""
    count = len(market.order)
    ways = [(s, min(market.repeats[s])) for s in market.order]
    return _buy(market, money, [1.0 / count] * count, ways)


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
    counts = (int(10.0 * strong_tasks + ROUNDING), int(strong_tasks + ROUNDING))
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
        levels = [float(x) for x in np.geomspace(LOWEST_LEVEL, 1.0, _LEVELS)]
    owed = market.promised().cost(market.sources)
    found: dict[Curve, None] = {}
    for level in levels:
        money = owed + level * (market.money - owed)
        for shares in _shares(len(market.order)):
            for repeats in itertools.product(*(market.repeats[s] for s in market.order)):
                ways = list(zip(market.order, repeats, strict=True))
                curve = _buy(market, money, shares, ways)
                if curve is None:
                    continue
                for arranged in arrangements(curve, market.names, market.rounds):
                    found[arranged] = None
    if market.variants:
        for curve in _operated(market, levels, owed):
            found[curve] = None
    return list(found)


def _operated(market: Market, levels: Sequence[float], owed: float) -> Iterator[Curve]:
    """Candidates with quality control on one source or two, more coarsely.

    Neighbours make finer steps, and put the rest under quality control where that pays.
    """
    kept = worthwhile(market)
    plain = [(s, min(market.repeats[s])) for s in market.order]
    menus = [[p, *((v, 1) for v in kept if market.base(v) == p[0])] for p in plain]
    mixed = [ways for ways in itertools.product(*menus) if list(ways) != plain]
    mixed.sort(key=lambda ways: sum(name in market.variants for name, _ in ways))
    for level in levels[::-1][::2]:
        money = owed + level * (market.money - owed)
        for shares in _shares(len(market.order), coarser=1):
            for ways in mixed[:_MOST_OPERATED]:
                curve = _buy(market, money, shares, ways)
                if curve is None:
                    continue
                for arranged in arrangements(curve, market.names, market.rounds):
                    if market.allows(arranged):
                        yield arranged


def worthwhile(market: Market) -> list[str]:
    """Variants that no other way to buy the same source beats in everything.

    In everything: error of an answer, its price, answers a week, delivery and shared resources.
    """

    def traits(name: str, r: int) -> list[float]:
        source = market.sources[name]
        capacity = np.inf if source.capacity is None else source.capacity / r
        error = float(source.posterior.mean().profile.error_of_mean(r).mean())
        takes = [market.takes.get(name, {}).get(k, 0.0) * r for k in market.weekly]
        return [error, source.price * r, -capacity, source.latency_days, *takes]

    kept = []
    for s in market.order:
        ways = market.ways(s)
        seen = {way: np.array(traits(*way)) for way in ways}
        for way in ways:
            if way[0] not in market.variants:
                continue
            others = [w for w in ways if w != way and bool((seen[w] <= seen[way] + 1e-12).all())]
            # Of two that are alike in everything, the first one stays.
            if not any(
                bool((seen[w] < seen[way] - 1e-12).any()) or ways.index(w) < ways.index(way)
                for w in others
            ):
                kept.append(way[0])
    return kept


def neighbours(curve: Curve, market: Market) -> list[Curve]:
    """Curves near one: money moved between two sources, saved, or added where some is left.

    All of them keep to the market's limits. Rounds follow the curve's own arrangement as well as
    every other. Where there is quality control, sources are also put under it and taken off it.
    """
    by_source = {t.source: t for t in curve}
    spare = market.money - curve.cost(market.sources)
    found: dict[Curve, None] = {}
    sold = market.names
    if market.variants:
        kept = worthwhile(market)
        sold = tuple(n for n in sold if n not in market.variants or n in kept)
        for changed in _otherwise(curve, market, sold):
            for arranged in arrangements(changed, market.names, market.rounds):
                if market.allows(arranged):
                    found[arranged] = None
    for giver, taker in itertools.product((None, *by_source), (None, *sold)):
        if giver == taker:
            continue
        for step in _STEPS:
            moved = spare if giver is None else step * market.money
            for r in (1,) if taker is None else market.repeats[taker]:
                changed = _moved(by_source, market, giver, taker, moved, step, r)
                for arranged in arrangements(changed, market.names, market.rounds):
                    if arranged.tranches and market.allows(arranged):
                        found[arranged] = None
    for arranged in arrangements(curve, market.names, market.rounds):
        found[arranged] = None
    found.pop(curve, None)
    return list(found)


def _otherwise(curve: Curve, market: Market, sold: Sequence[str]) -> Iterator[Curve]:
    """Each purchase bought another way: for the same money or for all, as far as there is room."""
    for i, t in enumerate(curve.tranches):
        rest = {x.source: (x.tasks, x.labels_per_task) for x in curve if x is not t}
        spent = t.labels * market.sources[t.source].price
        spare = market.money - curve.cost(market.sources)
        for name, r in market.ways(market.base(t.source)):
            if name in rest or name not in sold or (name, r) == (t.source, t.labels_per_task):
                continue
            most = market.most_beside(name, r, rest)
            price = market.sources[name].price * r
            for money in (spent, spent + spare):
                tasks = min(most, int(money / price + ROUNDING)) if price else min(most, t.tasks)
                if tasks >= market.least(name):
                    bought = Tranche(name, tasks, r, t.where, t.round)
                    yield Curve((*curve.tranches[:i], bought, *curve.tranches[i + 1 :]))


def scaled(curve: Curve, factor: float) -> Curve:
    """The same mixture with so many times the tasks, at least one of each source."""
    return Curve(tuple(replace(t, tasks=max(round(t.tasks * factor), 1)) for t in curve))


def arrangements(curve: Curve, order: Sequence[str], rounds: int = 2) -> list[Curve]:
    """The curve in one round, and split into two at every place of the quality order."""
    bought = {t.source for t in curve}
    present = [name for name in order if name in bought]
    places = range(len(present)) if rounds > 1 else range(1)
    return list(dict.fromkeys(split_rounds(curve, present, at) for at in places or range(1)))


def _buy(
    market: Market, money: float, shares: Sequence[float], ways: Sequence[tuple[str, int]]
) -> Curve | None:
    spare = max(money - market.promised().cost(market.sources), 0.0)
    counts: dict[str, tuple[int, int]] = {}
    for s, share, (name, r) in zip(market.order, shares, ways, strict=True):
        owed, least = market.at_least.get(s, 0), min(market.repeats[s])
        if owed:
            r = least if name == s else r
        if name != s:
            if share == 0:
                return None  # the same curve comes up without quality control
            if owed:  # a promise is kept with labels as they come
                counts[s], owed = (owed, least), 0
        price, most = market.sources[name].price, market.most_beside(name, r, counts)
        # A free source is taken in proportion to its share: its price says nothing.
        more = int(share * spare / (price * r) + ROUNDING) if price else int(share * most)
        tasks = min(owed + more, most)
        if tasks >= market.least(name):
            counts[name] = (tasks, r)
        elif share == 0 and r != least:
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
        return int(money / price + ROUNDING)

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
            min(before + worth(taker, repeats), market.most_beside(taker, repeats, tasks)),
            repeats,
        )
    kept = ((s, *tasks[s]) for s in market.names if s in tasks)
    return Curve(tuple(Tranche(s, n, r) for s, n, r in kept if n >= market.least(s)))


def _shares(count: int, coarser: int = 0) -> list[tuple[float, ...]]:
    """Shares of money that sum to one, spread evenly in their ratios.

    Prices differ by orders of magnitude, so a hundredth of the money can be most of the labels:
    shares are ratios of weights a factor of about three apart, fewer of them for many sources.
    """
    place = next(k for k, w in enumerate(_WEIGHTS) if len(w) ** count <= _MOST_SHARES or k == _LAST)
    weights = _WEIGHTS[min(place + coarser, _LAST)]
    found: dict[tuple[float, ...], None] = {}
    for mix in itertools.product(weights, repeat=count):
        total = sum(mix)
        if total > 0:
            found[tuple(round(w / total, 6) for w in mix)] = None
    return list(found)
