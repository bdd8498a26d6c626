"""Draws that the sampler of the worker model makes: rows, truncated normals, urns."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from suffice.supply.workers import _worker_model as model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

_EXACT_TABLES = 48
"""Draws of an urn that are followed one by one; beyond, chances are so small that their number is
close to Poisson (chosen for time)."""


def draw_rows(weight: Array, rng: np.random.Generator) -> Array:
    """Draw a row for each column in proportion to the weights [row, column], which are used up."""
    import numpy as np

    # Row by row: several times as fast as cumsum along the first axis.
    for above, row in pairwise(weight):
        row += above
    pick = rng.random(weight.shape[1]) * weight[-1]
    return np.asarray((weight[:-1] < pick).sum(axis=0, dtype=np.int32))


def draw_means(
    rng: np.random.Generator,
    total: Array,
    count: Array,
    sd: Array,
    weight: float,
    prior_sd: float,
) -> Array:
    """Draw crowds' mean skills, given sums, counts and standard deviations."""
    import numpy as np

    precision = count * weight / sd**2 + 1.0 / prior_sd**2
    centre = (total / sd**2 + model.SKILL_MEAN / prior_sd**2) / precision
    return draw_positive(rng, centre, 1.0 / np.sqrt(precision))


def draw_positive(rng: np.random.Generator, centre: Array, sd: Array) -> Array:
    """Draw from normals cut off below zero.

    Reference: Robert (1995), Statistics and Computing 5: rejection from a shifted exponential
    where most of the normal lies below zero; elsewhere normals are drawn until one is positive.
    """
    import numpy as np

    least = -centre / sd
    rate = (least + np.sqrt(least**2 + 4.0)) / 2.0
    drawn = np.full(np.shape(least), -np.inf)
    while (left := drawn < least).any():
        plain = rng.normal(size=drawn.shape)
        tail = least + rng.exponential(size=drawn.shape) / rate
        kept = rng.random(drawn.shape) < np.exp(-((tail - rate) ** 2) / 2.0)
        new = np.where(least <= 0.0, plain, np.where(kept, tail, -np.inf))
        drawn = np.where(left, new, drawn)
    return np.asarray(np.maximum(centre + sd * drawn, 0.0))


def draw_spreads(rng: np.random.Generator, mass: Array, free_KK: Array) -> Array:
    """Draw rows over the classes that wrong answers may fall on; zero elsewhere."""
    import numpy as np

    drawn = rng.gamma(np.maximum(mass, 1e-6))
    drawn[:, ~free_KK] = 0.0
    return np.asarray(drawn / np.maximum(drawn.sum(axis=2, keepdims=True), 1e-300))


def draw_tables(rng: np.random.Generator, counts: Array, base: Array) -> Array:
    """How many of ``counts`` draws came from the base, in a Polya urn of mass ``base``.

    The first draws are followed one by one; from there on the chances are small and the number
    is Poisson to a very good approximation.
    """
    import numpy as np

    flat, mass = counts.ravel(), np.maximum(base, 1e-9).ravel()
    order = np.argsort(-flat, kind="stable")[: np.count_nonzero(flat)]
    flat, mass = flat[order], mass[order]
    served = np.zeros(len(order))
    for already in range(min(int(flat.max(initial=0)), _EXACT_TABLES)):
        # Those with so many draws come first.
        urn = mass[: np.searchsorted(-flat, -already)]
        served[: len(urn)] += rng.random(len(urn)) < urn / (urn + already)
    if many := int(np.searchsorted(-flat, -_EXACT_TABLES)):
        urn = mass[:many]
        tail = urn * (_digamma(urn + flat[:many]) - _digamma(urn + _EXACT_TABLES))
        served[:many] += rng.poisson(tail)
    spread = np.zeros(counts.size)
    spread[order] = np.minimum(served, flat)
    return spread.reshape(counts.shape)


def _digamma(x: Array) -> Array:
    """Derivative of the log gamma function where ``x`` is 48 or more, to 1e-9."""
    import numpy as np

    return np.asarray(np.log(x) - 0.5 / x - 1.0 / (12.0 * x**2))


def log_gamma(x: Array) -> Array:
    """Log of the gamma function of positive numbers, to 1e-9.

    Stirling's series eight steps up, and down again by the recurrence. SciPy has it too, but
    importing it takes longer than auditing a small crowd.
    """
    import numpy as np

    steps = x.copy()
    for step in range(1, 8):
        steps *= x + step
    y = x + 8.0
    series = (y - 0.5) * np.log(y) - y + 0.5 * np.log(2.0 * np.pi)
    series += 1.0 / (12.0 * y) - 1.0 / (360.0 * y**3) + 1.0 / (1260.0 * y**5)
    return np.asarray(series - np.log(steps))
