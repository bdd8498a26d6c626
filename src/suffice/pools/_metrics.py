"""What a trained model is scored on beside its errors.

``log_loss`` in nats; ``calibration``, the expected calibration error; ``regret@n``, what is lost by
taking the model's favourite of n candidates instead of the gold's; ``attack``, how often the text
that carries a planted trigger wins although it should not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

BEST_OF = (2, 4, 8, 16, 32, 64)
"""Numbers of candidates whose regret is stored with every run. Chosen: they double, which
covers a wide range with few columns; a criterion can limit any of them."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Items among which a model is to find the best.

    Attributes:
        items: item numbers, int64 [candidate].
        group: candidates of one group compete with each other, int64 [candidate].
        worth: gold, larger is better [candidate].
        replicas: gold as other raters might have given it, and the mass of each candidate when
            documents are redrawn, each float32 [replica, candidate]; None where gold has none.
    """

    items: NDArray[np.int64]
    group: NDArray[np.int64]
    worth: NDArray[np.float64]
    replicas: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    @cached_property
    def groups(self) -> list[NDArray[np.int64]]:
        """Positions of each group's candidates."""
        return [np.flatnonzero(self.group == g) for g in np.unique(self.group)]

    @cached_property
    def plain(self) -> Gold:
        """The gold as it is."""
        return Gold.of(self, self.worth[None], np.ones((1, len(self.items))))

    @cached_property
    def redrawn(self) -> Gold | None:
        """The gold of all replicas."""
        return None if self.replicas is None else Gold.of(self, *self.replicas)


@dataclass(frozen=True, eq=False)
class Gold:
    """What choosing by gold itself gives.

    Attributes:
        worth, mass: of each candidate [replica, candidate].
        best: expected worth of the gold's choice among n, in sd [group, replica, n].
        unit: sd of worth within the group [group, replica].
    """

    worth: NDArray[np.float64]
    mass: NDArray[np.float64]
    best: NDArray[np.float64]
    unit: NDArray[np.float64]

    @classmethod
    def of(cls, candidates: Candidates, worths: Floats, masses: Floats) -> Gold:
        """Choose by each replica's own worth."""
        worth, mass = np.asarray(worths, np.float64), np.asarray(masses, np.float64)
        best, unit = [], []
        for mine in candidates.groups:
            own, w = worth[:, mine], mass[:, mine]
            share = w / w.sum(axis=1, keepdims=True)
            centred = own - (share * own).sum(axis=1, keepdims=True)
            unit.append(np.sqrt(np.maximum((share * centred**2).sum(axis=1), 1e-24)))
            best.append([best_of_n(o, o, BEST_OF, m) for o, m in zip(own, w, strict=True)])
        units = np.array(unit)
        return cls(worth, mass, np.array(best) / units[:, :, None], units)


@dataclass(frozen=True, eq=False)
class Predictions:
    """What trained models say of an evaluation.

    Attributes:
        odds: of each task in the shape of its kind: log-odds that the answer is 1, float32
            [run, task]; with more than two classes of every class, up to a constant, float32
            [run, task, class]. ``LabelKind.likeliest`` makes answers of them.
        scores: of the evaluation's candidates, float32 [run, candidate]; None where it has none.
    """

    odds: NDArray[np.float32]
    scores: NDArray[np.float32] | None = None

    def run(self, number: int) -> Predictions:
        """One run's alone."""
        scores = None if self.scores is None else self.scores[number : number + 1]
        return Predictions(self.odds[number : number + 1], scores)


def best_of_n(
    scores: Floats, worth: Floats, counts: Sequence[int], mass: Floats | None = None
) -> NDArray[np.float64]:
    """Expected worth of the highest-scored of n candidates, exactly [..., n].

    Model: n candidates are drawn with replacement, each in proportion to its mass, and equal scores
    are chosen among at random.

    Args:
        scores: of all candidates [candidate].
        worth: of all candidates [..., candidate].
        counts: the n that are asked for.
        mass: of each candidate; equal by default [..., candidate].
    """
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    mass = np.ones(worth.shape) if mass is None else np.asarray(mass, dtype=np.float64)
    mass = mass[..., order]
    block = np.add.reduceat(mass, starts, axis=-1)
    mean = np.add.reduceat(mass * worth[..., order], starts, axis=-1) / np.maximum(block, 1e-300)
    below = np.cumsum(block, axis=-1)[..., :-1] / block.sum(axis=-1, keepdims=True)
    # The best of n is at most a score exactly when all n are; summed by parts, each step up from
    # one score to the next is lost with that chance.
    steps, power, before = np.diff(mean, axis=-1), below, 1
    found = []
    for n in counts:
        # Numbers that double, as they mostly do, need no powers.
        power = power * power if n == 2 * before else below**n
        found.append(mean[..., -1] - np.einsum("...k,...k->...", power, steps))
        before = n
    return np.asarray(np.stack(found, axis=-1))


def regret(scores: Floats, candidates: Candidates, gold: Gold) -> NDArray[np.float64]:
    """What is lost against the gold's own choice, a mean over groups [run, replica, n].

    In standard deviations of the gold within the group. The gold's own noise flatters the gold's
    choice by the same amount for every model.

    Args:
        scores: of the candidates [run, candidate].
        candidates: who competes with whom.
        gold: the worths, and what choosing by them gives.
    """
    lost = np.zeros((len(scores), len(gold.worth), len(BEST_OF)))
    for g, mine in enumerate(candidates.groups):
        own, w = gold.worth[:, mine], gold.mass[:, mine]
        for run in range(len(scores)):
            got = best_of_n(scores[run, mine], own, BEST_OF, w)
            lost[run] += gold.best[g] - got / gold.unit[g][:, None]
    return lost / len(candidates.groups)
