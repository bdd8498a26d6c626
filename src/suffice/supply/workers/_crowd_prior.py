"""What public crowds have in common: the prior of what gold alone could show of a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.workers._dissent import DissentIcc

    Array = NDArray[Any]

TOGETHER_CELLS, TOGETHER_MOST = 24, 1.0
"""Cells of the grid of how much errors go together, and its end: at 1 all evidence is worth log
odds below 1, an answer below .73."""
MISLED_CELLS = 60
"""Cells of the grid of the share of misled tasks, from 0 to 1."""
_BANDWIDTH = 0.04
"""Standard deviation, in square roots, of how far a crowd lies from one that is like it. Chosen: a
third of the spread of eleven crowds (.12 of ``together``, .13 of ``misled``)."""
_ALIKE, _LEAST_ALIKE = 0.03, 0.1
"""Crowds whose correlation of dissent differs by this are an e-th of a square as much alike, and no
crowd counts less than a tenth of one that is alike (chosen: half the spread of eleven crowds)."""
_UNLIKE = 0.3
"""Crowds that are unlike all known ones, added to their number (chosen: one in forty, so that no
amount of gold is against the prior)."""
_LEAST_CHANCE = 1e-9
"""Chances below are taken for this: a chain of a hundred draws knows none of them (chosen)."""


@dataclass(frozen=True)
class CrowdPrior:
    """How crowds differ in what their labels cannot show.

    Attributes:
        crowds: of each known crowd three figures. How much its dissent goes together
            (``DissentIcc.whole``). ``together``: how much the errors of a task's labels go
            together, given its class: log odds of l from labels that err alone are worth
            ``l / (1 + together * l)``, and never more than ``1 / together``, however many labels
            agree. ``misled``: the share of the tasks on which all labels together point to a wrong
            class, however many there are. The last two are as its gold shows them.
        overruled: share of the tasks on which a kind of worker model goes against a clear majority
            at which it is an e-th as likely to be the one whose classes are the truth.
        worker_sd: scale of how far a worker's accuracy lies from what the crowd's answers say of
            it, as a share of the standard deviation of one answer (Student's t, over workers).
        judge_sd: the same of language models, where a crowd of people, or of them, answers.
    """

    crowds: tuple[tuple[float, float, float], ...]
    overruled: float
    worker_sd: float
    judge_sd: float

    @property
    def together_mean(self) -> float:
        """Mean over the known crowds of how much errors go together."""
        return sum(together for _, together, _ in self.crowds) / len(self.crowds)

    def grid(
        self, dissent: DissentIcc | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Values of ``together`` and of ``misled``, and their joint chances [together, misled].

        Model: a new crowd is like one of those known, the more likely the nearer its dissent goes
        together alike, but for a normal step in the square roots; or like none of them: then
        anything between none and the largest of both is as likely. Where labels are few and do not
        show how much dissent goes together, all known crowds are as likely.
        Fails when: the labels of its tasks mislead more often than other crowds' do, and do not
        divide its workers. Only gold can show that.

        Args:
            dissent: how much the dissent of the new crowd goes together.
        """
        import numpy as np

        roots = [
            (np.arange(cells) + 0.5) / cells * np.sqrt(most)
            for cells, most in ((TOGETHER_CELLS, TOGETHER_MOST), (MISLED_CELLS, 1.0))
        ]
        alike = np.ones(len(self.crowds))
        if dissent is not None:
            wide = _ALIKE**2 + dissent.whole_error**2
            alike = np.exp([-0.5 * (dissent.whole - icc) ** 2 / wide for icc, _, _ in self.crowds])
        alike = alike + _LEAST_ALIKE
        alike *= len(alike) / alike.sum()
        known = np.sqrt(np.array(self.crowds)[:, 1:])
        near = [
            np.exp(-0.5 * ((root - at[:, None]) / _BANDWIDTH) ** 2)
            for root, at in zip(roots, known.T, strict=True)
        ]
        near = [one / one.sum(axis=1, keepdims=True) for one in near]
        weight = (near[0] * alike[:, None]).T @ near[1]
        reach = [root <= at.max() for root, at in zip(roots, known.T, strict=True)]
        unlike = np.outer(*(one / max(one.sum(), 1) for one in reach))
        weight = weight + _UNLIKE * unlike
        return roots[0] ** 2, roots[1] ** 2, weight / weight.sum()


PUBLIC_CROWDS = CrowdPrior(
    crowds=(
        (0.179, 0.19, 0.043),  # CF_amt
        (0.031, 0.16, 0.025),  # MS
        (0.083, 0.19, 0.002),  # SP
        (0.117, 0.02, 0.021),  # ZenCrowd_us
        (0.097, 0.19, 0.0),  # bluebird
        (0.093, 0.13, 0.117),  # dog
        (0.217, 0.27, 0.012),  # fact_eval
        (0.04, 0.16, 0.0),  # rte
        (0.023, 0.19, 0.0),  # sentiment
        (0.15, 0.0, 0.181),  # trec
        (0.091, 0.0, 0.0),  # web
    ),
    overruled=0.03,
    worker_sd=0.05,
    judge_sd=0.6,
)
"""What the gold of eleven public crowds shows (``tools/bench_crowds.py --learn``). What an audit of
each is worth that knows the ten others: docs/results/crowds.md. ``overruled`` and ``worker_sd``
are chosen by looking at these crowds, too: a fifth more or less of the first moves no answers by a
point; beyond what they share, most crowds' workers differ by less than the second, ZenCrowd's and
trec's by two to four times as much."""


def shrunk(class_TK: Array, together: float) -> NDArray[np.float64]:
    """P(class) of tasks whose labels' errors go together, float64 [task, class].

    Model: log odds l of the likeliest class become ``l / (1 + together * l)``, those between the
    other classes in proportion: the first labels count in full, and each further one that says the
    same says less, up to a ceiling. On eleven public crowds that fits gold better than a design
    effect of the number of labels, and one value serves nearly all of them.
    Reference: Miller and Dunson (2019), JASA 114, on posteriors of models that are nearly right.
    """
    import numpy as np

    chance = np.maximum(class_TK, _LEAST_CHANCE)
    top = chance.max(axis=1)
    odds = np.log(top) - np.log(np.maximum(1.0 - top, _LEAST_CHANCE))
    power = 1.0 / (1.0 + together * np.maximum(odds, 0.0))
    chance = np.exp((np.log(chance) - np.log(top)[:, None]) * power[:, None])
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))
