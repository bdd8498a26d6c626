"""What a pool is made of: files, or tables that are in memory already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels import LabelTable

ONE_SLICE = "all"
"""Name of the only slice where nobody named slices."""


@dataclass(frozen=True)
class Place:
    """Where a table stands, for messages.

    Attributes:
        where: all of it: the path of a file.
        name: in short: its name.
    """

    where: str
    name: str


def place_of(given: Path | LabelTable | pl.DataFrame, called: str) -> Place:
    """The place of a file, of a table that says where it is from, or of a frame ``called`` so."""
    if isinstance(given, Path):
        return Place(str(given), given.name)
    origin = getattr(given, "origin", called)
    return Place(origin, origin)
