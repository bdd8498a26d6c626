"""What theory says about labels, and whether a study's forecasts beat it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.estimate import Estimate
from suffice.stages._out import OUT
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from suffice.channel import Source
    from suffice.forecast.theory import Bound, Guarded
    from suffice.records import ForecastRecord, Interval, Supplier, TrancheRow
    from suffice.stages._workspace import Given

_LARGEST_ERROR = 0.499
"""A convention: at one half a label tells nothing and every bound is infinite, which no interval
could show."""

_SHARED = 0.01
"""Chosen: shared error that is surely above one label in a hundred voids guarantees that flips are
independent. It moves which forecasts are flagged as worse than the guarantee."""

_BEST_SHARE = 0.5
"""A convention: the order of ratings is told for finding the better half of the items."""

_TARGET = 0.25
"""Chosen, where no target is named: twice of it is what impostors get wrong, half of the tasks, as
if they guessed. It moves the gold that tells them apart."""

_DRAWS = 200
"""Channels drawn for the bits of an answer under quality control; their mean is then known to about
a fourteenth of the posterior's width."""


@dataclass(frozen=True)
class Asked:
    """The numbers that theory is asked about.

    Attributes:
        target: error that must be reached; a study's criterion by default.
        hypotheses: rules that are equally likely beforehand.
        bits: information that is still needed, where it is known: ``hypotheses`` is then not read.
        failure: chance with which a bound may fail.
        error: chance that one label is wrong, where no study measures it.
        labels_per_task: labels of one task.
        shared: part of the error that all labels of a task share.
        dimension: kinds of task whose answers the model must learn from labels alone.
        hostile: share of hostile labels.
        honest: share of raters that are honest, for the gold that tells them apart.
        trials: trials that were checked for severe failures.
        failures: how many of them failed.
        missed: chance that a failure passes unnoticed.
        gain, loss: reward gained per unit of distance, and lost per square of it (with the
            logarithm, for RL), as fitted: for the best distance from the start.
    """

    target: float | None = None
    hypotheses: float = 1e6
    bits: float | None = None
    failure: float = 0.05
    error: float | None = None
    labels_per_task: int = 1
    shared: float = 0.0
    dimension: int | None = None
    hostile: float | None = None
    honest: float | None = None
    trials: int | None = None
    failures: int = 0
    missed: float = 0.0
    gain: float | None = None
    loss: float | None = None

    def __post_init__(self) -> None:
        """Raise InputError where numbers that belong together are not both there."""
        if (self.gain is None) != (self.loss is None):
            raise InputError("--gain and --loss belong together", fix="give both")

    @property
    def needs_no_study(self) -> bool:
        """Whether a number is given that has an answer by itself."""
        given = (self.error, self.hostile, self.honest, self.trials, self.gain)
        return any(x is not None for x in given)


@dataclass(frozen=True)
class Bounds:
    """What theory says.

    Attributes:
        bounds: each with its assumptions and whether they hold here.
        target: error that must be reached, where a study or the caller says it.
        forecasts: labels that a study's sources alone need, held against the bounds, by source.
        bits_bought: what the recommended purchase carries at most, in bits.
        bits_needed: what is to be learned, in bits.
    """

    bounds: tuple[Bound, ...]
    target: float | None = None
    forecasts: Mapping[str, Guarded] = field(default_factory=dict)
    bits_bought: Estimate | None = None
    bits_needed: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        study: dict[str, Any] = {}
        if self.bits_bought is not None:
            bought = self.bits_bought
            study = {
                "target": self.target,
                "bits_bought": [bought.low, bought.value, bought.high],
                "bits_needed": self.bits_needed,
            }
        return {
            **study,
            "bounds": [b.as_dict() for b in self.bounds],
            "forecasts": {name: g.as_dict() for name, g in self.forecasts.items()},
        }


