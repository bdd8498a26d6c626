"""What to measure next, or to buy now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.stages._fit import gold_shifts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suffice.demand import Law
    from suffice.evidence import Grid
    from suffice.plan import Next
    from suffice.stages._workspace import Workspace


def what_next(
    work: Workspace, grid: Grid, laws: Mapping[str, Law], *, value: float | None = None
) -> Next:
    """Weigh measurements against buying now; writes ``next.json``.

    Args:
        work, grid, laws: what the stages before gave.
        value: money that meeting the criterion is worth, instead of what the study says.
    """
    from suffice.plan import Prices
    from suffice.plan import make_plan as choose
    from suffice.plan import what_next as weigh

    law = laws[work.study.models.target]
    shifts, seed = gold_shifts(work, grid), work.study.seed
    prices = work.study.next.model_dump()
    if value is not None:
        prices["value"] = value
    with work.progress.step("next", total=2) as step:
        plan = choose(law, work.market, work.criterion, seed=seed)
        step.advance()
        found = weigh(
            law, work.market, work.criterion, plan, Prices(**prices), gold_shifts=shifts, seed=seed
        )
        step.advance()
    work.write("next.json", found.as_dict())
    return found
