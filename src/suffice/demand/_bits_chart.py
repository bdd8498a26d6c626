"""Bits as a picture: the learning curve, what lies above the floor, and the bits paid so far."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand._save_chart import check_picture, save_chart

if TYPE_CHECKING:
    from suffice.demand._bits import Bits

_INK, _FLOOR = "#17607f", "#b4530f"


def draw_bits(found: Bits, path: str | Path, *, title: str = "") -> str:
    """Write the learning curve in bits a label, and below it the bits paid so far.

    The area between the curve and the floor is the surplus.

    Args:
        found: what ``measure_bits`` gave.
        path: a file ending in .html (needs no network), .svg or .png.
        title: above the picture.

    Returns:
        One line that says what was written.
    """
    path = Path(path)
    check_picture(path)
    import altair as alt

    begin, size = np.array(found.trained_on), np.array(found.block)
    rows = [
        {"from": int(a), "to": int(a + b), "bits": c.value, "low": c.low, "high": c.high,
         "floor": found.floor}
        for a, b, c in zip(begin, size, found.curve, strict=True)
    ]  # fmt: skip
    paid = np.concatenate(
        [[0.0], np.cumsum([c.value * b for c, b in zip(found.curve, size, strict=True)])]
    )
    places = [0, *(begin + size)]
    total = [
        {"labels": int(x), "bits": float(y), "what": "paid"}
        for x, y in zip(places, paid, strict=True)
    ] + [{"labels": int(x), "bits": float(found.floor * x), "what": "floor"} for x in places]
    data = alt.Chart(alt.InlineData(values=rows))
    x = alt.X("from:Q", title=None, axis=alt.Axis(format="~s", grid=False))
    y_title = "bits a label"
    above = alt.layer(
        data.mark_rect(color=_INK, opacity=0.15).encode(
            x=x, x2="to:Q", y=alt.Y("floor:Q", title=y_title), y2="bits:Q"
        ),
        data.mark_rect(color=_INK, opacity=0.3).encode(
            x=x, x2="to:Q", y=alt.Y("low:Q", title=y_title), y2="high:Q"
        ),
        data.mark_rule(color=_INK, strokeWidth=2).encode(
            x=x, x2="to:Q", y=alt.Y("bits:Q", title=y_title)
        ),
        data.mark_rule(color=_FLOOR, strokeDash=[5, 3]).encode(y="floor:Q"),
    ).properties(width=480, height=200, title="learning curve; the shaded area is the surplus")
    below = (
        alt.Chart(alt.InlineData(values=total))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("labels:Q", title="labels sent", axis=alt.Axis(format="~s", grid=False)),
            y=alt.Y("bits:Q", title="bits so far"),
            color=alt.Color("what:N", legend=alt.Legend(title=None), scale=alt.Scale(
                domain=["paid", "floor"], range=[_INK, _FLOOR])),
        )
        .properties(width=480, height=140)
    )  # fmt: skip
    chart = alt.vconcat(above, below).resolve_scale(x="shared").properties(title=title)
    save_chart(chart, path, f"suffice: bits of {title}" if title else "suffice: bits")
    return f"wrote {path}"
