"""The curve to follow within cost and feasibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.plan._candidates import Market as Market
    from suffice.plan._choose import Option as Option
    from suffice.plan._choose import Plan as Plan
    from suffice.plan._choose import make_plan as make_plan
    from suffice.plan._choose import promising as promising
    from suffice.plan._pictures import forecast_file as forecast_file
    from suffice.plan._words import plan_file as plan_file

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.plan._candidates": ("Market",),
        "suffice.plan._choose": (
            "Option",
            "Plan",
            "make_plan",
            "promising",
        ),
        "suffice.plan._pictures": ("forecast_file",),
        "suffice.plan._words": ("plan_file",),
    },
)
