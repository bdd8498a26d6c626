"""How forecasts that somebody made of training runs came out: scores, calibration, go and no go.

Model: a forecast is P that a run meets its criterion, and its outcome is whether it did. The Brier
score is the mean of (P - outcome) squared, the log score the mean log of the probability that was
given to what happened. Skill over a reference is 1 less the ratio of Brier scores. Intervals
resample whole groups, because rows of one curve or data set rise and fall together.
Assumes: groups are independent, and forecasts were made without knowledge of the outcomes.
Fails when: there are few groups (below ten the interval is too narrow), or rows are chosen by what
is easy to forecast.
Reference: Brier (1950), Verification of forecasts expressed in terms of probability; Gneiting and
Raftery (2007), Strictly proper scoring rules, JASA 102; Cameron, Gelbach and Miller (2008),
Bootstrap-based improvements for inference with clustered errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.estimate import LEVEL, Estimate, interval
from suffice.forecast._track_record import BINS, Bin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METHOD = "bootstrap over groups"
CITATION = "Cameron, Gelbach and Miller (2008)"
_RESAMPLES = 2000
"""For intervals: their ends are known to about a thirtieth of their distance from the middle."""

FEW_GROUPS = 10
"""Below so many groups the bootstrap over groups is too narrow (Cameron, Gelbach and Miller 2008,
table 2), which is said."""


@dataclass(frozen=True)
class GoNoGo:
    """What following forecasts would have done: go on where P is at least a threshold.

    Attributes:
        threshold: of P.
        successes_kept: share of the runs that met the criterion and would have been made.
        failures_stopped: share of those that did not and would have been stopped.
        saved: share of all cost that the stopped runs are.
    """

    threshold: float
    successes_kept: Estimate | None
    failures_stopped: Estimate | None
    saved: Estimate


@dataclass(frozen=True)
class Scores:
    """Scores of forecasts.

    Attributes:
        forecasts: how many.
        groups: how many groups they fall into.
        base_rate: share of runs that met their criterion.
        brier: 0 is perfect.
        log_score: 0 is perfect; minus infinity where a certain forecast was wrong.
        certain_and_wrong: places of forecasts of 0 or 1 that were wrong.
        skill: by reference, 1 less the ratio of Brier scores; above 0 is better than it.
        brier_of: the Brier score of each reference.
        curve: the calibration curve, filled bins only.
        go: what following the forecasts would have done.
        by_set: Brier score of each set and its number of forecasts, in order of the file.
    """

    forecasts: int
    groups: int
    base_rate: float
    brier: Estimate
    log_score: Estimate
    certain_and_wrong: tuple[int, ...]
    skill: Mapping[str, Estimate]
    brier_of: Mapping[str, float]
    curve: tuple[Bin, ...]
    go: GoNoGo
    by_set: Mapping[str, tuple[int, float]]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, which knows no infinity."""

        def told(e: Estimate | None) -> dict[str, float] | None:
            return None if e is None or not np.isfinite(e.value) else e.as_dict()

        return {
            "forecasts": self.forecasts,
            "groups": self.groups,
            "base_rate": self.base_rate,
            "brier": told(self.brier),
            "log_score": told(self.log_score),
            "certain_and_wrong": list(self.certain_and_wrong),
            "skill": {k: told(v) for k, v in self.skill.items()},
            "brier_of": dict(self.brier_of),
            "calibration": [
                {"low": b.low, "high": b.high, "forecasts": b.forecasts, "said": b.said,
                 "came": b.came.as_dict()}
                for b in self.curve
            ],
            "go_no_go": {
                "threshold": self.go.threshold,
                "successes_kept": told(self.go.successes_kept),
                "failures_stopped": told(self.go.failures_stopped),
                "saved": told(self.go.saved),
            },
            "by_set": {k: {"forecasts": n, "brier": b} for k, (n, b) in self.by_set.items()},
        }  # fmt: skip


