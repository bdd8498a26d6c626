"""How far somebody's labels lie from what the crowd's answers say of them, and what gold shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

_FREEDOM = 3.0
"""Degrees of freedom of misfits: most are small, some large (chosen; their variance exists)."""
_CELLS, _REACH = 161, 0.8
"""Grid of misfits, in chances: an error that the crowd's answers miss by more is unheard of."""


def misfit(
    mean_N: Array, variance_N: Array, scale_N: Array
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Posterior mean and standard deviation of misfits, float64 [n] each.

    Model: a misfit follows Student's t with 3 degrees of freedom and a scale, so that one that gold
    shows clearly is hardly shrunk; gold shows it with a normal error.
    Reference: Angelopoulos et al. (2023), Science 382: prediction-powered inference, whose estimate
    this is where the scale is large.

    Args:
        mean_N: mean miss on gold tasks.
        variance_N: its variance; infinite where there is no gold.
        scale_N: of the prior.
    """
    import numpy as np

    # Finer near 0, where the posterior is narrow when gold agrees with the crowd.
    place = np.linspace(-1.0, 1.0, _CELLS)
    value = _REACH * np.sign(place) * place**2
    width = np.abs(place) + 1.0 / _CELLS
    scale = np.maximum(scale_N, 1e-6)[:, None]
    log_weight = np.log(width) - 0.5 * (_FREEDOM + 1.0) * np.log1p((value / scale) ** 2 / _FREEDOM)
    precision = 1.0 / np.maximum(variance_N, 1e-9)
    log_weight = log_weight - 0.5 * (value - np.asarray(mean_N)[:, None]) ** 2 * precision[:, None]
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ value
    return np.asarray(mean), np.sqrt(np.maximum(weight @ value**2 - mean**2, 0.0))


def missed_on_gold(
    missed: Array, number: Array, task: Array, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Mean miss of each owner of labels, its variance, and the number of labels, [owner] each.

    Args:
        missed: by how much each gold label was right less often than expected.
        number: the owner of each label.
        task: the task of each label: labels of one task by one owner go together.
        count: of owners.
    """
    import numpy as np

    n = np.bincount(number, minlength=count)
    labels = np.maximum(n, 1)
    mean = np.bincount(number, missed, count) / labels
    reach = int(task.max(initial=0)) + 1
    cell, back = np.unique(number * reach + task, return_inverse=True)
    size = np.bincount(back, minlength=len(cell))
    owner = cell // reach
    gap = np.bincount(back, missed, len(cell)) - mean[owner] * size
    tasks = np.bincount(owner, minlength=count)
    # One task more that is half wrong: a handful of tasks that agree prove little.
    extra = 0.25 * (n / np.maximum(tasks, 1)) ** 2
    variance = (np.bincount(owner, gap**2, count) + extra) / labels**2
    return mean, np.where(n > 0, variance, np.inf), n
