"""How training uses the labels of a resolved curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand.schemes._heads import Problem as Problem
    from suffice.demand.schemes._heads import fit_heads as fit_heads
    from suffice.demand.schemes._heads import rotate as rotate
    from suffice.demand.schemes._probe import PENALTIES as PENALTIES
    from suffice.demand.schemes._probe import Probe as Probe
    from suffice.demand.schemes._scheme import Embedded as Embedded
    from suffice.demand.schemes._scheme import Scheme as Scheme
    from suffice.demand.schemes._scheme import Trained as Trained
    from suffice.demand.schemes._schemes import load_scheme as load_scheme

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand.schemes._heads": (
            "Problem",
            "fit_heads",
            "rotate",
        ),
        "suffice.demand.schemes._probe": (
            "PENALTIES",
            "Probe",
        ),
        "suffice.demand.schemes._scheme": (
            "Embedded",
            "Scheme",
            "Trained",
        ),
        "suffice.demand.schemes._schemes": ("load_scheme",),
    },
)
