"""Many curves by the few ways in which they buy: what pools are worth is a product of matrices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    Numbers = NDArray[np.floating[Any]]

_LEAST = 1e-9
"""Stands for nothing where it would be divided by."""


@dataclass(frozen=True, eq=False)
class Ways:
    """A way to buy is a source and the log worth of the labels that each of its tasks gets.

    Attributes:
        source: number of the source [way].
        repeat: log worth of a task's labels against one label [way].
        late: tasks that the last round buys so, times their weight [way, curve].
        early: the same of the rounds before it [way, curve].
        late_noise, early_noise: tasks times the square of their weight, over all ways [curve].
    """

    source: NDArray[np.int64]
    repeat: Numbers
    late: Numbers
    early: Numbers
    late_noise: Numbers
    early_noise: Numbers

    @classmethod
    def of(
        cls,
        source: NDArray[np.int64],
        repeat: Numbers,
        tasks: Numbers,
        squares: Numbers,
        early: Numbers,
    ) -> Ways:
        """Gather terms [curve, term] by way; ``early`` is 1 where a later round follows."""
        found, way = np.unique(
            np.stack([source.ravel(), repeat.ravel()]), axis=1, return_inverse=True
        )
        curves, size = len(tasks), found.shape[1]
        place = way.ravel() * curves + np.repeat(np.arange(curves), tasks.shape[1])

        def gathered(weight: Numbers) -> Numbers:
            sums = np.bincount(place, weight.ravel(), size * curves)
            return np.asarray(sums.reshape(size, curves), dtype=np.float64)

        first, last = early == 1.0, early == 0.0
        return cls(
            source=found[0].astype(np.int64),
            repeat=found[1],
            late=gathered(tasks * last),
            early=gathered(tasks * first),
            late_noise=(squares * last).sum(axis=1),
            early_noise=(squares * first).sum(axis=1),
        )

    def astype(self, kind: DTypeLike) -> Ways:
        """The same in another precision."""
        names = ("repeat", "late", "early", "late_noise", "early_noise")
        return replace(self, **{name: getattr(self, name).astype(kind) for name in names})

    @property
    def rounds(self) -> NDArray[np.bool_]:
        """Whether a curve buys before its last round [curve]."""
        return np.asarray(self.early.any(axis=0))

    def worth_late(self, signal: Numbers, dilution: Numbers | float = 1.0) -> Numbers:
        """Clean-equivalent labels of the last round [walker, curve]; see ``pooled``."""
        return pooled(signal, self.late, self.late_noise, dilution)

    def worth_early(self, signal: Numbers, dilution: Numbers | float = 1.0) -> Numbers:
        """The same of the rounds before the last one."""
        return pooled(signal, self.early, self.early_noise, dilution)


def pooled(
    signal: Numbers, tasks: Numbers, noise: Numbers, dilution: Numbers | float = 1.0
) -> Numbers:
    """Clean-equivalent labels of pools [walker, curve].

    Model: a label of worth w carries signal sqrt(w) and, like any other, noise of variance one.
    Trained with equal weights the signals add up; squared and over the noise they are the
    worth of the pool. It is less than the sum of worths: poor labels dilute good ones.

    Args:
        signal: root of the worth of one task of each way [walker, way].
        tasks: times their weight [way, curve].
        noise: tasks times the square of their weight [curve].
        dilution: power of the loss against the sum of worths [walker] or one for all.
    """
    added = signal @ tasks
    summed = np.maximum((signal * signal) @ tasks, _LEAST)
    ratio = np.maximum(added * added / (np.maximum(noise, _LEAST) * summed), _LEAST)
    # An empty pool has nothing to dilute: the power of a ratio of nothing would overflow.
    ratio = np.where(noise > 0.0, ratio, ratio.dtype.type(1.0))
    return np.asarray(summed * ratio ** np.reshape(dilution, (-1, 1)))


def mean_over(values: Numbers, weight: Numbers, tasks: Numbers) -> Numbers:
    """Mean of what ways have, weighted by what a task gives [walker, way]; [walker, curve]."""
    return np.asarray((values * weight) @ tasks / np.maximum(weight @ tasks, _LEAST))
