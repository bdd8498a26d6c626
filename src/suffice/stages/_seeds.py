"""Seeds of training runs, by what they are for: what a law was fitted to never checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.errors import InputError

if TYPE_CHECKING:
    from suffice.study import Study

CHECK_SEED = 1_000_000
"""Seeds of check runs start here, or at the first thousand beyond the grid's: a convention."""
_APART = 1_000
"""Seeds of two studies' grids lie so far apart (convention; results hang on it)."""


def grid_seeds(study: Study) -> range:
    """The seeds that every cell of the grid is trained with."""
    first = study.seed * _APART
    return range(first, first + study.grid.seeds)


def check_seeds(study: Study, first: int | None = None) -> range:
    """The seeds of the check, none of which the grid has used.

    Args:
        study: what is asked.
        first: of the seeds; by default one from which on none is the grid's.

    Raises:
        InputError: some of them are the grid's, so that the law would be checked with tasks and
            labels that it was fitted to, or they are below 0.
    """
    used = grid_seeds(study)
    beyond = max(CHECK_SEED, -(-used.stop // _APART) * _APART)
    fresh = CHECK_SEED if used.start >= CHECK_SEED + study.check.runs else beyond
    start = fresh if first is None else first
    seeds = range(start, start + study.check.runs)
    if start < 0:
        raise InputError(f"{start} is no seed of a check", fix=f"give {fresh} or more")
    if shared := range(max(seeds.start, used.start), min(seeds.stop, used.stop)):
        raise InputError(
            f"seeds {seeds.start} to {seeds.stop - 1} of the check are not fresh: the grid of this "
            f"study was trained with {len(shared)} of them ({shared.start} to {shared.stop - 1})",
            fix=f"start at {fresh}",
        )
    return seeds
