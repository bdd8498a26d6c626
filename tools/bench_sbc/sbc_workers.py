"""The worker model of the audit: crowds drawn from its prior, all of a kind fitted at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.supply.workers import _worker_model as model
from suffice.supply.workers._gibbs import Gibbs
from suffice.supply.workers._prior_draw import draw_crowds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

KINDS = (
    ("coin", 2, False), ("class", 2, False), ("coin", 3, False), ("class", 3, False),
    ("full", 3, False), ("coin", 2, True), ("class", 3, True),
    ("full", 4, True),
)  # fmt: skip
"""Kind, classes, and whether the first two are the sides of a pair."""
TASKS, WORKERS, LABELS = 30, 8, 5
BURN, KEEP, THIN = 300, 63, 8


def quantities(
    state: model.State, crowd: model.Crowd, rng: np.random.Generator
) -> dict[str, Array]:
    """What is ranked, one value a crowd."""
    right = (crowd.label == state.z_T[crowd.task]).astype(float)
    hard = state.scale_S if crowd.classes == 2 else state.level_SD[:, 0]
    # A count has ties; the jitter splits them evenly.
    jitter = 1e-3 * rng.random(crowd.sets)
    return {
        "crowd's mean skill": state.mean_S.copy(),
        "spread of skills": state.worker_sd_S.copy(),
        "one worker's skill": state.a_WK[::WORKERS, 0].copy(),
        "difficulty": hard.copy(),
        "class share": state.share_SK[:, 0].copy(),
        "right labels": np.bincount(crowd.task_set[crowd.task], right, crowd.sets) + jitter,
    }


def places(simulations: int, seed: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """Place of each truth among the draws, between 0 and 1, by kind and quantity."""
    for kind, classes, twins in KINDS:
        rng = np.random.default_rng([seed, classes, len(kind), *([1] if twins else [])])
        crowd, truth = draw_crowds(
            simulations, kind=kind, classes=classes, tasks=TASKS, workers=WORKERS,
            labels_per_task=LABELS, rng=rng, twins=twins,
        )  # fmt: skip
        wanted = quantities(truth, crowd, rng)
        gibbs = Gibbs(crowd, kind, model.difficulty_for(classes), rng)
        below = {name: np.zeros(simulations) for name in wanted}
        for _ in range(BURN):
            gibbs.sweep()
        for _ in range(KEEP):
            for _ in range(THIN):
                gibbs.sweep()
            for name, value in quantities(gibbs.state, crowd, rng).items():
                below[name] += value < wanted[name]
        found = {name: (rank + 0.5) / (KEEP + 1) for name, rank in below.items()}
        if twins and classes == 2:
            del found["class share"]  # one half by definition
        pair = ", two of them a pair's sides" if twins else ""
        yield f"workers, {kind}, {classes} classes{pair}", found
