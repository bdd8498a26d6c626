"""Redundancy: r labels of each task, put together into one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import logit

from suffice._plurality import plurality_error
from suffice.supply.operators._beliefs import require
from suffice.supply.operators._operated import Operator
from suffice.supply.operators._samplers import vote
from suffice.supply.operators._worlds import need_labels, need_people

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply.operators._samplers import Codes, Drawn, Sampler
    from suffice.supply.operators._worlds import Worlds

    Floats = NDArray[np.float64]

_STEPS = 384
"""Grid steps of all weights of a panel at their largest."""
_CELLS = 2_000_000
"""Cells of the table of weights that are worked on at a time: 16 MB."""
_SURE = 6.0
"""Weights are held to what a worker of accuracy .9975 has: nobody outvotes a crowd alone."""
_MOST = 51
"""Labels of a task at most (chosen: far beyond what anybody buys)."""


@dataclass(frozen=True)
class Redundancy(Operator):
    """Each task is labelled r times by different workers, and the answers are put together.

    Model: given the task's slice, difficulty and whether it misleads everybody, labels are
    independent. With ``majority`` the answer with the most votes wins, ties are split fairly; with
    ``skill`` votes are weighted by the log odds of each worker's accuracy on gold, which is best
    for independent workers.
    Assumes: a task's workers are different people, drawn from the pool.
    Fails when: difficulty varies within a bin: the gain is then overstated. A shared error is not
        touched, so with ever more labels the error falls to the share of misleading tasks.
    Reference: Condorcet (1785); Nitzan & Paroush (1982) on the weights.

    Attributes:
        labels: of each task.
        weights: ``majority`` or ``skill``; skill needs workers whose accuracy is known.
    """

    labels: int = 3
    weights: Literal["majority", "skill"] = "majority"

    def __post_init__(self) -> None:
        """A whole number of labels."""
        fine = 1 <= self.labels <= _MOST and self.weights in ("majority", "skill")
        require(
            fine,
            f"redundancy of {self.labels} labels by {self.weights!r} cannot be",
            f"give 1 to {_MOST} labels, and majority or skill",
        )

    @property
    def tells_workers_apart(self) -> bool:
        """Only where votes are weighted."""
        return self.weights == "skill"

    def __str__(self) -> str:
        """In words."""
        weighted = " weighted by skill" if self.weights == "skill" else ""
        return f"{self.labels} labels a task{weighted}"

    def transform(self, worlds: Worlds, effects: Floats) -> Worlds:
        """Error of the answer; r times the price, an r-th of the capacity."""
        need_labels(worlds, self.labels)
        if self.weights == "skill":
            need_people(worlds, "weighting by skill")
            wrong = weighted_error(worlds, self.labels)
        else:
            wrong = plurality_error(worlds.pooled(), self.labels, worlds.others)
        after = worlds.verdict(wrong)
        notes = ["workers of one task are different people drawn from the pool"]
        if self.weights == "skill" and len(worlds.hostile) == 1:
            notes.append("nothing is known of single workers: weights are equal")
        return replace(
            after,
            price=worlds.price * self.labels,
            capacity=worlds.capacity / self.labels,
            most=worlds.most // self.labels,
        ).noting(*notes)

    def sampler(self, inner: Sampler, before: Worlds, after: Worlds, effects: Floats) -> Sampler:
        """Ask r workers and count their votes."""
        weights = skill_weights(before)[0] if self.weights == "skill" else None
        return _Panel(inner, self.labels, weights)


@dataclass(frozen=True, eq=False)
class _Panel:
    inner: Sampler
    size: int
    weights: Floats | None

    def labels(self, tasks: Drawn, each: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
        codes, kinds = self.inner.labels(tasks, each * self.size, rng)
        shape = len(tasks) * each, self.size
        weights = None if self.weights is None else self.weights[kinds].reshape(shape)
        answer = vote(codes.reshape(shape), weights, rng).reshape(len(tasks), each)
        return answer, np.zeros_like(answer)


def skill_weights(worlds: Worlds) -> Floats:
    """Weight of a vote by each kind of worker: log odds of its accuracy on gold [D, A]."""
    known = np.clip(worlds.gold_right(), 1e-6, 1.0 - 1e-6)
    return np.asarray(np.clip(logit(known), -_SURE, _SURE))


def weighted_error(worlds: Worlds, labels: int) -> Floats:
    """Chance that a vote weighted by skill is wrong [state, D, S, B].

    The distribution of one label's weight (positive if right) is put on a fine grid, each weight
    shared by its two neighbours so that its mean stays, and taken r times by Fourier transform.
    """
    weights = skill_weights(worlds)
    most = np.abs(weights).max(axis=1, keepdims=True)
    steps = max(_STEPS // labels, 16)
    place = weights / np.maximum(most, 1e-9) * steps
    size = 2 ** int(np.ceil(np.log2(2 * labels * (steps + 1) + 1)))
    states, draws, _, slices, bins = worlds.wrong.shape
    some = max(_CELLS // (states * slices * bins * size), 1)
    parts = [
        _weighted(worlds.wrong[:, at], worlds.weight[at], place[at], labels, size)
        for at in (slice(k, k + some) for k in range(0, draws, some))
    ]
    return np.concatenate(parts, axis=1)


def _weighted(wrong: Floats, weight: Floats, place: Floats, labels: int, size: int) -> Floats:
    """The same for some of the draws, weights given as places on a ring of ``size`` points."""
    states, draws, kinds, slices, bins = wrong.shape
    table = np.zeros((states, draws, slices, bins, size))
    at_draw = np.arange(draws)
    for kind in range(kinds):
        share = weight[:, kind][:, None, None]
        for sign, chance in ((1.0, 1.0 - wrong[:, :, kind]), (-1.0, wrong[:, :, kind])):
            x = sign * place[:, kind]
            low = np.floor(x).astype(np.int64)
            up = (x - low)[:, None, None]
            mass = chance * share
            # Negative places wrap around, as the transform wants them.
            table[:, at_draw, :, :, low % size] += np.moveaxis(mass * (1.0 - up), 1, 0)
            table[:, at_draw, :, :, (low + 1) % size] += np.moveaxis(mass * up, 1, 0)
    total = np.fft.irfft(np.fft.rfft(table, axis=-1) ** labels, n=size, axis=-1)
    lost = total[..., size // 2 :].sum(axis=-1) + 0.5 * total[..., 0]
    return np.asarray(np.clip(lost, 0.0, 1.0))
