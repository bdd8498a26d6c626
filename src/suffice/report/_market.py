"""What labels are worth, slice by slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.report import _words as words
from suffice.report._figure import (
    Figure,
    KeyEntry,
    Panel,
    Spec,
    Table,
    finished,
    span,
    values,
)
from suffice.report._theme import MARKS, role

if TYPE_CHECKING:
    from suffice.records import SupplyRecord

_SERIES = 6
"""Colours and marks that the report's style sheet has."""
_LANE_PX = 15
"""Pixels between two sources of one row: by eye."""


def slices_figure(supply: SupplyRecord) -> Figure | None:
    """Each source's error in each slice; None where no slices were told apart."""
    slices = [s for s in supply.slices if any(s in q.by_slice for q in supply.sources)]
    if not slices:
        return None
    rows, lanes = [], len(supply.sources)
    for k, name in enumerate(slices):
        for m, source in enumerate(supply.sources):
            if name in source.by_slice:
                e = source.by_slice[name]
                lane = k + (m - (lanes - 1) / 2.0) * (0.62 / lanes)
                rows.append({"y": lane, "error": e.value, "low": e.low, "high": e.high, "m": m})
    worst = [max(q.by_slice.items(), key=lambda item: item[1].value) for q in supply.sources
             if q.by_slice]  # fmt: skip
    lines = [
        f"{q.name} is worst in {name} ({words.percent(e.value)})"
        for q, (name, e) in zip([q for q in supply.sources if q.by_slice], worst, strict=True)
    ]
    alt_text = f"Error of each source in each slice, with intervals: {words.listing(lines)}."
    return Figure(
        name="slices",
        caption=f"Share of wrong labels, by slice, with 90{words.NARROW_SPACE}% intervals: "
        f"{words.listing(lines)}.",
        panels=(Panel(alt_text, _slices_spec(slices, rows, lanes, alt_text)),),
        table=Table(
            caption="Share of wrong labels by source and slice",
            headers=("slice", *(q.name for q in supply.sources)),
            rows=tuple(
                (
                    name,
                    *(
                        words.rate(q.by_slice[name]) if name in q.by_slice else words.EM_RULE
                        for q in supply.sources
                    ),
                )
                for name in slices
            ),
        ),
        key=tuple(_series_key(m, q.name) for m, q in enumerate(supply.sources)),
    )


def _series_key(number: int, text: str) -> KeyEntry:
    return KeyEntry(f"shape{number % _SERIES}", text)


def _series_layers(rows: list[dict[str, Any]], count: int, draw: Any) -> list[Any]:  # noqa: ANN401
    """``draw(rows, shape, colour)`` for each series' own rows."""
    layers: list[Any] = []
    for m in range(count):
        own = [row for row in rows if row["m"] == m]
        if own:
            layers += draw(own, MARKS[m % _SERIES], role(f"series{m % _SERIES}"))
    return layers


def _slices_spec(slices: list[str], rows: list[dict[str, Any]], lanes: int, alt_text: str) -> Spec:
    import altair as alt

    low, high = span([v for row in rows for v in (row["low"], row["high"])])
    left, right = max(low, 0.0), min(high, 1.0)
    x_scale = alt.Scale(domain=[left, right], nice=False, zero=False)
    x_axis = alt.Axis(format="~%", title="share of wrong labels", tickCount=6, grid=True)
    y_scale = alt.Scale(domain=[len(slices) - 0.42, -0.72], nice=False, zero=False)
    y = alt.Y("y:Q", scale=y_scale, axis=None)

    def draw(own: list[dict[str, Any]], shape: str, colour: str) -> list[Any]:
        base = alt.Chart(values(own)).encode(y=y)
        return [
            base.mark_rule(color=colour, strokeWidth=2, strokeCap="round").encode(
                x=alt.X("low:Q", scale=x_scale, axis=x_axis), x2="high:Q"
            ),
            base.mark_point(
                shape=shape, size=62, filled=True, fill=colour, stroke=role("page"),
                strokeWidth=1, opacity=1,
            ).encode(x=alt.X("error:Q", scale=x_scale, axis=x_axis)),
        ]  # fmt: skip

    names = [{"x": left, "y": k - 0.44, "text": name} for k, name in enumerate(slices)]
    text = (
        alt.Chart(values(names))
        .mark_text(align="left", fontWeight="bold", fontSize=12, color=role("soft"))
        .encode(x=alt.X("x:Q", scale=x_scale, axis=x_axis), y=y, text="text:N")
    )
    height = (26 + _LANE_PX * lanes) * len(slices) + 10
    return finished(*_series_layers(rows, lanes, draw), text, height=height, alt_text=alt_text)
