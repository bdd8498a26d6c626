"""horizon.json: labels needed as models grow."""

from __future__ import annotations

from suffice.records._part import NonNegative, Part, Share
from suffice.records._plan import Distance
from suffice.records._record import Record

Band = tuple[NonNegative | None, NonNegative | None, NonNegative | None]
"""Low, median and high; None where no number is enough."""

Triple = tuple[float, float, float]
"""Low, median and high."""


class NeededRow(Part):
    """Labels of one source needed at one scale.

    Attributes:
        source: whose labels.
        decades: beyond today's model; None for the scale that is dangerous.
        distance: from the measured models.
        low, median, high: labels; None where nothing suffices. Far out there is no median.
        never: chance that no number of labels suffices.
        floor: labels that the information still needed takes.
        below_floor: share of the draws that lie below their floor.
        shared_error: there.
    """

    source: str
    decades: float | None
    distance: Distance
    low: NonNegative | None
    median: NonNegative | None
    high: NonNegative | None
    never: Share
    floor: Band
    below_floor: Share
    shared_error: Triple


class _Year(Part):
    year: float


class YearRow(NeededRow, _Year):
    """The same in a year from now."""


class DangerRows(Part):
    """Where misalignment gets dangerous.

    Attributes:
        rows: labels of each source there.
        decades: of scale until then, by the prior; None in files from before it was kept.
        years: until then.
        distance: from the measured models.
    """

    rows: tuple[NeededRow, ...]
    decades: Triple | None = None
    years: Triple
    distance: Distance


class TrendRow(Part):
    """What one measured model needs of one source."""

    source: str
    model: str
    decades: float
    labels: Band
    most_asked: float


class DriverRow(Part):
    """A driver, its multiplier where it is dangerous, and its evidence."""

    name: str
    on: str
    multiplier_at_danger: Triple
    measured: bool
    chance: Share
    evidence: str


class HorizonRecord(Record):
    """horizon.json.

    Attributes:
        target, unit, level: P that must be reached, what scale counts, and of the bands.
        rows, years: labels needed by scale and by year, for every source.
        danger: the same at the scale where misalignment gets dangerous.
        floor_holds: whether the floor of theory clips.
        trend: what the measured models need.
        drivers: what moves the need, each with its evidence.
    """

    file = "horizon.json"
    made_by = "suffice horizon"

    target: Share
    unit: str
    level: Share
    rows: tuple[NeededRow, ...]
    years: tuple[YearRow, ...]
    danger: DangerRows
    floor_holds: bool
    trend: tuple[TrendRow, ...]
    drivers: tuple[DriverRow, ...]
