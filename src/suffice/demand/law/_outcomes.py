"""What a law says of curves: draws of what runs would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    """

    mean: Numbers
    spread: Numbers
    residuals: Floats
    family: Floats | None = None

    def runs(self, curve: int = 0) -> Floats:
        """Metrics of single runs of one curve [draw, run, metric]."""
        noise = self.spread[:, curve, None, :] * self.residuals
        return np.asarray(self.mean[:, curve, None, :] + noise)
