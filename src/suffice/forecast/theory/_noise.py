"""Learning from flipped labels: how many are enough for a class, and how many its worst case needs.

All three treat flips at one rate, independent between labels. The last two are worst cases over a
class: a model whose pretraining already prefers the right rule may need far fewer.
"""

from __future__ import annotations

from math import ceil, log, log1p, sqrt

from suffice.forecast.theory._bound import Bound, check_count, check_share

_FLIPS = "labels are flipped independently, each with chance {error:.3g}"
_MOST = 1e15
"""Labels beyond which the bound is called infinite: nobody can give so many, and floating point
still counts them one by one."""


def enough_for_class(target: float, hypotheses: float, failure: float, error: float) -> Bound:
    """Labels that are enough to choose among M rules: error above ``target`` with chance <= h.

    Model: a rule that errs on a share p > t of tasks beats the right one on the n labels only if
    a walk of n steps (up with chance p(1-e), down with chance p e, else still) ends at 0 or
    below. By Chernoff that has chance at most (1 - p(1 - 2 sqrt(e(1-e))))^n; M - 1 rules by the
    union bound.
    Assumes: the right rule is among the M; the learner keeps a rule that agrees with most labels.
    Fails when: no rule of the class is right, or training does not find the best one.
    Reference: Angluin and Laird (1988), Learning from noisy examples; Chernoff (1952).
    """
    _check(target, failure, error)
    check_count("hypotheses", hypotheses, least=1)
    drop = -log1p(-target * (1.0 - 2.0 * sqrt(error * (1.0 - error))))
    others = max(hypotheses - 1.0, 0.0)
    value = 0.0 if others <= failure else float(ceil(log(others / failure) / drop))
    return Bound(
        name="enough for a class",
        quantity="labels",
        value=value,
        direction="upper",
        assumptions=(
            f"the right rule is one of {hypotheses:.3g}",
            "the learner keeps the rule that agrees with most labels",
            _FLIPS.format(error=error),
        ),
        reference="Angluin and Laird (1988), Learning from noisy examples, Machine Learning 2",
        holds_here=f"if the right rule is one of {hypotheses:.3g} and the best fit is found",
    )


def two_rules_bound(target: float, failure: float, error: float) -> Bound:
    """Labels without which one of two rules that differ on 2t of the tasks is missed too often.

    Model: an answer within t of one rule is not within t of the other, so a learner that
    succeeds can tell them apart. n labels have divergence n 2t (1-2e) ln((1-e)/e), and two
    errors of a test add up to at least half of exp(-divergence).
    Assumes: both rules are possible, and the learner must succeed under either.
    Fails when: the prior already prefers one (then it is only a worst case).
    Reference: Bretagnolle and Huber (1979), as in Tsybakov (2009), section 2.4.2.
    """
    _check(target, failure, error)
    check_share("target", target, below=0.5)
    # Noise never helps: that nobody may have labelled a disputed task bounds both cases.
    value = max(log(1.0 / (2.0 * failure)) / -log1p(-2.0 * target), 0.0)
    if error > 0.0:
        nats = 2.0 * target * (1.0 - 2.0 * error) * log((1.0 - error) / error)
        value = max(log(1.0 / (4.0 * failure)) / nats, value)
    return Bound(
        name="two rules",
        quantity="labels",
        value=value,
        direction="lower",
        assumptions=(
            f"two rules that differ on {2.0 * target:.3g} of the tasks are both possible",
            "the learner must succeed whichever is right (worst case)",
            _FLIPS.format(error=error),
        ),
        reference="Bretagnolle and Huber (1979); Tsybakov (2009), Nonparametric Estimation, 2.4.2",
        holds_here="if two such rules are equally plausible to the learner",
    )


