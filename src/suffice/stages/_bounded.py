"""How large the cells of a grid may be, so that the whole of it can be trained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suffice.demand import SourceLimits

MOST_TRAINED = 40_000_000
"""Labelled tasks in all runs of a grid together, beyond which its largest cells are made smaller.

Chosen: about two hours of the probe on two processors; the example's grid has 4 million."""
LEAST_CAP = 1_000
"""Labels of one source that a cell may have however large the grid is: with fewer nothing could be
learned of large purchases (chosen)."""


def largest_cells(
    limits: Mapping[str, SourceLimits], models: int, seeds: int
) -> dict[str, SourceLimits]:
    """The limits of a grid's sources, lowered until the whole grid is no more than can be trained.

    A study without capacities could ask for cells of any size from every source and model; what
    lies beyond them is then a forecast that says how far it reaches.
    """
    from suffice.demand.runs import lines_of

    cap = max((limit.most for limit in limits.values()), default=0)

    def capped() -> dict[str, SourceLimits]:
        return {
            name: replace(limit, most=min(limit.most, max(cap, min(limit.repeats))))
            for name, limit in limits.items()
        }

    found = capped()
    while cap > LEAST_CAP:
        tasks = sum(c.tasks for limit in found.values() for c in lines_of(limit))
        if tasks * models * seeds <= MOST_TRAINED:
            break
        cap = max(cap // 2, LEAST_CAP)
        found = capped()
    return found
