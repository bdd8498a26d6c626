"""How far to optimise against a proxy before the true reward falls: two empirical laws."""

from __future__ import annotations

from math import exp, expm1, inf

from suffice.errors import InputError
from suffice.forecast.theory._bound import Bound

_REFERENCE = "Gao, Schulman and Hilton (2022), Scaling laws for reward model overoptimization"


def best_of_n(gain: float, loss: float) -> tuple[Bound, Bound]:
    """Where d(a - b d), d = sqrt(KL), peaks: (distance d* = a/(2b), the n that gives it).

    Model: gold reward against best-of-n's distance from the start.
    Assumes: ``gain`` a and ``loss`` b were fitted to this proxy, policy and task.
    Fails when: extrapolated beyond the fitted distances: the law is empirical.
    Reference: Gao, Schulman and Hilton (2022), section 3.
    """
    _check(gain, loss)
    distance = gain / (2.0 * loss)
    return (
        _optimum("best-of-n optimum", "sqrt nats", distance, gain * distance / 2.0),
        _optimum("best-of-n optimum", "samples", _n_for(distance**2), gain * distance / 2.0),
    )


def reinforcement(gain: float, loss: float) -> Bound:
    """Where d(a - b ln d) peaks: d* = exp(a/b - 1); the form fitted to reinforcement learning."""
    _check(gain, loss)
    power = gain / loss - 1.0
    distance = exp(power) if power < 700.0 else inf
    return _optimum("RL optimum", "sqrt nats", distance, loss * distance)


def _optimum(name: str, quantity: str, value: float, reward: float) -> Bound:
    return Bound(
        name=name,
        quantity=quantity,
        value=value,
        direction="optimum",
        assumptions=(
            "gain and loss were fitted to this proxy, policy and task",
            f"the true reward there is {reward:.3g} above the start; beyond it falls",
        ),
        reference=_REFERENCE,
        holds_here="if the fitted form holds that far out (an empirical law)",
    )


def _n_for(kl: float) -> float:
    """The n whose KL ln n - (n-1)/n (no ties) is ``kl``, by bisection in ln n."""
    low, high = 0.0, kl + 1.0
    if high > 600.0:
        return inf
    for _ in range(200):
        middle = 0.5 * (low + high)
        # With x = ln n, KL is x - 1 + exp(-x).
        if middle + expm1(-middle) < kl:
            low = middle
        else:
            high = middle
    return exp(high)


def _check(gain: float, loss: float) -> None:
    if not (0.0 < gain < inf and 0.0 < loss < inf):
        raise InputError(
            f"gain {gain:g} and loss {loss:g}",
            fix="both must be positive: without a loss there is no optimum",
        )
