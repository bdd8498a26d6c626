"""P(meets the criterion | curve), with its interval and its parts; the track record.

The room can be called: ``suffice.forecast(law, curve, sources, criterion)`` is its function
``forecast``.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.forecast._capability import CapabilityFit as CapabilityFit
    from suffice.forecast._capability import CapabilityPosterior as CapabilityPosterior
    from suffice.forecast._capability import fit_capability as fit_capability
    from suffice.forecast._capability import read_verdicts as read_verdicts
    from suffice.forecast._capability import with_capability as with_capability
    from suffice.forecast._criterion import Criterion as Criterion
    from suffice.forecast._deployment import forecast as forecast
    from suffice.forecast._deployment import in_deployment as in_deployment
    from suffice.forecast._enough import Enough as Enough
    from suffice.forecast._enough import judge_gold as judge_gold
    from suffice.forecast._explain import Change as Change
    from suffice.forecast._explain import explain_change as explain_change
    from suffice.forecast._fresh_gold import FreshGold as FreshGold
    from suffice.forecast._fresh_gold import read_fresh_gold as read_fresh_gold
    from suffice.forecast._prequential import Record as Record
    from suffice.forecast._prequential import RunForecast as RunForecast
    from suffice.forecast._prequential import prequential as prequential
    from suffice.forecast._prequential import record_of as record_of
    from suffice.forecast._probability import FAR as FAR
    from suffice.forecast._probability import Forecast as Forecast
    from suffice.forecast._probability import make_forecasts as make_forecasts
    from suffice.forecast._probability import pass_chances as pass_chances
    from suffice.forecast._probability import shown as shown
    from suffice.forecast._score import FEW_GROUPS as FEW_GROUPS
    from suffice.forecast._score import GoNoGo as GoNoGo
    from suffice.forecast._score import Scores as Scores
    from suffice.forecast._score import score_forecasts as score_forecasts
    from suffice.forecast._track_record import Bin as Bin
    from suffice.forecast._track_record import TrackRecord as TrackRecord
    from suffice.forecast._track_record import calibration as calibration
    from suffice.forecast._track_record import track_record as track_record

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.forecast._capability": (
            "CapabilityFit",
            "CapabilityPosterior",
            "fit_capability",
            "read_verdicts",
            "with_capability",
        ),
        "suffice.forecast._criterion": ("Criterion",),
        "suffice.forecast._deployment": (
            "forecast",
            "in_deployment",
        ),
        "suffice.forecast._enough": (
            "Enough",
            "judge_gold",
        ),
        "suffice.forecast._explain": (
            "Change",
            "explain_change",
        ),
        "suffice.forecast._fresh_gold": (
            "FreshGold",
            "read_fresh_gold",
        ),
        "suffice.forecast._prequential": ("Record", "RunForecast", "prequential", "record_of"),
        "suffice.forecast._probability": (
            "FAR",
            "Forecast",
            "make_forecasts",
            "pass_chances",
            "shown",
        ),
        "suffice.forecast._score": (
            "FEW_GROUPS",
            "GoNoGo",
            "Scores",
            "score_forecasts",
        ),
        "suffice.forecast._track_record": (
            "Bin",
            "TrackRecord",
            "calibration",
            "track_record",
        ),
    },
)


class _Room(ModuleType):
    def __call__(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - as ``forecast`` has it
        from suffice.forecast._deployment import forecast

        return forecast(*given, **named)


# The question of the product has the name of the room that answers it.
sys.modules[__name__].__class__ = _Room
