"""Chains of one pool of workers, until they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import ConvergenceError
from suffice.supply._settling import SETTLED, Settling
from suffice.supply.operators._pool_chain import PoolChain, PoolLabels
from suffice.supply.operators._pool_grid import LEVELS, SKILLS, WEIGHT, WRONG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Draws = tuple[Floats, Floats, NDArray[np.int64], Floats]

_KEEP, _BURN = 50, 75
"""Draws of each chain, more where chains are fewer, and sweeps that are thrown away before."""
_LEAST_THIN, _MOST_THIN, _WORK = 2, 3, 2e7
"""A chain is thinned as far as the work (labels times sweeps) allows."""
_CHAINS, _FEWER, _LARGE = 4, 2, 50_000
"""Chains side by side, and how many where there are more labels than the last number."""
_REFUSED, _LONGER = 1.5, 3
"""R-hat above which the chains go on for so much longer, and above which then nothing is given."""


@dataclass(frozen=True, eq=False)
class PoolTable:
    """Labels of the tasks whose truth is known, or as far as it can be."""

    task: NDArray[np.int64]
    worker: NDArray[np.int64]
    label: NDArray[np.int64]
    truth_TK: Floats
    slices: NDArray[np.int64]
    slice_count: int
    workers: int


def sample_pool(table: PoolTable, rng: np.random.Generator) -> tuple[Draws, Settling]:
    """What the chains say, one after the other, and whether they agree; they go on if not."""
    chain = _Chains(table, rng)
    thin = int(np.clip(_WORK / (4 * _KEEP * max(len(table.label), 1)), _LEAST_THIN, _MOST_THIN))
    for _ in range(_BURN):
        chain.sweep()
    # Of many labels the posterior is narrow and a longer run takes minutes: a note has to do there.
    few = len(table.label) <= _LARGE
    for longer in (1, _LONGER) if few else (1,):
        kept, settling = chain.keep(thin * longer)
        if settling.rhat <= SETTLED:
            break
    if few and settling.rhat > _REFUSED:
        raise ConvergenceError(
            f"the chains for the pool of workers disagree on the {settling.worst} "
            f"(R-hat {settling.rhat:.2f}): give more labels or gold"
        )
    return kept, settling


class _Chains:
    """Several chains of one table side by side; the truth of tasks without gold is drawn anew."""

    def __init__(self, table: PoolTable, rng: np.random.Generator) -> None:
        self.table, self.rng = table, rng
        self.sets = sets = _CHAINS if len(table.label) <= _LARGE else _FEWER
        # Workers without a label of these tasks and tasks without labels say nothing.
        self.met_W, worker = np.unique(table.worker, return_inverse=True)
        met_T, self.task = np.unique(table.task, return_inverse=True)
        each, workers, tasks = np.arange(sets), len(self.met_W), len(met_T)
        labels = PoolLabels(
            task=(self.task + tasks * each[:, None]).ravel(),
            worker=(worker + workers * each[:, None]).ravel(),
            task_set=np.repeat(each, tasks),
            worker_set=np.repeat(each, workers),
            task_slice=np.tile(table.slices[met_T], sets),
            sets=sets,
            slices=table.slice_count,
        )
        self.chain = PoolChain(labels, rng)
        self.load = np.bincount(worker).astype(np.float64)
        self.cumulated = table.truth_TK[met_T].cumsum(axis=1)
        inside = (self.cumulated > 0.0) & (self.cumulated < self.cumulated[:, -1:])
        self.soft = bool(inside.any())
        self._see()

    def _see(self) -> None:
        edge = self.rng.random((self.sets, len(self.cumulated), 1)) * self.cumulated[:, -1:]
        truth = (self.cumulated <= edge).sum(axis=2)
        right = self.table.label == truth[:, self.task]
        self.chain.see(right.ravel().astype(np.float64))

    def sweep(self) -> None:
        if self.soft:
            self._see()
        self.chain.sweep()

    def keep(self, thin: int) -> tuple[Draws, Settling]:
        """Draws [chain and draw, ...], and whether the chains agree."""
        kept: list[Draws] = []
        watched: dict[str, list[Floats]] = {}
        for _ in range(_KEEP * _CHAINS // self.sets):
            for _ in range(thin):
                self.sweep()
            kept.append(_draw(self.chain, self.table, self.met_W, self.load, self.rng))
            for name, value in _watch(self.chain, self.load).items():
                watched.setdefault(name, []).append(value)
        # Chain by chain, so that halves of the draws come from other chains.
        weight, met, skill, share = (
            np.array(part).swapaxes(0, 1).reshape(-1, *part[0].shape[1:])
            for part in zip(*kept, strict=True)
        )
        return (weight, met, skill, share), Settling.of(
            {name: np.array(rows) for name, rows in watched.items()}
        )


def _draw(
    chain: PoolChain,
    table: PoolTable,
    met_W: NDArray[np.int64],
    load: Floats,
    rng: np.random.Generator,
) -> Draws:
    """Shares of labels by skill of other people and of these, skills, shares of difficulty."""
    sets, kinds, number = chain.labels.sets, len(SKILLS), len(met_W)
    cell = chain.labels.worker_set * kinds + chain.skill_W
    loads = np.tile(load, sets)
    met = np.bincount(cell, loads, sets * kinds).reshape(sets, kinds)
    # Other people: the workers' weights are drawn anew, with room for kinds not yet met.
    luck = rng.exponential(size=len(loads))
    fresh = np.bincount(cell, loads * luck, sets * kinds).reshape(sets, kinds)
    room = load.sum() / number * WEIGHT * rng.exponential(size=(sets, 1))
    fresh = fresh + room * chain.share_SA
    # Workers without a label here could be of any kind.
    edges = chain.share_SA.cumsum(axis=1)[:, None]
    skill = (edges < rng.random((sets, table.workers, 1)) * edges[..., -1:]).sum(axis=2)
    skill[:, met_W] = chain.skill_W.reshape(sets, number)
    return (
        fresh / fresh.sum(axis=1, keepdims=True),
        met / met.sum(axis=1, keepdims=True),
        skill,
        chain.share_GL.reshape(sets, table.slice_count, -1),
    )


def _watch(chain: PoolChain, load: Floats) -> dict[str, Floats]:
    """What has to agree between chains [chain]."""
    of = chain.labels
    skill = SKILLS[chain.skill_W].reshape(of.sets, -1)
    share = chain.share_GL.reshape(of.sets, of.slices, -1)
    mean = skill @ load / load.sum()
    level = (share @ LEVELS).mean(axis=1)
    right = (
        1.0 - WRONG[chain.skill_W].reshape(of.sets, len(load), -1) @ share.mean(axis=1)[..., None]
    )
    return {
        "share of right answers": right[..., 0] @ load / load.sum(),
        "mean skill": mean,
        "spread of skills": skill.std(axis=1),
        "spread of difficulty": np.sqrt((share @ LEVELS**2).mean(axis=1) - level**2),
    }
