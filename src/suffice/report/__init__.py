"""The write-up: one HTML file that opens offline, and the tables of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.report._horizon import write_horizon as write_horizon
    from suffice.report._page import write_report as write_report
    from suffice.report._runs_page import write_runs_report as write_runs_report
    from suffice.report._terminal import terminal_summary as terminal_summary

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.report._horizon": ("write_horizon",),
        "suffice.report._page": ("write_report",),
        "suffice.report._runs_page": ("write_runs_report",),
        "suffice.report._terminal": ("terminal_summary",),
    },
)
