"""What training showed of all metrics together: families, their weights, and how metrics go along.

Model: each metric is an average of families (``_fit``), whose draws are joined over metrics by the
correlation of what they left unexplained: one model learns all of it from the same labels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.demand.law import Outcomes
from suffice.demand.response._cells import Cells, cells_of
from suffice.demand.response._families import Frame
from suffice.demand.response._fit import DRAWS, Stack, fit_metric
from suffice.demand.response._gaussian import Posterior
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.demand.response._gaussian import Fitted
    from suffice.demand.response._points import Points
    from suffice.demand.runs.tables import RunTable
    from suffice.metric import Metric
    from suffice.progress import Progress

    Floats = NDArray[np.float64]

_LIGHT = 0.01
"""A family of less weight is not drawn from. Chosen: the last place that is printed."""

_SHRUNK = 10.0
"""Cells that "metrics do not go along" counts for. Chosen."""

_POOL = 20.0
"""Runs that a normal shape of their noise counts for, beside the shape they showed. Chosen."""

_JITTER = 0.4
"""Over the fifth root of the number of runs, in sd: what is added to a deviation that was
seen. Chosen narrower than is best for a normal shape (1.06, Silverman 1986), so that two clusters
stay two."""

_BEYOND = 1.05
"""Times the largest measured total or size from which on a place counts as beyond; rounding takes
purchases some per cent over. Chosen, as in ``demand.law``."""


@dataclass(frozen=True, eq=False)
class Response:
    """The law of a table of runs, over all its metrics, models and settings.

    Attributes:
        cells: that it is fitted to.
        frame: what is fixed of their columns.
        stacks: one a metric.
        correlation: of what the laws leave unexplained [metric, metric].
        fitted: draws of each family of each metric; None where it has no weight.
        pool: standardised deviations of runs from the law [run, metric].
        seed: of all draws.
    """

    cells: Cells
    frame: Frame
    stacks: tuple[Stack, ...]
    correlation: Floats
    fitted: tuple[tuple[Fitted | None, ...], ...]
    pool: Floats
    seed: int

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What it is about."""
        return self.cells.metrics

    def given(self, table: RunTable) -> Response:
        """The same families, weights and scales, with the runs of another table behind them.

        For tables that hold a few runs more or less: what is fast is exact given theta.
        """
        cells = cells_of(table, self.metrics, like=self.cells)
        return _drawn(self, cells, self.stacks)

    def at(
        self,
        places: Sequence[Points],
        rng: np.random.Generator,
        *,
        draws: int,
        runs: int,
        half: int | None = None,
        common: bool = False,
    ) -> Outcomes:
        """What runs would give at some points; see ``Law.outcomes``.

        Args:
            places: the same points under each setting that is averaged over: a draw meets one.
            rng, draws, runs, half, common: as there.
        """
        count = len(places[0])
        shape = (draws, count, len(self.metrics))
        mean, spread = np.empty(shape), np.empty(shape)
        each = DRAWS // 2
        if half is None:
            rows = rng.permutation(np.arange(draws) % DRAWS)
        else:
            rows = half * each + rng.permutation(np.arange(draws) % each)
        at = rng.permutation(np.arange(draws) % len(places))
        chosen = (rng.permutation(draws) + rng.random(draws)) / draws
        root = np.linalg.cholesky(self.correlation)
        off = rng.standard_normal((draws, 1 if common else count, len(self.metrics))) @ root.T
        off = np.broadcast_to(off, shape)
        family = np.zeros(draws)
        for place, points in enumerate(places):
            mine = np.flatnonzero(at == place)
            if not len(mine):
                continue
            beyond = self.beyond(points)
            for m, stack in enumerate(self.stacks):
                for out in (False, True):
                    cols = np.flatnonzero(beyond == out)
                    if not len(cols):
                        continue
                    weights = self._weights(m, beyond=out)
                    which = np.searchsorted(np.cumsum(weights)[:-1], chosen[mine])
                    if m == 0 and (not out or len(cols) == count):
                        family[mine] = which
                    for k in np.unique(which):
                        rows_k = mine[which == k]
                        a, b = self._moments(
                            m,
                            int(k),
                            points.take(cols),
                            rows[rows_k],
                            off[np.ix_(rows_k, cols)][..., m],
                            stack.widths[int(out)],
                        )
                        place_at = np.ix_(rows_k, cols)
                        mean[..., m][place_at], spread[..., m][place_at] = a, b
        return Outcomes(mean, spread, self.residuals(runs, rng), family)

    def _moments(
        self, m: int, k: int, points: Points, rows: NDArray[np.int64], off: Floats, width: float
    ) -> tuple[Floats, Floats]:
        """Mean over runs and their spread, by one family of one metric [draw, point]."""
        fitted, transform = self.fitted[m][k], self.stacks[m].transforms[k]
        assert fitted is not None
        z = fitted.mean(points, rows)
        middle = fitted.mean(points, slice(None)).mean(axis=0)
        z = middle + max(width, 1.0) * (z - middle)
        if self.cells.repeats:
            z = z + width * fitted.tau[rows, None] * off
        sigma = np.broadcast_to(width * fitted.sigma[rows, None], z.shape)
        return transform.moments(z, sigma)

    def _weights(self, m: int, *, beyond: bool) -> Floats:
        stack = self.stacks[m]
        weights = stack.beyond if beyond else stack.inside
        kept = np.array([f is not None for f in self.fitted[m]])
        weights = np.where(kept, weights, 0.0)
        return np.asarray(weights / weights.sum())

    def beyond(self, points: Points) -> NDArray[np.bool_]:
        """Whether points have more labels, or a larger model, than any cell [point]."""
        most = float(self.cells.points.total.max())
        out = points.total > _BEYOND * most
        known = self.cells.points.size[np.isfinite(self.cells.points.size)]
        if len(known):
            out |= np.nan_to_num(points.size, nan=-np.inf) > float(known.max()) + np.log(_BEYOND)
        return np.asarray(out)

    def residuals(self, runs: int, rng: np.random.Generator) -> Floats:
        """Joint deviations of runs in units of their spread [run, metric].

        Normal as far as few runs say otherwise; where many fall in two clusters, or have long
        tails, so do these.
        """
        width = len(self.metrics)
        root = np.linalg.cholesky(self.correlation)
        normal = rng.standard_normal((runs, width)) @ root.T
        n = len(self.pool)
        share = n / (n + _POOL)
        drawn = self.pool[rng.integers(n, size=runs)]
        # Jitter: runs to come are none of those that were.
        h = _JITTER * n ** (-0.2)
        drawn = (drawn + h * normal) / np.sqrt(1.0 + h**2)
        mixed = np.where(rng.random(runs)[:, None] < share, drawn, normal)
        mixed = mixed - mixed.mean(axis=0)
        return np.asarray(mixed / np.maximum(mixed.std(axis=0), 1e-9))


