"""Fitting the two-source law: families, sizes of discrepancy, and weights earned by extrapolating.

Model: an average of families (see ``_mixing_families``), each with a Gaussian discrepancy of three
sizes (see ``_mixing_posterior``). Weights are stacked log predictive densities of left-out points
and of backtests, in which the law is fitted to the cheaper mixes and predicts the dearer ones.
Everything is chosen from the rows that are given, so a validation around it nests the choice.

Assumes: rows differ in the two counts only; y is an error share.
Fails when: a family's asymptote is asked for far beyond all rows (watch the interval's width).
Reference: Yao, Vehtari, Simpson and Gelman (2018) for stacking; Mallen and Belrose (2024) for the
question.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.scaling._knee import find_knee
from suffice.demand.scaling._mixing_families import MIXING_FAMILIES
from suffice.demand.scaling._mixing_posterior import NOISE_WEIGHT, Member, Panels, fit_members
from suffice.demand.scaling._mixture import WORST, stack
from suffice.demand.scaling._two_source import TwoSource, counts
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FEWEST_ROWS, FEWEST_MIXES = 6, 4
"""Rows and different mixes that a law needs. Chosen: families have five to seven parameters, whose
priors carry what fewer rows cannot say."""

MOST_MIXES = 400
"""Different mixes at most: time grows with their cube, memory with their square. Chosen."""

_BACKTESTS = (0.4, 0.6, 0.8)
"""Shares of the points, by cost, that a backtest is fitted to. Chosen, evenly spaced."""

_SAME_COST = 1.02
"""Mixes that cost up to so many times a cut belong to its cheaper side: budgets are rounded to
whole labels. Chosen."""

_FEWEST_IN_BACKTEST = 6
"""Points that a backtest is fitted to at least: as many as a law needs rows."""

_STACKING_PRIOR = 4.0
"""How many left-out points equal weights are worth. Chosen: it keeps small tables from giving all
the weight to one member."""


def fit_two_source(
    n_weak: ArrayLike,
    n_high: ArrayLike,
    y: ArrayLike,
    *,
    price: float = 0.1,
    seed: int = 0,
    where: str | None = None,
    sources: tuple[str, str] = ("weak", "high"),
    model: str = "the measured model",
) -> TwoSource:
    """Fit the law to measured errors of mixes.

    Args:
        n_weak, n_high: labels of the low- and the high-quality source [row].
        y: error share after training on them [row].
        price: of a weak label, a high-quality one costs 1. It orders mixes by cost for the
            backtests and is the default of ``recommend``.
        seed: of the draws behind intervals.
        where: named in errors.
        sources: what curves call the two, the low-quality one first.
        model: what was trained.

    Raises:
        InputError: too few rows or mixes, values that cannot be.
    """
    if not 0.0 < price < float("inf"):
        raise InputError(f"weak price {price:g} is no price", fix="give a positive number")
    rows = _check(n_weak, n_high, y, where)
    law = fit_panels([rows], price=price, seed=seed)[0]
    return replace(law, sources=sources, model=model)


def fit_panels(
    panels: Sequence[tuple[Floats, Floats, Floats]], *, price: float, seed: int
) -> list[TwoSource]:
    """``fit_two_source`` of many checked panels, side by side."""
    parts, owner = [], []
    for number, rows in enumerate(panels):
        for known in _splits(*rows[:2], price):
            parts.append((*_points(*rows), known))
            owner.append(number)
    batch = _side_by_side(parts, price)
    members = [m for family in MIXING_FAMILIES for m in fit_members(family, batch)]
    misses = [m.left_out() for m in members]
    found = []
    for number, rows in enumerate(panels):
        own = [k for k, o in enumerate(owner) if o == number]
        weights = _weights(members, misses, own, parts)
        named = {f.name: 0.0 for f in MIXING_FAMILIES}
        for member, weight in zip(members, weights, strict=True):
            named[member.family.name] += float(weight)
        found.append(
            TwoSource(price, named, find_knee(*rows), *rows, seed, tuple(members), weights, own[0])
        )
    return found


Points = tuple["Floats", "Floats", "Floats", "Floats", float]


def _points(n_weak: Floats, n_high: Floats, y: Floats) -> Points:
    """Rows with equal counts as one point: counts, mean error, rows, scatter within."""
    mixes, number = np.unique(np.column_stack([n_weak, n_high]), axis=0, return_inverse=True)
    number = number.reshape(-1)
    count = np.bincount(number).astype(float)
    mean = np.bincount(number, y) / count
    return mixes[:, 0], mixes[:, 1], mean, count, float(((y - mean[number]) ** 2).sum())


def _splits(n_weak: Floats, n_high: Floats, price: float) -> list[NDArray[np.bool_]]:
    """All points, and for each backtest the cheaper ones."""
    mixes = np.unique(np.column_stack([n_weak, n_high]), axis=0)
    cost = mixes[:, 0] * price + mixes[:, 1]
    splits = [np.ones(len(cost), dtype=bool)]
    for cut in np.unique(np.quantile(cost, _BACKTESTS, method="lower")):
        cheap = cost <= cut * _SAME_COST
        if cheap.sum() >= _FEWEST_IN_BACKTEST and not cheap.all():
            splits.append(cheap)
    return splits


def _side_by_side(
    parts: Sequence[tuple[Floats, Floats, Floats, Floats, float, NDArray[np.bool_]]], price: float
) -> Panels:
    shape = (len(parts), max(len(p[0]) for p in parts))
    n_weak, n_high, y, count = (np.zeros(shape) for _ in range(4))
    within, scale = np.zeros(len(parts)), np.ones(len(parts))
    for k, (weak, high, mean, rows, scatter, known) in enumerate(parts):
        n_weak[k, : len(weak)], n_high[k, : len(weak)], y[k, : len(weak)] = weak, high, mean
        count[k, : len(weak)] = rows * known
        # The scatter within points is known as a whole: a backtest takes its share of it.
        within[k] = scatter * (rows * known).sum() / rows.sum()
        worth = high[high > 0] if bool((high > 0).any()) else weak[weak > 0] * price
        scale[k] = np.exp(np.log(worth).mean())
    return Panels(n_weak, n_high, y, count, within, scale)


def _weights(
    members: Sequence[Member],
    misses: Sequence[tuple[Floats, Floats]],
    own: Sequence[int],
    parts: Sequence[tuple[Floats, Floats, Floats, Floats, float, NDArray[np.bool_]]],
) -> Floats:
    """Stacked weights of one panel [member]: its left-out points and its backtests."""
    scores = []
    for member, (missed, sd) in zip(members, misses, strict=True):
        points = len(parts[own[0]][0])
        rows = member.panels.rows
        dof = NOISE_WEIGHT + rows[own[0]]
        densities = [_log_t(missed[own[0], :points], sd[own[0], :points], dof)]
        for k in own[1:]:
            weak, high, mean, count, _, known = parts[k]
            centre, covariance = member.at(weak[~known], high[~known], k)
            variance = np.diag(covariance) + member.variance[k] / count[~known]
            miss = mean[~known] - centre
            densities.append(_log_t(miss, np.sqrt(variance), NOISE_WEIGHT + rows[k]))
        scores.append(np.concatenate(densities))
    equal = np.full(len(scores), 1.0 / len(scores))
    return stack(np.array(scores), equal, _STACKING_PRIOR)


def _log_t(miss: Floats, sd: Floats, dof: float) -> Floats:
    """Log density of Student's t, up to a constant that all members share."""
    return np.maximum(-np.log(sd) - 0.5 * (dof + 1.0) * np.log1p((miss / sd) ** 2 / dof), WORST)


