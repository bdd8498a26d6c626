"""The long run in one picture: measured trend, forecast band, theory floor, dangerous scale."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from suffice._disk import write_file
from suffice._pages import Page, as_json, harmless, write_page, write_svg
from suffice._shown import clean
from suffice.report._theme import chart_config, palettes, role

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.records import HorizonRecord, NeededRow

_WIDTH, _HEIGHT, _PNG_SCALE = 250, 260, 2.0
"""A panel in pixels, by eye; pixels of the PNG to one of them, for screens of high density."""
_TOP, _BOTTOM = 1e8, 1.0
"""Where the axis ends: a band that goes on beyond says so by touching the edge."""

_KEY = (
    "Band: 90 % of the forecast; at the top edge no number of labels may do. Line: its median, "
    "as far as that is near what was measured.",
    "Dots: measured models, 90 %. Dashed: what the information still needed takes, 90 %.",
    "Shaded: where misalignment gets dangerous, 90 % of your prior.",
)


def write_horizon(horizon: HorizonRecord, folder: Path) -> list[Path]:
    """Write ``horizon.html`` and its pictures, light and dark, as SVG and PNG.

    Args:
        horizon: the long run, as ``horizon.json`` holds it.
        folder: for the files.

    Raises:
        StorageError: a file cannot be written.
    """
    import vl_convert

    written: list[Path] = []
    wide, narrow = {}, {}
    for scheme in palettes():
        spec = themed(horizon_spec(horizon), scheme)
        wide[scheme] = vl_convert.vegalite_to_svg(spec)
        narrow[scheme] = vl_convert.vegalite_to_svg(
            themed(horizon_spec(horizon, narrow=True), scheme)
        )
        drawing, pixels = (folder / f"horizon-{scheme}.{kind}" for kind in ("svg", "png"))
        write_svg(drawing, wide[scheme])
        write_file(pixels, vl_convert.vegalite_to_png(spec, scale=_PNG_SCALE))
        written += [drawing, pixels]
    write_page(folder / "horizon.html", _page(horizon, wide, narrow))
    return [folder / "horizon.html", *written]


def themed(spec: dict[str, Any], scheme: str) -> str:
    """The chart as JSON with one scheme's colours put in."""
    text = as_json(spec)
    for name, colour in palettes()[scheme].items():
        text = text.replace(json.dumps(role(name)), json.dumps(colour))
    return text


@dataclass(frozen=True)
class _Axis:
    """What a row of panels has on its x axis, and how high its panels are."""

    title: str
    by_year: bool
    domain: tuple[float, float]
    ticks: tuple[float, ...]
    label: str
    danger: tuple[float, float]
    height: int


def horizon_spec(horizon: HorizonRecord, *, narrow: bool = False) -> dict[str, Any]:
    """The chart: one column a source, by scale above and by year below; colours named by role.

    ``narrow`` is for phones: everything in one column, without the words above it.
    """
    import altair as alt

    rows = [*_band_rows(horizon, by_year=False), *_band_rows(horizon, by_year=True)]
    low = max(min(min(r["low"], r["floor_low"]) for r in rows) / 2.0, _BOTTOM)
    high = min(max(r["high"] for r in rows) * 2.0, _TOP)
    if narrow:
        panels = [
            _panel(horizon, source, axis, (low, high), first=True)
            for source in _sources(horizon)
            for axis in _axes(horizon)
        ]
        return _finished(alt.vconcat(*panels, spacing=14), padding=4)
    chart = alt.vconcat(
        *(
            alt.hconcat(
                *(
                    _panel(horizon, source, axis, (low, high), first=k == 0)
                    for k, source in enumerate(_sources(horizon))
                ),
                spacing=18,
                bounds="flush",
            )
            for axis in _axes(horizon)
        ),
        spacing=18,
    ).properties(
        title=alt.Title(
            _heading(horizon),
            subtitle=list(_KEY),
            color=role("ink"),
            subtitleColor=role("soft"),
            anchor="start",
            fontSize=15,
            subtitleFontSize=11,
            offset=14,
        )
    )
    return _finished(chart, padding=14)


