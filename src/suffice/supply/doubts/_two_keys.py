"""Models with one key and with two: which right label each group of workers sees in each task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_ROUNDS, _SETTLE = 25, 5
_MANY = 200
_WEIGHTS = 10.0, 5.0
_START_RIGHT, _START_APART = (0.9, 0.65), 0.2


class Labels:
    """The labels that a model is fitted to, as counts by task and by worker and label."""

    def __init__(
        self, task: Array, worker: Array, label: Array, shape: tuple[int, int, int]
    ) -> None:
        """Count once; ``shape`` is the number of tasks, workers and classes."""
        import numpy as np
        from scipy.sparse import csr_matrix

        self.task, self.worker, self.label = task, worker, label
        self.tasks, self.workers, self.classes = shape
        size = self.tasks, self.workers * self.classes
        self.counts: Any = csr_matrix(
            (np.ones(len(task)), (task, worker * self.classes + label)), shape=size
        )
        self.turned: Any = self.counts.T.tocsr()
        self.filled = np.bincount(task, minlength=self.tasks) > 0


@dataclass(frozen=True, eq=False)
class Keys:
    """A fitted model. States: K clear, K hard, and, with two keys, K(K-1) where keys differ.

    ``side_W`` is the chance that a worker is of the second group; ``key_GS`` the right label of
    each group in each state; ``confusion_WLKK`` P(label | right label) on clear and hard tasks.
    """

    state_TS: Array
    share_S: Array
    key_GS: Array
    level_S: Array
    confusion_WLKK: Array
    side_W: Array

    def chances(self) -> Array:
        """Chance of each label in each state, for both groups, [group, worker * label, state]."""
        import numpy as np

        workers, _, classes, _ = self.confusion_WLKK.shape
        tables = [self.confusion_WLKK[:, self.level_S, key_S] for key_S in self.key_GS]
        return np.stack([t.transpose(0, 2, 1).reshape(workers * classes, -1) for t in tables])

    def joint(self, data: Labels) -> Array:
        """Log chance of a task's labels and its state, float64 [task, state]."""
        import numpy as np

        first, second = np.log(np.maximum(self.chances(), 1e-12))
        side = np.repeat(self.side_W, data.classes)[:, None]
        total = data.counts @ ((1.0 - side) * first + side * second)
        return np.asarray(total + np.log(self.share_S))

    def log_score(self, data: Labels) -> Array:
        """Log chance of all labels of each task, its keys unknown, float64 [task]."""
        import numpy as np

        joint = self.joint(data)
        top = joint.max(axis=1, keepdims=True)
        return np.asarray(np.log(np.exp(joint - top).sum(axis=1)) + top[:, 0])


def fit_keys(data: Labels, start: Keys | None = None, side_W: Array | None = None) -> Keys:
    """Expectation and maximisation: one key, or two keys from a fit of one and a guess of sides."""
    import numpy as np

    classes, two = data.classes, side_W is not None
    key, level = _states(classes, two=two)
    if start is None:
        confusion = np.zeros((data.workers, 2, classes, classes))
        for number, right in enumerate(_START_RIGHT):
            right = max(right, 1.5 / classes)
            confusion[:, number] = (1.0 - right) / max(classes - 1, 1)
            confusion[:, number, np.arange(classes), np.arange(classes)] = right
    else:
        confusion = start.confusion_WLKK
    differ = key[0] != key[1]
    shares = np.where(differ, _START_APART / max(differ.sum(), 1), 1.0)
    shares[~differ] *= (1.0 - shares[differ].sum()) / (~differ).sum()
    sides = np.zeros(data.workers) if side_W is None else side_W
    model = Keys(np.zeros((data.tasks, len(level))), shares, key, level, confusion, sides)
    model = _expect(data, model)
    for number in range(_ROUNDS):
        model = _expect(data, _maximise(data, model))
        if two and number >= _SETTLE:
            model = _take_sides(data, model)
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