def _check(
    n_weak: ArrayLike, n_high: ArrayLike, y: ArrayLike, where: str | None
) -> tuple[Floats, Floats, Floats]:
    weak, high = counts(n_weak, n_high, where=where)
    error = np.atleast_1d(np.asarray(y, dtype=float))
    if len(error) != len(weak):
        raise InputError(f"{len(weak)} mixes but {len(error)} values of y", where=where,
                         fix="give one y a row")  # fmt: skip
    for row in np.flatnonzero(~np.isfinite(error))[:1]:
        raise InputError(f"y is {error[row]} in row {row + 1}", where=where,
                         fix="leave out rows without a measurement")  # fmt: skip
    if len(error) and bool((error > 1.0).any()) and bool((error <= 100.0).all()):
        raise InputError(f"y goes up to {error.max():g}: it looks like percent", where=where,
                         fix="give error shares between 0 and 1")  # fmt: skip
    for row in np.flatnonzero((error < 0.0) | (error > 1.0))[:1]:
        raise InputError(f"y is {error[row]:g} in row {row + 1}", where=where,
                         fix="give error shares between 0 and 1")  # fmt: skip
    if len(error) < FEWEST_ROWS:
        raise InputError(f"{len(error)} rows are too few for a two-source law", where=where,
                         fix=f"measure at least {FEWEST_ROWS} mixes")  # fmt: skip
    for name, values in (("n_weak", weak), ("n_high", high)):
        if not bool((values > 0.0).any()):
            raise InputError(f"{name} is zero in every row", where=where,
                             fix="drop --two-source, or measure mixes of both sources")  # fmt: skip
    mixes = len(np.unique(np.column_stack([weak, high]), axis=0))
    if mixes < FEWEST_MIXES:
        raise InputError(
            f"only {mixes} different mixes in {len(error)} rows", where=where,
            fix=f"measure at least {FEWEST_MIXES} pairs of n_weak and n_high",
        )  # fmt: skip
    if mixes > MOST_MIXES:
        raise InputError(f"{mixes} different mixes are more than the law takes ({MOST_MIXES})",
                         where=where, fix="average mixes that are nearly the same")  # fmt: skip
    return weak, high, error
