"""The demand law: worlds drawn from its prior, sampled side by side.

The sampler is differential evolution (ter Braak 2006), which knows nothing of how a world was made.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.curve import Curve, Tranche
from suffice.demand.law._cells import Cells
from suffice.demand.law._terms import Shape, Terms, basis

# Worlds are drawn from the prior as the tests draw them.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

AT_ONCE, WALKERS, STEPS, BURN, EVERY = 100, 16, 1_000, 400, 25
PROFILE = np.array([20.0, 40.0, 8.0])
FAR = (
    Curve((Tranche("expert", 3000),)),
    Curve((Tranche("judge", 9000), Tranche("crowd", 500))),
)


def places(simulations: int, seed: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """Place of each truth among the draws, between 0 and 1, by parameter and for two forecasts."""
    parts = []
    for start in range(0, simulations, AT_ONCE):
        rng = np.random.default_rng([seed, 11, start])
        parts.append(_side_by_side(min(AT_ONCE, simulations - start), rng))
    yield "demand law", {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def _side_by_side(worlds: int, rng: np.random.Generator) -> dict[str, Array]:
    from test_law import TABLE, some_curves
    from test_law_properties import _simulate, prior_draws

    curves = some_curves(rng, 18)
    runs = [rng.normal(0.3, 0.01, (12, 3)) for _ in curves]
    cells = Cells.of(curves, runs, TABLE)
    cells = replace(cells, profile=PROFILE[: cells.values.shape[1]])
    truth = prior_draws(rng, worlds, "angle")
    values = _simulate(cells, truth, rng)
    free = np.arange(truth.shape[1]) != Shape.column(TABLE)
    draws = _evolve(
        replace(cells, values=np.repeat(values, WALKERS // 2, axis=0)), truth, free, rng
    )
    found = {
        f"parameter {k + 1}": (draws[..., k] < truth[:, None, k]).mean(axis=1)
        for k in np.flatnonzero(free)
    }

    def error(theta: Array) -> Array:
        return basis(Terms.of(list(FAR), TABLE).ways, Shape.unpack(theta, TABLE), TABLE).learned

    there = error(draws.reshape(-1, draws.shape[-1])).reshape(worlds, -1, len(FAR))
    place = (there < error(truth)[:, None]).mean(axis=1)
    return found | {"what 3,000 expert labels teach": place[:, 0], "a mixture": place[:, 1]}


def _evolve(batch: Cells, truth: Array, free: Array, rng: np.random.Generator) -> Array:
    """Draws from the posterior of every world [world, draw, parameter]."""
    worlds = len(truth)
    halves = [truth[:, None] + 0.3 * rng.standard_normal((worlds, WALKERS // 2, truth.shape[1]))
              for _ in range(2)]  # fmt: skip
    for half in halves:
        half[..., ~free] = truth[:, None, ~free]

    def density(x: Array) -> Array:
        return batch.log_posterior(x.reshape(-1, x.shape[-1])).reshape(x.shape[:2])

    now = [density(half) for half in halves]
    kept = []
    rows = np.arange(worlds)[:, None]
    for step in range(STEPS):
        for mine, other in ((0, 1), (1, 0)):
            pick = rng.integers(WALKERS // 2, size=(2, worlds, WALKERS // 2))
            gap = halves[other][rows, pick[0]] - halves[other][rows, pick[1]]
            scale = 1.0 if step % 10 == 0 else 2.38 / np.sqrt(2.0 * free.sum())
            tried = halves[mine] + (scale * gap + 1e-3 * rng.standard_normal(gap.shape)) * free
            level = density(tried)
            taken = np.log(rng.random(level.shape)) < level - now[mine]
            halves[mine] = np.where(taken[..., None], tried, halves[mine])
            now[mine] = np.where(taken, level, now[mine])
        if step >= BURN and step % EVERY == 0:
            kept.append(np.concatenate(halves, axis=1))
    return np.concatenate(kept, axis=1)
