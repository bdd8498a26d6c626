"""The stages in their order: supply, measure, fit, plan, check, report.

Each stage is a function of a ``Workspace``; it reads what the stage before it left, and leaves
files in the study's folder. ``run`` calls them all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.progress import SilentProgress
from suffice.stages._check import CHECK_SEED, check_plan
from suffice.stages._fit import fit
from suffice.stages._measure import measure
from suffice.stages._plan import make_plan
from suffice.stages._supply import supply
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from suffice.plan import Plan
    from suffice.progress import Progress
    from suffice.study import Study


@dataclass(frozen=True)
class Result:
    """What a whole run of a study gave.

    Attributes:
        plan: the recommended curve, its forecast and its alternatives.
        checks: how the forecasts came out; empty when the check was skipped.
        report: the report's file.
        folder: where everything lies.
    """

    plan: Plan
    checks: tuple[dict[str, Any], ...]
    report: Path
    folder: Path


def run(
    study: Study | str | Path,
    out: str | Path = "suffice-out",
    *,
    check: bool = True,
    check_seed: int = CHECK_SEED,
    progress: Progress | None = None,
    executor: str = "processes",
) -> Result:
    """Answer a study: how much of which labels to buy, with which probability, and check it.

    Args:
        study: a study, or the path of its file.
        out: folder for the results; it is created where missing.
        check: really train the recommended curve and its alternatives with fresh seeds.
        check_seed: first seed of those runs.
        progress: shows long steps; silent by default.
        executor: where to train: ``processes``, ``processes:4``, ``inline``, ``ray`` or
            ``ray:HOST:PORT``.
    """
    from suffice.study import load_study

    if isinstance(study, (str, Path)):
        study = load_study(study)
    work = Workspace(study, Path(out), progress or SilentProgress(), executor)
    timings: list[dict[str, Any]] = []
    begin = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal begin
        now = time.perf_counter()
        timings.append({"stage": stage, "seconds": round(now - begin, 3)})
        begin = now

    supply(work)
    lap("supply")
    _ = work.models
    lap("embedding")
    grid = measure(work)
    lap("grid")
    laws = fit(work, grid)
    lap("laws")
    plan = make_plan(work, grid, laws)
    lap("plan")
    checks: tuple[dict[str, Any], ...] = ()
    if check:
        checks = check_plan(work, plan, first_seed=check_seed)
    else:
        values = work.read("plan.json", made_by="suffice plan")
        work.write("plan.json", {**values, "check_skipped": True})
    lap("check")
    lock(work)
    path = report(work)
    lap("report")
    work.write("timings.json", timings)
    return Result(plan, checks, path, work.folder)


def lock(work: Workspace) -> None:
    """Write ``study.lock.json``: versions, seeds and checksums of all that the answer rests on."""
    from suffice.records import lock_record

    models = {name: m.fingerprint for name, m in work.models.items()}
    found = lock_record(work.study.digest(), work.study.seed, work.pool.fingerprint, models)
    found.write(work.folder)


def report(work: Workspace) -> Path:
    """Write ``report.html`` from the files in the folder."""
    from suffice.report import write_report

    return write_report(work.folder)
