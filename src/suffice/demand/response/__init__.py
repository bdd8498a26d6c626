"""Laws of training runs that were made elsewhere: outcomes against labels, sizes and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand.response._baselines import Baseline as Baseline
    from suffice.demand.response._baselines import baselines_of as baselines_of
    from suffice.demand.response._cells import FEWEST_RUNS as FEWEST_RUNS
    from suffice.demand.response._cells import UNNAMED as UNNAMED
    from suffice.demand.response._cells import Cells as Cells
    from suffice.demand.response._cells import points_of as points_of
    from suffice.demand.response._held_out import held_out as held_out
    from suffice.demand.response._law import ResponseLaw as ResponseLaw
    from suffice.demand.response._law import curve_of as curve_of
    from suffice.demand.response._law import noise_said as noise_said
    from suffice.demand.response._points import Points as Points
    from suffice.demand.response._response import Response as Response
    from suffice.demand.response._response import fit_response as fit_response
    from suffice.demand.response._worth import Exchange as Exchange
    from suffice.demand.response._worth import Skill as Skill
    from suffice.demand.response._worth import Worth as Worth
    from suffice.demand.response._worth import exchange_of as exchange_of
    from suffice.demand.response._worth import skill_of as skill_of
    from suffice.demand.response._worth import worth_of as worth_of

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand.response._baselines": ("Baseline", "baselines_of"),
        "suffice.demand.response._cells": ("FEWEST_RUNS", "UNNAMED", "Cells", "points_of"),
        "suffice.demand.response._held_out": ("held_out",),
        "suffice.demand.response._law": ("ResponseLaw", "curve_of", "noise_said"),
        "suffice.demand.response._points": ("Points",),
        "suffice.demand.response._response": ("Response", "fit_response"),
        "suffice.demand.response._worth": (
            "Exchange",
            "Skill",
            "Worth",
            "exchange_of",
            "skill_of",
            "worth_of",
        ),
    },
)
