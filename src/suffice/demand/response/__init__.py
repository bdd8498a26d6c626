"""Laws of training runs that were made elsewhere: outcomes against labels, sizes and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand.response._cells import Cells as Cells
    from suffice.demand.response._law import ResponseLaw as ResponseLaw
    from suffice.demand.response._response import Response as Response
    from suffice.demand.response._response import fit_response as fit_response
    from suffice.demand.response._worth import Exchange as Exchange
    from suffice.demand.response._worth import Skill as Skill
    from suffice.demand.response._worth import Worth as Worth
    from suffice.demand.response._worth import exchange_of as exchange_of
    from suffice.demand.response._worth import skill_of as skill_of
    from suffice.demand.response._worth import worth_of as worth_of

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand.response._cells": ("Cells",),
        "suffice.demand.response._law": ("ResponseLaw",),
        "suffice.demand.response._response": ("Response", "fit_response"),
        "suffice.demand.response._worth": (
            "Exchange",
            "Skill",
            "Worth",
            "exchange_of",
            "skill_of",
            "worth_of",
        ),
    },
)
