"""How much the dissent of different workers falls on the same tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply.workers._worker_model import Crowd

    Array = NDArray[Any]

_BORROWED = 4.0
"""Labels of the crowd's dissent added to each worker's of a class (chosen: a handful)."""
_LOOKS, _LEAST_LOOKS, _LOOKED_AT = 12, 3, 20_000_000
"""Draws of the classes that are looked at: twelve, fewer in large tables, by how many labels are
looked at in all (chosen for time)."""


@dataclass(frozen=True)
class DissentIcc:
    """How much dissent goes together on tasks.

    Attributes:
        seen: the correlation seen.
        shown: the part of the true one that shows at so many labels a task.
        error: standard error of what is seen; 0 where no two workers share a task.
    """

    seen: float
    shown: float
    error: float

    @property
    def whole(self) -> float:
        """The correlation that labels of many workers a task would show."""
        return self.seen / max(self.shown, 1e-9)

    @property
    def whole_error(self) -> float:
        """Its standard error; infinite where the labels show nothing of it."""
        if self.error == 0.0 or self.shown <= 0.0:
            return float("inf")
        return self.error / self.shown


def dissent_icc(crowd: Crowd, z_DT: Array) -> DissentIcc:
    """How much two workers' dissent on one task goes together, skills allowed for.

    Model: dissent from *drawn* classes of tasks, each worker's share of it on the class allowed
    for. Dissent from the consensus itself would be pushed apart, the more so the fewer labels
    there are: whoever agrees made the consensus. Drawn classes are free of that, but they lean to
    what the labels would be without shared error; of n labels a task one goes into its class and
    one into how skilled workers are, so that about (n - 2) / n of the correlation is left to see.
    Near 0 where tasks are alike; it grows with tasks that divide workers of any skill.

    Args:
        crowd: the labels.
        z_DT: drawn classes of the tasks, [draw, task].
    """
    import numpy as np

    # A label that nobody can dissent from says nothing of dissent.
    several = np.bincount(crowd.task, minlength=crowd.tasks) > 1
    mine = (several & (crowd.gold < 0))[crowd.task]
    task, worker, label = crowd.task[mine], crowd.worker[mine], crowd.label[mine]
    n = np.bincount(task, minlength=crowd.tasks)
    if not len(task):
        return DissentIcc(0.0, 0.0, 0.0)
    shows = np.maximum(n - 2.0, 0.0) / np.maximum(n, 1)
    looks = int(np.clip(_LOOKED_AT // len(task), _LEAST_LOOKS, _LOOKS))
    found = []
    for draw in np.linspace(0, len(z_DT) - 1, min(looks, len(z_DT))).astype(int):
        z = z_DT[draw].astype(np.int64)[task]
        dissent = (label != z).astype(np.float64)
        chance = _chance_of_dissent(worker * crowd.classes + z, dissent, crowd)
        gap = _pairs(dissent - chance, task, crowd.tasks)
        size = _pairs(np.sqrt(chance * (1.0 - chance)), task, crowd.tasks)
        total = max(float(size.sum()), 1e-9)
        row = gap.sum() / total, (shows @ size) / total, (gap**2).sum() / total**2
        found.append(row)
    seen, shown, variance = np.array(found).T
    # Which class a task has is a part of the doubt: the draws differ by it.
    error = float(np.sqrt(variance.mean() + seen.var()))
    return DissentIcc(float(seen.mean()), float(shown.mean()), error)


def _chance_of_dissent(cell: Array, dissent: Array, crowd: Crowd) -> Array:
    """Each label's chance to dissent, by worker and class; few labels are drawn to the crowd's."""
    import numpy as np

    count = np.bincount(cell, minlength=crowd.workers * crowd.classes)
    wrong = np.bincount(cell, dissent, len(count))
    crowd_wrong = wrong.reshape(-1, crowd.classes).sum(axis=0) + 0.5
    crowd_count = count.reshape(-1, crowd.classes).sum(axis=0) + 1.0
    pulled = np.tile(_BORROWED * crowd_wrong / crowd_count, crowd.workers)
    return np.asarray(((wrong + pulled) / (count + _BORROWED))[cell])


def _pairs(values: Array, task: Array, tasks: int) -> Array:
    """Sum over ordered pairs of different labels of a task of their product, float64 [task]."""
    import numpy as np

    total = np.bincount(task, values, tasks)
    return np.asarray(total**2 - np.bincount(task, values**2, tasks))
