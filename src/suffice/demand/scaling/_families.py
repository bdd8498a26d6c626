"""Families of learning curves: loss or error against quantity, in logarithms.

Model: with ``u = ln(x / x_last)`` and ``z = ln(y / y_last)`` a family gives ``z = log f(u)``. Most
are a floor plus a falling excess, ``f = E + exp(a - h(u))``:

    last value     f = exp(a)
    trend          f = exp(a - c u), the slope of either sign and small
    power          f = exp(a - c u), falling
    saturating     h = c u                                          (M2)
    shifted        h = c log(1 + x / s)                             (M3)
    rectified      h = log(1 + (x / s)^q)      a pre-learned data size s
    hill           h = p log(1 + (x / s)^q)    both of the above
    broken         h = c u and more beyond a smooth break           (one break of BNSL)
    ended          no floor: f falls as a power of x up to a smooth end, and is flat beyond

Every parameter has a proper, weak prior in units that neither the scale of x nor that of y changes.

Assumes: y > 0 falls towards a floor; one change of slope.
Fails when: the curve has several breaks, or rises and falls again (double descent).
Reference: Hestness et al. (2017); Alabdulmohsin, Neyshabur and Zhai (2022) for M1-M4; Lin et al.
(2024) for the rectified law; Caballero et al. (2023) for broken power laws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Value = tuple[Floats, Floats]

_LARGEST_FLOOR = 0.999  # of the last value: the excess never vanishes, so its logarithm exists
_LOG_BOUND = 6.0  # exponents stay within exp(+-6)


@dataclass(frozen=True)
class Family:
    """One family: its function, prior and where to start the search.

    Attributes:
        name: in tables.
        function: (theta [curve, parameter], u [curve, point]) -> log f [curve, point] and its
            derivatives [curve, point, parameter].
        mean, sd: of the normal prior of each parameter.
        starts: points from which the posterior mode is sought.
        weight: prior weight in the average; families that hold much the same shapes share theirs.
    """

    name: str
    function: Callable[[Any, Any], Any]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    starts: tuple[tuple[float, ...], ...]
    weight: float = 1.0


def _softplus(v: Floats) -> Floats:
    return np.logaddexp(0.0, v)


def sigmoid(v: Floats) -> Floats:
    """1 / (1 + exp(-v)), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * v)))


def _positive(theta: Floats) -> Floats:
    """A parameter that is kept as its logarithm."""
    return np.exp(np.clip(theta, -_LOG_BOUND, _LOG_BOUND))


def columns(theta: Floats) -> list[Floats]:
    """Parameters [batch, parameter], each to be spread over points [batch, 1]."""
    return [theta[:, k, None] for k in range(theta.shape[1])]


def _with_floor(theta_floor: Floats, excess: Floats, derivatives: list[Floats]) -> Value:
    """Floor plus excess, from the log excess and its derivatives."""
    share = sigmoid(theta_floor)
    floor = _LARGEST_FLOOR * share + 1e-9
    z = np.logaddexp(np.log(floor), excess)
    of_excess = np.exp(excess - z)
    of_floor = np.exp(-z) * _LARGEST_FLOOR * share * (1.0 - share)
    return z, np.stack([of_floor, *(of_excess * d for d in derivatives)], axis=-1)


def _last(theta: Floats, u: Floats) -> Value:
    z = theta[:, 0, None] + np.zeros_like(u)
    return z, np.ones((*z.shape, 1))


def _trend(theta: Floats, u: Floats) -> Value:
    a, c = columns(theta)
    z = a - c * u
    return z, np.stack([np.ones_like(z), -u], axis=-1)


def _power(theta: Floats, u: Floats) -> Value:
    a, log_c = columns(theta)
    c = _positive(log_c)
    z = a - c * u
    return z, np.stack([np.ones_like(z), -c * u], axis=-1)


def _saturating(theta: Floats, u: Floats) -> Value:
    floor, a, log_c = columns(theta)
    c = _positive(log_c)
    return _with_floor(floor, a - c * u, [np.ones_like(u), -c * u])


def _hill(
    theta: Floats, u: Floats, log_p: float | None = None, log_q: float | None = None
) -> Value:
    """``a`` is the log excess at the last point, so that it hardly depends on the others."""
    each = columns(theta)
    floor, a, u0 = each[0], each[1], each[-1]
    free = iter(each[2:-1])
    p = _positive(next(free) if log_p is None else np.full_like(a, log_p))
    q = _positive(next(free) if log_q is None else np.full_like(a, log_q))
    v, v_last = q * (u - u0), -q * u0
    rise = _softplus(v) - _softplus(v_last)
    s, s_last = sigmoid(v), sigmoid(v_last)
    derivatives = [np.ones_like(u)]
    if log_p is None:
        derivatives.append(-p * rise)
    if log_q is None:
        derivatives.append(-p * (s * v - s_last * v_last))
    derivatives.append(p * q * (s - s_last))
    return _with_floor(floor, a - p * rise, derivatives)


