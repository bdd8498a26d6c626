"""What a study would train, said before it is trained."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.labels import counted
from suffice.stages._models import study_models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suffice.evidence import Cell
    from suffice.stages._workspace import Workspace

_PACE = {"probe": (0.002, 1.5e-5)}
"""Seconds of a run, and more for each labelled task, where none was made here: measured on two
cores with the example's encoders."""
_PACE_OF_OTHERS = (2.0, 0.04)
"""The same of schemes that train the encoder itself: .65 s for a step of 16 labels, measured."""
_LEAST_SEEN = 10
"""Cells from which their own times say how long others take (convention)."""


@dataclass(frozen=True)
class Training:
    """What the grid of a study trains.

    Attributes:
        cells, runs: of the grid; a cell is trained once a seed.
        stored: runs that were made before and are read.
        largest: labelled tasks of the largest cell.
        minutes: how long the rest takes, roughly, on so many ``processors``.
        basis: what that is from.
    """

    cells: int
    runs: int
    stored: int
    largest: int
    minutes: float
    processors: int
    basis: str

    @property
    def statement(self) -> str:
        """All of it in a line."""
        stored = f", of which {self.stored:,} are stored" if self.stored else ""
        grid = (
            f"Grid: {self.cells:,} cells, {counted(self.runs, 'run')}{stored}; the largest has "
            f"{self.largest:,} labelled tasks."
        )
        if self.stored == self.runs:
            return f"{grid} Nothing is left to train."
        return (
            f"{grid} About {_said(self.minutes)} on "
            f"{counted(self.processors, 'processor')} ({self.basis})."
        )


def training(work: Workspace, cells: Sequence[Cell]) -> Training:
    """Announce the training of cells."""
    from suffice.demand.runs import stored_runs

    fingerprints = {name: work.scheme.fingerprint(name) for name in study_models(work.study)}
    stored = stored_runs(cells, work.pool, fingerprints, work.scheme, work.store)
    runs = sum(len(c.seeds) for c in cells)
    pace, basis = _pace(work)
    seconds = sum(len(c.seeds) * (pace[0] + pace[1] * c.curve.curve.tasks) for c in cells)
    processors = os.cpu_count() or 1
    return Training(
        cells=len(cells),
        runs=runs,
        stored=stored,
        largest=max((c.curve.curve.tasks for c in cells), default=0),
        minutes=seconds * (runs - stored) / max(runs, 1) / processors / 60.0,
        processors=processors,
        basis=basis,
    )


def _pace(work: Workspace) -> tuple[tuple[float, float], str]:
    """Seconds of a run, and more for each labelled task, and where that is from."""
    tasks, seconds = work.store.pace(work.scheme.name)
    if len(tasks) >= _LEAST_SEEN:
        x, y = np.array(tasks, dtype=np.float64), np.array(seconds)
        slope = max(float(((x - x.mean()) * (y - y.mean())).sum() / max(x.var() * len(x), 1.0)), 0)
        return (max(float(y.mean() - slope * x.mean()), 0.0), slope), "by the runs made here so far"
    return _PACE.get(work.scheme.name, _PACE_OF_OTHERS), "by what runs took elsewhere"


def _said(minutes: float) -> str:
    if minutes < 1.0:
        return "a minute"
    if minutes < 90.0:
        return f"{minutes:.0f} minutes"
    return f"{minutes / 60.0:.0f} hours"
