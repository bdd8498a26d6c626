"""The third stage: a law for every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand import FittedLaw
    from suffice.evidence import Grid
    from suffice.stages._workspace import Workspace

    Floats = NDArray[np.float64]


def fit(work: Workspace, grid: Grid) -> dict[str, FittedLaw]:
    """Fit a law for every model; writes ``law.json``."""
    from suffice.demand import held_out_table

    laws = fit_models(work, grid, list(work.models), "laws")
    law = laws[work.study.models.target]
    work.write("law.json", {**law.summary(), "held_out": held_out_table(law)})
    return laws


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


def gold_shifts(work: Workspace, grid: Grid) -> Floats | None:
    """What other gold would add to each metric, from the largest cell [replica, metric]."""
    curves, runs = grid.of(work.study.models.target)
    gold = runs[max(range(len(curves)), key=lambda i: curves[i].tasks)].gold
    if gold is None:
        return None
    gold = gold[:, law_columns(work)]
    return np.asarray(gold - gold.mean(axis=0))
