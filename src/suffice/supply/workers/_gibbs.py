"""Draws from the posterior of the worker model, by Gibbs sampling in array operations."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from suffice.supply.workers import _worker_model as model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.workers._worker_model import Crowd, Difficulty

    Array = NDArray[Any]
    _Tasks = tuple[Array, Array, Array]

_GRID_LOW, _GRID_HIGH, _GRID_STEP = -7.0, 10.0, 1.0 / 6.0
"""Log odds that skills are drawn at: chances of .001 to .99995, in steps that are finer than the
posterior of a worker with a hundred labels. Chosen; the grid is shifted in every sweep, so that
draws are not bound to it, and ranks of simulated skills are uniform (docs/results/sbc.md)."""
_EXACT_TABLES = 48
"""Draws of an urn that are followed one by one; beyond, chances are so small that their number is
close to Poisson (chosen for time)."""
_SMALL = 300_000
"""Labels up to which the scale of the shifts has its second move (chosen for time: it doubles the
work of a sweep)."""


class Gibbs:
    """Moves a state through the posterior; one ``sweep`` renews every unknown once.

    Skills are drawn on a grid that is shifted by chance in every sweep; everything else is drawn
    exactly, but for the difficulty's scale and the spread's weight (Metropolis steps).

    A task with one label and no gold is answered but informs nothing (a cut): nobody else's label
    says who is right there, and what such labels seem to say of the class shares comes from how
    the model misses the workers' habits. Where all tasks are like that the prior is all there is.
    """

    def __init__(
        self, crowd: Crowd, kind: str, difficulty: Difficulty, rng: np.random.Generator
    ) -> None:
        """Start from majority vote."""
        self.crowd, self.kind, self.difficulty, self.rng = crowd, kind, difficulty, rng
        self._leans = difficulty.way == "lean" and difficulty.count > 1
        self.tables = model.TaskTables(crowd, kind, difficulty)
        self.state = model.start_state(crowd, difficulty, rng)
        self.heard_T = heard_tasks(crowd)
        self._known_T = crowd.gold >= 0
        self._listen()
        self.evidence_T: Array | None = None
        self.class_KT: Array | None = None
        self.open_KT: Array | None = None

    def _listen(self) -> None:
        """The labels that inform, and the cell that each falls into at class 0 and level 0."""
        crowd, levels, classes = self.crowd, self.difficulty.count, self.crowd.classes
        heard = slice(None) if self.heard_T.all() else self.heard_T[crowd.task]
        self._task, self._label = crowd.task[heard], crowd.label[heard]
        self._cell = crowd.worker[heard] * (2 * levels)
        if self.kind != "coin":
            given = crowd.worker[heard] * classes + self._label
            self._cell = given * (classes * levels)

    def sweep(self) -> None:
        """Renew worker skills, their hyperparameters, difficulty, and the tasks' classes."""
        if self.kind == "coin":
            right, wrong = self._coin_counts()
        else:
            right, wrong, off = self._table_counts()
        self._skills(right, wrong)
        if self.kind != "coin" and self.crowd.classes > 2:
            self._spreads(off)
        if self._leans:
            self._scale(right, wrong)
        self._tasks()

    # --- what the labels say, given the tasks' classes -------------------------------------

    def _coin_counts(self) -> tuple[Array, Array]:
        """Right and wrong answers that carry signal, [worker, 1, level or 1]."""
        import numpy as np

        crowd, levels, state = self.crowd, self.difficulty.count, self.state
        cell = self._cell + (2 * state.d_T)[self._task]
        cell += self._label == state.z_T[self._task]
        counts = np.bincount(cell, minlength=crowd.workers * levels * 2)
        table = counts.reshape(crowd.workers, levels, 2)
        wrong, right = table[..., 0], table[..., 1]
        if self.difficulty.way == "discount":
            chance = 1.0 / (1.0 + np.exp(-state.a_WK[:, :1]))
            guess = self.difficulty.levels / crowd.classes
            true = (1.0 - self.difficulty.levels) * chance
            false = (1.0 - self.difficulty.levels) * (1.0 - chance) / (crowd.classes - 1)
            right = self._keep_signal(right, true, guess).sum(axis=1, keepdims=True)
            wrong = self._keep_signal(wrong, false, guess).sum(axis=1, keepdims=True)
        return right[:, None, :], wrong[:, None, :]

    def _table_counts(self) -> tuple[Array, Array, Array]:
        """Right and wrong [worker, class, level or 1], and wrong ones [worker, class, label]."""
        import numpy as np

        crowd, levels, classes = self.crowd, self.difficulty.count, self.crowd.classes
        place = self.state.z_T * levels + self.state.d_T
        size = crowd.workers * classes * classes * levels
        counts = np.bincount(self._cell + place[self._task], minlength=size)
        table = counts.reshape(crowd.workers, classes, classes, levels)
        if self.difficulty.way == "discount":
            signal = model.confusion(self.state).transpose(0, 2, 1)[..., None]
            signal = signal * (1.0 - self.difficulty.levels)
            kept = self._keep_signal(table, signal, self.difficulty.levels / classes)
            # Level by level: NumPy is slow at sums over a short last axis.
            table = np.add.reduce([kept[..., level] for level in range(levels)])[..., None]
        diagonal = np.arange(classes)
        right = table[:, diagonal, diagonal, :]
        wrong = table.sum(axis=1) - right
        if classes == 2:
            return right, wrong, table  # two classes: where wrong answers fall is known
        off = table[..., 0].transpose(0, 2, 1).copy()
        off[:, diagonal, diagonal] = 0
        return right, wrong, off

    def _keep_signal(self, counts: Array, signal: Array, guess: Array) -> Array:
        """How many of the counted labels were no guesses."""
        import numpy as np

        share = (signal / np.maximum(signal + guess, 1e-300)).ravel()
        kept = counts.ravel().copy()
        doubtful = np.flatnonzero((kept > 0) & (share < 1.0))
        kept[doubtful] = self.rng.binomial(kept[doubtful], share[doubtful])
        return kept.reshape(counts.shape)

    # --- workers ---------------------------------------------------------------------------

    def _skills(self, right: Array, wrong: Array) -> None:
        import numpy as np

        state, crowd, rng = self.state, self.crowd, self.rng
        of = crowd.worker_set
        grid = np.arange(_GRID_LOW, _GRID_HIGH, _GRID_STEP) + rng.random() * _GRID_STEP
        shifts = np.zeros((crowd.sets, 1))
        if self.difficulty.way == "lean":
            shifts = state.scale_S[:, None] * self.difficulty.levels
        log_right, log_wrong = model.log_sigmoids(grid - shifts[:, :, None])  # [set, level, grid]
        log_right, log_wrong = log_right.astype(np.float32), log_wrong.astype(np.float32)
        right, wrong = right.astype(np.float32), wrong.astype(np.float32)
        levels = right.shape[2]
        if crowd.sets == 1:
            fit = log_right[0].T @ right.reshape(-1, levels).T
            fit += log_wrong[0].T @ wrong.reshape(-1, levels).T  # [grid, worker x class]
        else:
            by_worker = right @ log_right[of] + wrong @ log_wrong[of]
            fit = np.ascontiguousarray(by_worker.reshape(-1, len(grid)).T)
        coin = self.kind == "coin"
        if coin:
            centre, sd = state.mean_S[of][:, None], state.worker_sd_S[of]
        else:
            centre, sd = state.mean_SK[of] + state.alpha_W[:, None], state.class_sd_S[of]
        sharp = np.repeat(np.sqrt(0.5) / sd, centre.shape[1])
        away = np.outer(grid, sharp).astype(np.float32)
        away -= (centre.ravel() * sharp).astype(np.float32)
        away *= away
        fit -= away
        fit -= fit.max(axis=0)
        drawn = grid[_draw_rows(np.exp(fit, out=fit), rng)].reshape(centre.shape)
        if coin:
            state.a_WK = np.broadcast_to(drawn, (crowd.workers, crowd.classes)).copy()
            self._coin_hyper(drawn[:, 0])
        else:
            state.a_WK = drawn
            self._class_hyper()

    def _coin_hyper(self, a: Array) -> None:
        import numpy as np

        state, rng, of = self.state, self.rng, self.crowd.worker_set
        count = _by_set(np.ones(len(a)), of, self.crowd.sets)
        state.mean_S = _normal(
            rng, _by_set(a, of, self.crowd.sets), count, state.worker_sd_S, 1.0, model.SKILL_SD
        )
        state.worker_sd_S = self._sd(
            _by_set((a - state.mean_S[of]) ** 2, of, self.crowd.sets), count
        )
        state.mean_SK = np.repeat(state.mean_S[:, None], self.crowd.classes, axis=1)

    def _class_hyper(self) -> None:
        import numpy as np

        state, rng, of, sets = self.state, self.rng, self.crowd.worker_set, self.crowd.sets
        classes = self.crowd.classes
        count = _by_set(np.ones(len(of)), of, sets)
        # A worker's own level, given the skills by class.
        gap = (state.a_WK - state.mean_SK[of]).sum(axis=1)
        precision = classes / state.class_sd_S[of] ** 2 + 1.0 / state.worker_sd_S[of] ** 2
        state.alpha_W = rng.normal(
            gap / state.class_sd_S[of] ** 2 / precision, 1.0 / np.sqrt(precision)
        )
        # The crowd's mean for each class, and the mean of those.
        rest = _by_set(state.a_WK - state.alpha_W[:, None], of, sets)
        within = 1.0 / state.class_sd_S[:, None] ** 2
        precision_SK = count[:, None] * within + 1.0 / model.CLASS_SD**2
        centre = (rest * within + state.mean_S[:, None] / model.CLASS_SD**2) / precision_SK
        state.mean_SK = rng.normal(centre, 1.0 / np.sqrt(precision_SK))
        top = classes / model.CLASS_SD**2 + 1.0 / model.SKILL_SD**2
        middle = state.mean_SK.sum(axis=1) / model.CLASS_SD**2
        middle = (middle + model.SKILL_MEAN / model.SKILL_SD**2) / top
        state.mean_S = _positive(rng, middle, np.broadcast_to(1.0 / np.sqrt(top), middle.shape))
        state.worker_sd_S = self._sd(_by_set(state.alpha_W**2, of, sets), count)
        left = state.a_WK - state.mean_SK[of] - state.alpha_W[:, None]
        state.class_sd_S = self._sd(_by_set((left**2).sum(axis=1), of, sets), count * classes)

    def _sd(self, squares: Array, count: Array) -> Array:
        import numpy as np

        rate = model.VARIANCE_RATE + squares / 2.0
        return np.sqrt(rate / self.rng.gamma(model.VARIANCE_SHAPE + count / 2.0))

    def _spreads(self, off: Array) -> None:
        """How wrong answers spread over the other classes."""
        import numpy as np

        state, crowd, rng = self.state, self.crowd, self.rng
        of, diagonal = crowd.worker_set, np.arange(crowd.classes)
        if self.kind == "class":
            mass = _by_set(off, of, crowd.sets) + 1.0
            state.spread_SKK = _dirichlet(rng, mass, diagonal)
            state.q_WKK = state.spread_SKK[of]
            return
        base = state.spread_weight_S[of][:, None, None] * state.spread_SKK[of]
        served = _tables(rng, off, base)
        state.spread_SKK = _dirichlet(rng, _by_set(served, of, crowd.sets) + 1.0, diagonal)
        old = state.spread_weight_S
        new = old * np.exp(0.3 * rng.normal(size=crowd.sets))
        gain = self._spread_log(off, new) - self._spread_log(off, old)
        state.spread_weight_S = np.where(np.log(rng.random(crowd.sets)) < gain, new, old)
        base = state.spread_weight_S[of][:, None, None] * state.spread_SKK[of]
        state.q_WKK = _dirichlet(rng, off + base, diagonal)

    def _spread_log(self, off: Array, weight: Array) -> Array:
        """Log density of the spread's weight, with the workers' spreads summed out [set]."""
        import numpy as np

        of = self.crowd.worker_set
        at = np.flatnonzero(off)  # where nobody answered there is nothing to say
        base = np.maximum((weight[of][:, None, None] * self.state.spread_SKK[of]).ravel()[at], 1e-9)
        given = np.zeros(off.shape)
        given.ravel()[at] = _log_gamma(off.ravel()[at] + base) - _log_gamma(base)
        whole = _log_gamma(weight)[of][:, None] - _log_gamma(off.sum(axis=2) + weight[of][:, None])
        fit = _by_set(given.sum(axis=(1, 2)) + whole.sum(axis=1), of, self.crowd.sets)
        # The density of log(weight), which is what the proposal moves.
        return fit - 0.5 * (np.log(weight / model.SPREAD_MEDIAN) / model.SPREAD_LOG_SD) ** 2

    def _scale(self, right: Array, wrong: Array) -> None:
        import numpy as np

        state, rng, crowd = self.state, self.rng, self.crowd
        skills = state.a_WK[:, : right.shape[1]]

        both = right + wrong

        def log_density(scale: Array) -> Array:
            x = skills[:, :, None] - scale[crowd.worker_set][:, None, None] * self.difficulty.levels
            fit = both * model.log_sigmoids(x)[0] - wrong * x
            total = _by_set(fit.sum(axis=(1, 2)), crowd.worker_set, crowd.sets)
            # Half-normal prior with scale 1, in terms of log(scale), which the proposal moves.
            return np.asarray(total - scale**2 / 2.0 + np.log(scale))

        here = log_density(state.scale_S)
        for _ in range(2):
            new = state.scale_S * np.exp(0.15 * rng.normal(size=crowd.sets))
            there = log_density(new)
            take = np.log(rng.random(crowd.sets)) < there - here
            state.scale_S = np.where(take, new, state.scale_S)
            here = np.where(take, there, here)

    def _scale_of_all(self, joint: Array, evidence: Array, weight: Array) -> _Tasks:
        """Move the scale with classes and difficulties summed out; they are drawn afterwards.

        Given difficulties the scale can only creep, since it multiplies all of them at once.
        """
        import numpy as np

        state, rng, crowd = self.state, self.rng, self.crowd
        old = state.scale_S
        state.scale_S = old * np.exp(0.5 * rng.normal(size=crowd.sets))
        moved = self._evidence()
        change = (moved[1] - evidence) * self.heard_T
        gain = np.bincount(crowd.task_set, change, crowd.sets)
        gain += np.log(state.scale_S / old) - (state.scale_S**2 - old**2) / 2.0
        take = np.log(rng.random(crowd.sets)) < gain
        state.scale_S = np.where(take, state.scale_S, old)
        here = joint, evidence, weight
        if crowd.sets == 1:
            return moved if take[0] else here
        of = take[crowd.task_set]
        joint, evidence, weight = (
            np.where(of, new, was) for new, was in zip(moved, here, strict=True)
        )
        return joint, evidence, weight

    # --- tasks -----------------------------------------------------------------------------

    def _evidence(self) -> _Tasks:
        """Log joints [class, level, task], their log sums [task], and the chances behind both."""
        import numpy as np

        joint = self.tables.log_joint(self.state)
        top = joint.max(axis=(0, 1))
        weight = np.exp(joint - top)
        return joint, np.log(weight.sum(axis=(0, 1))) + top, weight

    def _tasks(self) -> None:
        """Draw every task's class and difficulty; keeps what the draw was made from."""
        import numpy as np

        crowd, state, rng = self.crowd, self.state, self.rng
        levels, classes, known = self.difficulty.count, crowd.classes, self._known_T
        joint, evidence, weight = self._evidence()
        if self._leans and len(crowd.task) <= _SMALL:
            joint, evidence, weight = self._scale_of_all(joint, evidence, weight)
        self.evidence_T = evidence * self.heard_T
        by_class = weight.sum(axis=1, dtype=np.float64)
        self.open_KT = self.class_KT = by_class / by_class.sum(axis=0)
        if known.any():
            at = np.flatnonzero(known)
            right, place = crowd.gold[at], np.arange(len(at))
            of_right = joint[right, :, at].T  # [level, gold task], however unlikely
            weight[:, :, at] = 0.0
            weight[right, :, at] = np.exp(of_right - of_right.max(axis=0)).T
            certain = np.zeros((classes, len(at)))
            certain[right, place] = 1.0
            self.class_KT = self.open_KT.copy()
            self.class_KT[:, at] = certain
        drawn = _draw_rows(weight.reshape(classes * levels, crowd.tasks), rng)
        state.z_T, state.d_T = np.divmod(drawn, levels)
        heard = self.heard_T.astype(np.float64)
        cells = np.bincount(
            crowd.task_set * classes + state.z_T, heard, crowd.sets * classes
        ).reshape(crowd.sets, classes)
        share = rng.gamma(cells + model.class_share_prior(classes))
        state.share_SK = share / share.sum(axis=1, keepdims=True)
        if self.difficulty.log_prior is None:
            self._levels(heard, np.asarray(model.DISCOUNT_PRIOR))
        elif known.any() and self._leans:
            # Only gold tells a task that misleads from an easy one of the other class, so the
            # tasks without gold have no say in how many lean which way.
            prior = model.LEAN_PRIOR_TASKS * np.exp(self.difficulty.log_prior)
            self._levels(known.astype(np.float64), prior)

    def _levels(self, counted: Array, prior: Array) -> None:
        """Draw the shares of the levels from the counted tasks."""
        import numpy as np

        crowd, levels = self.crowd, self.difficulty.count
        cell = crowd.task_set * levels + self.state.d_T
        cells = np.bincount(cell, counted, crowd.sets * levels).reshape(crowd.sets, levels)
        level = self.rng.gamma(cells + prior)
        self.state.level_SD = level / level.sum(axis=1, keepdims=True)


