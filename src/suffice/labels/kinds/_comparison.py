"""Two-way comparisons: is item a better than item b?"""

from __future__ import annotations

from dataclasses import dataclass

from suffice.labels.kinds._two_way import EVEN, TwoWay
from suffice.labels.kinds._words import side_of_words

_UNNAMED = ("second", "first")


@dataclass(frozen=True)
class Comparison(TwoWay):
    """A label that says which of two items is better: 1 the first, 0 the second, or neither.

    Bradley and Terry's model of its odds is the difference of the items' scores.

    Attributes:
        names: what votes for the second and for the first item are called.
    """

    names: tuple[str, str] = _UNNAMED

    @property
    def name(self) -> str:
        """What schemes call it."""
        return "preferences"

    @property
    def said(self) -> str:
        """The same for all comparisons."""
        return self.name

    @property
    def tie(self) -> float | None:
        """A comparison may be even."""
        return EVEN

    def code(self, word: str) -> float | None:
        """0 or 1 for the name of a side; None for others.

        Sides without names of their own are called what people call them, and may be even.
        """
        if self.names != _UNNAMED:
            return float(self.names.index(word)) if word in self.names else None
        side = side_of_words([word]).get(word)
        return None if side is None else side + EVEN


COMPARISON = Comparison()
"""A comparison whose sides have no names of their own."""
