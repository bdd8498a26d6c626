"""Families of laws for two sources: error after n_weak and n_high labels pooled in one training.

Each family gives the error as ``f(theta; n_weak, n_high)``; what a weak label adds sets them apart:

    additive    e_inf + (e_0 - e_inf) g(n_high + r n_weak)                      a constant rate
    capped      the same, the weak labels' worth levelling off at a cap
    product     e_inf + (e_0 - e_inf) g(n_high) w(n_weak)                       each source shrinks
                the rest, the weak one only by so much
    share       e_inf + (e_0 - e_inf) g(n_high + r n_weak) + d n_weak / n       wrong labels teach:
                a straight line in the share of weak labels, of either sign
    combined    capped worth, and the straight line in the share

with ``g(n) = (1 + n / s)^-p`` and n counted in labels of the high-quality source. None has a knee.

Assumes: one order of training (pooled, or the same for all points); more of one source at a fixed
share does not make things worse, apart from ``d``.
Fails when: training is unstable in the number of labels (double descent).
Reference: Mahmood et al. (2022), Learn, Optimize, Collect, for laws of several data types;
Hernandez et al. (2021) for effective data transferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.demand.scaling._families import columns, sigmoid

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BOUND = 12.0
"""Logs are cut here, a factor of 160,000 either way, before numbers end. Chosen."""


@dataclass(frozen=True)
class MixingFamily:
    """One family.

    Attributes:
        name: in tables.
        function: (theta [batch, parameter], n_weak, n_high [batch, point]) -> error [batch, point].
        mean, sd: of the normal prior of each parameter, counts being in units of ``scale``.
        starts: where the search for the mode starts.
    """

    name: str
    function: Callable[[Any, Any, Any], Any]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    starts: tuple[tuple[float, ...], ...]


def _exp(x: Floats) -> Floats:
    return np.exp(np.clip(x, -_BOUND, _BOUND))


def _between(e_0: Floats, e_inf: Floats, rest: Floats) -> Floats:
    """The floor is a share of the error without labels, so that it never lies above it."""
    start = sigmoid(e_0)
    floor = start * sigmoid(e_inf)
    return floor + (start - floor) * rest


def _falling(n: Floats, log_s: Floats, log_p: Floats) -> Floats:
    return np.exp(-_exp(log_p) * np.log1p(n * _exp(-log_s)))


def _worth(n_weak: Floats, log_r: Floats, log_cap: Floats) -> Floats:
    cap = _exp(log_cap)
    return np.asarray(-cap * np.expm1(-np.minimum(n_weak * _exp(log_r) / cap, 50.0)))


def _share_of_weak(n_weak: Floats, n_high: Floats) -> Floats:
    return n_weak / np.maximum(n_weak + n_high, 1e-12)


def _additive(theta: Floats, n_weak: Floats, n_high: Floats) -> Floats:
    e_0, e_inf, log_s, log_p, log_r = columns(theta)
    return _between(e_0, e_inf, _falling(n_high + _exp(log_r) * n_weak, log_s, log_p))


def _capped(theta: Floats, n_weak: Floats, n_high: Floats) -> Floats:
    e_0, e_inf, log_s, log_p, log_r, log_cap = columns(theta)
    return _between(e_0, e_inf, _falling(n_high + _worth(n_weak, log_r, log_cap), log_s, log_p))


def _product(theta: Floats, n_weak: Floats, n_high: Floats) -> Floats:
    e_0, e_inf, log_s, log_p, log_t, log_k, floor = columns(theta)
    left = sigmoid(floor)
    weak = left + (1.0 - left) * _falling(n_weak, log_t, log_k)
    return _between(e_0, e_inf, weak * _falling(n_high, log_s, log_p))


def _share(theta: Floats, n_weak: Floats, n_high: Floats) -> Floats:
    return _additive(theta[:, :5], n_weak, n_high) + theta[:, 5, None] * _share_of_weak(
        n_weak, n_high
    )


def _combined(theta: Floats, n_weak: Floats, n_high: Floats) -> Floats:
    return _capped(theta[:, :6], n_weak, n_high) + theta[:, 6, None] * _share_of_weak(
        n_weak, n_high
    )


# Priors: e_0 about .5, the error of a two-way guess; the floor about a fifth of it, s about the
# scale of n_high, p about .7, r about .1. Chosen, wide: two sd are a factor of 20 in a rate or a
# cap, of 50 in a scale, of 3 in a power, and .1 of error in what wrong labels teach.
_BASE_MEAN, _BASE_SD = (0.0, -1.4, 0.0, -0.4), (0.7, 1.2, 2.0, 0.6)

MIXING_FAMILIES = (
    MixingFamily(
        "additive", _additive, (*_BASE_MEAN, -2.0), (*_BASE_SD, 1.5),
        ((0.0, -1.4, 0.0, -0.4, -2.0), (0.0, -2.0, -2.0, -1.0, -3.5)),
    ),
    MixingFamily(
        "capped", _capped, (*_BASE_MEAN, -2.0, -0.5), (*_BASE_SD, 1.5, 1.5),
        ((0.0, -1.4, 0.0, -0.4, -2.0, -0.5), (0.0, -2.0, -1.5, -1.0, -1.0, -1.5)),
    ),
    MixingFamily(
        "product", _product, (*_BASE_MEAN, 1.0, -0.4, 0.0), (*_BASE_SD, 2.0, 0.6, 1.0),
        ((0.0, -1.4, 0.0, -0.4, 1.0, -0.4, 0.0), (0.0, -2.0, -1.5, -1.0, -1.0, -0.4, 0.0)),
    ),
    MixingFamily(
        "share", _share, (*_BASE_MEAN, -2.0, 0.0), (*_BASE_SD, 1.5, 0.05),
        ((0.0, -1.4, 0.0, -0.4, -2.0, 0.0), (0.0, -2.0, -2.0, -1.0, -3.5, 0.05)),
    ),
    MixingFamily(
        "combined", _combined, (*_BASE_MEAN, -2.0, -0.5, 0.0), (*_BASE_SD, 1.5, 1.5, 0.05),
        ((0.0, -1.4, 0.0, -0.4, -2.0, -0.5, 0.0), (0.0, -2.0, -1.5, -1.0, -1.0, -1.5, 0.0)),
    ),
)  # fmt: skip
