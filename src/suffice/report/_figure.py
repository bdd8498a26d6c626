"""What a figure of the report is made of, and the small pieces that all charts share."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import altair as alt

Spec = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """Rows of text; columns from ``numeric`` on are aligned as numbers."""

    caption: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: int = 1


@dataclass(frozen=True)
class KeyEntry:
    """One entry of a figure's key: how a mark looks, and what it is."""

    mark: str
    text: str


@dataclass(frozen=True)
class Panel:
    """One chart.

    Attributes:
        alt: what it shows, in words, for those who do not see it.
        spec: the Vega-Lite chart; colours in it are names of the page's theme.
        title: a short heading, where a figure has several panels.
    """

    alt: str
    spec: Spec
    title: str = ""


@dataclass(frozen=True)
class Figure:
    """Charts with a caption in words, a key, and the numbers behind them.

    Attributes:
        name: of the element on the page; letters and dashes.
        caption: what the charts show, in a sentence or two.
        panels: the charts.
        table: the numbers behind them.
        details: one line for each thing that is shown, with its numbers.
        key: what the marks mean.
        layout: how many charts stand in a row, where there is room.
        heading: of the figure, where its section has several.
        group: figures of one group stand or hide together.
    """

    name: str
    caption: str
    panels: tuple[Panel, ...]
    table: Table
    details: tuple[str, ...] = ()
    key: tuple[KeyEntry, ...] = ()
    layout: Literal["one", "two", "three"] = "one"
    heading: str = ""
    group: str = ""


def unchecked() -> AbstractContextManager[None]:
    """Build charts without checking every part of them: ten times faster; the tests do check."""
    from altair.utils.schemapi import debug_mode

    return debug_mode(False)


def values(rows: Iterable[Mapping[str, Any]]) -> alt.InlineData:
    """Rows as data inside the chart; a tuple, which Altair need not copy with every layer."""
    import altair as alt

    return alt.InlineData(values=tuple(dict(row) for row in rows))


def finished(*layers: Any, height: int, narrow: int | None = None, alt_text: str) -> Spec:  # noqa: ANN401
    """Layers as one chart that is as wide as its place on the page.

    Layers are put together here rather than by Altair, which copies and hashes all of their data
    once a layer: ten times slower.

    Args:
        layers: Altair charts.
        height: in pixels.
        narrow: the height where the place is as narrow as a phone.
        alt_text: becomes the picture's accessible name.
    """
    spec: Spec = {
        "description": alt_text,
        "width": "container",
        "height": height,
        "usermeta": {"narrowHeight": narrow or height},
        "datasets": {},
        "layer": [],
    }
    for layer in layers:
        part = layer.to_dict(validate=False)
        spec["$schema"] = part.pop("$schema")
        spec["datasets"] |= part.pop("datasets", {})
        part.pop("config", None)
        spec["layer"].append(part)
    return spec


def log_ticks(low: float, high: float) -> list[float]:
    """Round values between two bounds for a logarithmic axis: 1, 3, 10 or 1, 2, 5, 10."""
    steps = (1, 3) if log10(high / low) > 1.3 else (1, 2, 5)
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    ticks = [float(s * 10.0**d) for d in decades for s in steps]
    return [t for t in ticks if low * 0.999 <= t <= high * 1.001]


COMPACT_LABEL = (
    "datum.value >= 1000 ? format(datum.value / 1000, '~g') + 'k' : format(datum.value, '~g')"
)
CHANCE_LABEL = (
    "datum.value % 1 ? substring(format(datum.value, '~g'), 1) : format(datum.value, '~g')"
)
DOLLAR_LABEL = "'$' + (" + COMPACT_LABEL + ")"


def span(numbers: Sequence[float], pad: float = 0.05) -> tuple[float, float]:
    """The range of some numbers with a little room on both sides."""
    low, high = min(numbers), max(numbers)
    room = (high - low) * pad or abs(high) * pad or 1.0
    return low - room, high + room
