"""Rankings and the best of a shown set: Plackett-Luce with ties and workers, and their audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply.rankings._ranking_audit import RankingAudit as RankingAudit
    from suffice.supply.rankings._ranking_audit import audit_rankings as audit_rankings

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {"suffice.supply.rankings._ranking_audit": ("RankingAudit", "audit_rankings")},
)
