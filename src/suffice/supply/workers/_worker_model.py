"""The worker model: who gives which label to a task of a class and a difficulty.

With chance ``sigmoid(a[w, k])`` worker w answers a task of class k rightly; a wrong answer falls on
another class with chances ``q[w, k]``. Three kinds share this form: ``coin`` (one ``a`` a worker,
wrong answers spread evenly), ``class`` (an ``a`` for each class, wrong answers spread as the crowd
spreads them) and ``full`` (each worker spreads them in an own way).

Tasks differ in difficulty, in one of two ways. ``lean``, for two classes: a hard task shifts every
``a`` down by the same amount, so that the crowd may lean to the wrong side; the shifts follow
Student's t with 3 degrees of freedom. ``discount``, for more classes: on a hard task a share of
the labels are guesses. (With more than two classes a leaning crowd could not be told from
classes that are mixed up.)

Several independent tables can be fitted at once: every task and worker belongs to a *set*, and each
set has its own hyperparameters. This is how the model's calibration is checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.supply._pieces import pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

KINDS = ("coin", "class", "full")
LEAN_LEVELS = 9
LEAN_REACH = 6.0
"""Levels of the shift, and the largest in units of its scale. Chosen: nine points hold Student's t,
close where most tasks are; 1 % of it lies beyond six."""
LEAN_FREEDOM = 3.0
"""Degrees of freedom of the shifts. Chosen: heavy tails, so that a few tasks may mislead nearly
everybody while most are alike, and a variance that exists."""
LEAN_HARD = 0.3
"""Hard tasks shift skills by this share of what easy ones do: more of them confuse than mislead."""
LEAN_PRIOR_TASKS = 20.0
"""How many gold tasks the prior of the lean levels weighs."""
DISCOUNTS = (0.0, 0.5, 0.9)
DISCOUNT_PRIOR = (8.0, 1.0, 1.0)
"""Shares of guesses on easy, hard and hopeless tasks, and how many tasks the Dirichlet prior of
these levels weighs each. Chosen: most tasks are easy until labels say otherwise."""
SKILL_MEAN, SKILL_SD = 1.5, 1.0
"""Normal prior of the crowd's mean skill, cut off below zero: most people mean to be right.

Without the cut every posterior has a second mode with all answers turned round, and a sampler
that starts from the majority never sees it."""
CLASS_SD = 0.3
"""How much the crowd's mean skill differs between classes, in log odds (chosen: a class on which
everybody is worse by more than .6 is rare before labels show it)."""
VARIANCE_SHAPE, VARIANCE_RATE = 2.0, 1.0
"""Inverse-gamma prior of the variances of skills: median .6, a tail as of t (chosen, weak)."""
SPREAD_MEDIAN, SPREAD_LOG_SD = 5.0, 1.0
"""Log-normal prior of the weight, in labels, with which a worker's wrong answers follow the
crowd's (chosen: between .7 and 36 for 95 %)."""
CLASS_SHARE_PRIOR, CLASS_SHARE_LEAST, CLASS_SHARE_TASKS = 8.0, 2.0, 40.0
"""Weight of the Dirichlet prior of the class shares for each class, in tasks.

Where tasks and labels are few, an even prior keeps a crowd that prefers one class from being taken
for a right one. With many classes it is less for each, so that all weigh 40 tasks at most (or two
for each)."""
TABLE_CELLS = 400_000
"""Confusion matrices are fitted up to this many cells (workers x classes^2 x difficulties)."""
BLOCK_CELLS = 6_000_000
"""Chances (tasks x classes x difficulties) that are held at once, 24 MB. Chosen for memory; tables
whose difficulty has its second move (``_gibbs._SMALL``) fit into one block."""
_LARGEST_EXPONENT = 700.0
"""exp(709) is the largest that float64 holds."""


