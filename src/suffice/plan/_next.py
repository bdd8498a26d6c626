"""What to measure next: pilot run, gold audit, guideline trial or adversary sweep, or nothing.

Model: what is unknown is drawn jointly: the law's parameters on the reporting half of its
posterior, what other gold would say, what better guidelines would gain, and whether a source is
under attack. Actions are to buy nothing, to follow the recommended curve or one of its
alternatives at several sizes, and the same with better guidelines. The benefit of an action is
``value`` times pi, less what it costs. Each measurement is simulated under every draw
(``_information``) and is worth its expected gain less its own price.
Assumes: the discrepancy of the law moves together for the curves that are weighed, so that only
what sets the curves apart systematically can be learned; a conservative picture.
Fails when: the priors that the study states for guidelines and attacks are wrong. A sweep counts as
knowledge alone: that hostile workers can then be thrown out is not in its worth.
Reference: Raiffa and Schlaifer (1961), Applied Statistical Decision Theory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.forecast import pass_chances
from suffice.plan._candidates import scaled
from suffice.plan._information import perfect_information, sample_information
from suffice.plan._objective import REPORT
from suffice.plan._risk import attacked_market, improved_market
from suffice.records import Interval, MeasurementRow, NextRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand import Law
    from suffice.estimate import Estimate
    from suffice.forecast import Criterion
    from suffice.metric import Metric
    from suffice.plan._market import Market
    from suffice.plan._option import Plan

    Floats = NDArray[np.float64]

_SIZES = (0.6, 1.0)
"""Of each curve, as shares of it: chosen, so that buying less is an action too."""
_MOST_CURVES = 3
"""The recommended curve and its best alternatives: chosen for time."""
_DRAWS, _RUNS = 400, 200
"""Leave each pi's mean a Monte Carlo sd of .026 (`tools/bench_monte_carlo.py`), alike for all
actions, which share all draws; what is left in a worth stands in its interval."""
_SENSITIVITY, _FALSE_ALARM = 0.9, 0.05
"""Chances that a sweep finds an attack, and that it finds one where there is none. Chosen: no
measured sweep stands behind them, and the worth of a sweep is about proportional to what is left
of them."""
_LEAST_P = 0.01
"""A P below this is taken for this much where a budget is turned into the value of meeting the
criterion: chosen, so that a hopeless plan does not make it infinite."""
_EDGE = 0.01
"""Share of a metric's range that its value is taken to stay away from both ends. Chosen: nearer
to an end an audit of a few hundred tasks would seem to leave no doubt at all."""


@dataclass(frozen=True)
class Prices:
    """What measurements cost, and what the user believes before them.

    Attributes:
        value: money that it is worth to meet the criterion; None to take the least value at which
            the whole budget would be worth spending.
        run: of one pilot run; its labels, where they must be bought, are a part of it.
        gold: of one fresh gold task.
        guideline: of a trial of better guidelines, with ``guideline_tasks`` tasks labelled twice.
        guideline_gain: expected gain in accuracy, and as large a standard deviation.
        sweep: of a search for hostile workers in one source.
        attack: chance that a source is under attack.
        attack_share: share of its labels that are hostile then.
        runs: numbers of pilot runs that are weighed.
        audits: sizes of gold audits that are weighed.

    What is given by default is a place to start from: no measurement stands behind it.
    """

    value: float | None = None
    run: float = 1.0
    gold: float = 1.0
    guideline: float = 50.0
    guideline_tasks: int = 200
    guideline_gain: float = 0.02
    sweep: float = 50.0
    attack: float = 0.05
    attack_share: float = 0.1
    runs: tuple[int, ...] = (4, 16)
    audits: tuple[int, ...] = (200, 1000)


@dataclass(frozen=True)
class Measurement:
    """Something that could be measured before buying.

    Attributes:
        name: what it is.
        price: money.
        worth: expected value of its information, in money.
    """

    name: str
    price: float
    worth: Estimate

    @property
    def net(self) -> float:
        """Worth less price."""
        return self.worth.value - self.price


@dataclass(frozen=True)
class Next:
    """What to do next.

    Attributes:
        best: the measurement that pays best; None where none pays.
        measurements: all that were weighed, best first.
        perfect: what it would be worth to know everything: no measurement is worth more.
        value: money that meeting the criterion is worth.
        stated: whether the user stated that value.
        action: what is best without any measurement.
    """

    best: Measurement | None
    measurements: tuple[Measurement, ...]
    perfect: Estimate
    value: float
    stated: bool
    action: str

    def record(self) -> NextRecord:
        """For ``next.json``."""
        return NextRecord(
            best=None if self.best is None else self.best.name,
            action=self.action,
            value=self.value,
            value_stated=self.stated,
            perfect_information=Interval.of(self.perfect),
            measurements=tuple(
                MeasurementRow(name=m.name, price=m.price, worth=Interval.of(m.worth), net=m.net)
                for m in self.measurements
            ),
        )


@dataclass(eq=False)
class _World:
    """Draws of everything unknown, and pi of every curve under them."""

    law: Law
    market: Market
    criterion: Criterion
    curves: list[Curve]
    seed: int
    gain: Floats  # accuracy that guidelines add [draw]
    hostile: NDArray[np.bool_]  # whether the attackable source is attacked [draw]
    shift: Floats  # what other gold adds [draw, metric]

    def pi(self, market: Market, curve: Curve) -> tuple[Floats, Floats, Floats]:
        """(pi [draw], mean [draw, metric], spread [draw, metric]); the same draws each time."""
        rng = Stream.NEXT_PILOT.rng(self.seed)
        outcomes = self.law.outcomes(
            market.resolve([curve]), rng, draws=_DRAWS, runs=_RUNS, half=REPORT
        )
        chances = pass_chances(outcomes, self.criterion, self.law.metrics, self.shift)
        mean, spread = (a[:, 0].astype(np.float64) for a in (outcomes.mean, outcomes.spread))
        return chances[:, 0], mean, spread


def what_next(
    law: Law,
    market: Market,
    criterion: Criterion,
    plan: Plan,
    prices: Prices,
    *,
    gold_shifts: Floats | None = None,
    seed: int,
) -> Next:
    """Weigh measurements against acting now.

    Args:
        law, market, criterion: as the plan has them.
        plan: the recommended curve and its alternatives.
        prices: of measurements, with the user's priors.
        gold_shifts: what other gold would add to each metric [replica, metric].
        seed: of all draws.
    """
    rng = Stream.NEXT.rng(seed)
    best = plan.recommended
    if best.curve is None or best.forecast is None:
        raise ValueError("a plan without a curve")
    value = prices.value or market.money / max(best.forecast.p.value, _LEAST_P)
    shift = np.zeros((_DRAWS, len(law.metrics)))
    if gold_shifts is not None:
        shift = gold_shifts[rng.integers(len(gold_shifts), size=_DRAWS)]
    world = _World(
        law,
        market,
        criterion,
        _actions(plan, market),
        seed,
        np.maximum(rng.normal(prices.guideline_gain, prices.guideline_gain, _DRAWS), 0.0),
        rng.random(_DRAWS) < prices.attack,
        shift,
    )
    target = _main_source(best.curve, market)
    found = [world.pi(market, c) for c in world.curves]
    cost = np.array([c.cost(market.sources) for c in world.curves])
    plain = np.stack([f[0] for f in found], axis=1)
    under = _under_attack(world, prices, target, plain)
    chance = np.where(world.hostile[:, None], under, plain)
    better = _with_guidelines(world, prices, target, chance)
    benefit = np.concatenate(
        [
            np.zeros((_DRAWS, 1)),
            value * chance - cost,
            value * better - cost - prices.guideline,
        ],
        axis=1,
    )
    names = ["buy nothing", *map(str, world.curves)]
    names += [f"{c}, with better guidelines for {target}" for c in world.curves]
    signals = _signals(world, prices, target, found, rng)
    measured = [
        Measurement(name, price, sample_information(benefit, signal, seed=seed))
        for name, price, signal in signals
    ]
    measured.sort(key=lambda m: (-m.net, m.name))
    pays = measured and measured[0].net > 0.0
    return Next(
        best=measured[0] if pays else None,
        measurements=tuple(measured),
        perfect=perfect_information(benefit, seed=seed),
        value=value,
        stated=prices.value is not None,
        action=names[int(benefit.mean(axis=0).argmax())],
    )


def _actions(plan: Plan, market: Market) -> list[Curve]:
    """The recommended curve and its best alternatives at several sizes."""
    options = [o for o in (plan.recommended, *plan.alternatives) if o.forecast is not None]
    options.sort(key=lambda o: -o.forecast.p.value if o.forecast else 0.0)
    bought = [plan.recommended.curve, *(o.curve for o in options)]
    kept = list(dict.fromkeys(c for c in bought if c is not None))[:_MOST_CURVES]
    curves = [scaled(c, k) for c in kept for k in _SIZES]
    return list(dict.fromkeys(c for c in curves if market.allows(c)))


def _main_source(curve: Curve, market: Market) -> str:
    """The source that gets most of the money: what trials and attacks are about."""
    spent = dict.fromkeys(market.order, 0.0)
    for t in curve:
        spent[market.base(t.source)] += t.labels * market.sources[t.source].price
    return max(spent, key=lambda s: spent[s])


def _under_attack(world: _World, prices: Prices, source: str, plain: Floats) -> Floats:
    if not world.hostile.any():
        return plain
    there = attacked_market(world.market, source, prices.attack_share)
    return np.stack([world.pi(there, c)[0] for c in world.curves], axis=1)


def _with_guidelines(world: _World, prices: Prices, source: str, chance: Floats) -> Floats:
    """pi when guidelines gain what each draw says: between no gain and twice what is expected."""
    if prices.guideline_gain <= 0.0:
        return chance
    top = 2.0 * prices.guideline_gain
    there = improved_market(world.market, source, top)
    best = np.stack([world.pi(there, c)[0] for c in world.curves], axis=1)
    share = np.minimum(world.gain / top, 1.0)[:, None]
    return np.asarray(chance + share * np.maximum(best - chance, 0.0))


def _signals(
    world: _World,
    prices: Prices,
    source: str,
    found: Sequence[tuple[Floats, Floats, Floats]],
    rng: np.random.Generator,
) -> list[tuple[str, float, Floats]]:
    """Each measurement with its price and what it would show under every draw."""
    _, mean, spread = found[0]
    main = world.law.metrics[0]
    signals: list[tuple[str, float, Floats]] = []
    for k in prices.runs:
        noise = spread * rng.standard_normal(mean.shape) / np.sqrt(k)
        signals.append((f"{k} pilot runs of this curve", k * prices.run, mean + noise))
    if world.shift.any() and np.isfinite(main.high - main.low):
        for m in prices.audits:
            sd = np.sqrt(_most_variance(float(mean[:, 0].mean()), main) / m)
            shown = world.shift[:, :1] + sd * rng.standard_normal((_DRAWS, 1))
            signals.append((f"gold audit of {m} tasks", m * prices.gold, shown))
    if prices.guideline_gain > 0.0:
        wrong = world.market.sources[source].posterior.mean().profile.mean_error
        sd = np.sqrt(2.0 * wrong * (1.0 - wrong) / prices.guideline_tasks)
        shown = world.gain[:, None] + sd * rng.standard_normal((_DRAWS, 1))
        labels = 2 * prices.guideline_tasks * world.market.sources[source].price
        name = f"guideline trial of {source}"
        signals.append((name, prices.guideline + labels, shown))
    if world.hostile.any():
        rate = np.where(world.hostile, _SENSITIVITY, _FALSE_ALARM)
        alarm = (rng.random(_DRAWS) < rate).astype(np.float64)[:, None]
        signals.append((f"adversary sweep of {source}", prices.sweep, alarm))
    return signals


def _most_variance(value: float, metric: Metric) -> float:
    """The largest variance that judgements of single tasks can have about their mean.

    Shares reach it: judgements are right or wrong.
    Reference: Bhatia and Davis (2000), A better bound on the variance, Am. Math. Monthly 107.
    """
    width = metric.high - metric.low
    value = float(np.clip(value, metric.low + _EDGE * width, metric.high - _EDGE * width))
    return (value - metric.low) * (metric.high - value)
