"""What the law believes of its sources before it has seen a run, from how their labels err."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.law._terms import SourceTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice.channel import Profile

_BIAS_FLOOR, _BIAS_PER_SHARED = 2.0, 40.0
"""Chosen: prior scale of what a source's shared error teaches, in run-to-run sd. A source whose
every third label is wrong for everyone can then move a metric by a dozen of them; runs decide how
much it does. Smaller scales make forecasts of biased sources too sure before those are measured."""

_LEAST_WORTH = 1e-4
"""A convention: what a label as good as chance is taken to be worth of a clean one, so that its
logarithm exists."""


def source_table(
    order: Sequence[str],
    error: Mapping[str, float],
    right: Mapping[tuple[str, int], float],
    shared: Mapping[str, float],
    *,
    classes: int,
    profiles: Mapping[str, Profile],
    limits: Mapping[str, tuple[int, float]],
) -> SourceTable:
    """Prior beliefs about sources, from the audit of their labels.

    Model: close to the boundary a label with error e is worth (1 - e / c)^2 of a clean one, where c
    is the error of chance: its Fisher information about a small preference, (1 - 2e)^2 for two
    answers. r labels of a task are worth what a label as good as their majority is.
    Assumes: wrong labels are any of the other answers alike.
    Fails when: errors gather where a model cannot learn from anyone; the runs then correct it.

    Args:
        order: sources from the lowest to the highest quality of one label; the last is the
            reference.
        error: of one label, by source.
        right: share of right answers of r labels' majority, by source and r, as they are sold.
        shared: part of the error that all labels of a task share, by source.
        classes: answers that a task can have.
        profiles: of everything that can be bought, when its runs are made.
        limits: see ``SourceTable``.
    """
    names = tuple(reversed(order))
    one = {n: _fisher(error[n], classes) for n in names}
    repeats = {
        n: {
            r: float(np.log(_fisher(1.0 - share, classes) / one[n]))
            for (name, r), share in right.items()
            if name == n
        }
        or {1: 0.0}
        for n in names
    }
    return SourceTable(
        names=names,
        log_worth=np.array([np.log(one[n] / one[names[0]]) for n in names]),
        repeats=repeats,
        bias=_BIAS_FLOOR + _BIAS_PER_SHARED * np.array([shared[n] for n in names]),
        profiles=profiles,
        classes=classes,
        limits=limits,
    )


def _fisher(error: float, classes: int) -> float:
    """What a label with this error is worth of a clean one."""
    chance = 1.0 - 1.0 / classes
    return max((1.0 - error / chance) ** 2, _LEAST_WORTH)
