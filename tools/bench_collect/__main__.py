"""What collecting until a target is met costs, beside Learn-Optimize-Collect (Mahmood et al. 2022).

    python tools/bench_collect ../shared/data/curves

Every method is run with settings from bold to careful; costs are compared where equally many
targets are missed. Prints the tables of docs/planning.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import one_source as one
import two_sources as two
from compare import FAILURES, Swept, table


def single(folder: Path) -> list[str]:
    """Fine-tuning curves of one source."""
    curves = one.load(folder)
    lines = []
    for rounds in one.ROUNDS:
        instances, groups = [], []
        for number, curve in enumerate(curves):
            for factor in one.TARGETS:
                at = int(np.searchsorted(one.GRID, factor * one.START))
                target = float(curve.on_grid[at])
                if curve.on_grid[0] > target:  # where the curve rises, the start already meets it
                    instances.append((number, target))
                    groups.append(number)
        swept = {}
        for kind in (one.Suffice, one.LearnOptimizeCollect, one.PointEstimate):
            method = kind(curves)
            found = np.array(
                [[one.collect(method, n, y, rounds, s) for n, y in instances]
                 for s in method.settings]
            )  # fmt: skip
            swept[method.name] = Swept(found[:, :, 0] > 0.5, found[:, :, 1])
        name = f"{len(instances)} targets, {rounds} round{'s' if rounds > 1 else ''}"
        lines += table(name, swept, np.array(groups), "suffice")
        print(f"  {name}", file=sys.stderr, flush=True)
    return lines


def double(panels: list[two.Panel], name: str, *, by_panel: bool) -> list[str]:
    """Mixes of two sources; resampled by panel, or by target where there is one panel."""
    instances = [(k, y) for k, p in enumerate(panels) for y in p.instances()]
    groups = np.array([k for k, _ in instances]) if by_panel else np.arange(len(instances))
    lines = []
    for rounds in two.ROUNDS:
        swept = {}
        for method, settings in (
            ("suffice", two.EPS),
            ("Learn-Optimize-Collect", two.EPS),
            ("additive law, point", two.MARGINS),
        ):
            found = np.array(
                [[two.collect(panels[k], method, y, rounds, s) for k, y in instances]
                 for s in settings]
            )  # fmt: skip
            swept[method] = Swept(found[:, :, 0] > 0.5, found[:, :, 1])
        title = f"{name}: {len(instances)} targets, {rounds} round{'s' if rounds > 1 else ''}"
        lines += table(title, swept, groups, "suffice")
        print(f"  {title}", file=sys.stderr, flush=True)
    return lines


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("curves", type=Path, help="the folder with the public curves")
    folder = parser.parse_args().curves
    begin = time.perf_counter()
    head = " | ".join(f"{f:.0%} missed" for f in FAILURES)
    rule = "|---|---|" + "---|" * len(FAILURES)
    print(f"| one source | method | {head} |", rule, *single(folder / "finetuning"), sep="\n")
    grid = two.grid_panel(folder / "quality-quantity" / "budget_mix_accuracy.csv")
    more = two.replication_panels(folder / "weak-strong-mixing" / "all_runs.csv")
    print(f"\n| two sources | method | {head} |", rule, sep="\n")
    print(*double([grid], grid.name, by_panel=False), sep="\n")
    print(*double(more, "GPT-2 replication", by_panel=True), sep="\n")
    print(f"\n{time.perf_counter() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
