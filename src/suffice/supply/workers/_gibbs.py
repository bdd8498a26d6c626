"""Draws from the posterior of the worker model, by Gibbs sampling in array operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.supply.workers import _worker_model as model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.workers._worker_model import Crowd, Difficulty

    Array = NDArray[Any]

_GRID_LOW, _GRID_HIGH, _GRID_STEP = -7.0, 10.0, 1.0 / 6.0
_EXACT_TABLES = 48
_SMALL = 300_000


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
        self.tables = model.TaskTables(crowd, kind, difficulty)
        self.state = model.start_state(crowd, difficulty, rng)
        self.heard_T = heard_tasks(crowd)
        self._heard = self.heard_T[crowd.task]
        self.evidence_T: Array | None = None
        self.class_TK: Array | None = None
        self.open_TK: Array | None = None

    def sweep(self) -> None:
        """Renew worker skills, their hyperparameters, difficulty, and the tasks' classes."""
        if self.kind == "coin":
            right, wrong = self._coin_counts()
        else:
            right, wrong, off = self._table_counts()
        self._skills(right, wrong)
        if self.kind != "coin" and self.crowd.classes > 2:
            self._spreads(off)
        if self.difficulty.way == "lean":
            self._scale(right, wrong)
        self._tasks()

    # --- what the labels say, given the tasks' classes -------------------------------------

    def _coin_counts(self) -> tuple[Array, Array]:
        """Right and wrong answers that carry signal, [worker, 1, level or 1]."""
        import numpy as np

        crowd, levels, state = self.crowd, self.difficulty.count, self.state
        is_right = crowd.label == state.z_T[crowd.task]
        cell = (crowd.worker * levels + state.d_T[crowd.task]) * 2 + is_right
        counts = np.bincount(cell[self._heard], minlength=crowd.workers * levels * 2)
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
        cell = (crowd.worker * classes + crowd.label) * classes + self.state.z_T[crowd.task]
        cell = cell * levels + self.state.d_T[crowd.task]
        size = crowd.workers * classes * classes * levels
        counts = np.bincount(cell[self._heard], minlength=size)
        table = counts.reshape(crowd.workers, classes, classes, levels)
        if self.difficulty.way == "discount":
            signal = model.confusion(self.state).transpose(0, 2, 1)[..., None]
            signal = signal * (1.0 - self.difficulty.levels)
            kept = self._keep_signal(table, signal, self.difficulty.levels / classes)
            table = kept.sum(axis=3, keepdims=True)
        diagonal = np.arange(classes)
        right = table[:, diagonal, diagonal, :]
        wrong = table.sum(axis=1) - right
        off = table.sum(axis=3).transpose(0, 2, 1).copy()
        off[:, diagonal, diagonal] = 0
        return right, wrong, off

    def _keep_signal(self, counts: Array, signal: Array, guess: Array) -> Array:
        """How many of the counted labels were no guesses."""
        import numpy as np

        share = signal / np.maximum(signal + guess, 1e-300)
        return self.rng.binomial(counts, np.broadcast_to(share, counts.shape))

    # --- workers ---------------------------------------------------------------------------

    def _skills(self, right: Array, wrong: Array) -> None:
        import numpy as np

        state, crowd, rng = self.state, self.crowd, self.rng
        of = crowd.worker_set
        grid = np.arange(_GRID_LOW, _GRID_HIGH, _GRID_STEP) + rng.random() * _GRID_STEP
        shifts = np.zeros((crowd.sets, 1))
        if self.difficulty.way == "lean":
            shifts = state.scale_S[:, None] * self.difficulty.levels
        x = grid[None, None, :] - shifts[:, :, None]  # [set, level, grid]
        log_right, log_wrong = -np.logaddexp(0.0, -x), -np.logaddexp(0.0, x)
        if crowd.sets == 1:
            fit = right @ log_right[0] + wrong @ log_wrong[0]
        else:
            fit = right @ log_right[of] + wrong @ log_wrong[of]
        coin = self.kind == "coin"
        if coin:
            centre, sd = state.mean_S[of][:, None], state.worker_sd_S[of]
        else:
            centre, sd = state.mean_SK[of] + state.alpha_W[:, None], state.class_sd_S[of]
        fit = fit - (grid - centre[..., None]) ** 2 / (2.0 * sd[:, None, None] ** 2)
        drawn = grid[(fit + rng.gumbel(size=fit.shape)).argmax(axis=2)]
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
        from scipy.special import gammaln

        of, diagonal = self.crowd.worker_set, np.arange(self.crowd.classes)
        base = np.maximum(weight[of][:, None, None] * self.state.spread_SKK[of], 1e-9)
        cells = gammaln(off + base) - gammaln(base)
        cells[:, diagonal, diagonal] = 0.0
        whole = gammaln(weight)[of][:, None] - gammaln(off.sum(axis=2) + weight[of][:, None])
        fit = _by_set(cells.sum(axis=(1, 2)) + whole.sum(axis=1), of, self.crowd.sets)
        # The density of log(weight), which is what the proposal moves.
        return fit - 0.5 * (np.log(weight / model.SPREAD_MEDIAN) / model.SPREAD_LOG_SD) ** 2

    def _scale(self, right: Array, wrong: Array) -> None:
        import numpy as np

        state, rng, crowd = self.state, self.rng, self.crowd
        skills = state.a_WK[:, : right.shape[1]]

        def log_density(scale: Array) -> Array:
            shift = scale[crowd.worker_set][:, None, None] * self.difficulty.levels
            x = skills[:, :, None] - shift
            fit = right * -np.logaddexp(0.0, -x) + wrong * -np.logaddexp(0.0, x)
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

    def _scale_of_all(self, weight: Array, evidence: Array) -> tuple[Array, Array]:
        """Move the scale with classes and difficulties summed out; they are drawn afterwards.

        Given difficulties the scale can only creep, since it multiplies all of them at once.
        """
        import numpy as np

        state, rng, crowd = self.state, self.rng, self.crowd
        old = state.scale_S
        state.scale_S = old * np.exp(0.5 * rng.normal(size=crowd.sets))
        new_weight, new_evidence = _weights(self.tables.log_joint(state))
        change = (new_evidence - evidence) * self.heard_T
        gain = np.bincount(crowd.task_set, change, crowd.sets)
        gain += np.log(state.scale_S / old) - (state.scale_S**2 - old**2) / 2.0
        take = np.log(rng.random(crowd.sets)) < gain
        state.scale_S = np.where(take, state.scale_S, old)
        of = take[crowd.task_set]
        return np.where(of[:, None, None], new_weight, weight), np.where(of, new_evidence, evidence)

    # --- tasks -----------------------------------------------------------------------------

    def _tasks(self) -> None:
        """Draw every task's class and difficulty; keeps what the draw was made from."""
        import numpy as np

        crowd, state, rng = self.crowd, self.state, self.rng
        levels, classes = self.difficulty.count, crowd.classes
        weight, evidence = _weights(self.tables.log_joint(state))
        if self.difficulty.way == "lean" and len(crowd.task) <= _SMALL:
            weight, evidence = self._scale_of_all(weight, evidence)
        self.evidence_T = evidence * self.heard_T
        total = weight.sum(axis=(1, 2))
        by_class = weight.sum(axis=2)
        self.open_TK = by_class / total[:, None]
        known = crowd.gold >= 0
        if known.any():
            mask = np.zeros((int(known.sum()), classes, 1))
            mask[np.arange(len(mask)), crowd.gold[known]] = 1.0
            weight[known] = weight[known] * mask + 1e-300 * mask
            by_class = weight.sum(axis=2)
        self.class_TK = by_class / by_class.sum(axis=1, keepdims=True)
        heap = weight.reshape(crowd.tasks, classes * levels).cumsum(axis=1)
        pick = rng.random((crowd.tasks, 1)) * heap[:, -1:]
        drawn = (heap < pick).sum(axis=1)
        state.z_T, state.d_T = drawn // levels, drawn % levels
        heard = self.heard_T.astype(np.float64)
        cells = np.bincount(
            crowd.task_set * classes + state.z_T, heard, crowd.sets * classes
        ).reshape(crowd.sets, classes)
        share = rng.gamma(cells + model.class_share_prior(classes))
        state.share_SK = share / share.sum(axis=1, keepdims=True)
        if self.difficulty.log_prior is None:
            self._levels(heard, np.asarray(model.DISCOUNT_PRIOR))
        elif known.any():
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


