"""Fit every family to every metric, and average them by how they foretold what they had not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.response._families import Additive, Frame, Smooth
from suffice.demand.response._gaussian import Posterior, sample_family
from suffice.demand.response._points import Observed, Points
from suffice.demand.response._saturating import Saturating
from suffice.demand.response._transform import Transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand.response._gaussian import Family, Fitted, Sampled
    from suffice.metric import Metric

    Floats = NDArray[np.float64]

DRAWS = 512
"""Of each family's posterior, in two halves. Chosen: ends of a 90 % interval are then off by some
hundredth of a probability."""

_NOISE = (np.log(0.3), 1.0)
"""Prior of the log sd of runs in units of a metric's sd over cells, where no repeats tell it: in
public tables with repeats it lies mostly between a tenth and all of it. Chosen, wide."""

_FEWEST_BEYOND, _LEVELS = 6, 4
"""Cells that a forecast beyond the largest is tried on at least, and different sizes needed for
it. Chosen."""

_HELD_BEYOND = 0.3
"""Share of the sizes that are held out, the largest. Chosen."""

_PRIOR_COUNT = 1.0
"""Cells that an even weighting of the families counts for in stacking. Chosen: with few cells no
family is ruled out."""

_STEPS = 200
"""Of the search for the weights, which has mostly ended by then. Chosen."""

_WIDENING_COUNT = 8.0
"""Cells that "widths are right as they are" counts for. Chosen."""

_MOST_WIDENING = 3.0
"""Intervals are widened so much at most; beyond, the law is wrong and not only too sure. Chosen."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Families of one metric that share a scale, and how much each counts.

    Attributes:
        transform: the scale.
        samples: one a family.
        inside, beyond: weights among the cells, and beyond the largest [family].
        left_out: mean and sd of each cell as the average foretells it from the others, in the
            metric's units [cell], [cell].
        widths: by how much intervals among the cells and beyond them are widened.
    """

    transforms: tuple[Transform, ...]
    samples: tuple[Sampled, ...]
    inside: Floats
    beyond: Floats
    left_out: tuple[Floats, Floats]
    log_score: float
    widths: tuple[float, float]
    sees_beyond: bool


def families_of(frame: Frame, *, quick: bool = False) -> list[tuple[Family, bool]]:
    """Families that suit some cells, and whether each wants the metric as it is."""
    varied = frame.varied
    settings = ("factors", "numbers", "size")
    found: list[tuple[Family, bool]] = [(Additive("mean", frame, ("factors",)), False)]
    shapes: list[tuple[str, tuple[str, ...]]] = [
        ("linear", ("linear", "total", *settings)),
        ("linear and root", ("linear", "root", "total", *settings)),
        ("additive", ("linear", "root", "counts", "total", "meet", "bend", *settings)),
    ]
    for name, parts in shapes:
        law = Additive(name, frame, parts)
        if not law.empty:
            found.append((law, False))
    full = Additive("smooth", frame, ("linear", "root", "total", "meet", *settings))
    if not full.empty and not quick:
        found.append((Smooth("smooth", full), False))
    if varied["total"] or varied["size"]:
        found.append((Saturating("saturating", frame), True))
    return found


def observe(
    transform: Transform,
    values: Floats,
    cell: NDArray[np.int64],
    errors: Floats | None,
    metric: Metric,
    relative: Floats | None = None,
) -> Observed:
    """Runs of one metric as means of cells on a law's scale.

    Args:
        transform: to that scale.
        values: of the runs [run].
        cell: of each run [run].
        errors: standard error of each value by its evaluation; nan where unknown [run].
        metric: says how many evaluation items stand behind a value.
        relative: variance of runs of a cell against the average cell's [cell].
    """
    z = transform.to(values)
    count = np.bincount(cell).astype(float)
    mean = np.bincount(cell, z) / count
    h = np.ones(len(count)) if relative is None else relative
    within = float(((z - mean[cell]) ** 2 / h[cell]).sum())
    freedom = int((count - 1.0).sum())
    slope = transform.slope(values)
    known = np.zeros(len(values))
    if errors is not None:
        known = np.where(np.isfinite(errors), errors, 0.0) ** 2
    elif metric.items and metric.is_share and not freedom:
        share = np.clip(values, 0.0, 1.0)
        known = share * (1.0 - share) / metric.items
    variance = np.bincount(cell, known * slope**2) / count**2
    # What repeats show holds the noise of evaluation already.
    variance = variance if errors is not None or not freedom else np.zeros_like(variance)
    return Observed(mean, count, variance, within, freedom, h)


def fit_metric(
    points: Points,
    frame: Frame,
    values: Floats,
    cell: NDArray[np.int64],
    errors: Floats | None,
    metric: Metric,
    rng: np.random.Generator,
    relative: Floats | None = None,
) -> Stack:
    """All families of one metric."""
    means = np.bincount(cell, values) / np.bincount(cell)
    transforms, samples, scores, mu, sd = [], [], [], [], []
    kept = families_of(frame)
    for family, plain in kept:
        transform = Transform.of(metric, means, plain=plain)
        seen = observe(transform, values, cell, errors, metric, relative)
        found = sample_family(family, points, seen, _NOISE, rng, draws=DRAWS)
        transforms.append(transform)
        samples.append(found)
        scores.append(found.log_scores + np.log(transform.slope(means)))
        m, s = transform.moments(*found.left_out)
        mu.append(m)
        sd.append(s)
    inside = stack(np.stack(scores))
    beyond, beyond_width, sees = _beyond(points, frame, kept, values, cell, errors, metric, rng,
                                         relative, inside)
    mean, spread = _mixture(np.stack(mu), np.stack(sd), inside)
    width = _widening((means - mean) / spread)
    log_score = float(
        np.log((inside[:, None] * np.exp(np.stack(scores))).sum(axis=0) + 1e-300).mean()
    )
    return Stack(
        tuple(transforms),
        tuple(samples),
        inside,
        beyond,
        (mean, spread * width),
        log_score,
        (width, max(width, beyond_width)),
        sees,
    )


def _beyond(  # noqa: PLR0913
    points, frame, families, values, cell, errors, metric, rng, relative, inside
):
    """Weights of the families where they forecast beyond the largest cells they saw."""
    held = held_beyond(points)
    if held is None:
        return inside, 1.0, False
    means = np.bincount(cell, values) / np.bincount(cell)
    seen_cells = np.flatnonzero(~held)
    number = np.full(len(held), -1)
    number[seen_cells] = np.arange(len(seen_cells))
    runs = ~held[cell]
    fewer = points.take(seen_cells)
    small = Frame(fewer, frame.capacity, frame.sizes)
    again = {f.name: (f, plain) for f, plain in families_of(small)}
    scores, mu, sd = [], [], []
    target = points.take(held)
    for family, _ in families:
        if family.name not in again:
            scores.append(np.full(int(held.sum()), -1e3))
            mu.append(np.zeros(int(held.sum())))
            sd.append(np.ones(int(held.sum())))
            continue
        law, plain = again[family.name]
        transform = Transform.of(metric, means[~held], plain=plain)
        seen = observe(
            transform, values[runs], number[cell[runs]],
            None if errors is None else errors[runs], metric,
            None if relative is None else relative[~held],
        )
        drawn = sample_family(law, fewer, seen, _NOISE, rng, draws=64)
        fitted = drawn.fitted(
            rng.standard_normal((64, 4000 if law.fixed_columns else 400)),
            rng.standard_normal((64, len(seen_cells))),
        )
        at = fitted.mean(target, slice(None))
        count = np.bincount(cell)[held]
        h = np.ones(len(count)) if relative is None else relative[held]
        noise = fitted.sigma[:, None] ** 2 * h / count + (
            fitted.tau[:, None] ** 2 if seen.freedom else 0.0
        )
        center, variance = at.mean(axis=0), at.var(axis=0) + noise.mean(axis=0)
        z = transform.to(means[held])
        scores.append(
            -0.5 * np.log(2 * np.pi * variance) - 0.5 * (z - center) ** 2 / variance
            + np.log(transform.slope(means[held]))
        )
        m, s = transform.moments(center, np.sqrt(variance))
        mu.append(m)
        sd.append(s)
    # Cells beyond stand together: their errors are nearly one. They count as half of their number.
    tempered = np.stack(scores)
    weights = stack(tempered)
    mean, spread = _mixture(np.stack(mu), np.stack(sd), weights)
    return weights, _widening((means[held] - mean) / spread), True


def held_beyond(points: Points) -> NDArray[np.bool_] | None:
    """Cells of the largest totals, or else of the largest models, to try forecasts on."""
    total = np.log(np.maximum(points.total, 1e-12))
    for axis in (total, points.size):
        if not np.isfinite(axis).all():
            continue
        levels = np.unique(np.round(axis, 6))
        if len(levels) < _LEVELS or levels[-1] - levels[0] < np.log(2.0):
            continue
        # The largest: a third of the range of logs.
        cut = levels[-1] - _HELD_BEYOND * (levels[-1] - levels[0])
        held = axis > cut
        if held.sum() >= _FEWEST_BEYOND and (~held).sum() >= _FEWEST_BEYOND:
            return np.asarray(held)
    return None


def stack(scores: Floats) -> Floats:
    """Weights of families by the log density that each gave to what it had not seen [family].

    Reference: Yao, Vehtari, Simpson and Gelman (2018), Using stacking to average Bayesian
    predictive distributions.
    """
    density = np.exp(scores - scores.max(axis=0))
    k = len(scores)
    weights = np.full(k, 1.0 / k)
    for _ in range(_STEPS):
        share = weights[:, None] * density
        share /= share.sum(axis=0)
        weights = (share.sum(axis=1) + _PRIOR_COUNT / k) / (scores.shape[1] + _PRIOR_COUNT)
    return np.asarray(weights)


def _mixture(means: Floats, sds: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Mean and sd of a mixture of families [cell], [cell]."""
    w = weights[:, None]
    mean = (w * means).sum(axis=0)
    variance = (w * (sds**2 + means**2)).sum(axis=0) - mean**2
    return mean, np.sqrt(np.maximum(variance, 1e-18))


def _widening(z: Floats) -> float:
    """By how much intervals that left these standardised errors are too narrow."""
    square = np.minimum(z**2, 9.0)
    mean = float((square.sum() + _WIDENING_COUNT) / (len(z) + _WIDENING_COUNT))
    return float(np.clip(np.sqrt(mean), 0.9, _MOST_WIDENING))
