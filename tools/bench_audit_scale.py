"""Speed and memory on made-up labels, beside crowd-kit and cleanlab (``make bench``).

    python tools/bench_audit_scale.py               # 10M binary labels; 100M from parquet
    python tools/bench_audit_scale.py --only audit  # the whole audit of 10M labels

Every row runs in a process of its own, so that its peak memory is its own. Peers that are not
installed are named as such (``pip install "suffice[peers]"``). cleanlab gets a table of a
hundredth of the size, since its time grows with tasks times workers.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

PER_TASK, PER_WORKER, ITERATIONS = 10, 2_000, 5
PARQUET_LABELS = 100_000_000
ROWS = ("suffice", "crowd-kit", "cleanlab")
BARS = {"suffice": "wanted: 10 M/s, 1 GB", "parquet": "wanted: 10 GB"}


def made_up(labels: int) -> tuple[Any, Any, Any, int, int]:
    """Task, worker and label of each label, and the numbers of tasks and workers."""
    rng = np.random.default_rng(0)
    tasks, workers = labels // PER_TASK, max(labels // PER_WORKER, 20)
    truth = rng.integers(0, 2, tasks, dtype=np.int8)
    task = np.repeat(np.arange(tasks, dtype=np.int32), PER_TASK)
    worker = rng.integers(0, workers, labels, dtype=np.int32)
    # A worker answers a task once: of ten draws from thousands hardly any collide.
    label = truth[task] ^ (rng.random(labels, dtype=np.float32) < 0.2)
    return task, worker, label.astype(np.int8), tasks, workers


def suffice(labels: int) -> tuple[float, str]:
    """Seconds an iteration of Dawid-Skene."""
    from suffice.supply._votes import Votes
    from suffice.supply.workers._dawid_skene import dawid_skene

    task, worker, label, tasks, workers = made_up(labels)
    votes = Votes(
        task, worker, label, np.full(tasks, -1), range(tasks), range(workers), ("0", "1"), None,
        np.zeros(tasks, int), ("all",), np.zeros(0, int), ("all",), np.array([np.nan]),
    )  # fmt: skip
    started = time.perf_counter()
    fitted = dawid_skene(votes, max_iter=ITERATIONS, tol=0.0)
    return (time.perf_counter() - started) / fitted.iterations, "an iteration of Dawid-Skene"


def crowd_kit(labels: int) -> tuple[float, str]:
    """Seconds an iteration of Dawid-Skene."""
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    task, worker, label, _, _ = made_up(labels)
    frame = pd.DataFrame({"task": task, "worker": worker, "label": label})
    started = time.perf_counter()
    DawidSkene(n_iter=ITERATIONS, tol=0.0).fit(frame)
    return (
        time.perf_counter() - started
    ) / ITERATIONS, "an iteration of Dawid-Skene, its start in it"


def cleanlab(labels: int) -> tuple[float, str]:
    """Seconds of one majority vote, the part that needs no classifier."""
    from cleanlab.multiannotator import get_majority_vote_label

    task, worker, label, tasks, workers = made_up(labels)
    wide = np.full((tasks, workers), np.nan)
    wide[task, worker] = label
    started = time.perf_counter()
    get_majority_vote_label(wide, verbose=False)
    return time.perf_counter() - started, "one majority vote"


def parquet(labels: int) -> tuple[float, str]:
    """Seconds from the file to task answers: read, check, number, Dawid-Skene to the end."""
    from suffice.labels import read_labels
    from suffice.supply._votes import code_votes
    from suffice.supply.workers._dawid_skene import dawid_skene

    started = time.perf_counter()
    table = read_labels(Path(os.environ["BENCH_PARQUET"]))
    read = time.perf_counter() - started
    votes = code_votes(table)
    del table
    coded = time.perf_counter() - started
    fitted = dawid_skene(votes)
    took = time.perf_counter() - started
    return took, (
        f"parquet to answers: {read:.0f} s reading, {coded - read:.0f} s numbering, "
        f"{fitted.iterations} iterations"
    )


def audit(labels: int) -> tuple[float, str]:
    """Seconds of the whole audit, from the file."""
    from suffice import audit as whole_audit

    started = time.perf_counter()
    whole_audit(Path(os.environ["BENCH_PARQUET"]))
    return time.perf_counter() - started, "the whole audit, from parquet"


def write(labels: int) -> tuple[float, str]:
    """Write made-up labels to the parquet file that the other jobs read."""
    import polars as pl

    started = time.perf_counter()
    task, worker, label, _, _ = made_up(labels)
    frame = pl.DataFrame({"task": task, "worker": worker, "label": label})
    frame.write_parquet(os.environ["BENCH_PARQUET"])
    return time.perf_counter() - started, "written"


JOBS = {
    "suffice": suffice, "crowd-kit": crowd_kit, "cleanlab": cleanlab, "parquet": parquet,
    "audit": audit, "write": write,
}  # fmt: skip


def run_alone(name: str, labels: int) -> None:
    """Run one job in a process of its own and print its row."""
    command = [sys.executable, __file__, "--labels", str(labels), "--job", name]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason given"
        print(f"| {name} | {labels:,} | - | - | did not run: {reason[:80]} |", flush=True)
        return
    print(done.stdout.strip(), flush=True)


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--labels", type=int, default=10_000_000)
    parser.add_argument("--parquet-labels", type=int, default=PARQUET_LABELS)
    parser.add_argument("--only", choices=("speed", "parquet", "audit"))
    parser.add_argument("--job", choices=tuple(JOBS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job == "write":
        write(given.labels)
        return 0
    if given.job:
        seconds, what = JOBS[given.job](given.labels)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        rate = given.labels / seconds / 1e6
        bar = f" ({BARS[given.job]})" if given.job in BARS else ""
        print(f"| {given.job} | {given.labels:,} | {rate:.2f} | {peak:.2f} | {what}{bar} |")
        return 0
    print("| system | labels | M labels/s | peak GB | of what |\n|---|---|---|---|---|")
    if given.only in (None, "speed"):
        for name in ROWS:
            run_alone(name, given.labels // 100 if name == "cleanlab" else given.labels)
    if given.only in (None, "parquet", "audit"):
        with tempfile.TemporaryDirectory(prefix="suffice-bench-") as folder:
            path = Path(folder) / "labels.parquet"
            os.environ["BENCH_PARQUET"] = str(path)
            job = "audit" if given.only == "audit" else "parquet"
            labels = given.labels if job == "audit" else given.parquet_labels
            # Written by a process of its own, so that the child's peak is not this one's.
            subprocess.run(
                [sys.executable, __file__, "--labels", str(labels), "--job", "write"], check=True
            )
            run_alone(job, labels)
    return 0


if __name__ == "__main__":
    sys.exit(main())
