"""Planning on from what was bought: labels in hand are part of every curve, and their cost is sunk.

After every batch the plan is made anew with the labels that came. All limits of a study (money,
weeks, capacities, shared resources) count from its beginning, so that what was bought is counted
against them; where it already exceeds one, that limit ends at what was bought.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suffice.curve import Curve, Tranche
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suffice.plan._market import Market


def pooled(batches: Iterable[Curve]) -> Curve:
    """All batches as one purchase a source; their rounds are arranged anew by the plan.

    Raises:
        InputError: a source was bought with different numbers of labels a task.
    """
    tasks: dict[str, int] = {}
    repeats: dict[str, int] = {}
    for t in (t for batch in batches for t in batch):
        if repeats.setdefault(t.source, t.labels_per_task) != t.labels_per_task:
            raise InputError(
                f"{t.source} was bought at {repeats[t.source]} and at {t.labels_per_task} labels "
                "a task",
                fix="a plan takes one number for each source: give the larger batch",
            )
        tasks[t.source] = tasks.get(t.source, 0) + t.tasks
    return Curve(tuple(Tranche(s, n, repeats[s]) for s, n in tasks.items()))


def with_bought(market: Market, bought: Curve) -> Market:
    """The market in which every curve holds what was bought.

    Raises:
        InputError: a source is unknown, or is not sold at so many labels a task.
    """
    cost = bought.cost(market.sources)
    sources, repeats = dict(market.sources), dict(market.repeats)
    limits, at_least = dict(market.limits), dict(market.at_least)
    weekly = dict(market.weekly)
    market.check_repeats(bought)
    for t in bought:
        repeats[t.source] = (t.labels_per_task,)
        at_least[t.source] = max(at_least.get(t.source, 0), t.tasks)
        limit, source = limits[t.source], sources[t.source]
        limits[t.source] = None if limit is None else max(limit, t.tasks)
        if source.capacity is not None and t.labels > market.most_labels(t.source):
            enough = t.labels / market.weeks
            sources[t.source] = replace(source, capacity=enough, latency_days=0.0)
    for name, amount in weekly.items():
        used = sum(t.labels * market.takes.get(t.source, {}).get(name, 0.0) for t in bought)
        weekly[name] = max(amount, used / market.weeks)
    return replace(
        market,
        sources=sources,
        repeats=repeats,
        limits=limits,
        at_least=at_least,
        weekly=weekly,
        money=max(market.money, cost),
    )


def still_to_buy(curve: Curve, bought: Curve) -> Curve:
    """What a curve holds beyond what was bought."""
    have = {t.source: t.tasks for t in bought}
    rest = (replace(t, tasks=t.tasks - have.get(t.source, 0)) for t in curve)
    return Curve(tuple(t for t in rest if t.tasks > 0))


def told(curve: Curve, bought: Curve, market: Market) -> str:
    """What is in hand and what is left to buy, as a sentence."""
    rest = still_to_buy(curve, bought)
    have = f"Bought so far: {bought} for {bought.cost(market.sources):,.2f}"
    if not rest.tranches:
        return f"{have}; nothing more is worth buying."
    return f"{have}; still to buy: {rest} for {rest.cost(market.sources):,.2f}."
