"""Words inside a chart, on a halo of the page's colour, each at the place that was found for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.report._figure import values
from suffice.report._theme import role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suffice.report._placement import Place

NARROWER_THAN = 470
"""Pixels of a chart's width that part a phone from a desk: by eye, between the two that are
drawn."""
ON_A_DESK, ON_A_PHONE = f"width >= {NARROWER_THAN}", f"width < {NARROWER_THAN}"
"""When a chart is as wide as on a desk or as narrow as on a phone, as Vega puts it."""


def label(text: str, x: float, y: float, place: Place) -> dict[str, Any]:
    """A label at x and y in the units of the data, hanging as its place says."""
    lines = text.split("\n")
    return {"x": x, "y": y, "dx": place.dx, "dy": -place.dy, "align": place.align, "text": lines}


def halo_layers(
    rows: Iterable[dict[str, Any]],
    x: Any,  # noqa: ANN401
    y: Any,  # noqa: ANN401
    *,
    shown_when: str,
    bold: bool,
    font: float,
    colour: str = "ink",
) -> list[Any]:
    """Labels with their halos, shown only while the chart has the width they were placed for.

    Args:
        rows: as ``label`` makes them.
        x: the chart's horizontal channel, for the field ``x``.
        y: the chart's vertical channel, for the field ``y``.
        shown_when: ``ON_A_DESK`` or ``ON_A_PHONE``.
        bold: whether the words are bold.
        font: size in pixels.
        colour: role of the words' colour.
    """
    import altair as alt

    found = list(rows)
    if not found:
        return []
    base = alt.Chart(values(found)).encode(x=x, y=y, text="text:N")
    style: dict[str, Any] = {
        "align": alt.ExprRef("datum.align"),
        "dx": alt.ExprRef("datum.dx"),
        "dy": alt.ExprRef("datum.dy"),
        "baseline": "middle",
        "fontSize": font,
        "fontWeight": "bold" if bold else "normal",
        "lineHeight": 14,
    }
    on = f"({shown_when}) ? %s : 0"
    halo: dict[str, Any] = {"color": role("page"), "stroke": role("page"), "strokeWidth": 3.5}
    return [
        base.mark_text(**style, **halo, strokeJoin="round", opacity=alt.ExprRef(on % 0.85)),
        base.mark_text(**style, color=role(colour), opacity=alt.ExprRef(on % 1)),
    ]
