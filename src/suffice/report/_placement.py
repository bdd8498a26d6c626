"""Where to put labels so that they do not cover each other.

Greedy: labels come in order of importance, and each takes the candidate place that overlaps least
with what is there already. Pixels are counted from the lower left corner of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Align = Literal["left", "center", "right"]
CHARACTER_EM, BOLD_EM = 0.6, 0.68
"""Mean width of a character: of the widest common system font, so that no other overlaps."""
LINE_EM = 1.25
"""Height of a line (14 pixels, see ``_halo``) in sizes of the usual font of labels, 12 pixels:
about."""
_OUTSIDE = 12.0
"""Overlap that a pixel outside of the chart counts for; chosen: worse than to touch another
label."""


@dataclass(frozen=True)
class Place:
    """A candidate: an anchor in pixels, an offset from it, and how the text hangs on it.

    Attributes:
        x, y: the anchor.
        dx, dy: offset in pixels, right and up.
        align: which part of the text stands at the anchor.
        penalty: dislike of this place, in square pixels of overlap.
    """

    x: float
    y: float
    dx: float = 0.0
    dy: float = 0.0
    align: Align = "center"
    penalty: float = 0.0


@dataclass(frozen=True)
class _Box:
    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: _Box) -> float:
        across = min(self.right, other.right) - max(self.left, other.left)
        up = min(self.top, other.top) - max(self.bottom, other.bottom)
        return across * up if across > 0.0 and up > 0.0 else 0.0

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.top - self.bottom)


@dataclass
class Board:
    """A picture of the given size in pixels, on which labels find their places."""

    width: float
    height: float
    taken: list[_Box] = field(default_factory=list)

    def reserve(self, x: float, y: float, radius: float) -> None:
        """Keep a mark's square free."""
        self.taken.append(_Box(x - radius, y - radius, x + radius, y + radius))

    def place(
        self,
        text: str,
        candidates: Iterable[Place],
        *,
        limit: float = 1e9,
        font: float = 12.0,
        bold: bool = False,
    ) -> Place | None:
        """Take the best place for a label; None where even the best costs more than the limit."""
        size = _size(text, font, BOLD_EM if bold else CHARACTER_EM)
        scored = [(self._cost(_box(size, c)) + c.penalty, k, c) for k, c in enumerate(candidates)]
        if not scored:
            return None
        cost, _, chosen = min(scored, key=lambda s: s[:2])
        if cost > limit:
            return None
        self.taken.append(_box(size, chosen))
        return chosen

    def _cost(self, box: _Box) -> float:
        frame = _Box(0.0, 0.0, self.width, self.height)
        outside = box.area - box.overlap(frame)
        return _OUTSIDE * outside + sum(box.overlap(b) for b in self.taken)


def around(x: float, y: float, gap: float = 11.0) -> list[Place]:
    """Places beside a mark, the most readable first."""
    near, up = gap * 0.7, gap + 4.0
    return [
        Place(x, y, gap, 0.0, "left", 0.0),
        Place(x, y, -gap, 0.0, "right", 1.0),
        Place(x, y, gap, 8.0, "left", 1.5),
        Place(x, y, gap, -8.0, "left", 1.6),
        Place(x, y, -gap, 8.0, "right", 1.7),
        Place(x, y, -gap, -8.0, "right", 1.8),
        Place(x, y, 0.0, up, "center", 2.0),
        Place(x, y, 0.0, -up, "center", 3.0),
        Place(x, y, near, up, "left", 4.0),
        Place(x, y, near, -up, "left", 5.0),
        Place(x, y, -near, up, "right", 6.0),
        Place(x, y, -near, -up, "right", 7.0),
        Place(x, y, near, 2.2 * up, "left", 40.0),
        Place(x, y, near, -2.2 * up, "left", 41.0),
        Place(x, y, -near, 2.2 * up, "right", 42.0),
        Place(x, y, -near, -2.2 * up, "right", 43.0),
    ]


def along(points: Sequence[tuple[float, float]], *, penalties: Sequence[float]) -> list[Place]:
    """Places on a line, one a vertex."""
    return [Place(x, y, penalty=penalty) for (x, y), penalty in zip(points, penalties, strict=True)]


def _size(text: str, font: float, character_em: float) -> tuple[float, float]:
    """Width and height of a label in pixels."""
    lines = text.split("\n")
    return character_em * font * max(map(len, lines)) + 4.0, LINE_EM * font * len(lines)


def _box(size: tuple[float, float], place: Place) -> _Box:
    width, height = size
    x, y = place.x + place.dx, place.y + place.dy
    left = {"left": x, "center": x - width / 2.0, "right": x - width}[place.align]
    return _Box(left, y - height / 2.0, left + width, y + height / 2.0)
