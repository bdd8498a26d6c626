"""The words that people write for the sides of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_WORDS = ("left", "first", "a", "model_a", "item_a", "response_a", "1")
SECOND_WORDS = ("right", "second", "b", "model_b", "item_b", "response_b", "2")
TIE_WORDS = (
    "tie", "tied", "draw", "even", "equal", "same", "both", "neither", "none", "0.5",
    "tie (bothbad)", "both bad", "both_bad", "bothbad", "no preference", "undecided",
)  # fmt: skip


def side_of_words(labels: Sequence[Any]) -> dict[str, float]:
    """The labels that name a side: label -> .5 (first), -.5 (second), 0 (tie)."""
    known = {str(label): str(label).strip().lower() for label in labels}
    values = set(known.values())
    side: dict[str, float] = {}
    for label, word in known.items():
        if word in FIRST_WORDS:
            side[label] = 0.5
        elif word in SECOND_WORDS:
            side[label] = -0.5
        elif word in TIE_WORDS or (word in ("0", "3") and {"1", "2"} <= values):
            side[label] = 0.0
    return side


def opposite_word(word: str) -> str:
    """What the other side is called, in the same letters: "Left" for "Right"."""
    plain = word.strip().lower()
    mine, theirs = FIRST_WORDS, SECOND_WORDS
    if plain in SECOND_WORDS:
        mine, theirs = SECOND_WORDS, FIRST_WORDS
    other = theirs[mine.index(plain)]
    return other.upper() if word.isupper() else other.capitalize() if word.istitle() else other
