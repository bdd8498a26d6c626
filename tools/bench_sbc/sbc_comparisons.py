"""Worker-aware Bradley-Terry: tables drawn from the prior, all of a shape fitted at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.supply.preferences import _preference_model as model
from suffice.supply.preferences._preference_draws import PreferenceChain
from suffice.supply.preferences._preference_prior import draw_comparisons, ranked_quantities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

SHAPES = {
    "with ties and tasks": {"items": 5, "workers": 4, "ties": True, "effects": True},
    "plain": {"items": 5, "workers": 4, "ties": False, "effects": False},
    "tasks without items": {"items": 0, "workers": 4, "ties": True, "effects": True},
    "one worker": {"items": 5, "workers": 1, "ties": False, "effects": False},
}
TASKS, LABELS = 24, 3
BURN, KEEP, THIN = 200, 63, 8


def places(simulations: int, seed: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """Place of each truth among the draws, between 0 and 1, by shape and quantity."""
    for number, (name, shape) in enumerate(SHAPES.items()):
        rng = np.random.default_rng([seed, 17, number])
        data, truth = draw_comparisons(
            simulations, labels_per_task=LABELS, tasks=TASKS, rng=rng, **shape
        )
        wanted = ranked_quantities(truth, data)
        chain = PreferenceChain(data, rng, model.start_state(data))
        for _ in range(BURN):
            chain.sweep(adapt=True)
        below = {quantity: np.zeros(simulations) for quantity in wanted}
        for _ in range(KEEP):
            for _ in range(THIN):
                chain.sweep()
            for quantity, value in ranked_quantities(chain.state, data).items():
                below[quantity] += value < wanted[quantity]
        yield (
            f"comparisons, {name}",
            {quantity: (rank + 0.5) / (KEEP + 1) for quantity, rank in below.items()},
        )
