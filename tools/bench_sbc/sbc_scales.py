"""The models of scales: tables drawn from their priors, all of a kind fitted at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.supply.scales._graded import Graded
from suffice.supply.scales._linear import Linear
from suffice.supply.scales._prior_draw import draw_graded, draw_linear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

SHAPE = 40, 8, 4
"""Tasks, workers and labels a task."""
VALUES = 5
BURN, KEEP, THIN = 300, 63, 8
GRADED = {
    "crowd's mean skill": lambda s: s.mean_S,
    "spread of skills": lambda s: s.sd_a_S,
    "one worker's skill": lambda s: s.a_W[:: SHAPE[1]],
    "one worker's strictness": lambda s: s.b_W[:: SHAPE[1]],
    "one worker's reach": lambda s: s.g_W[:: SHAPE[1]],
    "lowest step": lambda s: s.step_SJ[:, 0],
    "gap of middle steps": lambda s: s.step_SJ[:, 2] - s.step_SJ[:, 1],
    "one task's worth": lambda s: s.worth_T[:: SHAPE[0]],
}
LINEAR = {
    "mean value": lambda s: s.level_S,
    "crowd's mean reach": lambda s: s.reach_S,
    "spread of biases": lambda s: s.sd_alpha_S,
    "spread of reach": lambda s: s.sd_beta_S,
    "crowd's noise": lambda s: s.noise_S,
    "one worker's bias": lambda s: s.alpha_W[:: SHAPE[1]],
    "one worker's reach": lambda s: s.beta_W[:: SHAPE[1]],
    "one worker's noise": lambda s: s.noise_W[:: SHAPE[1]],
    "one task's worth": lambda s: s.worth_T[:: SHAPE[0]],
}


def ranks(
    kind: str, simulations: int, seed: int, *, burn: int = BURN, keep: int = KEEP, thin: int = THIN
) -> dict[str, Array]:
    """Place of each truth among the draws, between 0 and 1, by quantity."""
    rng = np.random.default_rng([seed, len(kind)])
    chain: Graded | Linear
    if kind == "graded":
        marks, truth = draw_graded(simulations, VALUES, SHAPE, rng)
        chain, asked = Graded(marks, VALUES, rng), GRADED
    else:
        marks, truth = draw_linear(simulations, SHAPE, rng)
        chain, asked = Linear(marks, rng), LINEAR
    wanted = {name: np.array(of(truth)) for name, of in asked.items()}
    below = {name: np.zeros(simulations) for name in wanted}
    for _ in range(burn):
        chain.sweep()
    if isinstance(chain, Graded):
        chain.settle()
    for _ in range(keep):
        for _ in range(thin):
            chain.sweep()
        for name, of in asked.items():
            below[name] += of(chain.state) < wanted[name]
    return {name: (rank + 0.5) / (keep + 1) for name, rank in below.items()}


def places(simulations: int, seed: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """Place of each truth among the draws, by model and quantity."""
    for kind, said in (("graded", "graded, 5 values"), ("linear", "interval")):
        yield f"scales, {said}", ranks(kind, simulations, seed)
