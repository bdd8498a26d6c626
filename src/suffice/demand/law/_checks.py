"""What a law needs of its cells, said before anything is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.curve import Curve, ResolvedCurve
from suffice.demand.law._families import FAMILIES
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand.law._terms import SourceTable
    from suffice.metric import Metric

    Floats = NDArray[np.float64]
    AnyCurve = Curve | ResolvedCurve

FEWEST_CELLS = 6
"""Cells that a law is fitted to at least. Chosen: scale, power, reach and one worth must show in
their means; priors carry the rest, and a chain that they cannot carry is refused as not converged.
"""

FEWEST_REPEATED = 3
"""Cells with two runs or more that a law needs at least. Chosen: the width of runs is a line in log
labels, and a line needs a point more than its two ends to be seen to bend."""

_PER_METRIC = 2
"""Runs beyond the first of their cell that a law needs for each metric. Chosen: how metrics go
together from run to run is a matrix, and it has no full rank from fewer than one."""


def check_cells(
    curves: Sequence[AnyCurve],
    runs: Sequence[Floats],
    metrics: Sequence[Metric],
    table: SourceTable,
    *,
    model: str,
    families: Sequence[str] = FAMILIES,
    untrained: Floats | None = None,
) -> None:
    """Raise InputError where the cells cannot carry a law; arguments as for ``fit_law``."""
    where = f"the law of {model}"
    if len(curves) != len(runs):
        raise InputError(f"{len(curves)} curves but runs of {len(runs)} cells", where=where,
                         fix="give one array of runs a curve")  # fmt: skip
    if len(curves) < FEWEST_CELLS:
        raise InputError(f"{len(curves)} measured cells are too few", where=where,
                         fix=f"measure {FEWEST_CELLS} curves or more")  # fmt: skip
    if not metrics:
        raise InputError("no metric is named", where=where, fix="name what the runs reached")
    unknown = [f for f in families if f not in FAMILIES]
    if unknown or not families:
        raise InputError(f"there is no family {', '.join(unknown)!r}", where=where,
                         fix=f"known families: {', '.join(FAMILIES)}")  # fmt: skip
    if untrained is not None and (
        np.shape(untrained) != (len(metrics),) or not np.isfinite(untrained).all()
    ):
        raise InputError("the untrained level is not one finite number a metric", where=where,
                         fix=f"give it for {', '.join(m.name for m in metrics)}")  # fmt: skip
    for i, (curve, r) in enumerate(zip(curves, runs, strict=True)):
        _check_cell(f"{where}, cell {i + 1} ({_bought(curve)})", curve, r, metrics, table)
    _check_scatter(where, runs, metrics)


def _check_cell(
    where: str, curve: AnyCurve, runs: Floats, metrics: Sequence[Metric], table: SourceTable
) -> None:
    for t in _bought(curve):
        if t.base not in table.names:
            raise InputError(f"source {t.source!r} is not among those of the law", where=where,
                             fix=f"they are {', '.join(table.names)}")  # fmt: skip
    if runs.ndim != 2 or not len(runs):
        raise InputError(f"runs of shape {runs.shape}", where=where,
                         fix="give numbers [run, metric], one run or more")  # fmt: skip
    if runs.shape[1] != len(metrics):
        raise InputError(
            f"runs have {runs.shape[1]} metrics where {len(metrics)} are named", where=where,
            fix=f"give {', '.join(m.name for m in metrics)} of every run",
        )  # fmt: skip
    for row, column in np.argwhere(~np.isfinite(runs))[:1]:
        raise InputError(
            f"{metrics[column].name} of run {row + 1} is {runs[row, column]}", where=where,
            fix="leave out runs that were not finished, or metrics that cannot be measured",
        )  # fmt: skip


def _check_scatter(where: str, runs: Sequence[Floats], metrics: Sequence[Metric]) -> None:
    repeated = [r for r in runs if len(r) > 1]
    if len(repeated) < FEWEST_REPEATED:
        raise InputError(
            f"{len(repeated)} of {len(runs)} cells have two runs or more, so that nothing says how "
            "much runs differ", where=where,
            fix=f"train {FEWEST_REPEATED} cells or more again with another seed",
        )  # fmt: skip
    spare, need = sum(len(r) - 1 for r in repeated), _PER_METRIC * len(metrics)
    if spare < need:
        raise InputError(
            f"{spare} runs beyond the first of their cell are too few to see how {len(metrics)} "
            "metrics go together", where=where,
            fix=f"train cells again with other seeds ({need} such runs), or name fewer metrics",
        )  # fmt: skip
    every = np.concatenate(list(runs))
    still = np.all([(r == r[0]).all(axis=0) for r in repeated], axis=0)
    for k, metric in enumerate(metrics):
        # What no run of any cell moves is known; what moves between cells only is no run's number.
        if still[k] and (k == 0 or np.ptp(every[:, k]) > 0.0):
            raise InputError(
                f"{metric.name} is the same in all runs of each cell", where=where,
                fix="score each run by itself, or leave the metric out",
            )  # fmt: skip


def _bought(curve: AnyCurve) -> Curve:
    return curve.curve if isinstance(curve, ResolvedCurve) else curve
