"""Simulation-based calibration of every model with a posterior, with many simulations, as a table.

    python tools/bench_sbc                          # 500 simulations of each model
    python tools/bench_sbc --simulations 2000 --only pool

Truths are drawn from the prior and data from the truths; the truth's rank among the draws of the
posterior must then be uniform (Talts et al. 2018). For each quantity: the share of simulations
whose truth lies in the central 50 % and 90 % of the draws, and the p-value of uniform ranks.
``docs/results/sbc.md`` keeps the table.
"""

from __future__ import annotations

import argparse
import sys
import time

import sbc_comparisons
import sbc_law
import sbc_pool
import sbc_rankings
import sbc_response
import sbc_scales
import sbc_shared
import sbc_workers
from sbc_ranks import report

PARTS = {
    "workers": sbc_workers.places,
    "scales": sbc_scales.places,
    "rankings": sbc_rankings.places,
    "comparisons": sbc_comparisons.places,
    "shared": sbc_shared.places,
    "pool": sbc_pool.places,
    "law": sbc_law.places,
    "response": sbc_response.places,
}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--simulations", type=int, default=500)
    parser.add_argument("--only", choices=tuple(PARTS))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rows = []
    print("| model | quantity | in 50 % | in 90 % | p |\n|---|---|---|---|---|")
    for name, places in PARTS.items():
        if given.only not in (None, name):
            continue
        started = time.perf_counter()
        for model, found in places(given.simulations, given.seed):
            for quantity, place in found.items():
                rows.append(report(model, quantity, place))
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    inside = sum(row[1] for row in rows) / len(rows)
    low = min(row[2] for row in rows)
    print(
        f"\n{len(rows)} quantities, {given.simulations} simulations each: {inside:.3f} in 90 % on "
        f"average; the smallest p is {low:.4f}, where {1 / (len(rows) + 1):.4f} is to be expected"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
