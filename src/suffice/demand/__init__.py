"""What a model needs: models, schemes, runs and their store, laws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand._baselines import held_out_table as held_out_table
    from suffice.demand._embed import Model as Model
    from suffice.demand._embed import embed_cached as embed_cached
    from suffice.demand._grid import Offer as Offer
    from suffice.demand._grid import design_grid as design_grid
    from suffice.demand._law import Law as Law
    from suffice.demand._law import Outcomes as Outcomes
    from suffice.demand._law import fit_law as fit_law
    from suffice.demand._law_file import LawTask as LawTask
    from suffice.demand._law_file import fit_laws as fit_laws
    from suffice.demand._measure import Cell as Cell
    from suffice.demand._measure import Embedded as Embedded
    from suffice.demand._measure import measure as measure
    from suffice.demand._models import ModelInfo as ModelInfo
    from suffice.demand._models import list_models as list_models
    from suffice.demand._models import load_model as load_model
    from suffice.demand._probe import Probe as Probe
    from suffice.demand._scheme import Scheme as Scheme
    from suffice.demand._scheme import Trained as Trained
    from suffice.demand._store import CellRuns as CellRuns
    from suffice.demand._store import Run as Run
    from suffice.demand._store import RunStore as RunStore
    from suffice.demand._terms import SourceTable as SourceTable

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand._baselines": ("held_out_table",),
        "suffice.demand._embed": (
            "Model",
            "embed_cached",
        ),
        "suffice.demand._grid": (
            "Offer",
            "design_grid",
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
            "Cell",
            "Embedded",
            "measure",
        ),
        "suffice.demand._models": (
            "ModelInfo",
            "list_models",
            "load_model",
        ),
        "suffice.demand._probe": ("Probe",),
        "suffice.demand._scheme": (
            "Scheme",
            "Trained",
        ),
        "suffice.demand._store": (
            "CellRuns",
            "Run",
            "RunStore",
        ),
        "suffice.demand._terms": ("SourceTable",),
    },
)
