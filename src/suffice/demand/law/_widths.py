"""How far runs of one curve scatter: a width for every metric.

Model: the log variance of a metric over the runs of a cell is linear in the log of the
clean-equivalent labels, in how many of them come before the last round, and in the share of the
training signal that each source gives; shares also change how fast widths fall. Labels that all err
alike make runs more alike; independent noise and a small last round make them differ. A finite task
list takes 1 - f^2 of the variance away, where f is the share of the noise that belongs to the list
and not to the draw: an error near its optimum is a square of the head's deviation, and a deviation
with variance f fixed and 1 - f drawn has a square of variance 4 f (1 - f) + 2 (1 - f)^2, against 2.
Assumes: the log of a sample variance of m normal runs is about normal, with mean digamma((m-1)/2)
- log((m-1)/2) above the truth and variance trigamma((m-1)/2).
Fails when: runs of one cell fall into clusters; the residuals keep the clusters' shape, but one
width cannot say when they split.
Reference: Bartlett and Kendall (1946), The statistical analysis of variance-heterogeneity; Cochran
(1977), Sampling Techniques, ch. 2, for draws from a finite list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._threads import in_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand.law._terms import SourceTable, Terms

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.floating[Any]]

_AT = 1000.0
"""Clean-equivalent labels that count as none on the log axis. A convention: it moves the meaning of
a coefficient, and answers by a prior that is wide there."""

_BLOCK = 40_000
"""Curve-draws that are handled at a time: more would not stay in the processor's cache."""

_PRIOR_SD = np.array([10.0, 1.0, 0.5])
"""Of the level, of the power of labels, and of what early ones change: the level is free; widths
that fall as one over the root of labels have a power of -1 in variance. Chosen."""

_SHARE_SD, _SLOPE_SD = 1.0, 0.25
"""Prior sd of what a source alone changes in log variance, and in its power. Chosen: a factor of e,
and a quarter of the usual fall; few cells hold one source alone, and say little."""

_NO_VARIANCE = 1e-12
"""Of a metric over the runs of a cell: no less, so that its log is a number. Chosen."""

_LEAST = 0.02
"""Share of the variance that is left, at least: no two runs are quite the same. Chosen."""


@dataclass(frozen=True, eq=False)
class Widths:
    """Posterior of the regression of log variances, one column a metric.

    Attributes:
        table: the sources.
        mean: coefficients [term, metric].
        root: square root of their covariance [metric, term, term].
        misfit: sd of a cell's log variance about the regression [metric].
    """

    table: SourceTable
    mean: Floats
    root: Floats
    misfit: Floats

    @classmethod
    def fit(cls, terms: Terms, table: SourceTable, variance: Floats, counts: Floats) -> Widths:
        """Fit to the sample variances of cells.

        Args:
            terms: of the cells' curves.
            table: the sources.
            variance: over each cell's runs [cell, metric].
            counts: runs of each cell [cell].
        """
        from scipy.special import digamma, polygamma

        half = (counts - 1.0) / 2.0
        bias, sampling = digamma(half) - np.log(half), polygamma(1, half)
        target = np.log(np.maximum(variance, _NO_VARIANCE)) - bias[:, None]
        target -= _finite(terms, table)[:, None]
        design = _design(terms, table)
        others = len(table.names) - 1
        sd = [_PRIOR_SD, np.full(others, _SHARE_SD), np.full(others, _SLOPE_SD)]
        prior = np.concatenate(sd) ** -2.0
        means, roots, misfit = [], [], []
        for k in range(target.shape[1]):
            # Runs that happen to agree on one metric have no width there, and say nothing of it.
            seen = variance[:, k] > 0.0
            seen = seen if seen.any() else ~seen
            x, y, noise = design[seen], target[seen, k], sampling[seen]
            rough, *_ = np.linalg.lstsq(x, y, rcond=None)
            # What cells scatter beyond the sampling of a variance is the regression's own misfit.
            spare = max(float(np.var(y - x @ rough) - noise.mean()), 0.0)
            weight = 1.0 / (noise + spare)
            precision = (x.T * weight) @ x + np.diag(prior)
            # Differences from the overall level are shrunk to none, the level is not.
            centre = np.zeros(design.shape[1])
            centre[0] = float(y.mean())
            covariance = np.linalg.inv(precision)
            means.append(covariance @ ((x.T * weight) @ y + prior * centre))
            roots.append(np.linalg.cholesky(covariance))
            misfit.append(np.sqrt(spare))
        return cls(table, np.array(means).T, np.array(roots), np.array(misfit))

    def typical(self, terms: Terms) -> Floats:
        """Width of each metric at the posterior mean [curve, metric]."""
        log_variance = _design(terms, self.table) @ self.mean
        return np.asarray(np.exp(0.5 * (log_variance + _finite(terms, self.table)[:, None])))

    def draw(
        self, terms: Terms, rng: np.random.Generator, draws: int, *, common: bool = False
    ) -> Numbers:
        """Draws of the widths [draw, curve, metric]; ``common``: one misfit for all curves."""
        noise = rng.standard_normal((draws, *self.mean.T.shape))
        fits = (self.mean + np.einsum("ktu,dku->dtk", self.root, noise)).astype(np.float32)
        design = _design(terms, self.table).astype(np.float32)
        finite = _finite(terms, self.table)[:, None].astype(np.float32)
        curves, metrics = len(design), self.mean.shape[1]
        misfit = self.misfit.astype(np.float32)
        widths = np.empty((draws, curves, metrics), dtype=np.float32)

        def block(first: int, last: int, own: np.random.Generator) -> None:
            at = slice(first, last)
            alike = last - first, 1 if common else curves, metrics
            log_variance = own.standard_normal(alike, dtype=np.float32) * misfit
            log_variance = log_variance + design @ fits[at] + finite
            log_variance *= 0.5
            np.exp(log_variance, out=widths[at])

        in_blocks(block, draws, max(1, _BLOCK // max(curves, 1)), rng)
        return widths


def _finite(terms: Terms, table: SourceTable) -> Floats:
    """What a finite list of tasks adds to log variances [curve]."""
    return np.asarray(np.log(np.maximum(1.0 - terms.exhausted(table) ** 2, _LEAST)))


def _design(terms: Terms, table: SourceTable) -> Floats:
    """Level, log clean-equivalent labels, what of them is early, and shares of sources.

    Each share but the reference's comes twice: as a shift, and as a change of how widths fall.
    """
    shares = list(terms.shares(table).T[1:])
    worth = np.maximum(terms.plain_worth(table), 1.0)
    last = np.maximum(terms.last_worth(table), 1.0)
    size = np.log(worth / _AT)
    columns = [np.ones(len(size)), size, np.log(worth / last), *shares]
    return np.stack(columns + [s * size for s in shares], axis=1)
