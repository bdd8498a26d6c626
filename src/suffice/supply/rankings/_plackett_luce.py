"""Plackett-Luce with ties, workers of unequal reliability and tasks of their own.

A worker w who ranks a shown set chooses its best item, then the best of the rest, and so on; an
item is chosen with weight ``exp(r[w] u[t, i])``. ``u[t, i]`` is the worth of item i in task t,
normal around the item's score ``s[i]``: on one prompt a model may shine. ``r`` is a worker's
reliability (1 is typical, 0 guesses, below 0 inverts). Where answers call items even, a group of k
is chosen at once with weight ``d[k]`` times the geometric mean of theirs (Davidson and Luce). One
answer is one sequence of choices, as many as it tells apart, not all of its pairs.

Everything is normal, with variances that are learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.supply.scales import by_set, draw_sd

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.rankings._answers import Choices

    Array = NDArray[Any]

SCORE_VARIANCE, TASK_VARIANCE, RELIABILITY_VARIANCE = (1.5, 1.0), (2.0, 0.5), (2.5, 0.3)
"""Inverse gamma priors, those of comparisons of two (``_preference_model``)."""
TIE_MEAN = -1.0, 1.5
"""Normal prior of the log weight of each size of tie (chosen, weak: from rare to common)."""
_AIM = 0.4
"""Share of proposals to take, one parameter at a time (Gelman, Roberts & Gilks 1996)."""
_MOST_LOG = 60.0
"""Log weights are cut here: e^60 to 1 is certain."""


@dataclass(eq=False)
class State:
    """One point of the posterior. Axes: I items, C cells, W workers, S sets, D sizes of ties."""

    score_I: Array
    worth_C: Array
    reliability_W: Array
    sd_score_S: Array
    sd_task_S: Array
    sd_reliability_S: Array
    tie_D: Array


class PlackettLuce:
    """Moves a state through the posterior; one ``sweep`` renews every unknown once.

    Model: see above.
    Assumes: given worths, choices are independent; all of a shown set was looked at.
    Fails when: the order shown is liked (it is not in the data), items beat each other in a circle,
    or workers differ in taste.
    Reference: Luce (1959); Plackett (1975), Applied Statistics 24; Firth, Kosmidis and Turner
    (2019) for ties; Metropolis within Gibbs.
    """

    def __init__(self, choices: Choices, rng: np.random.Generator) -> None:
        """Start with nothing preferred."""
        import numpy as np

        self.choices, self.rng = choices, rng
        c = choices
        self._worker_E = c.worker_A[c.answer_E]
        self._task_E = c.task_A[c.answer_E]
        ends = np.append(c.start_E[1:], len(c.size_N))
        self._event_N = np.repeat(np.arange(len(c.start_E)), ends - c.start_E)
        self._worker_N = self._worker_E[self._event_N]
        self._weight_ND = (c.cell_ND >= 0) / c.size_N[:, None]
        self._cell_ND = np.maximum(c.cell_ND, 0)
        sets = c.sets
        self.state = State(
            score_I=np.zeros(c.items),
            worth_C=np.zeros(len(c.item_C)),
            reliability_W=np.ones(c.workers),
            sd_score_S=np.ones(sets),
            sd_task_S=np.full(sets, 0.5),
            sd_reliability_S=np.full(sets, 0.35),
            tie_D=np.concatenate([[0.0], np.full(c.tied - 1, TIE_MEAN[0])]),
        )
        self._width_C = np.full(len(c.item_C), 0.8)
        self._width_W = np.full(c.workers, 0.4)
        self._width_D = np.full(c.tied, 0.3)
        self._adapting, self._sweeps = True, 0
        self.log_E = self._log()

    def settle(self) -> None:
        """Stop adapting: what follows is a Markov chain."""
        self._adapting = False

    def sweep(self) -> None:
        """Renew worths, scores, reliabilities, ties and variances."""
        self._sweeps += 1
        self._worths()
        self._reliabilities()
        self._ties()
        self._scores()

    def _log(
        self, worth: Array | None = None, reliability: Array | None = None, tie: Array | None = None
    ) -> Array:
        """Log chance of each choice."""
        import numpy as np

        c, s = self.choices, self.state
        worth = s.worth_C if worth is None else worth
        reliability = s.reliability_W if reliability is None else reliability
        tie = s.tie_D if tie is None else tie
        mean = (worth[self._cell_ND] * self._weight_ND).sum(axis=1)
        size = reliability[self._worker_N] * mean + tie[c.size_N - 1]
        size = np.clip(size, -_MOST_LOG, _MOST_LOG)
        return np.asarray(size[c.chosen_E] - np.log(np.add.reduceat(np.exp(size), c.start_E)))

    def _adapt(self, width: Array, take: Array) -> None:
        if self._adapting:
            import numpy as np

            width *= np.exp((take - _AIM) / np.sqrt(1.0 + self._sweeps / 4.0))

    def _worths(self) -> None:
        """One cell of every task at a time, all tasks at once."""
        import numpy as np

        c, s, rng = self.choices, self.state, self.rng
        sd_C = s.sd_task_S[c.task_set[c.task_C]]
        for slot in range(int(c.slot_C.max()) + 1):
            cells = np.flatnonzero(c.slot_C == slot)
            new = s.worth_C.copy()
            new[cells] += self._width_C[cells] * rng.normal(size=len(cells))
            there = self._log(worth=new)
            gain: Array = np.bincount(self._task_E, there - self.log_E, c.tasks)[c.task_C[cells]]
            score = s.score_I[c.item_C[cells]]
            gain = gain + 0.5 * (
                ((s.worth_C[cells] - score) / sd_C[cells]) ** 2
                - ((new[cells] - score) / sd_C[cells]) ** 2
            )
            take = np.log(rng.random(len(cells))) < gain
            s.worth_C[cells] = np.where(take, new[cells], s.worth_C[cells])
            moved = np.zeros(c.tasks, dtype=bool)
            moved[c.task_C[cells]] = take
            self.log_E = np.where(moved[self._task_E], there, self.log_E)
            width = self._width_C[cells]
            self._adapt(width, take)
            self._width_C[cells] = width

    def _reliabilities(self) -> None:
        import numpy as np

        c, s, rng = self.choices, self.state, self.rng
        of = c.worker_set
        if c.workers == c.sets:
            return  # a worker alone is the measure of all
        new = s.reliability_W + self._width_W * rng.normal(size=c.workers)
        there = self._log(reliability=new)
        gain: Array = np.bincount(self._worker_E, there - self.log_E, c.workers)
        sd = s.sd_reliability_S[of]
        gain = gain + 0.5 * (((s.reliability_W - 1.0) / sd) ** 2 - ((new - 1.0) / sd) ** 2)
        take = np.log(rng.random(c.workers)) < gain
        s.reliability_W = np.where(take, new, s.reliability_W)
        self.log_E = np.where(take[self._worker_E], there, self.log_E)
        self._adapt(self._width_W, take)
        count = np.bincount(of, minlength=c.sets).astype(np.float64)
        squares = by_set((s.reliability_W - 1.0) ** 2, of, c.sets)
        s.sd_reliability_S = draw_sd(squares, count, RELIABILITY_VARIANCE, rng)

    def _ties(self) -> None:
        import numpy as np

        s, rng = self.state, self.rng
        for size in range(1, self.choices.tied):
            new = s.tie_D.copy()
            new[size] += self._width_D[size] * rng.normal()
            there = self._log(tie=new)
            gain = float((there - self.log_E).sum())
            old = (s.tie_D[size] - TIE_MEAN[0]) / TIE_MEAN[1]
            gain += 0.5 * (old**2 - ((new[size] - TIE_MEAN[0]) / TIE_MEAN[1]) ** 2)
            take = np.array(float(np.log(rng.random())) < gain)
            if take:
                s.tie_D, self.log_E = new, there
            width = self._width_D[size : size + 1]
            self._adapt(width, take)

    def _scores(self) -> None:
        """Scores and variances, exactly."""
        import numpy as np

        c, s, rng = self.choices, self.state, self.rng
        sd = s.sd_task_S[c.item_set]
        count = np.bincount(c.item_C, minlength=c.items)
        precision = count / sd**2 + 1.0 / s.sd_score_S[c.item_set] ** 2
        centre = np.bincount(c.item_C, s.worth_C, c.items) / sd**2 / precision
        s.score_I = rng.normal(centre, 1.0 / np.sqrt(precision))
        number = np.bincount(c.item_set, minlength=c.sets).astype(np.float64)
        # No choice hangs on the level of all scores and worths: it is what the prior says.
        level = by_set(s.score_I, c.item_set, c.sets) / number
        up = s.sd_score_S / np.sqrt(number) * rng.normal(size=c.sets) - level
        s.score_I = s.score_I + up[c.item_set]
        s.worth_C = s.worth_C + up[c.task_set[c.task_C]]
        s.sd_score_S = draw_sd(
            by_set(s.score_I**2, c.item_set, c.sets), number, SCORE_VARIANCE, rng
        )
        of = c.task_set[c.task_C]
        squares = by_set((s.worth_C - s.score_I[c.item_C]) ** 2, of, c.sets)
        cells = np.bincount(of, minlength=c.sets).astype(np.float64)
        s.sd_task_S = draw_sd(squares, cells, TASK_VARIANCE, rng)
        self._stretch(of)

    def _stretch(self, of: Array) -> None:
        """Move what is special to tasks and its sd together; given each other, either creeps."""
        import numpy as np

        c, s, rng = self.choices, self.state, self.rng
        step = 0.2 * rng.normal(size=c.sets)
        centre = s.score_I[c.item_C]
        worth = centre + (s.worth_C - centre) * np.exp(step)[of]
        sd = s.sd_task_S * np.exp(step)
        there = self._log(worth=worth)
        of_event = c.task_set[self._task_E]
        gain = np.bincount(of_event, there - self.log_E, c.sets)
        shape, rate = TASK_VARIANCE
        gain = gain - 2.0 * shape * step - rate * (sd**-2 - s.sd_task_S**-2)
        take = np.log(rng.random(c.sets)) < gain
        s.worth_C = np.where(take[of], worth, s.worth_C)
        s.sd_task_S = np.where(take, sd, s.sd_task_S)
        self.log_E = np.where(take[of_event], there, self.log_E)
