"""What known models lead to expect of another one: of its level, and of the shape of its curve.

Model: the mean outcome of a model on a curve is a level, one number for each metric, and a shape.
Without sizes, levels are draws from one population, and the shape is that of one of the known
models: a weak model's curve is bent in ways of its own, so that each next weaker one is likely only
a third as much. With sizes, the level is a smooth function of log size (a Gaussian process with a
Matern covariance) plus a little that a model has for itself, and the shape is the mean of known
models by the same weights. The variance of levels has a proper prior, centred on what runs of one
model differ by.

Assumes: levels of different metrics follow the same covariance; shapes differ from model to model
by less than levels do.
Fails when: a size lies far outside the known ones, or need does not follow size at all.
Reference: Stein (1999), Interpolation of Spatial Data, for the covariance and for weights under an
unknown mean; Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., section 3.3, for the variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_WEAKER = 1.0 / 3.0
"""Chance of a known model's shape against that of the next stronger one. This and the next four are
judgements, set on splits of the example which no table reports."""

_LENGTH = 1.0
"""Length of the covariance in log size: levels this far apart correlate by a half."""

_OWN = 0.01
"""Share of the levels' variance that a model has for itself, whatever its size."""

# Set together, as said above.
_PRIOR_DEGREES = 4.0
_PRIOR_SD = 2.0
"""Levels are believed to differ by twice the run-to-run sd, as firmly as four models would show."""

_FREE = 1e3
"""Variance, in those of runs, that leaves a level to the data. Chosen: large; it moves nothing."""

_LEAST_VARIANCE = 1e-9
"""Of a level, in those of the population: none is known for sure, and a matrix wants a root.
Chosen; it moves nothing."""

_SMOOTH = np.array([0.0, *np.geomspace(0.05, 3.2, 10)])
_ROUGH = np.geomspace(0.05, 1.6, 7)
"""Widths of departures in shape that are tried, in run-to-run sd. Chosen: from hardly to be seen to
larger than models of one kind were seen to depart, in steps of about a half."""


@dataclass(frozen=True, eq=False)
class Expected:
    """A mixture over what a new model's mean outcomes may start from.

    Attributes:
        chances: of each part; they sum to one [part].
        weights: of the known models in each part; they sum to one [part, law].
        added: to their weighted mean, so that its level is the expected one [part, metric].
        apart: sd of the level about the expected one, up to a scale [part, metric].
        degrees: of freedom of that scale.
    """

    chances: Floats
    weights: Floats
    added: Floats
    apart: Floats
    degrees: float

    @property
    def shares(self) -> Floats:
        """Size of the weights; each part's sum to one [part, law]."""
        size = np.abs(self.weights)
        return np.asarray(size / size.sum(axis=1, keepdims=True))


def scales(degrees: float, count: int) -> Floats:
    """Equally likely values of a scale that was estimated with so many degrees of freedom."""
    from scipy.stats import chi2

    at = (np.arange(count) + 0.5) / count
    return np.asarray(np.sqrt(degrees / chi2.ppf(at, degrees)))


def expect(levels: Floats, run: Floats, sizes: Sequence[float] | None, size: float | None
           ) -> Expected:  # fmt: skip
    """What to expect of a new model.

    Args:
        levels: of the known models [law, metric].
        run: run-to-run sd [metric].
        sizes: of the known models; None where need does not follow size.
        size: of the new one.

    Raises:
        InputError: sizes are missing, not positive, or the same twice.
    """
    count = len(levels)
    degrees = count - 1 + _PRIOR_DEGREES
    weights, apart = _leaning(_alike(sizes, size, count), levels, run)
    if sizes is not None:
        added = np.zeros((1, levels.shape[1]))
        return Expected(np.ones(1), weights[None], added, apart[None], degrees)
    weaker = np.argsort(np.argsort(levels[:, 0], kind="stable"))
    chances = _WEAKER ** weaker.astype(np.float64)
    return Expected(
        chances=chances / chances.sum(),
        weights=np.eye(count),
        added=weights @ levels - levels,
        apart=np.tile(apart, (count, 1)),
        degrees=degrees,
    )


