"""Reasons to doubt a label table, and whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.supply.doubts._collusion import Group as Group
    from suffice.supply.doubts._collusion import find_groups as find_groups
    from suffice.supply.doubts._collusion import merge_groups as merge_groups
    from suffice.supply.doubts._doubt import Identified as Identified
    from suffice.supply.doubts._doubt import doubt as doubt
    from suffice.supply.doubts._doubt import machines_are_right as machines_are_right
    from suffice.supply.doubts._ids import ids_test as ids_test
    from suffice.supply.doubts._judges import judge_report as judge_report
    from suffice.supply.doubts._split import Split as Split
    from suffice.supply.doubts._split import find_split as find_split
    from suffice.supply.doubts._suspects import SURE as SURE
    from suffice.supply.doubts._suspects import Flag as Flag
    from suffice.supply.doubts._suspects import at_least as at_least
    from suffice.supply.doubts._suspects import expected_false as expected_false
    from suffice.supply.doubts._suspects import find_suspects as find_suspects
    from suffice.supply.doubts._suspects import group_names as group_names

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.supply.doubts._collusion": (
            "Group",
            "find_groups",
            "merge_groups",
        ),
        "suffice.supply.doubts._doubt": (
            "Identified",
            "doubt",
            "machines_are_right",
        ),
        "suffice.supply.doubts._ids": ("ids_test",),
        "suffice.supply.doubts._judges": ("judge_report",),
        "suffice.supply.doubts._split": (
            "Split",
            "find_split",
        ),
        "suffice.supply.doubts._suspects": (
            "Flag",
            "SURE",
            "at_least",
            "expected_false",
            "find_suspects",
            "group_names",
        ),
    },
)
