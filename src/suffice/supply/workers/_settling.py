"""Whether chains of a sampler agree, and how many independent draws they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SETTLED = 1.1
"""R-hat above which chains are said not to have settled."""


@dataclass(frozen=True)
class Settling:
    """Convergence of the worst of several watched quantities.

    Attributes:
        rhat: split R-hat, near 1 where all halves of all chains look alike.
        ess: effective number of independent draws.
        draws: number of draws of all chains.
        worst: the quantity that the R-hat is of.
    """

    rhat: float
    ess: float
    draws: int
    worst: str

    @classmethod
    def of(cls, watched: Mapping[str, Floats]) -> Settling:
        """Of quantities with one value a draw and chain [draw, chain]."""
        rhats = {name: split_rhat(values) for name, values in watched.items()}
        worst = max(rhats, key=lambda name: rhats[name])
        least = min(effective_draws(values) for values in watched.values())
        return cls(rhats[worst], least, next(iter(watched.values())).size, worst)


def split_rhat(values: Floats) -> float:
    """How much more the halves of the chains [draw, chain] differ than their draws say.

    Reference: Gelman et al. (2013), Bayesian Data Analysis, section 11.4.
    """
    half = len(values) // 2
    parts = np.concatenate([values[:half], values[-half:]], axis=1)
    within = parts.var(axis=0, ddof=1).mean()
    if within <= 0.0:
        # Halves that never move agree only where all stand at the same place.
        return 1.0 if np.ptp(values) == 0.0 else np.inf
    between = parts.mean(axis=0).var(ddof=1)
    return float(np.sqrt((half - 1) / half + between / within))


def effective_draws(values: Floats) -> float:
    """Number of independent draws with the same error of the mean; of chains [draw, chain].

    Reference: Geyer (1992), Statistical Science 7: autocorrelations are added in pairs, as long as
    the pairs are positive.
    """
    draws, chains = values.shape
    within = values.var(axis=0, ddof=1).mean()
    if within <= 0.0:
        return float(values.size) if np.ptp(values) == 0.0 else 1.0
    between = values.mean(axis=0).var(ddof=1) if chains > 1 else 0.0
    total = (draws - 1) / draws * within + between
    centred = values - values.mean(axis=0)
    rho = [
        1.0 - (within - (centred[lag:] * centred[: draws - lag]).sum(axis=0).mean() / draws) / total
        for lag in range(1, draws - 1)
    ]
    time = 1.0
    for first, second in zip(rho[::2], rho[1::2], strict=False):
        if first + second <= 0.0:
            break
        time += 2.0 * (first + second)
    return float(min(values.size, values.size / time))
