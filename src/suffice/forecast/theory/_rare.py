"""Rare severe failures: what m trials of which k failed rule out."""

from __future__ import annotations

from math import ceil, log, log1p
from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.forecast.theory._bound import Bound, check_count, check_share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_REFERENCE = "Clopper and Pearson (1934), Biometrika 26; Hanley and Lippman-Hand (1983) for 3/m"


def upper_rate(
    failures: ArrayLike,
    trials: int,
    failure: float = 0.05,
    *,
    missed: float = 0.0,
    false_alarm: float = 0.0,
) -> NDArray[np.float64]:
    """``failure_rate`` for many counts at once, such as those of single runs [...] -> [...].

    Raises:
        InputError: a count or chance cannot be.
    """
    import numpy as np
    from scipy.special import betaincinv

    check_count("trials", trials, least=1)
    check_share("failure", failure)
    check_share("missed", missed, zero=True)
    check_share("false alarms", false_alarm, zero=True)
    k = np.asarray(failures, dtype=np.float64)
    if not ((k >= 0) & (k <= trials)).all():
        worst = k[~((k >= 0) & (k <= trials))].flat[0]
        raise InputError(f"{worst:g} failures in {trials} trials", fix="give 0 to all of them")
    if missed + false_alarm >= 1.0:
        raise InputError("marks with that many mistakes say nothing", fix="lower --missed")
    rest = np.maximum(trials - k, 1.0)
    marked = np.where(k == trials, 1.0, betaincinv(k + 1.0, rest, 1.0 - failure))
    rate = (marked - false_alarm) / (1.0 - missed - false_alarm)
    return np.asarray(np.clip(rate, 0.0, 1.0))


def failure_rate(
    trials: int,
    failures: int = 0,
    failure: float = 0.05,
    *,
    missed: float = 0.0,
    false_alarm: float = 0.0,
) -> Bound:
    """The failure rate that m trials, k of them bad, do not rule out: about 3/m for k = 0.

    Model: trials are independent draws of what the model will meet. A bad one is noticed with
    chance 1 - missed, a good one counts as bad with chance false_alarm; the rate of bad marks is
    bounded exactly and turned back.
    Assumes: the trials are as the deployment is; ``missed`` and ``false_alarm`` are upper bounds.
    Fails when: failures are sought out or avoided in the choice of trials, or come in clusters.
    Reference: Clopper and Pearson (1934).

    Args:
        trials: m.
        failures: k, how many were marked bad.
        failure: chance that the bound is too low.
        missed: chance that a bad trial passes for good.
        false_alarm: chance that a good trial is marked bad; 0 gives the most cautious bound.
    """
    rate = float(upper_rate(failures, trials, failure, missed=missed, false_alarm=false_alarm))
    noisy = (
        (f"a bad trial is missed with chance at most {missed:.3g}",)
        if missed
        else ("every bad trial is noticed",)
    )
    return Bound(
        name="rare failures",
        quantity="failure rate",
        value=rate,
        direction="upper",
        assumptions=(
            f"{failures} of {trials:,} independent trials were bad; the trials are as the use is",
            *noisy,
            f"wrong with chance {failure:.3g}",
        ),
        reference=_REFERENCE,
        holds_here="if the trials are drawn as the use will be",
    )


def trials_needed(rate: float, failure: float = 0.05, *, missed: float = 0.0) -> Bound:
    """Trials without any failure that are needed to say "at most this rate": ln h / ln(1-t).

    It bounds what must be *checked*, whatever was trained on whichever labels: no fewer
    error-free gold trials give that confidence.
    """
    check_share("rate", rate)
    check_share("failure", failure)
    check_share("missed", missed, zero=True)
    value = float(ceil(log(failure) / log1p(-rate * (1.0 - missed)) - 1e-9))
    return Bound(
        name="checks for a claim",
        quantity="gold trials",
        value=value,
        direction="lower",
        assumptions=(
            f'the claim "at most {rate:.3g}" rests on random trials alone',
            "none of them fails" + (f"; a bad one is missed at {missed:.3g}" if missed else ""),
        ),
        reference=_REFERENCE,
        holds_here=True,
    )
