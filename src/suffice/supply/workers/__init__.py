"""The model of workers behind an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply.workers._crowd_prior import PUBLIC_CROWDS as PUBLIC_CROWDS
    from suffice.supply.workers._crowd_prior import CrowdPrior as CrowdPrior
    from suffice.supply.workers._crowd_prior import shrunk as shrunk
    from suffice.supply.workers._dawid_skene import dawid_skene as dawid_skene
    from suffice.supply.workers._dawid_skene import majority_vote as majority_vote
    from suffice.supply.workers._dissent import DissentIcc as DissentIcc
    from suffice.supply.workers._dissent import dissent_icc as dissent_icc
    from suffice.supply.workers._draws import draw_positive as draw_positive
    from suffice.supply.workers._draws import draw_rows as draw_rows
    from suffice.supply.workers._predictive_check import predictive_check as predictive_check
    from suffice.supply.workers._settling import SETTLED as SETTLED
    from suffice.supply.workers._settling import Settling as Settling
    from suffice.supply.workers._settling import split_rhat as split_rhat
    from suffice.supply.workers._shared import SharedError as SharedError
    from suffice.supply.workers._shared import describe as describe
    from suffice.supply.workers._shared import shared_error as shared_error
    from suffice.supply.workers._worker_model import Crowd as Crowd
    from suffice.supply.workers._worker_model import Difficulty as Difficulty
    from suffice.supply.workers._worker_model import Drawn as Drawn
    from suffice.supply.workers._workers import ROUGHLY_SETTLED as ROUGHLY_SETTLED
    from suffice.supply.workers._workers import WorkerFit as WorkerFit
    from suffice.supply.workers._workers import fit_workers as fit_workers

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.supply.workers._crowd_prior": ("PUBLIC_CROWDS", "CrowdPrior", "shrunk"),
        "suffice.supply.workers._dawid_skene": ("dawid_skene", "majority_vote"),
        "suffice.supply.workers._dissent": ("DissentIcc", "dissent_icc"),
        "suffice.supply.workers._draws": ("draw_positive", "draw_rows"),
        "suffice.supply.workers._predictive_check": ("predictive_check",),
        "suffice.supply.workers._settling": (
            "SETTLED",
            "Settling",
            "split_rhat",
        ),
        "suffice.supply.workers._shared": (
            "SharedError",
            "describe",
            "shared_error",
        ),
        "suffice.supply.workers._worker_model": (
            "Crowd",
            "Difficulty",
            "Drawn",
        ),
        "suffice.supply.workers._workers": (
            "ROUGHLY_SETTLED",
            "WorkerFit",
            "fit_workers",
        ),
    },
)
