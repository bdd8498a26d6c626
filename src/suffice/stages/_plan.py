"""The fourth stage: the curve to buy."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from suffice._said import Said
from suffice._streams import Stream
from suffice.errors import InputError
from suffice.stages import _runs_stages
from suffice.stages._depends import measured, rests_on
from suffice.stages._fit import fit, gold_shifts
from suffice.stages._keep import key
from suffice.stages._laws import fitted
from suffice.stages._market import market_of
from suffice.stages._measure import measure
from suffice.stages._out import OUT
from suffice.stages._owner import owned
from suffice.stages._planned import Planned, keep_planned, read_planned
from suffice.stages._sources import control_said
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from suffice.curve import Curve
    from suffice.demand import Law
    from suffice.plan import Plan, Risk
    from suffice.records import ChangeRow, PlanRecord
    from suffice.stages._workspace import Given


def plan(
    study: Given,
    folder: str | Path = OUT,
    *,
    target: float | None = None,
    money: float | None = None,
    weeks: float | None = None,
    risk: Risk | None = None,
    points: bool = False,
    bought: Curve | None = None,
    told: Callable[[Planned], None] | None = None,
) -> PlanRecord:
    """Choose the curve; writes ``plan.json`` and ``forecast.json``.

    Args:
        study: a study, its file, or a workspace.
        folder: for the results, where no workspace is given.
        target: buy the cheapest curve with P at least this; without it, the highest P.
        money: budget instead of the study's.
        weeks: time instead of the study's.
        risk: maximise something other than P.
        points: give P of curves far from what was measured as a point, not as bounds alone.
        bought: labels in hand, which every curve then holds.
        told: called with the plan once ``plan.json`` is there, before the pictures are computed.

    Returns:
        What ``plan.json`` holds. A plan that was made before from the same study, data, runs and
        options is read, not computed again.

    Raises:
        InputError: a number cannot be, or what was bought is not sold.
        InfeasibleError: limits contradict each other, or nothing can be bought.
    """
    from suffice.plan import (
        About,
        forecast_record,
        limits_text,
        make_plan,
        plan_record,
        pooled,
    )

    if target is not None and not 0.0 < target < 1.0:
        raise InputError(f"--target {target:g} is no probability", fix="give one between 0 and 1")
    if money is not None and not 0.0 < money < float("inf"):
        raise InputError(f"--budget {money:g} is no budget", fix="give a positive amount")
    if weeks is not None and not 0.0 < weeks < float("inf"):
        raise InputError(f"--weeks {weeks:g} is no time", fix="give a positive number")
    work = Workspace.of(study, folder)
    if work.own is not None:
        if risk is not None or bought is not None:
            raise InputError(
                "--robust and --bought are not known to a study of runs",
                fix="lower the budget by what is bought, or plan without them",
            )
        planned = _runs_stages.plan(work, target=target, money=money, weeks=weeks, points=points)
        if told is not None:
            told(planned)
        return planned.record
    bought = None if bought is None else pooled([bought])
    # Before anything is trained.
    market = market_of(work, money=money, weeks=weeks, bought=bought)
    with owned(work):
        known, laws = fitted(work, measure(work)), fit(work)
        options = {
            "target": target,
            "money": money,
            "weeks": weeks,
            "points": points,
            "risk": None if risk is None else asdict(risk),
            "bought": None if bought is None else bought.as_list(),
        }
        name = key("plan", *rests_on(work, "check", "next"), measured(known), options)
        kept = read_planned(work.kept, name)
        if kept is not None:
            planned, drawn = kept
            written = _hand_on(work, planned, told)
            work.write(drawn)
            return written
        with work.progress.step("plan", total=1) as step:
            made = make_plan(
                laws[work.study.models.target],
                market,
                work.criterion,
                seed=work.study.seed,
                target=target,
                gold_shifts=gold_shifts(work),
                risk=risk,
                prices=True,
                points=points,
                bought=bought,
            )
            step.advance()
        about = About(
            study=work.study.name,
            question=work.study.question,
            model=work.study.models.target,
            said=_said(work, laws[work.study.models.target].said),
        )
        record = plan_record(
            made, market, work.criterion, about, metrics=known.metrics, points=points
        )
        planned = Planned(record, tuple(limits_text(made)), (made.recommended, *made.alternatives))
        written = _hand_on(work, planned, told)
        with work.progress.step("pictures", total=1) as step:
            drawn = forecast_record(
                laws,
                work.study.models.target,
                market,
                work.criterion,
                work.quality,
                made,
                known,
                seed=work.study.seed,
                changes=_changes(work, laws, made),
            )
            work.write(drawn)
            step.advance()
        keep_planned(work.kept, name, planned, drawn)
        return written


def _hand_on(
    work: Workspace, planned: Planned, told: Callable[[Planned], None] | None
) -> PlanRecord:
    from suffice.records import ForecastRecord

    # Pictures of another plan must not stand beside this one, should they never be computed.
    ForecastRecord.remove(work.folder)
    written = replace(planned, record=work.write(planned.record))
    work.planned = written
    if told is not None:
        told(written)
    return written.record


def _said(work: Workspace, law: Said) -> Said:
    """What everything that a plan rests on says of itself, in the order of the way."""
    from suffice.supply import sources_said

    pool, scheme = work.pool.said, work.scheme.said(work.pool.teaches)
    sources, operators = sources_said(work.measured), control_said(work.study, work.variants)
    return Said(
        assumptions=tuple(
            s for part in (pool, sources, law, scheme, operators) for s in part.assumptions
        ),
        limits=tuple(s for part in (pool, scheme, sources, law, operators) for s in part.limits),
        citations=tuple(
            c for part in (law, sources, pool, scheme, operators) for c in part.citations
        ),
    )


def _changes(work: Workspace, laws: Mapping[str, Law], plan: Plan) -> list[ChangeRow]:
    """How P on the recommended purchase moves from model to model, and which effect wins."""
    from suffice.forecast import explain_change

    section = work.study.capability
    if section is None or plan.recommended.curve is None:
        return []
    placed = [(at, laws[m]) for m, at in section.models.items()]
    rng = Stream.CAPABILITY_CHANGES.rng(work.study.seed)
    found = explain_change(placed, plan.recommended.curve, work.judged, work.criterion, rng)
    return [change.record() for change in found]
