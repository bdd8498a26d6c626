"""Sums over labels: for each task (or worker) of a row of some table for each of its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_DENSE = 60_000
"""Up to this many cells (groups x rows) the counts are one dense matrix, which the processor's
cache holds: measured on 108 x 78, ten times as fast as the sums below."""
_PIECE = 32
"""Labels of a group that are added one after another; longer groups are cut into pieces.

Measured on five public crowds: most tasks have fewer, and adding up pieces costs a pass more."""
_MANY = 200_000
"""Labels from which SciPy's sparse product is used: twice as fast, but importing it takes as long
as auditing a small crowd."""


class RowSums:
    """Sums rows of a table by group; the labels are looked through once, the table may change.

    Label i adds row ``row[i]`` to group ``group[i]``.
    """

    def __init__(self, group: Array, row: Array, groups: int, rows: int) -> None:
        """Prepare the sums.

        Args:
            group, row: of each label, whole numbers [label].
            groups, rows: how many groups and rows there are.
        """
        import numpy as np

        self._groups = groups
        self._counts: Any = None
        if groups * rows <= _DENSE:
            counts = np.bincount(group * rows + row, minlength=groups * rows)
            self._counts = counts.reshape(groups, rows).astype(np.float32)
            return
        if len(row) > _MANY:
            from scipy.sparse import csr_matrix

            self._counts = csr_matrix(
                (np.ones(len(row), dtype=np.float32), (group, row)), shape=(groups, rows)
            )
            return
        # Pieces of groups, the longest first: the j-th labels of all pieces that have so many are
        # added at once.
        if (group[1:] < group[:-1]).any():
            order = np.argsort(group, kind="stable")
            group, row = group[order], row[order]
        size = np.bincount(group, minlength=groups)
        begin = size.cumsum() - size
        pieces = -(-size // _PIECE)
        owner = np.repeat(np.arange(groups), pieces)
        number = np.arange(len(owner)) - np.repeat(pieces.cumsum() - pieces, pieces)
        start = begin[owner] + number * _PIECE
        length = np.minimum(size[owner] - number * _PIECE, _PIECE)
        order = np.argsort(-length, kind="stable")
        start, length = start[order], length[order]
        self._rows = [
            row[start[: int((length > j).sum())] + j] for j in range(int(length.max(initial=0)))
        ]
        self._pieces = len(owner)
        self._back = np.empty(len(owner), dtype=np.intp)
        self._back[order] = np.arange(len(owner))
        self._filled = np.flatnonzero(pieces)
        self._first = (pieces.cumsum() - pieces)[self._filled]
        self._whole = len(self._filled) == groups
        self._cut = len(owner) > len(self._filled)

    def __call__(self, table: Array) -> NDArray[Any]:
        """The sums of a table [row, column], of its type, [group, column]."""
        import numpy as np

        if self._counts is not None:
            return np.asarray(self._counts @ table)
        total = np.zeros((self._pieces, table.shape[1]), dtype=table.dtype)
        for rows in self._rows:
            total[: len(rows)] += table.take(rows, axis=0)
        total = total.take(self._back, axis=0)
        if self._cut:
            total = np.add.reduceat(total, self._first, axis=0)
        if self._whole:
            return total
        spread = np.zeros((self._groups, table.shape[1]), dtype=table.dtype)
        spread[self._filled] = total
        return spread
