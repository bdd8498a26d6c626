"""The stages of ``suffice run``, each alone; a stage reads what the one before it left."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from suffice.cli._common import OUT
from suffice.cli._screen import say

if TYPE_CHECKING:
    pass


def supply(
    study: Path | None = None, *, out: Path = OUT, json: bool = False, quiet: bool = False
) -> None:
    """Measure a study's sources: error by slice, shared error, worth, price of a bit.

    Examples
    --------
    `suffice supply my-study.toml --out results`

    Parameters
    ----------
    study
        Study file; the example study by default.
    out
        Folder for supply.json.
    json
        Print supply.json.
    quiet
        No progress.
    """
    from suffice import stages
    from suffice.cli._common import print_json, workspace

    work = workspace(study, out, as_json=json, quiet=quiet)
    found = stages.supply(work)
    if json and work.study.task.kind == "runs":
        print_json(stages.OwnRunsRecord.read(out).as_json())
        return
    if json:
        print_json(found.as_json())
        return
    if work.study.task.kind == "runs":
        say(*stages.own_runs_lines(out))
        return
    for s in found.sources:
        if not s.audited_tasks or s.bits is None:
            say(f"{s.name:<20} error unknown, no task has gold; at {s.price:g}")
            continue
        say(
            f"{s.name:<20} error {s.error.value:.3f} ({s.error.low:.3f} to {s.error.high:.3f}), "
            f"{s.bits.value:.2f} bits a label at {s.price:g}"
        )


def measure(
    study: Path | None = None,
    *,
    out: Path = OUT,
    executor: str = "processes",
    json: bool = False,
    quiet: bool = False,
) -> None:
    """Train the grid of a study, skipping every run that was made before.

    Examples
    --------
    `suffice measure my-study.toml --out results`

    `suffice measure my-study.toml --executor ray:10.0.0.5:6379`

    Parameters
    ----------
    study
        Study file; the example study by default.
    out
        Folder for runs.parquet.
    executor
        Where to train: processes, processes:4, inline, ray, or ray:HOST:PORT of a cluster.
    json
        Print how many cells and runs there are, as JSON.
    quiet
        No progress.
    """
    from suffice import stages
    from suffice.cli._common import print_json, workspace

    work = workspace(study, out, as_json=json, quiet=quiet, executor=executor)
    grid = stages.measure(work)
    runs = sum(len(r.scores) for r in grid.runs)
    if work.study.task.kind == "runs":
        file = ", ".join(work.study.task.tables)
        if json:
            print_json({"cells": len(grid.cells), "runs": runs, "file": file})
        else:
            say(f"{len(grid.cells)} cells, {runs} runs, made elsewhere: {file}")
        return
    cells = {m: len(grid.of(m)[0]) for m in work.models}
    hostile = {m: len(grid.attacked(m)[0]) for m in work.models}
    file = str(out / "runs.parquet")
    if json:
        print_json({"cells": cells, "attacked_cells": hostile, "runs": runs, "file": file})
        return
    say(
        f"{sum(cells.values())} cells and {sum(hostile.values())} with hostile labels (synthetic), "
        f"{runs} runs: {file}"
    )


def fit(
    study: Path | None = None, *, out: Path = OUT, json: bool = False, quiet: bool = False
) -> None:
    """Fit the laws to the measured runs, and hold them against simple forecasts.

    Examples
    --------
    `suffice fit my-study.toml --out results --json`

    Parameters
    ----------
    study
        Study file; the example study by default.
    out
        Folder for law.json.
    json
        Print law.json.
    quiet
        No progress.
    """
    from suffice import stages
    from suffice.cli._common import print_json, workspace

    work = workspace(study, out, as_json=json, quiet=quiet)
    stages.fit(work)
    law = stages.LawRecord.read(work.folder)
    if json:
        print_json(law.as_json())
        return
    mixed = "" if law.rhat is None else f"R-hat {law.rhat:.3f}, "
    say(f"law of {law.model}: {mixed}{law.ess:.0f} effective draws, {law.cells} cells")
    for row in law.held_out:
        say(f"  {row.name:<24} error of left-out cells {row.rmse:.4f}")


def plan(
    study: Path | None = None,
    *,
    out: Path = OUT,
    budget: float | None = None,
    weeks: float | None = None,
    target: float | None = None,
    robust: Literal["cvar", "worst"] | None = None,
    share: float = 0.05,
    points: bool = False,
    bought: Annotated[list[str] | None, Parameter(negative=())] = None,
    json: bool = False,
    quiet: bool = False,
) -> None:
    """Choose the curve to follow: the highest P within the budget, or the cheapest that is enough.

    Examples
    --------
    `suffice plan my-study.toml --out results`

    `suffice plan my-study.toml --target .9`

    `suffice plan my-study.toml --budget 250 --json`

    `suffice plan my-study.toml --robust worst --share .05`

    `suffice plan my-study.toml --bought "1500 crowd"`

    Parameters
    ----------
    study
        Study file; the example study by default.
    out
        Folder for plan.json.
    budget
        Money, instead of what the study says.
    weeks
        Time until the last label must be in, instead of what the study says.
    target
        Buy the cheapest curve with at least this probability.
    robust
        Plan for bad luck instead of the mean: `cvar` for the mean of P over the worst share of
        the posterior, `worst` for P when hostile workers hold that share of every source.
    share
        The share that `--robust` means.
    points
        Give P of curves far from what was measured as a point, not as bounds alone.
    bought
        Labels in hand, written as curves are; may be given several times. Every curve then holds
        them, and what they cost is off the budget.
    json
        Print plan.json.
    quiet
        No progress.
    """
    from suffice import stages
    from suffice.cli._common import print_json, print_summary, workspace
    from suffice.curve import Curve

    work = workspace(study, out, as_json=json, quiet=quiet)
    have = Curve(tuple(t for text in bought for t in Curve.parse(text))) if bought else None
    risk = None if robust is None else stages.Risk(robust, share)

    def tell(made: stages.Planned) -> None:
        # The answer first: what the report draws takes as long again.
        if json:
            print_json(made.record.as_json())
        else:
            print_summary(out)
            say(*made.limits)
        sys.stdout.flush()

    stages.plan(
        work,
        target=target,
        money=budget,
        weeks=weeks,
        risk=risk,
        points=points,
        bought=have,
        told=tell,
    )


def report(out: Path = OUT) -> None:
    """Write report.html from the files in a study's folder.

    Examples
    --------
    `suffice report results`

    Parameters
    ----------
    out
        Folder that `suffice run` wrote.
    """
    from suffice import stages

    say(str(stages.report(out)))
