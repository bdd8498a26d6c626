"""The law: how outcomes depend on what was bought, with a posterior."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand.law._attack import FEWEST_ATTACKED as FEWEST_ATTACKED
    from suffice.demand.law._attack import fit_attack as fit_attack
    from suffice.demand.law._baselines import held_out_table as held_out_table
    from suffice.demand.law._distance import Coverage as Coverage
    from suffice.demand.law._distance import Distance as Distance
    from suffice.demand.law._law import FittedLaw as FittedLaw
    from suffice.demand.law._law import fit_law as fit_law
    from suffice.demand.law._of_evidence import laws_of as laws_of
    from suffice.demand.law._outcomes import Outcomes as Outcomes
    from suffice.demand.law._protocol import Convergence as Convergence
    from suffice.demand.law._protocol import Law as Law
    from suffice.demand.law._source_table import source_table as source_table
    from suffice.demand.law._terms import SourceTable as SourceTable
    from suffice.demand.law._transfer import TransferLaw as TransferLaw
    from suffice.demand.law._transfer import transfer_law as transfer_law

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand.law._attack": (
            "FEWEST_ATTACKED",
            "fit_attack",
        ),
        "suffice.demand.law._baselines": ("held_out_table",),
        "suffice.demand.law._distance": ("Distance", "Coverage"),
        "suffice.demand.law._law": (
            "FittedLaw",
            "fit_law",
        ),
        "suffice.demand.law._law_file": (),
        "suffice.demand.law._of_evidence": ("laws_of",),
        "suffice.demand.law._outcomes": ("Outcomes",),
        "suffice.demand.law._protocol": (
            "Convergence",
            "Law",
        ),
        "suffice.demand.law._source_table": ("source_table",),
        "suffice.demand.law._terms": ("SourceTable",),
        "suffice.demand.law._transfer": (
            "TransferLaw",
            "transfer_law",
        ),
    },
)