def _finished(chart: Any, padding: int) -> dict[str, Any]:  # noqa: ANN401 - an Altair chart
    spec: dict[str, Any] = chart.to_dict(validate=False)
    spec["config"] = {**chart_config(), "background": role("page"), "padding": padding}
    return spec


def _heading(horizon: HorizonRecord) -> str:
    return f"Labels needed for P ≥ {horizon.target:g} as models grow"


def _sources(horizon: HorizonRecord) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.source for row in horizon.rows))


def _axes(horizon: HorizonRecord) -> tuple[_Axis, _Axis]:
    smallest = min((p["x"] for p in _point_rows(horizon)), default=0.0)
    first, last = min(smallest, 0.0) - 0.15, max(r.decades or 0.0 for r in horizon.rows)
    years = max((row.year for row in horizon.years), default=0.0)
    danger = horizon.danger
    # A file from before the prior of that scale was kept shades the years alone.
    low, _, high = danger.decades or (inf, inf, -inf)
    scale = _Axis(
        title="scale, times today's model",
        by_year=False,
        domain=(first, last),
        ticks=tuple(float(k) for k in range(int(first), int(last) + 1)),
        label="datum.value == 0 ? 'today' : '10^' + datum.value",
        danger=(low, high),
        height=_HEIGHT,
    )
    step = max(round(years / 5.0), 1)
    calendar = _Axis(
        title="years from today",
        by_year=True,
        domain=(0.0, years),
        ticks=tuple(float(k) for k in range(0, int(years) + 1, step)),
        label="datum.value",
        danger=(danger.years[0], danger.years[2]),
        height=round(0.6 * _HEIGHT),
    )
    return scale, calendar


def _panel(
    horizon: HorizonRecord, source: str, on: _Axis, y_domain: tuple[float, float], *, first: bool
) -> Any:  # noqa: ANN401 - an Altair chart
    import altair as alt

    x_scale = alt.Scale(domain=list(on.domain), nice=False)
    x_axis = alt.Axis(title=on.title, values=list(on.ticks), labelExpr=on.label)
    x = alt.X("x:Q", scale=x_scale, axis=x_axis)
    scale = alt.Scale(type="log", domain=list(y_domain), nice=False, clamp=True)
    axis = alt.Axis(
        title=None,
        labels=first,
        format="~s",
        values=[10.0**k for k in range(10) if y_domain[0] <= 10.0**k <= y_domain[1]],
    )

    def y(field: str) -> Any:  # noqa: ANN401 - an Altair channel
        return alt.Y(f"{field}:Q", scale=scale, axis=axis)

    rows = [r for r in _band_rows(horizon, by_year=on.by_year) if r["source"] == source]
    zone = {"x": max(on.danger[0], on.domain[0]), "to": min(on.danger[1], on.domain[1])}
    layers: list[Any] = []
    if zone["x"] < zone["to"]:
        layers.append(
            alt.Chart(alt.InlineData(values=[zone]))
            .mark_rect(color=role("warn"), opacity=0.13)
            .encode(x=x, x2="to:Q")
        )
    band = alt.Chart(alt.InlineData(values=rows)).encode(x=x)
    layers += [
        band.mark_area(color=role("accent"), opacity=0.3).encode(y=y("low"), y2="high:Q"),
        *(
            band.mark_line(color=role("soft"), strokeDash=[4, 3], strokeWidth=1.2).encode(y=y(end))
            for end in ("floor_low", "floor_high")
        ),
        alt.Chart(alt.InlineData(values=[r for r in rows if r["median"] is not None]))
        .mark_line(color=role("accent"), strokeWidth=2.5)
        .encode(x=x, y=y("median")),
    ]
    points = [p for p in _point_rows(horizon) if p["source"] == source and not on.by_year]
    if points:
        dots = alt.Chart(alt.InlineData(values=points)).encode(x=x)
        layers += [
            dots.mark_rule(color=role("ink"), strokeWidth=1.5).encode(y=y("low"), y2="high:Q"),
            alt.Chart(alt.InlineData(values=[p for p in points if p["median"] is not None]))
            .mark_point(color=role("ink"), filled=True, size=38, opacity=1.0)
            .encode(x=x, y=y("median")),
        ]
    chart = alt.layer(*layers).properties(width=_WIDTH, height=on.height)
    if on.by_year:
        return chart
    title = alt.Title(
        f"{source} labels", color=role("ink"), anchor="start", frame="group", fontSize=12.5
    )
    return chart.properties(title=title)


