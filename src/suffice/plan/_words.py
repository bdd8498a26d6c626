"""The plan as a record: numbers, and the sentences that keep them honest."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice._said import NOTHING, Said
from suffice.curve import control_of
from suffice.estimate import probability
from suffice.forecast import shown
from suffice.plan._bought import still_to_buy
from suffice.records import (
    Budget,
    CriterionRow,
    FlipRow,
    HeldProbability,
    Interval,
    OptionRow,
    PlanRecord,
    Probability,
    RobustRow,
    TrancheRow,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suffice.curve import Curve
    from suffice.estimate import Estimate
    from suffice.forecast import Criterion, Forecast
    from suffice.metric import Metric
    from suffice.plan._market import Market
    from suffice.plan._option import Option, Plan


@dataclass(frozen=True)
class About:
    """What a plan is about.

    Attributes:
        study, question, model: by name, and in words.
        said: what law, scheme, pool, sources and operators say of themselves.
    """

    study: str
    question: str
    model: str
    said: Said = NOTHING


def plan_record(
    plan: Plan,
    market: Market,
    criterion: Criterion,
    about: About,
    *,
    metrics: Sequence[Metric] = (),
    points: bool = False,
) -> PlanRecord:
    """Everything that ``plan.json`` holds before the check.

    Args:
        plan, market, criterion: as they were made.
        about: what was asked, and what its parts say of themselves.
        metrics: of the law; limits on those that are better when higher are lowest values.
        points: give P of curves far from what was measured as a point, too.
    """
    best = plan.recommended
    if best.forecast is None or best.curve is None:
        raise ValueError("a plan without a curve")
    p = best.forecast.said(points=points)
    return PlanRecord(
        study=about.study,
        question=about.question,
        model=about.model,
        p=HeldProbability(**p.model_dump(), held_fixed=best.forecast.held_fixed),
        p_new_gold=_other(best.forecast, best.forecast.new_gold, points),
        p_deployment=_other(best.forecast, best.forecast.deployment, points),
        validity="unknown" if criterion.validity is None else criterion.validity,
        validity_text=validity_text(criterion.validity, p),
        p_ceiling=None if plan.ceiling is None else _held(plan.ceiling.p),
        cost=best.cost,
        budget=Budget(dollars=market.money, weeks=market.weeks),
        curve=_curve(best.curve, market),
        decision=plan.decision,
        bought=None if plan.bought is None else _curve(plan.bought, market),
        to_buy=None
        if plan.bought is None
        else _curve(still_to_buy(best.curve, plan.bought), market),
        robust=None
        if plan.robust is None
        else RobustRow(
            kind=plan.robust.risk.kind,
            share=plan.robust.risk.share,
            **plan.robust.value.as_dict(),
        ),
        shadow_prices=tuple(s.record() for s in plan.shadows),
        flips=tuple(
            FlipRow(before=f.before, after=f.after, budget=Interval.of(f.budget), seen=f.seen)
            for f in plan.flips
        ),
        alternatives=tuple(_option(o, market, points) for o in plan.alternatives),
        frontier=tuple(_option(o, market, points) for o in plan.frontier),
        criterion=CriterionRow(
            error=criterion.error,
            worst_slice_error=criterion.worst_slice_error,
            slices=criterion.slices,
            slice_error=dict(criterion.slice_error),
            limits=dict(criterion.limits),
            at_least=tuple(
                m.name for m in metrics if m.better == "higher" and m.name in criterion.limits
            ),
            severe=dict(criterion.severe),
        ),
        parts=best.forecast.parts,
        distance=best.forecast.distance,
        limits=about.said.limits,
        assumptions=about.said.assumptions,
        citations=about.said.citations,
    )


def limits_text(plan: Plan) -> list[str]:
    """What more of everything is worth, and where the answer flips, one line each."""
    lines = [] if plan.robust is None else [str(plan.robust)]
    if plan.shadows:
        lines += ["What it would be worth to have:", *(f"  {s}" for s in plan.shadows)]
    lines += [str(f) for f in plan.flips]
    return [part for line in lines for part in textwrap.wrap(line, 80, subsequent_indent="  ")]


def _other(forecast: Forecast, p: Estimate | None, points: bool) -> Probability | None:
    return None if p is None else shown(p, forecast.distance, points=points)


def _held(p: Estimate) -> Probability:
    return Probability(mean=p.value, low=p.low, high=p.high, level=p.level)


def validity_text(validity: float | None, p: Probability) -> str:
    """What may be said about alignment, given what the user believes of the criterion."""
    if validity is None:
        return (
            "This is the chance to meet the criterion, not P(aligned): the study states no "
            "validity, the chance that this criterion and its gold capture alignment."
        )
    bounds = f"between {probability(p.low * validity)} and {probability(p.high * validity)}"
    value = bounds if p.mean is None else probability(p.mean * validity)
    return (
        f"P(aligned) is {value}, if this criterion and its gold capture alignment with "
        f"the chance of {validity:g} that the study states."
    )


def _curve(curve: Curve, market: Market) -> tuple[TrancheRow, ...]:
    """One row a tranche, with its cost."""
    return tuple(
        TrancheRow(
            source=t.source,
            tasks=t.tasks,
            labels_per_task=t.labels_per_task,
            round=t.round,
            where=t.where,
            cost=t.labels * market.sources[t.source].price,
            quality_control=control_of(t.source),
            synthetic=t.operated,
        )
        for t in curve
    )


def _option(option: Option, market: Market, points: bool) -> OptionRow:
    return OptionRow(
        name=option.name,
        curve=() if option.curve is None else _curve(option.curve, market),
        cost=option.cost,
        p=None if option.forecast is None else option.forecast.said(points=points),
        distance=None if option.forecast is None else option.forecast.distance,
        note=option.note,
    )
