"""The second stage: the grid, trained or read from the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.corruption import Corruption, corrupt
from suffice.evidence import Cell, Evidence
from suffice.stages import _runs_stages
from suffice.stages._laws import fit_models
from suffice.stages._market import check_market
from suffice.stages._out import OUT
from suffice.stages._owner import owned
from suffice.stages._seeds import grid_seeds
from suffice.stages._train import can_train_operated, evidence_of, resolve, train, write_runs
from suffice.stages._workspace import MOST_MEASURED, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.stages._workspace import Given

_OTHER_MODELS_MIXTURES = 6
"""Chosen: mixtures of a model that no plan is made for. Its law only shows how the need moves with
the model, which cells of single sources say most about; more of them would cost as many runs."""


def measure(study: Given, folder: str | Path = OUT) -> Evidence:
    """Train the grid, or read from the store what was trained before; writes ``runs.parquet``.

    What comes back is all that the later stages know of training.

    Raises:
        InfeasibleError: nothing can be bought in this study, so nothing is trained.
    """
    work = Workspace.of(study, folder)
    with owned(work):
        return work.once(_measure) if work.own is None else _runs_stages.measure(work)


def _measure(work: Workspace) -> Evidence:
    from suffice.stages._training import training

    # Hours of training would not mend a study that nothing can be bought in.
    check_market(work)
    section = work.study.grid
    cells = grid_cells(work)
    seeds = tuple(grid_seeds(work.study))
    ahead = training(work, cells)
    if ahead.runs > ahead.stored:
        work.progress.note(ahead.statement)
    evidence = evidence_of(work, cells, train(work, cells, "grid"))
    if section.focus:
        more = _promising(work, evidence, seeds)
        evidence = evidence.with_more(more, train(work, more, "focus"))
    write_runs(work, "grid", evidence)
    return evidence


def grid_cells(work: Workspace) -> list[Cell]:
    """The cells of the grid, all models', before any is trained."""
    from suffice.demand import design_attacks, design_grid
    from suffice.stages._models import study_models

    section = work.study.grid
    seeds = tuple(grid_seeds(work.study))
    cells: list[Cell] = []
    for model in study_models(work.study):
        target = model == work.study.models.target
        curves = design_grid(
            work.source_limits,
            work.order,
            budget=work.study.budget.money,
            smallest=section.smallest,
            mixtures=section.mixtures if target else min(_OTHER_MODELS_MIXTURES, section.mixtures),
            seed=work.study.seed,
        )
        cells += [Cell(model, resolve(work, c), seeds) for c in curves]
        if section.attacks:
            for a in design_attacks(work.source_limits, work.order, section.smallest):
                hostile = Corruption(attack=a.share)
                curve = corrupt(resolve(work, a.curve), hostile, work.trigger, rounds=a.rounds)
                cells.append(Cell(model, curve, seeds))
    return cells


def _promising(work: Workspace, evidence: Evidence, seeds: tuple[int, ...]) -> list[Cell]:
    """Cells of the target model where a first law sees promise.

    A plan is made where the law is most optimistic, so that is where it must be held to account
    before it is believed. Check runs still use seeds that no cell has used.
    """
    from suffice.plan import promising

    target = work.study.models.target
    law = fit_models(work, evidence, [target], "first law")[target]
    known = set(evidence.of(target)[0])
    # Quality control is measured only where its labels can be made.
    tried = all(can_train_operated(work, v.base) for v in work.variants.values())
    market = (work.market if tried else work.market.plain()).up_to(MOST_MEASURED)
    curves = promising(law, market, work.criterion, work.study.grid.focus, seed=work.study.seed)
    return [Cell(target, resolve(work, c), seeds) for c in curves if c not in known]
