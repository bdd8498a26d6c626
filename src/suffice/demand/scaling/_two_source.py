"""The two-source law: error after n_weak low-quality and n_high high-quality labels.

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

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.scaling._knee import Knee, find_knee
from suffice.demand.scaling._mixing_families import MIXING_FAMILIES
from suffice.demand.scaling._mixing_posterior import (
    NOISE_WEIGHT,
    Member,
    Panels,
    fit_members,
)
from suffice.demand.scaling._mixture import stack
from suffice.errors import InputError
from suffice.estimate import LEVEL, Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FEWEST_ROWS, FEWEST_MIXES, MOST_MIXES = 6, 4, 400
_BACKTESTS = (0.4, 0.6, 0.8)  # shares of the points, by cost, that a backtest is fitted to
_FEWEST_IN_BACKTEST = 6
_STACKING_PRIOR = 4.0  # how many left-out points equal weights are worth
_WORST = -12.0  # log density of one miss: a single one must not rule a member out for good
_DRAWS = 2000
SHARES = np.linspace(0.0, 1.0, 21)


@dataclass(frozen=True)
class Mix:
    """The recommended mix at one budget.

    Attributes:
        budget: in prices of a high-quality label.
        weak_share: of the spending on weak labels, with its interval.
        n_weak, n_high: what that buys.
        error, error_high_alone: expected at the mix, and with high-quality labels alone.
        gain: how much lower the error is than with high-quality labels alone.
    """

    budget: float
    weak_share: Estimate
    n_weak: float
    n_high: float
    error: Estimate
    error_high_alone: Estimate
    gain: Estimate


@dataclass(frozen=True, eq=False)
class TwoSource:
    """A fitted two-source law.

    Attributes:
        price: of a weak label, a high-quality one costs 1.
        weights: of the families, their discrepancies summed.
        knee: what mixes of one total say about a knee; None where too few have one total.
        n_weak, n_high, y: the rows that it was fitted to.
        seed: of the draws.
    """

    price: float
    weights: dict[str, float]
    knee: Knee | None
    n_weak: Floats
    n_high: Floats
    y: Floats
    seed: int
    _members: tuple[Member, ...]
    _member_weights: Floats
    _panel: int

    def predict(
        self, n_weak: ArrayLike, n_high: ArrayLike, *, of_law: bool = False
    ) -> list[Estimate]:
        """Error at each mix, with the interval of a new measurement there.

        Args:
            n_weak, n_high: labels [at].
            of_law: give the interval of the law's mean instead.
        """
        mean, law, run = self._draw(*_counts(n_weak, n_high, where="predict"))
        chosen = law if of_law else run
        method = "two-source law, families averaged by held-out skill"
        return [_estimate(m, d, method) for m, d in zip(mean, chosen.T, strict=True)]

    def mixing_gain(self, n_weak: float, n_high: float) -> Estimate:
        """How much the weak labels lower the error of the high-quality ones alone."""
        if n_high < 0 or n_weak < 0:
            raise InputError("a number of labels is negative", fix="give counts from zero on")
        mean, law, _ = self._draw(np.array([0.0, n_weak]), np.array([n_high, n_high]))
        return _estimate(mean[0] - mean[1], law[:, 0] - law[:, 1], "difference of two mixes")

    def recommend(self, budget: float, price: float | None = None) -> Mix:
        """The mix with the lowest expected error that the budget buys.

        Args:
            budget: in prices of a high-quality label.
            price: of a weak label; the law's own by default.
        """
        price = self.price if price is None else price
        if not 0.0 < budget < float("inf"):
            raise InputError(f"budget {budget:g} is no budget", fix="give a positive number")
        if not 0.0 < price < float("inf"):
            raise InputError(f"weak price {price:g} is no price", fix="give a positive number")
        n_weak, n_high = SHARES * budget / price, (1.0 - SHARES) * budget
        mean, law, _ = self._draw(n_weak, n_high)
        best = int(mean.argmin())
        low, high = _interval(SHARES[law.argmin(axis=1)])
        share = Estimate(float(SHARES[best]), min(low, float(SHARES[best])),
                         max(high, float(SHARES[best])), LEVEL,
                         "share of spending with the lowest expected error")  # fmt: skip
        method = "two-source law, without the noise of a run"
        return Mix(
            budget, share, float(n_weak[best]), float(n_high[best]),
            _estimate(mean[best], law[:, best], method), _estimate(mean[0], law[:, 0], method),
            _estimate(mean[0] - mean[best], law[:, 0] - law[:, best], method),
        )  # fmt: skip

    def _draw(self, n_weak: Floats, n_high: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean [at], draws of the law and of a measurement [draw, at]."""
        rng = np.random.default_rng([self.seed, 11])
        counts = rng.multinomial(_DRAWS, self._member_weights)
        mean, law, run = np.zeros(len(n_weak)), [], []
        for member, weight, count in zip(self._members, self._member_weights, counts, strict=True):
            centre, covariance = member.at(n_weak, n_high, self._panel)
            mean += weight * np.clip(centre, 0.0, 1.0)
            if count == 0:
                continue
            dof = NOISE_WEIGHT + member.panels.rows[self._panel]
            stretch = np.sqrt(dof / rng.chisquare(dof, size=(count, 1)))
            values, axes = np.linalg.eigh(covariance)
            half = axes * np.sqrt(np.maximum(values, 0.0))
            smooth = stretch * (rng.standard_normal((count, len(n_weak))) @ half.T)
            sd = np.sqrt(member.variance[self._panel])
            noise = stretch * sd * rng.standard_normal((count, len(n_weak)))
            law.append(np.clip(centre + smooth, 0.0, 1.0))
            run.append(np.clip(centre + smooth + noise, 0.0, 1.0))
        return mean, np.concatenate(law), np.concatenate(run)


