"""SQLite stores of MLflow and Trackio, read as they lie and never written to."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

from suffice.demand.runs.logs._log import Point, RunLog, Setting, State, flat, numbers_of
from suffice.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

MLFLOW, TRACKIO = "MLflow", "Trackio"
_MAGIC = b"SQLite format 3\x00"

_INFINITE = 1.79769313486231e308
"""MLflow 3.17.2 stores and returns an infinite metric as the largest double, 1.797...e308."""

_STATES: dict[str, State] = {
    "FINISHED": "done", "FAILED": "failed", "KILLED": "failed", "RUNNING": "pending",
    "SCHEDULED": "pending",
}  # fmt: skip


def claims(folder: Path, names: list[str]) -> list[str]:
    """Files that begin as SQLite's do."""
    found = []
    for name in names:
        if not name.endswith((".db", ".sqlite", ".sqlite3")):
            continue
        with (folder / name).open("rb") as stream:
            if stream.read(len(_MAGIC)) == _MAGIC:
                found.append(name)
    return found


def read(folder: Path, names: list[str]) -> list[RunLog]:
    """The runs of each file, by the tables that it has."""
    found: list[RunLog] = []
    for name in names:
        path = folder / name
        try:
            with closing(_open(path)) as store:
                tables = {row[0] for row in store.execute("SELECT name FROM sqlite_master")}
                if {"runs", "metrics", "params", "experiments"} <= tables:
                    found += _mlflow(store, path)
                elif {"metrics", "configs"} <= tables:
                    found += _trackio(store, path)
        except sqlite3.Error as error:
            raise InputError(f"it cannot be read as SQLite: {error}", where=str(path)) from None
    return found


def _open(path: Path) -> sqlite3.Connection:
    """Open for reading; where the folder takes no side files either, as one that never changes."""
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        store = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
        try:
            store.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            store.close()
            continue
        return store
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _mlflow(store: sqlite3.Connection, path: Path) -> list[RunLog]:
    """Active runs of every experiment.

    Each metric is read from its whole history: MLflow's own latest value is that of the highest
    step, which a value logged later at a lower step does not replace.
    """
    experiments = dict(store.execute("SELECT experiment_id, name FROM experiments"))
    settings: dict[str, dict[str, Setting]] = {}
    for table, head in (("params", ""), ("tags", "tags.")):
        for key, value, run in store.execute(f"SELECT key, value, run_uuid FROM {table}"):
            if not (head and key.startswith("mlflow.") and key != "mlflow.parentRunId"):
                settings.setdefault(run, {})[f"{head}{key}"] = value
    points: dict[str, dict[float, dict[str, float]]] = {}
    query = "SELECT run_uuid, key, value, step, is_nan FROM metrics ORDER BY timestamp"
    for run, key, value, step, is_nan in store.execute(query):
        told = math.nan if is_nan else float(value)
        told = math.copysign(math.inf, told) if abs(told) >= _INFINITE else told
        points.setdefault(run, {}).setdefault(float(step), {})[key] = told
    found = []
    query = "SELECT run_uuid, name, status, end_time, start_time, experiment_id FROM runs"
    for run, name, status, end, start, experiment in store.execute(
        f"{query} WHERE lifecycle_stage = 'active' ORDER BY start_time"
    ):
        own = {"experiment": experiments.get(experiment), "run_id": run, **settings.get(run, {})}
        steps = points.get(run, {})
        found.append(
            RunLog(
                run=name or run, kind=MLFLOW, path=str(path), settings=own,
                points=tuple(Point(s, steps[s]) for s in sorted(steps)),
                state=_STATES.get(status, "done"), time=(end or start or 0) / 1000 or None,
            )
        )  # fmt: skip
    return found


def _trackio(store: sqlite3.Connection, path: Path) -> list[RunLog]:
    columns = {row[1] for row in store.execute("PRAGMA table_info(metrics)")}
    run = "run_id" if "run_id" in columns else "run_name"
    settings: dict[str, dict[str, Setting]] = {}
    for key, config in store.execute(f"SELECT {run}, config FROM configs ORDER BY id"):
        told = {k: v for k, v in _json(config, path).items() if not k.startswith("_")}
        settings[key] = flat(told)
    points: dict[str, list[Point]] = {}
    named: dict[str, tuple[str, str]] = {}
    query = f"SELECT {run}, run_name, step, timestamp, metrics FROM metrics ORDER BY id"
    for key, name, step, when, metrics in store.execute(query):
        values = numbers_of(_json(metrics, path))
        points.setdefault(key, []).append(Point(float(step), values))
        named[key] = (name, when)
    return [
        RunLog(
            run=name, kind=TRACKIO, path=str(path),
            settings={"project": path.stem, **settings.get(key, {})},
            points=tuple(points[key]), time=datetime.fromisoformat(when).timestamp(),
        )
        for key, (name, when) in named.items()
    ]  # fmt: skip


def _json(content: bytes | str, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"a row of it is no JSON ({error})", where=str(path)) from None
    return found if isinstance(found, dict) else {}
