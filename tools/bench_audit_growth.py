"""How an audit grows: CPU time and memory on large made-up tables (``make bench-growth``).

    python tools/bench_audit_growth.py                     # all rows, about an hour
    python tools/bench_audit_growth.py --scale .1          # every table a tenth of the size
    python tools/bench_audit_growth.py --only one-label    # one row

Every row is ``suffice audit labels.parquet --out FOLDER`` in a process of its own, from the file
to the written tables; crowd-kit's Dawid-Skene gets the same rows from the same file, for as long as
``--limit`` minutes and with as much memory as the machine has. The first row is what the others'
CPU seconds a label are held against.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Case:
    """A made-up table and what it may take.

    Attributes:
        name: for ``--only``.
        tasks, each, workers, classes: its shape; ``each`` is the number of labels of a task.
        most_gb: the bar for the peak of memory, None for none.
        most_times: the bar for CPU seconds a label, in those of the first row.
    """

    name: str
    tasks: int
    each: int
    workers: int
    classes: int
    most_gb: float | None
    most_times: float | None = 2.0

    def scaled(self, scale: float) -> Case:
        """The same shape with fewer tasks and workers."""
        from dataclasses import replace

        workers = self.workers if self.workers <= 500 else max(int(self.workers * scale), 20)
        return replace(self, tasks=int(self.tasks * scale), workers=workers)

    @property
    def labels(self) -> int:
        """The number of labels."""
        return self.tasks * self.each


MAIN = "import suffice.cli; suffice.cli.main()"

CASES = (
    Case("usual", 1_000_000, 10, 500, 2, None, None),
    Case("many-workers", 1_000_000, 5, 1_000_000, 2, 4.0),
    Case("one-label", 10_000_000, 1, 5_000, 2, 4.0),
    Case("many-classes", 200_000, 5, 500, 50, 2.0),
    Case("many-labels", 10_000_000, 10, 50_000, 2, 8.0),
)


def write(case: Case, path: Path) -> None:
    """Workers between .6 and .95 right; wrong answers fall on any other class."""
    import polars as pl

    rng = np.random.default_rng(0)
    labels = case.labels
    truth = rng.integers(0, case.classes, case.tasks, dtype=np.int16)
    task = np.repeat(np.arange(case.tasks, dtype=np.int32), case.each)
    # Neighbours in a shuffled row of all workers: nobody labels a task twice, all have as many.
    worker = np.resize(rng.permutation(case.workers).astype(np.int32), labels)
    right = rng.uniform(0.6, 0.95, case.workers).astype(np.float32)
    wrong = rng.random(labels, dtype=np.float32) >= right[worker]
    label = truth[task]
    label[wrong] += rng.integers(1, case.classes, int(wrong.sum()), dtype=np.int16)
    label %= case.classes
    pl.DataFrame({"task": task, "worker": worker, "label": label}).write_parquet(path)


def crowd_kit(path: Path) -> None:
    """Dawid-Skene as crowd-kit has it, ten iterations at most."""
    import pandas as pd
    import polars as pl
    from crowdkit.aggregation import DawidSkene

    rows = pl.read_parquet(path)
    frame = pd.DataFrame({name: rows[name].to_numpy() for name in rows.columns})
    DawidSkene(n_iter=10).fit(frame)


def alone(command: list[str], minutes: float) -> tuple[float, float, str]:
    """CPU seconds and peak gigabytes of a command, and why it did not end well."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 60.0 * minutes
    while True:
        done, status, used = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            process.kill()
            _, status, used = os.wait4(process.pid, 0)
            return used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6, "stopped: out of time"
        time.sleep(0.2)
    assert process.stderr is not None
    said = process.stderr.read().decode(errors="replace").strip().splitlines()
    reason = ""
    if code := os.waitstatus_to_exitcode(status):
        reason = said[-1][:80] if said else f"ended with {code}"
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6, reason


def main() -> int:
    """Print a table; the exit code says whether all bars hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", action="append", choices=[case.name for case in CASES])
    parser.add_argument("--no-peer", action="store_true", help="leave crowd-kit out")
    parser.add_argument("--limit", type=float, default=30.0, help="minutes for crowd-kit")
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        crowd_kit(given.peer)
        return 0
    if given.write:
        case = next(case for case in CASES if case.name == given.write[0])
        write(case.scaled(given.scale), Path(given.write[1]))
        return 0
    print("| table | labels | tasks | workers | classes | system | CPU s | us a label | GB | |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    usual, held = None, True
    for case in (case.scaled(given.scale) for case in CASES):
        if given.only and case.name not in given.only:
            continue
        with tempfile.TemporaryDirectory(prefix="suffice-growth-") as folder:
            path = Path(folder) / "labels.parquet"
            # Written by a process of its own, so that what it leaves is not in anybody's peak.
            tool = [sys.executable, __file__, "--scale", str(given.scale)]
            subprocess.run([*tool, "--write", case.name, str(path)], check=True)
            audit = [sys.executable, "-c", MAIN, "audit", str(path), "--out"]
            systems = {"suffice": [*audit, str(Path(folder) / "audit")]}
            if not given.no_peer:
                systems["crowd-kit"] = [*tool, "--peer", str(path)]
            for name, command in systems.items():
                minutes = given.limit if name == "crowd-kit" else 600.0
                cpu, peak, reason = alone(command, minutes)
                each, said = 1e6 * cpu / case.labels, reason
                if name == "suffice" and not reason:
                    usual = usual or (each if case is not None and case.name == "usual" else None)
                    said, ok = verdict(case, each, peak, usual)
                    held &= ok
                shape = f"{case.labels:,} | {case.tasks:,} | {case.workers:,} | {case.classes}"
                print(
                    f"| {case.name} | {shape} | {name} | {cpu:.0f} | {each:.2f} | {peak:.2f} "
                    f"| {said} |",
                    flush=True,
                )
    return 0 if held else 1


def verdict(case: Case, each: float, peak: float, usual: float | None) -> tuple[str, bool]:
    """How a row stands to its bars, and whether it holds them."""
    said, held = [], True
    if case.most_gb is not None:
        held &= peak <= case.most_gb
        said.append(f"wanted {case.most_gb:g} GB")
    if case.most_times is not None and usual:
        held &= each <= case.most_times * usual
        said.append(f"{each / usual:.2f} times the first row's time (wanted {case.most_times:g})")
    return "; ".join(said) + ("" if held else " MISSED"), held


if __name__ == "__main__":
    sys.exit(main())
