"""Real trainings: where they are made, the store that keeps them, and tables made elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand.runs._executors import load_executor as load_executor
    from suffice.demand.runs._grid import SourceLimits as SourceLimits
    from suffice.demand.runs._grid import design_attacks as design_attacks
    from suffice.demand.runs._grid import design_grid as design_grid
    from suffice.demand.runs._grid import lines_of as lines_of
    from suffice.demand.runs._measure import cell_runs as cell_runs
    from suffice.demand.runs._measure import measure as measure
    from suffice.demand.runs._measure import stored_runs as stored_runs
    from suffice.demand.runs._processes import processes as processes
    from suffice.demand.runs._store import RunStore as RunStore
    from suffice.demand.runs._work import Executor as Executor
    from suffice.demand.runs.tables import Covariate as Covariate
    from suffice.demand.runs.tables import MeanOf as MeanOf
    from suffice.demand.runs.tables import MetricColumn as MetricColumn
    from suffice.demand.runs.tables import RunColumns as RunColumns
    from suffice.demand.runs.tables import RunTable as RunTable
    from suffice.demand.runs.tables import SourceColumn as SourceColumn
    from suffice.demand.runs.tables import Taken as Taken
    from suffice.demand.runs.tables import read_runs as read_runs
    from suffice.demand.runs.tables import recognise_runs as recognise_runs

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand.runs._executors": ("load_executor",),
        "suffice.demand.runs._grid": (
            "SourceLimits",
            "design_attacks",
            "design_grid",
            "lines_of",
        ),
        "suffice.demand.runs._measure": (
            "cell_runs",
            "measure",
            "stored_runs",
        ),
        "suffice.demand.runs._processes": ("processes",),
        "suffice.demand.runs._store": ("RunStore",),
        "suffice.demand.runs._work": ("Executor",),
        "suffice.demand.runs.tables": (
            "Covariate",
            "MeanOf",
            "MetricColumn",
            "RunColumns",
            "RunTable",
            "SourceColumn",
            "Taken",
            "read_runs",
            "recognise_runs",
        ),
    },
)
