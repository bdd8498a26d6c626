"""How forecasts of runs came out: each run, in its order, is forecast from those before it.

The law is fitted anew at a few places on the way; between them its families, weights and scales
stay, and the runs that came since are added exactly. No forecast has seen its own run, or one that
came later.
Reference: Dawid (1984), Statistical theory: the prequential approach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.demand.response import FEWEST_RUNS, baselines_of, fit_response, points_of
from suffice.estimate import Estimate, interval
from suffice.forecast._probability import estimate, pass_chances

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.demand.response import Points
    from suffice.demand.runs.tables import RunTable
    from suffice.forecast._criterion import Criterion
    from suffice.metric import Metric
    from suffice.progress import Progress

    Floats = NDArray[np.float64]

FIRST = 8
"""Runs that are seen before the first is forecast: chosen, the least that tell trends from luck."""

_GROWTH = 1.5
"""Times as many runs as at the last fit, after which the law is fitted anew. Chosen for time."""

_BLOCKS = 24
"""Steps in which the runs are gone through at most: those of one step are forecast together, from
the runs before the step. Chosen for time; up to so many runs every step is one run."""

_DRAWS, _RUNS = 256, 400
"""Of the posterior, and residuals behind each P. Chosen for time."""


@dataclass(frozen=True)
class RunForecast:
    """One run as it was forecast, and as it came out.

    Attributes:
        run: its id.
        place: in the order of the table, from 0.
        before: runs that the forecast rests on.
        p: chance that it meets the criterion.
        means, lows, highs: of each metric, with the interval for a single run.
        baselines: what each baseline foretold of each metric, and its P, by name.
        reached: what it came to [metric].
        met: whether it met the criterion.
    """

    run: str
    place: int
    before: int
    p: Estimate
    means: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    baselines: Mapping[str, tuple[tuple[float, ...], float]]
    reached: tuple[float, ...]
    met: bool


def prequential(
    table: RunTable,
    metrics: Sequence[Metric],
    criterion: Criterion,
    *,
    stated: Mapping[str, float] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[RunForecast, ...]:
    """Forecast each run of a table from those before it; the first few only start it off."""
    from suffice.progress import SilentProgress

    at = [table.metric(m.name) for m in metrics]
    whole = np.flatnonzero(np.isfinite(table.values[:, at]).all(axis=1) & table.done)
    used = table.take(whole)
    first = max(FIRST, FEWEST_RUNS)
    if len(used) <= first:
        return ()
    starts = _starts(first, len(used))
    made: list[RunForecast] = []
    fitted_at = 0
    with (progress or SilentProgress()).step("check", total=len(starts)) as step:
        for begin, end in zip(starts, [*starts[1:], len(used)], strict=True):
            seen, coming = used.take(np.arange(begin)), used.take(np.arange(begin, end))
            if not fitted_at or begin >= _GROWTH * fitted_at:
                law = fit_response(seen, metrics, stated=stated, seed=seed)
                fitted_at = begin
            else:
                law = law.given(seen)
            points = points_of(coming, law.cells)
            rng = Stream.PREQUENTIAL.rng(seed, begin)
            outcomes = law.at([points], rng, draws=_DRAWS, runs=_RUNS)
            chances = pass_chances(outcomes, criterion, tuple(metrics))
            simple = _simple(
                points_of(seen, law.cells), seen.values[:, at], points, metrics, criterion
            )
            for k in range(end - begin):
                runs = outcomes.runs(k).reshape(-1, len(metrics))
                ends = [interval(runs[:, m]) for m in range(len(metrics))]
                reached = coming.values[k, at]
                made.append(
                    RunForecast(
                        coming.ids[k],
                        begin + k,
                        begin,
                        estimate(chances[:, k]),
                        tuple(runs.mean(axis=0).tolist()),
                        tuple(low for low, _ in ends),
                        tuple(high for _, high in ends),
                        {name: (tuple(v[k].tolist()), float(p[k])) for name, v, p in simple},
                        tuple(reached.tolist()),
                        bool(criterion.met(reached[None, :], tuple(metrics))[0]),
                    )
                )
            step.advance()
    return tuple(made)


def _starts(first: int, count: int) -> list[int]:
    steps = min(_BLOCKS, count - first)
    return sorted({first + (count - first) * k // steps for k in range(steps)})


def _simple(
    seen: Points, values: Floats, points: Points, metrics: Sequence[Metric], criterion: Criterion
) -> list[tuple[str, Floats, Floats]]:
    """Every baseline's values [run, metric] and P [run]; metrics err independently."""
    from scipy.special import ndtr

    limits = criterion.thresholds(metrics)
    by_metric = [baselines_of(seen, values[:, m]) for m in range(len(metrics))]
    found = []
    for k, one in enumerate(by_metric[0]):
        means = np.stack([by_metric[m][k].predict(points) for m in range(len(metrics))], axis=1)
        p = np.ones(len(points))
        for m, metric in enumerate(metrics):
            if np.isfinite(limits[m]):
                p = p * ndtr(metric.sign * (limits[m] - means[:, m]) / by_metric[m][k].sd)
        found.append((one.name, means, p))
    return found


@dataclass(frozen=True)
class Score:
    """How one way of forecasting came out over the runs.

    Attributes:
        name: of the way.
        rmse: of the metric that the criterion limits, or the first.
        brier: of the P that a run meets the criterion.
        skill: share of the base rate's Brier score that it does away with; None where all runs
            met the criterion, or none did.
    """

    name: str
    rmse: float
    brier: float
    skill: float | None


@dataclass(frozen=True)
class Record:
    """How all forecasts came out.

    Attributes:
        runs: that were forecast.
        met: of them.
        covered: share of values inside their 90 % interval, by metric.
        scores: the law's first, then the baselines'.
        metric: whose error the scores tell.
    """

    runs: int
    met: int
    covered: Mapping[str, float]
    scores: tuple[Score, ...]
    metric: str


def record_of(
    made: Sequence[RunForecast], metrics: Sequence[Metric], criterion: Criterion
) -> Record:
    """Scores of the law and of the baselines on the same runs."""
    limits = criterion.thresholds(metrics)
    main = int(np.flatnonzero(np.isfinite(limits))[0]) if np.isfinite(limits).any() else 0
    reached = np.array([f.reached for f in made])
    met = np.array([f.met for f in made], dtype=float)
    base = float(met.mean() * (1.0 - met.mean()))

    def score(name: str, values: Floats, p: Floats) -> Score:
        brier = float(((p - met) ** 2).mean())
        rmse = float(np.sqrt(((values - reached[:, main]) ** 2).mean()))
        return Score(name, rmse, brier, 1.0 - brier / base if base > 0.0 else None)

    scores = [
        score(
            "suffice",
            np.array([f.means[main] for f in made]),
            np.array([f.p.value for f in made]),
        )
    ]
    for name in made[0].baselines:
        scores.append(
            score(
                name,
                np.array([f.baselines[name][0][main] for f in made]),
                np.array([f.baselines[name][1] for f in made]),
            )
        )
    lows, highs = np.array([f.lows for f in made]), np.array([f.highs for f in made])
    inside = ((reached >= lows) & (reached <= highs)).mean(axis=0)
    return Record(
        len(made),
        int(met.sum()),
        {m.name: float(c) for m, c in zip(metrics, inside, strict=True)},
        tuple(scores),
        metrics[main].name,
    )
