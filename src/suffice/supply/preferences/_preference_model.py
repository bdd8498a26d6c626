"""The preference model: who prefers what is shown first, how strongly, and who calls a tie.

A worker w sees item a first and item b second. With ``eta = r[w] * (s[a] - s[b] + x * v[task]) +
c[w]`` the three answers have weights ``exp(eta / 2)`` (first), ``exp(-eta / 2)`` (second) and
``exp(t[w])`` (tie). ``s`` are the items' scores, ``v`` what is special to a task (x is -1 where the
task's items were shown the other way round), ``r`` a worker's reliability (0 guesses, below 0
inverts), ``c`` the bias to what is shown first, ``t`` the liking for ties. Items, task effects or
ties may be absent; one worker has reliability 1.

Everything is normal with variances that are learned; the typical reliability is 1, which fixes the
scale of the scores. Several independent tables can be fitted at once: every item, task and worker
belongs to a *set* with hyperparameters of its own, all sets having as many of each. This is how the
model's calibration is checked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

# Inverse-gamma priors (shape, rate) of the variances, and normal ones (mean, sd) of the means.
SCORE_VARIANCE = 1.5, 1.0
TASK_VARIANCE = 2.0, 0.5
RELIABILITY_VARIANCE = 2.5, 0.3
BIAS_VARIANCE = 2.5, 0.15
TIE_VARIANCE = 2.0, 0.5
WORKER_VARIANCES = RELIABILITY_VARIANCE, BIAS_VARIANCE, TIE_VARIANCE
BIAS_MEAN = 0.0, 0.5
TIE_MEAN = -0.5, 1.5
"""All of these are chosen and weak, as a few workers' worth: items differ by about a logit, workers
by a half, the crowd's position bias is even odds give or take .12, and ties may be anything from
rare to common. They speak where there are few comparisons; the model is calibrated under them
(docs/results/sbc.md)."""


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Comparisons as parallel arrays of length n.

    Attributes:
        first, second: number of the item shown first and second, int64 [n]; empty without items.
        worker: int64 [n].
        answer: .5 where the first was preferred, -.5 where the second was, 0 for a tie.
        task: number of the task, int64 [n], or None: nothing is special to a task.
        sign: -1 where the task's items were shown the other way round, else 1, float64 [n].
        items, workers, tasks: how many there are (of all sets).
        ties: whether ties can be answered.
        sets: independent tables; set k holds items k*items/sets up to (k+1)*items/sets.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    worker: NDArray[np.int64]
    answer: NDArray[np.float64]
    task: NDArray[np.int64] | None
    sign: NDArray[np.float64]
    items: int
    workers: int
    tasks: int
    ties: bool
    sets: int = 1

    def __len__(self) -> int:
        """The number of comparisons."""
        return len(self.worker)

    def take(self, rows: NDArray[Any]) -> Comparisons:
        """Some of the rows."""
        has_items, task = self.items > 0, self.task
        return replace(
            self,
            first=self.first[rows] if has_items else self.first,
            second=self.second[rows] if has_items else self.second,
            worker=self.worker[rows],
            answer=self.answer[rows],
            task=None if task is None else task[rows],
            sign=self.sign[rows],
        )


@dataclass(eq=False)
class State:
    """One point of the posterior. Axes: I items, W workers, T tasks, S sets.

    ``worker_WP`` holds reliability, bias and liking for ties, ``mean_SP`` and ``variance_SP`` their
    means and variances in the crowd; a worker alone in a set keeps reliability 1.
    """

    score_I: Array
    effect_T: Array
    worker_WP: Array
    score_variance_S: Array
    effect_variance_S: Array
    mean_SP: Array
    variance_SP: Array

    def copy(self) -> State:
        """A state of its own."""
        return State(**{name: value.copy() for name, value in vars(self).items()})


def start_state(data: Comparisons) -> State:
    """Everybody alike, nothing preferred."""
    import numpy as np

    sets = data.sets
    mean = np.array([1.0, BIAS_MEAN[0], TIE_MEAN[0]])
    return State(
        score_I=np.zeros(data.items),
        effect_T=np.zeros(data.tasks),
        worker_WP=np.tile(mean, (data.workers, 1)),
        score_variance_S=np.ones(sets),
        effect_variance_S=np.full(sets, 0.25),
        mean_SP=np.tile(mean, (sets, 1)),
        variance_SP=np.tile([0.15, 0.08, 0.3], (sets, 1)),
    )


def task_items(data: Comparisons) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The items that each task names first and second, int64 [task]; empty without either."""
    import numpy as np

    named, other = np.zeros((2, data.tasks if data.items else 0), dtype=np.int64)
    if data.task is not None and data.items:
        straight = data.sign > 0
        named[data.task] = np.where(straight, data.first, data.second)
        other[data.task] = np.where(straight, data.second, data.first)
    return named, other


@dataclass(frozen=True, eq=False)
class Pieces:
    """The log likelihood of each row and its derivatives by eta and t, float64 [n] each.

    ``log`` is empty where only the derivatives were asked for.
    """

    log: Array
    by_eta: Array
    by_eta_eta: Array
    by_tie: Array | None
    by_tie_tie: Array | None
    by_eta_tie: Array | None


