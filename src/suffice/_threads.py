"""Work on large arrays by all cores at once, in blocks that stay in the processor's cache."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import numpy as np
    from threadpoolctl import ThreadpoolController

_FEWEST = 4
"""With fewer blocks, starting threads takes longer than they save."""


def in_threads(work: Callable[[int, int], None], count: int, step: int) -> None:
    """Call ``work(first, last)`` for all blocks of ``step`` below ``count``.

    NumPy lets go of Python's lock inside its loops, so that threads run side by side as long as
    a block is large. Every block must write to places of its own.
    """
    ends = [(k, min(k + step, count)) for k in range(0, count, step)]
    cores = min(len(os.sched_getaffinity(0)), len(ends))
    if cores < 2 or len(ends) < _FEWEST:
        for first, last in ends:
            work(first, last)
        return
    # A block's products are small: shared out once more, their threads would wait for each other.
    with one_blas_thread(), ThreadPoolExecutor(cores) as pool:
        for done in [pool.submit(work, *end) for end in ends]:
            done.result()


def in_blocks(
    work: Callable[[int, int, np.random.Generator], None],
    count: int,
    step: int,
    rng: np.random.Generator,
) -> None:
    """The same with a generator of its own for each block, so that threads need not take turns.

    Numbers depend on ``step``, not on how many threads there are.
    """
    own = rng.spawn(-(-count // step))
    in_threads(lambda first, last: work(first, last, own[first // step]), count, step)


def one_blas_thread() -> AbstractContextManager[object]:
    """Keep matrix products to one thread within a ``with``.

    For work of many small products: shared out, their threads wait for each other and use up to
    half as much time again.
    """
    limit: AbstractContextManager[object] = _blas().limit(limits=1, user_api="blas")
    return limit


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    """Finding the libraries takes longer than a block."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
