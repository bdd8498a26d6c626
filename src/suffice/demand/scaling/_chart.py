"""Extrapolated curves as a picture: points, median, interval and both baselines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from suffice.demand._save_chart import check_picture, save_chart

if TYPE_CHECKING:
    import altair as alt

    from suffice.demand.scaling._extrapolate import CurveForecast, Extrapolation

MOST_CURVES = 24
"""Curves in one picture. Chosen: more are too small to read."""

_STYLES = {
    "measured": ("#1b2126", [1, 0]),
    "forecast, 90 % interval": ("#17607f", [1, 0]),
    "power law on the last 4 points": ("#b4530f", [6, 3]),
    "last value": ("#5d6872", [2, 3]),
}
_MEASURED, _FORECAST, _TAIL, _LAST = _STYLES
"""What is drawn: colour and dashes."""


def draw_curves(found: Extrapolation, path: str | Path) -> str:
    """Write a picture with one panel a curve, both axes logarithmic.

    Args:
        found: what ``extrapolate`` gave.
        path: a file ending in .html (needs no network), .svg or .png.

    Returns:
        One line that says what was written.

    Raises:
        InputError: another ending.
        StorageError: the file cannot be written.
    """
    path = Path(path)
    check_picture(path)
    import altair as alt

    shown = found.curves[:MOST_CURVES]
    chart = alt.concat(
        *(_panel(curve) for curve in shown), columns=min(3, len(shown)), spacing=24
    ).configure_view(stroke=None)
    save_chart(chart, path, "suffice: extrapolated curves")
    left = len(found.curves) - len(shown)
    rest = f" (the first {len(shown)} curves; {left} more are not drawn)" if left else ""
    return f"wrote {path}{rest}"


def _panel(curve: CurveForecast) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    # One row a mark, named by what it is: the legend is made of these names.
    lines = [
        {"x": point.x, "y": y, "what": what}
        for point in curve.path
        for what, y in (
            (_FORECAST, point.forecast.value),
            (_TAIL, point.tail_power_law),
            (_LAST, point.last_value),
        )
    ]
    band = [{"x": p.x, "low": p.forecast.low, "high": p.forecast.high} for p in curve.path]
    points = [{"x": x, "y": y, "what": _MEASURED} for x, y in zip(curve.x, curve.y, strict=True)]
    # The picture ends where the interval does: a baseline that leaves it would flatten the rest.
    values = [*curve.y, *(row["low"] for row in band), *(row["high"] for row in band)]
    scale = alt.Scale(type="log", domain=[min(values) * 0.97, max(values) * 1.03], nice=False)
    x = alt.X("x:Q", title="x", scale=alt.Scale(type="log", nice=False),
              axis=alt.Axis(format="~s", tickCount=5, grid=False))  # fmt: skip
    y = alt.Y("y:Q", title="y", scale=scale, axis=alt.Axis(format="~g", tickCount=5))
    names = list(_STYLES)
    # One legend of both: another for the dashes, even none, would contradict it.
    legend = alt.Legend(title=None, orient="bottom", columns=2, labelLimit=240, symbolType="stroke")
    colour = alt.Color(
        "what:N",
        scale=alt.Scale(domain=names, range=[colour for colour, _ in _STYLES.values()]),
        legend=legend,
    )
    dash = alt.StrokeDash(
        "what:N",
        scale=alt.Scale(domain=names, range=[dash for _, dash in _STYLES.values()]),
        legend=legend,
    )
    layers = [
        alt.Chart(alt.InlineData(values=band))
        .mark_area(opacity=0.18, color=_STYLES[_FORECAST][0], clip=True)
        .encode(x=x, y=alt.Y("low:Q", title="y", scale=scale), y2="high:Q"),
        alt.Chart(alt.InlineData(values=lines))
        .mark_line(strokeWidth=1.8, clip=True)
        .encode(x=x, y=y, color=colour, strokeDash=dash),
        alt.Chart(alt.InlineData(values=points))
        .mark_point(filled=True, size=22, opacity=1)
        .encode(x=x, y=y, color=colour),
    ]
    return alt.layer(*layers).properties(width=300, height=200, title=curve.curve)
