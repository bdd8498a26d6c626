"""Workers as a user states them: how much they differ, how many spam, how many are hostile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit, ndtri

from suffice.channel import Source
from suffice.supply.operators._beliefs import Chance, require
from suffice.supply.operators._operated import OperatedPosterior
from suffice.supply.operators._worlds import LEAST, UNTOLD_LABELS, Worlds, attackers, plain_worlds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.channel import Channel

    Floats = NDArray[np.float64]

_KINDS = 15
"""Kinds of honest workers, at equal steps of the normal's chance (chosen: their mean error is
within .002 of the normal's own)."""


@dataclass(frozen=True, eq=False)
class StatedWorkers:
    """A source's channel, with a stated prior of who gives its labels: ``with_workers`` makes it.

    Model: honest workers' log odds of a right answer differ normally with sd ``spread``, the same
    at all difficulties; a share ``spam`` answers by coin; together they err exactly as the source
    was measured to err. A share ``hostile`` comes on top, of whom the measurement met none; with
    ``hostile_met`` it is among those who were measured, and the honest err less by so much.
    Assumes: the prior. Nothing here was learned from workers' labels.
    Fails when: skill is not one-dimensional.
    """

    source: Source
    spread: float
    spam: Chance | None
    hostile: Chance | None
    camouflage: Chance | None
    target: int | None
    career: float
    hostile_met: bool = False

    def worlds(
        self, source: Source, draws: int, rng: np.random.Generator, capability: float | None
    ) -> Worlds:
        """The source's worlds, with workers in them."""
        priced = replace(
            self.source,
            price=source.price,
            capacity=source.capacity,
            latency_days=source.latency_days,
            max_labels_per_task=source.max_labels_per_task,
        )
        plain = plain_worlds(priced, draws, rng, capability)
        spam = _drawn(self.spam, draws, rng)
        hostile = _drawn(self.hostile, draws, rng)
        camouflage = _drawn(self.camouflage, draws, rng)
        alone = plain.wrong[0, :, 0]
        chance, other = 1.0 - 1.0 / plain.classes, plain.classes - 1
        # No more coins than the measured error has room for in its best cell that is in use.
        room = np.where(plain.share > 1e-6, alone, 1.0).min(axis=(1, 2))
        met_wrong = np.zeros_like(alone)
        if self.hostile_met:
            hostile = np.minimum(hostile, 0.9 * room)
            met_wrong = (
                hostile[:, None, None] * attackers(alone, self.target, plain.classes)[0, :, 0]
            )
            room = room - hostile
        spam = np.minimum(spam, 0.95 / chance * room)
        others = (1.0 - hostile)[:, None, None] if self.hostile_met else 1.0
        guessed = chance * spam[:, None, None]
        left = ((alone - met_wrong) / others - guessed) / (1.0 - spam)[:, None, None]
        skill = self.spread * ndtri((np.arange(_KINDS) + 0.5) / _KINDS)
        honest = _spread_out(np.clip(left, LEAST, 1.0 - LEAST), skill)
        shape = draws, 1, *alone.shape[1:]
        coins = np.full((2, *shape), chance)
        skilled = np.stack([honest, 1.0 - honest / other])
        hostiles = attackers(alone, self.target, plain.classes)
        wrong = np.concatenate([skilled, coins, hostiles], axis=2)
        each = ((1.0 - hostile) * (1.0 - spam) / _KINDS)[:, None]
        weight = np.concatenate(
            [np.repeat(each, _KINDS, axis=1), ((1.0 - hostile) * spam)[:, None], hostile[:, None]],
            axis=1,
        )
        # An attack that the channel itself shows joins the hostile workers.
        met = plain.attack()
        weight = weight * (1.0 - met)[:, None]
        weight[:, -1] += met
        kinds = np.zeros(_KINDS + 2, dtype=bool)
        kinds[-1] = True
        return replace(
            plain,
            wrong=wrong,
            weight=weight,
            hostile=kinds,
            camouflage=camouflage,
            career=self.career,
            stint=self.career,
        ).noting("how workers differ is a stated prior")

    def draw(self, rng: np.random.Generator, capability: float | None) -> Channel:
        """One channel, its workers drawn with it."""
        return OperatedPosterior(self._as_source(), ()).draw(rng, capability)

    def mean(self) -> Channel:
        """The channel with the posterior mean profile."""
        return OperatedPosterior(self._as_source(), ()).mean()

    def _as_source(self) -> Source:
        return replace(self.source, posterior=self)


def with_workers(
    source: Source,
    *,
    spread: float = 0.8,
    spam: Chance | None = None,
    hostile: Chance | None = None,
    camouflage: Chance | None = None,
    target: int | None = None,
    labels_per_worker: float = UNTOLD_LABELS,
    hostile_met: bool = False,
) -> Source:
    """The same source, with a stated prior of its workers.

    Args:
        source: one whose channel says nothing of single workers.
        spread: sd between workers of the log odds of a right answer; .8 takes a pool of 80 %
            accuracy from about 55 % (worst twentieth) to 94 % (best twentieth).
        spam: share of labels given by coin; part of the source's measured error.
        hostile: share of labels that want to be wrong; comes on top of the measured error.
        camouflage: chance that a hostile worker sees through a gold or test question.
        target: number of the slice that hostile workers attack; elsewhere they work like others.
        labels_per_worker: answers that one worker gives before leaving.
        hostile_met: whether the hostile are among those who were measured, instead of on top.
    """
    fine = isfinite(spread) and spread >= 0.0 and labels_per_worker >= 1.0
    require(
        fine,
        f"workers with spread {spread:g} and {labels_per_worker:g} labels each cannot be",
        "give spread >= 0 and at least 1 label a worker",
    )
    career = float(labels_per_worker)
    stated = StatedWorkers(source, spread, spam, hostile, camouflage, target, career, hostile_met)
    return replace(source, posterior=stated)


def _drawn(chance: Chance | None, draws: int, rng: np.random.Generator) -> Floats:
    return np.zeros(draws) if chance is None else chance.draw(draws, rng)


def _spread_out(error: Floats, skill: Floats) -> Floats:
    """Errors of workers of each skill whose mean is ``error`` [D, S, B] -> [D, kind, S, B]."""
    centre = logit(error)
    for _ in range(8):
        parts = expit(centre[:, None] - skill[:, None, None])
        slope = (parts * (1.0 - parts)).mean(axis=1)
        centre = centre - np.clip((parts.mean(axis=1) - error) / np.maximum(slope, 1e-12), -2, 2)
    return np.asarray(expit(centre[:, None] - skill[:, None, None]))
