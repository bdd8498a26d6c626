"""The stages in their order: supply, measure, fit, plan, check, report."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from suffice.errors import InputError, StudyError
from suffice.stages import _check, _runs_stages
from suffice.stages._depends import rests_on
from suffice.stages._fit import fit
from suffice.stages._keep import key
from suffice.stages._market import check_market
from suffice.stages._measure import grid_cells, measure
from suffice.stages._out import OUT
from suffice.stages._owner import owned
from suffice.stages._plan import plan
from suffice.stages._seeds import check_seeds
from suffice.stages._supply import supply
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from suffice.progress import Progress
    from suffice.records import CheckRow, PlanRecord
    from suffice.stages._training import Training
    from suffice.stages._workspace import Given


REPORT = "report.html"

_ANSWER = (
    "supply.json",
    "runs.parquet",
    "law.json",
    "plan.json",
    "forecast.json",
    "ledger.jsonl",
    REPORT,
)
"""The files that an answer consists of."""


@dataclass(frozen=True)
class Result:
    """What a whole run of a study gave.

    Attributes:
        plan: what ``plan.json`` holds: the recommended curve, its forecast, its alternatives.
        checks: how the forecasts came out; empty when the check was skipped.
        report: the report's file.
        folder: where everything lies.
    """

    plan: PlanRecord
    checks: tuple[CheckRow, ...]
    report: Path
    folder: Path


def run(
    study: Given,
    out: str | Path = OUT,
    *,
    check: bool = True,
    check_seed: int | None = None,
    progress: Progress | None = None,
    executor: str = "processes",
) -> Result:
    """Answer a study: how much of which labels to buy, with which probability, and check it.

    Where the folder holds this very answer, whole and untouched, there is nothing to do.

    Args:
        study: a study, the path of its file, or a workspace.
        out: folder for the results, created where missing; a workspace has its own.
        check: really train the recommended curve and its alternatives with fresh seeds.
        check_seed: first seed of those runs; by default one that the grid leaves free.
        progress: shows long steps; silent by default.
        executor: where to train: ``processes``, ``processes:4``, ``inline``, ``ray`` or
            ``ray:HOST:PORT``.
    """
    from suffice.demand import load_executor

    work = Workspace.of(study, out, progress=progress, executor=executor)
    if work.own is not None:
        with owned(work):
            supply(work)
            made = plan(work)
            if check:
                _runs_stages.check(work)
            return Result(made, (), report(work.folder), work.folder)
    load_executor(work.executor)
    # Said before hours of training, not after.
    first = check_seeds(work.study, check_seed).start if check else None
    # Before the folder is made.
    check_market(work)
    with owned(work):
        return _run(work, first)


def _run(work: Workspace, first: int | None) -> Result:
    from suffice.records import LockRecord, PlanRecord, Timing, TimingsRecord

    answer = key("run", *rests_on(work), first)
    if _holds(work.folder, answer):
        work.progress.note(f"{work.folder} holds the answer to this very study: nothing to do")
        made = PlanRecord.read(work.folder)
        return Result(made, made.check, work.folder / REPORT, work.folder)
    timings: list[Timing] = []
    begin = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal begin
        now = time.perf_counter()
        timings.append(Timing(stage=stage, seconds=round(now - begin, 3)))
        begin = now

    supply(work)
    lap("supply")
    _ = work.models
    lap("embedding")
    measure(work)
    lap("grid")
    fit(work)
    lap("laws")
    plan(work)
    lap("plan")
    if first is not None:
        _check.check(work, seed=first)
    else:
        work.write(PlanRecord.read(work.folder).without_check())
    lap("check")
    lock(work)
    path = report(work.folder)
    lap("report")
    work.write(TimingsRecord(stages=tuple(timings)))
    files = {name: _digest(work.folder / name) for name in _ANSWER}
    LockRecord.read(work.folder).model_copy(update={"answer": answer, "files": files}).write(
        work.folder
    )
    made = PlanRecord.read(work.folder)
    return Result(made, made.check, path, work.folder)


def dry_run(study: Given, out: str | Path = OUT) -> Training:
    """What ``run`` would train before it plans, without training anything.

    Args:
        study: a study, the path of its file, or a workspace.
        out: the folder of the results; nothing is written there.

    Raises:
        StudyError: the study is of runs that others made: nothing is trained for it.
        InfeasibleError: nothing can be bought in this study.
    """
    from suffice.stages._training import training

    work = Workspace.of(study, out)
    if work.own is not None:
        raise StudyError(
            "its runs were made elsewhere: nothing is trained", where=work.study.origin
        )
    check_market(work)
    return training(work, grid_cells(work))


def _holds(folder: Path, answer: str) -> bool:
    """Whether a folder holds an answer, file by file as it was written."""
    from suffice.records import LockRecord

    try:
        lock = LockRecord.find(folder)
    except InputError:
        return False  # A damaged lock vouches for nothing; the run writes it again.
    return (
        lock is not None
        and lock.answer == answer
        and set(lock.files) == set(_ANSWER)
        and all(_digest(folder / name) == digest for name, digest in lock.files.items())
    )


def _digest(path: Path) -> str:
    """sha256 of a file; empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def lock(study: Given, folder: str | Path = OUT) -> None:
    """Write ``study.lock.json``: versions, seeds and checksums of all that the answer rests on."""
    from suffice.records import lock_record

    work = Workspace.of(study, folder)
    models = {name: m.fingerprint for name, m in work.models.items()}
    found = lock_record(work.study.digest(), work.study.seed, work.pool.fingerprint, models)
    work.write(found)


def report(folder: str | Path = OUT) -> Path:
    """Write ``report.html`` from the files in a study's folder."""
    from suffice.records import OwnRunsRecord
    from suffice.report import write_report, write_runs_report

    if OwnRunsRecord.find(Path(folder)) is not None:
        return write_runs_report(Path(folder))
    return write_report(Path(folder))
