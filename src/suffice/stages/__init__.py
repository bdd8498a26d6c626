"""The stages of a study, from its sources to its report.

``supply``, ``measure``, ``fit``, ``plan``, ``check``, ``report``: each is a function of a study (or
the path of its file) and of the folder for its files, as in ``plan("study.toml", "out")``. A stage
calls the stages that it stands on, and leaves its own record in the folder. ``run`` calls them all.

A ``Workspace`` is a study that is open, and every stage takes one in the study's place. It keeps
what stages made, so that those which share it do nothing twice, shows progress, and knows where to
train.

Beside them stand ``what_next``, ``bounds`` and all else that the command line does, under the same
names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand import list_models as list_models
    from suffice.demand.runs.logs import GatheredRuns as GatheredRuns
    from suffice.demand.scaling import CurveForecast as CurveForecast
    from suffice.demand.scaling import Extrapolation as Extrapolation
    from suffice.demand.scaling import draw_curves as draw_curves
    from suffice.demand.scaling import extrapolate as extrapolate
    from suffice.forecast import Scores as Scores
    from suffice.forecast import TrackRecord as TrackRecord
    from suffice.forecast.horizon import Horizon as Horizon
    from suffice.forecast.horizon import Needed as Needed
    from suffice.forecast.theory import Bound as Bound
    from suffice.labels import Converted as Converted
    from suffice.labels import convert as convert
    from suffice.labels import list_formats as list_formats
    from suffice.plan import Risk as Risk
    from suffice.records import LawRecord as LawRecord
    from suffice.records import OwnRunsRecord as OwnRunsRecord
    from suffice.records import PlanRecord as PlanRecord
    from suffice.stages._ask import AskedRun as AskedRun
    from suffice.stages._ask import ask as ask
    from suffice.stages._ask import tell as tell
    from suffice.stages._audit import audit as audit
    from suffice.stages._bits import LabelBits as LabelBits
    from suffice.stages._bits import bits as bits
    from suffice.stages._bounds import Asked as Asked
    from suffice.stages._bounds import Bounds as Bounds
    from suffice.stages._bounds import bounds as bounds
    from suffice.stages._check import check as check
    from suffice.stages._enough import Judged as Judged
    from suffice.stages._enough import enough as enough
    from suffice.stages._examples import example_study as example_study
    from suffice.stages._experiment import Experiment as Experiment
    from suffice.stages._fit import fit as fit
    from suffice.stages._fit import gold_shifts as gold_shifts
    from suffice.stages._forecast import PurchaseForecast as PurchaseForecast
    from suffice.stages._forecast import forecast as forecast
    from suffice.stages._gather import gather as gather
    from suffice.stages._horizon import LongRun as LongRun
    from suffice.stages._horizon import horizon as horizon
    from suffice.stages._init import init as init
    from suffice.stages._laws import fit_models as fit_models
    from suffice.stages._ledger import PastForecasts as PastForecasts
    from suffice.stages._ledger import ledger as ledger
    from suffice.stages._measure import measure as measure
    from suffice.stages._next import what_next as what_next
    from suffice.stages._offers import Offers as Offers
    from suffice.stages._offers import Stated as Stated
    from suffice.stages._offers import label_offers as label_offers
    from suffice.stages._offers import offers as offers
    from suffice.stages._out import OUT as OUT
    from suffice.stages._plan import plan as plan
    from suffice.stages._planned import Planned as Planned
    from suffice.stages._run import Result as Result
    from suffice.stages._run import dry_run as dry_run
    from suffice.stages._run import report as report
    from suffice.stages._run import run as run
    from suffice.stages._runs_stages import own_runs_lines as own_runs_lines
    from suffice.stages._score import Scored as Scored
    from suffice.stages._score import score as score
    from suffice.stages._seeds import CHECK_SEED as CHECK_SEED
    from suffice.stages._supply import supply as supply
    from suffice.stages._training import Training as Training
    from suffice.stages._two_source import MixedCurve as MixedCurve
    from suffice.stages._two_source import two_source as two_source
    from suffice.stages._workspace import Workspace as Workspace
    from suffice.supply import Audit as Audit
    from suffice.supply import Routing as Routing
    from suffice.supply import SupplyCurve as SupplyCurve
    from suffice.supply import summary_lines as summary_lines

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand": ("list_models",),
        "suffice.demand.scaling": (
            "CurveForecast",
            "Extrapolation",
            "draw_curves",
            "extrapolate",
        ),
        "suffice.demand.runs.logs": ("GatheredRuns",),
        "suffice.forecast": ("Scores", "TrackRecord"),
        "suffice.forecast.horizon": (
            "Horizon",
            "Needed",
        ),
        "suffice.forecast.theory": ("Bound",),
        "suffice.labels": (
            "Converted",
            "convert",
            "list_formats",
        ),
        "suffice.plan": ("Risk",),
        "suffice.records": (
            "LawRecord",
            "OwnRunsRecord",
            "PlanRecord",
        ),
        "suffice.stages._ask": ("AskedRun", "ask", "tell"),
        "suffice.stages._audit": ("audit",),
        "suffice.stages._bits": (
            "LabelBits",
            "bits",
        ),
        "suffice.stages._bounds": (
            "Asked",
            "Bounds",
            "bounds",
        ),
        "suffice.stages._check": ("check",),
        "suffice.stages._enough": (
            "Judged",
            "enough",
        ),
        "suffice.stages._examples": ("example_study",),
        "suffice.stages._experiment": ("Experiment",),
        "suffice.stages._fit": (
            "fit",
            "gold_shifts",
        ),
        "suffice.stages._forecast": (
            "PurchaseForecast",
            "forecast",
        ),
        "suffice.stages._gather": ("gather",),
        "suffice.stages._horizon": (
            "LongRun",
            "horizon",
        ),
        "suffice.stages._init": ("init",),
        "suffice.stages._laws": ("fit_models",),
        "suffice.stages._ledger": (
            "PastForecasts",
            "ledger",
        ),
        "suffice.stages._market": (),
        "suffice.stages._measure": ("measure",),
        "suffice.stages._next": ("what_next",),
        "suffice.stages._offers": (
            "Offers",
            "Stated",
            "label_offers",
            "offers",
        ),
        "suffice.stages._out": ("OUT",),
        "suffice.stages._plan": ("plan",),
        "suffice.stages._planned": ("Planned",),
        "suffice.stages._seeds": ("CHECK_SEED",),
        "suffice.stages._training": ("Training",),
        "suffice.stages._run": (
            "Result",
            "dry_run",
            "report",
            "run",
        ),
        "suffice.stages._score": ("Scored", "score"),
        "suffice.stages._runs_stages": ("own_runs_lines",),
        "suffice.stages._supply": ("supply",),
        "suffice.stages._two_source": (
            "MixedCurve",
            "two_source",
        ),
        "suffice.stages._workspace": ("Workspace",),
        "suffice.supply": (
            "Audit",
            "Routing",
            "SupplyCurve",
            "summary_lines",
        ),
    },
)
