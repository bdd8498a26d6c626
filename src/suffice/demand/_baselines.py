"""Simple forecasts of a cell's mean error, to hold the law against.

Each predicts every measured cell from all others. They are printed beside the law also where they
win.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.demand._terms import SCALE, Terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand._law import Law

    Floats = NDArray[np.float64]

TAIL = 4
"""Points that a tail power law is fitted to."""


def held_out_table(law: Law) -> list[dict[str, Any]]:
    """Error of each way of forecasting the overall error of a cell it has not seen.

    Returns:
        One row a method: ``name``, ``rmse``, ``log_score`` (mean log density; None for methods
        that give no distribution).
    """
    mean, sd, measured = law.leave_one_out()
    truth = measured[:, 0]
    z = (truth - mean[:, 0]) / sd[:, 0]
    log_score = float(np.mean(-0.5 * z**2 - np.log(sd[:, 0] * np.sqrt(2.0 * np.pi))))
    counts, worth = _counts(law), Terms.of(law.curves, law.table).plain_worth(law.table)
    guesses = {
        "nearest measured cell": nearest_cell(counts, truth),
        "last value": last_value(counts, worth, truth),
        "tail power law": tail_power(worth, truth),
        "additive power law": additive_power(counts, truth),
    }
    rows: list[dict[str, Any]] = [
        {"name": "suffice", "rmse": _rmse(mean[:, 0] - truth), "log_score": log_score}
    ]
    return rows + [
        {"name": name, "rmse": _rmse(guess - truth), "log_score": None}
        for name, guess in guesses.items()
    ]


def nearest_cell(counts: Floats, error: Floats) -> Floats:
    """The value of the cell with the most similar log counts [cell]."""
    place = np.log1p(counts / SCALE)
    distance = ((place[:, None] - place[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distance, np.inf)
    return np.asarray(error[distance.argmin(axis=1)])


def last_value(counts: Floats, worth: Floats, error: Floats) -> Floats:
    """The value of the largest cell that buys no more of anything; chance where there is none."""
    guess = np.full(len(error), 0.5)
    for i in range(len(error)):
        inside = (counts <= counts[i]).all(axis=1)
        inside[i] = False
        if inside.any():
            below = np.flatnonzero(inside)
            guess[i] = error[below[worth[below].argmax()]]
    return guess


def tail_power(worth: Floats, error: Floats) -> Floats:
    """A power law through the four cells with the nearest smaller worth [cell]."""
    guess = np.full(len(error), 0.5)
    for i in range(len(error)):
        below = np.flatnonzero(worth < worth[i])
        tail = below[np.argsort(worth[below])[-TAIL:]]
        if len(tail) >= 2 and np.ptp(np.log(worth[tail])) > 1e-6:
            slope, level = np.polyfit(np.log(worth[tail]), np.log(np.maximum(error[tail], 1e-6)), 1)
            guess[i] = np.exp(level + slope * np.log(worth[i]))
        elif len(tail):
            guess[i] = error[tail[-1]]
    return guess


def additive_power(counts: Floats, error: Floats) -> Floats:
    """NVIDIA's additive law: a floor plus one power law a source, whose terms add [cell].

    Model: err = E + sum_s A_s (1 + n_s)^-b_s, least squares.
    Reference: Mahmood et al. (2022), Optimizing data collection for machine learning.
    """
    from scipy.optimize import least_squares

    sources = counts.shape[1]

    def predict(x: Floats, n: Floats) -> Floats:
        size, power = np.exp(x[1 : 1 + sources]), np.exp(x[1 + sources :])
        return np.asarray(x[0] + (size * (1.0 + n) ** -power).sum(axis=1))

    start = np.concatenate([[float(error.min()) * 0.9], np.full(sources, -2.0)])
    start = np.concatenate([start, np.full(sources, np.log(0.3))])
    low = np.concatenate([[0.0], np.full(sources, -12.0), np.full(sources, -5.0)])
    high = np.concatenate([[0.5], np.full(sources, 2.0), np.full(sources, 1.5)])

    def solve(keep: NDArray[np.bool_], x0: Floats) -> Floats:
        fit = least_squares(
            lambda x: predict(x, counts[keep]) - error[keep], x0, bounds=(low, high), max_nfev=200
        )
        return np.asarray(fit.x)

    whole = np.clip(solve(np.ones(len(error), dtype=bool), start), low + 1e-9, high - 1e-9)
    guess = np.empty(len(error))
    for i in range(len(error)):
        keep = np.arange(len(error)) != i
        guess[i] = predict(solve(keep, whole), counts[i : i + 1])[0]
    return guess


def _counts(law: Law) -> Floats:
    """Labels of each source [cell, source]."""
    counts = np.zeros((len(law.curves), len(law.table.names)))
    for i, curve in enumerate(law.curves):
        for t in curve:
            counts[i, law.table.number(t.source)] += t.labels
    return counts


def _rmse(miss: Floats) -> float:
    return float(np.sqrt(np.mean(miss**2)))
