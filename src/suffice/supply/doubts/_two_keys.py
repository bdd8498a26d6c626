"""Models with one key and with two: which right label each group of workers sees in each task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_ROUNDS, _SETTLE = 25, 5
"""Rounds of expectation and maximisation, and those before workers may change sides. Chosen for
time: the models need not have converged, since they are compared on tasks that neither saw."""
_MANY = 200
"""Workers from which SciPy finds the two leading vectors: all take about a second at 1,500."""
_RESTARTS = 300
"""Restarts of SciPy's search for them before all are computed (chosen; real crowds take tens)."""
_DENSE = 4_000_000
"""Cells (workers x tasks x classes) up to which misses are one dense table, 16 MB: a product of
such takes a twentieth of a second, less than importing SciPy's sparse ones."""
_WEIGHTS = 10.0, 5.0
"""Labels of the crowd that each row of a worker's matrix borrows, on clear and on hard tasks.
Chosen: as many as a worker gives of a class in a small table, fewer where people differ."""
_START_RIGHT, _START_APART = (0.9, 0.65), 0.2
"""Where the search starts: chances of a right answer on clear and hard tasks, and the share of
tasks where keys differ. Chosen."""


class Labels:
    """The labels that a model is fitted to, as counts by task and by worker and label."""

    def __init__(
        self, task: Array, worker: Array, label: Array, shape: tuple[int, int, int]
    ) -> None:
        """Count once; ``shape`` is the number of tasks, workers and classes."""
        import numpy as np

        from suffice.supply._row_sums import RowSums

        self.task, self.worker, self.label = task, worker, label
        self.tasks, self.workers, self.classes = shape
        given, cells = worker * self.classes + label, self.workers * self.classes
        self.by_task = RowSums(task, given, self.tasks, cells)
        self.by_given = RowSums(given, task, cells, self.tasks)
        self.filled = np.bincount(task, minlength=self.tasks) > 0


@dataclass(frozen=True, eq=False)
class Keys:
    """Models fitted side by side (M).

    States (S): K clear, K hard, and, with two keys, K(K-1) where keys differ. ``side_WM`` is
    the chance that a worker is of the second group; ``key_GS`` the right label of each group in
    each state; ``confusion_WMLKK`` P(label | right label) on clear and hard tasks.
    """

    state_MST: Array
    share_MS: Array
    key_GS: Array
    level_S: Array
    confusion_WMLKK: Array
    side_WM: Array

    def only(self, number: int) -> Keys:
        """One of the models."""
        one = slice(number, number + 1)
        return replace(
            self,
            state_MST=self.state_MST[one],
            share_MS=self.share_MS[one],
            confusion_WMLKK=self.confusion_WMLKK[:, one],
            side_WM=self.side_WM[:, one],
        )

    def log_chances(self) -> Array:
        """Log chance of each label by group, [group, worker, label, model, state]."""
        import numpy as np

        log = np.log(np.maximum(self.confusion_WMLKK, 1e-12)).transpose(0, 4, 1, 2, 3)
        return np.stack([log[..., self.level_S, key_S] for key_S in self.key_GS])

    def log_joint(self, data: Labels) -> Array:
        """Log chance of a task's labels and its state, float32 [model, state, task]."""
        import numpy as np

        first, second = self.log_chances()
        table = first + self.side_WM[:, None, :, None] * (second - first)
        flat = table.reshape(data.workers * data.classes, -1).astype(np.float32)
        total = np.ascontiguousarray(data.by_task(flat).T)
        total += np.log(self.share_MS).reshape(-1, 1).astype(np.float32)
        return total.reshape(*self.share_MS.shape, data.tasks)

    def log_score(self, data: Labels) -> Array:
        """Log chance of all labels of each task, its keys unknown, float64 [model, task]."""
        import numpy as np

        joint = self.log_joint(data)
        top = joint.max(axis=1)
        total = np.exp(joint - top[:, None]).sum(axis=1)
        return np.asarray(np.log(total) + top, dtype=np.float64)


