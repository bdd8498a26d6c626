"""The files of a results folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.records._folder import StudyFolder as StudyFolder
    from suffice.records._folder import read_folder as read_folder
    from suffice.records._folder import read_plan as read_plan
    from suffice.records._forecast import Forecast as Forecast
    from suffice.records._forecast import Hero as Hero
    from suffice.records._forecast import HeroPoint as HeroPoint
    from suffice.records._forecast import LearningCurve as LearningCurve
    from suffice.records._forecast import MoreOfTheJudge as MoreOfTheJudge
    from suffice.records._forecast import PathPoint as PathPoint
    from suffice.records._forecast import Sliders as Sliders
    from suffice.records._law import Law as Law
    from suffice.records._ledger import Ledger as Ledger
    from suffice.records._lock import lock_file as lock_file
    from suffice.records._part import Chance as Chance
    from suffice.records._part import Interval as Interval
    from suffice.records._part import Probability as Probability
    from suffice.records._part import Tranche as Tranche
    from suffice.records._plan import Check as Check
    from suffice.records._plan import Criterion as Criterion
    from suffice.records._plan import FrontierPoint as FrontierPoint
    from suffice.records._plan import Plan as Plan
    from suffice.records._supply import Offer as Offer
    from suffice.records._supply import Supply as Supply
    from suffice.records._trace import LedgerEntry as LedgerEntry
    from suffice.records._trace import Lock as Lock
    from suffice.records._trace import Timing as Timing

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.records._folder": (
            "StudyFolder",
            "read_folder",
            "read_plan",
        ),
        "suffice.records._forecast": (
            "Forecast",
            "Hero",
            "HeroPoint",
            "LearningCurve",
            "MoreOfTheJudge",
            "PathPoint",
            "Sliders",
        ),
        "suffice.records._law": ("Law",),
        "suffice.records._ledger": ("Ledger",),
        "suffice.records._lock": ("lock_file",),
        "suffice.records._part": (
            "Chance",
            "Interval",
            "Probability",
            "Tranche",
        ),
        "suffice.records._plan": (
            "Check",
            "Criterion",
            "FrontierPoint",
            "Plan",
        ),
        "suffice.records._supply": (
            "Offer",
            "Supply",
        ),
        "suffice.records._trace": (
            "LedgerEntry",
            "Lock",
            "Timing",
        ),
    },
)
