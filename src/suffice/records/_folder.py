"""The files of a study's output folder together, read and checked.

Numbers are checked once, here: every chart, table and sentence of the report may then rely on
them. A file that is wrong or missing gives one line that names the file and the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.records._forecast import ForecastRecord
from suffice.records._law import LawRecord
from suffice.records._ledger import Ledger, LedgerEntry
from suffice.records._plan import PlanRecord
from suffice.records._runs import RunsTable
from suffice.records._supply import SupplyRecord
from suffice.records._trace import LockRecord, TimingsRecord

if TYPE_CHECKING:
    from pathlib import Path

    from polars import DataFrame

    from suffice.records._record import Record


@dataclass(frozen=True, eq=False)
class StudyFolder:
    """Everything that the report shows.

    Attributes:
        plan, supply, forecast, law: the four files that a report cannot do without.
        runs: one row a run, or None where runs.parquet is absent.
        ledger: the last line of every forecast; empty where the file is absent.
        ledger_cut: whether the ledger ends in a half-written line, which was passed over.
        timings, lock: None where their files are absent.
        absent: names of the optional files that are not there.
    """

    plan: PlanRecord
    supply: SupplyRecord
    forecast: ForecastRecord
    law: LawRecord
    runs: DataFrame | None
    ledger: tuple[LedgerEntry, ...]
    ledger_cut: bool
    lock: LockRecord | None
    timings: TimingsRecord | None
    absent: tuple[str, ...]


_OPTIONAL = (RunsTable.file, Ledger.file, LockRecord.file, TimingsRecord.file)


def read_folder(folder: Path) -> StudyFolder:
    """Read and check a study's output folder.

    Raises:
        InputError: a required file is missing, or a file breaks its layout; names file and key.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", where=str(folder), fix="run `suffice run`")
    plan, supply = PlanRecord.read(folder), SupplyRecord.read(folder)
    forecast, law = ForecastRecord.read(folder), LawRecord.read(folder)
    _of_one_study(folder, plan, supply, forecast, law)
    ledger, cut = Ledger(folder / Ledger.file).read()
    runs = RunsTable.find(folder)
    return StudyFolder(
        plan=plan,
        supply=supply,
        forecast=forecast,
        law=law,
        runs=None if runs is None else runs.frame,
        ledger=ledger,
        ledger_cut=cut,
        lock=LockRecord.find(folder),
        timings=TimingsRecord.find(folder),
        absent=tuple(name for name in _OPTIONAL if not (folder / name).exists()),
    )


def _of_one_study(folder: Path, plan: PlanRecord, *others: Record) -> None:
    """Refuse a folder in which two studies are mixed, or two states of one."""
    for other in others:
        if plan.of_study and other.of_study not in ("", plan.of_study):
            raise InputError(
                f"{plan.file} and {other.file} answer different studies, or one before and after a "
                "change",
                where=str(folder),
                fix="make both anew with `suffice run STUDY --out FOLDER`",
            )
