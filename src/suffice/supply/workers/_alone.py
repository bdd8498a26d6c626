"""Tasks with one label and no gold: answered by the worker model, informing nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suffice.supply._pieces import pieces
from suffice.supply.workers import _worker_model as model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.workers._worker_model import Crowd, Difficulty, State

    Array = NDArray[Any]

_MANY = 100_000
"""Such tasks from which they are left out of the sampler. Chosen for time: a sweep that moves
nothing but them is lost; fewer of them cost less than a table of answers."""
_KEPT = 1_000
"""Such tasks that stay in: a sampler without any task has nothing to sum over (convention)."""


@dataclass(frozen=True, eq=False)
class Alone:
    """What to sample, and the tasks that are answered from its state.

    Attributes:
        crowd: the labels that are sampled, with tasks of their own numbers.
        heard: their tasks in the whole table, int64 [task of ``crowd``].
        tasks: the others' numbers in the whole table, int64 [task left out].
        cell: worker and label of each of those, worker x classes + label.
    """

    crowd: Crowd
    heard: NDArray[np.int64]
    tasks: NDArray[np.int64]
    cell: NDArray[np.int64]

    @classmethod
    def of(cls, crowd: Crowd, heard_T: Array) -> Alone | None:
        """Part the labels; None where few tasks have one label only."""
        import numpy as np

        out = np.flatnonzero(~heard_T)
        if len(out) <= _MANY:
            return None
        labelled = np.bincount(crowd.task, minlength=crowd.tasks) == 1
        out = out[labelled[out]][_KEPT:]
        left = np.zeros(crowd.tasks, dtype=bool)
        left[out] = True
        number = np.cumsum(~left) - 1
        aside = left[crowd.task]
        kept = ~aside
        sampled = replace(
            crowd,
            task=number[crowd.task[kept]],
            worker=crowd.worker[kept],
            label=crowd.label[kept],
            gold=crowd.gold[~left],
            task_set=crowd.task_set[~left],
        )
        # Labels are sorted by task, and each of these has one.
        cell = crowd.worker[aside] * crowd.classes + crowd.label[aside]
        return cls(sampled, np.flatnonzero(~left), out, cell)

    def chances(self, state: State, difficulty: Difficulty) -> NDArray[np.float64]:
        """P(class) given one label, float64 [class, worker x label]."""
        import numpy as np

        crowd, levels = self.crowd, difficulty.count
        classes = crowd.classes
        prior = np.log(state.share_SK[0])[:, None] + np.log(np.maximum(state.level_SD[0], 1e-300))
        chance = np.empty((classes, crowd.workers, classes))
        for part in pieces(crowd.workers, max(model.BLOCK_CELLS // (classes**2 * levels), 1)):
            joint = model.label_log_table(state, crowd, difficulty, part) + prior
            weight = np.exp(joint - joint.max(axis=(2, 3), keepdims=True)).sum(axis=3)
            weight /= weight.sum(axis=2, keepdims=True)
            chance[:, part] = np.moveaxis(weight, 2, 0)
        return chance.reshape(classes, -1)

    def draw(self, chance_KC: Array, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw the classes of the tasks left out, given ``chances``."""
        import numpy as np

        below = chance_KC.cumsum(axis=0)
        picked = rng.random(len(self.tasks))
        drawn = np.zeros(len(self.tasks), dtype=np.int64)
        for row in below[:-1]:
            drawn += row[self.cell] < picked
        return drawn
