"""Forecasts of models without a grid, by other models' laws, with five pilot runs or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from forecasts import DRAWS, LAW, RUNS, law_of, pairs_of
from score import Pairs
from unseen import FLOOR_SEEDS, KNOWN, PILOT_SEEDS, PILOTS, SIZES, UNSEEN_DEPTHS

from suffice.demand import transfer_law
from suffice.demand.law._baselines import Points, tail_power
from suffice.demand.law._terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from designs import Case
    from split import Split

    from suffice.demand import FittedLaw, Outcomes

FLOOR = "(floor: the level alone unknown)"
"""No forecast: the measured means, moved by what the pilots' runs miss their cells' means by."""


def known_laws(split: Split) -> list[FittedLaw]:
    """Laws of the known models, smallest first."""
    return [law_of(split, model) for model in KNOWN]


def forecast_unseen(
    split: Split, laws: Sequence[FittedLaw], model: str, seeds: tuple[int, ...], *, pilots: bool
) -> Pairs:
    """Cells of one model that has no law, with its pilots or from its size alone."""
    cases = split.design.forecast(split.number)
    curves = [split.asked(c.curve) for c in cases]
    strongest = laws[-1]
    out = strongest.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS)
    size = UNSEEN_DEPTHS.get(model)
    if not pilots:
        new = transfer_law(laws, model=model, sizes=SIZES, size=size)
        alike = transfer_law(laws, model=model)
        deeper = SIZES.index(min(s for s in SIZES if s > (size or 0.0)))
        sides = [
            law.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS)
            for law in laws[deeper - 1 : deeper + 1]
        ]
        methods = {
            LAW: new.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS),
            f"{LAW}, sizes unknown": alike.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS),
            "the next deeper model's law": sides[1],
            "the strongest known model's law": out,
        }
        halfway = np.mean([s.mean.mean(axis=0)[:, 0] for s in sides], axis=0)
        guesses = {"halfway between its neighbours": halfway}
        return pairs_of(split, cases, strongest.metrics, methods, guesses, seeds, model)

    name = f"pilots {split.number} {model}"
    measured = [r.scores for r in split.runs(PILOTS, PILOT_SEEDS, name, model)]
    tried = [split.asked(c) for c in PILOTS]
    sizes = {"sizes": SIZES, "size": size} if size else {}
    before = strongest.outcomes(tried, _rng(split), draws=DRAWS, runs=RUNS).mean.mean(axis=0)[:, 0]
    worth = [Terms.of(c, strongest.table).plain_worth(strongest.table) for c in (tried, curves)]
    parts = []
    for k in range(len(PILOT_SEEDS)):
        runs = [m[k : k + 1] for m in measured]
        errors = np.array([r[0, 0] for r in runs])
        new = transfer_law(laws, tried, runs, model=model, **sizes)
        tail = tail_power(
            Points(np.zeros((len(tried), 1)), worth[0], errors),
            Points(np.zeros((len(curves), 1)), worth[1], np.zeros(len(curves))),
        )
        methods = {
            LAW: new.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS),
            "the strongest known model's law": out,
            "the same, moved by the pilots' mean miss": replace(
                out, mean=out.mean + (errors - before).mean()
            ),
            FLOOR: _floor(split, cases, model, seeds, errors, out),
        }
        guesses = {"tail power law of the pilots": tail}
        parts.append(pairs_of(split, cases, strongest.metrics, methods, guesses, seeds, model))
    return Pairs.joined(parts)


def _floor(
    split: Split,
    cases: Sequence[Case],
    model: str,
    seeds: tuple[int, ...],
    errors: np.ndarray,
    like: Outcomes,
) -> Outcomes:
    """What five single runs leave open where the shape of the curve and all widths are known."""
    tried = split.runs(PILOTS, FLOOR_SEEDS, f"floor {split.number} {model}", model)
    asked = split.runs([c.curve for c in cases], seeds, f"fresh {split.number} {model}", model)
    sd = np.array([r.scores[:, 0].std(ddof=1) for r in tried])
    miss = errors - np.array([r.scores[:, 0].mean() for r in tried])
    weight = sd**-2 / (sd**-2).sum()
    noise = (sd**-2).sum() ** -0.5 * _rng(split).standard_normal((DRAWS, 1))
    mean, spread = like.mean.copy(), like.spread.copy()
    mean[:, :, 0] = np.array([r.scores[:, 0].mean() for r in asked]) + weight @ miss + noise
    spread[:, :, 0] = [r.scores[:, 0].std(ddof=1) for r in asked]
    return replace(like, mean=mean, spread=spread)


def _rng(split: Split) -> np.random.Generator:
    return np.random.default_rng([split.number, 32])