def fit_keys(data: Labels, start: Keys | None = None, side_WM: Array | None = None) -> Keys:
    """Expectation and maximisation: one key, or two keys from a fit of one and guesses of sides."""
    import numpy as np

    classes, two = data.classes, side_WM is not None
    sides = np.zeros((data.workers, 1)) if side_WM is None else side_WM
    models = sides.shape[1]
    key, level = _states(classes, two=two)
    if start is None:
        confusion = np.zeros((data.workers, 1, 2, classes, classes))
        for number, right in enumerate(_START_RIGHT):
            right = max(right, 1.5 / classes)
            confusion[:, :, number] = (1.0 - right) / max(classes - 1, 1)
            confusion[:, :, number, np.arange(classes), np.arange(classes)] = right
    else:
        confusion = np.repeat(start.confusion_WMLKK, models, axis=1)
    differ = key[0] != key[1]
    shares = np.where(differ, _START_APART / max(differ.sum(), 1), 1.0)
    shares[~differ] *= (1.0 - shares[differ].sum()) / (~differ).sum()
    nothing = np.zeros((models, len(level), data.tasks))
    model = Keys(nothing, np.tile(shares, (models, 1)), key, level, confusion, sides)
    model = _expect(data, model)
    given = _given(data, model)
    for number in range(_ROUNDS):
        model = _expect(data, _maximise(data, model, given))
        if two or number < _ROUNDS - 1:
            given = _given(data, model)
        if two and number >= _SETTLE:
            model = _take_sides(model, given)
    return model


def _states(classes: int, *, two: bool) -> tuple[Array, Array]:
    import numpy as np

    same = np.arange(classes)
    key = [np.tile(same, 2), np.tile(same, 2)]
    level = np.repeat([0, 1], classes)
    if two:
        first, second = np.nonzero(~np.eye(classes, dtype=bool))
        key = [np.concatenate([key[0], first]), np.concatenate([key[1], second])]
        level = np.concatenate([level, np.zeros(len(first), dtype=np.int64)])
    return np.stack(key), level


def _given(data: Labels, model: Keys) -> Array:
    """How often each worker gave each label in each state, [worker, label, model, state]."""
    import numpy as np

    flat = np.ascontiguousarray(model.state_MST.reshape(-1, data.tasks).T)
    counts = data.by_given(flat)
    return counts.reshape(data.workers, data.classes, *model.share_MS.shape)


def _maximise(data: Labels, model: Keys, given: Array) -> Keys:
    """Confusion matrices, drawn towards the crowd's, and the shares of the states."""
    import numpy as np

    classes, level = data.classes, model.level_S
    models, states = model.share_MS.shape
    side = model.side_WM[:, None, :, None].astype(np.float32)
    seen = np.zeros((data.workers * classes * models, 2 * classes), dtype=np.float32)
    for key_S, share in zip(model.key_GS, (1.0 - side, side), strict=True):
        at = np.zeros((states, 2 * classes), dtype=np.float32)
        at[np.arange(states), level * classes + key_S] = 1.0
        seen += (given * share).reshape(-1, states) @ at
    # How often each worker gave each label where the right one was k, by level.
    counts = seen.reshape(data.workers, classes, models, 2, classes).transpose(0, 2, 3, 4, 1)
    counts = counts.astype(np.float64)
    crowd = counts.sum(axis=0) + 0.5
    crowd /= crowd.sum(axis=3, keepdims=True)
    confusion = counts + np.array(_WEIGHTS)[:, None, None] * crowd
    confusion /= confusion.sum(axis=4, keepdims=True)
    known = data.filled
    shares = model.state_MST[:, :, known].sum(axis=2) + 0.5
    shares /= known.sum() + 0.5 * states
    return replace(model, share_MS=shares, confusion_WMLKK=at_least_guessing(confusion))


def _expect(data: Labels, model: Keys) -> Keys:
    """The states of the tasks."""
    import numpy as np

    joint = model.log_joint(data)
    joint -= joint.max(axis=1)[:, None]
    state = np.exp(joint, out=joint)
    state /= state.sum(axis=1)[:, None]
    return replace(model, state_MST=state)


