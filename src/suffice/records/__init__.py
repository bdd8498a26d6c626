"""The files of a results folder: one typed class a file, with a version, a reader and a writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.records._audit import AuditRecord as AuditRecord
    from suffice.records._audit import DifficultyPart as DifficultyPart
    from suffice.records._audit import GroupRow as GroupRow
    from suffice.records._audit import LabelsPerTask as LabelsPerTask
    from suffice.records._audit import ModelPart as ModelPart
    from suffice.records._audit import ModelScore as ModelScore
    from suffice.records._audit import SuspectsPart as SuspectsPart
    from suffice.records._audit import VerdictPart as VerdictPart
    from suffice.records._audit_parts import AgreementRow as AgreementRow
    from suffice.records._audit_parts import CapabilityLevel as CapabilityLevel
    from suffice.records._audit_parts import CapabilityRow as CapabilityRow
    from suffice.records._audit_parts import CohenEnd as CohenEnd
    from suffice.records._audit_parts import CohenRange as CohenRange
    from suffice.records._audit_parts import IdsTest as IdsTest
    from suffice.records._audit_parts import PredictiveRow as PredictiveRow
    from suffice.records._audit_parts import PredictiveTest as PredictiveTest
    from suffice.records._audit_parts import SharedErrorPart as SharedErrorPart
    from suffice.records._audit_parts import SliceError as SliceError
    from suffice.records._audit_parts import SplitAgreement as SplitAgreement
    from suffice.records._audit_parts import SplitPart as SplitPart
    from suffice.records._audit_parts import TogetherTest as TogetherTest
    from suffice.records._audit_preferences import BothOrders as BothOrders
    from suffice.records._audit_preferences import ItemsPart as ItemsPart
    from suffice.records._audit_preferences import PreferencesPart as PreferencesPart
    from suffice.records._audit_preferences import ScoredItems as ScoredItems
    from suffice.records._audit_preferences import TiesPart as TiesPart
    from suffice.records._audit_ranking import RankingAgreement as RankingAgreement
    from suffice.records._audit_ranking import RankingModelPart as RankingModelPart
    from suffice.records._audit_ranking import RankingRecord as RankingRecord
    from suffice.records._audit_scale import ScaleAgreementRow as ScaleAgreementRow
    from suffice.records._audit_scale import ScaleModelPart as ScaleModelPart
    from suffice.records._audit_scale import ScalePart as ScalePart
    from suffice.records._audit_scale import ScaleRecord as ScaleRecord
    from suffice.records._audit_scale import ScaleSharedPart as ScaleSharedPart
    from suffice.records._folder import StudyFolder as StudyFolder
    from suffice.records._folder import read_folder as read_folder
    from suffice.records._forecast import BUDGET_RANGE as BUDGET_RANGE
    from suffice.records._forecast import PRICE_RANGE as PRICE_RANGE
    from suffice.records._forecast import ChangeRow as ChangeRow
    from suffice.records._forecast import ForecastRecord as ForecastRecord
    from suffice.records._forecast import Hero as Hero
    from suffice.records._forecast import HeroPoint as HeroPoint
    from suffice.records._forecast import HostileLabels as HostileLabels
    from suffice.records._forecast import LearningCurve as LearningCurve
    from suffice.records._forecast import MeasuredPoint as MeasuredPoint
    from suffice.records._forecast import ModelNeed as ModelNeed
    from suffice.records._forecast import MoreOfTheJudge as MoreOfTheJudge
    from suffice.records._forecast import PathPoint as PathPoint
    from suffice.records._forecast import Sliders as Sliders
    from suffice.records._forecast import SliderSource as SliderSource
    from suffice.records._horizon import Band as Band
    from suffice.records._horizon import DangerRows as DangerRows
    from suffice.records._horizon import DriverRow as DriverRow
    from suffice.records._horizon import HorizonRecord as HorizonRecord
    from suffice.records._horizon import NeededRow as NeededRow
    from suffice.records._horizon import TrendRow as TrendRow
    from suffice.records._horizon import YearRow as YearRow
    from suffice.records._law import FamilyWeight as FamilyWeight
    from suffice.records._law import HeldOut as HeldOut
    from suffice.records._law import LawRecord as LawRecord
    from suffice.records._ledger import Ledger as Ledger
    from suffice.records._ledger import LedgerEntry as LedgerEntry
    from suffice.records._lock import lock_record as lock_record
    from suffice.records._next import MeasurementRow as MeasurementRow
    from suffice.records._next import NextRecord as NextRecord
    from suffice.records._own_runs import CheckedRuns as CheckedRuns
    from suffice.records._own_runs import ExchangeRow as ExchangeRow
    from suffice.records._own_runs import ForecastRun as ForecastRun
    from suffice.records._own_runs import OwnRunsRecord as OwnRunsRecord
    from suffice.records._own_runs import ScoreRow as ScoreRow
    from suffice.records._own_runs import SkillRow as SkillRow
    from suffice.records._own_runs import WorthRow as WorthRow
    from suffice.records._part import HeldProbability as HeldProbability
    from suffice.records._part import Interval as Interval
    from suffice.records._part import MeanInterval as MeanInterval
    from suffice.records._part import Probability as Probability
    from suffice.records._part import TrancheRow as TrancheRow
    from suffice.records._plan import HOPELESS as HOPELESS
    from suffice.records._plan import Budget as Budget
    from suffice.records._plan import CheckRow as CheckRow
    from suffice.records._plan import CriterionRow as CriterionRow
    from suffice.records._plan import Distance as Distance
    from suffice.records._plan import FlipRow as FlipRow
    from suffice.records._plan import OptionRow as OptionRow
    from suffice.records._plan import PlanRecord as PlanRecord
    from suffice.records._plan import RobustRow as RobustRow
    from suffice.records._plan import ShadowPrice as ShadowPrice
    from suffice.records._plan import UncertaintyPart as UncertaintyPart
    from suffice.records._record import Record as Record
    from suffice.records._run_log import RunEvent as RunEvent
    from suffice.records._run_log import RunLog as RunLog
    from suffice.records._runs import RunRow as RunRow
    from suffice.records._runs import RunsTable as RunsTable
    from suffice.records._supply import OfferCurve as OfferCurve
    from suffice.records._supply import OfferPart as OfferPart
    from suffice.records._supply import OfferRow as OfferRow
    from suffice.records._supply import OperatedRow as OperatedRow
    from suffice.records._supply import Repeats as Repeats
    from suffice.records._supply import Supplier as Supplier
    from suffice.records._supply import SupplyRecord as SupplyRecord
    from suffice.records._trace import LockRecord as LockRecord
    from suffice.records._trace import Timing as Timing
    from suffice.records._trace import TimingsRecord as TimingsRecord

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.records._audit": (
            "AuditRecord",
            "DifficultyPart",
            "GroupRow",
            "LabelsPerTask",
            "ModelPart",
            "ModelScore",
            "SuspectsPart",
            "VerdictPart",
        ),
        "suffice.records._audit_parts": (
            "AgreementRow",
            "CapabilityLevel",
            "CapabilityRow",
            "CohenEnd",
            "CohenRange",
            "IdsTest",
            "PredictiveRow",
            "PredictiveTest",
            "SharedErrorPart",
            "SliceError",
            "SplitAgreement",
            "SplitPart",
            "TogetherTest",
        ),
        "suffice.records._audit_preferences": (
            "BothOrders",
            "ItemsPart",
            "PreferencesPart",
            "ScoredItems",
            "TiesPart",
        ),
        "suffice.records._audit_ranking": (
            "RankingAgreement",
            "RankingModelPart",
            "RankingRecord",
        ),
        "suffice.records._audit_scale": (
            "ScaleAgreementRow",
            "ScaleModelPart",
            "ScalePart",
            "ScaleRecord",
            "ScaleSharedPart",
        ),
        "suffice.records._folder": (
            "StudyFolder",
            "read_folder",
        ),
        "suffice.records._forecast": (
            "BUDGET_RANGE",
            "PRICE_RANGE",
            "ChangeRow",
            "ForecastRecord",
            "Hero",
            "HeroPoint",
            "HostileLabels",
            "LearningCurve",
            "MeasuredPoint",
            "ModelNeed",
            "MoreOfTheJudge",
            "PathPoint",
            "SliderSource",
            "Sliders",
        ),
        "suffice.records._horizon": (
            "Band",
            "DangerRows",
            "DriverRow",
            "HorizonRecord",
            "NeededRow",
            "TrendRow",
            "YearRow",
        ),
        "suffice.records._law": (
            "FamilyWeight",
            "HeldOut",
            "LawRecord",
        ),
        "suffice.records._ledger": (
            "Ledger",
            "LedgerEntry",
        ),
        "suffice.records._lock": ("lock_record",),
        "suffice.records._next": (
            "MeasurementRow",
            "NextRecord",
        ),
        "suffice.records._own_runs": (
            "CheckedRuns",
            "ExchangeRow",
            "ForecastRun",
            "OwnRunsRecord",
            "ScoreRow",
            "SkillRow",
            "WorthRow",
        ),
        "suffice.records._part": (
            "HeldProbability",
            "Interval",
            "MeanInterval",
            "Probability",
            "TrancheRow",
        ),
        "suffice.records._plan": (
            "HOPELESS",
            "Budget",
            "CheckRow",
            "CriterionRow",
            "Distance",
            "FlipRow",
            "OptionRow",
            "PlanRecord",
            "RobustRow",
            "ShadowPrice",
            "UncertaintyPart",
        ),
        "suffice.records._record": ("Record",),
        "suffice.records._run_log": ("RunEvent", "RunLog"),
        "suffice.records._runs": (
            "RunRow",
            "RunsTable",
        ),
        "suffice.records._supply": (
            "OfferCurve",
            "OfferPart",
            "OfferRow",
            "OperatedRow",
            "Repeats",
            "Supplier",
            "SupplyRecord",
        ),
        "suffice.records._trace": (
            "LockRecord",
            "Timing",
            "TimingsRecord",
        ),
    },
)
