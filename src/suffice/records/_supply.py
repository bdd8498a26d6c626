"""supply.json: what the labels of each source are worth."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from suffice.records._part import (
    Interval,
    NonNegative,
    Part,
    Positive,
    Sparse,
)
from suffice.records._record import Record


class Repeats(Part):
    """What several labels a task do to a source's error."""

    labels_per_task: Annotated[int, Field(ge=1)]
    error: Interval
    cost: NonNegative


class Supplier(Part):
    """A source as the audit found it; no task with gold behind it means that nothing is known."""

    name: str
    about: str = ""
    price: NonNegative
    capacity: NonNegative | None = None
    latency_days: NonNegative = 0.0
    max_labels_per_task: Annotated[int, Field(ge=1)] = 1
    audited_tasks: int | None = None
    error: Interval
    by_slice: dict[str, Interval] = Field(default_factory=dict)
    shared: Interval | None = None
    shared_note: str | None = None
    bits: Interval | None = None
    price_per_bit: Interval | None = None
    by_repeats: tuple[Repeats, ...] = ()


class OfferPart(Part):
    """Which way some of an offer's tasks go."""

    source: str
    operators: str
    tasks: NonNegative


class OfferRow(Part):
    """The cheapest way to one quality at one quantity."""

    tasks: Annotated[int, Field(ge=1)]
    error: Interval
    bits: Interval | None = None
    cost: Interval
    weeks: NonNegative
    how: str
    parts: tuple[OfferPart, ...] = ()


class OfferCurve(Part):
    """The curve that can be bought with quality control on the sources."""

    offers: tuple[OfferRow, ...] = ()
    weeks: Positive | None = None
    notes: tuple[str, ...] = ()


class OperatedRow(Sparse):
    """A source under quality control that the study offers, and what that assumes."""

    where_said = frozenset({"capacity"})

    name: str
    source: str
    operators: str
    labels_behind_an_answer: NonNegative
    error: Interval
    shared: Interval
    attack: Interval
    bits: Interval
    price: Interval
    price_per_bit: Interval
    latency_days: Interval
    capacity: Interval | None = None
    assumes: tuple[str, ...] = ()


class SupplyRecord(Record):
    """supply.json.

    Attributes:
        slices: names of the kinds of task.
        sources: as the audit found them.
        bought: what can be bought; None where nothing is known of any source.
        quality_control: the sources under quality control, where the study offers any.
    """

    file = "supply.json"
    made_by = "suffice supply"
    where_said = frozenset({"bought", "quality_control"})

    slices: tuple[str, ...] = ()
    sources: Annotated[tuple[Supplier, ...], Field(min_length=1)]
    bought: OfferCurve | None = None
    quality_control: tuple[OperatedRow, ...] = ()
