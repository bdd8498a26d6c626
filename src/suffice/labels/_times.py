"""When a label was given: times as people and tools write them, to be put in order."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

_ZONE = re.compile(r"\b(?:UTC|GMT|Z|[PMCE][SD]T)\b")
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T,]+(\d.*))?")
_WRITTEN = ("%a %b %d %H:%M:%S %Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d",
            "%b %d %Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%d %b %Y", "%Y%m%d")  # fmt: skip
_CLOCKS = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")


def instants(column: pl.Series) -> pl.Series | None:
    """Times as numbers that grow with time; None where one cannot be read, or is missing.

    Numbers, dates and times, ISO 8601, RFC 2822 and what spreadsheets write are read; a time
    without a zone is taken as UTC. ``03/04/2024`` is read where other cells of the column show
    which is the day.
    """
    import polars as pl

    if column.null_count():
        return None
    if column.dtype.is_temporal():
        return column.to_physical().cast(pl.Float64)
    if column.dtype.is_numeric():
        return column.cast(pl.Float64)
    if column.dtype != pl.String:
        return None
    texts = column.str.strip_chars().unique().to_list()
    for read in (_of_numbers, _of_dates, _of_slashes):
        seconds = read(texts)
        if seconds is not None:
            known = dict(zip(texts, seconds, strict=True))
            return column.str.strip_chars().replace_strict(known, return_dtype=pl.Float64)
    return None


def _each(texts: Sequence[str], read: Callable[[str], float]) -> list[float] | None:
    try:
        return [read(text) for text in texts]
    except (ValueError, OverflowError, TypeError):
        return None


def _of_numbers(texts: Sequence[str]) -> list[float] | None:
    return _each(texts, float)


def _of_dates(texts: Sequence[str]) -> list[float] | None:
    return _each(texts, _date)


def _date(text: str) -> float:
    try:
        return _seconds(datetime.fromisoformat(text))
    except ValueError:
        pass
    plain = " ".join(_ZONE.sub(" ", text).replace(",", " ").split())
    for form in _WRITTEN:
        try:
            return _seconds(datetime.strptime(plain, form))
        except ValueError:
            continue
    return _seconds(parsedate_to_datetime(text))


def _of_slashes(texts: Sequence[str]) -> list[float] | None:
    """Day and month, in the order that the column as a whole shows."""
    parts = [_SLASHED.fullmatch(text) for text in texts]
    found = [part for part in parts if part is not None]
    if len(found) < len(texts):
        return None
    day_first = any(int(part[1]) > 12 for part in found)
    if day_first == any(int(part[2]) > 12 for part in found):
        return None  # both, or nothing that shows it
    day, month = (1, 2) if day_first else (2, 1)

    def read(part: re.Match[str]) -> float:
        date = datetime(int(part[3]), int(part[month]), int(part[day]), tzinfo=UTC)
        return date.timestamp() + (_clock(part[4]) if part[4] else 0.0)

    try:
        return [read(part) for part in found]
    except ValueError:
        return None


def _clock(text: str) -> float:
    for form in _CLOCKS:
        try:
            time = datetime.strptime(text.strip().upper(), form)
        except ValueError:
            continue
        return time.hour * 3600.0 + time.minute * 60.0 + time.second + time.microsecond / 1e6
    raise ValueError(text)


def _seconds(time: datetime) -> float:
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()
