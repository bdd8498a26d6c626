"""The interval model: who gives which of many values to a task of which worth.

Worker w gives a task of worth ``t`` the value ``m + alpha[w] + beta[w] t`` with normal noise of sd
``sigma[w]``: ``alpha`` is the worker's bias, ``beta`` how far the worker uses the scale (0 guesses,
below 0 inverts). Gold is one more rater without bias and of little noise. Values count in units of
the table's own sd.

Everything is normal, with variances that are learned; worths have mean 0 and variance 1, which
fixes the scale. Every draw is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suffice.supply.scales._marks import by_set, draw_sd
from suffice.supply.workers import draw_positive

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.scales._marks import Marks

    Array = NDArray[Any]

LEVEL = 0.0, 0.5
"""Normal prior of the mean value, in sd of all values about their mean (chosen, weak)."""
REACH = 0.7, 0.4
"""Normal prior of the crowd's mean ``beta``, cut off below 0: most people mean to be right, and
about half of what values differ by is worth (chosen, weak)."""
BIAS_VARIANCE, REACH_VARIANCE = (2.0, 0.1), (2.0, 0.1)
"""Inverse gamma priors of how workers differ in ``alpha`` and ``beta``: by a quarter of the sd of
all values (chosen, weak)."""
NOISE_SHAPE = 3.0
"""Shape of the inverse gamma distribution of noise variances over workers (chosen: those of the
noisiest and the quietest tenth differ by a factor of five)."""
NOISE_RATE = 2.0, 4.0
"""Gamma prior (shape, rate) of the crowd's noise variance: about half of all variance (chosen)."""
GOLD_NOISE = 0.05
"""Noise sd of gold, in sd of all values: chosen, what rounding leaves."""


@dataclass(eq=False)
class State:
    """One point of the posterior. Axes: W workers, S sets, T tasks."""

    alpha_W: Array
    beta_W: Array
    noise_W: Array
    level_S: Array
    reach_S: Array
    sd_alpha_S: Array
    sd_beta_S: Array
    noise_S: Array
    worth_T: Array


