"""The answer with the most votes: how often it is wrong."""

from __future__ import annotations

from functools import lru_cache
from math import comb, factorial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def plurality_error(wrong: Floats, labels: int, others: float = 1.0) -> Floats:
    """Chance that the answer with the most of r votes is wrong, for labels wrong at these rates.

    Exact where wrong labels spread evenly over a whole number of other answers.

    Args:
        wrong: chance that one label is wrong.
        labels: votes of a task, r.
        others: wrong answers to choose from.
    """
    import numpy as np

    if labels == 1:
        return wrong
    low = int(np.floor(others))
    part = extra_others(others)
    win = (1.0 - part) * _wins(labels, low)
    if part > 0.0:
        win = win + part * _wins(labels, low + 1)
    right = 1.0 - wrong
    total = np.zeros_like(wrong)
    for k in range(labels + 1):
        if win[k] < 1.0:
            total += (1.0 - win[k]) * comb(labels, k) * right**k * wrong ** (labels - k)
    return np.asarray(np.clip(total, 0.0, 1.0))


def extra_others(others: float) -> float:
    """Share of tasks with one wrong answer more, linear in the chance that two wrongs agree."""
    import numpy as np

    low = np.floor(others)
    return float((1.0 / low - 1.0 / others) / (1.0 / low - 1.0 / (low + 1.0)))


@lru_cache(maxsize=256)
def _wins(labels: int, others: int) -> NDArray[np.float64]:
    """Chance that the right answer wins with k of r votes, ties split fairly [k]."""
    import numpy as np

    right = np.arange(labels + 1)
    if others == 1:
        return np.asarray(0.5 * (1.0 + np.sign(2 * right - labels)), dtype=np.float64)
    # ways[n][top][ties]: how often n wrong votes on the answers so far have that top and ties.
    chance = np.zeros(labels + 1)
    for k in right:
        table: dict[tuple[int, int], float] = {(0, 0): 1.0}
        for _ in range(others):
            fresh: dict[tuple[int, int], float] = {}
            for (used, ties), ways in table.items():
                for n in range(min(labels - k - used, k) + 1):
                    key = used + n, ties + (n == k)
                    fresh[key] = fresh.get(key, 0.0) + ways / factorial(n)
            table = fresh
        rest = labels - int(k)
        scale = factorial(rest) / float(others) ** rest
        chance[k] = sum(w * scale / (1 + t) for (used, t), w in table.items() if used == rest)
    chance[0] = 0.0
    return chance
