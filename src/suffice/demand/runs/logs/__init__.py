"""Logs of training and evaluation, as trainers and trackers leave them: one row a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand.runs.logs._gather import GatheredRuns as GatheredRuns
    from suffice.demand.runs.logs._gather import gather_runs as gather_runs
    from suffice.demand.runs.logs._log import RunLog as RunLog
    from suffice.demand.runs.logs._readers import KINDS as KINDS

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand.runs.logs._gather": ("GatheredRuns", "gather_runs"),
        "suffice.demand.runs.logs._log": ("RunLog",),
        "suffice.demand.runs.logs._readers": ("KINDS",),
    },
)
