"""What an executor is given and what it gives back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from suffice.evidence import CellRuns

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from suffice.demand.schemes import Embedded, Scheme
    from suffice.evidence import Cell
    from suffice.pools import Pool


@dataclass(frozen=True, eq=False)
class Work:
    """What all cells of a grid share: tasks and evaluation, models by name, and the scheme."""

    pool: Pool
    models: Mapping[str, Embedded]
    scheme: Scheme

    def train(self, cell: Cell) -> CellRuns:
        """Make the runs of one cell, here and now."""
        begin = time.perf_counter()
        trained = self.scheme.train(self.pool, self.models[cell.model], cell.curve, cell.seeds)
        seconds = (time.perf_counter() - begin) / len(cell.seeds)
        return CellRuns(
            scores=trained.metrics,
            penalties=trained.penalties,
            seconds=np.full(len(cell.seeds), seconds),
            gold=self.pool.evaluation.gold_draws(trained.predictions.run(0)),
        )


class Executor(Protocol):
    """Trains cells somewhere."""

    def run(self, work: Work, cells: Sequence[Cell]) -> Generator[tuple[int, CellRuns], None, None]:
        """Train cells, and yield each one's position and runs as they come.

        Closing the iterator gives up what is not yet trained. An error of a cell is raised.
        """
