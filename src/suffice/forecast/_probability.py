"""P(meets the criterion | curve), with its interval and its parts.

For parameters t of the law, pi(t) is the chance that a run meets the criterion. P is the posterior
mean of pi, and its interval is the posterior of pi.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.estimate import LEVEL, Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand import Law, Outcomes
    from suffice.forecast._criterion import Criterion

    Floats = NDArray[np.float64]

HELD_FIXED = "this pool of texts and this gold"
METHOD = "posterior of the chance that a run meets the criterion"
CITATION = "Kennedy and O'Hagan (2001), Bayesian calibration of computer models, JRSS B 63"

_CHUNK = 4_000_000


@dataclass(frozen=True)
class Forecast:
    """What is said about one curve before anything is trained on it.

    Attributes:
        p: posterior mean of pi, its 90 % interval, and its draws.
        held_fixed: what is the same in the forecast and in the runs it speaks of.
        new_gold: the same probability if texts and raters of the evaluation were drawn anew; None
            where the gold has no replicas.
        parts: what makes the outcome uncertain.
        distance: ``inside``, ``near`` or ``far`` from what was measured.
    """

    p: Estimate
    held_fixed: str
    new_gold: Estimate | None
    parts: tuple[dict[str, Any], ...]
    distance: str

    def predictive(
        self, total: int, rng: np.random.Generator, level: float = 0.95
    ) -> tuple[int, int]:
        """Interval for how many of ``total`` fresh runs will pass, their own chance included."""
        counts = rng.binomial(total, np.repeat(self.draws, 25))
        tail = (1.0 - level) / 2.0
        low, high = np.quantile(counts, [tail, 1.0 - tail], method="inverted_cdf")
        return int(low), int(high)

    @property
    def draws(self) -> Floats:
        """Draws of pi [draw]."""
        if self.p.draws is None:
            raise ValueError("this forecast was read from a file, without its draws")
        return self.p.draws

    def as_dict(self) -> dict[str, float]:
        """Mean and interval, for JSON."""
        return {"mean": self.p.value, "low": self.p.low, "high": self.p.high, "level": LEVEL}


def pass_chances(
    outcomes: Outcomes,
    criterion: Criterion,
    metrics: Sequence[str],
    shift: Floats | None = None,
) -> Floats:
    """pi for every draw and curve [draw, curve].

    Args:
        outcomes: draws of the law.
        criterion: what must be met.
        metrics: names of the law's metrics.
        shift: what other gold would add to each metric, one row a draw [draw, metric].
    """
    limits = criterion.thresholds(metrics)
    used = np.flatnonzero(np.isfinite(limits))
    room = limits[used] - outcomes.mean[:, :, used]
    if shift is not None:
        room = room - shift[:, None, used]
    # met <=> spread * residual <= limit - mean, for all metrics at once.
    scaled = (room / outcomes.spread[:, :, used]).astype(np.float32)
    residuals = outcomes.residuals[:, used].astype(np.float32)
    draws, curves, _ = scaled.shape
    chances = np.empty((draws, curves))
    step = max(1, _CHUNK // (draws * len(residuals)))
    for start in range(0, curves, step):
        part = scaled[:, start : start + step]
        met = np.ones((*part.shape[:2], len(residuals)), dtype=bool)
        for k in range(len(used)):
            met &= residuals[:, k] <= part[:, :, k, None]
        chances[:, start : start + step] = met.mean(axis=2)
    return chances


def make_forecasts(
    law: Law,
    curves: Sequence[Curve | ResolvedCurve],
    criterion: Criterion,
    rng: np.random.Generator,
    *,
    gold_shifts: Floats | None = None,
    draws: int = 500,
    runs: int = 400,
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
    anew = None
    if gold_shifts is not None:
        shift = gold_shifts[rng.integers(len(gold_shifts), size=draws)]
        anew = pass_chances(outcomes, criterion, law.metrics, shift)
    return [
        _forecast(law, curve, chances[:, i], None if anew is None else anew[:, i])
        for i, curve in enumerate(curves)
    ]


def _forecast(law: Law, curve: Curve | ResolvedCurve, pi: Floats, anew: Floats | None) -> Forecast:
    p = Estimate.from_draws(pi, method=METHOD, citation=CITATION)
    parts = [
        {
            "name": "run to run",
            "text": "the same purchase trained again, with new tasks, labels and seed",
            "sd": float(np.sqrt(np.mean(pi * (1.0 - pi)))),
        },
        {
            "name": "law",
            "text": "what the measured runs leave open: parameters, discrepancy, run-to-run width",
            "sd": float(pi.std()),
        },
    ]
    new_gold = None
    if anew is not None:
        new_gold = Estimate.from_draws(anew, method=METHOD, citation=CITATION)
        extra = max(float(anew.var()) - float(pi.var()), 0.0)
        parts.append(
            {
                "name": "gold",
                "text": "other texts and other raters in the evaluation (not in the interval)",
                "sd": float(np.sqrt(extra)),
            }
        )
    return Forecast(p, HELD_FIXED, new_gold, tuple(parts), law.distance(curve))
