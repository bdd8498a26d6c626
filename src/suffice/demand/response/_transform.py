"""Scales on which metrics are modelled: log for losses, log odds for shares, else as they are."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.metric import Metric

    Floats = NDArray[np.float64]

_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_NODE_WEIGHTS = _NODE_WEIGHTS / _NODE_WEIGHTS.sum()
"""Places and weights that integrate polynomials up to degree 17 over a normal exactly."""

_STEEPEST = 30.0
"""Logs and log odds are cut off there, beyond all that is measured, so that none overflows."""

_LEAST_SPREAD = 1e-6
"""Least sd of runs, as a share of their mean: keeps divisions numbers. Chosen, below any run's."""

_EDGE = 1e-3
"""Share of a bounded metric's range that values keep from its ends, so that their log odds are
numbers; half an item where the metric counts items. Chosen: below what 500 items can tell."""


@dataclass(frozen=True)
class Transform:
    """A monotone map from a metric's values to the real line, standardised.

    Attributes:
        kind: ``identity``, ``log`` of the distance to the low end, or ``logit``.
        low, high: ends of the metric's range.
        edge: distance that values keep from a finite end.
        center, scale: of the mapped values of the cells.
    """

    kind: Literal["identity", "log", "logit"]
    low: float
    high: float
    edge: float
    center: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, metric: Metric, values: Floats, *, plain: bool = False) -> Transform:
        """The scale for a metric, standardised on values that were seen.

        Args:
            metric: its range says which map it is.
            values: of the cells.
            plain: leave values as they are, whatever the range.
        """
        kind: Literal["identity", "log", "logit"] = "identity"
        edge = 0.0
        if not plain and isfinite(metric.low) and isfinite(metric.high):
            kind = "logit"
            share = _EDGE if metric.items is None else 0.5 / metric.items
            edge = share * (metric.high - metric.low)
        elif not plain and isfinite(metric.low) and (values > metric.low).all():
            kind = "log"
            edge = 1e-9 * float(np.abs(values - metric.low).max())
        raw = cls(kind, metric.low, metric.high, edge)
        mapped = raw.to(values)
        spread = float(mapped.std()) if len(values) > 1 else 0.0
        # Constant columns carry no scale of their own.
        scale = spread if spread > 1e-9 * (1.0 + abs(float(mapped.mean()))) else 1.0
        return cls(kind, metric.low, metric.high, edge, float(mapped.mean()), scale)

    def to(self, values: Floats) -> Floats:
        """Values on the scale of the law."""
        if self.kind == "identity":
            mapped = values
        elif self.kind == "log":
            mapped = np.log(np.maximum(values - self.low, self.edge))
        else:
            v = np.clip(values, self.low + self.edge, self.high - self.edge)
            mapped = np.log((v - self.low) / (self.high - v))
        return np.asarray((mapped - self.center) / self.scale)

    def back(self, z: Floats) -> Floats:
        """Values of the metric."""
        mapped = z * self.scale + self.center
        if self.kind == "identity":
            return np.asarray(mapped)
        if self.kind == "log":
            return np.asarray(self.low + np.exp(np.minimum(mapped, _STEEPEST)))
        odds = np.exp(-np.clip(mapped, -_STEEPEST, _STEEPEST))
        return np.asarray(self.low + (self.high - self.low) / (1.0 + odds))

    def slope(self, values: Floats) -> Floats:
        """Derivative of the law's scale by the metric at values; also the density's Jacobian."""
        if self.kind == "identity":
            inner = np.ones_like(values)
        elif self.kind == "log":
            inner = 1.0 / np.maximum(values - self.low, self.edge)
        else:
            v = np.clip(values, self.low + self.edge, self.high - self.edge)
            inner = 1.0 / (v - self.low) + 1.0 / (self.high - v)
        return np.asarray(inner / self.scale)

    def moments(self, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
        """Mean and sd of the metric where its scaled value is normal, in the shape given."""
        if self.kind == "identity":
            return self.back(mean), np.asarray(sd * self.scale)
        first = np.zeros(np.broadcast(mean, sd).shape)
        second = np.zeros_like(first)
        middle = self.back(mean)
        for node, weight in zip(_NODES, _NODE_WEIGHTS, strict=True):
            off = self.back(mean + node * sd) - middle
            first += weight * off
            second += weight * off**2
        # Never nothing at all: runs differ, however near to an end of the range they lie.
        variance = np.maximum(second - first**2, (_LEAST_SPREAD * (np.abs(middle) + 1e-300)) ** 2)
        return middle + first, np.sqrt(variance)
