"""The third stage: a law for every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.stages import _runs_stages
from suffice.stages._laws import fit_models, fitted
from suffice.stages._measure import measure
from suffice.stages._out import OUT
from suffice.stages._owner import owned
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from suffice.demand import FittedLaw, Law
    from suffice.stages._workspace import Given

    Floats = NDArray[np.float64]


def fit(study: Given, folder: str | Path = OUT) -> Mapping[str, Law]:
    """Fit a law for every model, by its name; writes ``law.json``."""
    work = Workspace.of(study, folder)
    with owned(work):
        return work.once(_fit) if work.own is None else _runs_stages.fit(work)


def gold_shifts(study: Given, folder: str | Path = OUT) -> Floats | None:
    """What other gold would add to each metric of the law, from the largest cell [replica, metric].

    None where gold has no replicas.
    """
    work = Workspace.of(study, folder)
    # A table of runs was judged by one evaluation.
    return None if work.own is not None else work.once(_gold_shifts)


def _fit(work: Workspace) -> dict[str, FittedLaw]:
    from suffice.demand import held_out_table

    laws = fit_models(work, measure(work), list(work.models), "laws")
    law = laws[work.study.models.target]
    work.write(law.record(held_out_table(law)))
    return laws


def _gold_shifts(work: Workspace) -> Floats | None:
    return fitted(work, measure(work)).gold_shifts(work.study.models.target)
