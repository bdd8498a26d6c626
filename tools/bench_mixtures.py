"""Hold the two-source law against the additive law and a Gaussian process on public grids.

    python tools/bench_mixtures.py ../shared/data/curves

Leave-one-out, and extrapolation from the cheaper budgets; every choice of a family is made anew
inside each fit. Any CSV with n_weak, n_high, budget and accuracy (or y) can be named with --panel.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suffice.demand.scaling import fit_isoflop, fit_scaling, fit_two_source

Floats = NDArray[np.float64]
Rows = tuple[Floats, Floats, Floats]
Asked = tuple[Floats, Floats]

_CUTS = (256.0, 1024.0)


def additive(known: Rows, asked: Asked) -> Floats:
    """E + A (1 + n_weak / s)^-a + B (1 + n_high / t)^-b by least squares from several starts."""
    from scipy.optimize import least_squares

    weak, high, y = known

    def law(x: Floats, weak: Floats, high: Floats) -> Floats:
        e, a, p, s, b, q, t = x
        return e + a * (1.0 + weak / np.exp(s)) ** -p + b * (1.0 + high / np.exp(t)) ** -q

    found = [
        least_squares(
            lambda x: law(x, weak, high) - y,
            (0.05, 0.2, p, s, 0.2, q, t),
            bounds=((0, 0, 0, 0, 0, 0, 0), (1, 1, 3, 9, 1, 3, 9)),
        )
        for p in (0.3, 1.0)
        for q in (0.3, 1.0)
        for s, t in ((5.0, 5.0), (7.0, 3.0))
    ]
    return law(min(found, key=lambda f: f.cost).x, *asked)


def gaussian_process(known: Rows, asked: Asked) -> Floats:
    """A Gaussian process on both log counts, hyperparameters by marginal likelihood."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    weak, high, y = known
    kernel = ConstantKernel(1.0) * RBF([2.0, 2.0], (0.1, 100.0)) + WhiteKernel(0.05, (1e-5, 1.0))
    process = GaussianProcessRegressor(
        kernel, normalize_y=True, n_restarts_optimizer=3, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bounds of a length scale that is not identified
        process.fit(np.log1p(np.column_stack([weak, high])), y)
    return process.predict(np.log1p(np.column_stack(asked)))


def ours(known: Rows, asked: Asked) -> Floats:
    """The two-source law."""
    return np.array([e.value for e in fit_two_source(*known).predict(*asked)])


METHODS = {"additive law": additive, "Gaussian process": gaussian_process, "suffice": ours}


def score_panel(path: Path) -> None:
    """Print the three methods side by side, then the recommended mixes."""
    table = pl.read_csv(path)
    y = table["y"] if "y" in table.columns else 1.0 - table["accuracy"]
    weak, high, y, budget = (
        s.to_numpy().astype(float) for s in (table["n_weak"], table["n_high"], y, table["budget"])
    )
    everything = np.arange(len(y))
    splits = {"leave one out": [everything != k for k in everything]}
    splits |= {f"fit on <= {cut:g}": [budget <= cut] for cut in _CUTS if (budget > cut).any()}
    print(f"{path.name}: {len(y)} mixes, root mean square error")
    print(f"  {'':18}" + "".join(f"{name:>16}" for name in splits))
    for name, method in METHODS.items():
        row = []
        for parts in splits.values():
            missed = [y[~k] - method((weak[k], high[k], y[k]), (weak[~k], high[~k])) for k in parts]
            row.append(float(np.sqrt(np.mean(np.concatenate(missed) ** 2))))
        print(f"  {name:18}" + "".join(f"{value:16.4f}" for value in row))
    law = fit_two_source(weak, high, y)
    print("  spending on weak labels: observed best, recommended (90 % interval)")
    for b in np.unique(budget):
        own = budget == b
        share = weak[own] * law.price / b
        found = law.recommend(float(b)).weak_share
        best = share[y[own].argmin()]
        print(f"  {b:8g} {best:6.2f} {found.value:6.2f} ({found.low:.2f} to {found.high:.2f})")


def score_mixing(path: Path) -> None:
    """Knees and the gain from mixing on runs with a fixed number of rows."""
    table = pl.read_csv(path)
    # The actual share is 1 in every run with the true labels alone; what differs is how many rows.
    high = (pl.col("gt_fraction_requested").cast(pl.Float64) * 10_000).round()
    table = table.filter(pl.col("condition").is_in(["naive_mixing", "gt_only"])).with_columns(
        n_high=high, y=1.0 - pl.col("accuracy")
    )
    print(f"\n{path.name}: 10,000 rows, a share of them with true labels")
    for (loss,), rows in table.group_by("loss", maintain_order=True):
        h, y = rows["n_high"].to_numpy(), rows["y"].to_numpy()
        weak = np.where(rows["condition"].to_numpy() == "gt_only", 0.0, 10_000.0 - h)
        law = fit_two_source(weak, h, y)
        gains = [law.mixing_gain(10_000 - n, n) for n in np.unique(h) if n < 10_000]
        chance = law.knee.probability if law.knee else {}
        print(f"  {loss}: {len(y)} runs; knee claimed: {law.knee.claimed if law.knee else '-'} "
              f"({', '.join(f'{k} {v:.2f}' for k, v in chance.items())}); mixing above the true "
              f"labels alone: {sum(g.value > 0 for g in gains)} of {len(gains)} counts, surely at "
              f"{sum(g.low > 0 for g in gains)}")  # fmt: skip


def score_isoflop(folder: Path) -> None:
    """Published compute-optimal exponents, and ours by both methods."""
    points = pl.read_csv(folder / "isoflop_points.csv")
    keys = ["file", "dataset", "hparams", "warmup", "decay", "param_count"]
    print("\nN* ~ C^a: published, by isoflops, by L(N, D)")
    inside = 0
    published = pl.read_csv(folder / "published_fits.csv")
    for row in published.iter_rows(named=True):
        own = points.filter(pl.all_horizontal(pl.col(k) == row[k] for k in keys))
        a = fit_isoflop(own["n_params"], own["flops"], own["loss"]).exponent
        b = fit_scaling(own["n_params"], own["tokens"], own["loss"], draws=100).compute_exponent
        inside += a.low <= row["n_exponent"] <= a.high
        name = " ".join(row[k] for k in keys[1:])
        print(f"  {name:36} {row['n_exponent']:.3f}   {a.value:.3f} ({a.low:.3f} to {a.high:.3f})"
              f"   {b.value:.3f} ({b.low:.3f} to {b.high:.3f})")  # fmt: skip
    print(f"  {inside} of {len(published)} published exponents lie in the isoflop interval")


def main() -> int:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("curves", type=Path, help="the folder with the public curves")
    parser.add_argument("--panel", type=Path, action="append", default=[], help="more grids")
    given = parser.parse_args()
    begin = time.perf_counter()
    for path in [given.curves / "quality-quantity" / "budget_mix_accuracy.csv", *given.panel]:
        score_panel(path)
    score_mixing(given.curves / "weak-strong-mixing" / "all_runs.csv")
    score_isoflop(given.curves / "isoflop")
    print(f"\n{time.perf_counter() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
