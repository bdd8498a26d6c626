"""Writes a chart to a file that opens without a network."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice._disk import write_atomic
from suffice.errors import InputError, StorageError

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
    kind = path.suffix.lower()
    drawn: io.BytesIO | io.StringIO = io.BytesIO() if kind == ".png" else io.StringIO()
    chart.save(drawn, format=kind[1:], **_OPTIONS[kind])
    content = drawn.getvalue()
    try:
        write_atomic(path, content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}") from None
