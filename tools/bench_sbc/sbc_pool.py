"""Workers and difficulty of a pool: tables drawn from the prior of ``worker_pool``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.supply.operators import _fit_pool as pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

TASKS, WORKERS, LABELS = 40, 12, 6
EVERY = 6
RIGHT = 1.0 / (1.0 + np.exp(pool.LEVELS - pool.SKILLS[:, None]))


def places(simulations: int, seed: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """Place of each truth among the draws, between 0 and 1, by quantity."""
    rng = np.random.default_rng([seed, 37])
    base_a, base_d = pool._bell(pool.SKILLS - 1.5), pool._bell(pool.LEVELS)
    task = np.repeat(np.arange(TASKS), LABELS)
    found: dict[str, list[float]] = {}
    for _ in range(simulations):
        share_a = pool._dirichlet(pool._WEIGHT * base_a, rng)
        share_d = pool._dirichlet(pool._WEIGHT * base_d, rng)
        skill = rng.choice(len(pool.SKILLS), WORKERS, p=share_a)
        level = rng.choice(len(pool.LEVELS), TASKS, p=share_d)
        worker = rng.random((TASKS, WORKERS)).argsort(axis=1)[:, :LABELS].ravel()
        odds = pool.SKILLS[skill[worker]] - pool.LEVELS[level[task]]
        right = rng.random(len(task)) < 1.0 / (1.0 + np.exp(-odds))
        truth = np.zeros((TASKS, 2))
        truth[:, 1] = 1.0
        load = np.bincount(worker, minlength=WORKERS).astype(float)
        _, met, drawn, by_slice = pool._sample(
            task, worker, right.astype(np.int64), truth, np.ones(TASKS, bool),
            np.zeros(TASKS, int), 1, load, rng,
        )  # fmt: skip
        values = pool.SKILLS[drawn[::EVERY]]
        mine = pool.SKILLS[skill]
        known = np.bincount(skill, load / load.sum(), len(pool.SKILLS))
        for name, draws, wanted in (
            ("one worker's skill", values[:, 0], mine[0]),
            ("mean skill", values.mean(axis=1), mine.mean()),
            ("spread of skills", values.std(axis=1), mine.std()),
            (
                "share of right answers",
                np.einsum("da,al,dl->d", met[::EVERY], RIGHT, by_slice[::EVERY, 0]),
                known @ RIGHT @ share_d,
            ),
        ):
            # Skills lie on a grid: chance splits ties evenly.
            tied = np.isclose(draws, wanted)
            low = ((draws < wanted) & ~tied).sum() + tied.sum() * rng.random()
            found.setdefault(name, []).append((low + 0.5) / (len(draws) + 1))
    yield "pool of workers", {name: np.array(place) for name, place in found.items()}
