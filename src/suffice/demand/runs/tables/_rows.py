"""Files of runs into one frame, a row a run: joined, without copies, epochs brought together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.runs.tables import _names
from suffice.demand.runs.tables._columns import NUMBERED, RunColumns
from suffice.demand.runs.tables._numbers import numbers
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

ROW = "__suffice_row"
"""The column that keeps a row's place in its file, for messages; no file has one of this name."""

_INDEX = re.compile(r"|unnamed: ?\d+|__index_level_\d+__|_duplicated_\d+", re.IGNORECASE)


@dataclass(eq=False)
class Rows:
    """Rows of one or more files.

    Attributes:
        frame: with their places in the column ``ROW``, from 1.
        origin: for messages.
        results: columns that came from a file of metrics.
        notes: what was done to them.
    """

    frame: pl.DataFrame
    origin: str
    results: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def load(given: Sequence[str | Path | pl.DataFrame]) -> Rows:
    """Read files into one frame: appended where their columns are the same, joined otherwise.

    Raises:
        InputError: a file cannot be read, or two share no column that names runs.
    """
    notes: list[str] = []
    frames, origins = [], []
    for one in given:
        frame, origin = _frame(one)
        if not len(frame):
            raise InputError("there are no rows", where=origin, fix="give one run a row")
        frames.append(_without_index(frame, notes))
        origins.append(origin)
    origin = ", ".join(origins)
    whole = _numbered_rows(frames[0])
    results: list[str] = []
    for frame, where in zip(frames[1:], origins[1:], strict=True):
        if set(frame.columns) == set(whole.columns) - {ROW}:
            whole = _appended(whole, frame)
            notes.append(f"the {len(frame)} rows of {where} were added below the others")
            continue
        whole, new = _joined(whole, frame, where, notes)
        results += new
    return Rows(whole, origin, tuple(results), notes)


