"""Trains the cells of a grid: skips what is stored, spreads the rest over local processes."""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand._processes import processes
from suffice.demand._store import CellRuns, Run, RunStore, cell_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.channel import Source
    from suffice.curve import ResolvedCurve
    from suffice.demand._scheme import Scheme
    from suffice.labels import Pool
    from suffice.progress import Progress, Step


@dataclass(frozen=True, eq=False)
class Embedded:
    """A model as runs see it: its frozen features of every item.

    Attributes:
        name, fingerprint: of the model.
        features: float32 [item, dimension].
    """

    name: str
    fingerprint: str
    features: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Cell:
    """Runs to make: one model, one resolved curve, several seeds."""

    model: str
    curve: ResolvedCurve
    seeds: tuple[int, ...]

    def runs(
        self, found: CellRuns, pool: Pool, scheme: Scheme, sources: Mapping[str, Source]
    ) -> list[Run]:
        """The cell's runs, one by one."""
        curve = self.curve.curve
        return [
            Run(
                pool=pool.fingerprint,
                unique_items=pool.unique_items,
                model=self.model,
                scheme=scheme.name,
                curve=curve,
                seed=seed,
                metrics=dict(zip(pool.evaluation.metrics, map(float, scores), strict=True)),
                penalty=float(penalty),
                cost=curve.cost(sources),
                seconds=float(seconds),
            )
            for seed, scores, penalty, seconds in zip(
                self.seeds, found.scores, found.penalties, found.seconds, strict=True
            )
        ]


def measure(
    cells: Sequence[Cell],
    pool: Pool,
    models: Mapping[str, Embedded],
    scheme: Scheme,
    store: RunStore,
    progress: Progress,
    *,
    name: str = "grid",
    workers: int | None = None,
) -> list[CellRuns]:
    """Train every cell that the store does not hold, and return all of them in order.

    Work is lost only in cells under way when the process is stopped; calling again goes on.

    Args:
        cells: what to train.
        pool: tasks and evaluation.
        models: by name, with the features of the pool's items.
        scheme: how to train.
        store: where runs are kept.
        progress: advances by runs.
        name: of the step.
        workers: local processes; by default one for each core.
    """
    keys = [_key(c, pool, models, scheme) for c in cells]
    found = [store.get(k, c.seeds) for k, c in zip(keys, cells, strict=True)]
    todo = [i for i, runs in enumerate(found) if runs is None]
    # The largest cells first, so that no worker is left alone with one of them at the end.
    todo.sort(key=lambda i: -cells[i].curve.curve.tasks)
    with progress.step(name, total=sum(len(c.seeds) for c in cells)) as step:
        step.advance(sum(len(c.seeds) for c, r in zip(cells, found, strict=True) if r is not None))
        if todo:
            count = min(workers or os.cpu_count() or 1, len(todo))
            with processes(count, _start, (pool, dict(models), scheme)) as executor:
                jobs: dict[Future[CellRuns], int] = {}
                waiting = iter(todo)
                for i in waiting:
                    jobs[executor.submit(_train, cells[i])] = i
                    if len(jobs) < 2 * count:
                        continue
                    _collect(jobs, keys, cells, found, pool, scheme, store, step)
                while jobs:
                    _collect(jobs, keys, cells, found, pool, scheme, store, step)
    return [runs for runs in found if runs is not None]


def _collect(
    jobs: dict[Future[CellRuns], int],
    keys: list[str],
    cells: Sequence[Cell],
    found: list[CellRuns | None],
    pool: Pool,
    scheme: Scheme,
    store: RunStore,
    step: Step,
) -> None:
    """Wait for at least one job and store what is done."""
    done, _ = wait(jobs, return_when=FIRST_COMPLETED)
    for job in done:
        i = jobs.pop(job)
        runs = job.result()
        cell = cells[i]
        about = {
            "model": cell.model,
            "scheme": scheme.name,
            "curve": cell.curve.curve.as_list(),
            "metrics": list(pool.evaluation.metrics),
        }
        store.put(keys[i], about, cell.seeds, runs)
        found[i] = runs
        step.advance(len(cell.seeds))


def _key(cell: Cell, pool: Pool, models: Mapping[str, Embedded], scheme: Scheme) -> str:
    model = models[cell.model].fingerprint
    return cell_key(pool.fingerprint, model, scheme.name, scheme.version, cell.curve.curve)


_held: tuple[Pool, dict[str, Embedded], Scheme] | None = None


def _start(pool: Pool, models: dict[str, Embedded], scheme: Scheme) -> None:
    global _held
    _held = (pool, models, scheme)


def _train(cell: Cell) -> CellRuns:
    if _held is None:
        raise RuntimeError("a worker was used before it was started")
    pool, models, scheme = _held
    begin = time.perf_counter()
    trained = scheme.train(pool, models[cell.model].features, cell.curve, cell.seeds)
    seconds = (time.perf_counter() - begin) / len(cell.seeds)
    return CellRuns(
        scores=trained.metrics,
        penalties=trained.penalties,
        seconds=np.full(len(cell.seeds), seconds),
        gold=pool.evaluation.gold_draws(trained.answers[0]),
    )
