"""What labels are worth: workers, shared error, and the channels of sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply._audit import Audit as Audit
    from suffice.supply._audit import audit as audit
    from suffice.supply._sources import Measured as Measured
    from suffice.supply._sources import Offered as Offered
    from suffice.supply._sources import build_sources as build_sources
    from suffice.supply._sources import supply_table as supply_table
    from suffice.supply._summary import summary_lines as summary_lines

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.supply._audit": (
            "Audit",
            "audit",
        ),
        "suffice.supply._sources": (
            "Measured",
            "Offered",
            "build_sources",
            "supply_table",
        ),
        "suffice.supply._summary": ("summary_lines",),
    },
)
