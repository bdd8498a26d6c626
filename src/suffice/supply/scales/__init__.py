"""Labels on a scale: ordinal and interval models of workers, agreement, and their audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply.scales._marks import by_set as by_set
    from suffice.supply.scales._marks import draw_sd as draw_sd
    from suffice.supply.scales._scale_agreement import alpha_of as alpha_of
    from suffice.supply.scales._scale_agreement import scale_agreement as scale_agreement
    from suffice.supply.scales._scale_audit import ScaleAudit as ScaleAudit
    from suffice.supply.scales._scale_audit import audit_scale as audit_scale

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.supply.scales._marks": (
            "by_set",
            "draw_sd",
        ),
        "suffice.supply.scales._scale_agreement": (
            "alpha_of",
            "scale_agreement",
        ),
        "suffice.supply.scales._scale_audit": (
            "ScaleAudit",
            "audit_scale",
        ),
    },
)
