"""Fit every family to every metric, and average them by how they foretold what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.response._families import Additive, Frame, Smooth
from suffice.demand.response._gaussian import sample_family
from suffice.demand.response._points import Observed
from suffice.demand.response._saturating import Saturating
from suffice.demand.response._transform import Transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand.response._gaussian import Family, Sampled
    from suffice.demand.response._points import Points
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

_PRIOR = {
    "mean": 0.1,
    "linear": 0.3,
    "linear and root": 0.2,
    "additive": 0.1,
    "smooth": 0.15,
    "saturating": 0.15,
}
_PRIOR_COUNT = 2.0
"""What the families weigh before any run is seen, simple ones more, and the cells that this counts
for in stacking. Chosen: with few cells no family is ruled out, and of two that foretell alike the
simpler one is taken."""

_STEPS = 200
"""Of the search for the weights, which has mostly ended by then. Chosen."""

_WIDENING_COUNT = 8.0
"""Cells that "widths are right as they are" counts for. Chosen."""

_CHOSEN = 0.8
"""Intervals are widened by this over the root of the number of cells, as scales and weights were
chosen on the cells that are left out: 12 % for 48 made-up runs, where fresh ones called for 10."""

_MOST_WIDENING = 3.0
"""Intervals are widened so much at most; beyond, the law is wrong and not only too sure. Chosen."""


_UNTRIED = 1.5
"""Intervals beyond the largest cells are wider by so much where too few sizes were measured to try
such forecasts. Chosen: about what trials call for on public tables (1.2 to 1.7)."""

_TRIALS = 64
"""Draws of each family that is tried beyond. Chosen for time: they make a weight, no forecast."""

_LEAST, _IMPOSSIBLE = 1e-300, -1e3
"""Keep logs numbers, and rule out a family that cannot be fitted to fewer cells."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Families of one metric, and how much each counts.

    Attributes:
        transforms: the scale of each family.
        samples: draws of each family's parameters.
        inside, beyond: weights among the cells, and beyond the largest [family].
        left_out: mean and sd of each cell as the average foretells it from the others, in the
            metric's units [cell], [cell].
        log_score: mean log density of the cells, each foretold from the others.
        widths: by how much intervals among the cells and beyond them are widened.
    """

    transforms: tuple[Transform, ...]
    samples: tuple[Sampled, ...]
    inside: Floats
    beyond: Floats
    left_out: tuple[Floats, Floats]
    log_score: float
    widths: tuple[float, float]


def families_of(frame: Frame) -> list[tuple[Family, bool]]:
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
    if not full.empty:
        found.append((Smooth("smooth", full), False))
    if varied["total"] or varied["size"]:
        found.append((Saturating("saturating", frame), True))
    return found


@dataclass(frozen=True, eq=False)
class Scored:
    """Runs of one metric, and where they lie.

    Attributes:
        points: one a cell.
        values: of the runs [run].
        cell: of each run [run].
        errors: standard error of each value by its evaluation, nan where unknown; None where none
            is known [run].
        metric: what the values are of.
    """

    points: Points
    values: Floats
    cell: NDArray[np.int64]
    errors: Floats | None
    metric: Metric

    @property
    def means(self) -> Floats:
        """Mean of each cell's runs [cell]."""
        return np.asarray(np.bincount(self.cell, self.values) / np.bincount(self.cell))

    def take(self, kept: NDArray[np.bool_]) -> Scored:
        """The same of some cells."""
        number = np.full(len(kept), -1)
        number[kept] = np.arange(int(kept.sum()))
        runs = kept[self.cell]
        errors = None if self.errors is None else self.errors[runs]
        return Scored(
            self.points.take(kept), self.values[runs], number[self.cell[runs]], errors, self.metric
        )

    def on(self, transform: Transform) -> Observed:
        """Means of cells on a law's scale, with what is known of their noise."""
        z = transform.to(self.values)
        count = np.bincount(self.cell).astype(float)
        mean = np.bincount(self.cell, z) / count
        within = float(((z - mean[self.cell]) ** 2).sum())
        freedom = int((count - 1.0).sum())
        known, metric = np.zeros(len(z)), self.metric
        if self.errors is not None:
            known = np.where(np.isfinite(self.errors), self.errors, 0.0) ** 2
        elif metric.items and metric.is_share and not freedom:
            # What repeats show holds the noise of evaluation already.
            share = np.clip(self.values, 0.0, 1.0)
            known = share * (1.0 - share) / metric.items
        slope = transform.slope(self.values)
        variance = np.bincount(self.cell, known * slope**2) / count**2
        return Observed(mean, count, variance, within, freedom)


