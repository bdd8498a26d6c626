"""Labels on a scale as arrays: what the models of scales are fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Marks:
    """Labels on a scale, sorted by task, as parallel arrays of length n.

    Attributes:
        task, worker: numbers, int64 [n].
        value: what was given, float64 [n].
        gold: the right value of each task, NaN where unknown, float64 [task].
        workers: how many there are (of all sets).
        task_set, worker_set: the set of each task and worker; tables side by side, each with
            hyperparameters of its own, are how calibration is checked.
        sets: how many sets.
    """

    task: NDArray[np.int64]
    worker: NDArray[np.int64]
    value: NDArray[np.float64]
    gold: NDArray[np.float64]
    workers: int
    task_set: NDArray[np.int64]
    worker_set: NDArray[np.int64]
    sets: int = 1

    @property
    def tasks(self) -> int:
        """The number of tasks."""
        return len(self.gold)

    def __len__(self) -> int:
        """The number of labels."""
        return len(self.task)


def by_set(values: Array, of: Array, sets: int) -> Array:
    """Sums over the first axis, by set."""
    import numpy as np

    if values.ndim == 1:
        return np.bincount(of, values, sets)
    total = np.zeros((sets, *values.shape[1:]))
    np.add.at(total, of, values)
    return total


def draw_sd(squares: Array, count: Array, prior: tuple[float, float], rng: Any) -> Array:  # noqa: ANN401
    """Draw standard deviations from sums of squares; ``prior`` is the variance's inverse gamma."""
    import numpy as np

    shape, rate = prior
    return np.asarray(np.sqrt((rate + squares / 2.0) / rng.gamma(shape + count / 2.0)))


def draw_mean(
    total: Array,
    count: Array,
    sd: Array,
    prior: tuple[float, float],
    rng: Any,  # noqa: ANN401
) -> Array:
    """Draw means from sums and counts of what has a standard deviation; ``prior`` is normal."""
    import numpy as np

    mean, wide = prior
    precision = count / sd**2 + 1.0 / wide**2
    return np.asarray(
        rng.normal((total / sd**2 + mean / wide**2) / precision, 1.0 / np.sqrt(precision))
    )
