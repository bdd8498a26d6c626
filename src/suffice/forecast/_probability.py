"""P(meets the criterion | curve), with its interval and its parts.

For parameters t of the law, pi(t) is the chance that a run meets the criterion. P is the posterior
mean of pi, and its interval is the posterior of pi.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._threads import in_threads
from suffice.estimate import LEVEL, Estimate
from suffice.forecast._parts import GOLD, HELD, counted_parts, monte_carlo_sd, moved_alone, part
from suffice.metric import signs
from suffice.records import Probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand import Law, Outcomes
    from suffice.forecast._criterion import Criterion
    from suffice.metric import Metric
    from suffice.records import UncertaintyPart

    Floats = NDArray[np.float64]

HELD_FIXED = "this pool of texts and this gold"
FAR = "far"
METHOD = "posterior of the chance that a run meets the criterion"
CITATION = "Kennedy and O'Hagan (2001), Bayesian calibration of computer models, JRSS B 63"

_BLOCK = 65_536
"""Chances at a time: more would not stay in the processor's cache. It moves time alone."""

_COUNTS = 25
"""Counts for each draw of pi: chosen, so that the draws and not these leave what error there is."""

DRAWS, RUNS = 500, 2000
"""Of the law's parameters, and residuals behind each draw's pi: nearly all that a law has. Leave P
a Monte Carlo sd of .005 on the example study (`tools/bench_monte_carlo.py`) and .02 where draws of
pi are spread from 0 to 1; each forecast states a bound of its own."""


@dataclass(frozen=True)
class Forecast:
    """What is said about one curve before anything is trained on it.

    Attributes:
        p: posterior mean of pi, its 90 % interval, and its draws.
        held_fixed: what is the same in the forecast and in the runs it speaks of.
        new_gold: the same probability if texts and raters of the evaluation were drawn anew; None
            where the gold has no replicas.
        parts: what makes the outcome uncertain: name, text, sd, and where it is counted (in P, in
            the interval, or held fixed). The squares of what is counted sum to P(1 - P).
        distance: ``inside``, ``near`` or ``far`` from what was measured.
        monte_carlo: sd of ``p.value`` over repeats with other random numbers, at most; see
            ``monte_carlo_sd``.
        deployment: the same probability with new labels from these sources and, where the gold has
            replicas, new gold; None where it was not asked for.
    """

    p: Estimate
    held_fixed: str
    new_gold: Estimate | None
    parts: tuple[UncertaintyPart, ...]
    distance: str
    monte_carlo: float
    deployment: Estimate | None = None

    def predictive(
        self, total: int, rng: np.random.Generator, level: float = 0.95
    ) -> tuple[int, int]:
        """Interval for how many of ``total`` fresh runs will pass, their own chance included."""
        counts = rng.binomial(total, np.repeat(self.draws, _COUNTS))
        tail = (1.0 - level) / 2.0
        # Counts are whole: the least that enough of the draws do not exceed, nothing in between.
        low, high = np.quantile(counts, [tail, 1.0 - tail], method="inverted_cdf")
        return int(low), int(high)

    @property
    def draws(self) -> Floats:
        """Draws of pi [draw]."""
        if self.p.draws is None:
            raise ValueError("this forecast was read from a file, without its draws")
        return self.p.draws

    def counted(self) -> Probability:
        """Mean and interval, for the ledger."""
        return Probability(mean=self.p.value, low=self.p.low, high=self.p.high, level=LEVEL)

    def said(self, *, points: bool = False) -> Probability:
        """The same for readers: far from what was measured only bounds, unless points are asked."""
        return shown(self.p, self.distance, points=points)


def shown(p: Estimate, distance: str, *, points: bool = False) -> Probability:
    """A probability for readers; no mean far from what was measured, unless asked for."""
    mean = None if distance == FAR and not points else p.value
    return Probability(mean=mean, low=p.low, high=p.high, level=p.level)


