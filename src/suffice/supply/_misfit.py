"""How far somebody's labels lie from what the crowd's answers say of them, and what gold shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.supply._pieces import pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes

    Array = NDArray[Any]

_FREEDOM = 3.0
"""Degrees of freedom of misfits: most are small, some large (chosen; their variance exists)."""
MISFIT_VARIANCE = _FREEDOM / (_FREEDOM - 2.0)
"""Variance of a misfit with a scale of 1."""
_CELLS, _REACH = 161, 0.8
"""Grid of misfits, in chances: an error that the crowd's answers miss by more is unheard of."""
_SLOPE_LABELS, _SLOPE_VARIANCE = 5.0, 0.1
"""Labels without a slope that are added to those with gold, and the variance of predictions that
they have (chosen: of shares between 0 and 1)."""
_ALIKE = 0.05
"""How much misses of people go together, who answered the same gold tasks in part: all of them say
no more of the scale than twenty would (chosen)."""
_SCALES, _SCALE_SD, _OWNERS = 21, 0.8, 2_000
"""Scales that are tried, how far they differ between tables (a factor of two, chosen), and owners
of labels that speak for them at most (chosen for time)."""


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

    value, weight = _posterior(np.asarray(mean_N), variance_N, scale_N)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = weight @ value
    return np.asarray(mean), np.sqrt(np.maximum(weight @ value**2 - mean**2, 0.0))


def learned_scale(mean_N: Array, variance_N: Array, unit_N: Array, middle: float) -> float:
    """How large the misfits of owners of one kind are, in their units; ``middle`` without gold.

    Model: log-normal around ``middle``, so that gold on some owners speaks for those without.

    Args:
        mean_N, variance_N: of the misses on gold, the variance infinite where there is none.
        unit_N: what a scale of 1 is for each owner.
        middle: of the prior.
    """
    import numpy as np

    shown = np.flatnonzero(np.isfinite(variance_N))[:_OWNERS]
    if not len(shown):
        return middle
    step = np.linspace(-2.5, 2.5, _SCALES)
    scales = middle * np.exp(_SCALE_SD * step)
    log_weight = -0.5 * step**2
    for number, scale in enumerate(scales):
        _, weight = _posterior(mean_N[shown], variance_N[shown], scale * unit_N[shown], whole=True)
        log_chance = float(np.log(np.maximum(weight.sum(axis=1), 1e-300)).sum())
        log_weight[number] += log_chance / (1.0 + (len(shown) - 1.0) * _ALIKE)
    weight = np.exp(log_weight - log_weight.max())
    return float(np.exp(weight @ np.log(scales) / weight.sum()))


def _posterior(
    mean_N: Array, variance_N: Array, scale_N: Array, *, whole: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A grid of misfits and their weights [n, cell]; ``whole`` ones sum to the chance of gold."""
    import numpy as np

    # Finer near 0, where the posterior is narrow when gold agrees with the crowd.
    place = np.linspace(-1.0, 1.0, _CELLS)
    value = _REACH * np.sign(place) * place**2
    width = np.abs(place) + 1.0 / _CELLS
    scale = np.maximum(scale_N, 1e-6)[:, None]
    log_weight = np.log(width) - 0.5 * (_FREEDOM + 1.0) * np.log1p((value / scale) ** 2 / _FREEDOM)
    if whole:
        log_weight -= np.log(np.exp(log_weight).sum(axis=1, keepdims=True))
    precision = 1.0 / np.maximum(variance_N, 1e-9)
    log_weight = log_weight - 0.5 * (value - mean_N[:, None]) ** 2 * precision[:, None]
    if whole:
        return value, np.exp(log_weight)
    return value, np.exp(log_weight - log_weight.max(axis=1, keepdims=True))


def shown_by_gold(
    votes: Votes, owner: Array, count: int, *, these: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What gold shows of the accuracy on all *other* tasks, and its variance, [owner] each.

    Model: prediction-powered inference. A label's prediction is how often the other labels of its
    task agree with it, which gold has no part in; on gold tasks the labels are right more or less
    often than predicted, and so they are on the other tasks. How much the prediction counts is
    chosen by its covariance with being right (power tuning).
    Assumes: gold tasks are like the others.
    Reference: Angelopoulos et al. (2023), Science 382; Angelopoulos, Duchi and Zrnic (2023),
    arXiv 2311.01453, on power tuning.

    Args:
        votes: the labels.
        owner: the owner of each label, -1 for labels that do not count.
        count: of owners.
        these: whether the accuracy is meant on these very other tasks, or on all such tasks.

    Returns:
        Accuracy and variance, infinite where an owner has no gold.
    """
    import numpy as np

    counts = votes.counts()
    size = counts.sum(axis=1)

    def predicted(at: Any) -> Array:  # noqa: ANN401 - a slice or numbers
        task, label = votes.task[at], votes.label[at]
        others = size[task] - 1.0
        agree = (counts[task, label] - 1.0) / np.maximum(others, 1.0)
        return np.where(others > 0, agree, 0.5)

    rest_sum, rest_n = np.zeros(count), np.zeros(count)
    golden = []
    for piece in pieces(len(votes)):
        mine = owner[piece] >= 0
        known = votes.gold[votes.task[piece]] >= 0
        other = np.flatnonzero(mine & ~known) + piece.start
        rest_sum += np.bincount(owner[other], predicted(other), count)
        rest_n += np.bincount(owner[other], minlength=count)
        golden.append(np.flatnonzero(mine & known) + piece.start)
    at = np.concatenate(golden)
    who, task, f = owner[at], votes.task[at], predicted(at)
    right = (votes.label[at] == votes.gold[task]).astype(np.float64)
    n = np.bincount(who, minlength=count)
    labels = np.maximum(n, 1)
    mean_f, mean_right = (np.bincount(who, v, count) / labels for v in (f, right))
    gap_f, gap_right = f - mean_f[who], right - mean_right[who]
    # A few labels say little of the slope: it starts from none.
    square = np.bincount(who, gap_f**2, count) + _SLOPE_LABELS * _SLOPE_VARIANCE
    slope = np.bincount(who, gap_f * gap_right, count) / square
    slope = np.clip(slope * rest_n / (rest_n + labels), 0.0, 1.0)
    rest_f = rest_sum / np.maximum(rest_n, 1.0)
    value = np.clip(mean_right + slope * (rest_f - mean_f), 0.0, 1.0)
    # Labels of one task by one owner go together.
    reach = len(votes.gold)
    cell, back = np.unique(who * reach + task, return_inverse=True)
    each = cell // reach
    left = np.bincount(back, gap_right - slope[who] * gap_f, len(cell))
    # One task more that is half wrong: a handful of tasks that agree prove little.
    extra = 0.25 * (n / np.maximum(np.bincount(each, minlength=count), 1)) ** 2
    # Mean and slope were fitted to the same gold.
    spent = n / np.maximum(n - 2.0, 1.0)
    total = np.bincount(each, left**2, count) * spent + extra
    variance = total / labels**2
    if these:
        variance += total / labels / np.maximum(rest_n, 1.0)
    return value, np.where(n > 0, variance, np.inf)
