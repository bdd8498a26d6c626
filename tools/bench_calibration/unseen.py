"""Models without a grid on the example ratings: what is trained and what is forecast.

Committed before the first reading of a report split. Laws of four depths of one encoder are known.
They forecast two depths that were never trained, and models that have had five pilot runs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from cells import ORDER, RATINGS
from designs import Case, Design, curve_of, mixture, small_mixtures

from suffice.curve import Curve

KNOWN = ("minilm-l6@1", "minilm-l6@2", "minilm-l6@4", "minilm-l6")
SIZES = (1.0, 2.0, 4.0, 6.0)
"""Layers of each."""

UNSEEN_DEPTHS = {"minilm-l6@3": 3.0, "minilm-l6@5": 5.0}
"""Depths that have no law, and their layers."""

PILOTED = (*UNSEEN_DEPTHS, "minilm-l3", "glove-50d")
"""The same, another encoder, and vectors of single words."""

PILOTS = (
    curve_of({"panel": 250.0}),
    curve_of({"panel": 1000.0}),
    curve_of({"crowd": 1000.0}),
    curve_of({"lexicon_judge": 1000.0}),
    curve_of({"crowd.flip30": 700.0, "panel": 300.0}, last="panel"),
)
"""One run each."""

PILOT_SEEDS = tuple(range(7_000_000, 7_000_005))
"""As many sets of pilots: forecasts are made from each alone, since what five single runs say is
largely luck."""

FLOOR_SEEDS = tuple(range(7_100_000, 7_100_040))
"""Further runs of the pilots' cells, for the floor alone: they show by what the pilots missed."""


def fitted(split: int) -> list[Curve]:
    """Cells of each known model: lines of one source, and eight small mixtures."""
    rng = np.random.default_rng([split, 61])
    lines = [curve_of({s: float(n)}) for s in ORDER for n in (100, 250, 500, 1000)]
    return lines + small_mixtures(ORDER, (400, 1000), rng, 8)


def asked(split: int) -> list[Case]:
    """Twelve cells: within and beyond the sizes that known models were trained on."""
    rng = np.random.default_rng([split, 62])
    curves = [
        curve_of({s: float(n)}) for s in ("panel", "crowd", "lexicon_judge") for n in (500, 2000)
    ]
    curves += [mixture(ORDER, (1000, 4000), rng, rounds=bool(k % 2)) for k in range(6)]
    return [Case("unseen model", c) for c in curves]


UNSEEN: Design = replace(
    RATINGS,
    name="unseen-models",
    # Fixed from the range of errors on the development splits.
    thresholds=tuple(round(0.23 + 0.01 * k, 2) for k in range(21)),
    fitted=fitted,
    forecast=asked,
    # 5 to 7 were read before the law of a model without a grid was made anew.
    report=(8, 9, 10),
    fit_seeds=tuple(range(16)),
    development_seeds=RATINGS.development_seeds,
)
