"""Quality control that can be bought: operators that make a new source of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply.operators._adaptive import Adaptive as Adaptive
    from suffice.supply.operators._beliefs import Chance as Chance
    from suffice.supply.operators._beliefs import Shift as Shift
    from suffice.supply.operators._beliefs import Trial as Trial
    from suffice.supply.operators._fit_pool import FittedWorkers as FittedWorkers
    from suffice.supply.operators._fit_pool import worker_pool as worker_pool
    from suffice.supply.operators._gold_checks import Caught as Caught
    from suffice.supply.operators._gold_checks import GoldChecks as GoldChecks
    from suffice.supply.operators._incentives import Incentive as Incentive
    from suffice.supply.operators._operated import Operated as Operated
    from suffice.supply.operators._operated import Operator as Operator
    from suffice.supply.operators._operated import draw_worlds as draw_worlds
    from suffice.supply.operators._operated import operate as operate
    from suffice.supply.operators._operated import operated as operated
    from suffice.supply.operators._predictive import SeenAndDrawn as SeenAndDrawn
    from suffice.supply.operators._predictive import predictive_checks as predictive_checks
    from suffice.supply.operators._qualification import Qualification as Qualification
    from suffice.supply.operators._redundancy import Redundancy as Redundancy
    from suffice.supply.operators._scrutiny import Scrutiny as Scrutiny
    from suffice.supply.operators._stated import with_workers as with_workers
    from suffice.supply.operators._training import Training as Training
    from suffice.supply.operators._variants import StatedPool as StatedPool
    from suffice.supply.operators._variants import Variant as Variant
    from suffice.supply.operators._variants import build_variants as build_variants
    from suffice.supply.operators._variants import operators_said as operators_said
    from suffice.supply.operators._words import default_menu as default_menu
    from suffice.supply.operators._words import parse_operators as parse_operators
    from suffice.supply.operators._worlds import Worlds as Worlds

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.supply.operators._adaptive": ("Adaptive",),
        "suffice.supply.operators._beliefs": ("Chance", "Shift", "Trial"),
        "suffice.supply.operators._fit_pool": ("FittedWorkers", "worker_pool"),
        "suffice.supply.operators._gold_checks": ("Caught", "GoldChecks"),
        "suffice.supply.operators._incentives": ("Incentive",),
        "suffice.supply.operators._operated": (
            "Operated",
            "Operator",
            "draw_worlds",
            "operate",
            "operated",
        ),
        "suffice.supply.operators._predictive": ("SeenAndDrawn", "predictive_checks"),
        "suffice.supply.operators._qualification": ("Qualification",),
        "suffice.supply.operators._redundancy": ("Redundancy",),
        "suffice.supply.operators._scrutiny": ("Scrutiny",),
        "suffice.supply.operators._stated": ("with_workers",),
        "suffice.supply.operators._training": ("Training",),
        "suffice.supply.operators._variants": (
            "StatedPool",
            "Variant",
            "build_variants",
            "operators_said",
        ),
        "suffice.supply.operators._words": ("default_menu", "parse_operators"),
        "suffice.supply.operators._worlds": ("Worlds",),
    },
)