def _shifted(theta: Floats, u: Floats) -> Value:
    return _hill(theta, u, log_q=0.0)


def _rectified(theta: Floats, u: Floats) -> Value:
    return _hill(theta, u, log_p=0.0)


def _broken(theta: Floats, u: Floats) -> Value:
    """The slope changes by ``d`` around ``u0``; never below zero, so that the curve falls."""
    floor, a, log_c, log_e, u0, log_w = columns(theta)
    before, after, width = _positive(log_c), _positive(log_e), _positive(log_w)
    v, v_last = (u - u0) / width, -u0 / width
    bend = width * (_softplus(v) - _softplus(v_last))
    s, s_last = sigmoid(v), sigmoid(v_last)
    change = after - before
    by_width = bend - width * (s * v - s_last * v_last)
    derivatives = [
        np.ones_like(u),
        -before * (u - bend),
        -after * bend,
        change * (s - s_last),
        -change * by_width,
    ]
    return _with_floor(floor, a - before * u - change * bend, derivatives)


def _ended(theta: Floats, u: Floats) -> Value:
    """Falls with slope ``c`` up to ``u0``, and no more from there on."""
    a, log_c, u0, log_w = columns(theta)
    c, width = _positive(log_c), _positive(log_w)
    v, v_last = (u0 - u) / width, u0 / width
    rise = width * (_softplus(v) - _softplus(v_last))
    s, s_last = sigmoid(v), sigmoid(v_last)
    derivatives = [
        np.ones_like(u),
        c * rise,
        c * (s - s_last),
        c * (rise - width * (s * v - s_last * v_last)),
    ]
    return a + c * rise, np.stack(derivatives, axis=-1)


FAMILIES = (
    Family("last value", _last, (0.0,), (0.5,), ((0.0,),), 0.3),
    Family("trend", _trend, (0.0, 0.0), (0.5, 0.2), ((0.0, 0.0),)),
    Family("power", _power, (0.0, -1.5), (0.5, 1.5), ((0.0, -1.5),)),
    Family(
        "saturating", _saturating, (-1.0, -0.7, -1.0), (2.0, 1.5, 1.0),
        ((-1.0, -0.7, -1.0), (-3.0, 0.0, -1.0), (1.0, -1.0, -0.5)),
    ),
    Family(
        "shifted", _shifted, (-1.0, -0.7, -1.0, -2.0), (2.0, 1.5, 1.0, 3.0),
        ((-1.0, -0.7, -1.0, -2.0), (-3.0, 0.0, 0.0, 1.0), (-1.0, -0.7, -1.0, -5.0)), 0.5,
    ),
    Family(
        "rectified", _rectified, (-1.0, -0.7, -0.7, -2.0), (2.0, 1.5, 0.7, 3.0),
        ((-1.0, -0.7, -0.7, -2.0), (-3.0, 0.0, -0.7, 1.0), (-1.0, -0.7, -0.7, -5.0)), 0.5,
    ),
    Family(
        "hill", _hill, (-1.0, -0.7, 0.0, -0.7, -2.0), (2.0, 1.5, 0.7, 0.7, 3.0),
        (
            (-1.0, -0.7, 0.0, -0.7, -2.0),
            (-3.0, 0.0, 0.0, -0.7, 1.0),
            (-1.0, -0.7, 0.0, -0.7, -5.0),
        ), 0.5,
    ),
    Family(
        "broken", _broken, (-1.0, -0.7, -2.0, -1.3, -1.0, 0.0), (2.0, 1.5, 1.0, 1.0, 3.0, 0.7),
        (
            (-1.0, -0.7, -2.0, -1.3, -1.0, 0.0),
            (-3.0, -0.1, -2.5, -0.8, -3.0, 0.0),
            (-1.0, -0.3, -1.0, -2.0, -1.0, 0.0),
        ), 0.5,
    ),
    Family(
        "ended", _ended, (0.0, -1.0, -1.0, -1.5), (0.5, 1.0, 1.0, 0.7),
        ((0.0, -1.0, -0.5, -1.5), (0.0, -1.0, -1.5, -1.5), (0.0, -0.5, -2.5, -1.5)), 0.3,
    ),
)  # fmt: skip
"""The families of the average, simplest first."""
