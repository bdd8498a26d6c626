"""What a law says of curves: draws of what runs would give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.metric import Metric

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Draws of what runs of several curves would give, kept factored.

    Attributes:
        mean: mean of each metric over runs [draw, curve, metric].
        spread: run-to-run sd of each metric [draw, curve, metric].
        residuals: joint run-to-run deviations in units of ``spread``, drawn from the measured runs
            [run, metric].
        family: position of each draw's family of learning curves; None where there is one [draw].
        low, high: between which the metrics lie [metric]; None where nothing is known of it.
    """

    mean: Numbers
    spread: Numbers
    residuals: Floats
    family: Floats | None = None
    low: Floats | None = None
    high: Floats | None = None

    def runs(self, curve: int = 0) -> Floats:
        """Metrics of single runs of one curve [draw, run, metric]."""
        noise = self.spread[:, curve, None, :] * self.residuals
        return np.asarray(np.clip(self.mean[:, curve, None, :] + noise, self.low, self.high))

    def within(self, metrics: Sequence[Metric]) -> Outcomes:
        """The same, no mean and no run outside what its metric can be: no error below 0."""
        low, high = (np.array([getattr(m, end) for m in metrics]) for end in ("low", "high"))
        single = self.mean.dtype
        mean = np.clip(self.mean, low.astype(single), high.astype(single))
        return replace(self, mean=mean, low=low, high=high)
