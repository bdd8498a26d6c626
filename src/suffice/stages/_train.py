"""Train cells, and write their runs down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.evidence import Evidence
from suffice.stages._workspace import MOST_MEASURED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suffice.curve import Curve, ResolvedCurve
    from suffice.evidence import Cell, CellRuns
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


def evidence_of(work: Workspace, cells: Sequence[Cell], runs: Sequence[CellRuns]) -> Evidence:
    """Cells of a study and their runs, with what its pool says of the metrics."""
    judged = work.pool.evaluation
    return Evidence(
        cells=tuple(cells),
        runs=tuple(runs),
        metrics=judged.metrics,
        scheme=work.scheme.name,
        sources=work.buyable,
        untrained=judged.untrained,
        origin=f"own training for {work.study.name}",
    )


def write_runs(work: Workspace, stage: str, evidence: Evidence) -> None:
    """Write one stage's runs into ``runs.parquet``; a check leaves the grid's rows in place."""
    from suffice.demand import cell_runs
    from suffice.records import RunsTable

    table = RunsTable.of(
        run.row(stage)
        for cell, found in zip(evidence.cells, evidence.runs, strict=True)
        for run in cell_runs(cell, found, work.pool, work.scheme, work.buyable)
    )
    before = RunsTable.find(work.folder) if stage == "check" else None
    (table if before is None else before.only("grid").with_more(table)).write(work.folder)


def can_train(work: Workspace, curve: Curve) -> bool:
    """Whether a curve can be trained on: it is not endless, and its labels can be had.

    Quality control is synthetic, and needs gold.
    """
    return all(
        t.tasks <= MOST_MEASURED and (not t.operated or can_train_operated(work, t.base))
        for t in curve
    )


def can_train_operated(work: Workspace, source: str) -> bool:
    """Whether labels of a source can be mended as quality control would: its tasks have gold."""
    from suffice.pools import has_gold

    return has_gold(work.pool, source, work.study.seed)
