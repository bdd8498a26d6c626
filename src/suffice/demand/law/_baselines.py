"""Simple forecasts of a cell's mean error, to hold the law against.

Each predicts cells from others that were measured. They are printed beside the law also where they
win.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.demand.law._terms import SCALE
from suffice.records import HeldOut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand.law._law import FittedLaw
    from suffice.metric import Metric

    Floats = NDArray[np.float64]

TAIL = 4
"""Points that a tail power law is fitted to."""

_LEAST_ERROR = 1e-6
"""Errors are no less, so that their logs are numbers. Chosen."""

_SAME = 1e-6
"""Spans of log labels below this carry no slope, and a search for the additive law starts so far
inside its bounds. Chosen; it moves nothing."""

_SIZES, _POWERS = (-12.0, 2.0), (-5.0, 1.5)
"""Bounds of the additive law's log A and log b: from a term that is nothing to seven times the
whole error, and from one that hardly falls to one gone with the first labels. Chosen, wide."""

_START_FLOOR, _START_SIZE, _START_POWER = 0.9, -2.0, float(np.log(0.3))
"""Where a search begins: a floor just below the smallest error (as a share of it), log A and log b
of learning curves as they often are. Chosen; it moves time."""

_CALLS = 200
"""Most steps of such a search. Chosen: one that is cut short is a poorer baseline."""


@dataclass(frozen=True, eq=False)
class Points:
    """Cells as the baselines see them.

    Attributes:
        counts: labels of each source [cell, source].
        worth: clean-equivalent labels [cell].
        error: mean overall error; of cells that are asked for, unused [cell].
        chance: error of a model that has learned nothing.
    """

    counts: Floats
    worth: Floats
    error: Floats
    chance: float = 0.5

    def take(self, index: NDArray[Any]) -> Points:
        """The cells at ``index``."""
        return Points(self.counts[index], self.worth[index], self.error[index], self.chance)


def held_out_table(law: FittedLaw) -> tuple[HeldOut, ...]:
    """Error of each way of forecasting the first metric of a cell it has not seen.

    The baselines are fits to something that falls: a metric that is better when higher is counted
    from the upper end of its range.

    Returns:
        One row a method; the log score is a mean log density, None for methods that give none.
    """
    mean, sd, measured = law.leave_one_out()
    main, chance = law.metrics[0], law.table.chance
    if main.kind != "error":
        chance = float(_falling(law.untrained[:1], main)[0])
    truth, foretold = _falling(measured[:, 0], main), _falling(mean[:, 0], main)
    z = (truth - foretold) / sd[:, 0]
    log_score = float(np.mean(-0.5 * z**2 - np.log(sd[:, 0] * np.sqrt(2.0 * np.pi))))
    points = Points(_counts(law), law.worth, truth, chance)
    rows = [HeldOut(name="suffice", rmse=_rmse(foretold - truth), log_score=log_score)]
    whole = fit_additive(points)
    for name, guess in BASELINES.items():
        found = np.empty(len(truth))
        for i in range(len(truth)):
            others = np.arange(len(truth)) != i
            seen, asked = points.take(others), points.take(~others)
            if guess is additive_power:
                found[i] = _additive(fit_additive(seen, whole), asked.counts)[0][0]
            else:
                found[i] = guess(seen, asked)[0]
        rows.append(HeldOut(name=name, rmse=_rmse(found - truth)))
    return tuple(rows)


def _falling(values: Floats, metric: Metric) -> Floats:
    """Values of a metric as something that falls with training."""
    if metric.better == "lower":
        return values
    return (metric.high if np.isfinite(metric.high) else 0.0) - values


def nearest_cell(seen: Points, asked: Points) -> Floats:
    """The value of the cell with the most similar log counts [asked cell]."""
    places = [np.log1p(p.counts / SCALE) for p in (asked, seen)]
    distance = ((places[0][:, None] - places[1][None]) ** 2).sum(axis=2)
    return np.asarray(seen.error[distance.argmin(axis=1)])


def last_value(seen: Points, asked: Points) -> Floats:
    """The value of the largest cell that buys no more of anything; chance where there is none."""
    guess = np.full(len(asked.worth), seen.chance)
    for i, counts in enumerate(asked.counts):
        below = np.flatnonzero((seen.counts <= counts).all(axis=1))
        if len(below):
            guess[i] = seen.error[below[seen.worth[below].argmax()]]
    return guess


def tail_power(seen: Points, asked: Points) -> Floats:
    """A power law through the four cells with the nearest smaller worth [asked cell]."""
    guess = np.full(len(asked.worth), seen.chance)
    for i, worth in enumerate(asked.worth):
        below = np.flatnonzero(seen.worth < worth)
        tail = below[np.argsort(seen.worth[below])[-TAIL:]]
        x, y = np.log(seen.worth[tail]), np.log(np.maximum(seen.error[tail], _LEAST_ERROR))
        if len(tail) >= 2 and np.ptp(x) > _SAME:
            slope, level = np.polyfit(x, y, 1)
            guess[i] = np.exp(level + slope * np.log(worth))
        elif len(tail):
            guess[i] = seen.error[tail[-1]]
    return guess


def additive_power(seen: Points, asked: Points) -> Floats:
    """NVIDIA's additive law: a floor plus one power law a source, whose terms add [asked cell].

    Model: err = E + sum_s A_s (1 + n_s)^-b_s, least squares.
    Reference: Mahmood et al. (2022), Optimizing data collection for machine learning.
    """
    return _additive(fit_additive(seen), asked.counts)[0]


def fit_additive(seen: Points, start: Floats | None = None) -> Floats:
    """Parameters of the additive law: E, log A_s, log b_s.

    Args:
        seen: the cells that it is fitted to.
        start: where to begin; the fit to nearly the same cells takes a few steps only.
    """
    from scipy.optimize import least_squares

    sources = seen.counts.shape[1]
    low = np.concatenate([[0.0], np.full(sources, _SIZES[0]), np.full(sources, _POWERS[0])])
    high = np.concatenate(
        [[seen.chance], np.full(sources, _SIZES[1]), np.full(sources, _POWERS[1])]
    )
    if start is None:
        start = np.concatenate(
            [[float(seen.error.min()) * _START_FLOOR], np.full(sources, _START_SIZE)]
        )
        start = np.concatenate([start, np.full(sources, _START_POWER)])
    else:
        # Strictly inside, where the search may begin.
        start = np.clip(start, low + _SAME, high - _SAME)
    fit = least_squares(
        lambda x: _additive(x, seen.counts)[0] - seen.error,
        start,
        jac=lambda x: _additive(x, seen.counts)[1],
        bounds=(low, high),
        max_nfev=_CALLS,
    )
    return np.asarray(fit.x)


def _additive(x: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """The additive law and its derivatives: [cell], [cell, parameter]."""
    sources = counts.shape[1]
    size, power = np.exp(x[1 : 1 + sources]), np.exp(x[1 + sources :])
    log_n = np.log1p(counts)
    term = size * np.exp(-power * log_n)
    slopes = np.hstack([np.ones((len(term), 1)), term, -term * power * log_n])
    return np.asarray(x[0] + term.sum(axis=1)), slopes


BASELINES: dict[str, Callable[[Points, Points], Floats]] = {
    "nearest measured cell": nearest_cell,
    "last value": last_value,
    "tail power law": tail_power,
    "additive power law": additive_power,
}


def _counts(law: FittedLaw) -> Floats:
    """Labels of each source [cell, source]."""
    counts = np.zeros((len(law.curves), len(law.table.names)))
    for i, curve in enumerate(law.curves):
        for t in curve:
            counts[i, law.table.number(t.source)] += t.labels
    return counts


def _rmse(miss: Floats) -> float:
    return float(np.sqrt(np.mean(miss**2)))
