"""Crowds drawn from the priors of the models of scales: what their calibration is checked with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.supply.scales import _graded as graded
from suffice.supply.scales import _linear as linear
from suffice.supply.scales._marks import Marks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]


def draw_graded(
    sets: int, values: int, shape: tuple[int, int, int], rng: np.random.Generator
) -> tuple[Marks, graded.State]:
    """Independent tables from the graded model's prior, one a set, and the truth behind them.

    Args:
        sets: how many tables.
        values: how many values there are.
        shape: tasks, workers and labels a task of each table.
        rng: the only source of chance.
    """
    import numpy as np

    task, worker, of_task, of_worker = _design(sets, shape, rng)
    mean = _cut(graded.SKILL_MEAN, sets, rng)
    sd_a, sd_b, sd_g = (
        _sd(prior, sets, rng)
        for prior in (graded.SKILL_VARIANCE, graded.STRICT_VARIANCE, graded.REACH_VARIANCE)
    )
    workers = len(of_worker)
    a = rng.normal(mean[of_worker], sd_a[of_worker], workers)
    b, g = rng.normal(0.0, sd_b[of_worker]), rng.normal(0.0, sd_g[of_worker])
    steps = np.sort(rng.normal(0.0, graded.STEP_SD, (sets, values - 1)), axis=1)
    worth = rng.normal(size=len(of_task))
    bar = b[worker][:, None] + np.exp(g)[worker][:, None] * steps[of_worker[worker]]
    noise = rng.logistic(size=len(task))
    level = ((a[worker] * worth[task] + noise)[:, None] > bar).sum(axis=1)
    slip = rng.random(len(task)) < graded.SLIP
    level = np.where(slip, rng.integers(0, values, len(task)), level)
    gold = np.full(len(of_task), np.nan)
    marks = Marks(task, worker, level.astype(float), gold, workers, of_task, of_worker, sets)
    return marks, graded.State(a, b, g, steps, mean, sd_a, sd_b, sd_g, worth)


def draw_linear(
    sets: int, shape: tuple[int, int, int], rng: np.random.Generator
) -> tuple[Marks, linear.State]:
    """The same from the interval model's prior."""
    import numpy as np

    task, worker, of_task, of_worker = _design(sets, shape, rng)
    workers = len(of_worker)
    level = rng.normal(*linear.LEVEL, sets)
    reach = _cut(linear.REACH, sets, rng)
    sd_alpha = _sd(linear.BIAS_VARIANCE, sets, rng)
    sd_beta = _sd(linear.REACH_VARIANCE, sets, rng)
    noise = rng.gamma(linear.NOISE_RATE[0], 1.0 / linear.NOISE_RATE[1], sets)
    alpha = rng.normal(0.0, sd_alpha[of_worker])
    beta = rng.normal(reach[of_worker], sd_beta[of_worker])
    rate = linear.NOISE_SHAPE * noise[of_worker]
    own = np.sqrt(rate / rng.gamma(linear.NOISE_SHAPE, size=workers))
    worth = rng.normal(size=len(of_task))
    value = (level[of_worker] + alpha)[worker] + beta[worker] * worth[task]
    value = value + own[worker] * rng.normal(size=len(task))
    gold = np.full(len(of_task), np.nan)
    marks = Marks(task, worker, value, gold, workers, of_task, of_worker, sets)
    return marks, linear.State(alpha, beta, own, level, reach, sd_alpha, sd_beta, noise, worth)


def _design(
    sets: int, shape: tuple[int, int, int], rng: np.random.Generator
) -> tuple[Array, Array, Array, Array]:
    """Task and worker of each label, and the set of each task and worker."""
    import numpy as np

    tasks, workers, each = shape
    of_task, of_worker = np.repeat(np.arange(sets), tasks), np.repeat(np.arange(sets), workers)
    task = np.repeat(np.arange(sets * tasks), each)
    who = rng.random((sets * tasks, workers)).argsort(axis=1)[:, :each]
    return task, (who + of_task[:, None] * workers).ravel(), of_task, of_worker


def _cut(prior: tuple[float, float], sets: int, rng: np.random.Generator) -> Array:
    """Normals that are not negative."""
    drawn = rng.normal(*prior, sets)
    while (below := drawn < 0.0).any():
        drawn[below] = rng.normal(*prior, int(below.sum()))
    return drawn


def _sd(prior: tuple[float, float], sets: int, rng: np.random.Generator) -> Array:
    import numpy as np

    return np.sqrt(prior[1] / rng.gamma(prior[0], size=sets))
