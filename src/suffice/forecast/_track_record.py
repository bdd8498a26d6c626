"""The track record in numbers: scores, coverage, and the calibration curve.

Model: forecasts are put into bins by the P that they said. In a bin, what came true is the share of
all its runs that passed. Its interval resamples the bin's forecasts and draws each one's pass share
from its Beta(passed + 1/2, failed + 1/2) posterior.
Assumes: forecasts of one bin are exchangeable, and independent given what they said.
Fails when: many forecasts are of the same few curves on the same data, which then count as more
evidence than they are.
Reference: Dawid (1982), The well-calibrated Bayesian, JASA 77; Brier (1950), Verification of
forecasts expressed in terms of probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.estimate import LEVEL, TAILS, Estimate, interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.records import LedgerEntry

    Floats = NDArray[np.float64]

BINS = 5
"""Of what was said: chosen, wide enough that a bin soon holds several forecasts."""
METHOD = "bootstrap over forecasts, with Jeffreys' posterior of each pass share"
CITATION = "Dawid (1982), The well-calibrated Bayesian, JASA 77"
_RESAMPLES = 1000
"""For intervals: their ends are known to about a twentieth of their distance from the middle."""


@dataclass(frozen=True)
class Bin:
    """Forecasts that said about the same.

    Attributes:
        low, high: of what was said.
        forecasts: how many.
        said: mean P, weighted by runs.
        came: share of runs that passed.
    """

    low: float
    high: float
    forecasts: int
    said: float
    came: Estimate


@dataclass(frozen=True)
class TrackRecord:
    """How forecasts came out.

    Attributes:
        forecasts: written before their runs.
        scored: those whose runs are in.
        brier, log_score: means over the scored forecasts; None without any. 0 is perfect.
        covered: share of counts inside their predictive intervals; None without any.
        curve: the calibration curve, filled bins only.
    """

    forecasts: int
    scored: int
    brier: Estimate | None
    log_score: Estimate | None
    covered: Estimate | None
    curve: tuple[Bin, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""

        def told(e: Estimate | None) -> dict[str, float] | None:
            return None if e is None else e.as_dict()

        return {
            "forecasts": self.forecasts,
            "scored": self.scored,
            "brier": told(self.brier),
            "log_score": told(self.log_score),
            "covered": told(self.covered),
            "calibration": [
                {
                    "low": b.low,
                    "high": b.high,
                    "forecasts": b.forecasts,
                    "said": b.said,
                    "came": b.came.as_dict(),
                }
                for b in self.curve
            ],
        }


def track_record(entries: Sequence[LedgerEntry], *, seed: int = 0) -> TrackRecord:
    """Sum up a ledger.

    Args:
        entries: of ``Ledger.entries``.
        seed: of the resamples.
    """
    done = [e for e in entries if e.passed is not None]
    if not done:
        return TrackRecord(len(entries), 0, None, None, None, ())
    rng = Stream.TRACK_RECORD.rng(seed)
    inside = sum(e.predictive[0] <= (e.passed or 0) <= e.predictive[1] for e in done)
    return TrackRecord(
        forecasts=len(entries),
        scored=len(done),
        brier=_mean([e.brier for e in done if e.brier is not None], rng),
        log_score=_mean([e.log_score for e in done if e.log_score is not None], rng),
        covered=_share(inside, len(done)),
        curve=calibration(
            [e.p.mean or 0.0 for e in done],
            [e.passed or 0 for e in done],
            [e.total for e in done],
            seed=seed,
        ),
    )


def calibration(
    said: Sequence[float], passed: Sequence[int], total: Sequence[int], *, seed: int = 0
) -> tuple[Bin, ...]:
    """The calibration curve: what came true where about the same was said.

    Args:
        said: P of each forecast.
        passed, total: its runs.
        seed: of the resamples.

    Raises:
        InputError: a count cannot be.
    """
    p = np.asarray(said, dtype=np.float64)
    k, n = np.asarray(passed, dtype=np.float64), np.asarray(total, dtype=np.float64)
    if ((k < 0) | (k > n) | (n < 1)).any():
        raise InputError("a forecast has more passes than runs, or no runs")
    rng = Stream.TRACK_RECORD_BINS.rng(seed)
    at = np.minimum((p * BINS).astype(int), BINS - 1)
    found = []
    for b in range(BINS):
        mine = np.flatnonzero(at == b)
        if not len(mine):
            continue
        pick = rng.choice(mine, (_RESAMPLES, len(mine)))
        share = rng.beta(k[pick] + 0.5, n[pick] - k[pick] + 0.5)
        drawn = (share * n[pick]).sum(axis=1) / n[pick].sum(axis=1)
        low, high = interval(drawn)
        came = float(k[mine].sum() / n[mine].sum())
        found.append(
            Bin(
                low=b / BINS,
                high=(b + 1) / BINS,
                forecasts=len(mine),
                said=float((p[mine] * n[mine]).sum() / n[mine].sum()),
                came=Estimate(came, min(low, came), max(high, came), LEVEL, METHOD, CITATION),
            )
        )
    return tuple(found)


def _share(count: int, total: int) -> Estimate:
    from scipy.special import betaincinv

    share = count / total
    low, high = (float(betaincinv(count + 0.5, total - count + 0.5, q)) for q in TAILS)
    low, high = min(low, share), max(high, share)
    return Estimate(share, low, high, method="Jeffreys' interval")


def _mean(values: Sequence[float], rng: np.random.Generator) -> Estimate:
    v = np.asarray(values, dtype=np.float64)
    means = rng.choice(v, (_RESAMPLES, len(v))).mean(axis=1)
    low, high = interval(means)
    return Estimate(float(v.mean()), low, high, method="bootstrap over forecasts")
