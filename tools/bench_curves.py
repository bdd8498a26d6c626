"""Measure extrapolation on public learning curves, beside baselines and published families.

    python tools/bench_curves.py DATA                  # DATA/finetuning and DATA/neural-scaling
    python tools/bench_curves.py DATA --only vision

Prints what holds and what does not. Nothing after the cut is shown to the forecast; the published
families are fitted to all points before the cut, with the same weak priors and no drift.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.demand.scaling import extrapolate
from suffice.demand.scaling._baselines import TAIL_POINTS, tail_line
from suffice.demand.scaling._extrapolate import _relative
from suffice.demand.scaling._families import FAMILIES
from suffice.demand.scaling._posterior import Batch, predict
from suffice.demand.scaling._read_curves import read_curves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CUTS = (51_200, 204_800, 409_600)
TARGET = 1_638_400
PUBLISHED = {
    "power": "M1", "saturating": "M2", "shifted": "M3", "rectified": "rectified",
    "broken": "BNSL, one break",
}  # fmt: skip
LEVEL = 0.9
BOOTSTRAPS = 2_000

Curves = dict[str, tuple["Floats", "Floats"]]


def interval_score(low: Floats, high: Floats, z: Floats) -> Floats:
    """Width and penalty for misses of a 90 % interval, in log y; smaller is better."""
    miss = np.maximum(low - z, 0.0) + np.maximum(z - high, 0.0)
    return (high - low) + 2.0 / (1.0 - LEVEL) * miss


def forecasts(known: Curves, asked: Curves) -> dict[str, Any]:
    """Log forecasts of every method for every curve: name -> [curve][at]."""
    rows = [(n, a, b) for n, (x, y) in known.items() for a, b in zip(x, y, strict=True)]
    columns = {k: [row[i] for row in rows] for i, k in enumerate(("curve", "x", "y"))}
    begin = time.perf_counter()
    found = extrapolate(columns, {name: x.tolist() for name, (x, _) in asked.items()})
    seconds = time.perf_counter() - begin
    result: dict[str, Any] = {"seconds": seconds, "found": found}
    for name, get in {
        "suffice": lambda p: p.forecast.value, "low": lambda p: p.forecast.low,
        "high": lambda p: p.forecast.high, "last value": lambda p: p.last_value,
        "tail power law": lambda p: p.tail_power_law,
    }.items():  # fmt: skip
        result[name] = [np.log([get(p) for p in curve.points]) for curve in found.curves]
    data, _ = read_curves(columns)
    at = np.zeros((len(data), max(len(x) for x, _ in asked.values())))
    for row, curve in enumerate(data):
        x = asked[curve.name][0]
        at[row, : len(x)] = np.log(x / curve.x[-1])
    batch = Batch.of([_relative(curve, len(curve.x)) for curve in data])
    chosen = [family for family in FAMILIES if family.name in PUBLISHED]
    members = predict(batch, at, chosen, drifts=(0.0,))
    for k, family in enumerate(chosen):
        result[PUBLISHED[family.name]] = [
            members.mean[k, row, : len(asked[c.name][0])] + np.log(c.y[-1])
            for row, c in enumerate(data)
        ]
    return result


def tail_interval(x: Floats, y: Floats, x_new: Floats) -> tuple[Floats, Floats]:
    """The tail power law's 90 % interval: residuals drawn again, refitted, one more added."""
    rng = np.random.default_rng(0)
    slope, level = tail_line(x, y)
    u, z = np.log(x[-TAIL_POINTS:] / x[-1]), np.log(y[-TAIL_POINTS:] / y[-1])
    fitted = level + slope * u
    residuals = (z - fitted) * np.sqrt(len(u) / max(len(u) - 2, 1))
    drawn = fitted + rng.choice(residuals, (BOOTSTRAPS, len(u)))
    slopes, levels = np.polyfit(u, drawn.T, 1)
    ahead = levels[:, None] + slopes[:, None] * np.log(x_new / x[-1])
    ahead += rng.choice(residuals, ahead.shape)
    low, high = np.quantile(ahead, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low + np.log(y[-1]), high + np.log(y[-1])


def finetuning(path: Path, cut: int) -> tuple[Curves, Curves]:
    """Curves up to the cut, and the last point of each."""
    known, asked = {}, {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            x = np.array(sorted(int(k) for k in row if k.isdigit() and int(k) > 0), dtype=float)
            y = np.array([float(row[str(int(k))]) for k in x])
            name = row["config name"]
            known[name] = x[x <= cut], y[x <= cut]
            asked[name] = x[x == TARGET], y[x == TARGET]
    return known, asked


def vision(path: Path) -> tuple[Curves, Curves]:
    """Curves where Training is 1, and where it is 0; repeated rows count once."""
    rows: dict[str, set[tuple[float, float, bool]]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            point = float(row["Seen Examples"]), float(row["Loss"]), row["Training"] == "1"
            rows.setdefault(f"{row['Task']} {row['Model']}", set()).add(point)
    known, asked = {}, {}
    for name, points in rows.items():
        for part, kept in ((known, True), (asked, False)):
            mine = np.array(sorted((x, y) for x, y, training in points if training == kept))
            part[name] = mine[:, 0], mine[:, 1]
    return known, asked


def paired(ours: Floats, theirs: Floats) -> tuple[float, float]:
    """90 % interval of the difference of two RMS over curves, curves drawn again."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(ours), size=(BOOTSTRAPS, len(ours)))
    rms = [np.sqrt((errors**2)[drawn].mean(axis=1)) for errors in (ours, theirs)]
    low, high = np.quantile(rms[0] - rms[1], [0.05, 0.95])
    return float(low), float(high)


def show_finetuning(folder: Path) -> None:
    """RMS |log error|, interval score and coverage at 1,638,400 examples, by cut."""
    methods = ("suffice", "tail power law", "last value", *PUBLISHED.values())
    print(f"\nFine-tuning curves, forecast at {TARGET:,}: RMS |log error|")
    print(f"{'set and cut':22}" + "".join(f"{m[:11]:>12}" for m in methods))
    lines, covered, pooled = [], [], {m: [] for m in methods}
    for path in (folder / "flan.csv", folder / "gigaword.csv"):
        for cut in CUTS:
            known, asked = finetuning(path, cut)
            found = forecasts(known, asked)
            z = np.array([np.log(y[0]) for _, y in asked.values()])
            errors = {m: np.array([f[0] for f in found[m]]) - z for m in methods}
            rms = [np.sqrt(np.mean(errors[m] ** 2)) for m in methods]
            for m in methods:
                pooled[m].append(errors[m])
            print(f"{path.stem} {cut:,}".ljust(22) + "".join(f"{r:12.4f}" for r in rms))
            low, high = (np.array([f[0] for f in found[k]]) for k in ("low", "high"))
            tails = [tail_interval(x, y, asked[n][0]) for n, (x, y) in known.items()]
            tail_low, tail_high = (np.array([t[k][0] for t in tails]) for k in (0, 1))
            difference = paired(errors["suffice"], errors["tail power law"])
            inside = (z >= low) & (z <= high)
            covered.append(inside)
            lines.append(
                f"{path.stem} {cut:,}".ljust(22)
                + f"{interval_score(low, high, z).mean():10.3f}"
                + f"{interval_score(tail_low, tail_high, z).mean():10.3f}"
                + f"{inside.mean():10.2f}{((z >= tail_low) & (z <= tail_high)).mean():10.2f}"
                + f"   {difference[0]:+.4f} to {difference[1]:+.4f}"
                + f"{found['found'].width_factor:8.2f}{found['seconds']:8.1f}"
            )
    whole = {m: np.concatenate(e) for m, e in pooled.items()}
    print("all".ljust(22) + "".join(f"{np.sqrt(np.mean(whole[m] ** 2)):12.4f}" for m in methods))
    heads = ("score", "tail's", "covers", "tail's")
    print("\nInterval score, coverage of 90 %, RMS less the tail power law's (90 % by curves)")
    print(" " * 22 + "".join(f"{h:>10}" for h in heads) + "   difference            width seconds")
    print("\n".join(lines))
    low, high = paired(whole["suffice"], whole["tail power law"])
    print(f"pooled: covers {np.mean(covered):.3f}; RMS less the tail's {low:+.4f} to {high:+.4f}")


def show_vision(folder: Path) -> None:
    """Mean over curves of each curve's RMSE of log loss after the cut."""
    known, asked = vision(folder / "benchmark.vision.csv")
    found = forecasts(known, asked)
    truth = [np.log(y) for _, y in asked.values()]
    print(f"\n{len(known)} vision curves: mean RMSE of log loss ({found['seconds']:.1f} s)")
    for method in ("suffice", "tail power law", "last value", *PUBLISHED.values()):
        errors = [np.sqrt(np.mean((f - z) ** 2)) for f, z in zip(found[method], truth, strict=True)]
        print(f"  {method:18}{np.mean(errors):8.4f}   median {np.median(errors):.4f}")
    print("  published: M4 .0415, BNSL .0406, NSL-PFN .0280")
    ends = list(zip(found["low"], found["high"], truth, strict=True))
    covers = np.mean(np.concatenate([(z >= low) & (z <= high) for low, high, z in ends]))
    score = np.mean(np.concatenate([interval_score(low, high, z) for low, high, z in ends]))
    print(f"  intervals cover {covers:.3f} of {sum(len(z) for z in truth):,}, score {score:.3f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", choices=("finetuning", "vision"))
    options = parser.parse_args()
    if options.only != "finetuning":
        show_vision(options.data / "neural-scaling")
    if options.only != "vision":
        show_finetuning(options.data / "finetuning")


if __name__ == "__main__":
    main()
