"""The graded response model: who gives which of a few ordered values to a task of which worth.

A task has a worth ``t``; worker w gives a value above the k-th step with chance
``sigmoid(a[w] t - b[w] - exp(g[w]) c[k])``. ``a`` is how well the worker tells tasks apart (0
guesses, below 0 inverts), ``b`` how strict the worker is, ``g`` how far apart the worker's steps
lie against the crowd's steps ``c``. A share of all labels are slips, alike often of any value. Gold
is one more rater, exact to a tenth of a step.

Everything is normal, with variances that are learned; worths have mean 0 and variance 1, which
fixes the scale. Worths live on a grid that is shifted in every sweep, so that they are drawn
exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suffice.supply._row_sums import RowSums
from suffice.supply.scales._marks import by_set, draw_sd
from suffice.supply.workers import draw_positive, draw_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.scales._marks import Marks

    Array = NDArray[Any]

SKILL_MEAN = 1.5, 1.0
"""Normal prior of the crowd's mean of ``a``, cut off below 0: most people mean to be right, and a
typical one puts four of five tasks that differ by one sd in the right order (chosen, weak)."""
SKILL_VARIANCE, STRICT_VARIANCE, REACH_VARIANCE = (2.0, 0.5), (2.0, 0.5), (3.0, 0.2)
"""Inverse gamma priors of how workers differ in ``a``, ``b`` and ``g``. Chosen, weak: by half a
logit each, and by a third in how far apart steps lie."""
STEP_SD = 3.0
"""Prior sd of the crowd's steps before they are ordered (chosen: the outer ones of five values are
then anything from common to rare)."""
SLIP = 0.01
"""Share of labels that are slips. Chosen: one label must not prove a worker an outlier."""
GOLD_SKILL = 10.0
"""How many times as steep as the crowd gold is: exact to about a tenth of a step (chosen)."""
GOLD_SLIP = 1e-3
"""Share of gold values that are slips: chosen, so that a single one cannot stop the chain."""
GRID_REACH, GRID_STEP = 3.6, 0.18
"""The grid of worths, in sd: beyond lie 3 in 10,000, and 41 points are finer than any posterior of
a task with a handful of labels (chosen)."""
_AIM = 0.35
"""Share of proposals to take, one parameter at a time (Gelman, Roberts & Gilks 1996: .44 for one
dimension, less where many move at once)."""


@dataclass(eq=False)
class State:
    """One point of the posterior. Axes: W workers, S sets, J steps, T tasks."""

    a_W: Array
    b_W: Array
    g_W: Array
    step_SJ: Array
    mean_S: Array
    sd_a_S: Array
    sd_b_S: Array
    sd_g_S: Array
    worth_T: Array


def log_chances(
    a: Array, b: Array, g: Array, step_J: Array, grid: Array, slip: float = SLIP
) -> Array:
    """Log chance of each value at each worth, [worker, value, grid]; ``step_J`` [worker, step]."""
    import numpy as np

    bar = b[:, None] + np.exp(g)[:, None] * step_J
    above = 1.0 / (1.0 + np.exp(np.clip(bar[:, :, None] - a[:, None, None] * grid, -60.0, 60.0)))
    chance = np.empty((len(a), step_J.shape[1] + 1, len(grid)))
    chance[:, 0] = 1.0 - above[:, 0]
    chance[:, 1:-1] = above[:, :-1] - above[:, 1:]
    chance[:, -1] = above[:, -1]
    return np.asarray(np.log((1.0 - slip) * np.maximum(chance, 0.0) + slip / chance.shape[1]))


class Graded:
    """Moves a state through the posterior; one ``sweep`` renews every unknown once.

    Model: see above.
    Assumes: given worths, labels are independent; worths are normal before labels are seen.
    Fails when: errors are shared (a guideline that everybody misreads), workers value different
    things, or most labels stand at one end of the scale.
    Reference: Samejima (1969), Psychometrika Monograph 17; Metropolis within Gibbs.

    Args:
        marks: the labels; ``value`` and ``gold`` are numbers of values, from 0.
        values: how many values there are.
        rng: the only source of chance.
    """

    def __init__(self, marks: Marks, values: int, rng: np.random.Generator) -> None:
        import numpy as np

        self.marks, self.values, self.rng = marks, values, rng
        level = marks.value.astype(np.int64)
        self._row = marks.worker * values + level
        self._sums = RowSums(marks.task, self._row, marks.tasks, marks.workers * values)
        self._golden = np.flatnonzero(np.isfinite(marks.gold))
        self._gold_level = marks.gold[self._golden].astype(np.int64)
        sets, steps = marks.sets, values - 1
        share = np.zeros((sets, values))
        np.add.at(share, (marks.worker_set[marks.worker], level), 1.0)
        below = (share.cumsum(axis=1)[:, :-1] + 0.5) / (share.sum(axis=1, keepdims=True) + 1.0)
        # Steps that would give these shares if worths and noise were logistic.
        start = np.maximum.accumulate(2.0 * np.log(below / (1.0 - below)), axis=1)
        self.state = State(
            a_W=np.full(marks.workers, SKILL_MEAN[0]),
            b_W=np.zeros(marks.workers),
            g_W=np.zeros(marks.workers),
            step_SJ=start + 1e-3 * np.arange(steps),
            mean_S=np.full(sets, SKILL_MEAN[0]),
            sd_a_S=np.full(sets, 0.5),
            sd_b_S=np.full(sets, 0.5),
            sd_g_S=np.full(sets, 0.3),
            worth_T=np.zeros(marks.tasks),
        )
        self._width = {name: np.full(marks.workers, 0.4) for name in ("a_W", "b_W", "g_W")}
        self._step_width = np.full((sets, steps), 0.3)
        self._adapting, self._sweeps = True, 0
        self.evidence_T = np.zeros(marks.tasks)
        self._tasks()

    def settle(self) -> None:
        """Stop adapting: what follows is a Markov chain."""
        self._adapting = False

    def sweep(self) -> None:
        """Renew workers, steps, hyperparameters and worths."""
        self._sweeps += 1
        counts = self._counts()
        for name in ("a_W", "b_W", "g_W"):
            self._move_workers(name, counts)
        self._move_steps(counts)
        self._shift()
        self._hyper()
        self._tasks()

    def take(self, state: State) -> None:
        """Take over another chain's workers and steps, and draw these tasks' worths."""
        worth = self.state.worth_T
        self.state = replace(state, worth_T=worth)
        self._tasks()

    # --- what is asked of a state ------------------------------------------------------------

    def table(self, step_SJ: Array | None = None) -> Array:
        """Log chance of each value, [worker, value, grid]."""
        s, m = self.state, self.marks
        steps = s.step_SJ if step_SJ is None else step_SJ
        return log_chances(s.a_W, s.b_W, s.g_W, steps[m.worker_set], self.grid)

    def _gold_table(self, mean_S: Array, step_SJ: Array) -> Array:
        """The same of gold, [set, value, grid]."""
        import numpy as np

        zero, steep = np.zeros(len(mean_S)), np.full(len(mean_S), np.log(GOLD_SKILL))
        return log_chances(GOLD_SKILL * mean_S, zero, steep, step_SJ, self.grid, slip=GOLD_SLIP)

    # --- moves ------------------------------------------------------------------------------

    def _counts(self) -> Array:
        """How often each worker gave each value at each worth, [worker, value, grid]."""
        import numpy as np

        m, size = self.marks, len(self.grid)
        cell = self._row * size + self.place_T[m.task]
        return np.bincount(cell, minlength=m.workers * self.values * size).reshape(
            m.workers, self.values, size
        )

    def _gold_counts(self) -> Array:
        import numpy as np

        m, size = self.marks, len(self.grid)
        cell = (m.task_set[self._golden] * self.values + self._gold_level) * size
        cell = cell + self.place_T[self._golden]
        counts = np.bincount(cell, minlength=m.sets * self.values * size)
        return counts.reshape(m.sets, self.values, size)

    def _move_workers(self, name: str, counts: Array) -> None:
        import numpy as np

        s, m, rng = self.state, self.marks, self.rng
        of = m.worker_set
        centre = s.mean_S[of] if name == "a_W" else 0.0
        sd = {"a_W": s.sd_a_S, "b_W": s.sd_b_S, "g_W": s.sd_g_S}[name][of]
        old, width = getattr(s, name), self._width[name]

        def log_density(values: Array) -> Array:
            setattr(s, name, values)
            fit = (counts * self.table()).sum(axis=(1, 2))
            return np.asarray(fit - 0.5 * ((values - centre) / sd) ** 2)

        new = old + width * rng.normal(size=m.workers)
        here, there = log_density(old), log_density(new)
        take = np.log(rng.random(m.workers)) < there - here
        setattr(s, name, np.where(take, new, old))
        if self._adapting:
            self._width[name] = width * np.exp((take - _AIM) / np.sqrt(1.0 + self._sweeps / 4.0))

    def _log_steps(self, counts: Array, gold: Array, step_SJ: Array) -> Array:
        """Log density of the crowd's steps [set]."""
        import numpy as np

        m = self.marks
        ordered = (np.diff(step_SJ, axis=1) > 0.0).all(axis=1)
        fit = by_set((counts * self.table(step_SJ)).sum(axis=(1, 2)), m.worker_set, m.sets)
        fit = fit + self._log_gold(gold, self.state.mean_S, step_SJ)
        fit -= 0.5 * ((step_SJ / STEP_SD) ** 2).sum(axis=1)
        return np.where(ordered, fit, -np.inf)

    def _log_gold(self, gold: Array, mean_S: Array, step_SJ: Array) -> Array:
        import numpy as np

        if not len(self._golden):
            return np.zeros(self.marks.sets)
        return np.asarray((gold * self._gold_table(mean_S, step_SJ)).sum(axis=(1, 2)))

    def _move_steps(self, counts: Array) -> None:
        """One step at a time, at most six a sweep, and all of them together."""
        import numpy as np

        s, rng, sets = self.state, self.rng, self.marks.sets
        gold = self._gold_counts()
        steps = self.values - 1
        chosen = rng.permutation(steps)[:6].tolist()
        here = self._log_steps(counts, gold, s.step_SJ)
        for j in chosen:
            new = s.step_SJ.copy()
            new[:, j] += self._step_width[:, j] * rng.normal(size=sets)
            there = self._log_steps(counts, gold, new)
            take = np.log(rng.random(sets)) < there - here
            s.step_SJ = np.where(take[:, None], new, s.step_SJ)
            here = np.where(take, there, here)
            if self._adapting:
                self._step_width[:, j] *= np.exp((take - _AIM) / np.sqrt(1.0 + self._sweeps / 4.0))

    def _shift(self) -> None:
        """Moves that leave the labels' chances as they are: of all steps, and of their spread.

        What all workers are stricter by, the crowd's steps can be higher by; alone, either creeps.
        """
        import numpy as np

        s, m, rng = self.state, self.marks, self.rng
        of, gold = m.worker_set, self._gold_counts()

        def log_prior(b: Array, g: Array, step: Array, mean: Array) -> Array:
            fit = by_set(-0.5 * (b / s.sd_b_S[of]) ** 2 - 0.5 * (g / s.sd_g_S[of]) ** 2, of, m.sets)
            fit = fit - by_set(0.5 * ((s.a_W - mean[of]) / s.sd_a_S[of]) ** 2, of, m.sets)
            fit = fit - 0.5 * ((mean - SKILL_MEAN[0]) / SKILL_MEAN[1]) ** 2
            fit = fit - 0.5 * ((step / STEP_SD) ** 2).sum(axis=1)
            return np.asarray(fit + self._log_gold(gold, mean, step))

        def move(b: Array, g: Array, step: Array, mean: Array, jacobian: Array | float) -> None:
            here = log_prior(s.b_W, s.g_W, s.step_SJ, s.mean_S)
            gain = log_prior(b, g, step, mean) - here + jacobian
            take = np.log(rng.random(m.sets)) < gain
            s.b_W = np.where(take[of], b, s.b_W)
            s.g_W = np.where(take[of], g, s.g_W)
            s.step_SJ = np.where(take[:, None], step, s.step_SJ)
            s.mean_S = np.where(take, mean, s.mean_S)

        up = 0.3 * rng.normal(size=m.sets)
        move(s.b_W - np.exp(s.g_W) * up[of], s.g_W, s.step_SJ + up[:, None], s.mean_S, 0.0)
        wide = 0.15 * rng.normal(size=m.sets)
        spread = s.step_SJ * np.exp(wide)[:, None]
        move(s.b_W, s.g_W - wide[of], spread, s.mean_S, wide * (self.values - 1))
        if len(self._golden):
            # Gold stands where it stood if the crowd's mean skill goes with its steps.
            wide = 0.15 * rng.normal(size=m.sets)
            spread, mean = s.step_SJ * np.exp(wide)[:, None], s.mean_S * np.exp(wide)
            move(s.b_W, s.g_W - wide[of], spread, mean, wide * self.values)

    def _hyper(self) -> None:
        import numpy as np

        s, m, rng = self.state, self.marks, self.rng
        of, sets = m.worker_set, m.sets
        count = np.bincount(of, minlength=sets).astype(np.float64)
        precision = count / s.sd_a_S**2 + 1.0 / SKILL_MEAN[1] ** 2
        centre = by_set(s.a_W, of, sets) / s.sd_a_S**2 + SKILL_MEAN[0] / SKILL_MEAN[1] ** 2
        mean = draw_positive(rng, centre / precision, 1.0 / np.sqrt(precision))
        if len(self._golden):
            # Gold's own steepness hangs on the mean: the draw is a proposal.
            gold = self._gold_counts()
            gain = self._log_gold(gold, mean, s.step_SJ) - self._log_gold(gold, s.mean_S, s.step_SJ)
            mean = np.where(np.log(rng.random(sets)) < gain, mean, s.mean_S)
        s.mean_S = mean
        s.sd_a_S = draw_sd(by_set((s.a_W - mean[of]) ** 2, of, sets), count, SKILL_VARIANCE, rng)
        s.sd_b_S = draw_sd(by_set(s.b_W**2, of, sets), count, STRICT_VARIANCE, rng)
        s.sd_g_S = draw_sd(by_set(s.g_W**2, of, sets), count, REACH_VARIANCE, rng)

    def _tasks(self) -> None:
        """Draw every task's worth; keeps what the draw was made from."""
        import numpy as np

        m, rng = self.marks, self.rng
        points = np.arange(-GRID_REACH, GRID_REACH + 1e-9, GRID_STEP)
        self.grid = points + (rng.random() - 0.5) * GRID_STEP
        flat = self.table().reshape(m.workers * self.values, len(self.grid)).astype(np.float32)
        joint = np.asarray(self._sums(flat), dtype=np.float64) - 0.5 * self.grid**2
        top = joint.max(axis=1, keepdims=True)
        weight = np.exp(joint - top)
        total = weight.sum(axis=1)
        self.evidence_T = np.log(total) + top[:, 0] - np.log(np.exp(-0.5 * self.grid**2).sum())
        self.open_TG = weight / total[:, None]
        if len(self._golden):
            gold = self._gold_table(self.state.mean_S, self.state.step_SJ)
            at = self._golden
            joint[at] += gold[m.task_set[at], self._gold_level]
            weight[at] = np.exp(joint[at] - joint[at].max(axis=1, keepdims=True))
        self.place_T = draw_rows(np.ascontiguousarray(weight.T), rng)
        self.state.worth_T = self.grid[self.place_T]
