"""supply.json: what the labels of each source are worth."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from suffice.records._part import Interval, NonNegative, Part, Positive, Share


class Repeats(Part):
    """What several labels a task do to a source's error."""

    labels_per_task: Annotated[int, Field(ge=1)]
    error: Interval
    cost: NonNegative


class Supplier(Part):
    """A source as the audit found it."""

    name: str
    about: str = ""
    price: NonNegative
    capacity: NonNegative | None = None
    latency_days: NonNegative = 0.0
    max_labels_per_task: Annotated[int, Field(ge=1)] = 1
    error: Interval
    by_slice: dict[str, Interval] = Field(default_factory=dict)
    shared: Interval | None = None
    shared_note: str | None = None
    bits: Interval | None = None
    price_per_bit: Interval | None = None
    by_repeats: tuple[Repeats, ...] = ()


class Offer(Part):
    """One thing that can be bought."""

    quantity: Positive
    quality: Share
    cost: NonNegative
    source: str
    labels_per_task: Annotated[int, Field(ge=1)] = 1


class Way(Part):
    """The cheapest way to one quality at one quantity."""

    tasks: Annotated[int, Field(ge=1)]
    error: Interval
    cost: Interval
    weeks: NonNegative
    how: str


class Bought(Part):
    """The curve that can be bought with quality control on the sources."""

    offers: tuple[Way, ...] = ()
    weeks: Positive | None = None
    notes: tuple[str, ...] = ()


class Supply(Part):
    """supply.json."""

    slices: tuple[str, ...] = ()
    sources: Annotated[tuple[Supplier, ...], Field(min_length=1)]
    curve: tuple[Offer, ...] = ()
    bought: Bought = Bought()
