"""Tables of training runs that were made elsewhere: one row a run, checked, with what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand.runs.tables._columns import MetricColumn as MetricColumn
    from suffice.demand.runs.tables._columns import RunColumns as RunColumns
    from suffice.demand.runs.tables._columns import SourceColumn as SourceColumn
    from suffice.demand.runs.tables._more import MoreRun as MoreRun
    from suffice.demand.runs.tables._more import table_of as table_of
    from suffice.demand.runs.tables._more import with_more as with_more
    from suffice.demand.runs.tables._names import better as better
    from suffice.demand.runs.tables._names import is_about_the_run as is_about_the_run
    from suffice.demand.runs.tables._numbers import numbers as numbers
    from suffice.demand.runs.tables._read import read_runs as read_runs
    from suffice.demand.runs.tables._read import recognise_runs as recognise_runs
    from suffice.demand.runs.tables._table import Covariate as Covariate
    from suffice.demand.runs.tables._table import MeanOf as MeanOf
    from suffice.demand.runs.tables._table import RunTable as RunTable
    from suffice.demand.runs.tables._table import State as State
    from suffice.demand.runs.tables._table import Taken as Taken

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand.runs.tables._columns": ("MetricColumn", "RunColumns", "SourceColumn"),
        "suffice.demand.runs.tables._more": ("MoreRun", "table_of", "with_more"),
        "suffice.demand.runs.tables._names": ("better", "is_about_the_run"),
        "suffice.demand.runs.tables._numbers": ("numbers",),
        "suffice.demand.runs.tables._read": ("read_runs", "recognise_runs"),
        "suffice.demand.runs.tables._table": ("Covariate", "MeanOf", "RunTable", "State", "Taken"),
    },
)