def heard_tasks(crowd: Crowd) -> NDArray[np.bool_]:
    """Which tasks say something of workers and classes: two labels or more, or gold."""
    import numpy as np

    return np.asarray((np.bincount(crowd.task, minlength=crowd.tasks) >= 2) | (crowd.gold >= 0))


def _draw_rows(weight: Array, rng: np.random.Generator) -> Array:
    """Draw a row for each column in proportion to the weights [row, column], which are used up."""
    import numpy as np

    # Row by row: several times as fast as cumsum along the first axis.
    for above, row in pairwise(weight):
        row += above
    pick = rng.random(weight.shape[1]) * weight[-1]
    return np.asarray((weight[:-1] < pick).sum(axis=0, dtype=np.int32))


def _by_set(values: Array, of: Array, sets: int) -> Array:
    """Sum the first axis by set."""
    import numpy as np

    if sets == 1:
        return np.asarray(values.sum(axis=0, keepdims=True))
    total = np.zeros((sets, *values.shape[1:]))
    np.add.at(total, of, values)
    return total


def _normal(
    rng: np.random.Generator,
    total: Array,
    count: Array,
    sd: Array,
    weight: float,
    prior_sd: float,
) -> Array:
    """Draw crowds' mean skills, given sums, counts and standard deviations."""
    import numpy as np

    precision = count * weight / sd**2 + 1.0 / prior_sd**2
    centre = (total / sd**2 + model.SKILL_MEAN / prior_sd**2) / precision
    return _positive(rng, centre, 1.0 / np.sqrt(precision))


