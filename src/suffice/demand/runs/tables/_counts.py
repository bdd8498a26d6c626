"""Labels by source, run and round, from counts, shares, names of sources or mixtures in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.runs.tables._mixtures import read_mixtures
from suffice.demand.runs.tables._numbers import Numbers, numbers, texts
from suffice.demand.runs.tables._rows import ROW
from suffice.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand.runs.tables._columns import RunColumns, SourceColumn
    from suffice.demand.runs.tables._rows import Rows
    from suffice.demand.runs.tables._table import CountUnit

    Floats = NDArray[np.float64]

_OFF = 0.02
"""How far a sum of shares may be from 1 before it is said; see ``_recognise``."""


@dataclass(frozen=True, eq=False)
class Counted:
    """Labels of runs.

    Attributes:
        sources: their names.
        by_round: labels [row, source, round].
        rounds: their numbers.
        unit: what is counted.
        kept: whether a row says at all what it was trained on [row].
    """

    sources: tuple[str, ...]
    by_round: Floats
    rounds: tuple[int, ...]
    unit: CountUnit
    kept: NDArray[np.bool_]


def read_counts(rows: Rows, columns: RunColumns) -> Counted:
    """Read what each run was trained on.

    Raises:
        InputError: a count is negative or no number, shares exceed their total, or a mixture cannot
            be read.
    """
    if columns.mixture is not None:
        return _in_words(rows, columns)
    if columns.source_of is not None:
        return _by_name(rows, columns)
    if any(s.share is not None for s in columns.sources):
        return _of_shares(rows, columns)
    return _of_counts(rows, columns)


def _of_counts(rows: Rows, columns: RunColumns) -> Counted:
    numbered = [({1: s.count} if s.count else {}) | dict(s.rounds) for s in columns.sources]
    rounds = tuple(sorted({r for by in numbered for r in by})) or (1,)
    shape = (len(rows.frame), len(columns.sources), len(rounds))
    counts = np.zeros(shape)
    stated: NDArray[np.bool_] = np.zeros(shape[0], dtype=bool)
    blank: dict[str, int] = {}
    for s, by in enumerate(numbered):
        for r, column in by.items():
            read = _amounts(rows, column)
            stated = stated | ~read.missing
            blank[column] = int(read.missing.sum())
            counts[:, s, rounds.index(r)] = np.nan_to_num(read.values)
    _say_left_out(rows, stated)
    outside = int((~stated).sum())
    gaps = {column: n - outside for column, n in blank.items() if n > outside}
    for column, n in gaps.items():
        rows.notes.append(f"{column} is empty in {n} rows that count other labels: read as none")
    return Counted(tuple(s.name for s in columns.sources), counts, rounds, "labels", stated)


def _amounts(rows: Rows, column: str) -> Numbers:
    read = numbers(rows.frame[column], units=True)
    if read.words:
        row, word = read.words[0]
        raise InputError(
            f"{column} is {word!r} in row {rows.frame[ROW][row]}",
            where=rows.origin,
            fix="give a number of labels, or leave it empty",
        )
    wrong = np.flatnonzero(read.diverged | (read.values < 0))
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"{column} is {rows.frame[column][row]} in row {rows.frame[ROW][row]}",
            where=rows.origin,
            fix="give a number of labels, 0 or more",
        )
    return read


def _of_shares(rows: Rows, columns: RunColumns) -> Counted:
    shared = [s for s in columns.sources if s.share is not None]
    read = [_amounts(rows, s.share or "") for s in shared]
    shares = np.column_stack([np.nan_to_num(r.values) for r in read])
    empty = np.column_stack([r.missing for r in read])
    kept: NDArray[np.bool_] = np.logical_not(empty.all(axis=1))
    rest: list[SourceColumn] = [s for s in columns.sources if s.rest]
    shares = _fractions(rows, columns, shares, exact=not rest)
    if rest:
        shares = np.column_stack([shares, 1 - shares.sum(axis=1)])
    _say_left_out(rows, kept)
    names = tuple(s.name for s in (*shared, *rest[:1]))
    counted: CountUnit = "share"
    if columns.total is not None:
        counted = "labels"
        if isinstance(columns.total, str):
            total = _amounts(rows, columns.total)
            kept &= ~total.missing
            shares = shares * np.nan_to_num(total.values)[:, None]
        else:
            shares = shares * columns.total
    else:
        rows.notes.append("no column says how many labels a run had: sources count in shares")
    return Counted(names, shares[:, :, None], (1,), counted, kept)


def _fractions(rows: Rows, columns: RunColumns, shares: Floats, *, exact: bool) -> Floats:
    """Shares as fractions, whichever rows are in per cent; raise where they exceed a whole."""
    sums = shares.sum(axis=1)
    at = rows.frame[ROW].to_list()
    if exact:
        percent = np.abs(sums - 100) <= 100 * _OFF
    else:
        told = any("percent" in (s.share or "").lower() or "pct" in (s.share or "").lower()
                   for s in columns.sources)  # fmt: skip
        percent = np.full(len(sums), told) if told else sums > 1 + _OFF
    if percent.any() and not percent.all():
        rows.notes.append(
            f"shares are in per cent in {int(percent.sum())} rows, the first in row "
            f"{at[int(np.flatnonzero(percent)[0])]}, and fractions in the others: all read so"
        )
    shares = np.where(percent[:, None], shares / 100, shares)
    sums = shares.sum(axis=1)
    over = np.flatnonzero(sums > 1 + _OFF)
    if len(over):
        row = int(over[0])
        raise InputError(
            f"the shares of row {at[row]} add up to {sums[row]:.3g}, more than the whole",
            where=rows.origin,
            fix="mend that row, or name the columns that are shares of sources",
        )
    under = np.flatnonzero(sums < 1 - _OFF)
    if exact and len(under):
        worst = int(under[int(np.argmin(sums[under]))])
        rows.notes.append(
            f"shares add up to less than 1 in {len(under)} rows, least to {sums[worst]:.3g} in row "
            f"{at[worst]}: what is left is of no source that is named"
        )
    return np.minimum(shares, 1.0)


def _by_name(rows: Rows, columns: RunColumns) -> Counted:
    """Rows that name the one source of all their labels."""
    if not isinstance(columns.total, str):
        raise InputError(
            f"{columns.source_of} names sources, but no column says how many labels",
            where=rows.origin,
            fix="name it as total",
        )
    named = texts(rows.frame[columns.source_of or ""])
    total = _amounts(rows, columns.total)
    kept = np.array([n is not None for n in named]) & ~total.missing
    _say_left_out(rows, kept)
    sources = tuple(dict.fromkeys(n for n in named if n is not None))
    counts = np.zeros((len(named), len(sources), 1))
    for row, name in enumerate(named):
        if name is not None and kept[row]:
            counts[row, sources.index(name), 0] = total.values[row]
    called = tuple(f"{columns.source_of} {s}" if numbers_like(s) else s for s in sources)
    return Counted(called, counts, (1,), "labels", kept)


def numbers_like(text: str) -> bool:
    """Whether a source would be called by a bare number."""
    return text.replace(".", "", 1).replace("-", "", 1).isdigit()


def _in_words(rows: Rows, columns: RunColumns) -> Counted:
    import polars as pl

    given = rows.frame[columns.mixture or ""].cast(pl.String)
    kept = np.array([bool(t and t.strip()) for t in given], dtype=bool)
    _say_left_out(rows, kept)
    places = np.flatnonzero(kept).tolist()
    at = [rows.frame[ROW][row] for row in places]
    told = tuple(given[row] for row in places)
    sources, some, unit = read_mixtures(told, dict(columns.full), rows.origin, at)
    counts = np.zeros((len(kept), len(sources), 1))
    counts[places, :, 0] = np.array(some, dtype=float).reshape(len(places), len(sources))
    if unit == "share" and isinstance(columns.total, str):
        counts *= np.nan_to_num(_amounts(rows, columns.total).values)[:, None, None]
        unit = "labels"
    elif unit == "share" and isinstance(columns.total, float | int):
        counts *= columns.total
        unit = "labels"
    if unit == "whole source":
        rows.notes.append(
            f"{columns.mixture} says which sources a run had, not how many labels: a source counts "
            "1 where it is in, 0 where it is left out"
        )
    return Counted(sources, counts, (1,), unit, kept)


def _say_left_out(rows: Rows, kept: NDArray[np.bool_]) -> None:
    lost = np.flatnonzero(~kept)
    if not len(kept) or len(lost) == len(kept):
        raise InputError("no row says what it was trained on", where=rows.origin,
                         fix="give counts of labels")  # fmt: skip
    if len(lost):
        rows.notes.append(
            f"{len(lost)} rows do not say what they were trained on and were left out, the first "
            f"row {rows.frame[ROW][int(lost[0])]}"
        )
