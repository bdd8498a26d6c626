"""Posterior-predictive checks: do labels drawn from a learned pool look like the real ones?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._plurality import extra_others
from suffice._streams import Stream
from suffice.estimate import intervals
from suffice.supply._votes import code_votes
from suffice.supply.operators._pool_grid import LEVELS, SKILLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.labels import LabelTable
    from suffice.supply.operators._fit_pool import FittedWorkers

    Codes = NDArray[np.int64]
    Floats = NDArray[np.float64]

_DRAWS = 100
_BUSY = 10


@dataclass(frozen=True)
class Check:
    """One thing that can be seen in labels without gold, in real and in drawn ones.

    Attributes:
        what: is compared.
        seen: in the real labels.
        low, high: where 90 % of the drawn tables lie.
    """

    what: str
    seen: float
    low: float
    high: float

    @property
    def fits(self) -> bool:
        """Whether the real labels look like drawn ones."""
        return self.low - 1e-9 <= self.seen <= self.high + 1e-9

    def __str__(self) -> str:
        """In words."""
        verdict = "as in" if self.fits else "unlike"
        return (
            f"{self.what}: {self.seen:.3f}, {verdict} labels drawn from the model "
            f"({self.low:.3f} to {self.high:.3f})"
        )


def predictive_checks(
    pool: FittedWorkers, labels: LabelTable, *, seed: int = 0
) -> tuple[Check, ...]:
    """Draw the same table again, by the same workers on tasks of the same kind, and compare.

    What is compared is not what the model was fitted to (right or wrong against the truth): how
    often two labels of a task agree, how many tasks are unanimous, and how much workers differ in
    how often they agree with their task's other labels.

    Reference: Gelman, Meng & Stern (1996), Statistica Sinica 6.

    Args:
        pool: learned from these labels.
        labels: the same table.
        seed: of the drawn tables.
    """
    votes = code_votes(labels)
    tasks, workers, classes = votes.shape
    rng = Stream.POOL_PREDICTIVE.rng(seed)
    slices = np.maximum(votes.slices, 0)
    shape = tasks, workers, classes + 1
    drawn = np.empty((_DRAWS, 3))
    picked = np.linspace(0, len(pool.weight) - 1, _DRAWS).astype(np.int64)
    for row, k in enumerate(picked):
        edges = pool.share[k].cumsum(axis=1)[slices]
        level = (edges < rng.random((tasks, 1)) * edges[:, -1:]).sum(axis=1)
        odds = SKILLS[pool.skill[k][votes.worker]] - LEVELS[level[votes.task]]
        wrong = rng.random(len(odds)) < 1.0 / (1.0 + np.exp(odds))
        others = int(pool.others) + (rng.random(len(odds)) < extra_others(pool.others))
        code = np.where(wrong, 1 + (rng.random(len(odds)) * others).astype(np.int64), 0)
        drawn[row] = _statistics(votes.task, votes.worker, code, shape)
    seen = _statistics(votes.task, votes.worker, votes.label, shape)
    names = ("two labels of a task agree", "tasks are unanimous", "workers differ (sd)")
    # Too few repeats or workers for a statistic are too few in every drawn table, too.
    told = np.flatnonzero(np.isfinite(seen))
    low, high = intervals(drawn[:, told], axis=0)
    return tuple(
        Check(names[k], float(seen[k]), float(a), float(b))
        for k, a, b in zip(told, low, high, strict=True)
    )


def _statistics(task: Codes, worker: Codes, code: Codes, shape: tuple[int, int, int]) -> Floats:
    """Pairs of a task that agree, tasks that are unanimous, spread of workers' agreement."""
    tasks, workers, codes = shape
    count = np.bincount(task * codes + code, minlength=tasks * codes).reshape(tasks, codes)
    total = count.sum(axis=1)
    pairs = float((total * (total - 1)).sum())
    if pairs == 0.0:
        return np.full(3, np.nan)
    agree = float((count * (count - 1)).sum()) / pairs
    several = total > 1
    unanimous = float((count.max(axis=1) == total)[several].mean())
    others = total[task] - 1
    alike = np.where(others > 0, (count[task, code] - 1) / np.maximum(others, 1), 0.0)
    load = np.bincount(worker, weights=others > 0, minlength=workers)
    mean = np.bincount(worker, weights=alike, minlength=workers) / np.maximum(load, 1.0)
    busy = load >= _BUSY
    return np.array([agree, unanimous, mean[busy].std() if busy.sum() > 2 else np.nan])
