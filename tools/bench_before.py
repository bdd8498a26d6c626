"""Time this build beside an earlier one, in alternation, and print the ratios beside their bars.

    python tools/bench_before.py                     beside the build that the bars are set against
    python tools/bench_before.py --commit COMMIT     beside another one
    python tools/bench_before.py --only help audit   some of the rows: help, mistyped, audit, run

Run by ``make bench``. The earlier build is checked out under ``build/`` and installed into an
environment of its own with its own lock file. Both take turns on the same machine, so that what
else it does falls on both alike. CPU time is that of the process and all that it waits for; memory
is the peak of the largest of them. The audits need the public crowd sets of ``../shared``; a row
whose data is not there says so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "c3691ef"
"""The build that the bars below were set against."""
TIMES = 3
"""How often each build runs a row, after once that is not timed; the median counts."""
NOT_KEPT = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
"""Variables that would make a build another than it is when installed."""
SETS = ("bluebird", "rte", "dog", "web", "sentiment")
CROWDS = ROOT.parent / "shared" / "data" / "crowd"
BARS = {"help": 0.5, "mistyped": 0.5, "audit": 0.5, "second run": 0.2, "memory": 1.0}
"""Most of the earlier build's CPU time (of its peak memory) that a row may take: set as goals when
the command line, the audits and the stages were rebuilt."""
MEGABYTE = 1024 if sys.platform == "linux" else 1024**2
"""Units of ``ru_maxrss`` in a megabyte: kilobytes on Linux, bytes on macOS (getrusage(2))."""


class Spent(NamedTuple):
    """What one call took."""

    cpu: float
    wall: float
    megabytes: float


class Build(NamedTuple):
    """One of the two builds."""

    name: str
    python: Path
    folder: Path
    """Its cache and results."""

    def call(self, *words: str, ends: int = 0) -> Spent:
        """Run ``suffice WORDS`` and return what it took.

        Args:
            words: what follows ``suffice``.
            ends: the exit code that is right.
        """
        # Both keep their compiled files, as every installation does once it has run.
        kept = {k: v for k, v in os.environ.items() if k not in NOT_KEPT}
        if self.name == "now" and "PYTHONPATH" in os.environ:
            kept["PYTHONPATH"] = os.environ["PYTHONPATH"]
        # As a user has it: how many threads a build starts is part of what it costs.
        kept.pop("OMP_NUM_THREADS", None)
        kept["SUFFICE_CACHE"] = str(self.folder / "cache")
        with (self.folder / "log").open("wb") as log:
            begin = time.perf_counter()
            process = subprocess.Popen(
                [str(self.python), "-m", "suffice.cli", *words],
                cwd=self.folder,
                env=kept,
                stdout=log,
                stderr=log,
            )
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != ends:
            sys.exit(f"{self.name}: suffice {' '.join(words)}\n{(self.folder / 'log').read_text()}")
        return Spent(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / MEGABYTE)


def earlier_python(commit: str) -> Path:
    """Check out and install an earlier build under ``build/``, unless it is there; its Python."""
    git = ["git", "-C", str(ROOT)]
    done = subprocess.run([*git, "rev-parse", "--short", commit], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{commit} is no commit of this repository ({done.stderr.strip()})")
    folder = ROOT / "build" / f"before-{done.stdout.strip()}"
    if not folder.exists():
        subprocess.run([*git, "worktree", "prune"], check=True)
        command = ["worktree", "add", "--quiet", "--detach", str(folder), commit]
        subprocess.run([*git, *command], check=True)
    subprocess.run(["make", "--silent", "-C", folder, "VENV=.venv", ".venv/.core"], check=True)
    return folder / ".venv" / "bin" / "python"


def both(builds: tuple[Build, Build], *words: str, ends: int = 0) -> list[list[Spent]]:
    """What each build took, each time; they take turns, and neither always goes first."""
    for build in builds:
        build.call(*words, ends=ends)  # compiles what it loads
    taken: list[list[Spent]] = [[], []]
    for turn in range(TIMES):
        for i in (0, 1) if turn % 2 else (1, 0):
            taken[i].append(builds[i].call(*words, ends=ends))
    return taken


def row(what: str, bar: float, taken: list[list[Spent]]) -> None:
    """Print the medians of CPU time of both builds, their ratio, its bar, and wall times."""
    before, now = (statistics.median(s.cpu for s in side) for side in taken)
    walls = [statistics.median(s.wall for s in side) for side in taken]
    line(what, "CPU s", before, now, bar)
    print(f"{'':<22}{'wall s':<8}{walls[0]:>9.2f}{walls[1]:>9.2f}{walls[1] / walls[0]:>8.2f}")


def line(what: str, unit: str, before: float, now: float, bar: float) -> None:
    """Print one figure of both builds, their ratio and its bar."""
    verdict = "" if now <= bar * before else "   MISSED"
    print(
        f"{what:<22}{unit:<8}{before:>9.2f}{now:>9.2f}{now / before:>8.2f}{bar:>7.2f}{verdict}",
        flush=True,
    )


def audits(builds: tuple[Build, Build]) -> None:
    """Audit each of the small public crowd sets that is there."""
    for name in SETS:
        labels = CROWDS / name / "label.csv"
        if labels.exists():
            words = ("audit", str(labels), "--json", "--quiet")
            row(f"audit {name}", BARS["audit"], both(builds, *words))
        else:
            print(f"audit {name:<16}not there: {name}/label.csv of the public crowd sets")


def runs(builds: tuple[Build, Build]) -> None:
    """Run the example study in both builds from nothing for its memory, then again for its time."""
    from suffice.cli.fetch import EXAMPLE
    from suffice.fetch import fetch

    for build in builds:
        for name in EXAMPLE:
            kept = fetch(name)
            target = build.folder / "cache" / kept.parent.name / kept.name
            if not target.exists():
                shutil.copytree(kept, target)
    words = ("run", "--out", "out", "--quiet")
    first = [build.call(*words) for build in builds]
    line("first run, peak", "MB", first[0].megabytes, first[1].megabytes, BARS["memory"])
    row("second run", BARS["second run"], both(builds, *words))


def main() -> None:
    """Print one line a row, with the wall times below the CPU times."""
    parts = ("help", "mistyped", "audit", "run")
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--commit", default=BEFORE, help="the earlier build (%(default)s)")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    chosen = parser.parse_args()
    earlier = earlier_python(chosen.commit)
    scratch = Path(tempfile.mkdtemp(prefix="suffice-bench-"))
    try:
        builds = (
            Build("before", earlier, scratch / "before"),
            Build("now", Path(sys.executable), scratch / "now"),
        )
        for build in builds:
            build.folder.mkdir()
        print(f"{'':<30}{chosen.commit[:9]:>9}{'now':>9}{'ratio':>8}{'bar':>7}")
        if "help" in chosen.only:
            row("suffice --help", BARS["help"], both(builds, "--help"))
        if "mistyped" in chosen.only:
            row("suffice adit", BARS["mistyped"], both(builds, "adit", ends=2))
        if "audit" in chosen.only:
            audits(builds)
        if "run" in chosen.only:
            runs(builds)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
