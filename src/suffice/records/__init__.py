"""The files of a results folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.records._folder import StudyFolder as StudyFolder
    from suffice.records._folder import read_folder as read_folder
    from suffice.records._folder import read_plan as read_plan
    from suffice.records._ledger import Ledger as Ledger
    from suffice.records._lock import lock_file as lock_file
    from suffice.records._schema import Chance as Chance
    from suffice.records._schema import Check as Check
    from suffice.records._schema import Criterion as Criterion
    from suffice.records._schema import Forecast as Forecast
    from suffice.records._schema import FrontierPoint as FrontierPoint
    from suffice.records._schema import Hero as Hero
    from suffice.records._schema import HeroPoint as HeroPoint
    from suffice.records._schema import Interval as Interval
    from suffice.records._schema import Law as Law
    from suffice.records._schema import LearningCurve as LearningCurve
    from suffice.records._schema import LedgerEntry as LedgerEntry
    from suffice.records._schema import Lock as Lock
    from suffice.records._schema import MoreOfTheJudge as MoreOfTheJudge
    from suffice.records._schema import Offer as Offer
    from suffice.records._schema import PathPoint as PathPoint
    from suffice.records._schema import Plan as Plan
    from suffice.records._schema import Probability as Probability
    from suffice.records._schema import Sliders as Sliders
    from suffice.records._schema import Supply as Supply
    from suffice.records._schema import Timing as Timing
    from suffice.records._schema import Tranche as Tranche

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.records._folder": (
            "StudyFolder",
            "read_folder",
            "read_plan",
        ),
        "suffice.records._ledger": ("Ledger",),
        "suffice.records._lock": ("lock_file",),
        "suffice.records._schema": (
            "Chance",
            "Check",
            "Criterion",
            "Forecast",
            "FrontierPoint",
            "Hero",
            "HeroPoint",
            "Interval",
            "Law",
            "LearningCurve",
            "LedgerEntry",
            "Lock",
            "MoreOfTheJudge",
            "Offer",
            "PathPoint",
            "Plan",
            "Probability",
            "Sliders",
            "Supply",
            "Timing",
            "Tranche",
        ),
    },
)
