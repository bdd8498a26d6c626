"""Colours and chart style of the page, light and dark.

Charts name colours by their role (``theme:ink``); the page puts in the colours of the reader's
scheme. Probabilities are coloured with viridis (safe for colour-blind readers, brighter is more
likely), softened towards the page so that lines and words stay readable on it.
"""

from __future__ import annotations

from typing import Any

_VIRIDIS = (
    "#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725",
)  # fmt: skip
BANDS = len(_VIRIDIS)
MARKS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
STAR = "M0,-1.05L.27,-.36L1,-.32L.43,.15L.62,.85L0,.45L-.62,.85L-.43,.15L-1,-.32L-.27,-.36Z"
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif'

_LIGHT = {
    "page": "#fdfdfb",
    "raised": "#f5f5f1",
    "ink": "#1b2126",
    "soft": "#414b54",
    "muted": "#5d6872",
    "line": "#d8dcdc",
    "grid": "#e9ebe9",
    "accent": "#17607f",
    "accent-soft": "#d5e6ec",
    "warn": "#a8430c",
    "warn-soft": "#f9e6db",
    "void": "#eceeec",
    "series0": "#17607f",
    "series1": "#b4530f",
    "series2": "#6d3f8f",
    "series3": "#3f7a34",
    "series4": "#8a6a00",
    "series5": "#a03060",
}
_DARK = {
    "page": "#14181b",
    "raised": "#1d2327",
    "ink": "#eceff0",
    "soft": "#c6cdd2",
    "muted": "#9ba6ae",
    "line": "#363f45",
    "grid": "#283035",
    "accent": "#79bfdc",
    "accent-soft": "#1f3a46",
    "warn": "#f0a070",
    "warn-soft": "#43291b",
    "void": "#20262a",
    "series0": "#79bfdc",
    "series1": "#f0a070",
    "series2": "#c7a2e6",
    "series3": "#8fcb84",
    "series4": "#dcc05c",
    "series5": "#ee8fb4",
}


def role(name: str) -> str:
    """The name under which charts ask for a colour."""
    return f"theme:{name}"


def palettes() -> dict[str, dict[str, str]]:
    """The colours of each role for ``light`` and ``dark``."""
    made = {}
    for scheme, colours, least, most in (
        ("light", _LIGHT, 0.42, 0.42),
        ("dark", _DARK, 0.34, 0.58),
    ):
        step = (most - least) / (BANDS - 1)
        bands = {
            f"band{k}": _mix(colour, colours["page"], least + step * k)
            for k, colour in enumerate(_VIRIDIS)
        }
        made[scheme] = {**colours, **bands}
    return made


def chart_config() -> dict[str, Any]:
    """Vega-Lite settings that all charts share."""
    ink, muted, grid, line = role("ink"), role("muted"), role("grid"), role("line")
    return {
        "background": "transparent",
        "font": FONT,
        "padding": {"left": 2, "right": 6, "top": 6, "bottom": 2},
        "view": {"stroke": None},
        "axis": {
            "domainColor": line,
            "gridColor": grid,
            "labelColor": muted,
            "labelFontSize": 11,
            "labelPadding": 5,
            "labelOverlap": "greedy",
            "labelSeparation": 6,
            "tickColor": line,
            "tickSize": 4,
            "title": None,
            "titleColor": muted,
            "titleFontSize": 11.5,
            "titleFontWeight": "normal",
            "titlePadding": 9,
        },
        "axisY": {
            "domain": False,
            "ticks": False,
            "titleAlign": "left",
            "titleAnchor": "start",
            "titleAngle": 0,
            "titleBaseline": "bottom",
            "titleX": 0,
            "titleY": -10,
        },
        "axisX": {"grid": False, "titleAnchor": "end", "titleAlign": "right"},
        "legend": {"disable": True},
        "text": {"color": ink, "fontSize": 11.5},
        "rule": {"color": muted},
        "line": {"strokeCap": "round", "strokeJoin": "round"},
        "aria": False,
    }


def _mix(colour: str, ground: str, strength: float) -> str:
    """``strength`` of the colour on the ground, as a hex colour."""
    pairs = ((int(colour[k : k + 2], 16), int(ground[k : k + 2], 16)) for k in (1, 3, 5))
    return "#" + "".join(f"{round(strength * a + (1 - strength) * b):02x}" for a, b in pairs)
