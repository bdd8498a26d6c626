"""A law for a model that has no grid of its own: from other models' laws and a few pilot runs.

Model: mean outcomes of models on a curve are draws from a population. Without sizes, models are
alike beforehand and independent; with sizes they walk at random in log size, so that a model is
expected on the line between its neighbours. A new model departs from what is expected by a random
combination of what the known models differ by, plus a smooth remainder (level, slope in log labels,
a part for each source) and a rough one. How large the three are, is earned for every metric by
leaving out each known model in turn; their common scale has as many degrees of freedom as there are
known models beyond the first, so that few known models leave wide tails. Pilot runs then update all
of it, the scale included.

Assumes: the new model is one more of the same population; pilots are independent; run-to-run
widths vary between models as they do among the known ones.
Fails when: the new model is of another kind than all known ones and has no pilots, or learns from a
source that no pilot buys as none of the others did.
Reference: Lindley and Smith (1972), Bayes estimates for the linear model, JRSS B 34, for the
hierarchy; Rice and Silverman (1991), JRSS B 53, for curves and what they differ by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand._law import Outcomes
from suffice.demand._terms import SCALE, Terms
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand._law import Law

    Floats = NDArray[np.float64]
    AnyCurve = Curve | ResolvedCurve

_SCALES = 24
"""Points that stand for the distribution of the departures' scale."""

_REFERENCE_DRAWS = 200
_KNOWN = (0.1, 0.2, 0.4, 0.7, 1.0)
_SMOOTH = np.geomspace(0.0005, 0.08, 10)
_ROUGH = np.geomspace(0.0005, 0.02, 7)


@dataclass(frozen=True, eq=False)
class Pilots:
    """Runs of the new model.

    Attributes:
        curves: one a cell.
        means: mean metrics of each cell's runs [cell, metric].
        counts: runs of each cell [cell].
    """

    curves: tuple[AnyCurve, ...]
    means: Floats
    counts: Floats


