"""Enough: declared by a confidence sequence on fresh gold, at any time and as often as one likes.

Model: gold items are judged one after another; each is wrong with its slice's rate. Against "the
rate is t or more" stands the likelihood ratio of a mixture of smaller rates (Beta(1/2, 1/2), cut
off at t) to t. Under every rate of t or more it is a supermartingale that starts at 1, so that it
ever reaches 1/alpha with chance alpha at most (Ville 1939): whoever stops then is wrong at most
that often, however often they looked.
Thresholds of a criterion are joined by intersection and union: all of them must be declared, each
at alpha (Berger 1982). An overall rate over slices sampled at other shares than those of the task
multiplies the slices' ratios, at the rates that fit best among those whose weighted mean is t.
Assumes: items are drawn at random within their slice, judged by error-free gold, and none of them
trained or chose anything.
Fails when: gold chose the model, the prompt or the curve; the rate drifts while gold is judged.
Reference: Robbins (1970), Statistical methods related to the law of the iterated logarithm;
Waudby-Smith and Ramdas (2024), Estimating means of bounded random variables by betting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from suffice.errors import InputError
from suffice.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counts = NDArray[np.floating] | NDArray[np.integer]

_A = _B = 0.5
"""Jeffreys' prior of a rate: evidence grows nearly as fast as for the true rate, whatever it is
(Krichevsky and Trofimov 1981)."""
_NOTHING_SEEN = float(np.log(np.pi))
"""Log of the Beta function at (1/2, 1/2)."""

METHOD = "mixture confidence sequence, valid at any time"
CITATION = "Robbins (1970), Statistical methods related to the law of the iterated logarithm"
OVERALL, SEVERE = "error", "severe"

Conclusion = Literal["enough", "not enough", "go on"]


@dataclass(frozen=True)
class Tested:
    """One threshold of a criterion, and what fresh gold says of it.

    Attributes:
        name: ``error``, ``error:SLICE``, or ``severe``.
        limit: highest rate allowed.
        wrong, total: items so far.
        error: rate so far, with bounds that hold at all times at once, each with 1 - alpha.
        below: item after which the rate was shown to be below the limit; None if it was not.
        above: the same for above the limit.
    """

    name: str
    limit: float
    wrong: int
    total: int
    error: Estimate
    below: int | None
    above: int | None


@dataclass(frozen=True)
class Enough:
    """What fresh gold allows to say.

    Attributes:
        conclusion: ``enough`` when every threshold is shown to be met, ``not enough`` when one is
            shown to be missed, else ``go on``.
        at: item after which it stood; None while it is ``go on``.
        tested: one a threshold.
        alpha: chance, at most, of ever saying "enough" where it is not.
    """

    conclusion: Conclusion
    at: int | None
    tested: tuple[Tested, ...]
    alpha: float


def judge_gold(
    wrong: Sequence[int] | NDArray[np.integer],
    limit: float,
    *,
    slices: Sequence[str] | None = None,
    slice_limits: Mapping[str, float] | None = None,
    shares: Mapping[str, float] | None = None,
    severe: Sequence[int] | NDArray[np.integer] | None = None,
    severe_limit: float | None = None,
    alpha: float = 0.05,
) -> Enough:
    """Judge fresh gold in the order in which it came.

    Args:
        wrong: 1 where the model is wrong, 0 where it is right [item].
        limit: highest overall error allowed.
        slices: the slice of each item [item].
        slice_limits: highest error allowed in single slices.
        shares: share of the task that each slice stands for, where items were not drawn from the
            whole task at random; without it they count as drawn so.
        severe: 1 where the model failed severely [item]; rare, so that the bound after m items
            without one is what counts.
        severe_limit: highest rate of severe failures allowed.
        alpha: chance, at most, of ever saying "enough" where it is not; one in twenty is a
            convention.

    Raises:
        InputError: a limit or share is none, a named slice has no items, or severe failures are
            limited but not judged.
    """
    x = np.asarray(wrong, dtype=np.int64)
    _check(x, limit, alpha, slices, slice_limits or {}, shares)
    rare = _severe(x, severe, severe_limit)
    names = np.asarray(slices if slices is not None else [""] * len(x), dtype=object)
    count = 1 + len(slice_limits or {}) + (rare is not None)
    tested = [_overall(x, names, limit, shares, alpha, count)]
    for name, bar in (slice_limits or {}).items():
        mine = np.flatnonzero(names == name)
        tested.append(_tested(f"error:{name}", x[mine], mine + 1, bar, alpha, count))
    if rare is not None and severe_limit is not None:
        tested.append(_tested(SEVERE, rare, np.arange(1, len(x) + 1), severe_limit, alpha, count))
    below = [t.below for t in tested]
    above = [t.above for t in tested if t.above is not None]
    enough_at = max(b for b in below if b is not None) if all(below) else None
    failed_at = min(above) if above else None
    if enough_at is not None and (failed_at is None or enough_at <= failed_at):
        return Enough("enough", enough_at, tuple(tested), alpha)
    if failed_at is not None:
        return Enough("not enough", failed_at, tuple(tested), alpha)
    return Enough("go on", None, tuple(tested), alpha)


def log_evidence(wrong: Counts, total: Counts, limit: float, *, above: bool = False) -> Floats:
    """Log of the evidence that a rate is below the limit (or above), at every step.

    Args:
        wrong, total: counts so far, arrays of one shape.
        limit: the rate held against.
        above: evidence for a rate above instead.
    """
    k, n = np.asarray(wrong, dtype=np.float64), np.asarray(total, dtype=np.float64)
    if above:
        k, limit = n - k, 1.0 - limit
    return _log_cut(k, n, limit) - _log_likelihood(k, n, limit)


def bounds(wrong: int, total: int, alpha: float) -> tuple[float, float]:
    """Lower and upper bound of a rate; each holds at all times at once with 1 - alpha."""
    return 1.0 - _upper(total - wrong, total, alpha), _upper(wrong, total, alpha)


def _upper(wrong: int, total: int, alpha: float) -> float:
    low, high = wrong / max(total, 1), 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        evidence = float(log_evidence(np.array(wrong), np.array(total), middle))
        if evidence < -np.log(alpha):
            low = middle
        else:
            high = middle
    return high


def _tested(
    name: str,
    x: NDArray[np.int64],
    place: NDArray[np.int64],
    limit: float,
    alpha: float,
    count: int,
) -> Tested:
    k, n = np.cumsum(x), np.arange(1, len(x) + 1)
    below = log_evidence(k, n, limit) >= -np.log(alpha)
    # "Not enough" is a union: any threshold may say it, so they share alpha.
    above = log_evidence(k, n, limit, above=True) >= -np.log(alpha / count)
    low, high = bounds(int(k[-1]), int(n[-1]), alpha)
    estimate = Estimate(float(k[-1] / n[-1]), low, high, 1.0 - 2.0 * alpha, METHOD, CITATION)
    return Tested(
        name, limit, int(k[-1]), int(n[-1]), estimate, _first(below, place), _first(above, place)
    )


def _overall(
    x: NDArray[np.int64],
    names: NDArray[np.object_],
    limit: float,
    shares: Mapping[str, float] | None,
    alpha: float,
    count: int,
) -> Tested:
    place = np.arange(1, len(x) + 1)
    if shares is None:
        return _tested(OVERALL, x, place, limit, alpha, count)
    weights = np.array(list(shares.values())) / sum(shares.values())
    mine = np.array([names == s for s in shares])
    k, n = np.cumsum(mine * x, axis=1).T, np.cumsum(mine, axis=1).T
    below = stratified_evidence(k, n, weights, limit) >= -np.log(alpha)
    above = stratified_evidence(n - k, n, weights, 1.0 - limit) >= -np.log(alpha / count)

    def end(up: bool) -> float:
        wrong = k[-1:] if up else n[-1:] - k[-1:]
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = 0.5 * (low + high)
            evidence = float(stratified_evidence(wrong, n[-1:], weights, middle)[0])
            low, high = (middle, high) if evidence < -np.log(alpha) else (low, middle)
        return high if up else 1.0 - high

    value = float(weights @ (k[-1] / np.maximum(n[-1], 1)))
    estimate = Estimate(value, end(False), end(True), 1.0 - 2.0 * alpha, METHOD, CITATION)
    return Tested(
        OVERALL,
        limit,
        int(x.sum()),
        len(x),
        estimate,
        _first(below, place),
        _first(above, place),
    )


def stratified_evidence(wrong: Counts, total: Counts, weights: Floats, limit: float) -> Floats:
    """Log evidence that the weighted mean rate is below the limit [step].

    The slices' mixture ratios are multiplied, and the least favourable rates with a weighted mean
    of at least ``limit`` are taken: those that fit the counts best.

    Args:
        wrong, total: counts so far [step, slice].
        weights: of the slices, summing to 1 [slice].
        limit: the rate held against.
    """
    k, n = np.asarray(wrong, dtype=np.float64), np.asarray(total, dtype=np.float64)
    at_best = np.where(n > 0, k / np.maximum(n, 1.0), 1.0)
    # Counts as bad as the limit are no evidence: what fits them best is among the rates refuted.
    free = (at_best * weights).sum(axis=1) >= limit
    low, high = np.full(len(k), 1e-12), np.full(len(k), 1e12)
    for _ in range(90):
        pull = np.sqrt(low * high)
        short = (_pulled(k, n, weights, pull) * weights).sum(axis=1) < limit
        low, high = np.where(short, pull, low), np.where(short, high, pull)
    p = np.where(free[:, None], at_best, _pulled(k, n, weights, high))
    ratio = _log_beta(k, n) - _NOTHING_SEEN - _log_likelihood(k, n, p)
    return np.asarray(np.where(n > 0, ratio, 0.0).sum(axis=1))


def _pulled(k: Floats, n: Floats, weights: Floats, pull: Floats) -> Floats:
    """Rates that fit best when their weighted mean is rewarded at ``pull`` [step, slice]."""
    a = pull[:, None] * weights
    b = n - a
    root = np.sqrt(b * b + 4.0 * a * k)
    # The two forms of the same root; each is exact where the other cancels.
    rate = np.where(b > 0, 2.0 * k / np.maximum(b + root, 1e-300), (root - b) / (2.0 * a))
    return np.asarray(np.where(n > 0, np.clip(rate, 0.0, 1.0), 1.0))


def _log_likelihood(k: Floats, n: Floats, rate: float | Floats) -> Floats:
    from scipy.special import xlog1py, xlogy

    return np.asarray(xlogy(k, rate) + xlog1py(n - k, -np.asarray(rate)))


def _log_beta(k: Floats, n: Floats) -> Floats:
    from scipy.special import betaln

    return np.asarray(betaln(_A + k, _B + n - k))


def _log_cut(k: Floats, n: Floats, limit: float) -> Floats:
    """Log of the likelihood's mean over rates below the limit."""
    from scipy.special import betainc

    inside = np.maximum(betainc(_A + k, _B + n - k, limit), 1e-300)
    whole = _NOTHING_SEEN + np.log(betainc(_A, _B, limit))
    return np.asarray(_log_beta(k, n) + np.log(inside) - whole)


