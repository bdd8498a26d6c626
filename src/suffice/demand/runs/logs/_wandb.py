"""Weights & Biases: offline runs as they lie on disk, and exported histories.

``run.history()`` of wandb 0.31.0 hands out 500 rows, sampled; ``run.scan_history()`` all of them.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from suffice.demand.runs.logs import _protobuf as pb
from suffice.demand.runs.logs._log import Point, RunLog, Setting, State, flat, numbers_of
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIND, EXPORT = "W&B", "W&B export"
_SAMPLED = 500
"""Rows that ``run.history()`` samples unless told otherwise (wandb 0.31.0)."""
_BLOCK, _HEAD = 32768, 7
"""Blocks and headers of LevelDB's log format, in which offline runs are kept."""
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
"""Kinds of pieces, as that format defines them."""


def claims(folder: Path, names: list[str]) -> list[str]:
    """Offline runs: ``run-ID.wandb``."""
    return [n for n in names if n.startswith("run-") and n.endswith(".wandb")]


def read(folder: Path, names: list[str]) -> list[RunLog]:
    """One run a file: its settings, its whole history and how it ended."""
    return [_offline(folder / name) for name in names]


def _offline(path: Path) -> RunLog:
    settings: dict[str, Setting] = {}
    points: list[Point] = []
    notes: list[str] = []
    run, start = path.stem.removeprefix("run-"), None
    ended: State = "pending"
    try:
        for record in _records(path):
            for number, value in pb.fields(record):
                if number == 2:
                    points.append(_history(pb.message(value)))
                elif number == 5:
                    settings |= _config(pb.message(value))
                elif number == 17:
                    name, begun, told = _run(pb.message(value))
                    run, start, settings = name or run, begun or start, settings | told
                elif number == 18:
                    codes = [v for n, v in pb.fields(pb.message(value)) if n == 1]
                    ended = "failed" if any(codes) else "done"
    except pb.BrokenMessageError:
        notes.append(f"{path} ends within a record: what stands before it was read")
    return RunLog(
        run=run, kind=KIND, path=str(path), settings=settings, points=tuple(points), state=ended,
        time=start or path.stat().st_mtime, notes=tuple(notes),
    )  # fmt: skip


def _records(path: Path) -> Iterator[bytes]:
    """The records of LevelDB's log format: pieces within blocks of 32 KiB."""
    data = path.read_bytes()
    if data[:4] != b":W&B":
        raise InputError("it is no offline run of W&B", where=str(path), fix="leave it out")
    at, whole = _HEAD, b""
    while at < len(data):
        left = _BLOCK - at % _BLOCK
        if left < _HEAD:
            at += left
            continue
        if at + _HEAD > len(data):
            raise pb.BrokenMessageError("cut off")
        size, kind = struct.unpack("<HB", data[at + 4 : at + _HEAD])
        piece = data[at + _HEAD : at + _HEAD + size]
        if len(piece) < size:
            raise pb.BrokenMessageError("cut off")
        at += _HEAD + size
        whole = piece if kind in (_FULL, _FIRST) else whole + piece
        if kind in (_FULL, _LAST):
            yield whole
        elif kind not in (_FIRST, _MIDDLE):
            raise pb.BrokenMessageError("no record")


def _history(data: bytes) -> Point:
    row: dict[str, Any] = {}
    step = None
    for number, value in pb.fields(data):
        if number == 1:
            key, told = _item(pb.message(value))
            row[key] = told
        elif number == 2:
            step = next((float(pb.signed(v)) for n, v in pb.fields(pb.message(value)) if n == 1), 0)
    kept = {k: v for k, v in flat(row).items() if not k.startswith("_")}
    return Point(float(row.get("_step", step) or 0), numbers_of(kept))


def _item(data: bytes) -> tuple[str, Any]:
    """Key and value: as JSON, or typed as newer versions write it."""
    key, nested, told = "", [], None
    for number, value in pb.fields(data):
        if number == 1:
            key = pb.text(value)
        elif number == 2:
            nested.append(pb.text(value))
        elif number in (8, 16):
            try:
                told = json.loads(pb.text(value))
            except json.JSONDecodeError:
                told = pb.text(value)
        elif number == 4:
            told = bool(value)
        elif number == 5:
            told = pb.signed(value)
        elif number == 6:
            told = pb.number(value)
        elif number == 7:
            told = pb.text(value)
    return key or ".".join(nested), told


def _config(data: bytes) -> dict[str, Setting]:
    found: dict[str, Any] = {}
    for number, value in pb.fields(data):
        if number == 1:
            key, told = _item(pb.message(value))
            found[key] = told
    return {k: v for k, v in flat(found).items() if not k.startswith("_wandb")}


def _run(data: bytes) -> tuple[str, float | None, dict[str, Setting]]:
    name, start = "", None
    settings: dict[str, Setting] = {}
    for number, value in pb.fields(data):
        if number == 8:
            name = pb.text(value)
        elif number == 4:
            settings |= _config(pb.message(value))
        elif number == 3:
            settings["project"] = pb.text(value)
        elif number == 17:
            start = next(
                (float(pb.signed(v)) for n, v in pb.fields(pb.message(value)) if n == 1), None
            )
    return name, start, settings


def claims_export(folder: Path, names: list[str]) -> list[str]:
    """CSV, parquet and JSON lines with the column ``_step`` that every history has."""
    found = []
    for name in names:
        path = folder / name
        if name.endswith((".csv", ".jsonl")) and name != "metrics.jsonl":
            with path.open(encoding="utf-8", errors="replace") as stream:
                head = stream.readline()
            if '"_step"' in head or "_step" in head.strip().split(","):
                found.append(name)
        elif name.endswith(".parquet"):
            import polars as pl

            try:
                if "_step" in pl.read_parquet_schema(path):
                    found.append(name)
            except (pl.exceptions.PolarsError, OSError):
                continue
    return found


def read_export(folder: Path, names: list[str]) -> list[RunLog]:
    """One run a file; it holds no settings."""
    from suffice.demand.runs.tables import numbers
    from suffice.labels import read_frame

    found = []
    for name in names:
        path = folder / name
        frame = read_frame(path)
        read = {n: numbers(frame[n]) for n in frame.columns}
        kept = [n for n in frame.columns if not n.startswith("_") and n and read[n].are]
        steps = read["_step"].values
        points = tuple(
            Point(float(steps[row]), {
                n: float(read[n].values[row]) for n in kept
                if not read[n].missing[row]
            })
            for row in range(len(frame))
        )  # fmt: skip
        notes: tuple[str, ...] = ()
        if len(frame) == _SAMPLED:
            notes = (
                f"{path} has {_SAMPLED} rows, as many as run.history() samples: its last and best "
                "values may be missing (run.scan_history() hands out all)",
            )
        found.append(
            RunLog(run=path.stem, kind=EXPORT, path=str(path), settings={}, points=points,
                   time=path.stat().st_mtime, notes=notes)
        )  # fmt: skip
    return found
