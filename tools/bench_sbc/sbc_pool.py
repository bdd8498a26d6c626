"""Workers and difficulty of a pool: tables drawn from the prior of ``worker_pool``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.supply.operators import _pool_chain as chains
from suffice.supply.operators import _pool_grid as grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

TASKS, WORKERS, LABELS = 40, 12, 6
BURN, KEEP, THIN = 200, 99, 8
RIGHT = 1.0 - grid.WRONG


def drawn_labels(
    sets: int, slices: int, rng: np.random.Generator
) -> tuple[chains.PoolLabels, Array, dict[str, Array]]:
    """Labels of tables drawn from the prior, which of them are right, and the truth."""
    labels = np.repeat(np.arange(sets * TASKS), LABELS)
    worker = rng.random((sets * TASKS, WORKERS)).argsort(axis=1)[:, :LABELS].ravel()
    of = chains.PoolLabels(
        task=labels,
        worker=worker + WORKERS * (labels // TASKS),
        task_set=np.repeat(np.arange(sets), TASKS),
        worker_set=np.repeat(np.arange(sets), WORKERS),
        task_slice=np.tile(np.arange(TASKS) % slices, sets),
        sets=sets,
        slices=slices,
    )
    share_SA = grid.dirichlet(np.tile(grid.WEIGHT * grid.BASE_SKILL, (sets, 1)), rng)
    share_GL = grid.dirichlet(np.tile(grid.WEIGHT * grid.BASE_LEVEL, (sets, 1)), rng)
    if slices > 1:
        share_GL = grid.dirichlet(grid.WEIGHT * np.repeat(share_GL, slices, axis=0), rng)
    skill = grid.pick(share_SA[of.worker_set], rng)
    level = grid.pick(share_GL[of.task_set * slices + of.task_slice], rng)
    right = rng.random(len(labels)) < RIGHT[skill[of.worker], level[of.task]]
    return of, right.astype(np.float64), quantities(of, skill, share_GL)


def quantities(of: chains.PoolLabels, skill: Array, share_GL: Array) -> dict[str, Array]:
    """What is ranked, one value a table."""
    value = grid.SKILLS[skill].reshape(of.sets, WORKERS)
    load = np.bincount(of.worker, minlength=len(skill)).reshape(of.sets, WORKERS)
    mine = (RIGHT[skill] * share_GL[:: of.slices][of.worker_set]).sum(axis=1)
    return {
        "one worker's skill": value[:, 0],
        "mean skill": value.mean(axis=1),
        "spread of skills": value.std(axis=1),
        "share of right answers": (load * mine.reshape(load.shape)).sum(axis=1) / load.sum(axis=1),
    }


def places(
    simulations: int,
    seed: int,
    *,
    slices: tuple[int, ...] = (1, 2),
    burn: int = BURN,
    keep: int = KEEP,
    thin: int = THIN,
) -> Iterator[tuple[str, dict[str, Array]]]:
    """Place of each truth among the draws, between 0 and 1, with one slice and with two."""
    for number in slices:
        rng = np.random.default_rng([seed, 37, number])
        of, right, truth = drawn_labels(simulations, number, rng)
        chain = chains.PoolChain(of, rng)
        chain.see(right)
        for _ in range(burn):
            chain.sweep()
        low = {quantity: np.zeros(simulations) for quantity in truth}
        tied = {quantity: np.ones(simulations) for quantity in truth}
        for _ in range(keep):
            for _ in range(thin):
                chain.sweep()
            for quantity, drawn in quantities(of, chain.skill_W, chain.share_GL).items():
                same = np.isclose(drawn, truth[quantity])
                low[quantity] += (drawn < truth[quantity]) & ~same
                tied[quantity] += same
        # Skills lie on a grid: chance chooses among equal places, and within one.
        place = {
            quantity: (low[quantity] + tied[quantity] * rng.random(simulations)) / (keep + 1)
            for quantity in truth
        }
        yield "pool of workers" if number == 1 else f"pool of workers, {number} slices", place
