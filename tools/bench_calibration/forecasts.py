"""Forecasts of a split's cells by the law and by the baselines, before their runs are looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from score import Pairs

from suffice.demand import fit_law
from suffice.demand.law._baselines import BASELINES, Points
from suffice.demand.law._families import FAMILIES
from suffice.demand.law._terms import Shape, Terms
from suffice.forecast import Criterion
from suffice.forecast._probability import pass_chances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from designs import Case
    from numpy.typing import NDArray
    from split import Split

    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand import FittedLaw, Outcomes
    from suffice.metric import Metric

    Floats = NDArray[np.float64]

DRAWS, RUNS = 500, 400
LAW = "suffice"


def law_of(
    split: Split, model: str | None = None, seeds: tuple[int, ...] | None = None
) -> FittedLaw:
    """The law of one model, from the split's small cells."""
    curves = split.design.fitted(split.number)
    model = model or split.design.target
    seeds = seeds or split.design.fit_seeds
    runs = split.runs(curves, seeds, f"fit {split.number} {model}", model)
    return fit_law(
        [split.asked(c) for c in curves],
        [r.scores for r in runs],
        split.pool.evaluation.error_metrics,
        split.table,
        model=model,
        scheme=split.scheme.name,
        seed=split.number,
    )


def forecast_split(split: Split, seeds: tuple[int, ...]) -> Pairs:
    """Every cell of a split at every threshold, by every method, and how its runs came out."""
    design = split.design
    cases = design.forecast(split.number)
    law = law_of(split)
    rng = np.random.default_rng([split.number, 31])
    asked = [split.asked(c.curve) for c in cases]
    out = law.outcomes(asked, rng, draws=DRAWS, runs=RUNS)
    curves = design.fitted(split.number)
    runs = split.runs(curves, design.fit_seeds, "fit")
    error = np.array([r.scores[:, 0].mean() for r in runs])
    seen = points(split, law, curves, [split.asked(c) for c in curves], error)
    new = points(split, law, [c.curve for c in cases], asked, np.zeros(len(cases)))
    guesses = {name: method(seen, new) for name, method in BASELINES.items()}
    laws = {LAW: out}
    for name in law.families:
        part = _one_family(law, name).outcomes(asked, rng, draws=DRAWS, runs=RUNS)
        laws[f"{LAW}, {name} alone"] = part
    return pairs_of(split, cases, law.metrics, laws, guesses, seeds, design.target)


def _one_family(law: FittedLaw, name: str) -> FittedLaw:
    """The law from one family's draws only."""
    code = law.posterior.draws[:, Shape.column(law.table)]
    kept = law.posterior.draws[code == FAMILIES.index(name)]
    return replace(law, posterior=replace(law.posterior, draws=kept))


def pairs_of(
    split: Split,
    cases: Sequence[Case],
    metrics: Sequence[Metric],
    laws: dict[str, Outcomes],
    guesses: dict[str, Floats],
    seeds: tuple[int, ...],
    model: str,
) -> Pairs:
    """Forecasts of the cases by ``laws`` and by bare ``guesses``, and their fresh runs.

    The first of the laws lends the guesses its run-to-run width, so that a bare number becomes a P.
    """
    design = split.design
    first = next(iter(laws.values()))
    outcomes = dict(laws)
    for name, guess in guesses.items():
        mean = first.mean.copy()
        mean[:, :, 0] = guess
        outcomes[name] = replace(first, mean=mean)
    pi = {
        name: np.concatenate(
            [pass_chances(o, Criterion(error=t), metrics).T for t in design.thresholds]
        )
        for name, o in outcomes.items()
    }
    # Forecasts are made; only now are the fresh runs trained or read.
    runs = split.runs([c.curve for c in cases], seeds, f"fresh {split.number} {model}", model)
    errors = np.array([r.scores[:, 0] for r in runs])
    times = len(design.thresholds)
    return Pairs(
        cell=np.tile(np.arange(len(cases)) + 1000 * split.number, times),
        passed=np.concatenate([(errors <= t).sum(axis=1) for t in design.thresholds]).astype(float),
        total=len(seeds),
        kind=np.tile([c.kind for c in cases], times),
        heavy=np.tile([design.is_heavy(c.curve) for c in cases], times),
        miss={name: _miss(o, errors) for name, o in outcomes.items()},
        pi=pi,
    )


def _miss(out: Outcomes, errors: Floats) -> Floats:
    """Forecast mean error less the measured one [cell]."""
    return np.asarray(out.mean[:, :, 0].mean(axis=0) - errors.mean(axis=1))


def points(
    split: Split,
    law: FittedLaw,
    curves: Sequence[Curve],
    asked: Sequence[ResolvedCurve],
    error: Floats,
) -> Points:
    """Cells as the baselines see them."""
    columns = split.design.columns
    counts = np.zeros((len(curves), len(columns)))
    for i, curve in enumerate(curves):
        for t in curve:
            name, factor = split.design.seen_level.get(t.source, (t.source, 1.0))
            counts[i, columns.index(name)] += factor * t.labels
    return Points(counts, Terms.of(asked, law.table).plain_worth(law.table), error)
