"""Draws from the posterior of the worker model, by Gibbs sampling in array operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.supply._pieces import PIECE, pieces
from suffice.supply.workers import _worker_model as model
from suffice.supply.workers._draws import (
    draw_means,
    draw_positive,
    draw_rows,
    draw_spreads,
    draw_tables,
    log_gamma,
)
from suffice.supply.workers._twins import Twins

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
_COLUMNS = 50_000
"""Skills that are drawn at once, on 20 MB of grid. Chosen for memory."""
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
        self._twins = None if crowd.twins is None else Twins.of(crowd.twins, crowd.classes)
        self.tables = model.TaskTables(crowd, kind, difficulty)
        self.state = model.start_state(crowd, difficulty, rng)
        self.heard_T = heard_tasks(crowd)
        self._known_T = crowd.gold >= 0
        self._listen()
        self._answer = True
        self.evidence_T: Array | None = None
        self.class_KT: Array | None = None
        self.open_KT: Array | None = None

    def _listen(self) -> None:
        """The labels that inform, and the cell that each falls into at class 0 and level 0."""
        import numpy as np

        crowd, levels, classes = self.crowd, self.difficulty.count, self.crowd.classes
        heard = slice(None) if self.heard_T.all() else self.heard_T[crowd.task]
        self._task, self._label = crowd.task[heard], crowd.label[heard]
        self._cells = crowd.workers * 2 * levels
        self._cell = crowd.worker[heard] * (2 * levels)
        if self.kind != "coin":
            given = crowd.worker[heard] * classes + self._label
            self._cells = crowd.workers * classes * classes * levels
            self._cell = given * (classes * levels)
        if self._cells < 2**31:
            self._cell = self._cell.astype(np.int32)

    def sweep(self, *, answer: bool = True) -> None:
        """Renew worker skills, their hyperparameters, difficulty, and the tasks' classes.

        ``answer`` keeps the chances of the tasks' classes: not needed before a draw is kept.
        """
        self._answer = answer
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
        counts = np.zeros(self._cells, dtype=np.int64)
        for piece in pieces(len(self._task), max(PIECE, self._cells // 4)):
            task = self._task[piece]
            cell = self._cell[piece] + (2 * state.d_T)[task]
            cell += self._label[piece] == state.z_T[task]
            counts += np.bincount(cell, minlength=self._cells)
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
        counts = np.zeros(self._cells, dtype=np.int64)
        for piece in pieces(len(self._task), max(PIECE, self._cells // 4)):
            cell = self._cell[piece] + place[self._task[piece]]
            counts += np.bincount(cell, minlength=self._cells)
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
        twins = None if self.kind == "coin" else self._twins
        if twins is not None:
            right, wrong = twins.folded(right), twins.folded(wrong)
        coin = self.kind == "coin"
        if coin:
            centre, sd = state.mean_S[of][:, None], state.worker_sd_S[of]
        else:
            mean_SK = state.mean_SK if twins is None else state.mean_SK[:, twins.kept]
            centre, sd = mean_SK[of] + state.alpha_W[:, None], state.class_sd_S[of]
        levels = right.shape[2]
        place = np.empty(centre.shape, dtype=np.int32)
        for part in pieces(len(of), max(_COLUMNS // centre.shape[1], 1)):
            hits, misses = right[part].astype(np.float32), wrong[part].astype(np.float32)
            if crowd.sets == 1:
                fit = log_right[0].T @ hits.reshape(-1, levels).T
                fit += log_wrong[0].T @ misses.reshape(-1, levels).T  # [grid, worker x class]
            else:
                by_worker = hits @ log_right[of[part]] + misses @ log_wrong[of[part]]
                fit = np.ascontiguousarray(by_worker.reshape(-1, len(grid)).T)
            sharp = np.repeat(np.sqrt(0.5) / sd[part], centre.shape[1])
            away = np.outer(grid, sharp).astype(np.float32)
            away -= (centre[part].ravel() * sharp).astype(np.float32)
            away *= away
            fit -= away
            fit -= fit.max(axis=0)
            place[part] = draw_rows(np.exp(fit, out=fit), rng).reshape(-1, centre.shape[1])
        place = place if twins is None else place[:, twins.place]
        self._skill, drawn = (grid, place), grid[place]
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
        state.mean_S = draw_means(
            rng, _by_set(a, of, self.crowd.sets), count, state.worker_sd_S, 1.0, model.SKILL_SD
        )
        state.worker_sd_S = self._sd(
            _by_set((a - state.mean_S[of]) ** 2, of, self.crowd.sets), count
        )
        state.mean_SK = np.repeat(state.mean_S[:, None], self.crowd.classes, axis=1)

    def _class_hyper(self) -> None:
        import numpy as np

        state, rng, of, sets = self.state, self.rng, self.crowd.worker_set, self.crowd.sets
        # Twins have one skill between them: it counts once.
        kept = np.arange(self.crowd.classes) if self._twins is None else self._twins.kept
        classes, a_WK, mean_SK = len(kept), state.a_WK[:, kept], state.mean_SK[:, kept]
        count = _by_set(np.ones(len(of)), of, sets)
        # A worker's own level, given the skills by class.
        gap = (a_WK - mean_SK[of]).sum(axis=1)
        precision = classes / state.class_sd_S[of] ** 2 + 1.0 / state.worker_sd_S[of] ** 2
        state.alpha_W = rng.normal(
            gap / state.class_sd_S[of] ** 2 / precision, 1.0 / np.sqrt(precision)
        )
        # The crowd's mean for each class, and the mean of those.
        rest = _by_set(a_WK - state.alpha_W[:, None], of, sets)
        within = 1.0 / state.class_sd_S[:, None] ** 2
        precision_SK = count[:, None] * within + 1.0 / model.CLASS_SD**2
        centre = (rest * within + state.mean_S[:, None] / model.CLASS_SD**2) / precision_SK
        mean_SK = rng.normal(centre, 1.0 / np.sqrt(precision_SK))
        state.mean_SK = mean_SK if self._twins is None else mean_SK[:, self._twins.place]
        top = classes / model.CLASS_SD**2 + 1.0 / model.SKILL_SD**2
        middle = mean_SK.sum(axis=1) / model.CLASS_SD**2
        middle = (middle + model.SKILL_MEAN / model.SKILL_SD**2) / top
        state.mean_S = draw_positive(rng, middle, np.broadcast_to(1.0 / np.sqrt(top), middle.shape))
        state.worker_sd_S = self._sd(_by_set(state.alpha_W**2, of, sets), count)
        left = a_WK - mean_SK[of] - state.alpha_W[:, None]
        state.class_sd_S = self._sd(_by_set((left**2).sum(axis=1), of, sets), count * classes)

    def _sd(self, squares: Array, count: Array) -> Array:
        import numpy as np

        rate = model.VARIANCE_RATE + squares / 2.0
        return np.sqrt(rate / self.rng.gamma(model.VARIANCE_SHAPE + count / 2.0))

    def _spreads(self, off: Array) -> None:
        """How wrong answers spread over the other classes."""
        import numpy as np

        state, crowd, rng, twins = self.state, self.crowd, self.rng, self._twins
        of, free = crowd.worker_set, ~np.eye(crowd.classes, dtype=bool)
        spread, prior = state.spread_SKK, free[None].astype(np.float64)
        if twins is not None:
            off, spread, prior = (twins.spread(table) for table in (off, spread, prior))
            # What is seen of both sides counts, chances and their prior are those of one.
            side = twins.place[twins.one]
            spread[:, side] /= 2.0
            prior[:, side] /= 2.0
            free = prior[0] > 0.0
        if self.kind == "class":
            spread = draw_spreads(rng, _by_set(off, of, crowd.sets) + prior, free)
            own = spread[of]
        else:
            base = state.spread_weight_S[of][:, None, None] * spread[of]
            served = draw_tables(rng, off, base)
            spread = draw_spreads(rng, _by_set(served, of, crowd.sets) + prior, free)
            old = state.spread_weight_S
            new = old * np.exp(0.3 * rng.normal(size=crowd.sets))
            gain = self._spread_log(off, spread, new) - self._spread_log(off, spread, old)
            state.spread_weight_S = np.where(np.log(rng.random(crowd.sets)) < gain, new, old)
            base = state.spread_weight_S[of][:, None, None] * spread[of]
            own = draw_spreads(rng, off + base, free)
        if twins is not None:
            spread, own = twins.unspread(spread), twins.unspread(own)
        state.spread_SKK, state.q_WKK = spread, own

    def _spread_log(self, off: Array, spread: Array, weight: Array) -> Array:
        """Log density of the spread's weight, with the workers' spreads summed out [set]."""
        import numpy as np

        of = self.crowd.worker_set
        at = np.flatnonzero(off)  # where nobody answered there is nothing to say
        base = np.maximum((weight[of][:, None, None] * spread[of]).ravel()[at], 1e-9)
        given = np.zeros(off.shape)
        given.ravel()[at] = log_gamma(off.ravel()[at] + base) - log_gamma(base)
        whole = log_gamma(weight)[of][:, None] - log_gamma(off.sum(axis=2) + weight[of][:, None])
        fit = _by_set(given.sum(axis=(1, 2)) + whole.sum(axis=1), of, self.crowd.sets)
        # The density of log(weight), which is what the proposal moves.
        return fit - 0.5 * (np.log(weight / model.SPREAD_MEDIAN) / model.SPREAD_LOG_SD) ** 2

    def _scale(self, right: Array, wrong: Array) -> None:
        import numpy as np

        state, rng, crowd = self.state, self.rng, self.crowd
        skills = state.a_WK[:, : right.shape[1]]
        of = crowd.worker_set
        if crowd.sets == 1 and skills.size > _COLUMNS:
            # Skills lie on a grid: workers with the same one count as one.
            grid, place = self._skill
            skills, of = grid[:, None], np.zeros(len(grid), dtype=np.int64)
            right, wrong = (_by_place(part, place, len(grid)) for part in (right, wrong))
        both = right + wrong

        def log_density(scale: Array) -> Array:
            x = skills[:, :, None] - scale[of][:, None, None] * self.difficulty.levels
            fit = both * model.log_sigmoids(x)[0] - wrong * x
            total = _by_set(fit.sum(axis=(1, 2)), of, crowd.sets)
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
        moved = self._evidence(self.tables.terms(state), 0)
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

    def _evidence(self, terms: Array, block: int) -> _Tasks:
        """Log joints [class, level, task], their log sums [task], and the chances behind both."""
        import numpy as np

        joint = self.tables.log_joint(self.state, terms, block)
        top = joint.max(axis=(0, 1))
        weight = np.exp(joint - top)
        return joint, np.log(weight.sum(axis=(0, 1))) + top, weight

    def _tasks(self) -> None:
        """Draw every task's class and difficulty; keeps what the draw was made from."""
        import numpy as np

        crowd, state, rng = self.crowd, self.state, self.rng
        levels, classes, known = self.difficulty.count, crowd.classes, self._known_T
        terms = self.tables.terms(state)
        # What the last sweep made is not needed for this one.
        self.evidence_T = np.empty(crowd.tasks, dtype=np.float32)
        self.open_KT = self.class_KT = None
        if self._answer:
            self.open_KT = self.class_KT = np.empty((classes, crowd.tasks))
            if known.any():
                self.class_KT = np.empty((classes, crowd.tasks))
        z_T, d_T = (np.empty(crowd.tasks, dtype=np.int32) for _ in range(2))
        for number, block in enumerate(self.tables.blocks):
            joint, evidence, weight = self._evidence(terms, number)
            if self._leans and len(crowd.task) <= _SMALL:
                joint, evidence, weight = self._scale_of_all(joint, evidence, weight)
            self.evidence_T[block] = evidence * self.heard_T[block]
            self._answers(block, joint, weight)
            drawn = draw_rows(weight.reshape(classes * levels, -1), rng)
            z_T[block], d_T[block] = np.divmod(drawn, levels)
        state.z_T, state.d_T = z_T, d_T
        heard = self.heard_T.astype(np.float64)
        cells = np.bincount(
            crowd.task_set * classes + state.z_T, heard, crowd.sets * classes
        ).reshape(crowd.sets, classes)
        prior = model.class_share_prior(classes)
        if self._twins is not None:
            state.share_SK = self._twins.shares(cells, prior, rng)
        else:
            share = rng.gamma(cells + prior)
            state.share_SK = share / share.sum(axis=1, keepdims=True)
        if self.difficulty.log_prior is None:
            self._levels(heard, np.asarray(model.DISCOUNT_PRIOR))
        elif known.any() and self._leans:
            # Only gold tells a task that misleads from an easy one of the other class, so the
            # tasks without gold have no say in how many lean which way.
            before = model.LEAN_PRIOR_TASKS * np.exp(self.difficulty.log_prior)
            self._levels(known.astype(np.float64), before)

    def _answers(self, block: slice, joint: Array, weight: Array) -> None:
        """Keep the chances of the classes, and fix tasks with gold in ``weight``."""
        import numpy as np

        if self.open_KT is not None:
            by_class = weight.sum(axis=1, dtype=np.float64)
            self.open_KT[:, block] = by_class / by_class.sum(axis=0)
        at = np.flatnonzero(self._known_T[block])
        if self.class_KT is not None and self.class_KT is not self.open_KT:
            assert self.open_KT is not None
            self.class_KT[:, block] = self.open_KT[:, block]
        if not len(at):
            return
        right = self.crowd.gold[block][at]
        of_right = joint[right, :, at].T  # [level, gold task], however unlikely
        weight[:, :, at] = 0.0
        weight[right, :, at] = np.exp(of_right - of_right.max(axis=0)).T
        if self.class_KT is not None:
            self.class_KT[:, block.start + at] = 0.0
            self.class_KT[right, block.start + at] = 1.0

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


def _by_place(values: Array, place: Array, places: int) -> Array:
    """Sum [worker, class, level] by the place of worker and class, float64 [place, 1, level]."""
    import numpy as np

    levels = [np.bincount(place.ravel(), of.ravel(), places) for of in np.moveaxis(values, 2, 0)]
    return np.stack(levels, axis=1)[:, None, :]


def _by_set(values: Array, of: Array, sets: int) -> Array:
    """Sum the first axis by set."""
    import numpy as np

    if sets == 1:
        return np.asarray(values.sum(axis=0, keepdims=True))
    total = np.zeros((sets, *values.shape[1:]))
    np.add.at(total, of, values)
    return total