def _maximise(data: Labels, model: Keys) -> Keys:
    """Confusion matrices, drawn towards the crowd's, and the shares of the states."""
    import numpy as np

    classes, level = data.classes, model.level_S
    side = np.repeat(model.side_W, classes)[:, None]
    given = np.asarray(data.turned @ model.state_TS)
    # How often each worker gave each label where the right one was k, by level.
    seen = np.zeros((data.workers, 2, classes, classes))
    for key_S, share in zip(model.key_GS, (1.0 - side, side), strict=True):
        mass = (given * share).reshape(data.workers, classes, -1)
        for number in (0, 1):
            at = (key_S[:, None] == np.arange(classes)) & (level == number)[:, None]
            seen[:, number] += (mass @ at.astype(np.float64)).transpose(0, 2, 1)
    crowd = seen.sum(axis=0) + 0.5
    crowd /= crowd.sum(axis=2, keepdims=True)
    confusion = seen + np.array(_WEIGHTS)[:, None, None] * crowd
    confusion /= confusion.sum(axis=3, keepdims=True)
    known = data.filled
    shares = (model.state_TS[known].sum(axis=0) + 0.5) / (known.sum() + 0.5 * len(level))
    return replace(model, share_S=shares, confusion_WLKK=_at_least_guessing(confusion))


def _expect(data: Labels, model: Keys) -> Keys:
    """The states of the tasks."""
    import numpy as np

    state = np.exp(model.joint(data) - model.log_score(data)[:, None])
    return replace(model, state_TS=state)


def _take_sides(data: Labels, model: Keys) -> Keys:
    """Which group each worker is of."""
    import numpy as np

    given = np.asarray(data.turned @ model.state_TS)
    first, second = np.log(np.maximum(model.chances(), 1e-12))
    pull = (given * (second - first)).sum(axis=1).reshape(data.workers, data.classes).sum(axis=1)
    share = np.clip(model.side_W.mean(), 0.05, 0.95)
    pull = np.clip(pull + np.log(share / (1.0 - share)), -30.0, 30.0)
    return replace(model, side_W=1.0 / (1.0 + np.exp(-pull)))


def _at_least_guessing(confusion: Array) -> Array:
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

    right = np.stack([one.state_TS[:, one.key_GS[0] == k].sum(axis=1) for k in
                      range(data.classes)], axis=1)  # fmt: skip
    counts = np.bincount(data.task * data.classes + data.label, minlength=right.size)
    shown = counts.reshape(right.shape) + 1e-9
    starts = []
    for expected in (right, shown / shown.sum(axis=1, keepdims=True)):
        for vector in _directions(data, expected):
            starts.append(np.where(_upper(vector), 0.95, 0.05))
    fits = [fit_keys(data, one, start) for start in starts]
    scores = [fit.log_score(data)[data.filled].sum() for fit in fits]
    return fits[int(np.argmax(scores))]


def _directions(data: Labels, expected: Array) -> list[Array]:
    """The two leading ways in which workers stray together from what is expected of a task."""
    import numpy as np
    from scipy.sparse import csr_matrix

    classes = data.classes
    rows = np.repeat(data.worker, classes)
    columns = (data.task[:, None] * classes + np.arange(classes)).ravel()
    off = (np.arange(classes) == data.label[:, None]) - expected[data.task]
    missed: Any = csr_matrix((off.ravel(), (rows, columns)), (data.workers, data.tasks * classes))
    together = np.asarray((missed @ missed.T).todense())
    load = np.sqrt(np.maximum(np.diag(together), 1e-9))
    together = together / load[:, None] / load
    np.fill_diagonal(together, 0.0)
    if len(together) > _MANY:
        from scipy.sparse.linalg import eigsh

        _, vectors = eigsh(together, k=2, v0=np.ones(len(together)))
    else:
        _, vectors = np.linalg.eigh(together)
    return [vectors[:, -k] for k in (1, 2)]


def _upper(value: Array) -> Array:
    """The upper of two clusters of numbers: the cut that leaves the least spread within."""
    import numpy as np

    ordered = np.sort(value)
    below = np.arange(1, len(value))
    total = ordered.cumsum()
    lower, upper = total[:-1] / below, (total[-1] - total[:-1]) / (len(value) - below)
    cut = int(np.argmax(below * (len(value) - below) * (upper - lower) ** 2))
    return np.asarray(value > ordered[cut])
