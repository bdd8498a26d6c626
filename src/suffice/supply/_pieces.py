"""Work on many labels piece by piece, so that temporary arrays stay small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

PIECE = 4_000_000
"""Labels that are worked on at once. Chosen for memory: 32 MB a temporary array, and so many that
the loops cost nothing; whoever has fewer labels gets one piece."""


def pieces(length: int, size: int = PIECE) -> list[slice]:
    """Slices that cover ``length`` elements, ``size`` of them each at most; one for none."""
    return [slice(at, min(at + size, length)) for at in range(0, max(length, 1), size)]


def share_right(truth_DT: Array, task: Array, label: Array) -> NDArray[Any]:
    """In which share of the draws each label is right, float64 [label]."""
    import numpy as np

    count = np.zeros(len(task), dtype=np.int64)
    for truth in truth_DT:
        count += truth[task] == label
    return np.asarray(count / len(truth_DT))
