"""Krippendorff's alpha of labels on a scale, by order and by distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.estimate import interval
from suffice.records import Interval, ScaleAgreementRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.scales._scale_votes import ScaleVotes

    Array = NDArray[Any]

_RESAMPLES = 300
"""Bootstrap tables: 15 lie beyond each end of a 90 % interval (chosen)."""
_MOST_TASKS = 20_000
"""Tasks that are resampled. Chosen for time: intervals of a sample are narrowed to all tasks."""


def alpha_of(value: Array, task: Array, tasks: int, *, ordinal: bool) -> float:
    """Krippendorff's alpha with the ordinal or the interval metric; NaN where all are equal.

    Model: observed over expected squared difference. The ordinal metric counts how many labels lie
    between two values, half of those at either: it is the interval metric of their mean ranks.
    Reference: Krippendorff (2011), Computing Krippendorff's alpha-reliability.

    Args:
        value: of each label, any numbers [n].
        task: number of its task [n].
        tasks: how many there are; those with fewer than two labels do not count.
        ordinal: whether differences count by order alone.
    """
    import numpy as np

    size = np.bincount(task, minlength=tasks)
    kept = size[task] >= 2
    if not kept.any():
        return float("nan")
    value, task = value[kept], task[kept]
    if ordinal:
        value = mean_ranks(value)
    n, first, second = _sums(value, task, tasks)
    return float(_alpha(n, first, second, np.ones((1, len(n))))[0])


def mean_ranks(value: Array) -> NDArray[np.float64]:
    """The rank of each value among all of them, equal ones sharing theirs [n]."""
    import numpy as np

    _, place, count = np.unique(value, return_inverse=True, return_counts=True)
    return np.asarray((count.cumsum() - count / 2.0)[place])


def scale_agreement(votes: ScaleVotes, *, seed: int = 0) -> dict[str, ScaleAgreementRow]:
    """Alpha by order and by distance with 90 % intervals, over all labels and by source.

    Model: see ``alpha_of``; intervals by resampling tasks, ranks held as they are. Where all tasks
    dissent alike, or none does, the interval allows for as many other tasks as so few leave
    possible (5 %).
    Assumes: tasks are a random sample.
    Fails when: there are few tasks (below about 30 the intervals are too narrow).
    """
    rows = {"all": _row(votes.value, votes.task, len(votes.tasks), votes.ordinal, seed)}
    if len(votes.source_names) > 1:
        for number, name in enumerate(votes.source_names):
            mine = votes.sources == number
            rows[name] = _row(
                votes.value[mine], votes.task[mine], len(votes.tasks), votes.ordinal, seed
            )
    return rows


def _row(value: Array, task: Array, tasks: int, ordinal: bool, seed: int) -> ScaleAgreementRow:
    import numpy as np

    kept = np.bincount(task, minlength=tasks)[task] >= 2
    value, task = value[kept], task[kept]
    usable = len(np.unique(task))
    if usable < 2:
        return ScaleAgreementRow(tasks=usable, statement="no two tasks have two labels each")
    found = {"interval": _estimated(value, task, tasks, seed)}
    if ordinal:
        found = {"ordinal": _estimated(mean_ranks(value), task, tasks, seed), **found}
    return ScaleAgreementRow(
        tasks=usable,
        labels=len(value),
        krippendorff_alpha={name: row for name, row in found.items() if row is not None},
    )


def _estimated(value: Array, task: Array, tasks: int, seed: int) -> Interval | None:
    import numpy as np

    rng = Stream.SCALE_AGREEMENT.rng(seed)
    # About the mean: squares of what is left keep their digits.
    n, first, second = _sums(value - value.mean(), task, tasks)
    whole = float(_alpha(n, first, second, np.ones((1, len(n))))[0])
    if not np.isfinite(whole):
        return None
    shrink, sums = 1.0, (n, first, second)
    if len(n) > _MOST_TASKS:
        picked = rng.choice(len(n), _MOST_TASKS, replace=False)
        shrink = float(np.sqrt(_MOST_TASKS / len(n)))
        sums = n[picked], first[picked], second[picked]
    size = len(sums[0])
    weights = rng.multinomial(size, np.full(size, 1.0 / size), _RESAMPLES).astype(np.float64)
    drawn = _alpha(*sums, weights)
    drawn = drawn[np.isfinite(drawn)]
    low, high = interval((drawn - drawn.mean()) * shrink) if len(drawn) else (0.0, 0.0)
    apart = _dissent(n, first, second) / n
    bounds = [whole + low, whole + high]
    if np.ptp(apart) <= 1e-9 * max(float(apart.max()), 1e-12):
        # All tasks alike: as many others as could have been missed, agreeing or one label off.
        most = 1.0 - 0.05 ** (1.0 / len(n))
        bounds[1] = max(bounds[1], 1.0 - (1.0 - most) * (1.0 - whole))
        bounds[0] = min(bounds[0], whole - most * float(np.mean(2.0 / n)))
    return Interval(value=whole, low=min(bounds[0], whole), high=min(max(bounds[1], whole), 1.0))


def _sums(value: Array, task: Array, tasks: int) -> tuple[Array, Array, Array]:
    """Number, sum and sum of squares of the labels of each task that has two or more."""
    import numpy as np

    n = np.bincount(task, minlength=tasks).astype(np.float64)
    kept = n >= 2
    first, second = (np.bincount(task, value**power, tasks)[kept] for power in (1, 2))
    return n[kept], first, second


def _dissent(n: Array, first: Array, second: Array) -> Array:
    """Squared differences of the pairs of labels of each task, for each of its labels, summed."""
    found: Array = 2.0 * (n * second - first**2) / (n - 1.0)
    return found


def _alpha(n: Array, first: Array, second: Array, weights: Array) -> Array:
    """Alpha for each row of task weights."""
    import numpy as np

    observed = weights @ _dissent(n, first, second)
    total, one, two = weights @ n, weights @ first, weights @ second
    expected = 2.0 * (total * two - one**2) / np.maximum(total - 1.0, 1.0)
    # Sums of equal values leave rounding behind.
    nothing = expected <= 1e-12 * np.maximum(two, 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(nothing, np.nan, 1.0 - observed / expected))