def _positive(rng: np.random.Generator, centre: Array, sd: Array) -> Array:
    """Draw from normals cut off below zero.

    Reference: Robert (1995), Statistics and Computing 5: rejection from a shifted exponential
    where most of the normal lies below zero; elsewhere normals are drawn until one is positive.
    """
    import numpy as np

    least = -centre / sd
    rate = (least + np.sqrt(least**2 + 4.0)) / 2.0
    drawn = np.full(np.shape(least), -np.inf)
    while (left := drawn < least).any():
        plain = rng.normal(size=drawn.shape)
        tail = least + rng.exponential(size=drawn.shape) / rate
        kept = rng.random(drawn.shape) < np.exp(-((tail - rate) ** 2) / 2.0)
        new = np.where(least <= 0.0, plain, np.where(kept, tail, -np.inf))
        drawn = np.where(left, new, drawn)
    return np.asarray(np.maximum(centre + sd * drawn, 0.0))


def _dirichlet(rng: np.random.Generator, mass: Array, diagonal: Array) -> Array:
    """Draw rows over the other classes: the diagonal is zero."""
    import numpy as np

    drawn = rng.gamma(np.maximum(mass, 1e-6))
    drawn[:, diagonal, diagonal] = 0.0
    return np.asarray(drawn / np.maximum(drawn.sum(axis=2, keepdims=True), 1e-300))


