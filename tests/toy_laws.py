"""Laws that are known exactly, to check what is computed from laws."""

from __future__ import annotations

import numpy as np

from suffice.demand import Outcomes
from suffice.metric import error_rate


class SimpleLaw:
    """A law whose error is a known function of labels and of their quality: for exact checks."""

    metrics = (error_rate(),)

    def __init__(self, model: str, scale: float) -> None:
        self.model, self.scale = model, scale

    def outcomes(self, curves, rng, *, draws, runs, half=None, common=False) -> Outcomes:
        mean = np.empty((draws, len(curves), 1))
        wobble = rng.normal(0.0, 0.005, draws)
        for i, curve in enumerate(curves):
            worth = sum(
                t.tranche.tasks * float((1.0 - 2.0 * t.channel.profile.error.mean()) ** 2)
                for t in curve
            )
            mean[:, i, 0] = 0.1 + 0.4 / (1.0 + worth / self.scale) + wobble
        return Outcomes(mean, np.full_like(mean, 0.01), rng.standard_normal((runs, 1)))
