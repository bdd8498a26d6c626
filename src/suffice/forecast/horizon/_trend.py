"""The short-run trend: labels that measured models need, from their laws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._slope import Slopes, fit_slope
from suffice.curve import Curve, Tranche
from suffice.forecast._probability import pass_chances
from suffice.forecast.horizon._drivers import MeasuredChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand import Law
    from suffice.forecast._criterion import Criterion

    Floats = NDArray[np.float64]

_POINTS = 48
"""Sizes at which a law is asked, evenly spaced in log; between two of them P is interpolated."""
_DRAWS, _RUNS = 300, 200
"""Leave P a Monte Carlo sd of .034 (`tools/bench_monte_carlo.py`), far less than what the models of
a trend differ by."""
_FEWEST = 5.0
"""Labels at which a law is first asked: chosen, fewer than any grid trains on."""
_BEYOND = 3.0
"""How far beyond the largest measured purchase the law is asked: farther out it is *far*."""
_CLEAR = 0.84
"""Quantile that lies one sd above the middle of a normal: the spread of log labels that the line's
fit takes for a sd."""
_SCATTER = 0.2
"""Scale of the prior of how far models lie from the line: chosen, a factor of 1.6 in labels."""

LEVELS = (0.05, 0.5, 0.95)
"""The 90 % band and its middle."""


@dataclass(frozen=True, eq=False)
class TrendPoint:
    """What one measured model needs of one source.

    Attributes:
        model: its name.
        decades: log10 of its scale against the target model's.
        labels: draws of the labels needed; infinite where ``most`` do not do [draw].
        most: the largest number of labels that the law was asked about.
    """

    model: str
    decades: float
    labels: Floats
    most: float


@dataclass(frozen=True, eq=False)
class Trend:
    """Measured models along the scale, and the line through them.

    Attributes:
        source: whose labels.
        points: by scale.
        line: of log10 labels against decades; None where no model reached the criterion.
    """

    source: str
    points: tuple[TrendPoint, ...]
    line: Slopes | None

    def change(self, rng: np.random.Generator) -> MeasuredChange | None:
        """What the line says from today's model on; None for fewer than two points on it.

        A model above or below the line says little of the next one, which falls back to the line
        and scatters about it by tau.
        """
        if self.line is None or self.line.points < 2:
            return None
        line, today = self.line, next(p for p in self.points if p.decades == 0.0)
        if not np.isfinite(today.labels).any():
            return None
        count = len(line.slope)
        now = np.log10(rng.choice(today.labels[np.isfinite(today.labels)], count))
        scatter = line.width * rng.standard_normal(count)
        return MeasuredChange(line.slope, line.level - now + scatter)

    @property
    def span(self) -> float:
        """Decades between the smallest and the largest measured model."""
        at = [p.decades for p in self.points]
        return max(at) - min(at)


def labels_needed(
    law: Law, source: str, criterion: Criterion, target: float, rng: np.random.Generator
) -> tuple[Floats, float]:
    """Draws of the labels of one source with which P reaches ``target``, and the most asked about.

    Model: the chance pi(n) rises with n, so Pr(needed <= n) = Pr(pi(n) >= target), read off the
    law's posterior at each n; draws come from that distribution. What is not reached within three
    times the largest measured purchase is infinite; of cells that were measured on other models,
    only those count that the law itself holds to be *inside*: a transferred law knows a size that
    all known models were measured at.
    Fails when: pi falls with n (shared error taught by ever more labels); the running maximum
    then stands for it.
    """
    inside = [c for c in law.curves if law.distance(c) == "inside"] or law.curves
    sizes = [c.tasks for c in inside if {t.source for t in c} == {source}]
    largest = max(sizes, default=max(c.tasks for c in inside))
    grid = np.unique(np.geomspace(_FEWEST, _BEYOND * largest, _POINTS).round().astype(int))
    curves = [Curve((Tranche(source, int(n)),)) for n in grid]
    outcomes = law.outcomes(curves, rng, draws=_DRAWS, runs=_RUNS)
    enough = (pass_chances(outcomes, criterion, law.metrics) >= target).mean(axis=0)
    reached = np.maximum.accumulate(enough)
    level = rng.random(4 * _DRAWS)
    at = np.interp(level, np.concatenate([[0.0], reached]), np.log10([1.0, *grid]))
    return np.where(level <= reached[-1], 10.0**at, np.inf), float(grid[-1])


def measured_trend(
    laws: Sequence[tuple[float, Law]],
    source: str,
    criterion: Criterion,
    target: float,
    prior: tuple[float, float],
    rng: np.random.Generator,
) -> Trend:
    """Labels that each measured model needs, and how that changes with scale.

    Args:
        laws: (decades against the target model, law).
        source: whose labels.
        criterion: what must be met.
        target: with which chance.
        prior: mean and sd of the slope, log10 labels a decade.
        rng: the only source of chance.
    """
    points = []
    for decades, law in sorted(laws, key=lambda pair: pair[0]):
        labels, most = labels_needed(law, source, criterion, target, rng)
        points.append(TrendPoint(law.model, decades, labels, most))
    return Trend(source, tuple(points), fit_trend(points, prior, rng))


def fit_trend(
    points: Sequence[TrendPoint], prior: tuple[float, float], rng: np.random.Generator
) -> Slopes | None:
    """The line through log10 labels; a model that did not get there lies above what was asked."""
    x, y, variance, above = [], [], [], []
    for p in points:
        reached = float(np.isfinite(p.labels).mean())
        if reached < 0.5:
            above.append((p.decades, float(np.log10(p.most))))
            continue
        low, middle, high = quantiles(np.log10(p.labels), (1.0 - _CLEAR, 0.5, _CLEAR))
        spread = 0.5 * (high - low) if np.isfinite(high) else middle - low
        x.append(p.decades)
        y.append(middle)
        variance.append(max(spread, 1e-3) ** 2)
    if not x:
        return None
    return fit_slope(
        np.array(x), np.array(y), np.diag(variance), rng, prior=prior, width=_SCATTER, above=above
    )


def quantiles(values: Floats, levels: Sequence[float]) -> list[float]:
    """Quantiles of draws of which some are infinite: order statistics, never a mean of two."""
    ordered = np.sort(values)
    places = [min(int(level * len(ordered)), len(ordered) - 1) for level in levels]
    return [float(ordered[k]) for k in places]


def band(values: Floats) -> tuple[float, float, float]:
    """(low, median, high) of draws, 90 % between the ends."""
    low, median, high = quantiles(values, LEVELS)
    return low, median, high


def point_band(point: TrendPoint) -> tuple[float, float, float]:
    """(low, median, high) of the labels that a measured model needs; infinite if not reached."""
    return band(point.labels)
