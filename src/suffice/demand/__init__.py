"""What a model needs: models, schemes, runs and their store, laws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand._attack import FEWEST_ATTACKED as FEWEST_ATTACKED
    from suffice.demand._attack import AttackPart as AttackPart
    from suffice.demand._attack import fit_attack as fit_attack
    from suffice.demand._baselines import held_out_table as held_out_table
    from suffice.demand._bits import Bits as Bits
    from suffice.demand._bits import binary_entropy as binary_entropy
    from suffice.demand._bits import frequency_bits as frequency_bits
    from suffice.demand._bits import measure_bits as measure_bits
    from suffice.demand._bits_chart import draw_bits as draw_bits
    from suffice.demand._embed import Model as Model
    from suffice.demand._embed import embed_cached as embed_cached
    from suffice.demand._executors import Cell as Cell
    from suffice.demand._executors import Executor as Executor
    from suffice.demand._executors import load_executor as load_executor
    from suffice.demand._grid import Attack as Attack
    from suffice.demand._grid import Offer as Offer
    from suffice.demand._grid import design_attacks as design_attacks
    from suffice.demand._grid import design_grid as design_grid
    from suffice.demand._heads import Problem as Problem
    from suffice.demand._heads import rotate as rotate
    from suffice.demand._law import Law as Law
    from suffice.demand._law import Outcomes as Outcomes
    from suffice.demand._law import fit_law as fit_law
    from suffice.demand._law_file import LawTask as LawTask
    from suffice.demand._law_file import fit_laws as fit_laws
    from suffice.demand._measure import cell_runs as cell_runs
    from suffice.demand._measure import measure as measure
    from suffice.demand._models import ModelInfo as ModelInfo
    from suffice.demand._models import list_models as list_models
    from suffice.demand._models import load_model as load_model
    from suffice.demand._probe import Probe as Probe
    from suffice.demand._scheme import Embedded as Embedded
    from suffice.demand._scheme import Scheme as Scheme
    from suffice.demand._scheme import Trained as Trained
    from suffice.demand._schemes import load_scheme as load_scheme
    from suffice.demand._store import CellRuns as CellRuns
    from suffice.demand._store import Run as Run
    from suffice.demand._store import RunStore as RunStore
    from suffice.demand._terms import SourceTable as SourceTable
    from suffice.demand._transfer import Pilots as Pilots
    from suffice.demand._transfer import TransferLaw as TransferLaw
    from suffice.demand._transfer import transfer_law as transfer_law

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand._attack": (
            "FEWEST_ATTACKED",
            "AttackPart",
            "fit_attack",
        ),
        "suffice.demand._baselines": ("held_out_table",),
        "suffice.demand._bits": (
            "Bits",
            "binary_entropy",
            "frequency_bits",
            "measure_bits",
        ),
        "suffice.demand._bits_chart": ("draw_bits",),
        "suffice.demand._embed": (
            "Model",
            "embed_cached",
        ),
        "suffice.demand._executors": (
            "Cell",
            "Executor",
            "load_executor",
        ),
        "suffice.demand._grid": (
            "Attack",
            "Offer",
            "design_attacks",
            "design_grid",
        ),
        "suffice.demand._heads": (
            "Problem",
            "rotate",
        ),
        "suffice.demand._law": (
            "Law",
            "Outcomes",
            "fit_law",
        ),
        "suffice.demand._law_file": (
            "LawTask",
            "fit_laws",
        ),
        "suffice.demand._measure": (
            "cell_runs",
            "measure",
        ),
        "suffice.demand._models": (
            "ModelInfo",
            "list_models",
            "load_model",
        ),
        "suffice.demand._probe": ("Probe",),
        "suffice.demand._scheme": (
            "Embedded",
            "Scheme",
            "Trained",
        ),
        "suffice.demand._schemes": ("load_scheme",),
        "suffice.demand._store": (
            "CellRuns",
            "Run",
            "RunStore",
        ),
        "suffice.demand._terms": ("SourceTable",),
        "suffice.demand._transfer": (
            "Pilots",
            "TransferLaw",
            "transfer_law",
        ),
    },
)
