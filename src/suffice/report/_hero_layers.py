"""What is drawn in the picture: bands of P, what cannot be bought, cost lines, path and points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.report._contours import filled_region, hatching
from suffice.report._figure import values
from suffice.report._hero_grid import WIDE, Picture, shapes
from suffice.report._theme import BANDS, STAR, role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BAND_EDGES = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
"""Levels of P where the colour changes; chosen: even in the middle, finer where P nears 0 and 1."""


def surface_layers(picture: Picture, x: Any, y: Any) -> list[Any]:  # noqa: ANN401
    """Bands of P, its lines, and what cannot be bought."""
    import altair as alt
    import numpy as np

    outlines = [(0, filled_region(picture.x, picture.y, np.ones_like(picture.known), 0.5)[0][0])]
    for band, level in enumerate(BAND_EDGES, 1):
        for loop, hole in filled_region(picture.x, picture.y, picture.known, level):
            outlines.append((band - 1 if hole else band, loop))
    bands = (
        alt.Chart(values(_loops(outlines)))
        .mark_line(filled=True, strokeWidth=0, clip=True)
        .encode(
            x=x,
            y=y,
            detail="loop:N",
            order="step:Q",
            fill=alt.Fill(
                "band:O",
                scale=alt.Scale(
                    domain=list(range(BANDS)), range=[role(f"band{k}") for k in range(BANDS)]
                ),
                legend=None,
            ),
        )
    )
    contours = (
        alt.Chart(values(_loops(picture.level_lines)))
        .mark_line(strokeWidth=1.6, color=role("ink"), clip=True)
        .encode(x=x, y=y, detail="loop:N", order="step:Q")
    )
    layers = [bands, *([contours] if picture.level_lines else [])]
    for surface, opacity in (
        (picture.unknown, 1.0),
        (picture.beyond, 0.6),
        (picture.void, 1.0),
    ):
        covered = [(0, loop) for loop, _ in filled_region(picture.x, picture.y, surface, 0.0)]
        if not covered:
            continue
        layers.append(
            alt.Chart(values(_loops(covered)))
            .mark_line(
                filled=True,
                strokeWidth=0,
                clip=True,
                color=role("void"),
                opacity=opacity,
            )
            .encode(x=x, y=y, detail="loop:N", order="step:Q")
        )
    return [*layers, *_hatch(picture, x, y)]


def _hatch(picture: Picture, x: Any, y: Any) -> list[Any]:  # noqa: ANN401
    import altair as alt

    width, height = WIDE
    strokes = [
        {"x": 10**x0, "y": y0, "x2": 10**x1, "y2": y1}
        for x0, y0, x1, y1 in hatching(
            picture.x, picture.y, picture.beyond, width=width, height=height
        )
    ]
    if not strokes:
        return []
    return [
        alt.Chart(values(strokes))
        .mark_rule(color=role("muted"), strokeWidth=0.7, opacity=0.5, clip=True)
        .encode(x=x, y=y, x2="x2:Q", y2="y2:Q")
    ]


def cost_layers(picture: Picture, x: Any, y: Any) -> list[Any]:  # noqa: ANN401
    import altair as alt

    budget = picture.hero.budget
    rows = _loops(picture.cost_lines)
    layers = []
    for is_budget, width, dash in ((False, 1.0, [1, 4]), (True, 1.8, [7, 4])):
        chosen = [row for row in rows if (row["band"] == budget) is is_budget]
        if chosen:
            layers.append(
                alt.Chart(values(chosen))
                .mark_line(color=role("ink"), strokeWidth=width, strokeDash=dash, clip=True)
                .encode(x=x, y=y, detail="loop:N", order="step:Q")
            )
    return layers


def path_layers(picture: Picture, x: Any, y: Any) -> list[Any]:  # noqa: ANN401
    import altair as alt

    rows = [{"x": q.quantity, "y": q.quality, "step": k} for k, q in enumerate(picture.path)]
    if not rows:
        return []
    base = alt.Chart(values(rows)).encode(x=x, y=y, order="step:Q")
    return [
        base.mark_line(color=role("page"), strokeWidth=5, opacity=0.75),
        base.mark_line(color=role("warn"), strokeWidth=2.4),
        base.mark_point(
            shape="circle", size=34, filled=True, fill=role("warn"), stroke=role("page"), opacity=1
        ),
    ]


def point_layers(picture: Picture, x: Any, y: Any) -> list[Any]:  # noqa: ANN401
    import altair as alt

    layers = []
    for point, shape in shapes(picture.hero):
        best = point.role == "recommended"
        row = {"x": point.quantity, "y": point.quality}
        layers.append(
            alt.Chart(values([row]))
            .mark_point(
                shape=STAR if best else shape,
                size=420 if best else 110,
                filled=True,
                fill=role("page"),
                stroke=role("ink"),
                strokeWidth=1.8,
                opacity=1,
            )
            .encode(x=x, y=y)
        )
    return layers


def _loops(lines: list[tuple[Any, NDArray[np.float64]]]) -> list[dict[str, Any]]:
    """Outlines as rows, log quantities turned back into quantities."""
    return [
        {
            "band": band,
            "loop": k,
            "step": step,
            "x": float(f"{10.0**x:.5g}"),
            "y": round(y, 5),
        }
        for k, (band, line) in enumerate(lines)
        for step, (x, y) in enumerate(line.tolist())
    ]
