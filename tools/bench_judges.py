"""Hold what audits say of judges with some gold against all of it, beside a direct count.

    python tools/bench_judges.py DATA               # DATA/<set>/human_annotations.json, llm_...
    python tools/bench_judges.py DATA --gold 50 200 --choices 4

Gold is what most people say (ties left out), shown on tasks picked at random. Tables hold the
judges alone, or people beside them; each judge is a source of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from suffice.labels import LabelTable
from suffice.supply import audit
from suffice.supply.workers._shared import _beta_quantiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MOST_CLASSES = 40
"""Sets with more answers than this (free text) are left out."""
LEAST_COMMON = 20


def read(folder: Path) -> tuple[pl.DataFrame, dict[str, str]]:
    """Labels of people and judges, and what most people say."""
    rows = []
    for kind, file in (("person", "human_annotations.json"), ("llm", "llm_annotations.json")):
        for worker, given in json.loads((folder / file).read_text()).items():
            rows += [(task, worker, str(label), kind) for task, label in given.items()]
    frame = pl.DataFrame(rows, schema=["task", "worker", "label", "kind"], orient="row")
    votes = (
        frame.filter(pl.col("kind") == "person")
        .group_by("task", "label")
        .len()
        .with_columns((pl.col("len") == pl.col("len").max().over("task")).alias("top"))
        .filter("top")
    )
    alone = votes.filter(pl.len().over("task") == 1)
    return frame, dict(zip(alone["task"], alone["label"], strict=True))


def gold_rows(
    frame: pl.DataFrame, truth: dict[str, str], count: int, choices: int, *, people: bool
) -> list[dict[str, Any]]:
    """One row a judge and choice of gold: what holds, and how wide it is."""
    tasks = sorted(truth)
    used = frame.filter(pl.col("task").is_in(tasks))
    if not people:
        used = used.filter(pl.col("kind") == "llm")
    judges = used.filter(pl.col("kind") == "llm")["worker"].unique().sort().to_list()
    rows = []
    for choice in range(choices):
        rng = np.random.default_rng(choice)
        shown = rng.choice(tasks, min(count, len(tasks) // 2), replace=False).tolist()
        gold = {task: truth[task] for task in shown}
        source = pl.when(pl.col("kind") == "llm").then("worker").otherwise(pl.lit("people"))
        table = LabelTable.from_frame(used.with_columns(source=source))
        result = audit(table, gold, seed=choice, kind="classes")
        for judge in judges:
            mine = used.filter(pl.col("worker") == judge)
            wrong = mine["label"] != mine["task"].replace_strict(truth)
            error = float(wrong.mean())
            on_gold = mine["task"].is_in(shown)
            n, k = int(on_gold.sum()), int((wrong & on_gold).sum())
            low, high = _beta_quantiles(k + 0.5, n - k + 0.5, (0.05, 0.95))
            worker = result.workers.filter(pl.col("worker") == judge).row(0, named=True)
            line = result.sources.filter(pl.col("source") == judge).row(0, named=True)
            ends = {
                "workers": (1.0 - worker["high"], 1.0 - worker["low"]),
                "sources": (line["error_low"], line["error_high"]),
                "count": (low, high),
            }
            for name, (a, b) in ends.items():
                rows.append({"file": name, "inside": a - 1e-9 <= error <= b + 1e-9, "width": b - a})
    return rows


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--gold", type=int, nargs="*", default=[50, 200])
    parser.add_argument("--choices", type=int, default=4)
    given = parser.parse_args()
    print("| set | table | gold | workers.csv: inside, width | sources.csv | direct count |")
    print("|---|---|---|---|---|---|")
    pooled: dict[tuple[str, int], list[pl.DataFrame]] = {}
    for folder in sorted(f.parent for f in given.data.glob("*/llm_annotations.json")):
        frame, truth = read(folder)
        if frame["label"].n_unique() > MOST_CLASSES:
            continue
        for people in (False, True):
            for count in given.gold:
                rows = pl.DataFrame(gold_rows(frame, truth, count, given.choices, people=people))
                name = "with people" if people else "judges"
                pooled.setdefault((name, count), []).append(rows)
                print(line(folder.name, name, count, rows), flush=True)
    for (name, count), parts in pooled.items():
        print(line("all", name, count, pl.concat(parts)))
    return 0


def line(name: str, table: str, count: int, rows: pl.DataFrame) -> str:
    """One row of the table."""
    parts = []
    for file in ("workers", "sources", "count"):
        mine = rows.filter(pl.col("file") == file)
        parts.append(f"{mine['inside'].mean():.2f} of {len(mine)}, {mine['width'].mean():.3f}")
    return f"| {name} | {table} | {count} | " + " | ".join(parts) + " |"


if __name__ == "__main__":
    sys.exit(main())
