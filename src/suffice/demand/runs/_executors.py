"""Where cells are trained: in this process, in processes of this machine, or on a Ray cluster.

An executor is told what all cells share once, trains them in any order, and hands each result over
when it is there. It decides nothing that a result depends on: a cell's runs follow from its seeds,
so every executor gives the same numbers.
"""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice.demand.runs._processes import processes
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from suffice.demand.runs._work import Executor, Work
    from suffice.evidence import Cell, CellRuns


class InProcess:
    """One cell after the other, in this very process."""

    def run(self, work: Work, cells: Sequence[Cell]) -> Generator[tuple[int, CellRuns], None, None]:
        """See ``Executor.run``."""
        for i, cell in enumerate(cells):
            yield i, work.train(cell)


@dataclass(frozen=True)
class LocalProcesses:
    """Processes of this machine, each with one numeric thread.

    Attributes:
        workers: how many; by default one for each core.
    """

    workers: int | None = None

    def run(self, work: Work, cells: Sequence[Cell]) -> Generator[tuple[int, CellRuns], None, None]:
        """See ``Executor.run``."""
        count = min(self.workers or os.cpu_count() or 1, len(cells))
        if count == 0:
            return
        with processes(count, _hold, (work,)) as pool:
            jobs: dict[Future[CellRuns], int] = {}
            waiting = iter(enumerate(cells))
            more = True
            while more or jobs:
                # Few are handed over in advance, so that giving up waits for few.
                while more and len(jobs) < 2 * count:
                    i, cell = next(waiting, (-1, None))
                    if cell is None:
                        more = False
                    else:
                        jobs[pool.submit(_train, cell)] = i
                done, _ = wait(jobs, return_when=FIRST_COMPLETED)
                for job in done:
                    yield jobs.pop(job), job.result()


def load_executor(name: str) -> Executor:
    """The executor of this name: ``processes``, ``processes:N``, ``inline``, ``ray``, ``ray:HOST``.

    Raises:
        InputError: there is no such executor.
        MissingError: Ray is asked for and not installed.
    """
    kind, _, detail = name.partition(":")
    if kind == "processes" and (not detail or (detail.isdecimal() and int(detail) > 0)):
        return LocalProcesses(int(detail) if detail else None)
    if kind == "inline" and not detail:
        return InProcess()
    if kind == "ray":
        from suffice.demand.runs._ray import RayCluster

        return RayCluster(detail or None)
    raise InputError(
        f"there is no executor {name!r}",
        fix="use processes, processes:4, inline, ray or ray:HOST:PORT",
    )


_held: Work | None = None


def _hold(work: Work) -> None:
    global _held
    _held = work


def _train(cell: Cell) -> CellRuns:
    if _held is None:
        raise RuntimeError("a worker was used before it was started")
    return _held.train(cell)
