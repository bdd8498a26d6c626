"""Models of comparisons: strengths, positions, judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply.preferences._bradley_terry import Items as Items
    from suffice.supply.preferences._bradley_terry import bradley_terry as bradley_terry
    from suffice.supply.preferences._position import Preferences as Preferences
    from suffice.supply.preferences._position import find_preferences as find_preferences
    from suffice.supply.preferences._position import preference_lines as preference_lines

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.supply.preferences._bradley_terry": (
            "Items",
            "bradley_terry",
        ),
        "suffice.supply.preferences._position": (
            "Preferences",
            "find_preferences",
            "preference_lines",
        ),
    },
)