def _alike(sizes: Sequence[float] | None, size: float | None, count: int) -> Floats:
    """Correlations of models' levels, the new model last [model, model]."""
    if sizes is None and size is None:
        return np.eye(count + 1)
    if sizes is None or size is None or len(sizes) != count:
        raise InputError("the size of every model is needed", fix="give sizes and size")
    if not all(s > 0.0 for s in (*sizes, size)):
        raise InputError("a size is a positive number", fix="give layers or parameters")
    if len(set(sizes)) < count:
        raise InputError("two known models have the same size", fix="give one law a size")
    log_size = np.log([*sizes, size])
    far = np.sqrt(3.0) / _LENGTH * np.abs(log_size[:, None] - log_size[None, :])
    smooth = (1.0 + far) * np.exp(-far)
    return np.asarray((1.0 - _OWN) * smooth + _OWN * np.eye(count + 1))


def _leaning(alike: Floats, levels: Floats, run: Floats) -> tuple[Floats, Floats]:
    """What known models say of the last one when all have one unknown mean.

    Returns:
        Weights of the known models [law], and sd of the last one's level about their weighted mean
        [metric].
    """
    known, cross = alike[:-1, :-1], alike[:-1, -1]
    inverse = np.linalg.inv(known)
    ones = np.ones(len(known))
    mean = inverse @ ones / (ones @ inverse @ ones)
    weights = inverse @ cross + mean * (1.0 - ones @ inverse @ cross)
    full = np.append(weights, -1.0)
    variance = max(float(full @ alike @ full), _LEAST_VARIANCE)
    # Differences between known models, made independent and equally large.
    basis = np.linalg.svd(ones[None])[2][1:]
    root = np.linalg.cholesky(basis @ known @ basis.T)
    seen = np.linalg.solve(root, basis @ levels)
    squares = _PRIOR_DEGREES * (_PRIOR_SD * run) ** 2 + (seen**2).sum(axis=0)
    degrees = _PRIOR_DEGREES + len(seen)
    return weights, np.sqrt(squares / degrees * variance)


def shape_widths(
    draws: Floats,
    run: Floats,
    features: Floats,
    sizes: Sequence[float] | None,
) -> Floats:
    """Sds of smooth and rough departures in shape under which left-out models are likeliest.

    Levels are left free: they differ by other amounts than shapes do, and a few pilot runs show
    them.

    Args:
        draws: known models' means [law, draw, curve, metric].
        run: run-to-run sd [metric].
        features: of the curves [curve, feature].
        sizes: of the known models, or None.

    Returns:
        [kind, metric].
    """
    mean, variance = draws.mean(axis=1), draws.var(axis=1)
    levels = mean.mean(axis=1)
    span, rough = features @ features.T, np.eye(len(features))
    choices = np.array([(s, r) for s in _SMOOTH for r in _ROUGH])
    parts = np.tensordot(choices**2, np.stack([span, rough]), axes=1)
    fit = np.zeros((len(choices), len(run)))
    for j in range(len(mean)):
        others = [i for i in range(len(mean)) if i != j]
        left = None if sizes is None else [sizes[i] for i in others]
        new = expect(levels[others], run, left, None if sizes is None else sizes[j])
        expected = np.tensordot(new.weights, mean[others], axes=1)
        own = variance[j] + np.tensordot(new.shares, variance[others], axes=1)
        for m, sd in enumerate(run):
            likely = [
                np.log(chance)
                + log_normal((mean[j] - e)[:, m] / sd, parts + _FREE + np.diag(o[:, m] / sd**2))
                for chance, e, o in zip(new.chances, expected, own, strict=True)
            ]
            fit[:, m] += np.logaddexp.reduce(likely)
    return np.asarray(choices[fit.argmax(axis=0)].T * run)


def log_normal(x: Floats, covariance: Floats) -> Floats:
    """Log density of x under normals of mean zero, up to a constant [...]."""
    root = np.linalg.cholesky(covariance)
    square = x @ np.linalg.solve(covariance, np.broadcast_to(x, covariance.shape[:-1])[..., None])
    return np.asarray(
        -0.5 * square[..., 0] - np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    )