def pass_chances(
    outcomes: Outcomes,
    criterion: Criterion,
    metrics: Sequence[Metric],
    shift: Floats | None = None,
) -> Floats:
    """pi for every draw and curve [draw, curve].

    Args:
        outcomes: draws of the law.
        criterion: what must be met.
        metrics: the law's metrics.
        shift: what other gold would add to each metric, one row a draw [draw, metric].
    """
    limits, better = criterion.thresholds(metrics), signs(metrics)
    used = np.flatnonzero(np.isfinite(limits))
    residuals = (better[used] * outcomes.residuals[:, used]).astype(np.float32)
    draws, curves = outcomes.mean.shape[:2]
    chances = np.empty((draws, curves))

    def block(first: int, last: int) -> None:
        at = slice(first, last)
        # met <=> spread * residual <= limit - mean, for all metrics at once; where higher is
        # better, both sides are negative.
        room = limits.astype(outcomes.mean.dtype) - outcomes.mean[at]
        if shift is not None:
            room -= shift[at, None, :]
        part = np.empty((len(used), last - first, curves), dtype=np.float32)
        for k, m in enumerate(used):
            np.divide(room[..., m], outcomes.spread[at, :, m], out=part[k], casting="same_kind")
            if better[m] < 0.0:
                np.negative(part[k], out=part[k])
        chances[at] = _share_met(residuals, part.reshape(len(used), -1)).reshape(-1, curves)

    in_threads(block, draws, max(1, _BLOCK // max(curves, 1)))
    return chances


def _share_met(residuals: NDArray[np.float32], room: NDArray[np.float32]) -> Floats:
    """Share of runs [run, metric] that have room [metric, place] in all metrics [place]."""
    least, most = residuals.min(axis=0), residuals.max(axis=0)
    share = np.asarray((room >= most[:, None]).all(axis=0), dtype=np.float64)
    # Most places have room for every run or for none: runs are gone through for the others.
    asked = np.flatnonzero((room >= least[:, None]).all(axis=0) & (share == 0.0))
    if not len(asked):
        return share
    room = np.take(room, asked, axis=1)
    count = np.zeros(len(asked), dtype=np.int64)
    met, also = (np.empty(len(asked), dtype=bool) for _ in range(2))
    for start in range(0, len(residuals), 255):
        few = np.zeros(len(asked), dtype=np.uint8)
        for run in residuals[start : start + 255]:
            np.less_equal(run[0], room[0], out=met)
            for k in range(1, len(room)):
                np.less_equal(run[k], room[k], out=also)
                met &= also
            few += met.view(np.uint8)
        count += few
    share[asked] = count / len(residuals)
    return share


def make_forecasts(
    law: Law,
    curves: Sequence[Curve | ResolvedCurve],
    criterion: Criterion,
    rng: np.random.Generator,
    *,
    gold_shifts: Floats | None = None,
    draws: int = DRAWS,
    runs: int = RUNS,
    half: int | None = None,
) -> list[Forecast]:
    """Forecast curves.

    Args:
        law: of the model and scheme that are meant.
        curves: what might be bought, resolved; a plain curve stands for its sources as they were
            when the law's runs were made.
        criterion: what must be met.
        rng: the only source of chance.
        gold_shifts: what other gold would add to each metric [replica, metric].
        draws: of the law's parameters.
        runs: residuals behind each draw's pi.
        half: 0 or 1 to use one half of the posterior draws only, so that a curve can be chosen on
            one half and reported on the other.
    """
    if not curves:
        return []
    outcomes = law.outcomes(curves, rng, draws=draws, runs=runs, half=half)
    chances = pass_chances(outcomes, criterion, law.metrics)
    anew: Floats | None = None
    again: Floats | None = None
    if gold_shifts is not None:
        shift = gold_shifts[rng.integers(len(gold_shifts), size=draws)]
        anew = pass_chances(outcomes, criterion, law.metrics, shift)
        # The same golds met by other draws of the law: what both share is what gold alone does.
        step = draws // 2
        again = np.roll(
            pass_chances(outcomes, criterion, law.metrics, np.roll(shift, step, axis=0)),
            -step,
            axis=0,
        )
    made = []
    for i, curve in enumerate(curves):
        pi = chances[:, i]
        parts = counted_parts(pi[:, None, None], outcomes.family)
        new_gold = None
        if anew is not None and again is not None:
            new_gold = estimate(anew[:, i])
            parts.append(part(GOLD, moved_alone(anew[:, i], again[:, i]), HELD))
        distance = law.distance(curve)
        error = monte_carlo_sd(pi[:, None, None], runs)
        made.append(Forecast(estimate(pi), HELD_FIXED, new_gold, tuple(parts), distance, error))
    return made


def estimate(pi: Floats) -> Estimate:
    """P from draws of pi."""
    return Estimate.from_draws(pi, method=METHOD, citation=CITATION)
