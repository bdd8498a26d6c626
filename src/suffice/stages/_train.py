"""Train cells, and write their runs down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suffice.curve import Curve, ResolvedCurve
    from suffice.evidence import Cell, CellRuns, Grid
    from suffice.stages._workspace import Workspace


def train(work: Workspace, cells: Sequence[Cell], name: str) -> list[CellRuns]:
    from suffice.demand import load_executor, measure

    return measure(
        cells,
        work.pool,
        work.models,
        work.scheme,
        work.store,
        work.progress,
        name=name,
        executor=load_executor(work.executor),
    )


def resolve(work: Workspace, curve: Curve) -> ResolvedCurve:
    return curve.resolve(work.buyable)


def write_runs(work: Workspace, stage: str, grid: Grid) -> None:
    """Write one stage's runs into ``runs.parquet``; a check leaves the grid's rows in place."""
    from suffice.demand import cell_runs
    from suffice.records import RunsTable

    table = RunsTable.of(
        run.row(stage)
        for cell, found in zip(grid.cells, grid.runs, strict=True)
        for run in cell_runs(cell, found, work.pool, work.scheme, work.buyable)
    )
    before = RunsTable.find(work.folder) if stage == "check" else None
    (table if before is None else before.only("grid").with_more(table)).write(work.folder)
