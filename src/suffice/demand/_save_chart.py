"""Writes a chart to a file that opens without a network."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from suffice._disk import write_file
from suffice.errors import InputError

if TYPE_CHECKING:
    import altair as alt

# Two pixels a point, for screens that have them: a convention.
_OPTIONS: dict[str, dict[str, Any]] = {
    ".html": {"inline": True},
    ".svg": {},
    ".png": {"scale_factor": 2.0},
}


def check_picture(path: Path) -> None:
    """Raise InputError unless the name ends like a picture; before anything long is computed."""
    if path.suffix.lower() not in _OPTIONS:
        raise InputError(
            f"a picture cannot be written as {path.suffix or 'a file without an ending'}",
            where=str(path),
            fix=f"end it in one of {', '.join(_OPTIONS)}",
        )


def save_chart(chart: alt.TopLevelMixin, path: Path) -> None:
    """Write a chart as HTML (with its libraries inside), SVG or PNG, as the name ends.

    Raises:
        InputError: the name ends otherwise.
        StorageError: the file cannot be written.
    """
    check_picture(path)
    ending, drawn = path.suffix.lower(), io.BytesIO()
    if ending == ".png":
        chart.save(drawn, format="png", **_OPTIONS[ending])
    else:
        text = io.StringIO()
        kind: Literal["html", "svg"] = "html" if ending == ".html" else "svg"
        chart.save(text, format=kind, **_OPTIONS[ending])
        drawn.write(text.getvalue().encode())
    write_file(path, drawn.getvalue())
