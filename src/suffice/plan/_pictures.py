"""The numbers behind the report's pictures, for ``forecast.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._streams import Stream
from suffice.curve import Curve, Tranche
from suffice.estimate import TAILS, Estimate, interval, intervals
from suffice.forecast import pass_chances
from suffice.metric import signs
from suffice.plan._candidates import scaled
from suffice.plan._objective import REPORT
from suffice.plan._risk import wholly_attacked
from suffice.plan._slider_grid import slider_grid
from suffice.plan._surface import surface
from suffice.records import (
    ForecastRecord,
    HostileLabels,
    Interval,
    LearningCurve,
    MeanInterval,
    MeasuredPoint,
    ModelNeed,
    MoreOfTheJudge,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.demand import Law, Outcomes
    from suffice.evidence import Evidence
    from suffice.forecast import Criterion
    from suffice.plan._market import Market
    from suffice.plan._option import Plan
    from suffice.plan._surface import Quality
    from suffice.records import ChangeRow

    Floats = NDArray[np.float64]

_POINTS = 24
"""Sizes of a learning curve, evenly spaced in log: chosen for a smooth line."""
_DRAWS, _RUNS = 200, 200
"""Draws behind every picture, and residuals behind the bands of single runs; no P rests on these
residuals."""
_PASSES = 1000
"""Residuals behind a P: nearly all that a law has, so that one purchase has one P everywhere. With
200 draws P has a Monte Carlo sd of .009 (`tools/bench_monte_carlo.py`)."""
_ADDED = 15
"""Sizes of what is added of a biased source, evenly spaced in log: chosen."""
_HOSTILE_DRAWS = 500
"""Leave P a Monte Carlo sd of .007 (`tools/bench_monte_carlo.py`)."""
_NEEDED_P, _MOST_SCALE = 0.5, 3.0
"""An even chance, and how far up a mixture is scaled to find it: farther out a law is *far*."""
_SCALES = np.geomspace(0.02, _MOST_SCALE, 40)
"""Of the recommended purchase, each 1.14 times the one before; between two, P is interpolated."""
HOSTILE_SHARES = (0.0, 0.03, 0.1, 0.2, 0.3)
"""None, and those that grids train on (.03, .1, .3), with one between."""


def forecast_record(
    laws: Mapping[str, Law],
    target: str,
    market: Market,
    criterion: Criterion,
    quality: Quality,
    plan: Plan,
    known: Evidence,
    *,
    seed: int,
    changes: Sequence[ChangeRow] = (),
) -> ForecastRecord:
    """Everything that ``forecast.json`` holds.

    Args:
        laws, target: laws by model, and the model that the plan is about.
        market, criterion, quality, plan: what the plan was made from, and the plan.
        known: runs to set beside the laws; models of which it holds none stand alone.
        seed: of the draws.
        changes: how P moves from model to model.

    Raises:
        InputError: a law has a metric of which the evidence knows nothing.
    """
    law = laws[target]
    limits = criterion.thresholds(law.metrics)
    return ForecastRecord(
        model=target,
        sliders=slider_grid(laws, target, market, criterion, plan, seed=seed),
        hero=surface(law, market, criterion, quality, plan, seed=seed),
        learning_curves=tuple(
            row
            for name, model_law in laws.items()
            for source in market.order
            for row in _learning_curves(
                model_law, market, source, known, limits, main=name == target, seed=seed
            )
        ),
        more_of_the_judge=_more_of_a_biased_source(law, market, criterion, plan, seed),
        hostile=_hostile(law, market, criterion, plan, seed),
        models=tuple(
            _needed(m, market, criterion, plan, seed, own=name == target)
            for name, m in laws.items()
        ),
        thresholds={
            m.name: float(t) for m, t in zip(law.metrics, limits, strict=True) if np.isfinite(t)
        },
        changes=tuple(changes),
    )


def _learning_curves(
    law: Law,
    market: Market,
    source: str,
    known: Evidence,
    limits: Floats,
    *,
    main: bool,
    seed: int,
) -> list[LearningCurve]:
    """A metric against tasks of one source: each with a threshold, on the target model."""
    r = min(market.repeats[source])
    most = market.most_tasks(source, r)
    if most < market.smallest:
        return []
    sizes = np.unique(np.geomspace(market.smallest, most, _POINTS).round().astype(int))
    curves = [Curve((Tranche(source, int(n), r),)) for n in sizes]
    outcomes = _outcomes(law, market, curves, Stream.LEARNING_CURVES.rng(seed))
    measured = _measured(known.only(law.metrics), law.model, source, r)
    rows = []
    for k, metric in enumerate(law.metrics):
        if k and not (main and np.isfinite(limits[k])):
            continue
        mean = outcomes.mean[:, :, k]
        # Half of the draws: with every residual each they are many more than two ends need.
        single = outcomes.mean[::2, None, :, k] + (
            outcomes.spread[::2, None, :, k] * outcomes.residuals[None, :, k, None]
        )
        run_low, run_high = intervals(single, axis=(0, 1))
        low, high = intervals(mean, axis=0)
        rows.append(
            LearningCurve(
                model=law.model,
                source=source,
                labels_per_task=r,
                metric=metric.name,
                x=tuple(sizes.tolist()),
                mean=tuple(mean.mean(axis=0).tolist()),
                low=tuple(low.tolist()),
                high=tuple(high.tolist()),
                run_low=tuple(run_low.tolist()),
                run_high=tuple(run_high.tolist()),
                measured=tuple(
                    MeasuredPoint(
                        x=tasks,
                        mean=float(v[:, k].mean()),
                        # One run says nothing of how runs differ.
                        sd=float(v[:, k].std(ddof=1)) if len(v) > 1 else None,
                        runs=len(v),
                    )
                    for tasks, v in measured
                ),
                rises=metric.better == "higher",
            )
        )
    return rows


def _measured(known: Evidence, model: str, source: str, r: int) -> list[tuple[int, Floats]]:
    """Tasks and scores [run, metric] of each cell of r labels a task of one source alone."""
    curves, runs = known.of(model)
    return [
        (c.tasks, cell.scores)
        for c, cell in zip(curves, runs, strict=True)
        if len(c.tranches) == 1
        and (c.tranches[0].source, c.tranches[0].labels_per_task) == (source, r)
    ]


def _more_of_a_biased_source(
    law: Law, market: Market, criterion: Criterion, plan: Plan, seed: int
) -> MoreOfTheJudge | None:
    """What adding ever more of the source with the most shared error does, in one round."""
    if len(market.order) < 2:
        return None

    def shared(name: str) -> float:
        return market.sources[name].posterior.mean().profile.mean_shared

    judge = max(market.order, key=shared)
    most = market.most_tasks(judge, 1)
    others = [
        t
        for o in (plan.recommended, *plan.alternatives)
        for t in (o.curve or ())
        if market.base(t.source) != judge
    ]
    if not others or most < market.smallest:
        return None
    fixed = max(others, key=lambda t: t.tasks)
    fixed = Tranche(fixed.source, fixed.tasks, fixed.labels_per_task)
    sizes = np.unique(
        np.concatenate([[0.0], np.geomspace(market.smallest, most, _ADDED)]).round().astype(int)
    )
    curves = [Curve((Tranche(judge, int(n)), fixed) if n else (fixed,)) for n in sizes]
    outcomes = _outcomes(law, market, curves, Stream.MORE_OF_THE_JUDGE.rng(seed), _PASSES)
    chances = pass_chances(outcomes, criterion, law.metrics)
    worst = _most_binding(law, outcomes.mean, criterion)
    return MoreOfTheJudge(
        fixed=str(Curve((fixed,))),
        source=judge,
        metric=law.metrics[worst].name,
        x=tuple(sizes.tolist()),
        error=tuple(
            Interval.of(Estimate.from_draws(outcomes.mean[:, i, worst])) for i in range(len(sizes))
        ),
        p=tuple(_mean_and_interval(chances[:, i]) for i in range(len(sizes))),
    )


def _hostile(
    law: Law, market: Market, criterion: Criterion, plan: Plan, seed: int
) -> HostileLabels | None:
    """What a hostile share of all labels would do to the recommended curve."""
    curve = plan.recommended.curve
    if not law.attacked or curve is None:
        return None
    there = [wholly_attacked(market, share) for share in HOSTILE_SHARES]
    # The same luck for every share: what differs is what the hostile labels do.
    outcomes = law.outcomes(
        [resolved for m in there for resolved in m.resolve([curve])],
        Stream.HOSTILE_AND_SITUATIONS.rng(seed),
        draws=_HOSTILE_DRAWS,
        runs=_PASSES,
        half=REPORT,
        common=True,
    )
    chances = pass_chances(outcomes, criterion, law.metrics)
    attack = next((k for k, m in enumerate(law.metrics) if m.kind == "attack"), None)

    def estimates(k: int) -> tuple[Interval, ...]:
        return tuple(Interval.of(Estimate.from_draws(mean)) for mean in outcomes.mean[:, :, k].T)

    return HostileLabels(
        curve=str(curve),
        trigger=None if market.trigger is None else market.trigger.words,
        cells=law.attacked,
        shares=HOSTILE_SHARES,
        error=estimates(0),
        attack=() if attack is None else estimates(attack),
        p=tuple(_mean_and_interval(p) for p in chances.T),
    )


def _most_binding(law: Law, mean: NDArray[np.floating[Any]], criterion: Criterion) -> int:
    """The error whose threshold is missed by most at the end of the line.

    Of other metrics, which gaps in other units cannot be compared with, only where none is an
    error.
    """
    limits, better = criterion.thresholds(law.metrics), signs(law.metrics)
    errors = np.array([m.kind == "error" for m in law.metrics])
    asked = np.isfinite(limits) & (errors if errors.any() else True)
    gap = better * (mean[:, -1].mean(axis=0) - limits)
    return int(np.argmax(np.where(asked, gap, -np.inf)))


def _needed(
    law: Law, market: Market, criterion: Criterion, plan: Plan, seed: int, *, own: bool
) -> ModelNeed:
    """How far the recommended mixture must be scaled, up or down, for an even chance.

    The number is that of the mean of pi; its interval is the posterior of each draw's own number.
    Of the model that the plan is about (``own``) P is the plan's.
    """
    curve = plan.recommended.curve
    if curve is None:
        raise ValueError("a plan without a curve")
    curves = [scaled(curve, k) for k in _SCALES]
    rng = Stream.NEEDED_TASKS.rng(seed)
    outcomes = law.outcomes(
        market.resolve(curves), rng, draws=_DRAWS, runs=_PASSES, half=REPORT, common=True
    )
    pi = pass_chances(outcomes, criterion, law.metrics)
    tasks = np.array([float(c.tasks) for c in curves])
    needed = _first(pi.mean(axis=0), tasks)
    # Order statistics: some draws are infinite.
    low, high = np.quantile([_first(row, tasks) for row in pi], TAILS, method="nearest")
    p = float(np.interp(1.0, _SCALES, pi.mean(axis=0)))
    if own and plan.recommended.forecast is not None:
        p = plan.recommended.forecast.p.value
    reached = np.isfinite(needed)
    return ModelNeed(
        name=law.model,
        tasks_needed=round(needed) if reached else None,
        low=round(min(low, needed)) if reached else None,
        high=round(max(high, needed)) if reached and np.isfinite(high) else None,
        p=p,
        note=f"P = {p:.2f} on the recommended purchase"
        if reached
        else f"P stays below one half up to {_MOST_SCALE:g} times the recommended purchase",
    )


def _first(p: Floats, tasks: Floats) -> float:
    """Tasks at which P first reaches one half, between two sizes by interpolation; else no end."""
    enough = np.flatnonzero(p >= _NEEDED_P)
    if not len(enough):
        return float("inf")
    k = int(enough[0])
    if k == 0:
        return float(tasks[0])
    share = (_NEEDED_P - p[k - 1]) / (p[k] - p[k - 1])
    return float(np.exp(np.log(tasks[k - 1]) + share * np.log(tasks[k] / tasks[k - 1])))


def _outcomes(
    law: Law, market: Market, curves: Sequence[Curve], rng: np.random.Generator, runs: int = _RUNS
) -> Outcomes:
    return law.outcomes(market.resolve(curves), rng, draws=_DRAWS, runs=runs, half=REPORT)


def _mean_and_interval(pi: Floats) -> MeanInterval:
    low, high = interval(pi)
    return MeanInterval(mean=float(pi.mean()), low=low, high=high)
