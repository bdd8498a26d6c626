"""Learning curves extrapolated: a median and an interval that widens with distance.

Model: every family of ``_families`` with every size of drift of ``_posterior`` is fitted to every
curve; their forecasts are averaged with weights earned on backtests (``_mixture``, ``_backtest``).
What is shared between the curves of one call: those weights, and the factor by which backtests say
that intervals must be wider. Of the average, one part in twenty at least says that the curve has
ended. The forecast is the median, which that part does not drag along; the interval is for a value
that would be measured, noise included. Nothing is random: the same curves give the same numbers.

Assumes: y is a loss or an error, positive, with noise in proportion to it; curves of one file are
of one kind (put others into another file).
Fails when: training changes its regime beyond the data (a new optimum, double descent): no curve
shows it in advance, and the drift covers it only in part.
Reference: Alabdulmohsin, Neyshabur and Zhai (2022) for extrapolation as the yardstick; Kennedy and
O'Hagan (2001) for the discrepancy; Yao et al. (2018) for stacking.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite, log
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.demand.scaling import _mixture as mixture
from suffice.demand.scaling._backtest import Backtest, cut_curves, tested_distance
from suffice.demand.scaling._baselines import last_value, tail_power_law
from suffice.demand.scaling._families import FAMILIES
from suffice.demand.scaling._posterior import (
    NOISE_SD,
    NOISE_WEIGHT,
    Batch,
    Members,
    member_names,
    member_prior,
    predict,
)
from suffice.demand.scaling._read_curves import CurveData, RefusedCurve, read_curves
from suffice.errors import InputError
from suffice.estimate import LEVEL, Estimate
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    from suffice.progress import Progress, Step

    Floats = NDArray[np.float64]
    At = float | str | Sequence[float | str]

DEFAULT_AT = ("2x", "4x", "10x")
METHOD = "average of laws with a drift, weighted by backtests"
CITATION = "Alabdulmohsin et al. (2022); Kennedy and O'Hagan (2001); Yao et al. (2018)"

_GRID = np.concatenate([[0.0], 0.05 * 1.25 ** np.arange(33)])
"""Log distances at which widths are worked out; between them they are interpolated."""

_GIVEN_NOISE_WEIGHT = 10.0
"""Points that a given y_sd is worth as a prior of the noise. Chosen: it was measured somehow, and
gives way to a curve that plainly says otherwise."""

_FLAT = ("last value", "ended")
"""Families that say that a curve falls no more."""

_AT_ONCE = 96
"""Curves that are fitted side by side. Chosen for speed."""

_LARGEST = 1e300
"""A forecast is cut here, before numbers end."""


@dataclass(frozen=True)
class PointForecast:
    """What is expected at one x.

    Attributes:
        x: where.
        forecast: median and interval of the y that would be measured there.
        last_value, tail_power_law: the two baselines.
        times: x as a multiple of the curve's largest x.
        reach: how far that is, in words.
    """

    x: float
    forecast: Estimate
    last_value: float
    tail_power_law: float
    times: float
    reach: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "x": self.x,
            "median": self.forecast.value,
            "low": self.forecast.low,
            "high": self.forecast.high,
            "baselines": {"last_value": self.last_value, "tail_power_law": self.tail_power_law},
            "times_beyond": self.times,
            "reach": self.reach,
        }


@dataclass(frozen=True)
class CurveForecast:
    """One curve extrapolated.

    Attributes:
        curve: its name.
        points: a forecast for every x that was asked for.
        weights: family -> its share in the average.
        x, y: the points that were fitted.
        path: forecasts from the last point to the farthest x, for drawing.
        rows: how many rows the curve had.
        left_out: reason -> rows that were left out for it.
        notes: what else was done or noticed.
    """

    curve: str
    points: tuple[PointForecast, ...]
    weights: Mapping[str, float]
    x: tuple[float, ...] = field(repr=False)
    y: tuple[float, ...] = field(repr=False)
    path: tuple[PointForecast, ...] = field(repr=False)
    rows: int
    left_out: Mapping[str, int]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "curve": self.curve,
            "forecasts": [point.as_dict() for point in self.points],
            "weights": {name: round(share, 4) for name, share in self.weights.items()},
            "rows": self.rows,
            "points_fitted": len(self.x),
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Extrapolation:
    """All curves of one call.

    Attributes:
        curves: in the order of the data.
        refused: curves that nothing can be said about.
        width_factor: what backtests made of the intervals' widths: 1 means that they were right.
        backtests: how many there were.
        level: what the intervals hold.
    """

    curves: tuple[CurveForecast, ...]
    refused: tuple[RefusedCurve, ...]
    width_factor: float
    backtests: int
    level: float = LEVEL

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "level": self.level,
            "method": METHOD,
            "backtests": self.backtests,
            "width_factor": round(self.width_factor, 4),
            "curves": [curve.as_dict() for curve in self.curves],
            "refused": [vars(curve) for curve in self.refused],
        }

    def frame(self) -> pl.DataFrame:
        """One row a curve and x: median, low, high and both baselines."""
        import polars as pl

        rows = [
            {
                "curve": curve.curve,
                "x": point.x,
                "median": point.forecast.value,
                "low": point.forecast.low,
                "high": point.forecast.high,
                "last_value": point.last_value,
                "tail_power_law": point.tail_power_law,
                "reach": point.reach,
            }
            for curve in self.curves
            for point in curve.points
        ]
        return pl.DataFrame(rows)


def extrapolate(
    curves: str | Path | pl.DataFrame | Mapping[str, Any],
    at: At | Mapping[str, At] | None = None,
    *,
    accuracy: bool = False,
    progress: Progress | None = None,
) -> Extrapolation:
    """Extrapolate learning curves.

    Args:
        curves: a file, a Polars frame or a mapping of columns: ``x``, ``y`` (loss or error), and
            where there are several curves ``curve``; ``y_sd`` if the noise is known. Equal rows
            count once, unless another column (``seed``) tells them apart.
        at: where: a number, a multiple of each curve's largest x ("4x"), several of them, or a
            mapping from curves to those. Left out: 2, 4 and 10 times the largest x.
        accuracy: y is an accuracy, as a share or in percent: what is left to 1 or 100 is
            extrapolated, and forecasts are accuracies again.
        progress: where to show progress; silent by default.

    Returns:
        A forecast for each curve and x, with both baselines and with what was left out.

    Raises:
        InputError: the data cannot be read, no curve is usable, or an x makes no sense.
    """
    data, refused = read_curves(curves, accuracy=accuracy)
    asked = [_asked(curve, DEFAULT_AT if at is None else at) for curve in data]
    pairs = list(zip(data, asked, strict=True))
    distances = np.array([max(log(max(x)) - log(curve.x[-1]), 0.0) for curve, x in pairs])
    # Where only the inside was asked for, backtests at a factor of two still earn the weights.
    backtests = cut_curves(data, np.where(distances > 0, distances, log(2.0)))
    nothing = np.zeros(0)
    whole = [Backtest(k, len(c.x), _at(c, x), nothing) for k, (c, x) in enumerate(pairs)]
    with (progress or SilentProgress()).step("extrapolate", len(whole) + len(backtests)) as step:
        tested = _predict(data, backtests, step)
        members = _predict(data, whole, step)
    weights, factor = _weights(tested, backtests, members, len(data))
    found = [
        _forecast(curve, x, _part(members, k), weights[k], factor)
        for k, (curve, x) in enumerate(pairs)
    ]
    return Extrapolation(tuple(found), tuple(refused), factor, len(backtests))


def _asked(curve: CurveData, at: At | Mapping[str, At]) -> list[float]:
    """The x asked of one curve."""
    from collections.abc import Mapping as AnyMapping

    if isinstance(at, AnyMapping):
        if curve.name not in at:
            raise InputError(f"no x is asked of curve {curve.name}", fix="add it to at")
        at = at[curve.name]
    several = [at] if isinstance(at, (str, int, float, np.number)) else list(at)
    if not several:
        raise InputError(f"no x is asked of curve {curve.name}", fix="give at least one")
    return [_one_x(x, curve) for x in several]


def _one_x(asked: float | str, curve: CurveData) -> float:
    text = str(asked).strip().replace(",", "").replace("_", "")
    factor = curve.x[-1] if text.endswith("x") else 1.0
    try:
        x = float(text.removesuffix("x")) * factor
    except ValueError:
        x = float("nan")
    if not isfinite(x) or not 1e-100 <= x <= 1e200:
        raise InputError(
            f"x = {asked} is not a place to extrapolate to",
            fix="give a number above 0, or a multiple of the largest x such as 4x",
        )
    return float(x)


def _at(curve: CurveData, asked: Sequence[float]) -> Floats:
    """Log distances of the grid and of the asked x."""
    return np.concatenate([_GRID, np.log(np.array(asked) / curve.x[-1])])


def _predict(
    curves: Sequence[CurveData], problems: Sequence[Backtest], step: Step
) -> list[tuple[Members, int]]:
    """Members of every problem, as (members of its batch, row in it)."""
    order = sorted(range(len(problems)), key=lambda k: problems[k].length)
    found: dict[int, tuple[Members, int]] = {}
    for begin in range(0, len(order), _AT_ONCE):
        chunk = order[begin : begin + _AT_ONCE]
        parts = [_relative(curves[problems[k].curve], problems[k].length) for k in chunk]
        at = np.zeros((len(chunk), max(len(problems[k].u) for k in chunk)))
        for row, k in enumerate(chunk):
            at[row, : len(problems[k].u)] = problems[k].u
        members = predict(Batch.of(parts), at, FAMILIES)
        found |= {k: (members, row) for row, k in enumerate(chunk)}
        step.advance(len(chunk))
    return [found[k] for k in range(len(problems))]


def _relative(curve: CurveData, length: int) -> tuple[Floats, Floats, Floats, float, float]:
    x, y = curve.x[:length], curve.y[:length]
    known = curve.noise_sd is not None
    return (
        np.log(x / x[-1]),
        np.log(y / y[-1]),
        curve.variance[:length],
        curve.noise_sd if curve.noise_sd is not None else NOISE_SD,
        _GIVEN_NOISE_WEIGHT if known else NOISE_WEIGHT,
    )


def _part(found: Sequence[tuple[Members, int]], k: int, points: int | None = None) -> Members:
    """The members of one problem, as a batch of one curve."""
    members, row = found[k]
    one = slice(row, row + 1)
    cut = slice(0, points)
    return Members(
        members.mean[:, one, cut], members.scale[:, one, cut], members.dof[one],
        members.evidence[:, one],
    )  # fmt: skip


def _weights(
    tested: Sequence[tuple[Members, int]],
    backtests: Sequence[Backtest],
    members: Sequence[tuple[Members, int]],
    curves: int,
) -> tuple[list[Floats], float]:
    """Weights of the members [curve][member, 1], and the factor for widths."""
    prior = member_prior(FAMILIES)
    parts = [_part(tested, k, len(b.u)) for k, b in enumerate(backtests)]
    scores = np.zeros((len(prior), len(backtests)))
    for k, (part, backtest) in enumerate(zip(parts, backtests, strict=True)):
        scores[:, k] = mixture.log_density(part, backtest.z[None]).mean(axis=(1, 2))
    shared = np.log(mixture.stack(scores, prior))[:, None]
    own = np.zeros((len(prior), curves))
    for k, backtest in enumerate(backtests):
        own[:, backtest.curve] += scores[:, k]

    names = np.array(member_names(FAMILIES))
    flat, last = np.isin(names, _FLAT), prior * (names == _FLAT[0])

    def moved(part: Members, skill: Floats) -> Floats:
        weights = mixture.softmax(
            shared
            + mixture.EVIDENCE_POWER * part.evidence
            + mixture.BACKTEST_POWER * skill[:, None]
        )
        return mixture.keep_flat(weights, flat, last / last.sum())

    squares: dict[int, list[float]] = {}
    for k, (part, backtest) in enumerate(zip(parts, backtests, strict=True)):
        weight = moved(part, own[:, backtest.curve] - scores[:, k])
        score = mixture.normal_score(part, weight, backtest.z[None])
        squares.setdefault(backtest.curve, []).append(float(np.mean(score**2)))
    factor = mixture.width_factor(np.array([np.mean(mine) for mine in squares.values()]))
    return [moved(_part(members, k), own[:, k]) for k in range(curves)], factor


def _forecast(
    curve: CurveData, asked: Sequence[float], members: Members, weights: Floats, factor: float
) -> CurveForecast:
    u = _at(curve, asked)
    members = Members(
        members.mean[:, :, : len(u)], members.scale[:, :, : len(u)], members.dof, members.evidence
    )
    middle = mixture.quantile(members, weights, 0.5)[0]
    below, above = _widths(members, weights, u, factor)
    with np.errstate(over="ignore"):
        x = np.minimum(np.concatenate([curve.x[-1] * np.exp(_GRID), asked]), _LARGEST)
        ends = (middle - below, middle, middle + above)
        low, value, high = (np.minimum(curve.y[-1] * np.exp(z), _LARGEST) for z in ends)
    last, tail = last_value(curve.y, x), tail_power_law(curve.x, curve.y, x)
    y = curve.y
    if curve.top is not None:
        low, value, high = (np.clip(curve.top - e, 0.0, curve.top) for e in (high, value, low))
        last, tail, y = curve.top - last, curve.top - tail, curve.top - y
    points = tuple(
        PointForecast(
            float(x[k]),
            Estimate(
                float(value[k]),
                float(low[k]),
                float(high[k]),
                method=METHOD,
                citation=CITATION,
            ),
            float(last[k]),
            float(tail[k]),
            float(x[k] / curve.x[-1]),
            _reach(float(u[k]), curve),
        )
        for k in range(len(u))
    )
    grid, wanted = points[: len(_GRID)], points[len(_GRID) :]
    farthest = max(u[len(_GRID) :].max(), _GRID[1])
    path = (*(p for p, d in zip(grid, _GRID, strict=True) if d < farthest),
            *(p for p in wanted if p.times > 1.0))  # fmt: skip
    return CurveForecast(
        curve.name,
        wanted,
        _by_family(weights[:, 0]),
        tuple(curve.x.tolist()),
        tuple(y.tolist()),
        tuple(sorted(path, key=lambda p: p.x)),
        curve.rows,
        dict(curve.left_out),
        curve.notes,
    )


def _widths(members: Members, weights: Floats, u: Floats, factor: float) -> tuple[Floats, Floats]:
    """Distances in log y from the median down and up to the interval's ends [at].

    Beyond the data they never shrink: a floor that is known well is still known only by assumption.
    """
    tail = (1.0 - LEVEL) / 2.0
    low, middle, high = (mixture.quantile(members, weights, q)[0] for q in (tail, 0.5, 1.0 - tail))
    below, above = factor * (middle - low), factor * (high - middle)
    grid, beyond = len(_GRID), u > 0
    beyond[:grid] = False
    for width in (below, above):
        width[:grid] = np.maximum.accumulate(width[:grid])
        width[beyond] = np.interp(u[beyond], _GRID, width[:grid])
    return below, above


def _by_family(weights: Floats) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, weight in zip(member_names(FAMILIES), weights, strict=True):
        found[name] = found.get(name, 0.0) + float(weight)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _reach(u: float, curve: CurveData) -> str:
    """How far an x lies from the data, in words."""
    span = log(curve.x[-1] / curve.x[0])
    if u <= 0:
        return "inside the data" if u >= -span - 1e-12 else "before the first point"
    share = u / span
    word = (
        "close" if share < 0.15
        else "some way" if share < 0.4
        else "far" if share < 1.0
        else "farther than the whole curve is long"
    )  # fmt: skip
    checked = "" if u <= tested_distance(curve) + 1e-9 else ", no backtest reaches as far"
    return f"{word} ({np.exp(u):.3g} times the largest x){checked}"
