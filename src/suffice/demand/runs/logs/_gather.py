"""One row a run from folders of logs: settings by a mapping, values, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.demand.runs.logs._log import RunLog
from suffice.demand.runs.logs._merge import merge
from suffice.demand.runs.logs._readers import KINDS, places
from suffice.demand.runs.tables import better, is_about_the_run
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from suffice.progress import Progress

_OWN = ("run", "kind", "path", "state", "time", "step")
"""Columns that every row has."""

_RECORDED = {
    "model": ("model_name_or_path", "model_args.pretrained", "base_model", "model_name", "model"),
    "seed": ("seed",),
}
"""Settings that are taken without being named, by the keys that trainers themselves use."""

_EVALUATED = ("eval", "test", "val", "valid", "validation", "heldout", "dev", "predict")
"""First words of metrics that are of held-out data."""

_OF_DATA = {"label", "labels", "data", "dataset", "source", "sources", "share", "seed"}
"""Words in keys of settings that are likely to say what a run was trained on."""

_SHOWN = 12
"""Keys that a note names at most; chosen: it stays readable."""


@dataclass(frozen=True, eq=False)
class GatheredRuns:
    """What logs say, a row a run.

    Attributes:
        frame: run, kind, path, state, time and step, then settings by their given names, then
            metrics and their standard errors; empty cells where a log says nothing.
        logs: the runs, in the same order.
        settings: columns of the frame that hold settings.
        metrics: columns of the frame that hold values.
        notes: what was joined, left out or is missing, one sentence each.
    """

    frame: pl.DataFrame
    logs: tuple[RunLog, ...]
    settings: tuple[str, ...]
    metrics: tuple[str, ...]
    notes: tuple[str, ...]


def gather_runs(
    folders: Sequence[str | Path],
    mapping: Mapping[str, str] | None = None,
    *,
    metrics: Sequence[str] = (),
    keep: str = "last",
    progress: Progress | None = None,
) -> GatheredRuns:
    """Read every log in folders and below, one row a run.

    Args:
        folders: folders, or single files.
        mapping: the name of a column, such as ``n_crowd`` or ``data_seed`` -> the key of the
            setting that holds it (keys of nested settings are joined by dots).
        metrics: names of metrics to keep; by default those of held-out data, or all where a run
            has none.
        keep: ``last``, each metric at its highest step; or ``best:METRIC``, all metrics at the step
            where one is best.
        progress: shows the reading.

    Raises:
        InputError: there are no logs, one cannot be read, or a key is in no log.
    """
    from suffice.progress import SilentProgress

    found = places(folders)
    if not found:
        raise InputError(
            "no logs are in it", where=", ".join(map(str, folders)),
            fix=f"name folders with logs of {', '.join(KINDS)}",
        )  # fmt: skip
    logs: list[RunLog] = []
    with (progress or SilentProgress()).step("logs", total=len(found)) as step:
        for place in found:
            logs += place.read()
            step.advance()
    logs, notes = merge(logs)
    logs = [log for log in logs if log.points or log.state != "done"]
    if not logs:
        raise InputError("the logs hold no values", where=", ".join(map(str, folders)),
                         fix="name the folders of finished runs")  # fmt: skip
    kept = [_kept(log, metrics, keep) for log in logs]
    columns, missing = _settings(logs, dict(mapping or {}))
    notes = [*_counted(logs), *(n for log in logs for n in log.notes), *notes, *missing]
    notes += _rule(logs, kept, keep)
    names = list(dict.fromkeys(name for values in kept for name in values))
    return GatheredRuns(
        frame=_frame(logs, columns, kept, names),
        logs=tuple(logs),
        settings=tuple(columns),
        metrics=tuple(names),
        notes=tuple(dict.fromkeys(notes)),
    )


def _counted(logs: Sequence[RunLog]) -> list[str]:
    kinds = list(dict.fromkeys(log.kind for log in logs))
    each = ", ".join(f"{sum(log.kind == k for log in logs)} of {k}" for k in kinds)
    found = [f"{len(logs)} runs: {each}"]
    for state in ("failed", "pending"):
        there = [log.run for log in logs if log.state == state]
        if there:
            found.append(f"{len(there)} runs are {state}: {_few(there)}")
    return found


def _kept(log: RunLog, wanted: Sequence[str], keep: str) -> dict[str, float]:
    """The values of a run that go into its row."""
    rule, _, by = keep.partition(":")
    if rule == "last" and not by:
        values = log.last()
    elif rule == "best" and by:
        direction = log.better.get(by) or better(by)
        if direction is None:
            raise InputError(
                f"nothing says whether more or less of {by} is better", where=log.path,
                fix="keep the last values instead, or choose by a loss or an accuracy",
            )  # fmt: skip
        values = log.best(by, higher=direction == "higher")
    else:
        raise InputError(f"keep is {keep!r}", fix="write last or best:METRIC")
    if wanted:
        return {n: values[n] for n in wanted if n in values}
    if log.of is not None:
        return values
    told = {n: v for n, v in values.items() if not is_about_the_run(n)}
    held_out = {n: v for n, v in told.items() if _is_held_out(n) or n in log.evaluated}
    return held_out or told


def _is_held_out(name: str) -> bool:
    return name.lower().replace("-", "/").replace("_", "/").split("/")[0] in _EVALUATED


def _settings(
    logs: Sequence[RunLog], mapping: dict[str, str]
) -> tuple[dict[str, list[object]], list[str]]:
    """Columns of settings, and what no log says."""
    columns: dict[str, list[object]] = {}
    notes: list[str] = []
    every = list(dict.fromkeys(key for log in logs for key in log.settings))
    for ours, key in mapping.items():
        if key not in every:
            import difflib

            near = difflib.get_close_matches(key, every, n=3, cutoff=0.4) or every[:_SHOWN]
            raise InputError(
                f"no log has a setting {key!r} for {ours}",
                fix=f"keys there are: {', '.join(near)}" if near else "these logs have none",
            )
        columns[ours] = [log.settings.get(key) for log in logs]
        lacking = [log.run for log in logs if log.settings.get(key) is None]
        if lacking:
            notes.append(
                f"{ours}: {len(lacking)} of {len(logs)} runs have no {key}: {_few(lacking)}"
            )
    for ours, keys in _RECORDED.items():
        if ours in columns:
            continue
        used = [next((k for k in keys if log.settings.get(k) is not None), None) for log in logs]
        if any(used):
            columns[ours] = [
                None if k is None else log.settings[k] for k, log in zip(used, logs, strict=True)
            ]
            notes.append(f"{ours} is read from {' and '.join(sorted({k for k in used if k}))}")
    if not any(name.startswith(("n_", "share_")) for name in columns):
        notes.append(
            "no log says how many labels of each source a run had: name the keys "
            f"(n_SOURCE=KEY); keys there are: {_few(_likely(every), _SHOWN) or 'none'}"
        )
    if "data_seed" not in columns:
        notes.append("no log says with which seed its data were chosen (data_seed=KEY)")
    return columns, notes


def _likely(keys: Sequence[str]) -> list[str]:
    """Keys with those first whose words are of data; the rest is settings of the model."""
    import re

    return sorted(keys, key=lambda key: not _OF_DATA & set(re.split(r"[^a-z]+", key.lower())))


def _rule(logs: Sequence[RunLog], kept: Sequence[dict[str, float]], keep: str) -> list[str]:
    several = sum(len({p.step for p in log.points if p.step is not None}) > 1 for log in logs)
    found: list[str] = []
    if several and keep == "last":
        found.append(f"each metric is its value at the highest step, in {several} runs of several")
    elif several:
        found.append(
            f"values are those of the step that is best by {keep[5:]}, in {several} runs: a best "
            "of many flatters a little"
        )
    infinite = [
        f"{log.run} ({name})"
        for log, values in zip(logs, kept, strict=True)
        for name, value in values.items()
        if not abs(value) < float("inf")
    ]
    if infinite:
        found.append(f"{len(infinite)} values are not finite: {_few(infinite)}")
    return found


def _frame(
    logs: Sequence[RunLog],
    columns: Mapping[str, list[object]],
    kept: Sequence[dict[str, float]],
    names: Sequence[str],
) -> pl.DataFrame:
    from datetime import UTC, datetime

    import polars as pl

    def when(log: RunLog) -> str | None:
        if log.time is None:
            return None
        return datetime.fromtimestamp(log.time, UTC).isoformat(timespec="seconds")

    own: dict[str, list[Any]] = {
        "run": _unique(logs),
        "kind": [log.kind for log in logs],
        "path": [log.path for log in logs],
        "state": [log.state for log in logs],
        "time": [when(log) for log in logs],
        "step": [
            max((p.step for p in log.points if p.step is not None), default=None) for log in logs
        ],
    }
    assert tuple(own) == _OWN
    series = [pl.Series(k, v, strict=False) for k, v in own.items()]
    series += [_series(name, values) for name, values in columns.items() if name not in own]
    series += [
        pl.Series(name, [values.get(name) for values in kept], dtype=pl.Float64) for name in names
        if name not in columns
    ]  # fmt: skip
    return pl.DataFrame(series)


def _series(name: str, values: list[object]) -> pl.Series:
    import polars as pl

    if all(v is None or (isinstance(v, int | float) and not isinstance(v, bool)) for v in values):
        return pl.Series(name, values, strict=False)
    return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)


def _unique(logs: Sequence[RunLog]) -> list[str]:
    """Names of runs; where two share one, with as much of the path as tells them apart."""
    names = [log.run for log in logs]
    twice = {n for n in names if names.count(n) > 1}
    named = [
        f"{log.settings['run_id']}" if log.run in twice and log.settings.get("run_id") else log.run
        for log in logs
    ]
    twice = {n for n in named if named.count(n) > 1}
    named = [log.path if n in twice else n for n, log in zip(named, logs, strict=True)]
    twice = {n for n in named if named.count(n) > 1}
    return [f"{n} #{k}" if n in twice else n for k, n in enumerate(named, start=1)]


def _few(names: Sequence[str], shown: int = 4) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