def _frame(given: str | Path | pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The rows of a file; a large one of JSON lines by a faster reader that says less of faults."""
    import polars as pl

    from suffice.labels import read_frame

    if isinstance(given, pl.DataFrame):
        return given, "the table of runs"
    if str(given).endswith((".jsonl", ".ndjson")):
        try:
            frame = pl.read_ndjson(given, infer_schema_length=None)
        except (pl.exceptions.PolarsError, OSError):
            return read_frame(given), str(given)
        if not any(dtype.is_nested() for dtype in frame.dtypes):
            return frame, str(given)
    return read_frame(given), str(given)


def _numbered_rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_row_index(ROW, offset=1)


def _appended(whole: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return pl.concat([whole, _numbered_rows(frame).select(whole.columns)], how="vertical_relaxed")


def _without_index(frame: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """A frame without the unnamed columns of row numbers that data frames leave in files."""
    for name in frame.columns:
        if not _INDEX.fullmatch(name):
            continue
        values = numbers(frame[name]).values
        if np.isfinite(values).all() and len(np.unique(values)) == len(values):
            frame = frame.drop(name)
            notes.append(f"column {name!r} numbers the rows and was left out")
    return frame


def _joined(
    whole: pl.DataFrame, frame: pl.DataFrame, where: str, notes: list[str]
) -> tuple[pl.DataFrame, list[str]]:
    """Join a file of metrics to one of settings by the column that names runs in both."""
    common = [n for n in whole.columns if n in frame.columns]
    order = {name: place for place, name in enumerate(_names.ROLES["run"])}
    unique = [
        n for n in common
        if whole[n].n_unique() == len(whole) and frame[n].n_unique() == len(frame)
        and whole[n].dtype == frame[n].dtype
    ]  # fmt: skip
    unique.sort(key=lambda n: order.get(_names.plain(n), len(order)))
    if not unique:
        raise InputError(
            "no column names each run once in both files, so they cannot be joined",
            where=where,
            fix="give both a column run with the same ids",
        )
    key = unique[0]
    new = [n for n in frame.columns if n not in common]
    joined = whole.join(frame.select(key, *new), on=key, how="inner", maintain_order="left")
    lost = len(whole) - len(joined), len(frame) - len(joined)
    notes.append(f"joined to {where} by {key}: {len(joined)} runs")
    if not len(joined):
        raise InputError(f"no {key} stands in both files", where=where, fix="use the same ids")
    if any(lost):
        notes.append(f"{lost[0]} rows have no partner in {where}, and {lost[1]} of its rows none")
    return joined, new


def spread(rows: Rows, columns: RunColumns) -> None:
    """Turn columns that are named by numbers of labels into rows, in place."""
    if columns.numbered is None:
        return
    import polars as pl

    wide = [n for n in rows.frame.columns if re.fullmatch(r"\d[\d_]*(\.\d+)?", n)]
    index = [n for n in rows.frame.columns if n not in wide]
    text = rows.frame.with_columns(pl.col(wide).cast(pl.String))
    long = text.unpivot(on=wide, index=index, variable_name=NUMBERED, value_name=columns.numbered)
    if columns.run is not None:
        id_of = pl.concat_str(pl.col(columns.run).cast(pl.String), pl.lit("@"), pl.col(NUMBERED))
        long = long.with_columns(id_of.alias(columns.run))
    rows.frame = long


def only(rows: Rows, columns: RunColumns) -> None:
    """Keep the rows that the columns ask for, in place.

    Raises:
        InputError: none is left.
    """
    import polars as pl

    for name, wanted in columns.where:
        before = len(rows.frame)
        rows.frame = rows.frame.filter(pl.col(name).cast(pl.String).is_in(list(wanted)))
        rows.notes.append(f"{len(rows.frame)} of {before} rows have {name} {' or '.join(wanted)}")
        if not len(rows.frame):
            raise InputError(
                f"no row has {name} {' or '.join(wanted)}", where=rows.origin, fix="check the value"
            )


def drop_copies(rows: Rows) -> None:
    """Leave out rows that repeat another one in every column, in place."""
    said = [n for n in rows.frame.columns if n != ROW]
    kept = rows.frame.unique(subset=said, keep="first", maintain_order=True)
    if len(kept) < len(rows.frame):
        copies = len(rows.frame) - len(kept)
        first = sorted(set(rows.frame[ROW].to_list()) - set(kept[ROW].to_list()))
        at = f", the first in row {first[0]}" if first else ""
        rows.notes.append(
            f"{copies} rows repeat another in every column{at}: copies, not further runs, left out"
        )
        rows.frame = kept


def gather_epochs(rows: Rows, columns: RunColumns) -> None:
    """Bring the rows of a run's epochs together to one, in place.

    With ``keep`` last each metric has its value at the highest step that has one; with best all
    are those of the row that is best by ``keep_by``.

    Raises:
        InputError: rows of a run cannot be put in order.
    """
    import polars as pl

    frame, step = rows.frame, columns.step
    key = _run_key(frame, columns)
    groups = frame.select(key).n_unique() if key else len(frame)
    if groups == len(frame):
        return
    where = rows.origin
    if step is None:
        twice = frame.filter(frame.select(key).is_duplicated())
        first = twice.head(1)
        again = twice.join(first.select(key), on=key, nulls_equal=True)[ROW].to_list()
        raise InputError(
            f"rows {again[0]} and {again[1]} are of one run ({key[0]} {first[key[0]][0]}) with "
            "different values, and no column says which is later",
            where=where,
            fix="name the column of the epoch or step, or of the run's id",
        )
    at = numbers(frame[step]).values
    frame = frame.with_columns(pl.Series(step, at))
    if frame.select(*key, step).is_duplicated().any():
        same = frame.filter(frame.select(*key, step).is_duplicated())
        alike = same.join(same.head(1).select(*key, step), on=[*key, step], nulls_equal=True)
        pair = alike[ROW].to_list()
        raise InputError(
            f"rows {pair[0]} and {pair[1]} have the same settings and {step}: runs that repeat "
            "each other cannot be told apart",
            where=where,
            fix="give each run an id in a column run",
        )
    values = [m.column for m in columns.metrics] + [m.error for m in columns.metrics if m.error]
    frame = frame.with_columns(_as_numbers(frame, name) for name in values)
    if columns.keep == "best":
        rows.frame = _best(frame, key, columns, rows)
    else:
        ordered = frame.sort(step, maintain_order=True, nulls_last=False)
        last = [pl.col(n).drop_nulls().last() for n in values]
        others = [n for n in frame.columns if n not in (*key, *values, ROW)]
        rows.frame = (
            ordered.group_by(key, maintain_order=True)
            .agg(*last, *(pl.col(n).last() for n in others), pl.col(ROW).min())
            .sort(ROW)
        )
        rows.notes.append(
            f"{len(frame):,} rows are steps of {groups:,} runs: each metric is its last value by "
            f"{step}, and a run counts once"
        )


def _best(frame: pl.DataFrame, key: list[str], columns: RunColumns, rows: Rows) -> pl.DataFrame:
    import polars as pl

    by = next(
        (m for m in columns.metrics if m.metric.name == columns.keep_by), columns.metrics[0]
    )  # fmt: skip
    sign = by.metric.sign
    scored = frame.with_columns((pl.col(by.column).fill_nan(None) * sign).alias("__suffice_by"))
    ordered = scored.sort("__suffice_by", columns.step or ROW, nulls_last=True, maintain_order=True)
    kept = ordered.unique(subset=key, keep="first", maintain_order=True).drop("__suffice_by")
    rows.notes.append(
        f"{len(frame):,} rows are steps of {len(kept):,} runs: each counts once, with the row that "
        f"is best by {by.metric.name}; a best of many flatters, so its level is a little too good"
    )
    return kept.sort(ROW)


def _run_key(frame: pl.DataFrame, columns: RunColumns) -> list[str]:
    """The columns that are equal in all rows of a run."""
    if columns.run is not None:
        return [columns.run]
    if columns.step is None:
        return []
    used = columns.used() - {columns.step, columns.time, columns.state}
    used -= {m.column for m in columns.metrics} | {m.error for m in columns.metrics}
    return [n for n in frame.columns if n in used]


def _as_numbers(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column of numbers: null where nothing was written, NaN where a value is not finite."""
    import polars as pl

    read = numbers(frame[name])
    lacking = read.missing.copy()
    lacking[[row for row, _ in read.words]] = True
    return pl.Series(name, read.values).set(pl.Series(lacking), None)
