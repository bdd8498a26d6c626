"""Metrics as JSON lines: verl's file logger and tinker-cookbook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from suffice.demand.runs.logs._log import Point, RunLog, flat, numbers_of, read_json, read_lines

if TYPE_CHECKING:
    from pathlib import Path

VERL, TINKER = "verl", "tinker-cookbook"


def claims_verl(folder: Path, names: list[str]) -> list[str]:
    """Files of lines like ``{"step": 1, "data": {...}}``, which verl names after the experiment."""
    found = []
    for name in names:
        if name.endswith(".jsonl") and name != "metrics.jsonl":
            with (folder / name).open(encoding="utf-8", errors="replace") as stream:
                head = stream.readline()
            try:
                row = json.loads(head)
            except json.JSONDecodeError:
                continue
            if isinstance(row, dict) and set(row) == {"step", "data"}:
                found.append(name)
    return found


def read_verl(folder: Path, names: list[str]) -> list[RunLog]:
    """One run a file: ``PROJECT/EXPERIMENT.jsonl``. It holds no settings.

    verl 0.9.1 empties the file when a run begins, also one that is resumed: what it logged before
    is then gone, which shows by a first step above 1.
    """
    found = []
    for name in names:
        path = folder / name
        rows, cut = read_lines(path)
        points = [Point(float(r["step"]), numbers_of(r["data"])) for r in rows]
        notes = [cut] if cut else []
        if points and (points[0].step or 0) > 1:
            notes.append(
                f"{path} begins at step {points[0].step:g}: verl empties the file when a run is "
                "resumed, so earlier values are gone"
            )
        found.append(
            RunLog(
                run=path.stem, kind=VERL, path=str(path), settings={"project": folder.name},
                points=tuple(points), time=path.stat().st_mtime, notes=tuple(notes),
            )
        )  # fmt: skip
    return found


def claims_tinker(folder: Path, names: list[str]) -> list[str]:
    """A folder with ``metrics.jsonl``, as tinker-cookbook writes it beside ``config.json``."""
    return [n for n in names if n == "metrics.jsonl"]


def read_tinker(folder: Path, names: list[str]) -> list[RunLog]:
    """One run a folder. Rows without a step are of the whole run; rows may be out of order."""
    rows, cut = read_lines(folder / names[0])
    config = folder / "config.json"
    settings = flat(read_json(config)) if config.exists() else {}
    points = [
        Point(float(r["step"]) if isinstance(r.get("step"), int | float) else None,
              numbers_of(r, skip=("step",)))
        for r in rows
    ]  # fmt: skip
    return [
        RunLog(
            run=folder.name, kind=TINKER, path=str(folder), settings=settings,
            points=tuple(points), time=(folder / names[0]).stat().st_mtime,
            notes=(cut,) if cut else (),
        )
    ]  # fmt: skip
