"""Laws of models, from what was measured of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suffice.demand import FittedLaw
    from suffice.evidence import Evidence
    from suffice.stages._workspace import Workspace


def fit_models(
    work: Workspace, evidence: Evidence, models: list[str], name: str
) -> dict[str, FittedLaw]:
    """Laws of some models, from all that was measured of them; ``name`` is for the progress."""
    from suffice.demand import laws_of
    from suffice.fetch import cache_folder

    return laws_of(
        fitted(work, evidence),
        work.table,
        models=models,
        seed=work.study.seed,
        folder=cache_folder() / "laws",
        progress=work.progress,
        name=name,
    )


def fitted(work: Workspace, evidence: Evidence) -> Evidence:
    """Evidence of what laws are fitted to, and nothing else."""
    return evidence.only(work.criterion.asks(evidence.metrics))