def _first(crossed: NDArray[np.bool_], place: NDArray[np.int64]) -> int | None:
    at = np.flatnonzero(crossed)
    return int(place[at[0]]) if len(at) else None


def _severe(
    x: NDArray[np.int64],
    severe: Sequence[int] | NDArray[np.integer] | None,
    limit: float | None,
) -> NDArray[np.int64] | None:
    """Severe failures in order; None where they are not limited."""
    if limit is None:
        return None
    if severe is None:
        raise InputError(
            "severe failures are limited, but none of the gold is judged for them",
            fix="a column 'severe' (0 or 1)",
        )
    if not 0.0 < limit < 1.0:
        raise InputError(
            f"the limit of severe failures is {limit:g}", fix="give a number between 0 and 1"
        )
    rare = np.asarray(severe, dtype=np.int64)
    if len(rare) != len(x):
        raise InputError(f"{len(rare)} items judged for severe failures, {len(x)} for errors")
    return rare


def _check(
    x: NDArray[np.int64],
    limit: float,
    alpha: float,
    slices: Sequence[str] | None,
    slice_limits: Mapping[str, float],
    shares: Mapping[str, float] | None,
) -> None:
    if not len(x):
        raise InputError("no gold to judge", fix="give at least one judged item")
    named = {"the overall limit": limit, "alpha": alpha}
    named |= {f"the limit of slice {s!r}": v for s, v in slice_limits.items()}
    for what, value in named.items():
        if not 0.0 < value < 1.0:
            raise InputError(f"{what} is {value:g}", fix="give a number between 0 and 1")
    seen = set(slices or ())
    for s in [*slice_limits, *(shares or {})]:
        if s not in seen:
            known = ", ".join(sorted(seen)) or "none: the gold has no slices"
            raise InputError(f"no gold of slice {s!r}", fix=f"slices: {known}")
    if shares is not None:
        if any(not v > 0.0 for v in shares.values()):
            raise InputError("a share is not above 0", fix="leave that slice out")
        if missing := sorted(seen - set(shares)):
            raise InputError(
                f"slice {missing[0]!r} has gold but no share", fix="give every slice its share"
            )
