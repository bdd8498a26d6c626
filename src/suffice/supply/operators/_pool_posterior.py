"""Chains of one pool of workers, until they agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import ConvergenceError
from suffice.supply.operators._pool_chain import PoolChain, PoolLabels
from suffice.supply.operators._pool_grid import SKILLS, WEIGHT, WRONG
from suffice.supply.workers import SETTLED, Settling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Draws = tuple[Floats, Floats, NDArray[np.int64], Floats]

_CHAINS, _BURN, _KEEP, _THIN = 4, 75, 50, 3
"""Chains side by side, sweeps thrown away, draws kept of each chain, and sweeps for each draw."""
_REFUSED, _LONGER = 1.5, 3
"""R-hat above which nothing is given, and how much longer chains that disagree go on before."""
_MOST, _LEAST = 30_000, 100
"""Labels that the chains learn from, and tasks of each slice that they take if there are more."""

_OF_REPEATS = ("mean skill", "spread of tasks")
"""What only tasks with two labels tell: a single one says nothing of whose fault an error is."""


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

    @property
    def repeated(self) -> bool:
        """Whether any task has two labels: else nothing says how much tasks differ."""
        return len(np.unique(self.task)) < len(self.task)

    def sample(self, rng: np.random.Generator) -> PoolTable:
        """Tasks picked by chance, slice by slice, with about ``_MOST`` labels; all if it has fewer.

        Kinds and difficulties learned from them are right for the whole, and the less certain.
        """
        if len(self.task) <= _MOST:
            return self
        # Place of each task among those of its slice, in an order by chance.
        tasks = rng.permutation(np.unique(self.task))
        tasks = tasks[np.argsort(self.slices[tasks], kind="stable")]
        size = np.bincount(self.slices[tasks], minlength=self.slice_count)
        place = np.arange(len(tasks)) - np.repeat(size.cumsum() - size, size)
        most = np.maximum(size * _MOST / len(self.task), _LEAST)
        taken = np.zeros(len(self.slices), dtype=bool)
        taken[tasks] = place < most[self.slices[tasks]]
        rows = taken[self.task]
        return replace(self, task=self.task[rows], worker=self.worker[rows], label=self.label[rows])


def sample_pool(table: PoolTable, rng: np.random.Generator) -> tuple[Draws, Settling, float]:
    """What the chains say, one after the other, whether they agree, and the share of labels seen.

    Chains that disagree go on for longer.

    Raises:
        ConvergenceError: they disagree a lot even so.
    """
    seen = table.sample(rng)
    chains = _Chains(seen, rng)
    for _ in range(_BURN):
        chains.sweep()
    load = np.bincount(table.worker, minlength=table.workers).astype(np.float64)
    for longer in (1, _LONGER):
        kept, settling = chains.keep(load, _THIN * longer)
        if settling.rhat <= SETTLED:
            break
    if settling.rhat > _REFUSED:
        raise ConvergenceError(
            f"the chains for the pool of workers disagree on the {settling.worst} "
            f"(R-hat {settling.rhat:.2f}): give more labels or gold"
        )
    return kept, settling, len(seen.task) / len(table.task)


class _Chains:
    """Several chains of one table side by side; the truth of tasks without gold is drawn anew."""

    def __init__(self, table: PoolTable, rng: np.random.Generator) -> None:
        self.table, self.rng, self.repeated = table, rng, table.repeated
        # Workers without a label of these tasks and tasks without labels say nothing.
        self.met_W, worker = np.unique(table.worker, return_inverse=True)
        met_T, self.task = np.unique(table.task, return_inverse=True)
        each, workers, tasks = np.arange(_CHAINS), len(self.met_W), len(met_T)
        labels = PoolLabels(
            task=(self.task + tasks * each[:, None]).ravel(),
            worker=(worker + workers * each[:, None]).ravel(),
            task_set=np.repeat(each, tasks),
            worker_set=np.repeat(each, workers),
            task_slice=np.tile(table.slices[met_T], _CHAINS),
            sets=_CHAINS,
            slices=table.slice_count,
        )
        self.chain = PoolChain(labels, rng)
        self.cumulated = table.truth_TK[met_T].cumsum(axis=1)
        inside = (self.cumulated > 0.0) & (self.cumulated < self.cumulated[:, -1:])
        self.soft = bool(inside.any())
        self._see()

    def _see(self) -> None:
        edge = self.rng.random((_CHAINS, len(self.cumulated), 1)) * self.cumulated[:, -1:]
        truth = (self.cumulated <= edge).sum(axis=2)
        right = self.table.label == truth[:, self.task]
        self.chain.see(right.ravel().astype(np.float64))

    def sweep(self) -> None:
        if self.soft:
            self._see()
        self.chain.sweep()

    def keep(self, load: Floats, thin: int) -> tuple[Draws, Settling]:
        """Draws [chain and draw, ...], and whether the chains agree.

        Args:
            load: labels of each worker, those of tasks that the chains do not see too.
            thin: sweeps for each draw.
        """
        kept: list[Draws] = []
        watched: dict[str, list[Floats]] = {}
        for _ in range(_KEEP):
            for _ in range(thin):
                self.sweep()
            kept.append(self._draw(load))
            for name, value in _watch(self.chain, load[self.met_W]).items():
                # What the labels say nothing of is the prior's, and no reason to refuse the rest.
                if self.repeated or name not in _OF_REPEATS:
                    watched.setdefault(name, []).append(value)
        # Chain by chain, so that halves of the draws come from other chains.
        weight, met, skill, share = (
            np.array(part).swapaxes(0, 1).reshape(-1, *part[0].shape[1:])
            for part in zip(*kept, strict=True)
        )
        return (weight, met, skill, share), Settling.of(
            {name: np.array(rows) for name, rows in watched.items()}
        )

    def _draw(self, load: Floats) -> Draws:
        """Shares of labels by skill of other people and of these, skills, shares of difficulty."""
        chain, rng, kinds = self.chain, self.rng, len(SKILLS)
        # Workers whom the chains have not seen could be of any kind.
        skill = np.stack([
            rng.choice(kinds, size=len(load), p=share) for share in chain.share_SA
        ])  # fmt: skip
        skill[:, self.met_W] = chain.skill_W.reshape(_CHAINS, -1)
        cell = (skill + kinds * np.arange(_CHAINS)[:, None]).ravel()
        loads = np.tile(load, _CHAINS)
        met = np.bincount(cell, loads, _CHAINS * kinds).reshape(_CHAINS, kinds)
        # Other people: the workers' weights are drawn anew, with room for kinds not yet met.
        loads = loads * rng.exponential(size=len(loads))
        fresh = np.bincount(cell, loads, _CHAINS * kinds).reshape(_CHAINS, kinds)
        room = load[load > 0].mean() * WEIGHT * rng.exponential(size=(_CHAINS, 1))
        fresh = fresh + room * chain.share_SA
        return (
            fresh / fresh.sum(axis=1, keepdims=True),
            met / met.sum(axis=1, keepdims=True),
            skill,
            chain.share_GL.reshape(_CHAINS, self.table.slice_count, -1),
        )


def _watch(chain: PoolChain, load: Floats) -> dict[str, Floats]:
    """What has to agree between chains [chain]: how workers and tasks differ in what is wrong.

    The spread of difficulty itself is no measure: beyond some level everybody is wrong, and how far
    beyond only the prior knows.
    """
    of, part = chain.labels, load / load.sum()
    share_SL = chain.share_GL.reshape(of.sets, of.slices, -1).mean(axis=1)
    skill_SW = chain.skill_W.reshape(of.sets, -1)
    task_SL = np.einsum("swl,w->sl", WRONG[skill_SW], part)
    mean = (task_SL * share_SL).sum(axis=1)
    return {
        "share of right answers": 1.0 - mean,
        "mean skill": SKILLS[skill_SW] @ part,
        "spread of workers": np.einsum("swl,sl->sw", WRONG[skill_SW], share_SL).std(axis=1),
        "spread of tasks": np.sqrt(((task_SL - mean[:, None]) ** 2 * share_SL).sum(axis=1)),
    }
