"""What was measured: cells, their runs, and what each run reached."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.corruption import corruptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from suffice.curve import Curve, ResolvedCurve
    from suffice.records import RunRow

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cell:
    """Runs to make: one model, one resolved curve, several seeds."""

    model: str
    curve: ResolvedCurve
    seeds: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class CellRuns:
    """The runs of one cell.

    Attributes:
        scores: float64 [seed, metric].
        penalties: chosen hyperparameter [seed].
        seconds: time of each run, its share of the batch [seed].
        gold: what the first run's scores would be under other gold [replica, metric], if known.
    """

    scores: Floats
    penalties: Floats
    seconds: Floats
    gold: Floats | None


@dataclass(frozen=True)
class Run:
    """One real training, with all that names it.

    Attributes:
        pool, unique_items: fingerprint of tasks, labels and gold, and how many different items
            training could meet.
        model, scheme: by name.
        curve: what was bought.
        corrupted: what was synthetic in each tranche; empty where nothing was.
        seed: of its data and training.
        metrics: what it reached, by name.
        penalty: the hyperparameter that was chosen for it.
        cost: money for its labels.
        seconds: its share of the time of its batch.
    """

    pool: str
    unique_items: int
    model: str
    scheme: str
    curve: Curve
    corrupted: tuple[str, ...]
    seed: int
    metrics: Mapping[str, float]
    penalty: float
    cost: float
    seconds: float

    def row(self, stage: str) -> RunRow:
        """Flat, for a table of runs."""
        from suffice.records import RunRow

        return RunRow(
            stage=stage,
            model=self.model,
            scheme=self.scheme,
            curve=json.dumps(self.curve.as_list()),
            curve_text=str(self.curve),
            corrupted="; ".join(self.corrupted),
            tasks=self.curve.tasks,
            labels=sum(t.labels for t in self.curve),
            cost=self.cost,
            pool=self.pool,
            unique_items=self.unique_items,
            seed=self.seed,
            penalty=self.penalty,
            seconds=self.seconds,
            metrics=self.metrics,
        )


@dataclass(eq=False)
class Grid:
    """Measured cells and their runs, in the same order."""

    cells: list[Cell]
    runs: list[CellRuns]

    def of(self, model: str) -> tuple[tuple[Curve, ...], tuple[CellRuns, ...]]:
        """Curves and runs of one model whose labels are as they were given."""
        mine = [i for i in self._mine(model) if not corruptions(self.cells[i].curve)]
        curves = tuple(self.cells[i].curve.curve for i in mine)
        return curves, tuple(self.runs[i] for i in mine)

    def attacked(self, model: str) -> tuple[tuple[ResolvedCurve, ...], tuple[CellRuns, ...]]:
        """Curves and runs of one model with hostile labels among the others."""
        mine = [i for i in self._mine(model) if corruptions(self.cells[i].curve)]
        return tuple(self.cells[i].curve for i in mine), tuple(self.runs[i] for i in mine)

    def _mine(self, model: str) -> list[int]:
        return [i for i, c in enumerate(self.cells) if c.model == model]
