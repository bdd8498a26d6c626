"""P(meets the criterion | curve), with its interval and its parts; the track record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.forecast._criterion import Criterion as Criterion
    from suffice.forecast._ledger import Ledger as Ledger
    from suffice.forecast._probability import Forecast as Forecast
    from suffice.forecast._probability import make_forecasts as make_forecasts
    from suffice.forecast._probability import pass_chances as pass_chances

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.forecast._criterion": ("Criterion",),
        "suffice.forecast._ledger": ("Ledger",),
        "suffice.forecast._probability": (
            "Forecast",
            "make_forecasts",
            "pass_chances",
        ),
    },
)