def strength(data: Comparisons, state: State) -> NDArray[np.float64]:
    """How much the first is better than the second, float64 [n]."""
    import numpy as np

    gap = np.zeros(len(data))
    if data.items:
        gap = state.score_I[data.first] - state.score_I[data.second]
    if data.task is not None:
        gap = gap + data.sign * state.effect_T[data.task]
    return np.asarray(gap)


def pieces(data: Comparisons, gap: Array, worker_WP: Array, *, with_log: bool = True) -> Pieces:
    """The log likelihood and its derivatives; second ones with the sign of a precision."""
    import numpy as np

    # Gathering from short columns is quicker than from rows of a matrix.
    reliability, bias, liking = np.ascontiguousarray(worker_WP.T)
    eta = reliability[data.worker] * gap + bias[data.worker]
    size = np.abs(eta)
    less = np.exp(-size)
    total = 1.0 + less
    tie = None
    if data.ties:
        like = liking[data.worker]
        tie = np.exp(like - 0.5 * size)
        total = total + tie
    lean = np.copysign(0.5 * (1.0 - less) / total, eta)
    log = data.answer * eta - 0.5 * size - np.log(total) if with_log else np.zeros(0)
    curve = 0.25 * (1.0 + less) / total - lean * lean
    if tie is None:
        return Pieces(log, data.answer - lean, curve, None, None, None)
    share = tie / total
    tied = data.answer == 0.0
    return Pieces(
        log=log + np.where(tied, like, 0.0) if with_log else log,
        by_eta=data.answer - lean,
        by_eta_eta=curve,
        by_tie=tied - share,
        by_tie_tie=share * (1.0 - share),
        by_eta_tie=-share * lean,
    )


def item_terms(data: Comparisons, state: State, part: Pieces) -> tuple[Array, Array]:
    """Gradient [set, item] and precision [set, item, item] of the log posterior by the scores."""
    import numpy as np

    each = data.items // data.sets
    reliability = np.ascontiguousarray(state.worker_WP[:, 0])[data.worker]
    pull = reliability * part.by_eta
    gradient = np.bincount(data.first, pull, data.items)
    gradient -= np.bincount(data.second, pull, data.items)
    gradient -= state.score_I / np.repeat(state.score_variance_S, each)
    cell = data.first * each + data.second % each
    weight = np.bincount(cell, reliability**2 * part.by_eta_eta, data.items * each)
    weight = weight.reshape(data.sets, each, each)
    precision = -weight - weight.transpose(0, 2, 1)
    diagonal = np.arange(each)
    precision[:, diagonal, diagonal] += (
        weight.sum(axis=1) + weight.sum(axis=2) + 1.0 / state.score_variance_S[:, None]
    )
    return gradient.reshape(data.sets, each), precision


def effect_terms(data: Comparisons, state: State, part: Pieces) -> tuple[Array, Array]:
    """Gradient [task, 1] and precision [task, 1, 1] of the log posterior by the task effects."""
    import numpy as np

    assert data.task is not None
    variance = np.repeat(state.effect_variance_S, data.tasks // data.sets)
    reliability = state.worker_WP[data.worker, 0]
    pull = np.bincount(data.task, data.sign * reliability * part.by_eta, data.tasks)
    weight = np.bincount(data.task, reliability**2 * part.by_eta_eta, data.tasks)
    gradient = pull - state.effect_T / variance
    return gradient[:, None], (weight + 1.0 / variance)[:, None, None]


def worker_terms(data: Comparisons, state: State, gap: Array, part: Pieces) -> tuple[Array, Array]:
    """Gradient [worker, parameter] and precision [worker, parameter, parameter]."""
    import numpy as np

    def total(value: Array) -> Array:
        return np.bincount(data.worker, value, data.workers)

    each = data.workers // data.sets
    gradient = np.zeros((data.workers, 3))
    precision = np.zeros((data.workers, 3, 3))
    curve = part.by_eta_eta
    gradient[:, 1] = total(part.by_eta)
    precision[:, 1, 1] = total(curve)
    if each > 1:
        bend = gap * curve
        gradient[:, 0] = total(gap * part.by_eta)
        precision[:, 0, 0] = total(gap * bend)
        precision[:, 0, 1] = precision[:, 1, 0] = total(bend)
    if part.by_tie is not None and part.by_tie_tie is not None and part.by_eta_tie is not None:
        gradient[:, 2] = total(part.by_tie)
        precision[:, 2, 2] = total(part.by_tie_tie)
        precision[:, 1, 2] = precision[:, 2, 1] = total(part.by_eta_tie)
        if each > 1:
            precision[:, 0, 2] = precision[:, 2, 0] = total(gap * part.by_eta_tie)
    mean, variance = (np.repeat(v, each, axis=0) for v in (state.mean_SP, state.variance_SP))
    gradient -= (state.worker_WP - mean) / variance
    parameter = np.arange(3)
    precision[:, parameter, parameter] += 1.0 / variance
    return gradient, precision
