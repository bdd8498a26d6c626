"""How much shared error to expect of a crowd before any gold is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.workers._worker_model import Crowd

    Array = NDArray[Any]

SHARE_GRID = 400
"""Cells of the grid on which the share of misled tasks is drawn, from 0 to 1."""
PRIOR_LEAN = 0.035
"""Mean share of misled tasks with two classes.

Tasks that lean to the wrong side are in the worker model already."""
PRIOR_BASE, PRIOR_CURVE, PRIOR_MOST = 0.015, 14.0, 0.3
"""Mean share with more classes, ``PRIOR_BASE + PRIOR_CURVE * icc**2``, and its cap.

``icc`` is how much dissent goes together on tasks. Where some tasks divide workers of any skill
they mislead more often too, and faster than in proportion: it takes more than the crowd's usual
margin. Nor are more tasks taken to mislead than there is dissent: where all agree on nearly all,
tasks are easy. Set by looking at the gold of two public sets of more than two classes (icc .09
with .14 misled, icc .05 with .03 or less); it is a prior from other crowds, and said to be so."""
ICC_MEAN, ICC_SHAPE = 0.075, 3.0
"""Gamma prior of ``icc`` over crowds: the mean of those two sets, and wide.

It speaks where a table has too few labels a task to show ``icc``."""
_ICC_CELLS, _ICC_MOST = 120, 0.3
"""Grid of ``icc``; at its end the prior has less than 1e-3 left."""
_BORROWED = 4.0
"""Labels of the crowd's dissent added to each worker's of a class (chosen: a handful)."""
_LOOKS, _LEAST_LOOKS, _LOOKED_AT = 12, 3, 20_000_000
"""Draws of the classes that ``icc`` is looked at in: twelve, fewer in large tables, by how many
labels are looked at in all (chosen for time)."""


@dataclass(frozen=True)
class DissentIcc:
    """How much dissent goes together on tasks.

    Attributes:
        seen: the correlation seen.
        shown: the part of the true one that shows at so many labels a task.
        error: standard error of what is seen; 0 where no two workers share a task.
        dissent: share of labels that dissent from the class of their task.
    """

    seen: float
    shown: float
    error: float
    dissent: float


def share_prior(crowd: Crowd, z_DT: Array) -> NDArray[np.float64]:
    """Prior of the share of tasks that mislead everybody, as chances of the cells of a grid.

    Model: Beta(1, b) whose mean depends on how much dissent goes together in this table. With few
    labels a task that hardly shows; its posterior is then nearly its prior over crowds, and the
    share is as uncertain as it is over crowds. With two classes the mean is fixed.
    Assumes: this crowd is like those the prior was set by.
    Fails when: its tasks mislead more often than other crowds' do. Only gold can show that.

    Args:
        crowd: the labels. Tasks with gold have no say: they are counted elsewhere.
        z_DT: drawn classes of the tasks, [draw, task].

    Returns:
        Chances that sum to 1, float64 [``SHARE_GRID``].
    """
    import numpy as np

    if crowd.classes == 2:
        return beta_cells(PRIOR_LEAN)
    icc = (np.arange(_ICC_CELLS) + 0.5) * (_ICC_MOST / _ICC_CELLS)
    log_weight = (ICC_SHAPE - 1.0) * np.log(icc) - icc * ICC_SHAPE / ICC_MEAN
    found = dissent_icc(crowd, z_DT)
    if found.error > 0.0:
        log_weight -= 0.5 * ((found.seen - found.shown * icc) / found.error) ** 2
    weight = np.exp(log_weight - log_weight.max())
    most = max(min(found.dissent, PRIOR_MOST), PRIOR_BASE)
    means = np.minimum(PRIOR_BASE + PRIOR_CURVE * icc**2, most)
    cells = np.array([beta_cells(mean) for mean in means])
    return np.asarray(weight @ cells / weight.sum())


def beta_cells(mean: float) -> NDArray[np.float64]:
    """Chances of the grid's cells under Beta(1, b) of this mean."""
    import numpy as np

    above = (1.0 - np.linspace(0.0, 1.0, SHARE_GRID + 1)) ** (1.0 / mean - 1.0)
    return np.asarray(above[:-1] - above[1:])


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

    open_task = crowd.gold < 0
    mine = open_task[crowd.task]
    task, worker, label = crowd.task[mine], crowd.worker[mine], crowd.label[mine]
    n = np.bincount(task, minlength=crowd.tasks)
    if n.max(initial=0) < 2:
        return DissentIcc(0.0, 0.0, 0.0, 1.0)
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
        row = gap.sum() / total, (shows @ size) / total, (gap**2).sum() / total**2, dissent.mean()
        found.append(row)
    seen, shown, variance, dissents = np.array(found).T
    # Which class a task has is a part of the doubt: the draws differ by it.
    error = float(np.sqrt(variance.mean() + seen.var()))
    return DissentIcc(float(seen.mean()), float(shown.mean()), error, float(dissents.mean()))


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
