"""Cells of a table into numbers: words for nothing, per cent signs, 7B and 10k, dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NOTHING = ("", "none", "null", "na", "n/a", "#n/a", "<na>", "-", "--", "nil", "missing", "?")
"""What people and programs write where there is no value, in small letters. ``nan`` is not one of
them: a training that diverged writes it."""

HUGE = 1.7e308
"""Values beyond this are infinite: MLflow 3.14 stores infinity as the largest float, 1.8e308."""

_UNITS = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
"""What the letters of counts and sizes stand for: a definition."""

_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)\s?([mbt])(?![a-z0-9])")


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column as numbers.

    Attributes:
        values: NaN where missing or not finite [row].
        missing: whether a cell says that there is no value [row].
        diverged: whether a cell holds what is not finite: ``nan`` or an infinity [row].
        words: cells that are no number, as (row, text); not counted as missing.
    """

    values: Floats
    missing: NDArray[np.bool_]
    diverged: NDArray[np.bool_]
    words: tuple[tuple[int, str], ...]

    @property
    def are(self) -> bool:
        """Whether most cells that say something hold a number."""
        said = int((~self.missing).sum())
        return said > 0 and said - len(self.words) > said / 2


def numbers(column: pl.Series, *, units: bool = False) -> Numbers:
    """Read a column of text or numbers.

    Args:
        column: of any type.
        units: whether 10k, 70M and 7B are numbers, as they are for counts and sizes.
    """
    import polars as pl

    if column.dtype == pl.Boolean:
        nothing = column.is_null().to_numpy()
        words = tuple((int(r), str(v)) for r, v in enumerate(column) if v is not None)
        blank = np.full(len(column), np.nan)
        return Numbers(blank, nothing, np.zeros(len(column), bool), words)
    if column.dtype.is_numeric():
        raw, missing = column.cast(pl.Float64), column.is_null().to_numpy()
        words = ()
    else:
        text = column.cast(pl.String).str.strip_chars()
        missing = (text.is_null() | text.str.to_lowercase().is_in(NOTHING)).to_numpy()
        raw = text.cast(pl.Float64, strict=False)
        left = np.flatnonzero(raw.is_null().to_numpy() & ~missing)
        words = ()
        if len(left):
            read = {row: _odd(text[int(row)], units=units) for row in left.tolist()}
            words = tuple((row, text[row]) for row, value in read.items() if value is None)
            values = raw.to_numpy().astype(float, copy=True)
            for row, value in read.items():
                values[row] = np.nan if value is None else value
            raw = pl.Series(values)
    values = raw.fill_null(float("nan")).to_numpy().astype(float, copy=True)
    spoken = np.zeros(len(values), dtype=bool)
    spoken[[row for row, _ in words]] = True
    diverged = ~missing & ~spoken & ~(np.abs(values) < HUGE)
    values[diverged] = np.nan
    return Numbers(values, missing, diverged, words)


def texts(column: pl.Series) -> tuple[str | None, ...]:
    """A column as words, None where it says that there is no value."""
    import polars as pl

    text = column.cast(pl.String).str.strip_chars()
    return tuple(None if t is None or t.lower() in NOTHING or t == "nan" else t for t in text)


def size_in(text: str) -> float | None:
    """Parameters that a model's name states: 7e9 in ``llama-2-7b-hf``; None where it does not."""
    found = _SIZE.findall(text.lower().replace("_", "-"))
    if len(found) != 1:
        return None
    return float(found[0][0]) * _UNITS[found[0][1]]


def seconds(column: pl.Series) -> Floats:
    """Times as seconds: numbers as they are, dates as seconds since 1970; NaN where unknown."""
    import polars as pl

    if column.dtype.is_temporal():
        stamps = column.cast(pl.Datetime("us")).dt.epoch("us").cast(pl.Float64) / 1e6
        return stamps.fill_null(float("nan")).to_numpy().astype(float)
    found = numbers(column)
    if found.are:
        return found.values
    from datetime import UTC, datetime

    def stamp(text: str | None) -> float:
        if text is None:
            return float("nan")
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return float("nan")
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()

    return np.array([stamp(t) for t in texts(column)])


def _odd(text: str, *, units: bool) -> float | None:
    """A number that is written for people: 71.2%, 1,000, 10k."""
    plain = text.replace(" ", "").lower()
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        return float(plain.replace(",", ""))
    if re.fullmatch(r"[-+]?\d{1,3}(_\d{3})+", plain):
        return float(plain.replace("_", ""))
    if re.fullmatch(r"[-+]?\d*\.?\d+%", plain):
        return float(plain[:-1]) / 100
    if units and (found := re.fullmatch(r"(\d*\.?\d+)([kmbgt])", plain)):
        return float(found[1]) * _UNITS[found[2]]
    if plain in ("infinity", "-infinity", "+inf", "#num!"):
        return float("inf")
    return None
