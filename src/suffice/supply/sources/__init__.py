"""Sources with their channels, from audits and statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply.sources._audit_channel import AuditedPosterior as AuditedPosterior
    from suffice.supply.sources._audit_channel import ChannelBook as ChannelBook
    from suffice.supply.sources._audit_channel import channel_book as channel_book
    from suffice.supply.sources._capability_trend import CapabilityTrend as CapabilityTrend
    from suffice.supply.sources._capability_trend import find_trends as find_trends
    from suffice.supply.sources._label_sources import LabelSources as LabelSources
    from suffice.supply.sources._label_sources import label_sources as label_sources
    from suffice.supply.sources._quality import by_quality as by_quality
    from suffice.supply.sources._quality import fixed_share as fixed_share
    from suffice.supply.sources._quality import share_right as share_right
    from suffice.supply.sources._routing import Routing as Routing
    from suffice.supply.sources._routing import route as route
    from suffice.supply.sources._source_table import source_rows as source_rows
    from suffice.supply.sources._sources import Measured as Measured
    from suffice.supply.sources._sources import Offered as Offered
    from suffice.supply.sources._sources import bits as bits
    from suffice.supply.sources._sources import build_sources as build_sources
    from suffice.supply.sources._sources import sources_said as sources_said
    from suffice.supply.sources._sources import suppliers as suppliers
    from suffice.supply.sources._supply_curve import SupplyCurve as SupplyCurve
    from suffice.supply.sources._supply_curve import supply_curve as supply_curve

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.supply.sources._audit_channel": (
            "AuditedPosterior",
            "ChannelBook",
            "channel_book",
        ),
        "suffice.supply.sources._capability_trend": (
            "CapabilityTrend",
            "find_trends",
        ),
        "suffice.supply.sources._label_sources": (
            "LabelSources",
            "label_sources",
        ),
        "suffice.supply.sources._quality": (
            "by_quality",
            "fixed_share",
            "share_right",
        ),
        "suffice.supply.sources._routing": (
            "Routing",
            "route",
        ),
        "suffice.supply.sources._source_table": ("source_rows",),
        "suffice.supply.sources._sources": (
            "Measured",
            "Offered",
            "bits",
            "build_sources",
            "sources_said",
            "suppliers",
        ),
        "suffice.supply.sources._supply_curve": (
            "SupplyCurve",
            "supply_curve",
        ),
    },
)
