"""The first stage: what the sources are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.stages._market import check_market
from suffice.stages._workspace import OUT, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.stages._workspace import Given


def supply(study: Given, folder: str | Path = OUT) -> dict[str, Any]:
    """Measure the sources; writes ``supply.json``.

    Raises:
        InfeasibleError: nothing can be bought in this study.
    """
    return Workspace.of(study, folder).once(_supply)


def _supply(work: Workspace) -> dict[str, Any]:
    from suffice.supply import supply_curve, supply_table
    from suffice.supply.operators import default_menu

    check_market(work)
    table = supply_table(work.pool, work.sources, work.measured, work.offered)
    known = {n: s for n, s in work.sources.items() if work.measured[n].audited}
    if known:
        weeks, seed = work.study.budget.weeks, work.study.seed
        bought = supply_curve(known, default_menu(), weeks=weeks, seed=seed).as_dict()
        table["bought"] = {key: bought[key] for key in ("offers", "weeks", "notes")}
    if work.variants:
        table["quality_control"] = [
            {
                "name": v.name,
                "source": v.base,
                "operators": v.how,
                "labels_behind_an_answer": v.effort,
                **{key: e.as_dict() for key, e in v.estimates.items()},
                "assumes": list(v.notes),
            }
            for v in work.variants.values()
        ]
    work.write("supply.json", table)
    return table
