"""Collect labels of one source until a target is met, on learning curves that others measured.

A collector has the start of a curve and a target. In each of T rounds the needed number of labels
gets a distribution F; labels are bought; the outcome is looked up. Purchases go in steps of a
quarter of a doubling. What a purchase gives is the measured curve, interpolated in log x and log y
by a monotone cubic (Fritsch and Carlson 1980), which no method uses. Methods are fitted to measured
points up to what was bought, never to interpolated ones.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr

from suffice.demand.scaling._backtest import Backtest, cut_curves
from suffice.demand.scaling._extrapolate import _at, _forecast, _part, _predict, _weights
from suffice.demand.scaling._read_curves import read_curves
from suffice.progress import SilentProgress

Floats = NDArray[np.float64]

START = 3200
TARGETS = (3.0, 10.0, 30.0, 100.0)
"""Labels that are really needed, as multiples of the start."""

STEP = 0.25
LAST = 1_638_400.0
EPS = (0.999, 0.99, 0.97, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
MARGINS = tuple(float(m) for m in 2.0 ** np.arange(-4.0, 5.01, 0.25))
ROUNDS = (1, 3, 5)
BOOTSTRAPS = 200

GRID = START * 2.0 ** np.arange(0.0, np.log2(LAST / START) + 1e-9, STEP)
"""All numbers of labels that can be held."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One measured curve: its name, points, and what it would give anywhere between them."""

    name: str
    x: Floats
    y: Floats
    on_grid: Floats