def _take_sides(model: Keys, given: Array) -> Keys:
    """Which group each worker is of."""
    import numpy as np

    first, second = model.log_chances()
    pull = (given * (second - first)).sum(axis=(1, 3))
    share = np.clip(model.side_WM.mean(axis=0), 0.05, 0.95)
    pull = np.clip(pull + np.log(share / (1.0 - share)), -30.0, 30.0)
    return replace(model, side_WM=1.0 / (1.0 + np.exp(-pull)))


def at_least_guessing(confusion: Array) -> Array:
    """Nobody is less often right than by guessing: else one key could pass for two."""
    import numpy as np

    classes = confusion.shape[-1]
    diagonal = np.arange(classes)
    right = confusion[..., diagonal, diagonal]
    better = np.clip(right, 1.0 / classes + 0.01, 0.995)
    scaled = confusion * ((1.0 - better) / np.maximum(1.0 - right, 1e-9))[..., None]
    scaled[..., diagonal, diagonal] = better
    return scaled


def best_two_keys(data: Labels, one: Keys) -> Keys:
    """Two keys from several starts: the leading ways in which workers' misses go together."""
    import numpy as np

    state = one.state_MST[0]
    right = np.stack([state[one.key_GS[0] == k].sum(axis=0) for k in range(data.classes)], axis=1)
    counts = np.bincount(data.task * data.classes + data.label, minlength=right.size)
    shown = counts.reshape(right.shape) + 1e-9
    starts: list[Array] = []
    for expected in (right, shown / shown.sum(axis=1, keepdims=True)):
        for vector in _directions(data, expected):
            second = _upper(vector)
            # Which group is called the second makes no difference.
            if not any((second == old).all() or (second != old).all() for old in starts):
                starts.append(second)
    fits = fit_keys(data, one, np.where(np.stack(starts, axis=1), 0.95, 0.05))
    scores = fits.log_score(data)[:, data.filled].sum(axis=1)
    return fits.only(int(np.argmax(scores)))


def _directions(data: Labels, expected: Array) -> list[Array]:
    """The two leading ways in which workers stray together from what is expected of a task."""
    import numpy as np

    together = _together(data, expected)
    load = np.sqrt(np.maximum(np.diag(together), 1e-9))
    together = together / load[:, None] / load
    np.fill_diagonal(together, 0.0)
    if len(together) > _MANY:
        from scipy.sparse.linalg import ArpackNoConvergence, eigsh

        try:
            _, vectors = eigsh(together, k=2, v0=np.ones(len(together)), maxiter=_RESTARTS)
        except ArpackNoConvergence:  # hardly two workers share a task: many values are alike
            _, vectors = np.linalg.eigh(together)
    else:
        _, vectors = np.linalg.eigh(together)
    return [vectors[:, -k] for k in (1, 2)]


def _together(data: Labels, expected: Array) -> Array:
    """Products of two workers' misses, summed over the tasks that both labelled."""
    import numpy as np

    classes, workers = data.classes, data.workers
    if data.workers * data.tasks * classes <= _DENSE:
        missed = np.zeros((workers, data.tasks, classes), dtype=np.float32)
        missed[data.worker, data.task] = -expected[data.task]
        missed[data.worker, data.task, data.label] += 1.0
        flat = missed.reshape(workers, -1)
        return np.asarray(flat @ flat.T, dtype=np.float64)
    from scipy.sparse import csr_matrix

    rows = np.repeat(data.worker, classes)
    columns = (data.task[:, None] * classes + np.arange(classes)).ravel()
    off = (np.arange(classes) == data.label[:, None]) - expected[data.task]
    sparse: Any = csr_matrix((off.ravel(), (rows, columns)), (workers, data.tasks * classes))
    return np.asarray((sparse @ sparse.T).todense())


def _upper(value: Array) -> Array:
    """The upper of two clusters of numbers: the cut that leaves the least spread within."""
    import numpy as np

    ordered = np.sort(value)
    below = np.arange(1, len(value))
    total = ordered.cumsum()
    lower, upper = total[:-1] / below, (total[-1] - total[:-1]) / (len(value) - below)
    cut = int(np.argmax(below * (len(value) - below) * (upper - lower) ** 2))
    return np.asarray(value > ordered[cut])
