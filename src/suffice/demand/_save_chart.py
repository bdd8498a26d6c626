"""Writes a chart to a file that opens without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice._disk import write_file
from suffice._pages import as_json, chart_page, write_page, write_svg
from suffice.errors import InputError

if TYPE_CHECKING:
    import altair as alt

# Two pixels a point, for screens that have them: a convention.
_PNG_SCALE = 2.0
_ENDINGS = (".html", ".svg", ".png")


def check_picture(path: Path) -> None:
    """Raise InputError unless the name ends like a picture; before anything long is computed."""
    if path.suffix.lower() not in _ENDINGS:
        raise InputError(
            f"a picture cannot be written as {path.suffix or 'a file without an ending'}",
            where=str(path),
            fix=f"end it in one of {', '.join(_ENDINGS)}",
        )


def save_chart(chart: alt.TopLevelMixin, path: Path, title: str) -> None:
    """Write a chart as HTML (with its libraries inside), SVG or PNG, as the name ends.

    Args:
        chart: what to draw.
        path: the file.
        title: of the page, where it is one.

    Raises:
        InputError: the name ends otherwise.
        StorageError: the file cannot be written.
    """
    import vl_convert

    check_picture(path)
    spec, ending = _spec(chart), path.suffix.lower()
    if ending == ".html":
        write_page(path, chart_page(spec, title))
    elif ending == ".svg":
        write_svg(path, vl_convert.vegalite_to_svg(as_json(spec)))
    else:
        write_file(path, vl_convert.vegalite_to_png(as_json(spec), scale=_PNG_SCALE))


def _spec(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The chart as Vega-Lite, with the style that Altair would give it."""
    spec: dict[str, Any] = chart.to_dict()
    return spec