def _tables(rng: np.random.Generator, counts: Array, base: Array) -> Array:
    """How many of ``counts`` draws came from the base, in a Polya urn of mass ``base``.

    The first draws are followed one by one; from there on the chances are small and the number
    is Poisson to a very good approximation.
    """
    import numpy as np

    flat, mass = counts.ravel(), np.maximum(base, 1e-9).ravel()
    order = np.argsort(-flat, kind="stable")[: np.count_nonzero(flat)]
    flat, mass = flat[order], mass[order]
    served = np.zeros(len(order))
    for already in range(min(int(flat.max(initial=0)), _EXACT_TABLES)):
        # Those with so many draws come first.
        urn = mass[: np.searchsorted(-flat, -already)]
        served[: len(urn)] += rng.random(len(urn)) < urn / (urn + already)
    if many := int(np.searchsorted(-flat, -_EXACT_TABLES)):
        urn = mass[:many]
        tail = urn * (_digamma(urn + flat[:many]) - _digamma(urn + _EXACT_TABLES))
        served[:many] += rng.poisson(tail)
    spread = np.zeros(counts.size)
    spread[order] = np.minimum(served, flat)
    return spread.reshape(counts.shape)


def _digamma(x: Array) -> Array:
    """Derivative of the log gamma function where ``x`` is 48 or more, to 1e-9."""
    import numpy as np

    return np.asarray(np.log(x) - 0.5 / x - 1.0 / (12.0 * x**2))


def _log_gamma(x: Array) -> Array:
    """Log of the gamma function of positive numbers, to 1e-9.

    Stirling's series eight steps up, and down again by the recurrence. SciPy has it too, but
    importing it takes longer than auditing a small crowd.
    """
    import numpy as np

    steps = x.copy()
    for step in range(1, 8):
        steps *= x + step
    y = x + 8.0
    series = (y - 0.5) * np.log(y) - y + 0.5 * np.log(2.0 * np.pi)
    series += 1.0 / (12.0 * y) - 1.0 / (360.0 * y**3) + 1.0 / (1260.0 * y**5)
    return np.asarray(series - np.log(steps))