def _weights(joint: Array) -> tuple[Array, Array]:
    """Exponentials of log joints over their largest, and the log evidence of each task."""
    import numpy as np

    top = joint.max(axis=(1, 2), keepdims=True)
    weight = np.exp(joint - top)
    return weight, np.log(weight.sum(axis=(1, 2))) + top[:, 0, 0]


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
    """Draw from normals cut off below zero."""
    import numpy as np
    from scipy.special import ndtr, ndtri

    # The upper tail keeps its digits where nearly all of the normal lies below zero.
    above = np.maximum(ndtr(centre / sd), 1e-300) * (1.0 - rng.random(np.shape(centre)))
    return np.asarray(np.maximum(centre - sd * ndtri(above), 0.0))


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
    from scipy.special import digamma

    served = np.zeros(counts.shape)
    mass = np.maximum(base, 1e-9)
    for already in range(min(int(counts.max(initial=0)), _EXACT_TABLES)):
        open_ = counts > already
        served += open_ & (rng.random(counts.shape) < mass / (mass + already))
    if (many := counts > _EXACT_TABLES).any():
        tail = mass * (digamma(mass + counts) - digamma(mass + _EXACT_TABLES))
        served += np.where(many, rng.poisson(np.where(many, tail, 0.0)), 0)
    return np.minimum(served, counts)
