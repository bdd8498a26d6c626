"""Compose drivers along the path: labels of each quality needed as models grow.

Model: labels needed at x decades beyond today's model are today's, times the demand drivers'
multiplier, times ((1-2e0)/(1-2e(x)))^2 for labels whose shared error has grown from e0 to e(x).
Once the part of the shared error that a model imitates exceeds what the criterion allows (and what
it was when measured), no number of these labels will do. All of it is drawn together, so that the
bands hold the drivers' uncertainty, today's, and that of the path.
Assumes: drivers act independently and multiply; every source's task stays what it is.
Fails when: a consideration that matters is on nobody's list. The bands know nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from suffice.estimate import finite
from suffice.forecast._capability import move_shared
from suffice.forecast._explain import IMITATION
from suffice.forecast.horizon._drivers import DriverDraws, demand_change, error_change
from suffice.forecast.horizon._path import distance
from suffice.forecast.horizon._trend import LEVELS, band, point_band
from suffice.records import DangerRows, DriverRow, HorizonRecord, NeededRow, TrendRow, YearRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.forecast.horizon._drivers import MeasuredChange
    from suffice.forecast.horizon._file import Outlook
    from suffice.forecast.horizon._trend import Trend
    from suffice.records import Band, Distance

    Floats = NDArray[np.float64]

_NEVER = np.inf
_NORMAL_90 = 1.645
"""Standard deviations to the 95 % point of the normal, for a 90 % interval."""

_DRAWS = 4000
"""Leave a 5 % end of a band a Monte Carlo error of a third of a percentile (a binomial)."""
_POINTS = 25
"""Scales along the path: chosen for a smooth line."""


@dataclass(frozen=True, eq=False)
class SourceStart:
    """A source as it is today.

    Attributes:
        name: the source.
        labels: draws of the labels of it that today's model needs; infinite where none do [draw].
        error: draws of the error of one label [draw].
        shared: draws of the part of it that all labels share [draw].
        trend: what measured models need of it, where several were measured.
    """

    name: str
    labels: Floats
    error: Floats
    shared: Floats
    trend: Trend | None = None


@dataclass(frozen=True)
class Needed:
    """Labels of one source needed at one scale.

    Attributes:
        source: whose labels.
        decades: beyond today's model; None for the (uncertain) scale that is dangerous.
        distance: ``inside``, ``near`` or ``far`` from the measured models.
        low, median, high: labels, 90 % band; infinite where nothing suffices.
        never: chance that no number of labels suffices.
        floor: (low, median, high) labels that the information still needed takes.
        below_floor: share of the draws that lie below their floor (before it clips, if it does).
        shared: (low, median, high) shared error there.
    """

    source: str
    decades: float | None
    distance: Distance
    low: float
    median: float
    high: float
    never: float
    floor: tuple[float, float, float]
    below_floor: float
    shared: tuple[float, float, float]

    def record(self) -> NeededRow:
        """For ``horizon.json``; far from what was measured there is no point value."""
        return NeededRow.model_validate(self._values())

    def in_year(self, year: float) -> YearRow:
        """The same, for a year from now."""
        return YearRow.model_validate({"year": year, **self._values()})

    def _values(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "decades": self.decades,
            "distance": self.distance,
            "low": finite(self.low),
            "median": None if self.distance == "far" else finite(self.median),
            "high": finite(self.high),
            "never": self.never,
            "floor": _band(self.floor),
            "below_floor": self.below_floor,
            "shared_error": self.shared,
        }


@dataclass(frozen=True, eq=False)
class Horizon:
    """The long-run forecast.

    Attributes:
        outlook: what it rests on.
        drivers: the drivers' draws.
        starts: the sources today.
        rows: by scale, for every source.
        years: the same by year.
        danger: at the scale where misalignment gets dangerous, for every source.
        danger_year: (low, median, high) years until then.
        danger_distance: of that scale from the measured models, at the prior's mean.
        span: decades between the smallest and the largest measured model.
        effects: each driver's multiplier on labels (or odds of shared error) at that scale.
    """

    outlook: Outlook
    drivers: tuple[DriverDraws, ...]
    starts: tuple[SourceStart, ...]
    rows: tuple[Needed, ...]
    years: tuple[tuple[float, Needed], ...]
    danger: tuple[Needed, ...]
    danger_year: tuple[float, float, float]
    danger_distance: Distance
    span: float
    effects: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    def record(self) -> HorizonRecord:
        """For ``horizon.json``."""
        mean, sd = self.outlook.path.danger
        return HorizonRecord(
            target=self.outlook.target,
            unit=self.outlook.unit,
            level=LEVELS[2] - LEVELS[0],
            rows=tuple(r.record() for r in self.rows),
            years=tuple(r.in_year(year) for year, r in self.years),
            danger=DangerRows(
                rows=tuple(r.record() for r in self.danger),
                decades=(mean - _NORMAL_90 * sd, mean, mean + _NORMAL_90 * sd),
                years=self.danger_year,
                distance=self.danger_distance,
            ),
            floor_holds=self.outlook.floor_holds,
            trend=tuple(
                TrendRow(
                    source=s.name,
                    model=p.model,
                    decades=p.decades,
                    labels=_band(point_band(p)),
                    most_asked=p.most,
                )
                for s in self.starts
                for p in (s.trend.points if s.trend else ())
            ),
            drivers=tuple(
                DriverRow(
                    name=d.driver.name,
                    on=d.driver.on,
                    multiplier_at_danger=self.effects[d.driver.name],
                    measured=d.measured,
                    chance=d.driver.chance,
                    evidence=d.driver.evidence,
                )
                for d in self.drivers
            ),
        )


def look_ahead(
    outlook: Outlook,
    starts: Sequence[SourceStart],
    allowed_error: float,
    rng: np.random.Generator,
    *,
    measured: MeasuredChange | None = None,
    fitted: Mapping[str, MeasuredChange] | None = None,
    draws: int = _DRAWS,
    points: int = _POINTS,
) -> Horizon:
    """Compose an outlook's drivers from where the sources are today.

    Args:
        outlook: drivers, path, danger, floor.
        starts: the sources today.
        allowed_error: highest overall error that the criterion allows.
        rng: the only source of chance. Every driver draws from a stream of its own name, so that
            switching one off leaves the others' draws as they were.
        measured: the study's measured trend, for the drivers that want it.
        fitted: what was measured for single drivers, by name.
        draws: how many.
        points: how many scales.
    """
    seed = int(rng.integers(2**62))
    drawn = tuple(
        d.draw(
            np.random.default_rng([seed, crc32(d.name.encode())]),
            draws,
            (fitted or {}).get(d.name, measured if d.measured else None),
        )
        for d in outlook.drivers
    )
    rate = outlook.path.draw_rate(rng, draws)
    danger = outlook.path.draw_danger(rng, draws)
    median, factor = outlook.floor_bits
    bits = np.log10(median) + np.log10(factor) * rng.standard_normal(draws)
    bits_slope = rng.normal(*outlook.floor_per_decade, draws)
    taught = rng.beta(*IMITATION, size=draws)
    span = max((s.trend.span for s in starts if s.trend), default=0.0)
    mean_rate, mean_danger = outlook.path.decades_per_year[0], max(outlook.path.danger[0], 0.0)
    last = max(mean_rate * outlook.path.years, mean_danger)
    scales = np.linspace(0.0, last, points)
    years = np.linspace(0.0, outlook.path.years, round(outlook.path.years) + 1)
    by_scale, by_year, at_danger = [], [], []
    for start in starts:
        world = _World(
            outlook,
            drawn,
            _Today.of(start, draws, rng),
            bits,
            bits_slope,
            taught,
            allowed_error,
        )
        ways = distance(mean_danger, span)
        at_danger.append(world.needed(danger, None, ways))
        for x in scales:
            at = np.full(draws, x)
            by_scale.append(world.needed(at, float(x), distance(float(x), span)))
        for year in years:
            ways = distance(mean_rate * float(year), span)
            by_year.append((float(year), world.needed(rate * year, None, ways)))
    return Horizon(
        outlook=outlook,
        drivers=drawn,
        starts=tuple(starts),
        rows=tuple(by_scale),
        years=tuple(by_year),
        danger=tuple(at_danger),
        danger_year=band(danger / rate),
        danger_distance=distance(mean_danger, span),
        span=span,
        effects={d.driver.name: _effect(d, drawn, danger) for d in drawn},
    )


@dataclass(frozen=True, eq=False)
class _Today:
    """A source's draws, as many as everything else has."""

    name: str
    labels: Floats
    shared: Floats
    alone: Floats

    @classmethod
    def of(cls, start: SourceStart, draws: int, rng: np.random.Generator) -> _Today:
        pick = rng.integers(len(start.error), size=draws)
        shared = np.minimum(start.shared[pick], 0.5 - 1e-6)
        error = np.maximum(start.error[pick], shared)
        alone = np.clip((error - shared) / (1.0 - 2.0 * shared), 0.0, 0.5)
        return cls(start.name, rng.choice(start.labels, draws), shared, alone)


