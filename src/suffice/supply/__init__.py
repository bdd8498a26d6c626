"""What labels are worth: workers, shared error, and the channels of sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply._audit import audit_classes as audit_classes
    from suffice.supply._audit_kinds import audit as audit
    from suffice.supply._audit_record import Audit as Audit
    from suffice.supply._summary import summary_lines as summary_lines
    from suffice.supply.doubts import Split as Split
    from suffice.supply.doubts import judge_report as judge_report
    from suffice.supply.preferences import Items as Items
    from suffice.supply.preferences import Preferences as Preferences
    from suffice.supply.preferences import bradley_terry as bradley_terry
    from suffice.supply.rankings import RankingAudit as RankingAudit
    from suffice.supply.scales import ScaleAudit as ScaleAudit
    from suffice.supply.sources import LabelSources as LabelSources
    from suffice.supply.sources import Measured as Measured
    from suffice.supply.sources import Routing as Routing
    from suffice.supply.sources import SourceTerms as SourceTerms
    from suffice.supply.sources import SupplyCurve as SupplyCurve
    from suffice.supply.sources import build_sources as build_sources
    from suffice.supply.sources import by_quality as by_quality
    from suffice.supply.sources import fixed_share as fixed_share
    from suffice.supply.sources import label_sources as label_sources
    from suffice.supply.sources import route as route
    from suffice.supply.sources import share_right as share_right
    from suffice.supply.sources import sources_said as sources_said
    from suffice.supply.sources import suppliers as suppliers
    from suffice.supply.sources import supply_curve as supply_curve

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.supply._audit": ("audit_classes",),
        "suffice.supply._audit_kinds": ("audit",),
        "suffice.supply._audit_record": ("Audit",),
        "suffice.supply._summary": ("summary_lines",),
        "suffice.supply.doubts": (
            "Split",
            "judge_report",
        ),
        "suffice.supply.preferences": (
            "Items",
            "Preferences",
            "bradley_terry",
        ),
        "suffice.supply.rankings": ("RankingAudit",),
        "suffice.supply.scales": ("ScaleAudit",),
        "suffice.supply.sources": (
            "LabelSources",
            "Measured",
            "SourceTerms",
            "Routing",
            "SupplyCurve",
            "build_sources",
            "by_quality",
            "fixed_share",
            "label_sources",
            "route",
            "share_right",
            "supply_curve",
            "sources_said",
            "suppliers",
        ),
    },
)
