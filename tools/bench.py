"""Times every stage of the example study, first from nothing and then from its own cache.

Run by ``make bench``. Data and weights are fetched before the clock starts; embeddings, runs and
laws start from nothing in a temporary cache. The budget is what two free cores should take. Then
the law alone: how many chances of a curve under a draw it gives in a second, and how long the whole
frontier of cost and P takes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BUDGET = {"embedding": 60, "grid": 20, "laws": 60, "check": 20, "report": 10}
"""Seconds a stage may take on two free cores; the grid's laws count as laws."""


def run_once(cache: Path, out: Path) -> tuple[dict[str, float], float]:
    """Run the example study in a process of its own; seconds by stage, and in all."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "suffice.cli", "run", "--out", str(out), "--quiet"]
    done = subprocess.run(
        command, env={**os.environ, "SUFFICE_CACHE": str(cache)}, capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    stages = json.loads((out / "timings.json").read_text())
    return {s["stage"]: s["seconds"] for s in stages["stages"]}, time.perf_counter() - begin


def law_alone(cache: Path, out: Path) -> tuple[float, int, float, int]:
    """(curve-draws a second, how many were timed, seconds of the frontier, curves weighed)."""
    os.environ["SUFFICE_CACHE"] = str(cache)
    import numpy as np

    from suffice import load_study, make_plan, stages
    from suffice.forecast import pass_chances
    from suffice.plan._candidates import candidates
    from suffice.progress import SilentProgress
    from suffice.stages._workspace import Workspace

    example = Path(__file__).resolve().parents[1] / "examples" / "ratings.toml"
    work = Workspace(load_study(example), out, SilentProgress())
    law = stages.fit(work)[work.study.models.target]
    curves = work.market.resolve(candidates(work.market))
    draws, rates = 128, []
    for seed in range(3):
        begin = time.perf_counter()
        outcomes = law.outcomes(curves, np.random.default_rng(seed), draws=draws, runs=150)
        chances = pass_chances(outcomes, work.criterion, law.metrics)
        rates.append(chances.size / (time.perf_counter() - begin))
    begin = time.perf_counter()
    plan = make_plan(law, work.market, work.criterion, seed=0)
    return max(rates), chances.size, time.perf_counter() - begin, len(plan.candidates)


def main() -> None:
    """Print both runs side by side, then the law alone."""
    from suffice.cli.fetch import EXAMPLE
    from suffice.fetch import fetch

    folder = Path(tempfile.mkdtemp(prefix="suffice-bench-"))
    try:
        for name in EXAMPLE:
            kept = fetch(name)
            shutil.copytree(kept, folder / "cache" / kept.parent.name / kept.name)
        first, first_total = run_once(folder / "cache", folder / "out")
        second, second_total = run_once(folder / "cache", folder / "out")
        rate, timed, frontier, weighed = law_alone(folder / "cache", folder / "again")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    load = os.getloadavg()[0]
    print(f"{'stage':<12}{'first run':>11}{'budget':>9}{'second run':>12}   (seconds)")
    for stage, seconds in first.items():
        budget = f"{BUDGET[stage]}" if stage in BUDGET else "-"
        print(f"{stage:<12}{seconds:>11.1f}{budget:>9}{second[stage]:>12.1f}")
    print(f"{'in all':<12}{first_total:>11.1f}{180:>9}{second_total:>12.1f}")
    print(
        f"forecasts: {rate / 1e6:.2f} million curve-draws a second (budget 1.00; {timed:,} timed)"
    )
    print(f"frontier: {frontier:.1f} s (budget 5.0), {weighed:,} curves weighed")
    print(f"{os.cpu_count()} cores, load {load:.1f} at the end")


if __name__ == "__main__":
    main()
