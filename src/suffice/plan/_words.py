"""The plan as a file: numbers, and the sentences that keep them honest."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from suffice.forecast import shown
from suffice.plan._bought import still_to_buy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice.curve import Curve, Tranche
    from suffice.estimate import Estimate
    from suffice.forecast import Criterion, Forecast
    from suffice.plan._market import Market
    from suffice.plan._option import Option, Plan

ASSUMPTIONS = (
    "Training uses the same pool of texts and is judged on the same gold as the measured runs.",
    "Each source goes on labelling as it did in the labels that were recorded.",
    "The law's mean is a power curve with a bias taught by shared error, plus a smooth "
    "discrepancy whose width is earned on cells that were left out.",
    "Run-to-run deviations have the joint shape that the measured runs show, scaled by a width "
    "that falls with the number of labels.",
)

LIMITS = {
    "ratings": (
        "People share whatever they all get wrong: gold comes from the same kind of raters as "
        "the crowd and the panel, so no error that raters have in common can show.",
        "The ratings carry no rater ids: nobody can be told apart, screened or trusted more.",
        "A linear head on a frozen encoder that ranks sentiment is a small stand-in for "
        "post-training a language model.",
        "The lexicon judge is the one source whose shared error is visible.",
    ),
}
OWN_LIMITS = (
    "Whatever the gold gets wrong, no number here can see.",
    "A linear head on a frozen encoder is a small stand-in for post-training a language model.",
)

CITATIONS = (
    {
        "what": "Discrepancy between law and runs",
        "text": "Kennedy & O'Hagan (2001), Bayesian calibration of computer models",
        "url": "https://doi.org/10.1111/1467-9868.00294",
    },
    {
        "what": "Sampler",
        "text": "Foreman-Mackey et al. (2013), emcee: the MCMC hammer",
        "url": "https://doi.org/10.1086/670067",
    },
    {
        "what": "Convergence check",
        "text": "Vehtari et al. (2021), Rank-normalization, folding, and localization",
        "url": "https://doi.org/10.1214/20-BA1221",
    },
    {
        "what": "Intervals of sources",
        "text": "Rubin (1981), The Bayesian bootstrap",
        "url": "https://doi.org/10.1214/aos/1176345338",
    },
    {
        "what": "Correction of gold for its own noise",
        "text": "Schucany, Gray & Owen (1971), On bias reduction in estimation",
        "url": "https://doi.org/10.1080/01621459.1971.10482296",
    },
    {
        "what": "Comparisons",
        "text": "Bradley & Terry (1952), Rank analysis of incomplete block designs",
        "url": "https://doi.org/10.1093/biomet/39.3-4.324",
    },
    {
        "what": "Example ratings and lexicon judge",
        "text": "Hutto & Gilbert (2014), VADER, ICWSM",
        "url": "https://doi.org/10.1609/icwsm.v8i1.14550",
    },
)


SYNTHETIC = (
    "Labels under quality control are synthetic: the records name no workers to test or expel, so "
    "recorded labels were mended with the help of gold until they erred as often as quality "
    "control is computed to leave them. Forecasts and checks of such curves rest on that."
)


def plan_file(
    plan: Plan,
    market: Market,
    criterion: Criterion,
    about: Mapping[str, str],
    operated: Sequence[str] = (),
    *,
    points: bool = False,
) -> dict[str, Any]:
    """Everything that ``plan.json`` holds before the check.

    Args:
        plan, market, criterion: as they were made.
        about: names of study, question, model and task.
        operated: what quality control assumes, one sentence each.
        points: give P of curves far from what was measured as a point, too.
    """
    best = plan.recommended
    if best.forecast is None or best.curve is None:
        raise ValueError("a plan without a curve")
    validity = "unknown" if criterion.validity is None else criterion.validity
    return {
        "study": about["study"],
        "question": about["question"],
        "model": about["model"],
        "p": {**best.forecast.said(points=points), "held_fixed": best.forecast.held_fixed},
        "p_new_gold": _other(best.forecast, best.forecast.new_gold, points),
        "p_deployment": _other(best.forecast, best.forecast.deployment, points),
        "validity": validity,
        "validity_text": validity_text(criterion.validity, best.forecast.said(points=points)),
        "cost": best.cost,
        "budget": {"dollars": market.money, "weeks": market.weeks},
        "curve": curve_rows(best.curve, market),
        "decision": plan.decision,
        "bought": None if plan.bought is None else curve_rows(plan.bought, market),
        "to_buy": None
        if plan.bought is None
        else curve_rows(still_to_buy(best.curve, plan.bought), market),
        "robust": None
        if plan.robust is None
        else {
            "kind": plan.robust.risk.kind,
            "share": plan.robust.risk.share,
            **plan.robust.value.as_dict(),
        },
        "shadow_prices": [s.as_dict() for s in plan.shadows],
        "flips": [
            {"before": f.before, "after": f.after, "budget": f.budget.as_dict(), "seen": f.seen}
            for f in plan.flips
        ],
        "alternatives": [_option(o, market, points) for o in plan.alternatives],
        "frontier": [_option(o, market, points) for o in plan.frontier],
        "criterion": {
            "error": criterion.error,
            "worst_slice_error": criterion.worst_slice_error,
            "slices": list(criterion.slices),
            "slice_error": dict(criterion.slice_error),
            "limits": dict(criterion.limits),
            "severe": dict(criterion.severe),
        },
        "check": [],
        "check_skipped": False,
        "parts": list(best.forecast.parts),
        "distance": best.forecast.distance,
        "limits": [
            *LIMITS.get(about["task"], OWN_LIMITS),
            *([SYNTHETIC] if market.variants else []),
        ],
        "assumptions": [*ASSUMPTIONS, *operated],
        "citations": [dict(c) for c in CITATIONS],
    }


def limits_text(plan: Plan) -> list[str]:
    """What more of everything is worth, and where the answer flips, one line each."""
    lines = [] if plan.robust is None else [str(plan.robust)]
    if plan.shadows:
        lines += ["What it would be worth to have:", *(f"  {s}" for s in plan.shadows)]
    lines += [str(f) for f in plan.flips]
    return [part for line in lines for part in textwrap.wrap(line, 80, subsequent_indent="  ")]


def _other(forecast: Forecast, p: Estimate | None, points: bool) -> dict[str, Any] | None:
    return None if p is None else shown(p, forecast.distance, points=points)


def validity_text(validity: float | None, p: Mapping[str, float | None]) -> str:
    """What may be said about alignment, given what the user believes of the criterion."""
    if validity is None:
        return (
            "This is the chance to meet the criterion, not P(aligned): the study states no "
            "validity, the chance that this criterion and its gold capture alignment."
        )
    mean, low, high = p["mean"], p["low"] or 0.0, p["high"] or 0.0
    bounds = f"between {low * validity:.2f} and {high * validity:.2f}"
    value = bounds if mean is None else f"{mean * validity:.2f}"
    return (
        f"P(aligned) is {value}, if this criterion and its gold capture alignment with "
        f"the chance of {validity:g} that the study states."
    )


def curve_rows(curve: Curve, market: Market) -> list[dict[str, Any]]:
    """One row a tranche, with its cost."""
    return [
        {
            "source": t.source,
            "tasks": t.tasks,
            "labels_per_task": t.labels_per_task,
            "round": t.round,
            "where": list(t.where),
            "cost": t.labels * market.sources[t.source].price,
            **_operated(t),
        }
        for t in curve
    ]


def _operated(t: Tranche) -> dict[str, Any]:
    """What a row says of quality control; nothing where there is none."""
    if t.source == t.base:
        return {}
    return {"quality_control": t.source.partition("/")[2], "synthetic": True}


def _option(option: Option, market: Market, points: bool) -> dict[str, Any]:
    return {
        "name": option.name,
        "curve": [] if option.curve is None else curve_rows(option.curve, market),
        "cost": option.cost,
        "p": None if option.forecast is None else option.forecast.said(points=points),
        "distance": None if option.forecast is None else option.forecast.distance,
        "note": option.note,
    }