@dataclass(frozen=True, eq=False)
class TransferLaw:
    """What can be said of a model without a grid; make one with ``transfer_law``.

    Attributes:
        model, scheme, metrics: as in a ``Law``.
        laws: of the known models.
        weights: share of each known law in what is expected [law]; they sum to one.
        contrasts: what known models differ by, as independent and equally large [contrast, law].
        variance: of a departure from what is expected, in the same unit.
        widths: sd of the three kinds of departure: along the contrasts (a share of their size),
            smooth, and rough [kind, metric].
        pilots: runs of the new model.
    """

    model: str
    scheme: str
    metrics: tuple[str, ...]
    laws: tuple[Law, ...]
    weights: Floats
    contrasts: Floats
    variance: float
    widths: Floats
    pilots: Pilots
    _axis: tuple[float, float]  # centre and width of log labels

    def distance(self, curve: AnyCurve) -> str:
        """How far a curve lies from what the known models were measured on."""
        order = ("inside", "near", "far")
        return max((law.distance(curve) for law in self.laws), key=order.index)

    def outcomes(
        self,
        curves: Sequence[AnyCurve],
        rng: np.random.Generator,
        *,
        draws: int,
        runs: int,
        half: int | None = None,
    ) -> Outcomes:
        """Draws of what runs of several curves would give; see ``Law.outcomes``."""
        tried = len(self.pilots.curves)
        every = [*self.pilots.curves, *curves]
        outs = [law.outcomes(every, rng, draws=draws, runs=runs, half=half) for law in self.laws]
        means = np.stack([o.mean for o in outs])
        expected = np.asarray(np.tensordot(self.weights, means, axes=1), dtype=np.float64)
        known = np.tensordot(self.contrasts, means.mean(axis=1), axes=1)
        known /= np.sqrt(len(self.contrasts))
        smooth = _features(every, self.laws[0], self._axis)
        # Coefficients of standard normal size [metric, curve, coefficient].
        rows = np.concatenate(
            [
                self.widths[0][:, None, None] * known.transpose(2, 1, 0),
                self.widths[1][:, None, None] * smooth[None],
            ],
            axis=2,
        )
        residuals = np.concatenate([o.residuals for o in outs])
        together = np.asarray(np.linalg.cholesky(_correlation(residuals)).T, dtype=np.float64)
        spread = self._spread(np.log(np.stack([o.spread for o in outs])), rng)
        coefficients, scale = self._coefficients(rows[:, :tried], expected, spread, together, rng)
        rough = rng.standard_normal((draws, len(curves), len(self.metrics))) @ together
        departure = np.einsum("mct,dtm->dcm", rows[:, tried:], coefficients)
        departure += scale[:, None, None] * self.widths[2] * rough
        pick = rng.permutation(len(residuals))[:runs]
        return Outcomes(expected[:, tried:] + departure, spread[:, tried:], residuals[pick])

    def _spread(self, logs: Floats, rng: np.random.Generator) -> Floats:
        """Draws of run-to-run widths [draw, curve, metric], from the known models' logs of them."""
        differ = np.tensordot(self.contrasts, logs.mean(axis=1), axes=1)
        sd = np.sqrt((differ**2).mean() * self.variance)
        moved = sd * rng.standard_normal((logs.shape[1], 1, 1))
        return np.asarray(np.exp(np.tensordot(self.weights, logs, axes=1) + moved))

    def _coefficients(
        self,
        rows: Floats,
        expected: Floats,
        spread: Floats,
        together: Floats,
        rng: np.random.Generator,
    ) -> tuple[Floats, Floats]:
        """Draws of the coefficients and of their scale, given the pilots.

        Args:
            rows: of the pilots [metric, pilot, coefficient].
            expected: draws of what the known models lead to expect [draw, curve, metric].
            spread: run-to-run sd [draw, curve, metric].
            together: makes noise go together over metrics as in runs [metric, metric].
            rng: the only source of chance.
        """
        from scipy.stats import chi2

        draws, (metrics, tried, count) = len(expected), rows.shape
        degrees = len(self.contrasts)
        at = (np.arange(_SCALES) + 0.5) / _SCALES
        scales = np.sqrt(degrees / chi2.ppf(at, degrees) * self.variance)
        if tried == 0:
            scale = rng.choice(scales, draws)
            prior = rng.standard_normal((draws, count, metrics)) @ together
            return scale[:, None, None] * prior, scale
        miss = self.pilots.means - expected[:, :tried]
        run = (spread[:, :tried] ** 2).mean(axis=0) / self.pilots.counts[:, None]
        # The scale follows the first metric, which is the mean of the others.
        unsure = np.cov(miss[:, :, 0].T).reshape(tried, tried) + np.diag(run[:, 0])
        span = rows[0] @ rows[0].T + self.widths[2, 0] ** 2 * np.eye(tried)
        centre = miss[:, :, 0].mean(axis=0)
        weight = _log_normal(centre, scales[:, None, None] ** 2 * span + unsure)
        weight = np.exp(weight - weight.max())
        number = rng.choice(_SCALES, draws, p=weight / weight.sum())
        found = np.empty((draws, count, metrics))
        for k in np.unique(number):
            mine = number == k
            # A draw of the prior, moved by what its own pilots would have taught (Matheron's rule).
            prior = scales[k] * rng.standard_normal((mine.sum(), count, metrics)) @ together
            noise = rng.standard_normal((mine.sum(), tried, metrics)) @ together
            for m in range(metrics):
                wide = run[:, m] + (scales[k] * self.widths[2, m]) ** 2
                inside = scales[k] ** 2 * rows[m] @ rows[m].T + np.diag(wide)
                gain = scales[k] ** 2 * rows[m].T @ np.linalg.inv(inside)
                left = miss[mine, :, m] - prior[:, :, m] @ rows[m].T
                left -= noise[:, :, m] * np.sqrt(wide)
                found[mine, :, m] = prior[:, :, m] + left @ gain.T
        return found, scales[number]


