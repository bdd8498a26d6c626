"""What a model needs: models, schemes, runs and their store, laws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand._bits import Bits as Bits
    from suffice.demand._bits import binary_entropy as binary_entropy
    from suffice.demand._bits import frequency_bits as frequency_bits
    from suffice.demand._bits import measure_bits as measure_bits
    from suffice.demand._bits_chart import draw_bits as draw_bits
    from suffice.demand.law import FEWEST_ATTACKED as FEWEST_ATTACKED
    from suffice.demand.law import FittedLaw as FittedLaw
    from suffice.demand.law import Law as Law
    from suffice.demand.law import Outcomes as Outcomes
    from suffice.demand.law import SourceTable as SourceTable
    from suffice.demand.law import TransferLaw as TransferLaw
    from suffice.demand.law import fit_attack as fit_attack
    from suffice.demand.law import fit_law as fit_law
    from suffice.demand.law import held_out_table as held_out_table
    from suffice.demand.law import laws_of as laws_of
    from suffice.demand.law import source_table as source_table
    from suffice.demand.law import transfer_law as transfer_law
    from suffice.demand.models import Model as Model
    from suffice.demand.models import ModelInfo as ModelInfo
    from suffice.demand.models import embed_cached as embed_cached
    from suffice.demand.models import list_models as list_models
    from suffice.demand.models import load_model as load_model
    from suffice.demand.runs import Executor as Executor
    from suffice.demand.runs import RunStore as RunStore
    from suffice.demand.runs import SourceLimits as SourceLimits
    from suffice.demand.runs import cell_runs as cell_runs
    from suffice.demand.runs import design_attacks as design_attacks
    from suffice.demand.runs import design_grid as design_grid
    from suffice.demand.runs import load_executor as load_executor
    from suffice.demand.runs import measure as measure
    from suffice.demand.schemes import Embedded as Embedded
    from suffice.demand.schemes import Problem as Problem
    from suffice.demand.schemes import Scheme as Scheme
    from suffice.demand.schemes import load_scheme as load_scheme
    from suffice.demand.schemes import rotate as rotate

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand._bits": (
            "Bits",
            "binary_entropy",
            "frequency_bits",
            "measure_bits",
        ),
        "suffice.demand._bits_chart": ("draw_bits",),
        "suffice.demand.law": (
            "FEWEST_ATTACKED",
            "FittedLaw",
            "Law",
            "Outcomes",
            "SourceTable",
            "TransferLaw",
            "fit_attack",
            "fit_law",
            "held_out_table",
            "laws_of",
            "source_table",
            "transfer_law",
        ),
        "suffice.demand.models": (
            "Model",
            "ModelInfo",
            "embed_cached",
            "list_models",
            "load_model",
        ),
        "suffice.demand.runs": (
            "Executor",
            "SourceLimits",
            "RunStore",
            "cell_runs",
            "design_attacks",
            "design_grid",
            "load_executor",
            "measure",
        ),
        "suffice.demand.schemes": (
            "Embedded",
            "Problem",
            "Scheme",
            "load_scheme",
            "rotate",
        ),
    },
)