def dimension_bound(target: float, failure: float, error: float, dimension: int) -> Bound:
    """Labels without which some rule of a class of VC dimension d is missed too often.

    Model: d kinds of task, each of mass m/d, whose answers are d independent coins; the rest of
    the mass is known. A learner's error is the mass of coins that it guesses wrong; its best
    guess for one coin is the majority of the labels seen of that kind. If the error is above t
    with chance at most h, its mean is at most (1-h) t + h m. The largest n for which the best
    guess misses that, over m, is the bound: computed exactly, without unknown constants.
    Assumes: every labelling of d tasks is possible (worst case over the class).
    Fails when: the learner's prior rules most of them out. Then it is no bound at all.
    Reference: Ehrenfeucht et al. (1989); Massart and Nedelec (2006) for the rate
    (d + ln 1/h)/(t (1-2e)^2).
    """
    _check(target, failure, error)
    check_count("dimension", dimension, least=1)
    # The best mass is looked for in steps of an eighth of a doubling: any of them gives a bound.
    masses = [x for k in range(1, 33) if (x := target * 2.0 ** (1.0 + k / 8.0)) < 1.0] + [1.0]
    value = max(_largest(target, failure, error, dimension, mass) for mass in masses)
    return Bound(
        name="worst case of a dimension",
        quantity="labels",
        value=value,
        direction="lower",
        assumptions=(
            f"any labelling of {dimension:,} kinds of task may be the right one (worst case)",
            "pretraining tells nothing about it",
            _FLIPS.format(error=error),
        ),
        reference="Ehrenfeucht et al. (1989); Massart and Nedelec (2006), Annals of Statistics 34",
        holds_here="if pretraining prefers no rule of the class over another",
    )


def coin_error(labels: float, mass: float, error: float) -> float:
    """Chance that the best guess of a coin is wrong, from n labels of which ``mass`` are of it."""
    import numpy as np
    from scipy.special import bdtr, gammaln

    mean = labels * mass
    # Twelve sd: what lies beyond is lost in rounding. Forty more for a mean near 0.
    reach = 12.0 * sqrt(mean) + 40.0
    k = np.arange(max(0.0, np.floor(mean - reach)), np.floor(min(labels, mean + reach)) + 1.0)
    # Both ends of the binomial need care: mass 1 means every label is of this kind.
    rest = labels - k
    with np.errstate(divide="ignore", invalid="ignore"):
        log_out = np.where(rest > 0.0, rest * np.log1p(-mass), 0.0) if mass < 1.0 else None
    if log_out is None:
        weight = (k == labels).astype(float)
    else:
        choose = gammaln(labels + 1.0) - gammaln(k + 1.0) - gammaln(rest + 1.0)
        weight = np.exp(choose + k * np.log(mass) + log_out)
    # Of k labels more than half are wrong, or exactly half are and a coin decides.
    half = np.floor(k / 2.0).astype(int)
    wrong = 1.0 - bdtr(half, k.astype(int), error)
    if error > 0.0:
        tie = gammaln(k + 1.0) - 2.0 * gammaln(k / 2.0 + 1.0)
        tie = np.exp(tie + 0.5 * k * np.log(error * (1.0 - error)))
    else:
        tie = (k == 0).astype(float)
    wrong = np.where(k % 2 == 0, wrong + 0.5 * tie, wrong)
    return float((weight * wrong).sum())


def _largest(target: float, failure: float, error: float, dimension: int, mass: float) -> float:
    """The fewest labels with which the best guesses are good enough, by bisection."""
    allowed = ((1.0 - failure) * target + failure * mass) / mass
    if allowed >= 0.5:
        return 0.0
    low, high = 0.0, 64.0
    while coin_error(high, mass / dimension, error) > allowed:
        low, high = high, 2.0 * high
        if high > _MOST:
            return float("inf")
    while high - low > 1.0:
        middle = float(int((low + high) / 2.0))
        if coin_error(middle, mass / dimension, error) > allowed:
            low = middle
        else:
            high = middle
    return high


def _check(target: float, failure: float, error: float) -> None:
    check_share("target", target)
    check_share("failure", failure)
    check_share("error", error, below=0.5, zero=True)
