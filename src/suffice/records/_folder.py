"""The files of a study's output folder, read and checked.

Numbers are checked once, here: every chart, table and sentence of the report may then rely on
them. A file that is wrong or missing gives one line that names the file and the key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from suffice.errors import InputError
from suffice.records._forecast import Forecast
from suffice.records._law import Law
from suffice.records._part import Part
from suffice.records._plan import Plan
from suffice.records._supply import Supply
from suffice.records._trace import LedgerEntry, Lock, Timing

if TYPE_CHECKING:
    from pathlib import Path

    from polars import DataFrame


@dataclass(frozen=True, eq=False)
class StudyFolder:
    """Everything that the report shows.

    Attributes:
        plan, supply, forecast, law: the four files that a report cannot do without.
        runs: one row a run, or None where runs.parquet is absent.
        ledger: the last line of every forecast; empty where the file is absent.
        ledger_cut: whether the ledger ends in a half-written line, which was passed over.
        timings: empty where the file is absent.
        lock: None where its file is absent.
        absent: names of the optional files that are not there.
    """

    plan: Plan
    supply: Supply
    forecast: Forecast
    law: Law
    runs: DataFrame | None
    ledger: tuple[LedgerEntry, ...]
    ledger_cut: bool
    lock: Lock | None
    timings: tuple[Timing, ...]
    absent: tuple[str, ...]


RUN_COLUMNS = ("stage", "model", "curve_text", "seconds", "error")
_WRITTEN_BY = {
    "plan.json": "suffice plan",
    "supply.json": "suffice supply",
    "forecast.json": "suffice plan",
    "law.json": "suffice fit",
}
_OPTIONAL = ("runs.parquet", "ledger.jsonl", "study.lock.json", "timings.json")
_Model = TypeVar("_Model", bound=Part)


def read_plan(folder: Path) -> Plan:
    """Read plan.json alone; raises InputError where it is missing or wrong."""
    return _required(folder, "plan.json", Plan)


def read_folder(folder: Path) -> StudyFolder:
    """Read and check a study's output folder.

    Raises:
        InputError: a required file is missing, or a file breaks its schema; names file and key.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", where=str(folder), fix="run `suffice run`")
    plan = read_plan(folder)
    if plan.check_skipped and plan.check:
        raise InputError(
            "check has rows although check_skipped is true", where=f"{folder / 'plan.json'}"
        )
    lock = folder / "study.lock.json"
    ledger, cut = _read_ledger(folder / "ledger.jsonl")
    timings = folder / "timings.json"
    return StudyFolder(
        plan=plan,
        supply=_required(folder, "supply.json", Supply),
        forecast=_required(folder, "forecast.json", Forecast),
        law=_required(folder, "law.json", Law),
        runs=_read_runs(folder / "runs.parquet"),
        ledger=ledger,
        ledger_cut=cut,
        lock=_parse(TypeAdapter(Lock), _bytes(lock), str(lock)) if lock.exists() else None,
        timings=(
            _parse(TypeAdapter(tuple[Timing, ...]), _bytes(timings), str(timings))
            if timings.exists()
            else ()
        ),
        absent=tuple(name for name in _OPTIONAL if not (folder / name).exists()),
    )


def _required(folder: Path, name: str, model: type[_Model]) -> _Model:
    path = folder / name
    if not path.exists():
        raise InputError(f"{name} is missing", where=str(folder), fix=f"run `{_WRITTEN_BY[name]}`")
    return _parse(TypeAdapter(model), _bytes(path), str(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from error


_Parsed = TypeVar("_Parsed")


def _parse(adapter: TypeAdapter[_Parsed], raw: bytes, where: str) -> _Parsed:
    """Validate JSON; the first fault becomes the message and the others are counted."""
    try:
        return adapter.validate_json(raw)
    except ValidationError as error:
        first, *others = error.errors(include_url=False, include_input=False)
        key = ".".join(str(part) for part in first["loc"])
        more = f"; {len(others)} more faults in this file" if others else ""
        what = f"key {key}: {first['msg']}{more}" if key else f"{first['msg']}{more}"
        fix = "write the file again with the stage that makes it"
        raise InputError(what, where=where, fix=fix) from error


def _read_ledger(path: Path) -> tuple[tuple[LedgerEntry, ...], bool]:
    """The last line of every forecast, and whether the file ends in a half-written line."""
    if not path.exists():
        return (), False
    adapter = TypeAdapter(LedgerEntry)
    found: dict[str, LedgerEntry] = {}
    raw = _bytes(path)
    lines = raw.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if number == len(lines) and not raw.endswith(b"\n") and not _is_json(line):
            return tuple(found.values()), True
        entry = _parse(adapter, line, f"{path}, line {number}")
        found[entry.id or f"line {number}"] = entry
    return tuple(found.values()), False


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _read_runs(path: Path) -> DataFrame | None:
    if not path.exists():
        return None
    import polars as pl

    try:
        runs = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"cannot be read: {first}", where=str(path)) from error
    for column in RUN_COLUMNS:
        if column not in runs.columns:
            raise InputError(f"column {column} is missing", where=str(path))
    return runs
