"""The audit of labels on a scale: tasks' truth, workers' use of it, what a label is worth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from suffice.labels import LabelTable
    from suffice.progress import Progress
    from suffice.records import ScaleRecord

CITATIONS = (
    "Samejima (1969), Psychometrika Monograph 17: graded responses",
    "Krippendorff (2004), Content Analysis: alpha for ordinal and interval data",
    "Linacre (1989), Many-Facet Rasch Measurement: raters differ in strictness",
)
_STAGES = 3
"""Calls of ``step.advance`` below."""


@dataclass(frozen=True, eq=False)
class ScaleAudit:
    """What labels on a scale say of tasks, workers and sources, in points of the scale.

    Attributes:
        tasks: task, ``truth`` with its 90 % interval ``low, high``, ``mean`` of its labels and how
            many; of few values also ``label``, the nearest one, and ``confidence`` in it.
        workers: worker, labels, ``bias`` (how much more the worker gives than the typical one),
            ``reach`` (how far values go apart where the typical ones do by 1; 0 guesses), ``noise``
            (sd about what the worker gives on average) and ``tells`` (correlation with the truth),
            each with ``_low, _high``; suspect, reason.
        sources: for each source and slice ``error`` (root mean square distance of a label from the
            truth), ``lean`` (mean of the same), ``bits`` of a label and the price of one.
        pairs: pairs of workers with enough common tasks: mean difference and correlation.
        summary: everything else, as summary.json holds it.
    """

    tasks: pl.DataFrame
    workers: pl.DataFrame
    sources: pl.DataFrame
    pairs: pl.DataFrame
    summary: ScaleRecord

    @property
    def suspects(self) -> pl.DataFrame:
        """The workers to look at."""
        return self.workers.filter(self.workers["suspect"])

    def lines(self) -> list[str]:
        """All of it in plain lines, the most important first."""
        from suffice.supply.scales._scale_words import scale_lines

        return scale_lines(self.summary, self.sources, self.suspects)

    def write(self, folder: str | Path) -> list[Path]:
        """Write tasks.csv, workers.csv, sources.csv, pairs.csv and summary.json.

        Returns:
            The files written.

        Raises:
            StorageError: the disk refused.
        """
        from suffice.supply._write import write_tables

        names = ("tasks", "workers", "sources", "pairs")
        tables = {name: getattr(self, name) for name in names}
        return write_tables(tables, self.summary, Path(folder))


def audit_scale(
    table: LabelTable,
    gold: Mapping[Any, Any],
    seed: int = 0,
    *,
    values: Sequence[str] | None = None,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> ScaleAudit:
    """Audit labels that lie on a scale.

    Model: few different values, a graded response model; many, an interval model; see ``_graded``
    and ``_linear``. Groups that copy one key are named (few values only). What all workers get
    wrong together is learned from gold and added to every interval; without gold it is unknown.
    Assumes: workers value the same thing; gold is right.
    Fails when: a guideline is misread by all and there is no gold.

    Args:
        table: the labels, numbers.
        gold: task -> right value, in the same scale.
        seed: of the random draws.
        values: all values that there can be; by default those that occur.
        notes: what was found out on the way here.
        progress: shows the stages of the work.

    Raises:
        InputError: the labels or the gold cannot be used.
    """
    import numpy as np

    from suffice._threads import one_blas_thread
    from suffice.supply.scales._fit import fit_scale
    from suffice.supply.scales._scale_checks import copied, scale_check, scale_suspects, shared_part
    from suffice.supply.scales._scale_tables import (
        scale_pairs,
        scale_sources,
        scale_tasks,
        scale_workers,
    )
    from suffice.supply.scales._scale_votes import code_scale
    from suffice.supply.scales._scale_words import summarise_scale

    votes = code_scale(table, gold, values)
    with one_blas_thread(), (progress or SilentProgress()).step("audit", _STAGES) as step:
        groups, said = copied(votes, seed)
        step.advance()
        fit = fit_scale(votes, seed=seed)
        step.advance()
        rng = Stream.SCALE_AUDIT.rng(seed)
        shared, errors = shared_part(votes, fit, len(fit.truth_DT), rng)
        truth_DT = fit.truth_DT.astype(np.float64)
        unknown = np.isnan(votes.gold)
        truth_DT[:, unknown] += errors[:, None] * rng.normal(size=(len(errors), int(unknown.sum())))
        truth_DT = np.clip(truth_DT, votes.levels[0], votes.levels[-1])
        flags = scale_suspects(votes, fit, groups)
        check = scale_check(votes, fit, seed=seed)
        result = ScaleAudit(
            tasks=scale_tasks(votes, fit, truth_DT),
            workers=scale_workers(votes, fit, flags),
            sources=scale_sources(votes, fit, truth_DT, rng),
            pairs=scale_pairs(votes),
            summary=summarise_scale(
                table, votes, fit, shared, groups, flags, check, [*notes, *said], seed, CITATIONS
            ),
        )
        step.advance()
    return result
