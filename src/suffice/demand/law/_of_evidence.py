"""Laws from evidence: whoever measured it, by the same fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suffice.curve import base_source
from suffice.demand.law._attack import FEWEST_ATTACKED, fit_attack
from suffice.demand.law._law_file import LawTask, fit_laws
from suffice.demand.law._source_table import source_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from suffice.demand.law._law import FittedLaw
    from suffice.demand.law._terms import SourceTable
    from suffice.evidence import Evidence
    from suffice.progress import Progress


def laws_of(
    evidence: Evidence,
    table: SourceTable | None = None,
    *,
    models: Sequence[str] | None = None,
    seed: int = 0,
    folder: Path | None = None,
    progress: Progress | None = None,
    name: str = "laws",
) -> dict[str, FittedLaw]:
    """A law for every model, from all cells that were measured of it.

    Args:
        evidence: cells and runs, with the metrics that the laws are to be about: the criterion
            knows which (``Criterion.asks``), and ``Evidence.only`` leaves the others out.
        table: what is believed of the sources before any run is seen; by default what follows from
            how their labels err.
        models: some of those measured; all of them by default.
        seed: of the sampler.
        folder: where posteriors are kept, and read from when the same is asked again; by default
            they are not kept.
        progress: advances by laws.
        name: of the step.

    Raises:
        InputError: too few cells or runs, or nobody knows what an untrained model reaches.
        ConvergenceError: a posterior did not converge.
    """
    asked = evidence.models if models is None else tuple(models)
    table = table or table_of(evidence)
    tasks = []
    for model in asked:
        curves, runs = evidence.of(model)
        tasks.append(
            LawTask(
                curves,
                tuple(r.scores for r in runs),
                evidence.metrics,
                table,
                model,
                evidence.scheme,
                seed,
                tuple(evidence.level(model).tolist()),
            )
        )
    laws = dict(zip(asked, fit_laws(tasks, folder, progress, name=name), strict=True))
    for model, law in laws.items():
        attacked, hostile = evidence.attacked(model)
        if len(attacked) >= FEWEST_ATTACKED:
            part = fit_attack(law, attacked, [r.scores for r in hostile], seed)
            laws[model] = replace(law, attack=part)
    return laws


def table_of(evidence: Evidence) -> SourceTable:
    """What the law believes of the sources of some evidence before it has seen its runs.

    Their channels' posterior means say how labels err; nothing limits how many different tasks
    they label. See ``source_table``.
    """
    profiles = {name: s.posterior.mean().profile for name, s in evidence.sources.items()}
    plain = [name for name in profiles if base_source(name) == name]
    error = {name: float(profiles[name].error_of_mean(1).mean()) for name in plain}
    sold = {(name, 1) for name in plain}
    sold |= {(t.base, t.labels_per_task) for c in evidence.cells for t in c.curve.curve}
    return source_table(
        sorted(plain, key=lambda name: (-error[name], name)),
        error,
        {(n, r): 1.0 - float(profiles[n].error_of_mean(r).mean()) for n, r in sorted(sold)},
        {n: float((profiles[n].shared * profiles[n].share).sum(axis=1).mean()) for n in plain},
        classes=max((p.classes for p in profiles.values()), default=2),
        profiles=profiles,
        limits={},
    )