@dataclass(frozen=True, eq=False)
class Crowd:
    """What the model is fitted to: labels sorted by task, and the set of each task and worker.

    ``twins`` are the numbers of two classes that nothing tells apart (the sides of a pair): both
    have one share, every worker one skill on both, and errors fall on both alike.
    """

    task: NDArray[np.int64]
    worker: NDArray[np.int64]
    label: NDArray[np.int64]
    gold: NDArray[np.int64]
    workers: int
    classes: int
    task_set: NDArray[np.int64]
    worker_set: NDArray[np.int64]
    sets: int = 1
    twins: tuple[int, int] | None = None

    @property
    def tasks(self) -> int:
        """The number of tasks."""
        return len(self.gold)


@dataclass(eq=False)
class State:
    """One point of the posterior. Leading axes: S sets, W workers, K classes, T tasks."""

    a_WK: Array
    alpha_W: Array
    mean_SK: Array
    mean_S: Array
    worker_sd_S: Array
    class_sd_S: Array
    spread_SKK: Array
    spread_weight_S: Array
    q_WKK: Array
    scale_S: Array
    level_SD: Array
    share_SK: Array
    z_T: Array
    d_T: Array


@dataclass(frozen=True, eq=False)
class Drawn:
    """One draw of what it takes to draw labels, of a fit to one set.

    Attributes:
        a_WK: skills, float32 [worker, class], or [worker, 1] where they do not depend on it.
        spread: where wrong answers fall: [class, label] for all workers, [worker, class, label] for
            each of them, or None where they fall evenly.
        scale: of the lean shifts.
        level_D: shares of the levels of difficulty.
        share_K: shares of the classes.
    """

    a_WK: NDArray[np.float32]
    spread: NDArray[np.float32] | None
    scale: float
    level_D: NDArray[np.float64]
    share_K: NDArray[np.float64]

    @classmethod
    def of(cls, state: State, kind: str) -> Drawn:
        """Copy what is needed out of the sampler's state."""
        import numpy as np

        skills = state.a_WK[:, :1] if kind == "coin" else state.a_WK
        spread = {"coin": None, "class": state.spread_SKK[0], "full": state.q_WKK}[kind]
        return cls(
            a_WK=skills.astype(np.float32),
            spread=None if spread is None else spread.astype(np.float32),
            scale=float(state.scale_S[0]),
            level_D=state.level_SD[0].copy(),
            share_K=state.share_SK[0].copy(),
        )

    def right(
        self, difficulty: Difficulty, worker: Array, z: Array, level: Array, shift: Array
    ) -> NDArray[np.float64]:
        """Chance of a right answer; all arguments broadcast, ``shift`` is added to the skill."""
        return self.right_by_shift(difficulty, worker, z, level)(shift)

    def right_by_shift(
        self, difficulty: Difficulty, worker: Array, z: Array, level: Array
    ) -> Callable[[Array], NDArray[np.float64]]:
        """The same as a function of the shift, for who tries many of them."""
        import numpy as np

        skill = self.a_WK[worker, z if self.a_WK.shape[1] > 1 else 0]
        hard = difficulty.levels[level]
        if difficulty.way == "lean":
            against = np.exp(self.scale * hard - skill)
            return lambda shift: np.asarray(1.0 / (1.0 + against * np.exp(-shift)))
        against, signal, luck = np.exp(-skill), 1.0 - hard, hard / len(self.share_K)
        return lambda shift: np.asarray(signal / (1.0 + against * np.exp(-shift)) + luck)

    def crowd(
        self, difficulty: Difficulty, worker: Array, weight: Array, shift: float
    ) -> NDArray[np.float64]:
        """Chance that a worker, taken by weight, gives a label, float64 [class, level, label]."""
        import numpy as np

        classes, levels = len(self.share_K), difficulty.count
        who, z = worker[:, None, None], np.arange(classes)[None, :, None]
        right = self.right(difficulty, who, z, np.arange(levels), np.asarray(shift))
        other = (1.0 - np.eye(classes)) / max(classes - 1, 1)
        spread = other if self.spread is None else self.spread
        if spread.ndim == 3:
            table = np.einsum("w,wkd,wkl->kdl", weight, 1.0 - right, spread[worker])
        else:
            wrong = np.einsum("w,wkd->kd", weight, 1.0 - right)
            table = wrong[:, :, None] * spread[:, None, :]
        if difficulty.way == "discount":
            guess = difficulty.levels[None, :, None] * (1.0 - 1.0 / classes)
            signal = 1.0 - guess / np.maximum(table.sum(axis=2, keepdims=True), 1e-12)
            table = table * signal + guess * other[:, None, :]
        table[np.arange(classes), :, np.arange(classes)] = np.einsum("w,wkd->kd", weight, right)
        return np.asarray(table)

    def labels(
        self,
        difficulty: Difficulty,
        worker: Array,
        z: Array,
        level: Array,
        shift: Array,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Draw the label of each worker to a task of class z and a level; parallel arrays [n]."""
        import numpy as np

        classes, n = len(self.share_K), len(z)
        is_right = rng.random(n) < self.right(difficulty, worker, z, level, shift)
        label = z.copy()
        at = np.flatnonzero(~is_right)
        other = (z[at] + rng.integers(1, classes, len(at))) % classes
        if self.spread is not None and classes > 2:
            rows = self.spread[z[at]] if self.spread.ndim == 2 else self.spread[worker[at], z[at]]
            heap = rows.cumsum(axis=1)
            picked = (heap < rng.random((len(at), 1)) * heap[:, -1:]).sum(axis=1)
            if difficulty.way == "discount":
                # A wrong guess falls on any class alike.
                guess = difficulty.levels[level[at]]
                even = guess * (1.0 - 1.0 / classes)
                of = np.maximum(1.0 - self.right(difficulty, worker, z, level, shift)[at], 1e-12)
                picked = np.where(rng.random(len(at)) < even / of, other, picked)
            other = picked
        label[at] = np.minimum(other, classes - 1)
        return np.asarray(label)


@dataclass(frozen=True, eq=False)
class Difficulty:
    """The levels of difficulty.

    Attributes:
        way: ``lean`` or ``discount``.
        levels: the shift in units of its scale, or the share of guesses, float64 [level].
        log_prior: of each level (lean); where it is None the shares of levels are learned.
    """

    way: str
    levels: NDArray[np.float64]
    log_prior: NDArray[np.float64] | None

    @property
    def count(self) -> int:
        """The number of levels."""
        return len(self.levels)


def class_share_prior(classes: int) -> float:
    """Weight of the prior of the class shares for each class."""
    return max(CLASS_SHARE_LEAST, min(CLASS_SHARE_PRIOR, CLASS_SHARE_TASKS / classes))


def difficulty_for(classes: int) -> Difficulty:
    """The difficulty that suits this number of classes."""
    import numpy as np

    if classes > 2:
        return Difficulty("discount", np.array(DISCOUNTS), None)
    levels = np.sinh(np.linspace(-1.0, 1.0, LEAN_LEVELS) * np.arcsinh(LEAN_REACH))
    edges = (levels[1:] + levels[:-1]) / 2.0
    # Student's t with 3 degrees of freedom in closed form (LEAN_FREEDOM).
    t = edges / np.sqrt(LEAN_FREEDOM)
    below = 0.5 + (np.arctan(t) + t / (1.0 + t**2)) / np.pi
    cumulated = np.concatenate([[0.0], below, [1.0]])
    levels = np.where(levels > 0.0, LEAN_HARD * levels, levels)
    return Difficulty("lean", levels, np.log(np.diff(cumulated)))


def all_alike() -> Difficulty:
    """Tasks that do not differ in difficulty.

    What one accuracy a worker is taken with: with that and leaning tasks, a crowd that prefers one
    class is soon taken for one whose tasks are all of it (measured on public crowds, where that
    cost 12 points on ZenCrowd and 4 on rte).
    """
    import numpy as np

    return Difficulty("lean", np.zeros(1), np.zeros(1))


def log_right_wrong(
    state: State, crowd: Crowd, difficulty: Difficulty, part: slice = slice(None)
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log chance of a right and of a wrong answer, float64 [worker, class, level] each.

    Only for the ``lean`` way, where right and wrong do not depend on which wrong class it is.
    """
    shift = state.scale_S[crowd.worker_set[part]][:, None, None] * difficulty.levels
    return log_sigmoids(state.a_WK[part, :, None] - shift)


def log_sigmoids(x: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log of ``sigmoid(x)`` and of ``sigmoid(-x)``, to 1e-15, of the shape of ``x``."""
    import numpy as np

    # Several times as fast as logaddexp. Past the cut the wrong one is exp(-700) anyway.
    right = -np.log(1.0 + np.exp(np.minimum(-x, _LARGEST_EXPONENT)))
    return right, right - x


def confusion(state: State, part: slice = slice(None)) -> NDArray[np.float64]:
    """P(label | class) of each worker at difficulty zero, float64 [worker, class, label]."""
    import numpy as np

    classes = state.a_WK.shape[1]
    right = 1.0 / (1.0 + np.exp(-state.a_WK[part]))
    table = (1.0 - right)[:, :, None] * state.q_WKK[part]
    diagonal = np.arange(classes)
    table[:, diagonal, diagonal] = right
    return np.asarray(table)


def label_log_table(
    state: State, crowd: Crowd, difficulty: Difficulty, part: slice = slice(None)
) -> NDArray[np.float64]:
    """Log chance of a label by some of the workers, float64 [worker, label, class, level]."""
    import numpy as np

    classes = crowd.classes
    diagonal = np.arange(classes)
    if difficulty.way == "lean":
        right, wrong = log_right_wrong(state, crowd, difficulty, part)
        table = np.repeat(wrong[:, None], classes, axis=1)
        if classes > 2:  # of two classes a wrong answer is the other one
            table += np.log(np.maximum(state.q_WKK[part], 1e-12)).transpose(0, 2, 1)[..., None]
        table[:, diagonal, diagonal] = right
        return np.asarray(table)
    signal = confusion(state, part).transpose(0, 2, 1)[..., None] * (1.0 - difficulty.levels)
    return np.asarray(np.log(np.maximum(signal + difficulty.levels / classes, 1e-12)))


def coin_log_terms(
    state: State, crowd: Crowd, difficulty: Difficulty
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log chance of the right and of one given wrong label, float64 [worker, level] each."""
    import numpy as np

    others = crowd.classes - 1
    if difficulty.way == "lean":
        right, wrong = log_right_wrong(state, crowd, difficulty)
        return right[:, 0], wrong[:, 0] - np.log(others)
    chance = 1.0 / (1.0 + np.exp(-state.a_WK[:, :1]))
    guess = difficulty.levels / crowd.classes
    right = np.log(chance * (1.0 - difficulty.levels) + guess)
    wrong = np.log((1.0 - chance) / others * (1.0 - difficulty.levels) + guess)
    return right, wrong


class TaskTables:
    """Turns a state into log P(labels, class, difficulty) of every task."""

    def __init__(self, crowd: Crowd, kind: str, difficulty: Difficulty) -> None:
        """Prepare the sums over labels once."""
        import numpy as np

        from suffice.supply._row_sums import RowSums

        self.crowd, self.difficulty, self.kind = crowd, difficulty, kind
        self.by_right = kind == "coin" and crowd.classes > 2
        workers, classes = crowd.workers, crowd.classes
        cells = crowd.classes * difficulty.count
        size = max(BLOCK_CELLS // cells, 1) if crowd.tasks * cells > BLOCK_CELLS else crowd.tasks
        self.blocks = pieces(crowd.tasks, size)
        self._sums = []
        ends = np.searchsorted(crowd.task, [0, *(block.stop for block in self.blocks)])
        for block, start, end in zip(self.blocks, ends, ends[1:], strict=False):
            tasks = block.stop - block.start
            task, worker, label = (
                part[start:end] for part in (crowd.task, crowd.worker, crowd.label)
            )
            task = task - block.start
            if self.by_right:
                # Right or wrong is all that counts: a sum for each task and class that was given.
                given = task * classes + label
                self._sums.append(RowSums(given, worker, tasks * classes, workers))
            else:
                given = worker * classes + label
                self._sums.append(RowSums(task, given, tasks, workers * classes))

    def terms(self, state: State) -> NDArray[np.float32]:
        """What a label adds to the log chances of its task, a row a worker or worker and label."""
        import numpy as np

        crowd, levels = self.crowd, self.difficulty.count
        if self.by_right:
            right, wrong = coin_log_terms(state, crowd, self.difficulty)
            return np.concatenate([wrong, right - wrong], axis=1, dtype=np.float32)
        columns = crowd.classes * levels
        flat = np.empty((crowd.workers, crowd.classes, crowd.classes, levels), dtype=np.float32)
        for part in pieces(crowd.workers, max(BLOCK_CELLS // (crowd.classes * columns), 1)):
            flat[part] = label_log_table(state, crowd, self.difficulty, part)
        return flat.reshape(crowd.workers * crowd.classes, columns)

    def log_joint(self, state: State, terms: Array, number: int) -> NDArray[np.float32]:
        """Log P(labels, class, level), float32 [class, level, task], gold left aside.

        Args:
            state: the point of the posterior.
            terms: what ``terms`` makes of the same state.
            number: of the block of tasks.
        """
        import numpy as np

        crowd, levels, block = self.crowd, self.difficulty.count, self.blocks[number]
        tasks = block.stop - block.start
        # Tasks last: all that follows runs over them, and there are far more of them. Chances are
        # drawn with: seven digits are plenty.
        summed = self._sums[number](terms)
        if self.by_right:
            by_class = summed.reshape(tasks, crowd.classes, 2 * levels)
            by_class = np.ascontiguousarray(by_class.transpose(1, 2, 0))
            joint = by_class[:, levels:] + by_class[:, :levels].sum(axis=0)
        else:
            joint = np.ascontiguousarray(summed.T).reshape(crowd.classes, levels, tasks)
        share, level = np.log(state.share_SK).T, self.log_levels(state).T
        before = (share[:, None] + level).astype(np.float32)  # [class, level, set]
        joint += before if crowd.sets == 1 else before[:, :, crowd.task_set[block]]
        return np.asarray(joint)

    def log_levels(self, state: State) -> NDArray[np.float64]:
        """Log prior of the levels, float64 [set, level]."""
        import numpy as np

        return np.asarray(np.log(np.maximum(state.level_SD, 1e-300)))


def start_state(crowd: Crowd, difficulty: Difficulty, rng: np.random.Generator) -> State:
    """A state to start from: majority vote, with ties broken by chance."""
    import numpy as np

    tasks, workers, classes, sets = crowd.tasks, crowd.workers, crowd.classes, crowd.sets
    counts = np.bincount(crowd.task * classes + crowd.label, minlength=tasks * classes)
    votes = counts.reshape(tasks, classes) + 0.5 * rng.random((tasks, classes))
    z = votes.argmax(axis=1)
    z[crowd.gold >= 0] = crowd.gold[crowd.gold >= 0]
    spread = np.full((sets, classes, classes), 1.0 / max(classes - 1, 1))
    spread[:, np.arange(classes), np.arange(classes)] = 0.0
    likely = np.exp(difficulty.log_prior) if difficulty.log_prior is not None else None
    level = np.asarray(DISCOUNT_PRIOR) / sum(DISCOUNT_PRIOR) if likely is None else likely
    return State(
        a_WK=np.full((workers, classes), SKILL_MEAN),
        alpha_W=np.zeros(workers),
        mean_SK=np.full((sets, classes), SKILL_MEAN),
        mean_S=np.full(sets, SKILL_MEAN),
        worker_sd_S=np.full(sets, 0.7),
        class_sd_S=np.full(sets, 0.7),
        spread_SKK=spread,
        spread_weight_S=np.full(sets, SPREAD_MEDIAN),
        q_WKK=spread[crowd.worker_set].copy(),
        scale_S=np.full(sets, 0.4),
        level_SD=np.broadcast_to(level, (sets, difficulty.count)).copy(),
        share_SK=np.full((sets, classes), 1.0 / classes),
        z_T=z,
        d_T=rng.choice(difficulty.count, size=tasks, p=level),
    )
