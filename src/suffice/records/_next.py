"""next.json: what to measure before buying, or whether to buy now."""

from __future__ import annotations

from suffice.records._part import Interval, NonNegative, Part
from suffice.records._record import Record


class MeasurementRow(Part):
    """Something that could be measured: its price, its worth, and worth less price."""

    name: str
    price: NonNegative
    worth: Interval
    net: float


class NextRecord(Record):
    """next.json.

    Attributes:
        best: the measurement that pays best; None where none pays.
        action: what is best without any.
        value, value_stated: money that meeting the criterion is worth, and whether the user said.
        perfect_information: what knowing everything would be worth.
        measurements: all that were weighed, best first.
    """

    file = "next.json"
    made_by = "suffice next"

    best: str | None
    action: str
    value: float
    value_stated: bool
    perfect_information: Interval
    measurements: tuple[MeasurementRow, ...] = ()
