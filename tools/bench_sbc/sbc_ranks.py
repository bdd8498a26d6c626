"""Ranks of truths among posterior draws, and whether they are uniform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

BINS = 8


def uniform(place: Array, bins: int = BINS) -> float:
    """P-value of a chi-squared test that places between 0 and 1 are uniform."""
    from scipy.special import chdtrc

    counts = np.histogram(place, bins, (0.0, 1.0))[0]
    expected = len(place) / bins
    return float(chdtrc(bins - 1, ((counts - expected) ** 2 / expected).sum()))


def report(model: str, quantity: str, place: Array) -> tuple[float, float, float]:
    """Print one row of the table; returns the shares in 50 % and 90 %, and the p-value."""
    half, most = (float(np.mean(np.abs(place - 0.5) < reach)) for reach in (0.25, 0.45))
    p = uniform(place)
    print(f"| {model} | {quantity} | {half:.3f} | {most:.3f} | {p:.3f} |", flush=True)
    return half, most, p
