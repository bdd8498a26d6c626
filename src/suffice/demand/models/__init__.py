"""Models that turn texts into features, by name, path or package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand.models._embed import Model as Model
    from suffice.demand.models._embed import embed_cached as embed_cached
    from suffice.demand.models._encoders import fingerprint as fingerprint
    from suffice.demand.models._hf_models import weights_hash as weights_hash
    from suffice.demand.models._models import ModelInfo as ModelInfo
    from suffice.demand.models._models import list_models as list_models
    from suffice.demand.models._models import load_model as load_model

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand.models._embed": (
            "Model",
            "embed_cached",
        ),
        "suffice.demand.models._encoders": ("fingerprint",),
        "suffice.demand.models._hf_models": ("weights_hash",),
        "suffice.demand.models._models": (
            "ModelInfo",
            "list_models",
            "load_model",
        ),
    },
)
