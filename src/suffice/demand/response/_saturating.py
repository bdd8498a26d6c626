"""A law of learning curves: what is left falls with a power of the labels, weighted by worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.response._families import _INTERCEPT, _SD_OF_PART, Frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand.response._points import Points

    Floats = NDArray[np.float64]

_POWER = (np.log(0.4), 0.6)
"""Prior of the log power of labels: exponents of learning curves mostly lie from .1 to 1 (Hestness
et al. 2017; Rosenfeld et al. 2020)."""

_OFFSET = (-1.5, 1.5)
"""Prior of the log of labels that the model seems to have seen before, in units of the smallest
cell: mostly few, as in the rectified law (Lin et al. 2024)."""

_WORTH = 0.8
"""Sd of a source's log worth about what its stated error says; and twice that where none is."""

_MOST_WORTHS = 16
"""Sources with a worth of their own; with more, shares alone tell them apart."""


@dataclass(eq=False)
class Saturating:
    """``level + shares + size + (1 + settings, shares) (n + offset)^-power``, n the labels' worth.

    The power of size is one of its own, so that without shares this is the law of Hoffmann et al.
    (2022). Columns are what is linear; powers, offset and worths are sampled.
    """

    name: str
    frame: Frame
    fixed_columns: bool = False

    def __post_init__(self) -> None:
        """Count what is sampled."""
        cells, varied = self.frame.cells, self.frame.varied
        s = cells.counts.shape[1]
        self._sized = varied["size"]
        used = (cells.counts > 0.0).any(axis=0)
        self._worths = s if 1 < s <= _MOST_WORTHS and varied["shares"] else 0
        self._used = used
        total = cells.total
        self._unit = float(total[total > 0.0].min(initial=1.0))
        self._factors = [k for k, n in enumerate(self.frame.sizes) if n > 1]
        self._numbers = int(np.ptp(cells.numbers, axis=0).max(initial=0.0) > 1e-9)
        first = cells.shares if varied["shares"] else np.zeros((len(cells), 0))
        self._share_center = first.mean(axis=0)
        length = np.sqrt(((first - self._share_center) ** 2).sum(axis=1).mean()) if s > 1 else 0.0
        self._share_scale = float(length) if length > 1e-9 else 0.0

    @property
    def _groups(self) -> int:
        """Log sds: curve, shares of the level, shares of the curve, size, meeting, factors."""
        shares = 2 if self._share_scale else 0
        return 1 + shares + 2 * self._sized + 2 * len(self._factors) + self._numbers

    @property
    def prior(self) -> tuple[Floats, Floats]:
        """Log power, log offset, log power of size, log worths, and log sds of the parts."""
        mean = [_POWER[0], _OFFSET[0]]
        sd = [_POWER[1], _OFFSET[1]]
        if self._sized:
            mean.append(_POWER[0])
            sd.append(_POWER[1])
        if self._worths:
            stated = self.frame.capacity
            if stated is None:
                mean += [0.0] * self._worths
                sd += [2.0 * _WORTH] * self._worths
            else:
                mean += np.log(np.maximum(stated, 1e-3)).tolist()
                sd += [_WORTH] * self._worths
        mean += [0.0] + [_SD_OF_PART[0] - 0.7] * (self._groups - 1)
        sd += [_SD_OF_PART[1]] * self._groups
        return np.array(mean), np.array(sd)

    def columns(self, points: Points, theta: Floats) -> Floats:
        """Level and curve, alone and by shares, size, factors and settings."""
        cells = self.frame.cells
        curve = self._curve(points, theta)
        on_cells = self._curve(cells, theta)
        middle, length = float(on_cells.mean()), float(on_cells.std()) or 1.0
        bent = ((curve - middle) / length)[:, None]
        blocks = [np.ones((len(points), 1)), bent]
        if self._share_scale:
            off = (points.shares - self._share_center) / self._share_scale
            blocks += [off, off * bent]
        if self._sized:
            size, size_cells = self._size(points, theta), self._size(cells, theta)
            unit = float(size_cells.std()) or 1.0
            small = ((size - float(size_cells.mean())) / unit)[:, None]
            blocks += [small, small * bent]
        for k in self._factors:
            hot = self.frame.one_hot(points, k)
            blocks += [hot, hot * bent]
        if self._numbers:
            blocks.append(points.numbers)
        return np.concatenate(blocks, axis=1)

    def _curve(self, points: Points, theta: Floats) -> Floats:
        power, offset = np.exp(theta[0]), np.exp(theta[1])
        at = 2 + self._sized
        if self._worths:
            worth = np.exp(theta[at : at + self._worths])
            n = points.counts @ worth
        else:
            n = points.total
        return np.asarray((n / self._unit + offset) ** -power)

    def _size(self, points: Points, theta: Floats) -> Floats:
        log_size = self.frame.size(points)[:, 0]
        least = float(self.frame.size(self.frame.cells).min())
        return np.asarray(np.exp(-np.exp(theta[2]) * (log_size - least)))

    def scales(self, theta: Floats) -> Floats:
        """One sd a block."""
        sds = list(np.exp(theta[len(theta) - 2 - self._groups : len(theta) - 2]))
        out = [_INTERCEPT, sds.pop(0)]
        if self._share_scale:
            s = self.frame.cells.counts.shape[1]
            out += [sds.pop(0)] * s
            out += [sds.pop(0)] * s
        if self._sized:
            out += [sds.pop(0), sds.pop(0)]
        for k in self._factors:
            out += [sds.pop(0)] * self.frame.sizes[k]
            out += [sds.pop(0)] * self.frame.sizes[k]
        if self._numbers:
            out += [sds.pop(0)] * self.frame.cells.numbers.shape[1]
        return np.array(out)