def transfer_law(
    laws: Sequence[Law],
    curves: Sequence[AnyCurve] = (),
    runs: Sequence[NDArray[np.float64]] = (),
    *,
    model: str,
    sizes: Sequence[float] | None = None,
    size: float | None = None,
    seed: int = 0,
) -> TransferLaw:
    """A law of ``model`` from those of other models and from pilot runs of its own.

    Args:
        laws: of two known models or more, on the same pool, sources and scheme.
        curves: of the pilots; five cells of one run each say a lot.
        runs: metrics of each pilot cell's runs [run, metric].
        model: its name.
        sizes: of the known models, where need follows size (layers, parameters): models of similar
            size are then expected to be alike. Without them all are equally alike beforehand.
        size: of the new model.
        seed: of the draws that the widths are estimated from.

    Raises:
        InputError: too few laws, laws that do not belong together, or pilots that do not fit.
    """
    if len(laws) < 2:
        raise InputError(
            "one known law says nothing of how models differ", fix="give laws of two models or more"
        )
    first = laws[0]
    for law in laws[1:]:
        same = (law.metrics, law.scheme, law.table.names)
        if same != (first.metrics, first.scheme, first.table.names):
            raise InputError(f"the laws of {first.model} and {law.model} are of different tasks")
    pilots = _pilots(curves, runs, first)
    alike = _alike(sizes, size, len(laws))
    weights, contrasts, variance = _leaning(alike)
    axis = _axis(first)
    reference = list(first.curves)
    rng = np.random.default_rng([seed, 41])
    draws = np.stack(
        [law.outcomes(reference, rng, draws=_REFERENCE_DRAWS, runs=2).mean for law in laws]
    )
    features = _features(reference, first, axis)
    widths = [
        _widths_left_out(draws[..., m], alike[:-1, :-1], features) for m in range(draws.shape[-1])
    ]
    return TransferLaw(
        model=model,
        scheme=first.scheme,
        metrics=tuple(first.metrics),
        laws=tuple(laws),
        weights=weights,
        contrasts=contrasts,
        variance=variance,
        widths=np.array(widths).T,
        pilots=pilots,
        _axis=axis,
    )


def _alike(sizes: Sequence[float] | None, size: float | None, count: int) -> Floats:
    """Covariance of models, the new one last, up to a constant that cancels [model, model]."""
    if sizes is None and size is None:
        return np.eye(count + 1)
    if sizes is None or size is None or len(sizes) != count:
        raise InputError("the size of every model is needed", fix="give sizes and size")
    if not all(s > 0.0 for s in (*sizes, size)):
        raise InputError("a size is a positive number", fix="give layers or parameters")
    if len(set(sizes)) < count:
        raise InputError("two known models have the same size", fix="give one law a size")
    log_size = np.log([*sizes, size])
    # A random walk from the smallest size on; where it starts is anyone's guess and cancels.
    walked = log_size - log_size.min()
    return np.asarray(np.minimum(walked[:, None], walked[None, :]) + 1.0)


def _leaning(alike: Floats) -> tuple[Floats, Floats, float]:
    """What known models say of the last one when all have one unknown mean (universal kriging).

    Returns:
        Weights of the known models [law], contrasts between them whose departures are independent
        and of variance one [contrast, law], and the variance of the last one's departure.
    """
    known, cross = alike[:-1, :-1], alike[:-1, -1]
    inverse = np.linalg.inv(known)
    ones = np.ones(len(known))
    mean = inverse @ ones / (ones @ inverse @ ones)
    weights = inverse @ cross + mean * (1.0 - ones @ inverse @ cross)
    full = np.append(weights, -1.0)
    variance = max(float(full @ alike @ full), 1e-9)
    basis = np.linalg.svd(ones[None])[2][1:]
    contrasts = np.linalg.solve(np.linalg.cholesky(basis @ known @ basis.T), basis)
    return weights, contrasts, variance


