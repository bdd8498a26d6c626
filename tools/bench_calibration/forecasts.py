"""Forecasts of a split's cells by the law and by the baselines, before their runs are looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from cells import (
    DEPTH_FIT_SEEDS,
    FIT_SEEDS,
    FITTED_DEPTHS,
    TARGET,
    THRESHOLDS,
    UNSEEN_DEPTH,
    Case,
    deep,
    fitted,
    forecast,
)
from score import Pairs

from suffice.demand import Outcomes, fit_law
from suffice.demand._baselines import BASELINES, Points
from suffice.demand._families import FAMILIES
from suffice.demand._terms import Shape, Terms
from suffice.forecast import Criterion
from suffice.forecast._probability import pass_chances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from split import Split

    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand import Law

    Floats = NDArray[np.float64]

DRAWS, RUNS = 500, 400
LAW = "suffice"
COLUMNS = ("panel", "crowd", "lexicon_judge", "crowd.flip30")
"""What the baselines count. They know nothing of noise levels: labels with an unseen level are
handed to them as so many of the seen level as carry the same information."""
_SEEN_LEVEL = {"crowd.flip20": ("crowd.flip30", (1.0 - 2.0 * 0.2) ** 2 / (1.0 - 2.0 * 0.3) ** 2)}


def law_of(split: Split, model: str = TARGET, seeds: tuple[int, ...] = FIT_SEEDS) -> Law:
    """The law of one model, from the split's small cells."""
    curves = fitted(split.number)
    runs = split.runs(curves, seeds, f"fit {split.number} {model}", model)
    return fit_law(
        [split.asked(c) for c in curves],
        [r.scores for r in runs],
        split.pool.evaluation.metrics,
        split.table,
        model=model,
        scheme=split.scheme.name,
        seed=split.number,
    )


def forecast_split(split: Split, seeds: tuple[int, ...]) -> Pairs:
    """Every cell of a split at every threshold, by every method, and how its runs came out."""
    cases = forecast(split.number)
    law = law_of(split)
    rng = np.random.default_rng([split.number, 31])
    asked = [split.asked(c.curve) for c in cases]
    out = law.outcomes(asked, rng, draws=DRAWS, runs=RUNS)
    curves = fitted(split.number)
    runs = split.runs(curves, FIT_SEEDS, "fit")
    error = np.array([r.scores[:, 0].mean() for r in runs])
    seen = _points(law, curves, [split.asked(c) for c in curves], error)
    new = _points(law, [c.curve for c in cases], asked, np.zeros(len(cases)))
    guesses = {name: method(seen, new) for name, method in BASELINES.items()}
    laws = {LAW: out}
    for name in law.families:
        part = _one_family(law, name).outcomes(asked, rng, draws=DRAWS, runs=RUNS)
        laws[f"{LAW}, {name} alone"] = part
    return _pairs(split, cases, law, laws, guesses, seeds, TARGET)


def _one_family(law: Law, name: str) -> Law:
    """The law from one family's draws only."""
    code = law.posterior.draws[:, Shape.column(law.table)]
    kept = law.posterior.draws[code == FAMILIES.index(name)]
    return replace(law, posterior=replace(law.posterior, draws=kept))


def forecast_depth(split: Split, seeds: tuple[int, ...]) -> Pairs:
    """Cells of a depth that was never trained, from the laws of the depths on both sides of it.

    Model: every outcome is halfway between the two depths', off by a normal error whose sd is an
    eighth of their difference: a smooth curve through three equally spaced depths bends by less.
    The baseline takes over the forecast of the deeper one.
    """
    cases = deep(split.number)
    asked = [split.asked(c.curve) for c in cases]
    outs = []
    for depth in FITTED_DEPTHS:
        law = law_of(split, f"{TARGET}@{depth}", DEPTH_FIT_SEEDS)
        rng = np.random.default_rng([split.number, 32])
        outs.append(law.outcomes(asked, rng, draws=DRAWS, runs=RUNS))
    one, other = outs
    bend = np.random.default_rng([split.number, 33]).standard_normal((DRAWS, len(cases), 1))
    between = Outcomes(
        (one.mean + other.mean) / 2.0 + bend * (one.mean - other.mean) / 8.0,
        np.sqrt(one.spread * other.spread),
        np.concatenate([one.residuals, other.residuals]),
    )
    guesses = {"the deeper model's law": other.mean.mean(axis=0)[:, 0]}
    return _pairs(split, cases, law, {LAW: between}, guesses, seeds, f"{TARGET}@{UNSEEN_DEPTH}")


def _pairs(
    split: Split,
    cases: Sequence[Case],
    law: Law,
    laws: dict[str, Outcomes],
    guesses: dict[str, Floats],
    seeds: tuple[int, ...],
    model: str,
) -> Pairs:
    out = laws[LAW]
    outcomes = dict(laws)
    for name, guess in guesses.items():
        # The same run-to-run width as the law's, so that a bare number becomes a P.
        mean = out.mean.copy()
        mean[:, :, 0] = guess
        outcomes[name] = replace(out, mean=mean)
    pi = {
        name: np.concatenate(
            [pass_chances(o, Criterion(error=t), law.metrics).T for t in THRESHOLDS]
        )
        for name, o in outcomes.items()
    }
    # Forecasts are made; only now are the fresh runs trained or read.
    runs = split.runs([c.curve for c in cases], seeds, f"fresh {split.number} {model}", model)
    errors = np.array([r.scores[:, 0] for r in runs])
    times = len(THRESHOLDS)
    return Pairs(
        cell=np.tile(np.arange(len(cases)) + 1000 * split.number, times),
        passed=np.concatenate([(errors <= t).sum(axis=1) for t in THRESHOLDS]).astype(float),
        total=len(seeds),
        kind=np.tile([c.kind for c in cases], times),
        heavy=np.tile([c.heavy for c in cases], times),
        miss={name: _miss(o, errors) for name, o in outcomes.items()},
        pi=pi,
    )


def _miss(out: Outcomes, errors: Floats) -> Floats:
    """Forecast mean error less the measured one [cell]."""
    return np.asarray(out.mean[:, :, 0].mean(axis=0) - errors.mean(axis=1))


def _points(
    law: Law, curves: Sequence[Curve], asked: Sequence[ResolvedCurve], error: Floats
) -> Points:
    counts = np.zeros((len(curves), len(COLUMNS)))
    for i, curve in enumerate(curves):
        for t in curve:
            name, factor = _SEEN_LEVEL.get(t.source, (t.source, 1.0))
            counts[i, COLUMNS.index(name)] += factor * t.labels
    return Points(counts, Terms.of(asked, law.table).plain_worth(law.table), error)
