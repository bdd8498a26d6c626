"""Truths from the prior of response laws, and where they fall among the draws of the posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.response._families import Additive, Frame, Smooth
from suffice.demand.response._gaussian import sample_family
from suffice.demand.response._points import Observed, Points
from suffice.demand.response._saturating import Saturating

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from suffice.demand.response._gaussian import Family

    Floats = NDArray[np.float64]

CELLS, REPEATS, DRAWS = 24, 2, 128
NOISE = (float(np.log(0.3)), 0.5)
"""Prior of the log sd of runs; narrower than that of tables, so that few simulations tell much."""


def families(rng: np.random.Generator) -> dict[str, Family]:
    """Laws of mixtures of three sources and several totals, whose cells are drawn anew."""
    shares = rng.dirichlet(np.ones(3), CELLS)
    totals = rng.choice([500.0, 1000.0, 2000.0, 4000.0, 8000.0], CELLS)
    frame = Frame(Points.of_counts(shares * totals[:, None]), None, (1,))
    additive = Additive("additive", frame, ("linear", "root", "total", "meet"))
    smooth = Additive("smooth", frame, ("linear", "total"))
    return {
        "additive": additive,
        "smooth": Smooth("smooth", smooth),
        "saturating": Saturating("saturating", frame),
    }


def one(name: str, rng: np.random.Generator, repeats: int = REPEATS) -> dict[str, float]:
    """Place of each truth among its draws, from 0 to 1."""
    family = families(rng)[name]
    mean, sd = family.prior
    frame = family.additive.frame if isinstance(family, Smooth) else family.frame  # type: ignore[attr-defined]
    points = frame.cells
    noise_theta = np.array([NOISE[0], NOISE[0] - 1.0]) + rng.standard_normal(2) * [NOISE[1], 1.0]
    theta = np.concatenate([mean + sd * rng.standard_normal(len(mean)), noise_theta])
    weights = rng.standard_normal(len(family.scales(theta))) * family.scales(theta)
    sigma, tau = np.exp(theta[-2:])
    level = family.columns(points, theta) @ weights
    if repeats > 1:
        level = level + tau * rng.standard_normal(len(points))
    runs = level[:, None] + sigma * rng.standard_normal((len(points), repeats))
    observed = Observed(
        runs.mean(axis=1),
        np.full(len(points), float(repeats)),
        np.zeros(len(points)),
        float(((runs - runs.mean(axis=1, keepdims=True)) ** 2).sum()),
        len(points) * (repeats - 1),
    )
    found = sample_family(family, points, observed, NOISE, rng, draws=DRAWS)
    width = len(weights)
    fitted = found.fitted(
        rng.standard_normal((DRAWS, width)), rng.standard_normal((DRAWS, len(points)))
    )
    shares = np.array([[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    asked = Points.of_counts(shares * np.array([[2000.0], [16000.0]]))
    truth = family.columns(asked, theta) @ weights
    drawn = fitted.mean(asked, slice(None))
    quantities = {
        "one source alone": (truth[0], drawn[:, 0]),
        "beyond the largest": (truth[1], drawn[:, 1]),
        "noise of runs": (sigma, fitted.sigma),
    }
    return {
        key: (float((draws < value).sum()) + rng.random()) / (DRAWS + 1)
        for key, (value, draws) in quantities.items()
    }


def places(simulations: int, seed: int) -> Iterator[tuple[str, dict[str, Floats]]]:
    """Places of all truths, family by family."""
    for k, name in enumerate(("additive", "smooth", "saturating")):
        rng = np.random.default_rng([seed, 131, k])
        rows = [one(name, rng) for _ in range(simulations)]
        yield f"response law, {name}", {q: np.array([r[q] for r in rows]) for q in rows[0]}