def load(folder: Path) -> list[Curve]:
    """The fine-tuning curves of flan and gigaword."""
    found = []
    for stem in ("flan", "gigaword"):
        with (folder / f"{stem}.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                x = np.array(sorted(int(k) for k in row if k.isdigit() and int(k) > 0), dtype=float)
                y = np.array([float(row[str(int(v))]) for v in x])
                between = PchipInterpolator(np.log(x), np.log(y))
                found.append(
                    Curve(f"{stem} {row['config name']}", x, y, np.exp(between(np.log(GRID))))
                )
    return found


def needed(curve: Curve, target: float) -> int:
    """The first place of the grid that meets the target."""
    return int(np.argmax(curve.on_grid <= target))


# ---- what each method believes of the labels needed: P(met) at every place of the grid


class Suffice:
    """The extrapolation of ``suffice``, of each curve by itself, fitted for all curves at once."""

    name = "suffice"
    settings = EPS

    def __init__(self, curves: list[Curve]) -> None:
        """Know the curves; fits are made when they are asked for."""
        self.curves = curves

    @cache  # noqa: B019 - lives as long as the benchmark
    def _forecasts(self, points: int) -> list[tuple[Floats, Floats, Floats]]:
        rows = [
            (c.name, a, b) for c in self.curves for a, b in zip(c.x[:points], c.y, strict=False)
        ]
        columns = {k: [row[i] for row in rows] for i, k in enumerate(("curve", "x", "y"))}
        data, _ = read_curves(columns)
        ahead = GRID[self.curves[0].x[points - 1] * 1.001 < GRID].tolist()
        distances = np.full(len(data), np.log(ahead[-1] / self.curves[0].x[points - 1]))
        backtests = cut_curves(data, distances)
        whole = [Backtest(k, points, _at(c, ahead), np.zeros(0)) for k, c in enumerate(data)]
        with SilentProgress().step("fit", 1) as step:
            tested, members = _predict(data, backtests, step), _predict(data, whole, step)
        found = []
        for k, curve in enumerate(data):
            # Weights and widths from this curve alone: the collector has no other.
            own = [i for i, b in enumerate(backtests) if b.curve == k]
            mine = [Backtest(0, backtests[i].length, backtests[i].u, backtests[i].z) for i in own]
            weights, factor = _weights([tested[i] for i in own], mine, [members[k]], 1)
            said = _forecast(curve, ahead, _part(members, k), weights[0], factor)
            ends = [[getattr(p.forecast, e) for p in said.points] for e in ("low", "value", "high")]
            found.append(tuple(np.log(np.array(end)) for end in ends))
        return found

    def chances(self, number: int, points: int, target: float) -> Floats:
        """Normal on either side of the middle, as wide as the interval; never falling."""
        low, middle, high = self._forecasts(points)[number]
        gap = np.log(target) - middle
        width = np.where(gap < 0.0, middle - low, high - middle) / 1.6449
        p = np.zeros(len(GRID))
        p[-len(gap) :] = ndtr(gap / np.maximum(width, 1e-9))
        return np.asarray(np.maximum.accumulate(p))


def power_laws(x: Floats, y: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Least squares y = a x^-b + c with a, c >= 0, one fit for each row of weights [fit, point]."""
    powers = np.geomspace(0.005, 2.0, 90)
    basis = (x / x[0])[None, :] ** -powers[:, None]
    total = weights.sum(axis=1)[:, None]
    m1, my = weights @ basis.T / total, (weights @ y)[:, None] / total
    m2, m1y = weights @ (basis**2).T / total, weights @ (basis * y).T / total
    a = np.maximum((m1y - m1 * my) / np.maximum(m2 - m1**2, 1e-12), 0.0)
    c = my - a * m1
    a = np.where(c < 0.0, m1y / m2, a)
    c = np.maximum(c, 0.0)
    yy = (weights @ y**2)[:, None] / total
    loss = yy + a**2 * m2 + c**2 + 2 * a * c * m1 - 2 * a * m1y - 2 * c * my
    best = loss.argmin(axis=1)
    at = np.arange(len(weights)), best
    return a[at], powers[best], c[at]


def requirement(x: Floats, y: Floats, weights: Floats, target: float) -> Floats:
    """Labels at which each fit meets the target; infinite where it never does [fit]."""
    a, b, c = power_laws(x, y, weights)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        found = x[0] * ((target - c) / a) ** (-1.0 / b)
    return np.where((target > c) & (a > 0.0) & np.isfinite(found), found, np.inf)


class LearnOptimizeCollect:
    """Mahmood et al. (2022): power laws on bootstrapped points; a kernel density makes F."""

    name = "Learn-Optimize-Collect"
    settings = EPS

    def __init__(self, curves: list[Curve]) -> None:
        """Know the curves; fits are made when they are asked for."""
        self.curves = curves

    @cache  # noqa: B019
    def chances(self, number: int, points: int, target: float) -> Floats:
        """F at every place of the grid."""
        curve, rng = self.curves[number], np.random.default_rng([number, points])
        drawn = rng.multinomial(points, np.full(points, 1.0 / points), size=4 * BOOTSTRAPS)
        # A resample needs three different points for three parameters.
        drawn = drawn[(drawn > 0).sum(axis=1) >= 3][:BOOTSTRAPS].astype(float)
        labels = np.log(requirement(curve.x[:points], curve.y[:points], drawn, target))
        finite = labels[np.isfinite(labels)]
        if not len(finite):
            return np.zeros(len(GRID))
        low, high = np.quantile(finite, [0.25, 0.75])
        spread = min(float(finite.std()), float(high - low) / 1.349) or float(finite.std())
        width = max(0.9 * spread * len(finite) ** -0.2, 1e-3)
        share = len(finite) / len(labels)
        return share * ndtr((np.log(GRID)[:, None] - finite) / width).mean(axis=1)


class PointEstimate:
    """The same power law fitted once, and its answer times a margin."""

    name = "power law, point"
    settings = MARGINS

    def __init__(self, curves: list[Curve]) -> None:
        """Know the curves; fits are made when they are asked for."""
        self.curves = curves

    @cache  # noqa: B019
    def labels(self, number: int, points: int, target: float) -> float:
        """Labels that the fit says are needed."""
        curve = self.curves[number]
        x, y = curve.x[:points], curve.y[:points]
        return float(requirement(x, y, np.ones((1, points)), target)[0])


def next_purchase(chances: Floats, held: int, rounds: int, eps: float) -> int:
    """Where to go from here with so many rounds left, as Learn-Optimize-Collect has it.

    The last round ends where F reaches 1 - eps, or with everything where it does not; those before
    are placed so that the expected labels are fewest. With one round it is the quantile itself.
    """
    f = chances.copy()
    f[: held + 1] = 0.0
    enough = np.flatnonzero(f >= 1.0 - eps)
    last = max(int(enough[0]) if len(enough) else len(f) - 1, min(held + 1, len(f) - 1))
    value, first = np.full(len(f), np.inf), np.full(len(f), last)
    at = np.arange(len(f))
    value[at <= last] = (GRID[last] - GRID[at[at <= last]]) * (1.0 - f[at[at <= last]])
    for _ in range(rounds - 1):
        steps = (GRID[None, :] - GRID[:, None]) * (1.0 - f[:, None]) + value[None, :]
        steps[(at[None, :] <= at[:, None]) | (at[None, :] > last)] = np.inf
        better = steps.min(axis=1) < value
        first = np.where(better, steps.argmin(axis=1), first)
        value = np.minimum(value, steps.min(axis=1))
    return int(first[held])


def collect(
    method: Suffice | LearnOptimizeCollect | PointEstimate,
    number: int,
    target: float,
    rounds: int,
    setting: float,
) -> tuple[bool, float]:
    """Whether the target was met, and labels held at the end over those that were needed."""
    curve, held = method.curves[number], 0
    for left in range(rounds, 0, -1):
        points = int(np.searchsorted(curve.x, GRID[held] * 1.001))
        if isinstance(method, PointEstimate):
            wanted = min(method.labels(number, points, target) * setting, LAST)
            held = max(int(np.searchsorted(GRID, wanted * 0.999)), min(held + 1, len(GRID) - 1))
        else:
            held = next_purchase(method.chances(number, points, target), held, left, setting)
        if curve.on_grid[held] <= target:
            return True, float(GRID[held] / GRID[needed(curve, target)])
        if held == len(GRID) - 1:
            break
    return False, float(GRID[held] / GRID[needed(curve, target)])
