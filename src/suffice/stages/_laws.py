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
    from dataclasses import replace

    from suffice.demand import FEWEST_ATTACKED, LawTask, fit_attack, fit_laws
    from suffice.fetch import cache_folder

    known = fitted(work, evidence)
    tasks = []
    for model in models:
        curves, runs = known.of(model)
        tasks.append(
            LawTask(
                curves,
                tuple(r.scores for r in runs),
                known.metrics,
                work.table,
                model,
                known.scheme,
                work.study.seed,
                tuple(known.untrained.tolist()),
            )
        )
    laws = dict(
        zip(
            models,
            fit_laws(tasks, cache_folder() / "laws", work.progress, name=name),
            strict=True,
        )
    )
    for model, law in laws.items():
        attacked, hostile = known.attacked(model)
        if len(attacked) >= FEWEST_ATTACKED:
            part = fit_attack(law, attacked, [r.scores for r in hostile], work.study.seed)
            laws[model] = replace(law, attack=part)
    return laws


def fitted(work: Workspace, evidence: Evidence) -> Evidence:
    """Evidence of what laws are fitted to, and nothing else."""
    return evidence.only(work.criterion.asks(evidence.metrics))
