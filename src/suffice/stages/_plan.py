"""The fourth stage: the curve to buy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.stages._fit import gold_shifts, law_columns
from suffice.stages._market import market_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from suffice.curve import Curve
    from suffice.demand import Law
    from suffice.evidence import Grid
    from suffice.plan import Plan, Risk
    from suffice.stages._workspace import Workspace


def make_plan(
    work: Workspace,
    grid: Grid,
    laws: Mapping[str, Law],
    *,
    target: float | None = None,
    money: float | None = None,
    weeks: float | None = None,
    risk: Risk | None = None,
    points: bool = False,
    bought: Curve | None = None,
    told: Callable[[Plan], None] | None = None,
) -> Plan:
    """Choose the curve; writes ``plan.json`` and ``forecast.json``.

    Args:
        work, grid, laws: what the stages before gave.
        target: buy the cheapest curve with P at least this; without it, the highest P.
        money: budget instead of the study's.
        weeks: time instead of the study's.
        risk: maximise something other than P.
        points: give P of curves far from what was measured as a point, not as bounds alone.
        bought: labels in hand, which every curve then holds.
        told: called with the plan once ``plan.json`` is there, before the pictures are computed.
    """
    from suffice.plan import forecast_file, plan_file
    from suffice.plan import make_plan as choose

    law = laws[work.study.models.target]
    market = market_of(work, money=money, weeks=weeks, bought=bought)
    with work.progress.step("plan", total=1) as step:
        plan = choose(
            law,
            market,
            work.criterion,
            seed=work.study.seed,
            target=target,
            gold_shifts=gold_shifts(work, grid),
            risk=risk,
            prices=True,
            points=points,
            bought=bought,
        )
        step.advance()
    about = {
        "study": work.study.name,
        "question": work.study.question,
        "model": work.study.models.target,
        "task": work.study.task.kind,
    }
    said = work.quality_control_assumes()
    # Pictures of another plan must not stand beside this one, should they never be computed.
    work.remove("forecast.json")
    work.write("plan.json", plan_file(plan, market, work.criterion, about, said, points=points))
    if told is not None:
        told(plan)
    with work.progress.step("pictures", total=1) as step:
        drawn = forecast_file(
            laws,
            work.study.models.target,
            market,
            work.criterion,
            work.quality,
            plan,
            {m: [r.scores[:, law_columns(work)] for r in grid.of(m)[1]] for m in laws},
            seed=work.study.seed,
        )
        work.write("forecast.json", {**drawn, "changes": _changes(work, laws, plan)})
        step.advance()
    return plan


def _changes(work: Workspace, laws: Mapping[str, Law], plan: Plan) -> list[dict[str, Any]]:
    """How P on the recommended purchase moves from model to model, and which effect wins."""
    from suffice.forecast import explain_change

    section = work.study.capability
    if section is None or plan.recommended.curve is None:
        return []
    placed = [(at, laws[m]) for m, at in section.models.items()]
    rng = np.random.default_rng([work.study.seed, 73])
    found = explain_change(placed, plan.recommended.curve, work.judged, work.criterion, rng)
    return [change.as_dict() for change in found]