class Linear:
    """Moves a state through the posterior; one ``sweep`` renews every unknown once.

    Model: see above.
    Assumes: given worths, labels are independent and normal around a line; worths are normal.
    Fails when: values pile up at the ends or at round numbers, noise depends on the worth, or
    errors are shared.
    Reference: Bechtel (1985), Psychometrika 50, and Moyal (1949) for congeneric raters of a
    continuous scale; Gelfand and Smith (1990), JASA 85, for the sampler.

    Args:
        marks: the labels, in sd about the mean of all values.
        rng: the only source of chance.
    """

    def __init__(self, marks: Marks, rng: np.random.Generator) -> None:
        import numpy as np

        self.marks, self.rng = marks, rng
        self._golden = np.flatnonzero(np.isfinite(marks.gold))
        sets = marks.sets
        self.state = State(
            alpha_W=np.zeros(marks.workers),
            beta_W=np.full(marks.workers, REACH[0]),
            noise_W=np.full(marks.workers, 0.7),
            level_S=np.zeros(sets),
            reach_S=np.full(sets, REACH[0]),
            sd_alpha_S=np.full(sets, 0.25),
            sd_beta_S=np.full(sets, 0.25),
            noise_S=np.full(sets, 0.5),
            worth_T=np.zeros(marks.tasks),
        )
        self.evidence_T = np.zeros(marks.tasks)
        self.open_mean_T = self.open_sd_T = np.zeros(marks.tasks)
        self._tasks()

    def sweep(self) -> None:
        """Renew workers, hyperparameters and worths."""
        self._workers()
        self._crowd()
        self._tasks()

    def take(self, state: State) -> None:
        """Take over another chain's workers, and draw these tasks' worths."""
        self.state = replace(state, worth_T=self.state.worth_T)
        self._tasks()

    def _workers(self) -> None:
        import numpy as np

        s, m, rng = self.state, self.marks, self.rng
        of = m.worker_set
        x, y = s.worth_T[m.task], m.value - s.level_S[of][m.worker]
        n, sx, sxx, sy, sxy = (
            np.bincount(m.worker, weight, m.workers)
            for weight in (np.ones_like(x), x, x * x, y, x * y)
        )
        tau = 1.0 / s.noise_W**2
        # Bias and reach of each worker from a two by two normal equation.
        pa, pb = 1.0 / s.sd_alpha_S[of] ** 2, 1.0 / s.sd_beta_S[of] ** 2
        aa, ab, bb = tau * n + pa, tau * sx, tau * sxx + pb
        ga, gb = tau * sy, tau * sxy + pb * s.reach_S[of]
        det = aa * bb - ab * ab
        mean_a, mean_b = (bb * ga - ab * gb) / det, (aa * gb - ab * ga) / det
        # Cholesky of the precision, solved backwards.
        la = np.sqrt(aa)
        lb = ab / la
        lc = np.sqrt(bb - lb * lb)
        za, zb = rng.normal(size=(2, m.workers))
        beta = zb / lc
        alpha = (za - lb * beta) / la
        s.alpha_W, s.beta_W = mean_a + alpha, mean_b + beta
        left = y - s.alpha_W[m.worker] - s.beta_W[m.worker] * x
        squares = np.bincount(m.worker, left * left, m.workers)
        rate = NOISE_SHAPE * s.noise_S[of] + squares / 2.0
        s.noise_W = np.sqrt(rate / rng.gamma(NOISE_SHAPE + n / 2.0))

    def _crowd(self) -> None:
        import numpy as np

        s, m, rng = self.state, self.marks, self.rng
        of, sets = m.worker_set, m.sets
        count = np.bincount(of, minlength=sets).astype(np.float64)
        # The mean value, with the workers' biases summed out against it: they move together.
        # Given everything else, m and all alpha shift against one another at no cost but priors.
        whole = by_set(s.alpha_W, of, sets)
        precision = count / s.sd_alpha_S**2 + 1.0 / LEVEL[1] ** 2
        centre = (whole + count * s.level_S) / s.sd_alpha_S**2 + LEVEL[0] / LEVEL[1] ** 2
        if len(self._golden):
            at, gold_set = self._golden, m.task_set[self._golden]
            left = m.gold[at] - s.reach_S[gold_set] * s.worth_T[at]
            precision = precision + np.bincount(gold_set, minlength=sets) / GOLD_NOISE**2
            centre = centre + np.bincount(gold_set, left, sets) / GOLD_NOISE**2
        new = rng.normal(centre / precision, 1.0 / np.sqrt(precision))
        s.alpha_W = s.alpha_W + (s.level_S - new)[of]
        s.level_S = new
        pb = count / s.sd_beta_S**2 + 1.0 / REACH[1] ** 2
        gb = by_set(s.beta_W, of, sets) / s.sd_beta_S**2 + REACH[0] / REACH[1] ** 2
        if len(self._golden):
            x = s.worth_T[at]
            pb = pb + np.bincount(gold_set, x * x, sets) / GOLD_NOISE**2
            left = m.gold[at] - s.level_S[gold_set]
            gb = gb + np.bincount(gold_set, x * left, sets) / GOLD_NOISE**2
        s.reach_S = draw_positive(rng, gb / pb, 1.0 / np.sqrt(pb))
        s.sd_alpha_S = draw_sd(by_set(s.alpha_W**2, of, sets), count, BIAS_VARIANCE, rng)
        squares = by_set((s.beta_W - s.reach_S[of]) ** 2, of, sets)
        s.sd_beta_S = draw_sd(squares, count, REACH_VARIANCE, rng)
        rate = NOISE_RATE[1] + NOISE_SHAPE * by_set(1.0 / s.noise_W**2, of, sets)
        s.noise_S = rng.gamma(NOISE_RATE[0] + NOISE_SHAPE * count) / rate

    def _tasks(self) -> None:
        """Draw every task's worth; keeps what it would be without the task's own gold."""
        import numpy as np

        s, m, rng = self.state, self.marks, self.rng
        of = m.worker_set
        tau = 1.0 / s.noise_W**2
        left = m.value - (s.level_S[of] + s.alpha_W)[m.worker]
        pull = (tau * s.beta_W)[m.worker] * left
        precision = 1.0 + np.bincount(m.task, (tau * s.beta_W**2)[m.worker], m.tasks)
        centre = np.bincount(m.task, pull, m.tasks)
        self.open_mean_T, self.open_sd_T = centre / precision, 1.0 / np.sqrt(precision)
        fit = np.bincount(m.task, (-0.5 * tau)[m.worker] * left**2 + np.log(tau)[m.worker] / 2.0,
                          m.tasks)  # fmt: skip
        self.evidence_T = fit + 0.5 * centre**2 / precision - 0.5 * np.log(precision)
        if len(self._golden):
            at, gold_set = self._golden, m.task_set[self._golden]
            reach = s.reach_S[gold_set]
            precision[at] = precision[at] + reach**2 / GOLD_NOISE**2
            centre[at] = centre[at] + reach * (m.gold[at] - s.level_S[gold_set]) / GOLD_NOISE**2
        s.worth_T = rng.normal(centre / precision, 1.0 / np.sqrt(precision))
