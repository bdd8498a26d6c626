"""Metrics that are means of others: they repeat what those say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.runs.tables._table import MeanOf

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT = 2e-3
"""A mean of rounded numbers misses by this share of its spread at most; chosen: four digits."""

_MOST = 60
"""Metrics up to which every stretch of neighbours is tried; beyond, the mean of all alone."""

_FEWEST_RUNS = 3
"""Runs that must agree: one or two may do so by chance."""


def means_of(names: tuple[str, ...], values: NDArray[np.float64]) -> tuple[MeanOf, ...]:
    """Find metrics that are the mean of a stretch of neighbouring others, or of all others.

    Args:
        names: of the metrics.
        values: NaN where missing [run, metric].
    """
    found: list[MeanOf] = []
    whole = values[np.isfinite(values).all(axis=1)]
    count = len(names)
    if len(whole) < _FEWEST_RUNS or count < 3:
        return ()
    for k in range(count):
        others = [j for j in range(count) if j != k]
        target, rest = whole[:, k], whole[:, others]
        spread = float(target.std())
        if spread == 0.0:
            continue
        sums = np.concatenate([np.zeros((len(whole), 1)), rest.cumsum(axis=1)], axis=1)
        begins = range(len(others) - 1) if count <= _MOST else (0,)
        best: tuple[int, int] | None = None
        for i in begins:
            ends = np.arange(i + 2, len(others) + 1) if count <= _MOST else np.array([len(others)])
            off = np.abs((sums[:, ends] - sums[:, [i]]) / (ends - i) - target[:, None]).max(axis=0)
            hits = ends[off <= _EXACT * spread]
            if len(hits) and (best is None or hits[-1] - i > best[1] - best[0]):
                best = (i, int(hits[-1]))
        if best is not None:
            found.append(MeanOf(names[k], tuple(names[others[j]] for j in range(*best))))
    return tuple(found)