def fit_metric(scored: Scored, frame: Frame, rng: np.random.Generator) -> Stack:
    """All families of one metric.

    Args:
        scored: its runs.
        frame: what is fixed of their cells.
        rng: the only source of chance.
    """
    means = scored.means
    transforms, samples, scores, mu, sd = [], [], [], [], []
    families = families_of(frame)
    for family, plain in families:
        transform = Transform.of(scored.metric, means, plain=plain)
        found = sample_family(family, scored.points, scored.on(transform), _NOISE, rng, draws=DRAWS)
        transforms.append(transform)
        samples.append(found)
        scores.append(found.log_scores + np.log(transform.slope(means)))
        m, s = transform.moments(*found.left_out)
        mu.append(m)
        sd.append(s)
    names = [f.name for f, _ in families]
    inside = stack(np.stack(scores), names)
    further = _beyond(scored, frame, families, rng)
    beyond, beyond_width = further or (inside, _UNTRIED)
    mean, spread = _mixture(np.stack(mu), np.stack(sd), inside)
    width = _widening((means - mean) / spread)
    density = (inside[:, None] * np.exp(np.stack(scores))).sum(axis=0)
    return Stack(
        tuple(transforms),
        tuple(samples),
        inside,
        beyond,
        (mean, spread * width),
        float(np.log(density + _LEAST).mean()),
        (width, max(width, beyond_width)),
    )


def _beyond(
    scored: Scored,
    frame: Frame,
    families: Sequence[tuple[Family, bool]],
    rng: np.random.Generator,
) -> tuple[Floats, float] | None:
    """Weights of the families beyond the largest cells they saw, and how wide to be there.

    None where too few sizes were measured to try.
    """
    held = held_beyond(scored.points)
    if held is None:
        return None
    fewer, target = scored.take(~held), scored.points.take(held)
    again = {
        f.name: (f, plain)
        for f, plain in families_of(Frame(fewer.points, frame.capacity, frame.sizes))
    }
    y, count = scored.means[held], np.bincount(scored.cell)[held]
    scores, mu, sd = [], [], []
    for family, _ in families:
        if family.name not in again:
            scores.append(np.full(len(y), _IMPOSSIBLE))
            mu.append(np.full(len(y), float(fewer.means.mean())))
            sd.append(np.ones(len(y)))
            continue
        law, plain = again[family.name]
        transform = Transform.of(scored.metric, fewer.means, plain=plain)
        seen = fewer.on(transform)
        drawn = sample_family(law, fewer.points, seen, _NOISE, rng, draws=_TRIALS)
        width = len(law.scales(drawn.theta[0]))
        fitted = drawn.fitted(
            rng.standard_normal((_TRIALS, width)), rng.standard_normal((_TRIALS, len(seen.mean)))
        )
        at = fitted.mean(target, slice(None))
        noise = fitted.sigma[:, None] ** 2 / count
        if seen.freedom:
            noise = noise + fitted.tau[:, None] ** 2
        center, variance = at.mean(axis=0), at.var(axis=0) + noise.mean(axis=0)
        off = (transform.to(y) - center) ** 2 / variance
        scores.append(-0.5 * (np.log(2.0 * np.pi * variance) + off) + np.log(transform.slope(y)))
        m, s = transform.moments(center, np.sqrt(variance))
        mu.append(m)
        sd.append(s)
    weights = stack(np.stack(scores), [f.name for f, _ in families])
    mean, spread = _mixture(np.stack(mu), np.stack(sd), weights)
    return weights, _widening((y - mean) / spread)


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


def stack(scores: Floats, names: Sequence[str]) -> Floats:
    """Weights of families by the log density that each gave to what it had not seen [family].

    Args:
        scores: log densities [family, cell].
        names: of the families.

    Reference: Yao, Vehtari, Simpson and Gelman (2018), Using stacking to average Bayesian
    predictive distributions.
    """
    density = np.exp(scores - scores.max(axis=0))
    prior = np.array([_PRIOR[name] for name in names])
    prior = prior / prior.sum()
    weights = prior
    for _ in range(_STEPS):
        share = weights[:, None] * density
        share /= share.sum(axis=0)
        weights = (share.sum(axis=1) + _PRIOR_COUNT * prior) / (scores.shape[1] + _PRIOR_COUNT)
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
    chosen = 1.0 + _CHOSEN / np.sqrt(len(z))
    return float(chosen * np.clip(np.sqrt(mean), 1.0, _MOST_WIDENING))
