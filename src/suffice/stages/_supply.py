"""The first stage: what the sources are worth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from suffice.stages import _runs_stages
from suffice.stages._keep import as_array, as_text, key
from suffice.stages._market import check_market
from suffice.stages._out import OUT
from suffice.stages._owner import owned
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
    work = Workspace.of(study, folder)
    with owned(work):
        return work.once(_supply) if work.own is None else _runs_stages.supply(work)


def _supply(work: Workspace) -> SupplyRecord:
    from suffice.records import SupplyRecord

    check_market(work)
    asked = work.study.model_dump(mode="json", include={"sources", "attack", "seed"})
    name = key("supply", work.pool.fingerprint, asked, work.study.budget.weeks)
    kept = work.kept.read(name)
    if kept is None:
        found = _measured(work)
        work.kept.write(name, {"supply": as_array(json.dumps(found.as_json()))})
    else:
        found = SupplyRecord.parse(as_text(kept["supply"]).encode(), name)
    return work.write(found)


def _measured(work: Workspace) -> SupplyRecord:
    from suffice.records import SupplyRecord
    from suffice.supply import suppliers, supply_curve
    from suffice.supply.operators import default_menu

    known = {n: s for n, s in work.sources.items() if work.measured[n].audited}
    bought = None
    if known:
        weeks, seed = work.study.budget.weeks, work.study.seed
        bought = supply_curve(known, default_menu(), weeks=weeks, seed=seed).record()
    return SupplyRecord(
        slices=work.pool.slice_names,
        sources=suppliers(work.pool, work.sources, work.measured, work.offered),
        bought=bought,
        quality_control=tuple(v.record() for v in work.variants.values()),
    )
