"""Files as people and tools write them: one reader a format, asked in the order of ``FORMATS``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.labels.formats._frame import read_frame as read_frame
    from suffice.labels.formats._frame import rows_of as rows_of
    from suffice.labels.formats._known import list_formats as list_formats
    from suffice.labels.formats._pair_shapes import PARTS as PARTS
    from suffice.labels.formats._pair_shapes import is_pairs as is_pairs
    from suffice.labels.formats._pair_shapes import standard as standard
    from suffice.labels.formats._pair_texts import pair_messages as pair_messages
    from suffice.labels.formats._pair_texts import pair_texts as pair_texts
    from suffice.labels.formats._preferences import PreferenceTable as PreferenceTable
    from suffice.labels.formats._preferences import preferences_of_frame as preferences_of_frame
    from suffice.labels.formats._preferences import read_preferences as read_preferences
    from suffice.labels.formats._prompts import as_asked as as_asked
    from suffice.labels.formats._prompts import known_prompts as known_prompts
    from suffice.labels.formats._readers import FORMATS as FORMATS

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.labels.formats._frame": (
            "read_frame",
            "rows_of",
        ),
        "suffice.labels.formats._known": ("list_formats",),
        "suffice.labels.formats._pair_shapes": (
            "PARTS",
            "is_pairs",
            "standard",
        ),
        "suffice.labels.formats._pair_texts": (
            "pair_messages",
            "pair_texts",
        ),
        "suffice.labels.formats._preferences": (
            "PreferenceTable",
            "preferences_of_frame",
            "read_preferences",
        ),
        "suffice.labels.formats._prompts": (
            "as_asked",
            "known_prompts",
        ),
        "suffice.labels.formats._readers": ("FORMATS",),
    },
)
