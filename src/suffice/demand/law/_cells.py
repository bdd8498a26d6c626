"""Measured cells, and what they say of other curves for given nonlinear parameters.

Metrics are rotated so that run-to-run noise is white. The law's mean and its discrepancy are then
one Gaussian process for each white metric, with the linear corrections integrated out.
Reference: Rasmussen and Williams (2006), ch. 2 and 5, for the marginal likelihood and leave-one-out
formulas; Ionides (2008) for truncated importance weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._threads import in_blocks
from suffice.demand.law._conditional import Conditional, Given, GivenByDraw, own_exponent
from suffice.demand.law._terms import Basis, Shape, SourceTable, Terms, basis
from suffice.demand.law._widths import Widths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve, ResolvedCurve

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.floating[Any]]

UNTRAINED = 0.5
"""Error of a two-choice model that has learned nothing: the level of metrics unless told."""

_STEEP = 4.0
"""Power of clean-equivalent labels with which run-to-run variance may fall or rise at most. Chosen:
real grids show 0 to 2; where a task is so easy that all runs of the larger cells are alike, a free
power would call them exact to ten digits, and no law could be sampled."""
_ORIGIN_NOISE = 0.01
"""Variance, in those of runs, of the untrained cell: its level is known, and a matrix wants a
little noise. Chosen."""

_NO_VARIANCE, _LEAST_RATIO = 1e-12, 1e-6
"""Of a metric over the runs of a cell, and of a cell against the median cell: no less, so that logs
and ratios stay numbers where runs are all alike. Chosen: far below what runs that differ show."""

_FLAT = 1e-6
"""Directions of the metrics in which runs vary by less than this share of the widest are dropped:
one metric is the mean of others, and its rest is rounding. Chosen: the share is of variances."""

_ONE_IN = 4
"""One cell in so many, the largest, says what each metric gains where the overall error gains one.
Chosen: their means have less luck than one cell's, and they lie nearest to what is bought."""

_LEAST_FALL = 1e-3
"""Of the overall error in these cells below the untrained one, for the sake of that ratio. Chosen:
a tenth of a point, less than runs differ by."""

_NOTHING = 1e-9
"""What can be learned is no less, for the sake of a ratio. Chosen; it moves nothing."""

_LARGE = 1e12
"""Diagonal of the border of a matrix: larger than any square that its rows could leave. Chosen; it
moves nothing."""

_SPREAD_AT = 1000.0
"""Clean-equivalent labels that count as none on the log axis of widths. A convention: it moves the
meaning of a coefficient and no answer."""

_FAR = 0.05
"""Share by which what is left to learn may be misjudged for each e-fold beyond the largest cell. A
judgement, set on splits of the example that no table reports."""

_BLOCK = 40_000
"""Curve-draws that are handled at a time: more would not stay in the processor's cache."""

