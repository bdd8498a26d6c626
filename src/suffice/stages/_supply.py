"""The first stage: what the sources are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.stages._market import check_market
from suffice.stages._out import OUT
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.records import SupplyRecord
    from suffice.stages._workspace import Given


def supply(study: Given, folder: str | Path = OUT) -> SupplyRecord:
    """Measure the sources; writes ``supply.json``.

    Raises:
        InfeasibleError: nothing can be bought in this study.
    """
    return Workspace.of(study, folder).once(_supply)


def _supply(work: Workspace) -> SupplyRecord:
    from suffice.records import SupplyRecord
    from suffice.supply import suppliers, supply_curve
    from suffice.supply.operators import default_menu

    check_market(work)
    known = {n: s for n, s in work.sources.items() if work.measured[n].audited}
    bought = None
    if known:
        weeks, seed = work.study.budget.weeks, work.study.seed
        bought = supply_curve(known, default_menu(), weeks=weeks, seed=seed).record()
    found = SupplyRecord(
        slices=work.pool.slice_names,
        sources=suppliers(work.pool, work.sources, work.measured, work.offered),
        bought=bought,
        quality_control=tuple(v.record() for v in work.variants.values()),
    )
    found.write(work.folder)
    return found
