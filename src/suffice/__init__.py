"""How much alignment data is enough, and of what quality?

The names below are the public interface; each is imported when it is first used, so that
``import suffice`` stays fast. The rooms (``suffice.labels``, ``suffice.pools``,
``suffice.records``, ``suffice.supply``, ``suffice.demand``, ``suffice.forecast``,
``suffice.plan``, ``suffice.report``, ``suffice.stages``) export more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports
from suffice._privacy import send_nothing

if TYPE_CHECKING:
    from suffice.channel import Channel as Channel
    from suffice.channel import NoisyChannel as NoisyChannel
    from suffice.channel import Profile as Profile
    from suffice.channel import Source as Source
    from suffice.channel import Tasks as Tasks
    from suffice.curve import Curve as Curve
    from suffice.curve import ResolvedCurve as ResolvedCurve
    from suffice.curve import Tranche as Tranche
    from suffice.demand import Law as Law
    from suffice.demand import Scheme as Scheme
    from suffice.demand.scaling import extrapolate as extrapolate
    from suffice.demand.scaling import fit_isoflop as fit_isoflop
    from suffice.demand.scaling import fit_scaling as fit_scaling
    from suffice.demand.scaling import fit_two_source as fit_two_source
    from suffice.errors import ConvergenceError as ConvergenceError
    from suffice.errors import InfeasibleError as InfeasibleError
    from suffice.errors import InputError as InputError
    from suffice.errors import MissingError as MissingError
    from suffice.errors import StorageError as StorageError
    from suffice.errors import StudyError as StudyError
    from suffice.errors import SufficeError as SufficeError
    from suffice.estimate import Estimate as Estimate
    from suffice.evidence import Run as Run
    from suffice.forecast import Criterion as Criterion
    from suffice.forecast import Forecast as Forecast
    from suffice.forecast import make_forecasts as make_forecasts
    from suffice.labels import LabelTable as LabelTable
    from suffice.labels import read_labels as read_labels
    from suffice.plan import Plan as Plan
    from suffice.plan import make_plan as make_plan
    from suffice.stages import Experiment as Experiment
    from suffice.stages import Result as Result
    from suffice.stages import run as run
    from suffice.study import Study as Study
    from suffice.study import load_study as load_study
    from suffice.supply import Audit as Audit
    from suffice.supply import Items as Items
    from suffice.supply import SupplyCurve as SupplyCurve
    from suffice.supply import audit as audit
    from suffice.supply import bradley_terry as bradley_terry
    from suffice.supply import route as route
    from suffice.supply import supply_curve as supply_curve

__version__ = "0.1.0"

send_nothing()

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.channel": ("Channel", "NoisyChannel", "Profile", "Source", "Tasks"),
        "suffice.curve": ("Curve", "ResolvedCurve", "Tranche"),
        "suffice.demand": ("Law", "Scheme"),
        "suffice.evidence": ("Run",),
        "suffice.demand.scaling": (
            "extrapolate",
            "fit_isoflop",
            "fit_scaling",
            "fit_two_source",
        ),
        "suffice.errors": (
            "ConvergenceError",
            "InfeasibleError",
            "InputError",
            "MissingError",
            "StorageError",
            "StudyError",
            "SufficeError",
        ),
        "suffice.estimate": ("Estimate",),
        "suffice.forecast": ("Criterion", "Forecast", "make_forecasts"),
        "suffice.labels": ("LabelTable", "read_labels"),
        "suffice.stages._experiment": ("Experiment",),
        "suffice.stages._run": ("Result", "run"),
        "suffice.plan": ("Plan", "make_plan"),
        "suffice.study": ("Study", "load_study"),
        "suffice.supply": (
            "Audit",
            "Items",
            "SupplyCurve",
            "audit",
            "bradley_terry",
            "route",
            "supply_curve",
        ),
    },
)