def _pilots(curves: Sequence[AnyCurve], runs: Sequence[Floats], law: Law) -> Pilots:
    if len(curves) != len(runs):
        raise InputError(f"{len(curves)} pilot curves and runs of {len(runs)}")
    width = len(law.metrics)
    means = np.zeros((len(runs), width))
    for i, r in enumerate(runs):
        if r.ndim != 2 or r.shape[1] != width or not len(r) or not np.isfinite(r).all():
            raise InputError(
                f"runs of pilot {i + 1} do not fit the metrics of the law",
                fix=f"give finite numbers [run, metric] for {', '.join(law.metrics)}",
            )
        means[i] = r.mean(axis=0)
    return Pilots(tuple(curves), means, np.array([float(len(r)) for r in runs]))


def _axis(law: Law) -> tuple[float, float]:
    x = np.log1p(Terms.of(law.curves, law.table).plain_worth(law.table) / SCALE)
    return float(x.mean()), max(float(x.std()), 1e-3)


def _features(curves: Sequence[AnyCurve], law: Law, axis: tuple[float, float]) -> Floats:
    """Level, slope in log labels, and the share of each source but the first [curve, feature]."""
    table = law.table
    terms = Terms.of(curves, table)
    x = (np.log1p(terms.plain_worth(table) / SCALE) - axis[0]) / axis[1]
    signal = np.exp(0.5 * (table.log_worth[terms.source] + terms.repeat)) * terms.tasks
    whole = np.maximum(signal.sum(axis=1), 1e-9)
    shares = [
        (signal * (terms.source == s)).sum(axis=1) / whole for s in range(1, len(table.names))
    ]
    return np.stack([np.ones(len(x)), x, *shares], axis=1)


def _widths_left_out(draws: Floats, alike: Floats, features: Floats) -> Floats:
    """Sds of the three kinds of departure under which left-out models are likeliest.

    Args:
        draws: known models' mean of one metric [law, draw, curve].
        alike: their covariance [law, law].
        features: of the curves [curve, feature].
    """
    mean, variance = draws.mean(axis=1), draws.var(axis=1)
    span, rough = features @ features.T, np.eye(len(features))
    choices = np.array([(k, s, r) for k in _KNOWN for s in _SMOOTH for r in _ROUGH])
    fit = np.zeros(len(choices))
    for j in range(len(mean)):
        order = np.append(np.delete(np.arange(len(mean)), j), j)
        weights, contrasts, apart = _leaning(alike[np.ix_(order, order)])
        others = mean[order[:-1]]
        miss = mean[j] - weights @ others
        seen = contrasts @ others
        known = seen.T @ seen / max(len(seen), 1)
        own = np.diag(variance[j] + weights**2 @ variance[order[:-1]])
        parts = np.tensordot(choices**2, np.stack([known, span, rough]), axes=1)
        fit += _log_normal(miss, apart * parts + own)
    return np.asarray(choices[int(fit.argmax())])


def _correlation(residuals: Floats) -> Floats:
    """Of metrics from run to run, kept off singular: one metric is the mean of others."""
    moment = residuals.T @ residuals / len(residuals)
    sd = np.sqrt(np.diag(moment))
    return np.asarray(0.999 * moment / np.outer(sd, sd) + 0.001 * np.eye(len(sd)))


def _log_normal(x: Floats, covariance: Floats) -> Floats:
    """Log density of x under normals of mean zero, up to a constant [...]."""
    root = np.linalg.cholesky(covariance)
    square = x @ np.linalg.solve(covariance, np.broadcast_to(x, covariance.shape[:-1])[..., None])
    return np.asarray(
        -0.5 * square[..., 0] - np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    )
