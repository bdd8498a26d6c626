"""Cells as a response law sees them: labels of each source, size of the model, and settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Points:
    """Places in the space of what can be trained, one a row.

    Attributes:
        counts: labels of each source, or shares where no table says how many [point, source].
        size: log of the size of the model; nan where it is unknown [point].
        groups: category of each factor, -1 where it is none of those measured [point, factor];
            the model is the first factor.
        numbers: numeric settings, such as the log of a learning rate [point, number].
    """

    counts: Floats
    size: Floats
    groups: Ints
    numbers: Floats

    def __len__(self) -> int:
        """How many points."""
        return len(self.counts)

    def take(self, rows: Ints | NDArray[np.bool_]) -> Points:
        """Some of them."""
        return Points(self.counts[rows], self.size[rows], self.groups[rows], self.numbers[rows])

    def with_counts(self, counts: Floats) -> Points:
        """The same places with other labels."""
        return replace(self, counts=counts)

    @property
    def total(self) -> Floats:
        """Labels of all sources [point]."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def shares(self) -> Floats:
        """Share of each source, 0 where there are no labels [point, source]."""
        total = self.total
        return np.asarray(self.counts / np.where(total > 0.0, total, 1.0)[:, None])

    @classmethod
    def of_counts(cls, counts: Floats) -> Points:
        """Points of one model at one setting."""
        n = len(counts)
        return cls(
            np.asarray(counts, dtype=np.float64),
            np.full(n, np.nan),
            np.zeros((n, 1), dtype=np.int64),
            np.zeros((n, 0)),
        )


@dataclass(frozen=True, eq=False)
class Observed:
    """What the cells reached in one metric, on the scale that the law is fitted on.

    Attributes:
        mean: over the runs of a cell [cell].
        runs: behind each mean [cell].
        known: variance of each mean that evaluation items explain; 0 where nothing says it [cell].
        within: sum of squared deviations of runs from their cells' means.
        freedom: degrees of freedom behind ``within``; 0 where no cell has two runs.
    """

    mean: Floats
    runs: Floats
    known: Floats
    within: float
    freedom: int