def bounds(
    study: Given | None = None, folder: str | Path = OUT, asked: Asked | None = None
) -> Bounds:
    """Bounds on labels, gold and attackers; for a finished study also on its sources and forecasts.

    Args:
        study: whose measured errors are read; None where ``asked`` says all that is needed.
        folder: where the study's results lie.
        asked: the numbers.

    Raises:
        InputError: a number cannot be, the study gives errors itself or is not finished, or there
            are more than two classes.
    """
    asked = asked or Asked()
    if study is None:
        found = Bounds(tuple(_of_labels(asked)), asked.target)
    elif asked.error is not None:
        raise InputError("a study measures the error itself", fix="leave the error out")
    else:
        found = _of_study(Workspace.of(study, folder), asked)
    more = [*_of_people(replace(asked, target=found.target)), *_of_failures(asked)]
    return replace(found, bounds=(*found.bounds, *more))


def _of_labels(asked: Asked) -> list[Bound]:
    """Bounds on labels whose error is given as a number."""
    from suffice.forecast.theory import (
        dimension_bound,
        enough_for_class,
        task_bits,
        two_rules_bound,
    )

    error, target, failure = asked.error, asked.target, asked.failure
    if error is None:
        return []
    needed, prior = _information(asked)
    worth = task_bits(error, asked.labels_per_task, asked.shared) / asked.labels_per_task
    found = [_needed(needed, worth, prior)]
    if target is not None:
        found.append(two_rules_bound(target, failure, error))
        found.append(enough_for_class(target, asked.hypotheses, failure, error))
        if asked.dimension is not None:
            found.append(dimension_bound(target, failure, error, asked.dimension))
        if asked.shared or asked.labels_per_task > 1:
            # Less independent labels tell less: what is needed stays, what is enough does not.
            found = [b.holding(False) if b.direction == "upper" else b for b in found]
    return found


def _of_people(asked: Asked) -> list[Bound]:
    """Bounds on hostile labels and gold."""
    from suffice.forecast.theory import (
        gold_to_choose,
        malicious_error,
        malicious_share,
        ratings_order,
        trials_needed,
    )

    target, error = asked.target, asked.error
    found = []
    if target is not None:
        found += [malicious_share(target), trials_needed(target, asked.failure)]
    if asked.hostile is not None:
        found.append(malicious_error(asked.hostile))
    if asked.honest is not None:
        worst = max(min(2.0 * (target or _TARGET), 1.0), error or 0.0)
        found.append(gold_to_choose(asked.honest, error or 0.0, worst, asked.failure))
        found += ratings_order(asked.honest, _BEST_SHARE, target or _TARGET)
    return found


def _of_failures(asked: Asked) -> list[Bound]:
    """Bounds on rare failures, and how far to optimise."""
    from suffice.forecast.theory import best_of_n, failure_rate, reinforcement

    found = []
    if asked.trials is not None:
        found.append(failure_rate(asked.trials, asked.failures, asked.failure, missed=asked.missed))
    if asked.gain is not None and asked.loss is not None:
        found += [*best_of_n(asked.gain, asked.loss), reinforcement(asked.gain, asked.loss)]
    return found


def _of_study(work: Workspace, asked: Asked) -> Bounds:
    """Bounds for every source of a finished study, and its forecasts held against them."""
    from suffice.forecast.theory import guard
    from suffice.labels.kinds import TwoWay
    from suffice.records import ForecastRecord, PlanRecord, SupplyRecord

    if not isinstance(kind := work.pool.evaluation.kind, TwoWay):
        raise InputError(
            f"the bounds are of two-way labels, and there are {kind.said}",
            where=work.study.origin,
        )
    sources = SupplyRecord.read(work.folder).sources
    forecast = ForecastRecord.read(work.folder)
    plan = PlanRecord.read(work.folder)
    limit = asked.target or work.study.criterion.error or _TARGET
    found: list[Bound] = []
    guarded = {}
    for s in sources:
        own = _of_source(s, replace(asked, target=limit), limit)
        found += [replace(b, name=f"{s.name}: {b.name}") for b in own]
        labels = _forecast_labels(forecast, s.name)
        if labels is not None:
            guarded[s.name] = guard(labels, own)
    worth = {s.name: s.bits for s in sources if s.bits is not None}
    needed, _ = _information(asked)
    return Bounds(tuple(found), limit, guarded, _bought(work, plan.curve, worth), needed)


