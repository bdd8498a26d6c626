"""Laws of models, from what a grid has measured of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suffice.demand import FittedLaw
    from suffice.evidence import Grid
    from suffice.stages._workspace import Workspace


def fit_models(work: Workspace, grid: Grid, models: list[str], name: str) -> dict[str, FittedLaw]:
    """Laws of some models, from all cells that a grid has of them; ``name`` is for the progress."""
    from dataclasses import replace

    from suffice.demand import FEWEST_ATTACKED, LawTask, fit_attack, fit_laws
    from suffice.fetch import cache_folder

    columns = law_columns(work)
    untrained = tuple(float(x) for x in work.pool.evaluation.untrained[columns])
    tasks = []
    for model in models:
        curves, runs = grid.of(model)
        tasks.append(
            LawTask(
                curves,
                tuple(r.scores[:, columns] for r in runs),
                work.law_metrics,
                work.table,
                model,
                work.scheme.name,
                work.study.seed,
                untrained,
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
        attacked, hostile = grid.attacked(model)
        if len(attacked) >= FEWEST_ATTACKED:
            scores = [r.scores[:, columns] for r in hostile]
            part = fit_attack(law, attacked, scores, work.study.seed)
            laws[model] = replace(law, attack=part)
    return laws


def law_columns(work: Workspace) -> list[int]:
    """Where the law's metrics stand among those of a run."""
    return [work.pool.evaluation.metrics.index(m) for m in work.law_metrics]
