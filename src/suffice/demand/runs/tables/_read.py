"""Tables of runs: files into a checked ``RunTable``, with what was read and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.runs.tables import _counts
from suffice.demand.runs.tables._columns import NUMBERED, RunColumns
from suffice.demand.runs.tables._means import means_of
from suffice.demand.runs.tables._numbers import numbers, seconds, size_in, texts
from suffice.demand.runs.tables._recognise import Recognised, recognise
from suffice.demand.runs.tables._rows import (
    ROW,
    Rows,
    drop_copies,
    gather_epochs,
    load,
    only,
    spread,
)
from suffice.demand.runs.tables._table import Covariate, RunTable, State, Taken
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Given = str | Path | pl.DataFrame

_FAILED = ("failed", "fail", "crashed", "crash", "killed", "error", "oom", "diverged", "preempted")
_PENDING = ("pending", "running", "queued", "scheduled", "planned", "open")

_OFF_PERCENT = 1.5
"""A share above this is in per cent: rounding takes no fraction so far over 1."""

_GAP = 10.0
"""Per cent and fractions are told apart in one column where nothing lies within this factor between
them; chosen: an error of .3 beside one of 5 %, and no error of .5 % beside one of 3 %."""


def recognise_runs(tables: Given | Sequence[Given]) -> Recognised:
    """Say which columns of tables of runs would be taken for what, and what is guessed.

    Args:
        tables: files or frames, as for ``read_runs``.

    Raises:
        InputError: a file cannot be read, or two cannot be joined.
    """
    rows = load(_several(tables))
    drop_copies(rows)
    return recognise(rows.frame.drop(ROW), rows.results)


def read_runs(tables: Given | Sequence[Given], columns: RunColumns | None = None) -> RunTable:
    """Read a table of training runs that were made elsewhere.

    Args:
        tables: CSV, TSV, parquet, JSON or JSON lines, or rows in a frame. Several are joined by
            the column that names runs in both (``ratios.csv`` and ``metrics.csv``); those with the
            same columns are appended.
        columns: which column is what; recognised where None. What it does not name is not read.

    Returns:
        One row a run, in the order in which they came: by time where there is one, by row
        otherwise. Runs without a value are kept as pending or failed.

    Raises:
        InputError: a file, a column or a value cannot be used; one line says which and why.
    """
    rows = load(_several(tables))
    if columns is None:
        drop_copies(rows)
        found = recognise(rows.frame.drop(ROW), rows.results)
        columns = found.columns
        rows.notes += found.notes
    names = tuple(n for n in rows.frame.columns if n != ROW)
    _check(columns, names, rows.origin)
    only(rows, columns)
    spread(rows, columns)
    drop_copies(rows)
    gather_epochs(rows, columns)
    return _table(rows, columns, names)


def _several(tables: Given | Sequence[Given]) -> list[Given]:
    from pathlib import Path

    import polars as pl

    if isinstance(tables, str | Path | pl.DataFrame):
        return [tables]
    given = list(tables)
    if not given:
        raise InputError("no table of runs was given", fix="name a file")
    return given


def _check(columns: RunColumns, names: tuple[str, ...], origin: str) -> None:
    virtual = {columns.numbered} | ({NUMBERED} if columns.numbered else set())
    absent = sorted(columns.used() - set(names) - virtual)
    if absent:
        raise InputError(
            f"there is no column {absent[0]!r}; there are {_few(names)}",
            where=origin,
            fix="mend its name in the study",
        )
    if not columns.sources and columns.mixture is None and columns.source_of is None:
        raise InputError(
            f"no column counts labels, by its name: {_few(names)}",
            where=origin,
            fix="say which does, or call it n_SOURCE (labels) or share_SOURCE",
        )
    if not columns.metrics:
        raise InputError(
            f"no column is a result, by its name: {_few(names)}",
            where=origin,
            fix="say which is, with whether higher or lower is better",
        )


def _few(names: Sequence[str], shown: int = 12) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _table(rows: Rows, columns: RunColumns, names: tuple[str, ...]) -> RunTable:
    counted = _counts.read_counts(rows, columns)
    if not counted.kept.all():
        import polars as pl

        rows.frame = rows.frame.filter(pl.Series(counted.kept))
    frame, notes = rows.frame, rows.notes
    values, errors, states = _results(rows, columns)
    times = seconds(frame[columns.time]) if columns.time else np.full(len(frame), np.nan)
    models, sizes = _models(rows, columns)
    table = RunTable(
        origin=rows.origin,
        ids=_ids(rows, columns),
        sources=counted.sources,
        counts=counted.by_round[counted.kept].sum(axis=2),
        unit=counted.unit,
        rounds=counted.rounds,
        round_counts=counted.by_round[counted.kept],
        models=models,
        sizes=sizes,
        seeds=_words(frame, columns.seed),
        data_seeds=_words(frame, columns.data_seed),
        covariates=tuple(_covariate(frame, name) for name in columns.covariates),
        metrics=tuple(m.metric for m in columns.metrics),
        values=values,
        errors=errors,
        times=times,
        states=states,
        means=means_of(tuple(m.metric.name for m in columns.metrics), values),
        columns=columns,
        taken=_taken(columns),
        unused=tuple(n for n in names if n not in columns.used() and columns.numbered is None),
        notes=(),
    )
    for mean in table.means:
        notes.append(f"{mean.metric} is the mean of {_few(mean.of, 6)}: no evidence of its own")
    if table.unused:
        notes.append(f"columns not used: {_few(table.unused, 8)}")
    if np.isfinite(times).all() and (np.diff(times) < 0).any():
        table = table.take(np.argsort(times, kind="stable"))
        notes.append(f"put in order of {columns.time}")
    notes += _about_cells(table)
    from dataclasses import replace

    return replace(table, notes=tuple(dict.fromkeys(notes)))


def _about_cells(table: RunTable) -> list[str]:
    found = [f"{len(table)} runs of {len(table.sources)} sources, {len(table.metrics)} metrics"]
    lacking = [s for s in ("failed", "pending") if s in table.states]
    found += [f"{table.states.count(s)} runs are {s}, kept apart" for s in lacking]
    cells = table.cells()[table.done]
    often = np.bincount(cells) if len(cells) else np.zeros(0, dtype=int)
    if (often > 1).any():
        found.append(f"{int((often > 1).sum())} of {int((often > 0).sum())} cells have repeats")
    else:
        found.append("no run repeats another's settings: the noise between runs is not measured")
    models = {m for m in table.models if m is not None}
    if len(models) > 1:
        found.append(f"{len(models)} models: {_few(sorted(models), 5)}")
    return found


def _results(rows: Rows, columns: RunColumns) -> tuple[Floats, Floats, tuple[State, ...]]:
    shape = (len(rows.frame), len(columns.metrics))
    values, errors = np.full(shape, np.nan), np.full(shape, np.nan)
    stopped = np.zeros(shape[0], dtype=bool)
    told = texts(rows.frame[columns.state]) if columns.state else (None,) * shape[0]
    for k, m in enumerate(columns.metrics):
        read = numbers(rows.frame[m.column])
        if read.words:
            row, word = read.words[0]
            if word.lower() not in _FAILED:
                rows.notes.append(
                    f"{m.column} holds {len(read.words)} cells that are no number, such as {word!r}"
                    f" in row {rows.frame[ROW][row]}: read as missing"
                )
            stopped[[r for r, w in read.words if w.lower() in _FAILED]] = True
        if read.diverged.any():
            first = rows.frame[ROW][int(np.flatnonzero(read.diverged)[0])]
            rows.notes.append(
                f"{m.column} is not finite in {int(read.diverged.sum())} runs, the first in row "
                f"{first}: read as missing, and a run without any other value as failed"
            )
            stopped |= read.diverged
        values[:, k] = _one_scale(read.values, m.metric.high, m.column, rows)
        if m.error is not None:
            errors[:, k] = numbers(rows.frame[m.error]).values
    states: list[State] = []
    for run, told_state in enumerate(told):
        has = bool(np.isfinite(values[run]).any())
        said = (told_state or "").lower()
        if said in _FAILED or (stopped[run] and not has):
            states.append("failed")
        elif said in _PENDING or not has:
            states.append("pending")
        else:
            states.append("done")
    apart = np.array([s != "done" for s in states], dtype=bool)
    values[apart], errors[apart] = np.nan, np.nan
    return values, errors, tuple(states)


def _one_scale(values: Floats, high: float, column: str, rows: Rows) -> Floats:
    """Shares of one column that are partly in per cent, all on the scale of the metric."""
    there = np.isfinite(values)
    percent = there & (values > _OFF_PERCENT)
    share = there & (values > 0) & ~percent
    if high not in (1.0, 100.0) or not percent.any() or not share.any():
        return values
    if values[percent].max() > 100 or values[percent].min() < _GAP * values[share].max():
        return values
    odd = percent if high == 1.0 else share
    first = rows.frame[ROW][int(np.flatnonzero(odd)[0])]
    rows.notes.append(
        f"{column} is in per cent in {int(percent.sum())} rows and a fraction in "
        f"{int(share.sum())}: {'divided' if high == 1.0 else 'multiplied'} by 100 in "
        f"{int(odd.sum())} of them, the first in row {first}"
    )
    return np.where(odd, values / 100 if high == 1.0 else values * 100, values)


def _models(rows: Rows, columns: RunColumns) -> tuple[tuple[str | None, ...], Floats]:
    models = _words(rows.frame, columns.model)
    if columns.size is not None:
        return models, numbers(rows.frame[columns.size], units=True).values
    stated = {m: size_in(m) for m in models if m is not None}
    if not stated or any(size is None for size in stated.values()):
        return models, np.full(len(models), np.nan)
    rows.notes.append(f"sizes of models are read from their names in {columns.model}")
    return models, np.array([np.nan if m is None else stated[m] for m in models], dtype=float)


def _words(frame: pl.DataFrame, column: str | None) -> tuple[str | None, ...]:
    return texts(frame[column]) if column is not None else (None,) * len(frame)


def _covariate(frame: pl.DataFrame, name: str) -> Covariate:
    read = numbers(frame[name])
    if read.are and not read.words:
        return Covariate(name, read.values, None)
    return Covariate(name, None, texts(frame[name]))


def _ids(rows: Rows, columns: RunColumns) -> tuple[str, ...]:
    given = _words(rows.frame, columns.run)
    at = rows.frame[ROW].to_list()
    ids = [name if name is not None else f"row {row}" for name, row in zip(given, at, strict=True)]
    if columns.numbered is not None and columns.run is None:
        counts = rows.frame[NUMBERED].to_list()
        ids = [f"{name} @{count}" for name, count in zip(ids, counts, strict=True)]
    if len(set(ids)) < len(ids):  # files of the same columns that were appended
        ids = [f"{name}, row {k}" for k, name in enumerate(ids, start=1)]
    return tuple(ids)


def _taken(columns: RunColumns) -> tuple[Taken, ...]:
    found: list[Taken] = []
    roles = {
        "run": "id of the run", "model": "model", "size": "size of the model", "seed": "seed",
        "data_seed": "seed of the data", "time": "time", "state": "state of the run",
        "step": "epoch or step", "mixture": "mixture in words", "source_of": "name of the source",
    }  # fmt: skip
    for s in columns.sources:
        if s.count is not None:
            found.append(Taken(s.count, f"labels of {s.name}"))
        if s.share is not None:
            found.append(Taken(s.share, f"share of {s.name}"))
        found += [Taken(column, f"labels of {s.name} in round {r}") for r, column in s.rounds]
    if isinstance(columns.total, str):
        found.append(Taken(columns.total, "labels of all sources together"))
    found += [
        Taken(name, role)
        for key, role in roles.items()
        if (name := getattr(columns, key)) is not None
    ]
    found += [
        Taken(m.column, f"result, {m.metric.better} is better"
              + (f", {m.metric.low:g} to {m.metric.high:g}" if m.metric.high < np.inf else ""))
        for m in columns.metrics
    ]  # fmt: skip
    found += [
        Taken(m.error, f"standard error of {m.column}") for m in columns.metrics if m.error
    ]  # fmt: skip
    return (*found, *(Taken(name, "what else differs between runs") for name in columns.covariates))