def score_forecasts(
    p: Sequence[float] | Floats,
    outcome: Sequence[bool] | NDArray[np.bool_],
    *,
    groups: Sequence[str] = (),
    sets: Sequence[str] = (),
    cost: Sequence[float] | Floats | None = None,
    references: Mapping[str, Sequence[float] | Floats] | None = None,
    threshold: float = 0.5,
    seed: int = 0,
) -> Scores:
    """Score forecasts against what happened.

    Args:
        p: of each forecast, 0 to 1 [forecast].
        outcome: whether it came true [forecast].
        groups: of rows that are not independent; each row for itself where empty [forecast].
        sets: names of data sets, for a score of each [forecast].
        cost: of each run, for what is saved; 1 each by default [forecast].
        references: other forecasts of the same runs, by name; the share of all outcomes where
            none is given.
        threshold: a run is made where P is at least this.
        seed: of the resamples.

    Raises:
        InputError: there are no forecasts, or a probability or cost cannot be.
    """
    said = np.asarray(p, dtype=np.float64)
    came = np.asarray(outcome, dtype=bool).astype(np.float64)
    _check(said, came, threshold)
    rate = float(came.mean())
    others = dict(references or {"base rate": np.full(len(said), rate)})
    price = np.ones(len(said)) if cost is None else np.asarray(cost, dtype=np.float64)
    if not (np.isfinite(price) & (price >= 0)).all() or not price.sum() > 0:
        raise InputError("costs have to be numbers of 0 or more, and one above 0")
    named = list(groups) or [str(k) for k in range(len(said))]
    at = np.unique(np.array(named), return_inverse=True)[1]
    rng = Stream.SCORES.rng(seed)
    weights = _weights(int(at.max()) + 1, rng)

    def mean(values: Floats, over: Floats | None = None) -> Estimate | None:
        """A mean, or a ratio of two sums, with the interval of the bootstrap over groups."""
        below = np.ones(len(values)) if over is None else over
        return _ratio(values, below, at, weights)

    def surely(values: Floats, over: Floats | None = None) -> Estimate:
        found = mean(values, over)
        assert found is not None
        return found

    given = np.where(came > 0, said, 1 - said)
    wrong = np.flatnonzero(given <= 0)
    with np.errstate(divide="ignore"):
        logs = np.log(given)
    minus = -float("inf")
    log_score = Estimate(minus, minus, minus, method=METHOD) if len(wrong) else surely(logs)
    loss = (said - came) ** 2
    losses = {name: (np.asarray(q, dtype=np.float64) - came) ** 2 for name, q in others.items()}
    made = (said >= threshold).astype(np.float64)
    return Scores(
        forecasts=len(said),
        groups=weights.shape[1],
        base_rate=rate,
        brier=surely(loss),
        log_score=log_score,
        certain_and_wrong=tuple(wrong.tolist()),
        skill={n: _skill(surely(loss, q)) for n, q in losses.items() if q.sum() > 0},
        brier_of={name: float(q.mean()) for name, q in losses.items()},
        curve=_curve(said, came, at, weights, rng),
        go=GoNoGo(
            threshold,
            _share(made * came, came, at, weights, rng),
            _share((1 - made) * (1 - came), 1 - came, at, weights, rng),
            surely((1 - made) * price, price),
        ),
        by_set=_by_set(list(sets), loss),
    )  # fmt: skip


def _check(said: Floats, came: Floats, threshold: float) -> None:
    if not len(said):
        raise InputError("there are no forecasts", fix="give one a row")
    if len(said) != len(came):
        raise InputError(f"{len(said)} forecasts have {len(came)} outcomes")
    bad = np.flatnonzero(~((said >= 0) & (said <= 1)))
    if len(bad):
        raise InputError(
            f"p is {said[bad[0]]:g} in row {bad[0] + 1}", fix="give a probability from 0 to 1"
        )
    if not 0 <= threshold <= 1:
        raise InputError(f"the threshold is {threshold:g}", fix="choose one from 0 to 1")


def _weights(groups: int, rng: np.random.Generator) -> Floats:
    """How often each group is in each resample [resample, group]."""
    return rng.multinomial(groups, np.full(groups, 1 / groups), _RESAMPLES).astype(np.float64)


def _ratio(top: Floats, below: Floats, at: NDArray[np.int64], weights: Floats) -> Estimate | None:
    if not below.sum() > 0:
        return None
    value = float(top.sum() / below.sum())
    size = weights.shape[1]
    sums = weights @ np.bincount(at, top, size), weights @ np.bincount(at, below, size)
    able = sums[1] > 0
    low, high = interval(sums[0][able] / sums[1][able])
    return Estimate(value, min(low, value), max(high, value), LEVEL, METHOD, CITATION)


def _share(
    top: Floats, below: Floats, at: NDArray[np.int64], weights: Floats, rng: np.random.Generator
) -> Estimate | None:
    """A share of rows.

    Each resample draws it from Jeffreys' posterior with a group as one try, so that all or none of
    few groups is no certainty.
    """
    plain = _ratio(top, below, at, weights)
    if plain is None:
        return None
    size = weights.shape[1]
    sums = weights @ np.bincount(at, top, size), weights @ np.bincount(at, below, size)
    able = sums[1] > 0
    share = np.clip(sums[0][able] / sums[1][able], 0.0, 1.0)
    tries = int((np.bincount(at, below, size) > 0).sum())
    low, high = interval(rng.beta(tries * share + 0.5, tries * (1 - share) + 0.5))
    value = plain.value
    return Estimate(value, min(low, value), max(high, value), LEVEL, METHOD, CITATION)


def _skill(ratio: Estimate) -> Estimate:
    return Estimate(1 - ratio.value, 1 - ratio.high, 1 - ratio.low, LEVEL, METHOD, CITATION)


def _curve(
    said: Floats,
    came: Floats,
    at: NDArray[np.int64],
    weights: Floats,
    rng: np.random.Generator,
) -> tuple[Bin, ...]:
    found = []
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    for b in range(BINS):
        mine = (bins == b).astype(np.float64)
        share = _share(came * mine, mine, at, weights, rng)
        if share is None:
            continue
        count = int(mine.sum())
        found.append(Bin(b / BINS, (b + 1) / BINS, count, float(said @ mine / count), share))
    return tuple(found)


def _by_set(sets: list[str], loss: Floats) -> dict[str, tuple[int, float]]:
    named = np.array(sets)
    return {
        name: (int((named == name).sum()), float(loss[named == name].mean()))
        for name in dict.fromkeys(sets)
    }
