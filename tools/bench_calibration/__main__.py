"""Calibration of the forecast on the example ratings, as the tables of docs/calibration.md.

    python tools/bench_calibration                 # the report splits
    python tools/bench_calibration --splits 4      # another split, by its number
    python tools/bench_calibration --development   # the splits that the law was built on

Runs are kept in the cache (``SUFFICE_CACHE``): an interrupted benchmark goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from cells import DEVELOPMENT, DEVELOPMENT_SEEDS, FRESH_SEEDS, REPORT, THRESHOLDS
from forecasts import LAW, forecast_depth, forecast_split
from score import Pairs, bootstrap
from split import Split

from suffice.progress import PlainProgress


def main() -> int:
    """Print the tables, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--splits", type=int, nargs="+", default=REPORT)
    given = parser.parse_args()
    numbers = DEVELOPMENT if given.development else tuple(given.splits)
    seeds = DEVELOPMENT_SEEDS if given.development else FRESH_SEEDS
    begin = time.perf_counter()
    splits = [Split(n, PlainProgress()) for n in numbers]
    pairs = Pairs.joined([forecast_split(s, seeds) for s in splits])
    _head(pairs, len(numbers))
    _bars(pairs)
    _methods(pairs)
    _kinds(pairs)
    if numbers == REPORT:
        deep = Pairs.joined([forecast_depth(s, seeds) for s in splits])
        print("\n**Unseen depth** (scored apart)\n")
        _methods(deep)
    print(f"\n({time.perf_counter() - begin:.0f} s)", file=sys.stderr)
    return 0


def _head(pairs: Pairs, splits: int) -> None:
    cells = len(np.unique(pairs.cell))
    print(
        f"{splits} splits, {cells} cells, {pairs.total} fresh runs each; {len(THRESHOLDS)} "
        f"thresholds make {len(pairs.passed):,} pairs, {pairs.contested.sum():,} contested.\n"
    )


def _bars(pairs: Pairs) -> None:
    hit, open_ = pairs.covered(LAW), pairs.contested
    error = pairs.error(LAW)
    heavy, rest = open_ & pairs.heavy, open_ & ~pairs.heavy
    rivals = [n for n in pairs.pi if not n.startswith(LAW)]
    rows = [
        ("contested pairs, mean error of P", error, open_, "at most .10"),
        ("other pairs, mean error of P", error, ~open_, "at most .03"),
        ("contested pairs, 90 % interval covers", hit, open_, ".85 to .95"),
        ("heavily noisy, contested, mean error of P", error, heavy, "not above the next row"),
        ("the rest, contested, mean error of P", error, rest, ""),
    ]
    print("| what | measured | 90 % interval over cells | bar |\n|---|---|---|---|")
    for what, values, where, bar in rows:
        low, high = bootstrap(values[where], pairs.cell[where])
        print(f"| {what} | {values[where].mean():.3f} | {low:.3f} to {high:.3f} | {bar} |")
    for what, score in (("Brier score", pairs.brier), ("log score", pairs.log_score)):
        best = min(rivals, key=lambda n: score(n).mean())
        gain = score(best) - score(LAW)
        low, high = bootstrap(gain, pairs.cell)
        print(
            f"| {what}, gain on the best baseline ({best}) | {gain.mean():.4f} "
            f"| {low:.4f} to {high:.4f} | above 0 |"
        )
    print()


def _methods(pairs: Pairs) -> None:
    print("| method | mean error, RMS miss | contested | others | Brier | log | covers |")
    print("|---|---|---|---|---|---|---|")
    open_ = pairs.contested
    for name in pairs.pi:
        error = pairs.error(name)
        rms = float(np.sqrt(np.mean(pairs.miss[name] ** 2)))
        print(
            f"| {name} | {rms:.4f} | {error[open_].mean():.3f} | {error[~open_].mean():.3f} "
            f"| {pairs.brier(name).mean():.4f} | {pairs.log_score(name).mean():.4f} "
            f"| {pairs.covered(name)[open_].mean():.2f} |"
        )
    print()


def _kinds(pairs: Pairs) -> None:
    print("| kind of cell | contested pairs | mean error of P | covers |\n|---|---|---|---|")
    error, hit = pairs.error(LAW), pairs.covered(LAW)
    for kind in dict.fromkeys(pairs.kind):
        mine = pairs.contested & (pairs.kind == kind)
        print(f"| {kind} | {mine.sum()} | {error[mine].mean():.3f} | {hit[mine].mean():.2f} |")


if __name__ == "__main__":
    sys.exit(main())
