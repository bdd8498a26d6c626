"""How forecasts of a pass share came out: calibration, scores, coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

CONTESTED = (0.05, 0.95)
_BLOCK = 1000
_FLOOR = 0.005
"""A forecast of exactly 0 or 1 is scored as one run in two hundred: log scores stay finite."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Forecasts and outcomes of (cell, threshold) pairs.

    Attributes:
        cell: number of the cell [pair]; a cell's pairs stand or fall together.
        passed: runs that met the threshold [pair].
        total: fresh runs of each cell.
        kind: the kind of question [pair].
        heavy: whether the cell is heavily noisy [pair].
        miss: by method, forecast less measured mean error [cell].
        pi: by method, draws of the chance that a run passes [pair, draw].
    """

    cell: NDArray[np.int64]
    passed: Floats
    total: int
    kind: NDArray[np.str_]
    heavy: Bools
    miss: dict[str, Floats]
    pi: dict[str, Floats]

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """The pairs of several splits."""
        names = list(parts[0].pi)
        return cls(
            cell=np.concatenate([p.cell for p in parts]),
            passed=np.concatenate([p.passed for p in parts]),
            total=parts[0].total,
            kind=np.concatenate([p.kind for p in parts]),
            heavy=np.concatenate([p.heavy for p in parts]),
            miss={n: np.concatenate([p.miss[n] for p in parts]) for n in names},
            pi={n: np.concatenate([p.pi[n] for p in parts]) for n in names},
        )

    @property
    def share(self) -> Floats:
        """Measured pass share [pair]."""
        return self.passed / self.total

    @property
    def contested(self) -> Bools:
        """Pairs that are an open question [pair]."""
        return (self.share >= CONTESTED[0]) & (self.share <= CONTESTED[1])

    def error(self, method: str) -> Floats:
        """|P - measured share| [pair]."""
        return np.abs(self.pi[method].mean(axis=1) - self.share)

    def brier(self, method: str) -> Floats:
        """Brier score of P over the fresh runs [pair]."""
        p = self.pi[method].mean(axis=1)
        return self.share * (1.0 - p) ** 2 + (1.0 - self.share) * p**2

    def log_score(self, method: str) -> Floats:
        """Log score of P over the fresh runs, in nats, lower is better [pair]."""
        p = np.clip(self.pi[method].mean(axis=1), _FLOOR, 1.0 - _FLOOR)
        return -(self.share * np.log(p) + (1.0 - self.share) * np.log1p(-p))

    def covered(self, method: str, level: float = 0.9) -> Bools:
        """Whether the predictive interval of the count holds the count [pair].

        The interval is that of binomial counts mixed over the draws of pi: with a beta as mixing
        distribution this is the beta-binomial; here the law's own draws are used.
        """
        rng = np.random.default_rng(17)
        tail = (1.0 - level) / 2.0
        found = []
        # A block at a time: all counts at once would fill the memory.
        for first in range(0, len(self.passed), _BLOCK):
            block = slice(first, first + _BLOCK)
            counts = rng.binomial(self.total, np.repeat(self.pi[method][block], 10, axis=1))
            low, high = np.quantile(counts, [tail, 1.0 - tail], axis=1, method="inverted_cdf")
            passed = self.passed[block]
            found.append((low <= passed) & (passed <= high))
        return np.concatenate(found)


def bootstrap(values: Floats | Bools, cell: NDArray[np.int64], level: float = 0.9
              ) -> tuple[float, float]:  # fmt: skip
    """Interval of a mean when whole cells are drawn anew."""
    names, number = np.unique(cell, return_inverse=True)
    total = np.bincount(number, np.asarray(values, dtype=np.float64))
    count = np.bincount(number)
    rng = np.random.default_rng(19)
    weight = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=2000)
    means = (weight @ total) / np.maximum(weight @ count, 1)
    low, high = np.quantile(means, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)
