"""The curve to follow within cost and feasibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.plan._ask import Asking as Asking
    from suffice.plan._ask import Doubt as Doubt
    from suffice.plan._ask import Wanted as Wanted
    from suffice.plan._ask import ask_runs as ask_runs
    from suffice.plan._bought import pooled as pooled
    from suffice.plan._bought import still_to_buy as still_to_buy
    from suffice.plan._bought import with_bought as with_bought
    from suffice.plan._choose import make_plan as make_plan
    from suffice.plan._choose import promising as promising
    from suffice.plan._market import Market as Market
    from suffice.plan._mixture import plan_mixture as plan_mixture
    from suffice.plan._next import Measurement as Measurement
    from suffice.plan._next import Next as Next
    from suffice.plan._next import Prices as Prices
    from suffice.plan._next import what_next as what_next
    from suffice.plan._option import Flip as Flip
    from suffice.plan._option import Option as Option
    from suffice.plan._option import Plan as Plan
    from suffice.plan._pictures import forecast_record as forecast_record
    from suffice.plan._risk import Risk as Risk
    from suffice.plan._shadow import Shadow as Shadow
    from suffice.plan._words import About as About
    from suffice.plan._words import limits_text as limits_text
    from suffice.plan._words import plan_record as plan_record

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.plan._ask": ("Asking", "Doubt", "Wanted", "ask_runs"),
        "suffice.plan._bought": (
            "pooled",
            "still_to_buy",
            "with_bought",
        ),
        "suffice.plan._choose": (
            "make_plan",
            "promising",
        ),
        "suffice.plan._market": ("Market",),
        "suffice.plan._mixture": ("plan_mixture",),
        "suffice.plan._next": (
            "Measurement",
            "Next",
            "Prices",
            "what_next",
        ),
        "suffice.plan._option": (
            "Flip",
            "Option",
            "Plan",
        ),
        "suffice.plan._pictures": ("forecast_record",),
        "suffice.plan._risk": ("Risk",),
        "suffice.plan._shadow": ("Shadow",),
        "suffice.plan._words": (
            "limits_text",
            "About",
            "plan_record",
        ),
    },
)