def fit_two_source(
    n_weak: ArrayLike,
    n_high: ArrayLike,
    y: ArrayLike,
    *,
    price: float = 0.1,
    seed: int = 0,
    where: str | None = None,
) -> TwoSource:
    """Fit the law to measured errors of mixes.

    Args:
        n_weak, n_high: labels of the low- and the high-quality source [row].
        y: error share after training on them [row].
        price: of a weak label, a high-quality one costs 1. It orders mixes by cost for the
            backtests and is the default of ``recommend``.
        seed: of the draws behind intervals.
        where: named in errors.

    Raises:
        InputError: too few rows or mixes, values that cannot be.
    """
    if not 0.0 < price < float("inf"):
        raise InputError(f"weak price {price:g} is no price", fix="give a positive number")
    rows = _check(n_weak, n_high, y, where)
    return fit_panels([rows], price=price, seed=seed)[0]


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
        cheap = cost <= cut * 1.02
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
    return np.maximum(-np.log(sd) - 0.5 * (dof + 1.0) * np.log1p((miss / sd) ** 2 / dof), _WORST)


def _interval(draws: Floats) -> tuple[float, float]:
    low, high = np.quantile(draws, [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0])
    return float(low), float(high)


def _estimate(mean: float, draws: Floats, method: str) -> Estimate:
    return Estimate(float(mean), *_interval(draws), LEVEL, method)


def _counts(n_weak: ArrayLike, n_high: ArrayLike, *, where: str | None) -> tuple[Floats, Floats]:
    found = []
    for name, values in (("n_weak", n_weak), ("n_high", n_high)):
        array = np.atleast_1d(np.asarray(values, dtype=float))
        for row in np.flatnonzero(~(np.isfinite(array) & (array >= 0.0)))[:1]:
            raise InputError(f"{name} is {array[row]:g} in row {row + 1}", where=where,
                             fix="a number of labels is zero or more")  # fmt: skip
        found.append(array)
    if len(found[0]) != len(found[1]):
        raise InputError(f"{len(found[0])} values of n_weak, {len(found[1])} of n_high",
                         where=where, fix="give one of each a row")  # fmt: skip
    return found[0], found[1]


def _check(
    n_weak: ArrayLike, n_high: ArrayLike, y: ArrayLike, where: str | None
) -> tuple[Floats, Floats, Floats]:
    weak, high = _counts(n_weak, n_high, where=where)
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