_UNTRIED = 0.2
"""Share by which the computed log worth of labels that no cell held may be off. A judgement, set on
splits of the example that no table reports."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Measured cells in white coordinates, with an untrained cell put first.

    Inside, lower is better in every metric: those that are better when higher have their sign
    turned on the way in, and back on the way out.
    """

    table: SourceTable
    terms: Terms
    counts: Floats
    worth: Floats
    values: Floats  # [cell, white metric], relative to the untrained model
    noise: Floats  # variance of each cell's mean, in white units [cell]
    spread: Floats  # run-to-run sd of each cell, in white units [cell]
    white: Floats
    back: Floats
    profile: Floats  # what each metric gains where the overall error gains one [white metric]
    better: Floats  # 1 where lower is better, -1 where higher is [metric]
    level: Floats  # what a model that has learned nothing scores, lower is better [metric]
    spread_fit: Floats
    widths: Widths
    residuals: Floats  # of single runs, in units of their own metric's width, as measured
    # [run, metric]
    kept: GivenByDraw = field(init=False, default_factory=GivenByDraw, repr=False)

    @classmethod
    def of(
        cls,
        curves: Sequence[Curve | ResolvedCurve],
        runs: Sequence[NDArray[np.float64]],
        table: SourceTable,
        untrained: Floats | None = None,
        better: Floats | None = None,
    ) -> Cells:
        from suffice.curve import Curve

        width = runs[0].shape[1]
        better = np.ones(width) if better is None else better
        level = better * (np.full(width, UNTRAINED) if untrained is None else untrained)
        runs = [better * r for r in runs]
        counts = np.array([len(r) for r in runs], dtype=np.float64)
        mean = np.array([r.mean(axis=0) for r in runs])
        # A metric that nothing ever moved stays where it is.
        every = np.concatenate(list(runs))
        level = np.where(np.ptp(every, axis=0) == 0.0, every[0], level)
        terms = Terms.of([Curve(()), *curves], table)
        worth = terms.plain_worth(table)[1:]
        # How runs differ is learned from cells that have more than one, and whose runs differ at
        # all: where every recorded task was bought each run is the same, whatever others do.
        several = [i for i, r in enumerate(runs) if len(r) > 1]
        again = [i for i in several if np.ptp(runs[i], axis=0).any()] or several
        scattered = [(runs[i], mean[i]) for i in again]
        variance = np.array([r.var(axis=0, ddof=1) for r, _ in scattered])
        # Spread: log variance, averaged over metrics, is linear in log clean-equivalent labels.
        typical = np.maximum(np.median(variance, axis=0), _NO_VARIANCE)
        log_variance = np.log(np.maximum((variance / typical).mean(axis=1), _LEAST_RATIO))
        fit = _spread_fit(_spread_design(worth[again]), log_variance)
        spread_terms = Terms.of([curves[i] for i in again], table)
        widths = Widths.fit(spread_terms, table, variance, counts[again])
        spread2 = np.exp(_spread_design(worth) @ fit)
        residuals = np.concatenate(
            [
                (r - m) / np.sqrt(s * (1.0 - 1.0 / len(r)))
                for (r, m), s in zip(scattered, spread2[again], strict=True)
            ]
        )
        covariance = residuals.T @ residuals / len(residuals)
        size, axes = np.linalg.eigh(covariance)
        # The overall error is an average of slice errors: directions without spread are dropped.
        kept = size > _FLAT * size.max()
        white = axes[:, kept] / np.sqrt(size[kept])
        return cls(
            table=table,
            terms=terms,
            counts=counts,
            worth=worth,
            values=np.vstack([np.zeros(int(kept.sum())), (mean - level) @ white]),
            noise=np.concatenate([[_ORIGIN_NOISE], spread2 / counts]),
            spread=np.concatenate([[1.0], np.sqrt(spread2)]),
            white=white,
            back=axes[:, kept] * np.sqrt(size[kept]),
            profile=_profile(mean, worth, level) @ white,
            better=better,
            level=level,
            spread_fit=fit,
            widths=widths,
            residuals=np.concatenate(
                [
                    (r - m) / (w * np.sqrt(1.0 - 1.0 / len(r)))
                    for (r, m), w in zip(scattered, widths.typical(spread_terms), strict=True)
                ]
            )
            * better,
        )

    @property
    def untrained(self) -> Floats:
        """What a model that has learned nothing scores [metric]."""
        return self.better * self.level

    def log_posterior(self, theta: Floats) -> Floats:
        """Log posterior of the nonlinear parameters [walker]."""
        covariance, seen = self._covariance(theta)
        cells, metrics = self.values.shape[-2:]
        # One factorisation gives both terms: bordered by the data, the Cholesky factor of the
        # covariance carries root^-1 data in its last rows.
        bordered = np.zeros((len(theta), cells + metrics, cells + metrics))
        bordered[:, :cells, :cells] = covariance
        bordered[:, cells:, :cells] = self._left(seen).transpose(0, 2, 1)
        border = np.arange(cells, cells + metrics)
        bordered[:, border, border] = _LARGE
        root = np.linalg.cholesky(bordered)
        scaled = root[:, cells:, :cells]
        log_det = np.log(np.einsum("wii->wi", root)[:, :cells]).sum(axis=1)
        fit = -0.5 * (scaled**2).sum(axis=(1, 2)) - metrics * log_det
        return np.asarray(Shape.unpack(theta, self.table).log_prior(self.table) + fit)

    def predict(
        self,
        theta: Floats,
        terms: Terms,
        rng: np.random.Generator,
        widening: float,
        *,
        common: bool = False,
    ) -> tuple[Numbers, Numbers, Numbers]:
        """Draws of (mean, run-to-run spread), each [draw, curve, metric], and the share learned.

        In single precision: it is the law's own doubt that limits the digits.
        """
        design = _spread_design(terms.plain_worth(self.table))
        given = self.kept.given(theta, self._given)
        asked = Conditional(
            given,
            terms.ways.astype(np.float32),
            self.table,
            (0.5 * design @ self.spread_fit).astype(np.float32),
            len(self.noise),
        )
        # Beyond the largest cell nothing has tested how fast the rest is learned, nor has anything
        # tested a worth that was computed for a channel that no cell held.
        largest = given.largest[:, None]
        untried = (_UNTRIED * terms.untried(self.terms, self.table)).astype(np.float32)
        profile, back, level = (
            a.astype(np.float32) for a in (self.profile, self.back.T, self.level)
        )
        curves = len(terms.tasks)
        flipped = self.better < 0.0
        mean = np.empty((len(theta), curves, len(self.level)), dtype=np.float32)
        learned = np.empty(mean.shape[:2], dtype=np.float32)

        def block(first: int, last: int, own: np.random.Generator) -> None:
            at = slice(first, last)
            new = asked.of(first, last)
            alike = last - first, 1 if common else curves

            def normal(*more: int) -> Numbers:
                return own.standard_normal((*alike, *more), dtype=np.float32)

            white = normal(len(profile)) * (np.float32(widening) * np.sqrt(new.variance))[..., None]
            white += new.mean
            beyond = np.log(np.maximum(new.worth / largest[at], 1.0))
            slip = _FAR * new.missing * beyond * normal()
            whole = new.learned + new.missing
            np.divide(new.learned, np.maximum(whole, _NOTHING), out=learned[at])
            slip += whole * new.by_scale * untried * normal()
            white += (slip - new.learned)[..., None] * profile
            np.matmul(white, back, out=mean[at])
            mean[at] += level
            if flipped.any():
                mean[at][..., flipped] *= -1.0

        in_blocks(block, len(theta), max(1, _BLOCK // max(curves, 1)), rng)
        return mean, self.widths.draw(terms, rng, len(theta), common=common), learned

    def leave_one_out(self, theta: Floats, widening: float) -> tuple[Floats, Floats, Floats]:
        """(mean, sd, measured) of each cell's mean, given all other cells [cell, metric].

        Nonlinear parameters are reweighted by importance towards the posterior without the cell.
        """
        covariance, seen = self._covariance(theta)
        inverse = np.linalg.inv(covariance)
        solved = inverse @ self._left(seen)
        diagonal = np.einsum("wii->wi", inverse)
        miss = solved / diagonal[:, :, None]
        variance = 1.0 / diagonal
        log_score = -0.5 * (miss**2 * diagonal[:, :, None] - np.log(diagonal)[:, :, None])
        weight = _capped(-log_score.sum(axis=2))
        centre = ((self.values - miss) * weight[:, :, None]).sum(axis=0)
        apart = (((self.values - miss) - centre) ** 2 * weight[:, :, None]).sum(axis=0)
        clean = np.maximum(variance - self.noise, 0.0)
        inside = widening**2 * (clean * weight).sum(axis=0)[:, None] + apart
        spread2 = inside + self.noise[:, None]
        mean = self.better * (self.level + centre @ self.back.T)
        sd = np.sqrt(spread2 @ (self.back.T**2))
        measured = self.better * (self.level + self.values @ self.back.T)
        return mean[1:], sd[1:], measured[1:]

    def _given(self, theta: Numbers) -> Given:
        covariance, seen = self._covariance(theta)
        left = self._left(seen)
        return Given.of(theta, self.table, seen, self.spread, covariance, left)

    def _left(self, seen: Basis) -> Floats:
        """What the corrections must explain [walker, cell, white metric]."""
        return np.asarray(self.values + seen.learned[:, :, None] * self.profile, dtype=np.float64)

    def _covariance(self, theta: Numbers) -> tuple[Floats, Basis]:
        shape = Shape.unpack(theta, self.table)
        seen = basis(self.terms.ways, shape, self.table)
        covariance = (seen.rows * seen.sd**2) @ seen.rows.transpose(0, 2, 1)
        covariance += kernel(seen.places, seen.places, self.spread, self.spread, shape)
        index = np.arange(len(self.noise))
        covariance[:, index, index] += self.noise
        return covariance, seen


def kernel(first: Numbers, second: Numbers, s1: Floats, s2: Floats, shape: Shape) -> Floats:
    """Covariance of the discrepancy between two sets of curves [walker, first, second]."""
    narrow = np.exp(-2.0 * shape.log_length)
    size = shape.log_amplitude[:, None]
    own = [
        own_exponent(places, np.log(spread) + size, narrow)[:, :, None]
        for places, spread in ((first, s1), (second, s2))
    ]
    # The whole exponent is one product.
    left = [narrow[:, None, None] * first, own[0], np.ones_like(own[0])]
    right = [second, np.ones_like(own[1]), own[1]]
    exponent = np.concatenate(left, axis=2) @ np.concatenate(right, axis=2).transpose(0, 2, 1)
    return np.asarray(np.exp(exponent, out=exponent), dtype=np.float64)


def _profile(mean: Floats, worth: Floats, untrained: Floats) -> Floats:
    """How far each metric is below an untrained model's, against the first one's [metric].

    In the largest cells. A metric that rises with training has a negative profile.
    """
    large = mean[np.argsort(worth)[-max(len(worth) // _ONE_IN, 1) :]]
    below = untrained - large.mean(axis=0)
    below[0] = max(below[0], _LEAST_FALL)
    return np.asarray(below / below[0])


def _spread_design(worth: Floats) -> Floats:
    return np.stack([np.ones(len(worth)), np.log(np.maximum(worth, 1.0) / _SPREAD_AT)], axis=1)


def _spread_fit(design: Floats, log_variance: Floats) -> Floats:
    """Level and slope of the log variance by least squares, no steeper than ``_STEEP``."""
    fit, *_ = np.linalg.lstsq(design, log_variance, rcond=None)
    if abs(fit[1]) <= _STEEP:
        return np.asarray(fit)
    slope = float(np.clip(fit[1], -_STEEP, _STEEP))
    return np.array([(log_variance - slope * design[:, 1]).mean(), slope])


def _capped(log_weight: Floats) -> Floats:
    """Importance weights over draws, truncated at sqrt(draws) times the mean (Ionides 2008)."""
    weight = np.exp(log_weight - log_weight.max(axis=0))
    weight = np.minimum(weight, np.sqrt(len(weight)) * weight.mean(axis=0))
    return np.asarray(weight / weight.sum(axis=0))
