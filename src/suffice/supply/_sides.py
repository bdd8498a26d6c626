"""Sides of pairs as codes that do not depend on which of two was called the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_TURN = 0.6180339887498949
"""The golden ratio's fraction: its multiples tell workers apart, and no few of them cancel."""


def turns(
    task: Array, worker: Array, label: Array, twins: tuple[int, int], tasks: int
) -> NDArray[Any]:
    """Which tasks name their two sides the other way round from now on, bool [task].

    A side that most labels of a task prefer is called the first in every other task, of tasks whose
    labels look alike: the same tasks get the same codes whatever their sides were called, and over
    a table each code is right half of the time, as it is if chance names the sides.

    Args:
        task, worker, label: of each label, parallel arrays.
        twins: numbers of the two sides among the labels.
        tasks: how many there are.
    """
    import numpy as np

    side = (label == twins[0]).astype(np.float64) - (label == twins[1])
    own = ((worker + 1.0) * _TURN) % 1.0
    net = np.bincount(task, side, tasks)
    lean = np.where(net != 0.0, net, np.bincount(task, side * own, tasks))
    second = lean < 0.0
    # What a task's labels look like once the preferred side is called the first.
    said = np.where(side == 0.0, label + 2.0, np.where(second[task], -side, side))
    look = np.bincount(task, np.sqrt(own + 2.0) * (said + 3.0), tasks)
    order = np.lexsort((np.arange(tasks), look.round(9)))
    odd = np.empty(tasks, dtype=bool)
    odd[order] = np.arange(tasks) % 2 == 1
    return np.asarray(second != odd)


def swapped(codes: Array, twins: tuple[int, int], where: Array) -> NDArray[Any]:
    """The codes with the two sides exchanged where ``where`` holds; other codes stay."""
    import numpy as np

    one, other = twins
    turned = np.where(codes == one, other, np.where(codes == other, one, codes))
    return np.asarray(np.where(where, turned, codes).astype(codes.dtype))