def _band_rows(horizon: HorizonRecord, *, by_year: bool) -> list[dict[str, Any]]:
    """The forecast by scale or year; what is infinite ends at the top of the axis."""
    placed: list[tuple[float, NeededRow]] = (
        [(r.year, r) for r in horizon.years]
        if by_year
        else [(r.decades or 0.0, r) for r in horizon.rows]
    )
    return [
        {
            "source": r.source,
            "x": at,
            "low": _clip(r.low),
            "high": _clip(r.high),
            "median": _inside(r.median),
            "floor_low": _clip(r.floor[0]),
            "floor_high": _clip(r.floor[2]),
        }
        for at, r in placed
    ]


def _point_rows(horizon: HorizonRecord) -> list[dict[str, Any]]:
    """The measured models."""
    return [
        {
            "source": p.source,
            "x": p.decades,
            "low": _clip(p.labels[0]),
            "median": _inside(p.labels[1]),
            "high": _clip(p.labels[2]),
        }
        for p in horizon.trend
    ]


def _clip(labels: float | None) -> float:
    """On the axis; what no number of labels reaches stands at its top."""
    return _TOP if labels is None else min(max(labels, _BOTTOM), _TOP)


def _inside(labels: float | None) -> float | None:
    """A median that the axis has a place for."""
    return labels if labels is not None and labels < _TOP else None


_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2em auto;padding:0 1em}
svg{max-width:100%;height:auto}table{border-collapse:collapse}
td,th{text-align:left;vertical-align:top;padding:.3em .6em;border-bottom:1px solid}
.narrow{display:none}
@media(max-width:640px){
.narrow{display:block}.wide{display:none}
table,tbody,tr,td{display:block}tr:first-child{display:none}
td{border:0;padding:0}td:first-child{font-weight:600;padding-top:.8em}
td:nth-child(n+2):nth-child(-n+4){display:inline}
td:nth-child(n+3):nth-child(-n+4)::before{content:", "}
}
"""
"""Wide and narrow pages: on a phone a table's rows become paragraphs."""


def _page(horizon: HorizonRecord, wide: dict[str, str], narrow: dict[str, str]) -> Page:
    """One page without scripts: the picture of the reader's scheme, and the drivers."""
    from markupsafe import Markup

    colours = {s: palettes()[s] for s in wide}
    drivers = Markup().join(
        Markup("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>").format(
            clean(d.name),
            clean(d.on.replace("_", " ")),
            "measured" if d.measured else "prior",
            f"x {m:.2g} ({low:.2g} to {high:.2g})",
            clean(d.evidence),
        )
        for d in horizon.drivers
        for low, m, high in [d.multiplier_at_danger]
    )
    style = "".join(
        f"{rule}body{{background:{c['page']};color:{c['ink']}}}td,th{{border-color:{c['line']}}}"
        f".{scheme}{{display:block}}.{other}{{display:none}}{end}"
        for scheme, other, rule, end in (
            ("light", "dark", "", ""),
            ("dark", "light", "@media(prefers-color-scheme:dark){", "}"),
        )
        for c in [colours[scheme]]
    )

    def drawn(pictures: dict[str, str]) -> Markup:
        return Markup().join(
            Markup('<div class="{}">{}</div>').format(s, Markup(harmless(svg, "horizon.html")))
            for s, svg in pictures.items()
        )

    body = Markup(
        '<h1>The long run</h1><div class="wide">{}</div>'
        '<div class="narrow"><h2>{}</h2>{}{}</div>'
        "<p>Scale is counted in {}. Multipliers are those at the scale where misalignment gets "
        "dangerous, with their 90 % interval; for shared error they multiply its odds.</p><table>"
        "<tr><th>driver<th>acts on<th>from<th>multiplier<th>evidence</tr>{}</table>"
    ).format(
        drawn(wide),
        _heading(horizon),
        Markup().join(Markup("<p>{}</p>").format(line) for line in _KEY),
        drawn(narrow),
        clean(horizon.unit),
        drivers,
    )
    return Page(title="suffice: the long run", body=body, style=style + _STYLE)
