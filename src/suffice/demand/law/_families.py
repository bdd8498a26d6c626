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

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.floating[Any]]

FAMILIES = ("power", "angle")

IN_WORDS = {"power": "a power curve", "angle": "an angle curve"}

PRIOR_POWER = {"power": (float(np.log(0.5)), 0.6), "angle": (float(np.log(0.8)), 0.25)}
"""Prior mean and sd of log p."""

_NO_LABELS, _STEEPEST = 1e-12, 60.0
"""n/s of a curve without labels, for the sake of its log, and where log odds are cut before their
exponential ends. Chosen; they move nothing."""

WEIGHT = {"power": 0.25, "angle": 0.75}
"""How much each family counts. Fitted cells say little of what happens far beyond them, where the
two part: power falls on, angle levels off. Set by what forecast best on development splits of the
example, see ``tools/bench_calibration``."""


def missing(
    family: Numbers, x: Numbers, power: Numbers, agreement: Numbers
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
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
    is_power = family == FAMILIES.index("power")
    if is_power.all():
        return _power(x, p)
    if not is_power.any():
        return _angle(x, p, rho)
    u, by_scale, by_power, by_agreement = (np.empty_like(x) for _ in range(4))
    for mine, found in (
        (is_power, _power(x[is_power], p[is_power])),
        (~is_power, _angle(x[~is_power], p[~is_power], rho[~is_power])),
    ):
        u[mine], by_scale[mine], by_power[mine], by_agreement[mine] = found
    return u, by_scale, by_power, by_agreement


def reach(agreement: Numbers) -> Numbers:
    """How far below chance the error of a head with this agreement is."""
    # arcsin(a) is pi/2 - arccos(a), without the loss of digits where a is small.
    return np.asarray(np.arcsin(agreement) / np.pi)


def _power(x: Numbers, p: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    log_more = np.log1p(x)
    u = np.exp(-p * log_more)
    return u, p * x / (1.0 + x) * u, -u * log_more, np.zeros_like(u)


def _angle(x: Numbers, p: Numbers, rho: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    log_y = p * np.log(np.maximum(x, _NO_LABELS))
    square = 1.0 / (1.0 + np.exp(-np.clip(log_y, -_STEEPEST, _STEEPEST)))
    g, whole = np.sqrt(square), reach(rho)
    learned = reach(rho * g) / whole
    # How the error moves with the angle's cosine, over all that can be learned.
    steep = 1.0 / (np.pi * np.sqrt(1.0 - (rho * g) ** 2)) / whole
    slope = rho * steep * 0.5 * g * (1.0 - square)
    at_best = 1.0 / (np.pi * np.sqrt(1.0 - rho**2)) / whole
    return 1.0 - learned, slope * p, -slope * log_y, learned * at_best - g * steep
