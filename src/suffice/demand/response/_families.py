"""Forms of response laws: columns of shares, counts, sizes and settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from suffice.demand.response._points import Points

    Floats = NDArray[np.float64]

_SD_OF_PART = (np.log(0.4), 1.0)
"""Prior of the log sd that one part of a law adds, in units of the metric's own sd: each of some
five parts explains a share of it, by a factor of e more or less. Chosen."""

_INTERCEPT = 2.0
"""Sd of the level, in units of the metric's sd. Chosen, wide."""

_SMALL = 0.1
"""Of the smallest purchase: added before logs where some points have no labels. Chosen."""

_LANDMARKS = 60
"""Cells that a smooth part is spanned by. Chosen for speed."""

_LENGTH = (np.log(1.5), 0.6)
"""Prior of the log length scale of a smooth part, in root mean square distances of the cells."""


@dataclass(frozen=True, eq=False)
class Frame:
    """What is fixed once the cells are known: which parts can matter, and the scales of columns.

    Attributes:
        cells: that are fitted.
        capacity: bits a label of each source by its stated error, relative to the best; None where
            no error is stated [source].
        sizes: categories of each factor.
    """

    cells: Points
    capacity: Floats | None
    sizes: tuple[int, ...]

    @property
    def small(self) -> float:
        """What is added to totals before logs."""
        total = self.cells.total
        least = float(total[total > 0.0].min(initial=1.0))
        return _SMALL * least if (total <= 0.0).any() else 0.0

    def log_total(self, points: Points) -> Floats:
        """Log of all labels [point, 1]."""
        floor = self.small or 1e-12
        return np.log(np.maximum(points.total + self.small, floor))[:, None]

    def log_worth(self, points: Points) -> Floats:
        """Log of labels weighted by what their stated errors leave of them [point, 1]."""
        if self.capacity is None:
            return self.log_total(points)
        worth = points.counts @ self.capacity
        floor = max(self.small * float(self.capacity.min()), 1e-12)
        return np.log(np.maximum(worth + self.small, floor))[:, None]

    def log_counts(self, points: Points) -> Floats:
        """Log of one plus labels of each source, in units of a typical purchase's thirtieth."""
        counts = self.cells.counts
        unit = float(np.median(counts[counts > 0.0])) / 30.0 if (counts > 0.0).any() else 1.0
        return np.asarray(np.log1p(np.maximum(points.counts, 0.0) / unit))

    def size(self, points: Points) -> Floats:
        """Log size, the mean of the cells where it is unknown [point, 1]."""
        known = self.cells.size[np.isfinite(self.cells.size)]
        middle = float(known.mean()) if len(known) else 0.0
        return np.where(np.isfinite(points.size), points.size, middle)[:, None]

    def one_hot(self, points: Points, factor: int) -> Floats:
        """Indicators of a factor's categories; none for one that was not measured."""
        codes = points.groups[:, factor]
        return np.asarray((codes[:, None] == np.arange(self.sizes[factor])[None, :]).astype(float))

    @property
    def varied(self) -> dict[str, bool]:
        """Which directions the cells vary in."""
        total = self.cells.total
        size = self.size(self.cells)
        return {
            "shares": bool(np.ptp(self.cells.shares, axis=0).max(initial=0.0) > 1e-6),
            "total": bool(np.ptp(np.log(np.maximum(total, 1e-12))) > 1e-3),
            "size": bool(np.ptp(size) > 1e-9),
        }


@dataclass(eq=False)
class _Scaled:
    """A block of columns, centred and scaled on the cells so that its rows have length one."""

    make: Callable[[Points], Floats]
    center: Floats
    scale: float

    @classmethod
    def of(cls, make: Callable[[Points], Floats], cells: Points) -> _Scaled | None:
        raw = make(cells)
        center = raw.mean(axis=0)
        length = float(np.sqrt(((raw - center) ** 2).sum(axis=1).mean())) if raw.size else 0.0
        return None if length < 1e-9 else cls(make, center, length)

    def __call__(self, points: Points) -> Floats:
        return (self.make(points) - self.center) / self.scale