def fit_response(
    table: RunTable,
    metrics: Sequence[Metric],
    *,
    stated: Mapping[str, float] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Response:
    """Fit the law of a table of runs.

    Args:
        table: runs that are done.
        metrics: which of its metrics the law is about.
        stated: error of a label, for sources of which it is known.
        seed: of all draws.
        progress: advances by metrics.

    Raises:
        InputError: too few runs have all the metrics.
    """
    cells = cells_of(table, metrics)
    frame = Frame(cells.points, cells.capacity(stated or {}), cells.categories)
    stacks = []
    with (progress or SilentProgress()).step("law", total=len(metrics)) as step:
        for m in range(len(metrics)):
            rng = Stream.RESPONSE.rng(seed, m + 1)
            stacks.append(fit_metric(cells.scored(m), frame, rng))
            step.advance()
    z = np.stack(
        [(cells.means[:, m] - s.left_out[0]) / s.left_out[1] for m, s in enumerate(stacks)],
        axis=1,
    )
    blank = Response(cells, frame, tuple(stacks), _correlation(z), (), z[:1], seed)
    return _drawn(blank, cells, tuple(stacks))


def _drawn(law: Response, cells: Cells, stacks: tuple[Stack, ...]) -> Response:
    """Draws of all weights given theta, with what runs left unexplained."""
    rng = Stream.RESPONSE.rng(law.seed)
    root = np.linalg.cholesky(law.correlation)
    metrics, count = len(stacks), len(cells.points)
    noise = rng.standard_normal((DRAWS, count, metrics)) @ root.T
    fitted: list[list[Fitted | None]] = [[] for _ in stacks]
    names = [s.posterior.family.name for s in stacks[0].samples]
    for k in range(len(names)):
        wide = [len(s.samples[k].posterior.family.scales(s.samples[k].theta[0])) for s in stacks]
        before = rng.standard_normal((DRAWS, max(wide), metrics)) @ root.T
        for m, stack in enumerate(stacks):
            if max(stack.inside[k], stack.beyond[k]) < _LIGHT:
                fitted[m].append(None)
                continue
            old = stack.samples[k]
            sampled = old
            if cells is not law.cells or not law.fitted:
                seen = cells.scored(m).on(stack.transforms[k])
                noise_prior = (old.posterior.prior_mean[-2], old.posterior.prior_sd[-2])
                again = Posterior(old.posterior.family, cells.points, seen, noise_prior)
                sampled = replace(old, posterior=again)
            fitted[m].append(sampled.fitted(before[..., m], noise[..., m]))
    drawn = replace(law, cells=cells, stacks=stacks, fitted=tuple(tuple(f) for f in fitted))
    return replace(drawn, pool=_pool(drawn))


def _pool(law: Response) -> Floats:
    """Deviations of runs from what the law foretold of their cells, standardised [run, metric]."""
    cells, out = law.cells, []
    if cells.repeats:
        for m in range(len(law.metrics)):
            off = cells.values[:, m] - cells.means[cells.cell, m]
            n = np.bincount(cells.cell)[cells.cell]
            # A cell's own mean takes part of the deviation along.
            off = off / np.sqrt(np.maximum(1.0 - 1.0 / n, 1e-9))
            out.append(off[n > 1])
    else:
        for m, stack in enumerate(law.stacks):
            if len(stack.left_out[0]) != len(cells.means):
                return law.pool
            out.append(cells.means[:, m] - stack.left_out[0])
    pool = np.stack(out, axis=1)
    pool = pool - pool.mean(axis=0)
    return np.asarray(pool / np.maximum(pool.std(axis=0), 1e-12))


def _correlation(z: Floats) -> Floats:
    """Correlation of columns, shrunk towards none, so that it has an inverse."""
    n, width = z.shape
    off = z - z.mean(axis=0)
    scale = np.maximum(off.std(axis=0), 1e-12)
    found = (off / scale).T @ (off / scale) / n
    share = n / (n + _SHRUNK)
    return np.asarray(share * found + (1.0 - share) * np.eye(width) + 1e-9 * np.eye(width))
