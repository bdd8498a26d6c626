"""Labels that name a side of a pair: which words mean which, and whether sides mean anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice.labels.kinds._words import opposite_word, side_of_words

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_NAMES = ("left", "right", "first", "second", "model_a", "model_b", "response_a", "response_b")
"""Words that mean sides even where nothing else in a table speaks of pairs; a and b, or 1 and 2,
may be classes."""
_SHOWN = ("left", "right")


@dataclass(frozen=True)
class Sides:
    """The labels that name a side of a pair of texts or items.

    Which of two is called the first is no property of them: it is the alphabet's choice, or
    chance's, and no class with a share of its own. Only where it is also what was *shown* first
    can a worker like it.

    Attributes:
        first, second: the two labels.
        ties: labels that prefer neither, each a class of its own ("tie", "both bad").
        shown: whether the first is what was shown first, but for ``presented_order``.
    """

    first: str
    second: str
    ties: tuple[str, ...]
    shown: bool

    @property
    def values(self) -> dict[str, float]:
        """Label -> .5 (the side named first), -.5, 0 (tie)."""
        return dict.fromkeys(self.ties, 0.0) | {self.first: 0.5, self.second: -0.5}


def sides_of(classes: Sequence[str], columns: Collection[str]) -> Sides | None:
    """The sides that labels name; None where they are classes of single items.

    Args:
        classes: the labels that occur, ordered. One side alone is enough: nobody may have preferred
            the other.
        columns: of the label table; ``left`` and ``right``, or ``presented_order``, speak of pairs.
    """
    has_items = {"left", "right"} <= set(columns)
    ordered = "presented_order" in columns
    known = side_of_words(classes)
    ties = tuple(name for name in classes if known.get(name) == 0.0)
    words = {name.strip().lower() for name in classes}
    shown = has_items or ordered or bool(words & set(_SHOWN))
    if len(known) == len(classes) and (has_items or ordered or words & set(_NAMES)):
        first = [name for name in classes if known[name] == 0.5]
        second = [name for name in classes if known[name] == -0.5]
        if len(first) > 1 or len(second) > 1 or not (first or second):
            return None
        one = first[0] if first else opposite_word(second[0])
        other = second[0] if second else opposite_word(first[0])
        return Sides(one, other, ties, shown)
    rest = [name for name in classes if known.get(name) != 0.0]
    if ordered and len(rest) == 2:
        return Sides(rest[0], rest[1], ties, shown)
    return None