@dataclass(eq=False)
class Additive:
    """A law that is a sum of parts, each a block of columns whose weights share one sd.

    Attributes:
        name: for readers.
        frame: cells, and what is known of sources.
        parts: names of the blocks.
    """

    name: str
    frame: Frame
    parts: tuple[str, ...]
    fixed_columns: bool = True
    _blocks: list[tuple[str, _Scaled]] = field(default_factory=list, repr=False)
    _widths: list[int] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        """Keep the blocks in which the cells differ."""
        raw = _raw_blocks(self.frame)
        for part in self.parts:
            for name, make in raw.get(part, []):
                block = _Scaled.of(make, self.frame.cells)
                if block is not None:
                    self._blocks.append((name, block))
                    self._widths.append(block.center.shape[0])

    @property
    def prior(self) -> tuple[Floats, Floats]:
        """Log sd of each block."""
        k = len(self._blocks)
        return np.full(k, _SD_OF_PART[0]), np.full(k, _SD_OF_PART[1])

    @property
    def empty(self) -> bool:
        """Whether the cells vary in none of its parts."""
        return not self._blocks

    def columns(self, points: Points, theta: Floats) -> Floats:
        """All blocks side by side, after a column of ones."""
        found = [np.ones((len(points), 1)), *(block(points) for _, block in self._blocks)]
        return np.concatenate(found, axis=1)

    def scales(self, theta: Floats) -> Floats:
        """One sd a block."""
        sds = np.exp(theta[: len(self._widths)])
        return np.concatenate([[_INTERCEPT], np.repeat(sds, self._widths)])


def _raw_blocks(frame: Frame) -> dict[str, list[tuple[str, Callable[[Points], Floats]]]]:
    """Every block by the part that it belongs to."""
    factors = range(len(frame.sizes))
    made: dict[str, list[tuple[str, Callable[[Points], Floats]]]] = {
        "linear": [("shares", lambda p: p.shares)],
        "root": [("root shares", lambda p: np.sqrt(p.shares))],
        "counts": [("log counts", frame.log_counts)],
        "total": [("log total", frame.log_worth)],
        "size": [("log size", frame.size)],
        "numbers": [("settings", lambda p: p.numbers)],
        "factors": [],
        "meet": [
            ("shares by total", lambda p: _products(p.shares, _mid(frame.log_worth, frame, p))),
            ("shares by size", lambda p: _products(p.shares, _mid(frame.size, frame, p))),
            (
                "total by size",
                lambda p: _mid(frame.log_worth, frame, p) * _mid(frame.size, frame, p),
            ),
        ],
        "bend": [
            ("total squared", lambda p: _mid(frame.log_worth, frame, p) ** 2),
            ("size squared", lambda p: _mid(frame.size, frame, p) ** 2),
            ("settings squared", lambda p: p.numbers**2),
        ],
    }
    for k in factors:
        if frame.sizes[k] < 2:
            continue

        def own(p: Points, k: int = k) -> Floats:
            return frame.one_hot(p, k)

        def by_shares(p: Points, k: int = k) -> Floats:
            return _products(frame.one_hot(p, k), p.shares - frame.cells.shares.mean(axis=0))

        def by_total(p: Points, k: int = k) -> Floats:
            return _products(frame.one_hot(p, k), _mid(frame.log_worth, frame, p))

        def by_size(p: Points, k: int = k) -> Floats:
            return _products(frame.one_hot(p, k), _mid(frame.size, frame, p))

        made["factors"].append((f"factor {k}", own))
        made["meet"] += [(f"factor {k} by shares", by_shares), (f"factor {k} by total", by_total)]
        if k:
            made["meet"].append((f"factor {k} by size", by_size))
    return made


def _mid(make: Callable[[Points], Floats], frame: Frame, points: Points) -> Floats:
    return np.asarray(make(points) - make(frame.cells).mean(axis=0))


