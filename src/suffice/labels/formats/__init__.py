"""Files as other tools write them, one reader a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.labels.formats._argilla import is_argilla as is_argilla
    from suffice.labels.formats._argilla import read_argilla as read_argilla
    from suffice.labels.formats._frame import read_frame as read_frame
    from suffice.labels.formats._label_studio import is_label_studio as is_label_studio
    from suffice.labels.formats._label_studio import read_label_studio as read_label_studio
    from suffice.labels.formats._preferences import PreferenceTable as PreferenceTable
    from suffice.labels.formats._preferences import preferences_of_frame as preferences_of_frame
    from suffice.labels.formats._preferences import read_preferences as read_preferences

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.labels.formats._argilla": (
            "is_argilla",
            "read_argilla",
        ),
        "suffice.labels.formats._frame": ("read_frame",),
        "suffice.labels.formats._label_studio": (
            "is_label_studio",
            "read_label_studio",
        ),
        "suffice.labels.formats._preferences": (
            "PreferenceTable",
            "preferences_of_frame",
            "read_preferences",
        ),
    },
)