@dataclass(frozen=True, eq=False)
class _World:
    """All draws that the need for one source's labels depends on."""

    outlook: Outlook
    drivers: Sequence[DriverDraws]
    today: _Today
    bits: Floats
    bits_slope: Floats
    taught: Floats
    allowed_error: float

    def labels(self, decades: Floats) -> tuple[Floats, Floats, Floats]:
        """(labels before any clipping, floor, shared error) [draw]."""
        now = self.today
        shared = move_shared(now.shared, error_change(self.drivers, decades))
        error0 = now.shared + now.alone * (1.0 - 2.0 * now.shared)
        error = shared + now.alone * (1.0 - 2.0 * shared)
        # Today's labels keep their worth exactly: the ratio is 1 where nothing moved.
        worth = np.maximum(1.0 - 2.0 * error, 1e-9) / np.maximum(1.0 - 2.0 * error0, 1e-9)
        labels = now.labels * 10.0 ** demand_change(self.drivers, decades) / worth**2
        bar = np.maximum(self.allowed_error, self.taught * now.shared)
        labels = np.where(self.taught * shared > bar, _NEVER, labels)
        needed = 10.0 ** (self.bits + self.bits_slope * decades)
        floor = needed / np.maximum(_capacity(error), 1e-9)
        return labels, floor, shared

    def needed(self, decades: Floats, at: float | None, ways: Distance) -> Needed:
        labels, floor, shared = self.labels(decades)
        below = float((labels < floor).mean())
        if self.outlook.floor_holds:
            labels = np.maximum(labels, floor)
        low, median, high = band(labels)
        return Needed(
            source=self.today.name,
            decades=at,
            distance=ways,
            low=low,
            median=median,
            high=high,
            never=float(np.isinf(labels).mean()),
            floor=band(floor),
            below_floor=below,
            shared=band(shared),
        )


def _effect(
    one: DriverDraws, drivers: Sequence[DriverDraws], decades: Floats
) -> tuple[float, float, float]:
    """What the labels needed (or the odds of shared error) are multiplied by because of it."""
    if one.driver.on == "shared_error":
        return band(np.exp(np.clip(one.at(decades), -50.0, 50.0)))
    others = [d for d in drivers if d is not one]
    change = demand_change(drivers, decades) - demand_change(others, decades)
    return band(10.0**change)


def _capacity(error: Floats) -> Floats:
    e = np.clip(error, 1e-12, 0.5)
    return np.asarray(1.0 + e * np.log2(e) + (1.0 - e) * np.log2(1.0 - e))


def _band(ends: tuple[float, float, float]) -> Band:
    low, middle, high = ends
    return finite(low), finite(middle), finite(high)