def _of_source(source: Supplier, asked: Asked, limit: float) -> list[Bound]:
    """Bounds on the labels of one source, over the interval of its measured error."""
    from suffice.forecast.theory import Bound, dimension_bound, enough_for_class, two_rules_bound

    bits, error, kinds, failure = source.bits, source.error, asked.dimension, asked.failure
    if bits is None:
        raise InputError(f"supply.json says no bits of {source.name}", fix="run `suffice supply`")
    needed, prior = _information(asked)
    ends = (min(error.low, _LARGEST_ERROR), min(error.high, _LARGEST_ERROR))
    middle = min(error.value, _LARGEST_ERROR)
    own = [
        Bound.over(lambda c: _needed(needed, c, prior), bits.value, (bits.low, bits.high)),
        Bound.over(lambda e: two_rules_bound(limit, failure, e), middle, ends),
        Bound.over(lambda e: enough_for_class(limit, asked.hypotheses, failure, e), middle, ends),
    ]
    if kinds is not None:
        own.append(Bound.over(lambda e: dimension_bound(limit, failure, e, kinds), middle, ends))
    if source.shared is None or source.shared.low > _SHARED:
        # Flips that all labels share are not independent: no guarantee for the learner.
        own[2] = own[2].holding(False)
    return own


def _bought(
    work: Workspace, curve: Sequence[TrancheRow], worth: Mapping[str, Interval]
) -> Estimate:
    """What a purchase carries at most, in bits; ends add up as if sources erred together."""
    from suffice.records import Interval

    low = value = high = 0.0
    made = dict(worth)
    for t in curve:
        if t.source not in made:
            made[t.source] = Interval.of(_bits(_sold(work, t.source), work.study.seed))
        low += t.labels * made[t.source].low
        value += t.labels * made[t.source].value
        high += t.labels * made[t.source].high
    return Estimate(value, low, high, method="labels times the capacity of their channel")


def _sold(work: Workspace, name: str) -> Source:
    """A source under quality control, as the study has it.

    Raises:
        InputError: the study does not have it.
    """
    if name not in work.buyable:
        raise InputError(
            f"plan.json buys {name!r}, which the study does not offer",
            where=work.study.origin,
            fix="suffice plan plans anew",
        )
    return work.buyable[name]


def _bits(source: Source, seed: int) -> Estimate:
    """Bits of one answer to a learner who sees slice and difficulty, by what is believed of it."""
    import numpy as np

    from suffice.supply.sources import bits

    rng = Stream.BOUNDS_OF_OPERATED.rng(seed)
    profiles = [source.draw(rng).profile for _ in range(_DRAWS)]
    told = [float((bits(p.error, p.classes) * p.share).sum(axis=1).mean()) for p in profiles]
    return Estimate.from_draws(np.array(told), method="capacity of drawn channels")


def _forecast_labels(forecast: ForecastRecord, source: str) -> Estimate | None:
    """Labels of one source with which the target model's mean errors meet the criterion."""
    mine = [c for c in forecast.learning_curves if c.model == forecast.model and c.source == source]
    ends = []
    for end in ("low", "mean", "high"):
        crossed = [
            c.labels_per_task * crossing(c.x, getattr(c, end), bar)
            for c in mine
            if (bar := forecast.thresholds.get(c.metric)) is not None
        ]
        ends.append(max(crossed, default=float("inf")))
    low, value, high = ends
    if value == float("inf"):
        return None
    return Estimate(value, low, high, method="where the law's mean errors meet the criterion")


def crossing(x: Sequence[float], y: Sequence[float], bar: float) -> float:
    """Where a falling curve first meets the bar, straight between its points in log x."""
    first = next((k for k, v in enumerate(y) if v <= bar), None)
    if first is None:
        return float("inf")
    if first == 0:
        return x[0]
    part = (y[first - 1] - bar) / (y[first - 1] - y[first])
    return float(x[first - 1] * (x[first] / x[first - 1]) ** part)


def _information(asked: Asked) -> tuple[float, str]:
    """Bits that are needed, and under which prior."""
    from suffice.forecast.theory import information_needed

    if asked.bits is not None:
        return float(asked.bits), f"the model's prior leaves {asked.bits:.3g} bits"
    needed = information_needed(asked.hypotheses, asked.failure)
    return needed, f"{asked.hypotheses:.3g} rules are equally likely to the model"


def _needed(needed: float, bits: float, prior: str) -> Bound:
    from suffice.forecast.theory import information_bound

    return information_bound(needed, bits, prior=prior)
