"""The grid behind the picture, as arrays in the picture's own coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log10
from typing import TYPE_CHECKING

from suffice.report._contours import contour_lines, depth, fill_gaps
from suffice.report._theme import MARKS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.records import Hero, HeroPoint, PathPoint
    from suffice.report._placement import Place

LINE_LEVELS = (0.1, 0.5, 0.9)
"""Levels of P with a line of their own; chosen: unlikely, even, and likely."""
# By eye.
WIDE = (740.0, 440.0)
NARROW = (296.0, 380.0)
"""Width and height of the plot in pixels, on a desk and on a phone: labels are placed for these."""
_NICE_COSTS = tuple(s * 10.0**d for d in range(-2, 9) for s in (1.0, 3.0))
_MOST_COST_LINES = 5
"""Chosen, so that their labels keep apart."""
HARDLY = 0.02
"""A P below which nothing is drawn: the lowest edge of the bands of colour."""
_STRIP = 0.01
"""Half the height of a picture of one quality, in share of right labels: by eye."""
_LIKE_THE_BUDGET = 0.15
"""Steps of log10 of cost within which a line would run beside that of the budget: by eye."""


@dataclass(frozen=True, eq=False)
class Picture:
    """The grid as arrays, in the picture's coordinates: log10 of quantity, and quality."""

    hero: Hero

    @cached_property
    def x(self) -> NDArray[np.float64]:
        """log10 quantity of the columns."""
        import numpy as np

        return np.asarray(np.log10(self.hero.quantity))

    @property
    def flat(self) -> bool:
        """Whether all labels on offer are right equally often: the height then says nothing."""
        return len(self.hero.quality) == 1

    @cached_property
    def y(self) -> NDArray[np.float64]:
        """Quality of the rows; of a single one both edges of the strip that shows it."""
        import numpy as np

        if self.flat:
            return np.clip(self.hero.quality[0] + np.array([-_STRIP, _STRIP]), 0.0, 1.0)
        return np.asarray(self.hero.quality)

    @cached_property
    def p(self) -> NDArray[np.float64]:
        """P [quality, quantity]; NaN where it is not forecast."""
        return self._grid(self.hero.p)

    @cached_property
    def cost(self) -> NDArray[np.float64]:
        """Cost [quality, quantity]; NaN where nothing can be bought."""
        return self._grid(self.hero.cost)

    @cached_property
    def void(self) -> NDArray[np.float64]:
        """Positive where nothing can be bought [quality, quantity]."""
        import numpy as np

        return depth(np.isnan(self.cost))

    @cached_property
    def unknown(self) -> NDArray[np.float64]:
        """Positive where something can be bought, but the law is too far from its runs for a P."""
        import numpy as np

        return depth(np.isnan(self.p) & ~np.isnan(self.cost))

    @cached_property
    def beyond(self) -> NDArray[np.float64]:
        """Positive where it could be bought, but not within budget and capacity."""
        import numpy as np

        feasible = self._grid(self.hero.feasible).astype(bool)
        return depth(~feasible & ~np.isnan(self.cost))

    @cached_property
    def known(self) -> NDArray[np.float64]:
        """P with every gap filled from its nearest neighbour, so that contours have no ends."""
        return fill_gaps(self.p)

    @cached_property
    def level_lines(self) -> list[tuple[float, NDArray[np.float64]]]:
        """The contour lines of P with their levels."""
        return [
            (level, line)
            for level in LINE_LEVELS
            for line in contour_lines(self.x, self.y, self.known, level)
        ]

    @cached_property
    def cost_levels(self) -> list[float]:
        """Round costs for the iso-lines, nearest to the budget, and the budget itself."""
        import numpy as np

        if np.isnan(self.cost).all():
            return []
        low, high = float(np.nanmin(self.cost)), float(np.nanmax(self.cost))
        budget = self.hero.budget
        centre = log10(budget) if budget else log10(max(low, 0.01) * max(high, 0.01)) / 2
        inside = [c for c in _NICE_COSTS if low < c < high]
        if budget:
            inside = [c for c in inside if abs(log10(c / budget)) > _LIKE_THE_BUDGET]
        near = sorted(inside, key=lambda c: abs(log10(c) - centre))[:_MOST_COST_LINES]
        return sorted([*near, *([budget] if budget and low < budget < high else [])])

    @cached_property
    def cost_lines(self) -> list[tuple[float, NDArray[np.float64]]]:
        """The iso-lines of cost with their costs."""
        return [
            (level, line)
            for level in self.cost_levels
            for line in contour_lines(self.x, self.y, self.cost, level)
        ]

    @cached_property
    def path(self) -> list[PathPoint]:
        """The path from the first budget that buys a chance worth the name.

        Below it all curves fail alike, and which of them is called best is chance.
        """
        worth = [k for k, q in enumerate(self.hero.path) if q.p is None or q.p >= HARDLY]
        return list(self.hero.path[worth[0] :]) if worth else []

    @cached_property
    def marks(self) -> list[HeroPoint | PathPoint]:
        """Everything that has a mark in the picture."""
        return [*self.hero.points, *self.path]

    @cached_property
    def x_range(self) -> tuple[float, float]:
        """The quantities that the picture spans, its points included."""
        marks = [m.quantity for m in self.marks]
        low, high = min([*marks, self.hero.quantity[0]]), max([*marks, self.hero.quantity[-1]])
        return low, high

    @cached_property
    def y_range(self) -> tuple[float, float]:
        """The qualities that the picture spans, its points included."""
        marks = [m.quality for m in self.marks]
        return min([*marks, float(self.y[0])]), max([*marks, float(self.y[-1])])

    def _grid(self, rows: tuple[tuple[float | None, ...], ...]) -> NDArray[np.float64]:
        """Rows of the record, NaN where it has none; a single one is both edges of its strip."""
        import numpy as np

        values = np.asarray([[np.nan if v is None else v for v in row] for row in rows])
        return np.repeat(values, 2, axis=0) if self.flat else values

    def pixel(self, x: float, y: float, size: tuple[float, float]) -> tuple[float, float]:
        """Where log10 quantity and quality lie in a picture of that size."""
        (low, high), (bottom, top) = self.x_range, self.y_range
        across = (x - log10(low)) / (log10(high) - log10(low))
        return across * size[0], (y - bottom) / (top - bottom) * size[1]

    def data(self, place: Place, size: tuple[float, float]) -> tuple[float, float]:
        """Quantity and quality at a place's anchor."""
        (low, high), (bottom, top) = self.x_range, self.y_range
        x = log10(low) + place.x / size[0] * (log10(high) - log10(low))
        return 10.0**x, bottom + place.y / size[1] * (top - bottom)

    def at(self, surface: NDArray[np.float64], x: float, y: float) -> float:
        """The surface at its grid point nearest to log10 quantity and quality."""
        import numpy as np

        i, j = int(np.abs(self.y - y).argmin()), int(np.abs(self.x - x).argmin())
        return float(surface[i, j])


def shapes(hero: Hero) -> list[tuple[HeroPoint, str]]:
    """Each point with its mark; the recommended one comes last, on top."""
    others = [p for p in hero.points if p.role != "recommended"]
    best = [p for p in hero.points if p.role == "recommended"]
    marked = [(p, MARKS[k % len(MARKS)]) for k, p in enumerate(others)]
    return [*marked, *((p, "star") for p in best)]
