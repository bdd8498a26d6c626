"""What labels are worth: workers, shared error, and the channels of sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply._audit import Audit as Audit
    from suffice.supply._audit import audit as audit
    from suffice.supply._bradley_terry import Items as Items
    from suffice.supply._bradley_terry import bradley_terry as bradley_terry
    from suffice.supply._judges import judge_report as judge_report
    from suffice.supply._label_sources import LabelSources as LabelSources
    from suffice.supply._label_sources import label_sources as label_sources
    from suffice.supply._position import Preferences as Preferences
    from suffice.supply._routing import Routing as Routing
    from suffice.supply._routing import route as route
    from suffice.supply._sources import Measured as Measured
    from suffice.supply._sources import Offered as Offered
    from suffice.supply._sources import build_sources as build_sources
    from suffice.supply._sources import supply_table as supply_table
    from suffice.supply._split import Split as Split
    from suffice.supply._summary import summary_lines as summary_lines
    from suffice.supply._supply_curve import SupplyCurve as SupplyCurve
    from suffice.supply._supply_curve import supply_curve as supply_curve

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.supply._audit": (
            "Audit",
            "audit",
        ),
        "suffice.supply._bradley_terry": (
            "Items",
            "bradley_terry",
        ),
        "suffice.supply._routing": (
            "Routing",
            "route",
        ),
        "suffice.supply._judges": ("judge_report",),
        "suffice.supply._label_sources": (
            "LabelSources",
            "label_sources",
        ),
        "suffice.supply._position": ("Preferences",),
        "suffice.supply._sources": (
            "Measured",
            "Offered",
            "build_sources",
            "supply_table",
        ),
        "suffice.supply._split": ("Split",),
        "suffice.supply._summary": ("summary_lines",),
        "suffice.supply._supply_curve": (
            "SupplyCurve",
            "supply_curve",
        ),
    },
)
