"""How much each kind of worker model counts: no kind is bet on, since fit alone does not decide.

The kind that predicts labels best need not be the one whose classes are the truth: where errors go
together within a class, a class-wise model finds classes of its own. So kinds are averaged, by what
they say of one task more, by how far they go against clear majorities, and by gold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.supply.workers._crowd_prior import shrunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.workers._crowd_prior import CrowdPrior
    from suffice.supply.workers._worker_model import Crowd

    Array = NDArray[Any]

_CLEAR = 2.0 / 3.0
"""Share of a task's labels from which its majority is clear (convention)."""
_SLIP = 0.02
"""Chance that gold differs whatever a kind says: no gold task rules a kind out (chosen)."""


@dataclass(frozen=True, eq=False)
class Ballot:
    """What decides on kinds, the same for all of them.

    Attributes:
        clear_T: the clear majority of each task without gold, -1 where there is none.
        gold: of the tasks.
        heard: number of tasks that say something of workers.
    """

    clear_T: NDArray[np.int64]
    gold: NDArray[np.int64]
    heard: int

    @classmethod
    def of(cls, crowd: Crowd, heard_T: Array) -> Ballot:
        """Count the labels once."""
        import numpy as np

        cells = np.bincount(
            crowd.task * crowd.classes + crowd.label, minlength=crowd.tasks * crowd.classes
        ).reshape(crowd.tasks, crowd.classes)
        count = cells.sum(axis=1)
        clear = (cells.max(axis=1) >= _CLEAR * count) & (count > 1) & (crowd.gold < 0)
        top = np.where(clear, cells.argmax(axis=1), -1)
        return cls(top, crowd.gold, max(int(heard_T.sum()), 1))

    def weights(
        self, scores: Sequence[float], open_TK: Sequence[Array], prior: CrowdPrior
    ) -> NDArray[np.float64]:
        """Weight of each kind, float64 [kind].

        Model: pseudo-BMA with the evidence of one task: how a kind misses the truth is the same for
        all tasks of a table, so that many of them say no more of it than one. Of a kind that goes
        against clear majorities other crowds say how seldom it is right. Gold tasks count one by
        one, with the errors of their labels going together as in other crowds.
        Reference: Yao et al. (2018), Bayesian Analysis 13(3), on averaging by predictive scores;
        Miller and Dunson (2019), JASA 114, on evidence that a wrong model may not use in full.

        Args:
            scores: expected log chance of the labels of new tasks, summed over tasks.
            open_TK: P(class) of the tasks from labels alone.
            prior: what other crowds are like.
        """
        import numpy as np

        log_weight = np.asarray(scores) / self.heard
        known = np.flatnonzero(self.gold >= 0)
        for number, found in enumerate(open_TK):
            log_weight[number] -= self.overruled(found) / prior.overruled
            if len(known):
                one = shrunk(found[known], prior.together_mean)
                right = one[np.arange(len(known)), self.gold[known]]
                chance = (1.0 - _SLIP) * right + _SLIP / found.shape[1]
                log_weight[number] += np.log(chance).sum()
        weight = np.exp(log_weight - log_weight.max())
        return np.asarray(weight / weight.sum())

    def overruled(self, class_TK: Array) -> float:
        """Share of the tasks on which a kind's answer goes against a clear majority."""
        against = (class_TK.argmax(axis=1) != self.clear_T) & (self.clear_T >= 0)
        return float(against.mean())