def _products(a: Floats, b: Floats) -> Floats:
    """All products of columns [point, column of a times column of b]."""
    return np.asarray((a[:, :, None] * b[:, None, :]).reshape(len(a), -1))


@dataclass(eq=False)
class Smooth:
    """An additive law and a smooth deviation from it, a Gaussian process spanned by some cells.

    The deviation is smooth in root shares (Hellinger's distance of mixtures), log total, log size,
    settings and factors.
    """

    name: str
    additive: Additive
    fixed_columns: bool = False

    def __post_init__(self) -> None:
        """Choose landmarks evenly among the cells."""
        cells = self.additive.frame.cells
        raw = self._raw(cells)
        spread = raw.std(axis=0)
        keep = spread > 1e-9
        self._keep, self._center = keep, raw.mean(axis=0)[keep]
        # Root shares share one unit: that of all of them together.
        unit = spread.copy()
        s = cells.counts.shape[1]
        unit[:s] = np.sqrt((spread[:s] ** 2).sum()) or 1.0
        self._unit = unit[keep]
        at = (raw[:, keep] - self._center) / self._unit
        self._landmarks = at[_spread_out(at, _LANDMARKS)]
        self._width = len(self._landmarks)

    def _raw(self, points: Points) -> Floats:
        frame = self.additive.frame
        hot = [
            0.7 * frame.one_hot(points, k) for k in range(len(frame.sizes)) if frame.sizes[k] > 1
        ]
        return np.concatenate(
            [
                np.sqrt(points.shares),
                frame.log_worth(points),
                frame.size(points),
                points.numbers,
                *hot,
            ],
            axis=1,
        )

    @property
    def prior(self) -> tuple[Floats, Floats]:
        """Those of the additive law, then log sd and log length of the deviation."""
        mean, sd = self.additive.prior
        return (
            np.concatenate([mean, [_SD_OF_PART[0], _LENGTH[0]]]),
            np.concatenate([sd, [_SD_OF_PART[1], _LENGTH[1]]]),
        )

    def columns(self, points: Points, theta: Floats) -> Floats:
        """The additive columns, then the process at the points in terms of its landmarks."""
        length = np.exp(theta[len(self.additive.prior[0]) + 1])
        at = (self._raw(points)[:, self._keep] - self._center) / self._unit
        base = self.additive.columns(points, theta)
        inner = _matern(self._landmarks, self._landmarks, length)
        inner[np.diag_indices(self._width)] += 1e-6
        root = np.linalg.cholesky(inner)
        from scipy.linalg import solve_triangular

        across = _matern(self._landmarks, at, length)
        smooth = solve_triangular(root, across, lower=True, check_finite=False).T
        return np.concatenate([base, smooth], axis=1)

    def scales(self, theta: Floats) -> Floats:
        """Those of the additive law, then one for the deviation."""
        k = len(self.additive.prior[0])
        sd = np.exp(theta[k])
        return np.concatenate([self.additive.scales(theta), np.full(self._width, sd)])


def _matern(a: Floats, b: Floats, length: float) -> Floats:
    """Matern covariance of smoothness 5/2 [row of a, row of b]."""
    square = ((a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2.0 * a @ b.T).clip(0.0)
    r = np.sqrt(5.0 * square) / length
    return np.asarray((1.0 + r + r**2 / 3.0) * np.exp(-r))


def _spread_out(at: Floats, count: int) -> NDArray[np.int64]:
    """Rows far from each other, from the one nearest to the middle on; order does not matter."""
    first = int(np.lexsort((*at.T, (at**2).sum(axis=1)))[0])
    chosen = [first]
    gap = ((at - at[first]) ** 2).sum(axis=1)
    while len(chosen) < min(count, len(at)):
        far = int(gap.argmax())
        if gap[far] < 1e-12:
            break
        chosen.append(far)
        gap = np.minimum(gap, ((at - at[far]) ** 2).sum(axis=1))
    return np.array(chosen)
