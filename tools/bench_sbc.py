"""Simulation-based calibration of the worker model with many crowds, as a table.

    python tools/bench_sbc.py            # 500 crowds of each kind
    python tools/bench_sbc.py --crowds 2000

For each quantity: the share of crowds whose truth lies in the central 50 % and 90 % of the draws,
and the p-value of uniform ranks. A calibrated model gives .50 and .90.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np

from suffice.supply import _worker_model as model
from suffice.supply._gibbs import Gibbs
from suffice.supply._prior_draw import draw_crowds

KINDS = (("coin", 2), ("class", 2), ("coin", 3), ("class", 3), ("full", 3))
TASKS, WORKERS, LABELS = 30, 8, 5
BURN, KEEP, THIN, BINS = 300, 63, 8, 8


def main() -> int:
    """Print the table."""
    from scipy.special import chdtrc

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--crowds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"{given.crowds} crowds of {TASKS} tasks, {WORKERS} workers, {LABELS} labels a task")
    print("\n| kind, classes | quantity | in 50 % | in 90 % | p |\n|---|---|---|---|---|")
    for kind, classes in KINDS:
        started = time.perf_counter()
        rng = np.random.default_rng([given.seed, classes, len(kind)])
        crowd, truth = draw_crowds(
            given.crowds, kind=kind, classes=classes, tasks=TASKS, workers=WORKERS,
            labels_per_task=LABELS, rng=rng,
        )  # fmt: skip

        def quantities(state: model.State, crowd: model.Crowd = crowd,
                       rng: np.random.Generator = rng) -> dict[str, np.ndarray]:  # fmt: skip
            right = (crowd.label == state.z_T[crowd.task]).astype(float)
            hard = state.scale_S if crowd.classes == 2 else state.level_SD[:, 0]
            # A count has ties; the jitter splits them evenly.
            jitter = 1e-3 * rng.random(crowd.sets)
            return {
                "crowd's mean skill": state.mean_S.copy(),
                "spread of skills": state.worker_sd_S.copy(),
                "one worker's skill": state.a_WK[::WORKERS, 0].copy(),
                "difficulty": hard.copy(),
                "class share": state.share_SK[:, 0].copy(),
                "right labels": np.bincount(crowd.task_set[crowd.task], right, crowd.sets) + jitter,
            }

        wanted = quantities(truth)
        gibbs = Gibbs(crowd, kind, model.difficulty_for(classes), rng)
        below = {name: np.zeros(given.crowds) for name in wanted}
        for _ in range(BURN):
            gibbs.sweep()
        for _ in range(KEEP):
            for _ in range(THIN):
                gibbs.sweep()
            for name, value in quantities(gibbs.state).items():
                below[name] += value < wanted[name]
        for name, rank in below.items():
            place = (rank + 0.5) / (KEEP + 1)
            counts = np.histogram(place, BINS, (0.0, 1.0))[0]
            expected = given.crowds / BINS
            p = chdtrc(BINS - 1, ((counts - expected) ** 2 / expected).sum())
            half = np.mean(np.abs(place - 0.5) < 0.25)
            most = np.mean(np.abs(place - 0.5) < 0.45)
            print(f"| {kind}, {classes} | {name} | {half:.3f} | {most:.3f} | {p:.3f} |", flush=True)
        print(f"{kind}, {classes}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
