"""Time the worker-aware Bradley-Terry fit beside crowd-kit's plain and noisy ones, in one process.

    python tools/bench_bradley_terry.py                      # 1M comparisons, 500 workers
    python tools/bench_bradley_terry.py --comparisons 100000 --items 1000

Times are the best of three and include turning ids into numbers; the error is that of the scores
against those that the comparisons were drawn from (root mean square, standardised), and coverage
that of the 90 % intervals. Crowd-kit's noisy model loops over comparisons in Python: it is timed on
a sample and scaled up. ``make bench`` gives both one thread: small matrices gain nothing from more,
and lose much where other work keeps the cores busy.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl

from suffice.supply import bradley_terry

if TYPE_CHECKING:
    from collections.abc import Callable

_NOISY_ROWS = 5_000


def draw(n: int, items: int, workers: int, rng: np.random.Generator) -> tuple[pl.DataFrame, Any]:
    """Comparisons by workers of unequal reliability and bias, and the true scores."""
    score = rng.normal(0.0, 1.0, items)
    reliability = rng.normal(1.0, 0.4, workers)
    reliability[: workers // 10] = 0.0
    bias = rng.normal(0.2, 0.4, workers)
    left = rng.integers(0, items, n)
    right = (left + rng.integers(1, items, n)) % items
    worker = rng.integers(0, workers, n)
    eta = reliability[worker] * (score[left] - score[right]) + bias[worker]
    label = np.where(rng.random(n) < 1.0 / (1.0 + np.exp(-eta)), left, right)
    frame = pl.DataFrame({"worker": worker, "left": left, "right": right, "label": label})
    return frame, score * reliability.mean()


def best_of(repeats: int, call: Callable[[], Any]) -> tuple[float, Any]:
    """The shortest time of several calls, and the last result."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - started)
    return min(times), result


def error(found: Any, truth: Any) -> float:  # noqa: ANN401 - arrays
    """Root mean square error of standardised scores."""
    standard = [(x - x.mean()) / x.std() for x in (np.asarray(found), truth)]
    return float(np.sqrt(((standard[0] - standard[1]) ** 2).mean()))


def main() -> int:
    """Print one line a method and kind of id."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--comparisons", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--workers", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    try:
        from crowdkit.aggregation import BradleyTerry, NoisyBradleyTerry
    except ImportError:
        print("crowd-kit is not installed: pip install 'suffice[peers]'", file=sys.stderr)
        return 1
    n = given.comparisons
    numbers, truth = draw(n, given.items, given.workers, np.random.default_rng(0))
    words = numbers.with_columns(
        pl.format("item {}", pl.col(name)).alias(name) for name in ("left", "right", "label")
    ).with_columns(pl.format("worker {}", "worker").alias("worker"))
    print(f"{n:,} comparisons, {given.items:,} items, {given.workers:,} workers, best of "
          f"{given.repeats}")  # fmt: skip
    for kind, frame in (("whole numbers", numbers), ("text", words)):
        key = [f"item {k}" for k in range(given.items)] if kind == "text" else range(given.items)
        table = pd.DataFrame({name: frame[name].to_list() for name in frame.columns})
        plain, scores = best_of(
            given.repeats, lambda table=table: BradleyTerry(n_iter=100).fit_predict(table)
        )
        ours, fitted = best_of(given.repeats, lambda frame=frame: bradley_terry(frame))
        few = table.head(_NOISY_ROWS)
        noisy, _ = best_of(1, lambda few=few: NoisyBradleyTerry(n_iter=10).fit_predict(few))
        rows = fitted.items.sort("item") if kind == "whole numbers" else fitted.items
        order = dict(rows.select("item", "score").iter_rows())
        low = dict(rows.select("item", "low").iter_rows())
        high = dict(rows.select("item", "high").iter_rows())
        centred = truth - truth.mean()
        covered = np.mean([low[k] <= t <= high[k] for k, t in zip(key, centred, strict=True)])
        print(f"  ids are {kind}")
        print(f"    crowd-kit BradleyTerry       {plain:8.2f} s   error "
              f"{error(np.log([scores[k] for k in key]), truth):.4f}, no intervals")  # fmt: skip
        print(f"    crowd-kit NoisyBradleyTerry  {noisy * n / len(few):8.0f} s   (10 iterations, "
              f"scaled up from {len(few):,} rows)")  # fmt: skip
        print(f"    suffice, worker-aware        {ours:8.2f} s   error "
              f"{error([order[k] for k in key], truth):.4f}, intervals cover {covered:.2f}; "
              f"{ours / plain:.2f} times crowd-kit's plain one (at most 2)")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
