"""Families of learning curves: the share u of what can be learned that is still missing at n.

Model: u falls from 1 at n = 0 to 0. Two families, with a scale s and a power p each:

- *power*: u = (1 + n/s)^-p.
- *angle*: a linear head trained on n labels points within some angle of the best one, the cosine g
  of which obeys g^2 = x/(1 + x) with x = (n/s)^p. A head that agrees with gold by rho at best errs
  with chance arccos(rho g)/pi, so u = 1 - (1/2 - arccos(rho g)/pi) / (1/2 - arccos(rho)/pi).

Assumes: labels differ in worth only, so that noise stretches n. Angle also takes scores for jointly
normal, as sums of many features are. Features that count alike give p = 1, many weak ones less.
Fails when: learning stops early for want of different texts, or starts late, as a jump.
Reference: Seung, Sompolinsky and Tishby (1992), Statistical mechanics of learning from examples,
Phys. Rev. A 45, for the error as an angle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FAMILIES = ("power", "angle")

PRIOR_POWER = {"power": (float(np.log(0.5)), 0.6), "angle": (float(np.log(0.8)), 0.25)}
"""Prior mean and sd of log p."""

WEIGHT = {"power": 0.25, "angle": 0.75}
"""How much each family counts. Fitted cells say little of what happens far beyond them, where the
two part: power falls on, angle levels off. Set by what forecast best on development splits of the
example, see ``tools/bench_calibration``."""

_STEP = 1e-3


def missing(
    family: Floats, x: Floats, power: Floats, agreement: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """u and its changes with log scale, with the power, and with the agreement.

    Args:
        family: position in ``FAMILIES`` [walker].
        x: n/s [walker, curve].
        power: p [walker].
        agreement: rho, what the best head would reach [walker].

    Returns:
        Four arrays [walker, curve].
    """
    p, rho = power[:, None], agreement[:, None]
    is_power = (family == FAMILIES.index("power"))[:, None]
    if is_power.all():
        return _power(x, p)
    if not is_power.any():
        return _angle(x, p, rho)
    u, by_scale, by_power, by_agreement = (
        np.where(is_power, one, other)
        for one, other in zip(_power(x, p), _angle(x, p, rho), strict=True)
    )
    return u, by_scale, by_power, by_agreement


def reach(agreement: Floats) -> Floats:
    """How far below chance the error of a head with this agreement is."""
    return np.asarray(0.5 - np.arccos(agreement) / np.pi)


def _power(x: Floats, p: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    u = (1.0 + x) ** -p
    return u, p * x * (1.0 + x) ** (-p - 1.0), -u * np.log1p(x), np.zeros_like(u)


def _angle(x: Floats, p: Floats, rho: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    log_y = p * np.log(np.maximum(x, 1e-12))
    square = 1.0 / (1.0 + np.exp(-np.clip(log_y, -60.0, 60.0)))
    g = np.sqrt(square)

    def u(agreement: Floats) -> Floats:
        return np.asarray(1.0 - reach(agreement * g) / reach(agreement))

    slope = rho / (np.pi * np.sqrt(1.0 - (rho * g) ** 2)) / reach(rho) * 0.5 * g * (1.0 - square)
    by_agreement = (u(rho + _STEP) - u(rho - _STEP)) / (2.0 * _STEP)
    return u(rho), slope * p, -slope * log_y, by_agreement
