"""Two-way comparisons: is item a better than item b?"""

from __future__ import annotations

from dataclasses import dataclass

from suffice.labels.kinds._two_way import EVEN, TwoWay
from suffice.labels.kinds._words import side_of_words


@dataclass(frozen=True)
class Comparison(TwoWay):
    """A label that says which of two items is better: 1 the first, 0 the second, or neither.

    Bradley and Terry's model of its odds is the difference of the items' scores.
    """

    @property
    def name(self) -> str:
        """What schemes call it."""
        return "preferences"

    @property
    def said(self) -> str:
        """The same for all comparisons."""
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """The sides, by their codes."""
        return "second", "first"

    @property
    def tie(self) -> float | None:
        """A comparison may be even."""
        return EVEN

    def code(self, word: str) -> float | None:
        """1 for a word for the first item, 0 for the second, .5 for a tie; None for others."""
        side = side_of_words([word]).get(word)
        return None if side is None else side + EVEN

    def word(self, code: float) -> str:
        """``first``, ``second`` or ``tie``."""
        known = {1.0: "first", 0.0: "second", EVEN: "tie"}
        if code not in known:
            raise ValueError(f"{code} is no code of a comparison")
        return known[code]


COMPARISON = Comparison()
"""All comparisons are alike."""
