"""What a label can be: its answers, and the words that people write for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.labels.kinds._words import side_of_words as side_of_words

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.labels.kinds._words": ("side_of_words",),
    },
)
