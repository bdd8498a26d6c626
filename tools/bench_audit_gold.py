"""Hold the audit's error of a source and its accuracies on new tasks against gold.

    python tools/bench_audit_gold.py DATA          # DATA/<set>/label.csv and truth.csv

Prints, for each set: the audit's error of a label with gold on none, 5 %, 20 % and all of the tasks
beside the direct count; and how often a worker's accuracy on new tasks, audited on one half of the
tasks, holds against gold of the other half. Then which copiers are found in simulated crowds.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from suffice.labels import LabelTable, read_gold, read_labels
from suffice.supply import audit
from suffice.supply._votes import code_votes
from suffice.supply.doubts._collusion import find_groups

SETS = ("bluebird", "rte", "dog", "web", "sentiment")
SHARES = (0.0, 0.05, 0.2, 1.0)
CHOICES, HALVES = 4, 2
LEAST_GOLD = 20
_Z = 1.645
_TASKS, _WORKERS, _LABELS, _CROWDS = 240, 24, 10, 6


def error_against_gold(labels: LabelTable, gold: dict[Any, str]) -> str:
    """Direct count, and mean audited error with how often its interval holds the count."""
    judged = labels.frame.filter(pl.col("task").is_in(list(gold)))
    right = [gold[task] == label for task, label in judged.select("task", "label").iter_rows()]
    direct, keys = 1.0 - float(np.mean(right)), sorted(gold, key=str)
    cells = [f"{direct:.3f}"]
    for share in SHARES:
        rows = []
        for seed in range(CHOICES if 0.0 < share < 1.0 else 1):
            rng = np.random.default_rng(seed)
            count = round(share * len(keys))
            pick = [keys[i] for i in rng.choice(len(keys), count, replace=False)]
            found = audit(labels, {k: gold[k] for k in pick} or None, seed=seed)
            row = found.sources.row(0, named=True)
            held = row["error_low"] <= direct <= row["error_high"]
            rows.append((row["error"], held))
        error, held = np.mean(rows, axis=0)
        cells.append(f"{error:.3f} ({held * len(rows):.0f}/{len(rows)})")
    return "".join(f"{cell:>14}" for cell in cells)


def new_tasks(labels: LabelTable, gold: dict[Any, str], seed: int, share: float) -> list[bool]:
    """Whether each worker's accuracy on new tasks holds against gold of the other half."""
    rng = np.random.default_rng(seed)
    frame = labels.frame.select("task", "worker", "label")
    tasks = sorted(frame["task"].unique().to_list(), key=str)
    chosen = rng.random(len(tasks)) < 0.5
    mine = {task for task, here in zip(tasks, chosen, strict=True) if here}
    half = LabelTable.from_frame(frame.filter(pl.col("task").is_in(list(mine))))
    keys = sorted((k for k in gold if k in mine), key=str)
    shown = {k: gold[k] for k in keys[: int(share * len(keys))]}
    found = audit(half, shown or None, seed=seed)
    rest = frame.filter(~pl.col("task").is_in(list(mine)) & pl.col("task").is_in(list(gold)))
    truth = pl.col("task").replace_strict(gold, return_dtype=pl.String)
    later = rest.group_by("worker").agg((pl.col("label") == truth).mean().alias("right"), pl.len())
    joined = found.workers.join(later.filter(pl.col("len") >= LEAST_GOLD), on="worker")
    p, low, high, right, n = (
        joined[c].to_numpy() for c in ("accuracy_new", "low_new", "high_new", "right", "len")
    )
    # The other half is a sample too: its own noise belongs into the interval.
    sd = np.sqrt(((high - low) / (2.0 * _Z)) ** 2 + p * (1.0 - p) / n)
    return list(np.abs(right - p) <= _Z * sd)


def copiers_found(copiers: int, change: float) -> tuple[float, int]:
    """Share of copiers found, mean over crowds, and honest workers named with them."""
    found, honest = [], 0
    for seed in range(_CROWDS):
        rng = np.random.default_rng([seed, 41])
        truth, key = rng.integers(0, 2, (2, _TASKS))
        skill = rng.uniform(0.65, 0.95, _WORKERS)
        rows = []
        for task in range(_TASKS):
            for worker in rng.choice(_WORKERS, _LABELS, replace=False):
                if worker < copiers:
                    said = key[task] ^ int(rng.random() < change)
                else:
                    said = truth[task] ^ int(rng.random() > skill[worker])
                rows.append((task, int(worker), int(said)))
        table = LabelTable.from_columns(*zip(*rows, strict=True))
        groups, _ = find_groups(code_votes(table))
        named = {int(w) for group in groups for w in group.members}
        found.append(len(named & set(range(copiers))) / copiers)
        honest += len(named - set(range(copiers)))
    return float(np.mean(found)), honest


def main() -> None:
    """Print the three tables."""
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/bench_audit_gold.py DATA")
    folder = Path(sys.argv[1])
    sets = {n: (read_labels(folder / n / "label.csv"), read_gold(folder / n / "truth.csv"))
            for n in SETS}  # fmt: skip
    print("error of a label; in brackets how often the 90 % interval holds the direct count")
    print(f"{'':<12}{'direct':>14}" + "".join(f"{f'gold {s:.0%}':>14}" for s in SHARES))
    for name, (labels, gold) in sets.items():
        print(f"{name:<12}{error_against_gold(labels, gold)}", flush=True)
    print("\naccuracy_new held against gold of the other half: share of workers inside 90 %")
    for share in (0.0, 0.5):
        pooled: list[bool] = []
        for name, (labels, gold) in sets.items():
            inside = [x for s in range(HALVES) for x in new_tasks(labels, gold, s, share)]
            pooled += inside
            if inside:
                print(f"gold {share:.0%}  {name:<12}{np.mean(inside):>6.2f} of {len(inside)}")
        print(
            f"gold {share:.0%}  {'pooled':<12}{np.mean(pooled):>6.3f} of {len(pooled)}", flush=True
        )
    print("\ncopiers of one random key who each change a share of it: found, honest workers named")
    for copiers in (3, 6):
        row = [copiers_found(copiers, c) for c in (0.0, 0.02, 0.05, 0.08, 0.12)]
        print(f"{copiers} copiers  " + "  ".join(f"{f:.2f} ({h})" for f, h in row), flush=True)


if __name__ == "__main__":
    main()
