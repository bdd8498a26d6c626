"""Forecasts of models without a grid, by other models' laws, with five pilot runs or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from forecasts import DRAWS, LAW, RUNS, law_of, pairs_of
from unseen import KNOWN, PILOT_SEEDS, PILOTS, SIZES, UNSEEN_DEPTH, UNSEEN_SIZE

from suffice.demand import transfer_law
from suffice.demand._baselines import Points, tail_power
from suffice.demand._terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from score import Pairs
    from split import Split

    from suffice.demand import Law


def known_laws(split: Split) -> list[Law]:
    """Laws of the known models, smallest first."""
    return [law_of(split, model) for model in KNOWN]


def forecast_unseen(
    split: Split, laws: Sequence[Law], model: str, seeds: tuple[int, ...], *, pilots: bool
) -> Pairs:
    """Cells of one model that has no law, with its pilots or from its size alone."""
    cases = split.design.forecast(split.number)
    curves = [split.asked(c.curve) for c in cases]
    strongest = laws[-1]
    out = strongest.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS)
    if not pilots:
        new = transfer_law(laws, model=model, sizes=SIZES, size=UNSEEN_SIZE)
        found = new.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS)
        # What stood here before: halfway between the depths on both sides.
        sides = [law.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS) for law in laws[1:3]]
        halfway = np.mean([s.mean.mean(axis=0)[:, 0] for s in sides], axis=0)
        alike = transfer_law(laws, model=model)
        methods = {
            LAW: found,
            f"{LAW}, sizes unknown": alike.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS),
            "the next deeper model's law": sides[1],
            "the strongest known model's law": out,
        }
        guesses = {"halfway between its neighbours": halfway}
        return pairs_of(split, cases, strongest.metrics, methods, guesses, seeds, model)

    name = f"pilots {split.number} {model}"
    runs = [r.scores for r in split.runs(PILOTS, PILOT_SEEDS, name, model)]
    tried = [split.asked(c) for c in PILOTS]
    sizes = {"sizes": SIZES, "size": UNSEEN_SIZE} if model == UNSEEN_DEPTH else {}
    new = transfer_law(laws, tried, runs, model=model, **sizes)
    found = new.outcomes(curves, _rng(split), draws=DRAWS, runs=RUNS)
    errors = np.array([r[:, 0].mean() for r in runs])
    before = strongest.outcomes(tried, _rng(split), draws=DRAWS, runs=RUNS).mean.mean(axis=0)[:, 0]
    worth = [Terms.of(c, strongest.table).plain_worth(strongest.table) for c in (tried, curves)]
    tail = tail_power(
        Points(np.zeros((len(tried), 1)), worth[0], errors),
        Points(np.zeros((len(curves), 1)), worth[1], np.zeros(len(curves))),
    )
    methods = {
        LAW: found,
        "the strongest known model's law": out,
        "the same, moved by the pilots' mean miss": replace(
            out, mean=out.mean + (errors - before).mean()
        ),
    }
    guesses = {"tail power law of the pilots": tail}
    return pairs_of(split, cases, strongest.metrics, methods, guesses, seeds, model)


def _rng(split: Split) -> np.random.Generator:
    return np.random.default_rng([split.number, 32])
