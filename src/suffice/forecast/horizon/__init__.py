"""The long run: labels needed along a path of growing models, from drivers with evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.forecast.horizon._drivers import Driver as Driver
    from suffice.forecast.horizon._drivers import MeasuredChange as MeasuredChange
    from suffice.forecast.horizon._file import Outlook as Outlook
    from suffice.forecast.horizon._file import load_outlook as load_outlook
    from suffice.forecast.horizon._horizon import Horizon as Horizon
    from suffice.forecast.horizon._horizon import Needed as Needed
    from suffice.forecast.horizon._horizon import SourceStart as SourceStart
    from suffice.forecast.horizon._horizon import look_ahead as look_ahead
    from suffice.forecast.horizon._path import Path as Path
    from suffice.forecast.horizon._trend import Trend as Trend
    from suffice.forecast.horizon._trend import TrendPoint as TrendPoint
    from suffice.forecast.horizon._trend import labels_needed as labels_needed
    from suffice.forecast.horizon._trend import measured_trend as measured_trend

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.forecast.horizon._drivers": ("Driver", "MeasuredChange"),
        "suffice.forecast.horizon._file": ("Outlook", "load_outlook"),
        "suffice.forecast.horizon._horizon": ("Horizon", "Needed", "SourceStart", "look_ahead"),
        "suffice.forecast.horizon._path": ("Path",),
        "suffice.forecast.horizon._trend": (
            "Trend",
            "TrendPoint",
            "labels_needed",
            "measured_trend",
        ),
    },
)
