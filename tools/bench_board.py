"""Freeze the board and score forecasts on it: public training runs, each with a criterion.

    python tools/bench_board.py ../shared/data --write

The rule is fixed, and stated in docs/board.md: which runs of a set may be seen, which are to be
forecast, and the limits, which are the quartiles of each metric over those to be forecast. Writes
``docs/results/board.csv`` (the table, with our P and those of two simple forecasters),
``docs/results/board_visible.csv`` and ``docs/results/board.md`` (how they came out).
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from suffice._streams import Stream
from suffice.demand.response import baselines_of, fit_response, points_of
from suffice.demand.runs import MetricColumn, RunColumns, RunTable, SourceColumn, read_runs
from suffice.metric import Metric
from suffice.stages import score

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "docs" / "results"
BASES = (0.25, 0.5, 0.75)
"""Base rates that limits are chosen for: a rare success, an even chance, a common one."""
LINEAR = "linear in shares and log counts"
DRAWS, RUNS = 1000, 4
"""Draws of the law and runs a draw: P is then known to .01 and better."""
SUREST = 0.001
"""No P of ours or of the linear fit is nearer to 0 or 1: so few draws cannot tell, and one certain
forecast that is wrong would make the log score of all minus infinity."""


@dataclass(frozen=True, eq=False)
class Set:
    """Runs of one study, and which of them may be seen.

    Attributes:
        name: of the set.
        table: its runs.
        metrics: that limits are put on, by their names in the table.
        folds: pairs of visible places and places to forecast.
        groups: what makes rows depend on each other [run].
    """

    name: str
    table: RunTable
    metrics: tuple[str, ...]
    folds: tuple[tuple[Places, Places], ...]
    groups: tuple[str, ...]


def main() -> int:
    """Freeze, forecast, score, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=ROOT.parent / "shared" / "data")
    parser.add_argument("--write", action="store_true", help="renew docs/results/board*")
    parser.add_argument("--only", help="one set, without writing")
    given = parser.parse_args()
    rows: list[dict[str, object]] = []
    visible: list[dict[str, object]] = []
    for one in sets(given.data):
        if given.only in (None, one.name):
            begin = time.monotonic()
            rows += forecast(one)
            visible += [
                {"set": one.name, "fold": k, "run": one.table.ids[place]}
                for k, (seen, _) in enumerate(one.folds)
                for place in seen
            ]
            print(f"{one.name}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)
    board = pl.DataFrame(rows)
    text = report(board)
    print(text)
    if given.write and given.only is None:
        board.write_csv(RESULTS / "board.csv")
        pl.DataFrame(visible).write_csv(RESULTS / "board_visible.csv")
        (RESULTS / "board.md").write_text(text, encoding="utf-8")
    return 0


def sets(data: Path) -> Iterator[Set]:
    """The sets of the board, each with its fixed split."""
    runs, curves = data / "runs", data / "curves"
    table = read_runs(runs / "hybrid-preferences" / "helpsteer2_runs.csv")
    yield Set("helpsteer2", table, ("Overall", "Chat Hard", "Safety"), dealt(table, 5), table.ids)

    accuracy = MetricColumn(
        Metric("eval_accuracy", better="higher", low=0, high=1), "eval_accuracy"
    )
    columns = RunColumns(source_of="noise_level", total="train_size", metrics=(accuracy,))
    table = read_runs(runs / "imdb-size-noise" / "results_from_modal.csv", columns)
    names = tuple(table.sources[k] for k in table.counts.argmax(axis=1))
    yield Set("imdb-size-noise", table, ("eval_accuracy",), larger(table, 7000), names)

    table = mixing(curves / "weak-strong-mixing" / "all_runs.csv")
    yield Set("weak-strong-mixing", table, ("accuracy",), third(table), settings(table))

    table = read_runs(curves / "quality-quantity" / "budget_mix_accuracy.csv")
    yield Set("quality-quantity", table, ("accuracy",), dealt(table, 5), table.ids)

    mixtures, losses = "train_mixture_1m.csv", "train_pile_loss_1m.csv"
    table = read_runs([runs / "regmix" / mixtures, runs / "regmix" / losses])
    table = table.take(np.arange(0, len(table), 2))  # half of them: the file stays small
    metric = "metric/the_pile_pile_cc_val_loss"
    yield Set("regmix", table, (metric,), dealt(table, 2)[:1], table.ids)

    table = read_runs([runs / "olmix-dclm" / "dclm_ratios.csv",
                       runs / "olmix-dclm" / "dclm_metrics.csv"])  # fmt: skip
    table = lower(table, "hellaswag:rc::olmes")
    yield Set("olmix-dclm", table, ("hellaswag:rc::olmes",), dealt(table, 2), table.ids)

    for name in ("data_constrained", "domain_mixture"):
        paths = [runs / "scalebench" / f"{name}_scaling_law.{part}.parquet"
                 for part in ("train", "test")]  # fmt: skip
        seen = len(read_runs(paths[0]))
        table = read_runs(paths)
        split = (np.arange(seen), np.arange(seen, len(table)))
        metrics = tuple(m.name for m in table.metrics)
        yield Set(f"scalebench-{name}", table, metrics, (split,), table.ids)

    for name in ("flan", "gigaword"):
        table = read_runs(curves / "finetuning" / f"{name}.csv")
        models = tuple(m or "" for m in table.models)
        yield Set(f"finetuning-{name}", table, ("value",), larger(table, 25_600), models)


def mixing(path: Path) -> RunTable:
    """Runs of a fixed number of labels, part weak and part true, on two tasks."""
    metric = MetricColumn(Metric("accuracy", better="higher", low=0, high=1), "accuracy")
    columns = RunColumns(
        sources=(SourceColumn("truth", share="gt_fraction_requested"),
                 SourceColumn("weak", rest=True)),
        metrics=(metric,), total=10_000.0, run="run_dir", model="strong_model", seed="seed",
        data_seed="gt_seed", covariates=("loss", "weak_model", "ds_name", "lr"),
        where=(("condition", ("naive_mixing", "sciq_mixing")),),
    )  # fmt: skip
    return read_runs(path, columns)


def settings(table: RunTable) -> tuple[str, ...]:
    """Model and settings of each run: the curve that it is a point of."""
    words = [[str(c.words[k]) for c in table.covariates if c.words] for k in range(len(table))]
    return tuple(f"{m} {' '.join(w)}" for m, w in zip(table.models, words, strict=True))


def lower(table: RunTable, name: str) -> RunTable:
    """The table with a metric that no name gives a direction: these are bits per byte."""
    from dataclasses import replace

    metrics = tuple(replace(m, better="lower") if m.name == name else m for m in table.metrics)
    return replace(table, metrics=metrics)


def dealt(table: RunTable, folds: int) -> tuple[tuple[Places, Places], ...]:
    """Cells dealt in turn, each forecast from the others."""
    cells = table.cells()
    return tuple(
        (np.flatnonzero(cells % folds != k), np.flatnonzero(cells % folds == k))
        for k in range(folds)
    )


def third(table: RunTable) -> tuple[tuple[Places, Places], ...]:
    """Every third cell is seen, the others are to be forecast."""
    cells = table.cells()
    return ((np.flatnonzero(cells % 3 == 0), np.flatnonzero(cells % 3 != 0)),)


def larger(table: RunTable, most: float) -> tuple[tuple[Places, Places], ...]:
    """Runs of so many labels and fewer are seen, larger ones are to be forecast."""
    total = table.counts.sum(axis=1)
    return ((np.flatnonzero(total <= most), np.flatnonzero(total > most)),)


def forecast(one: Set) -> list[dict[str, object]]:
    """The rows of a set."""
    rows: list[dict[str, object]] = []
    for name in one.metrics:
        m = one.table.metric(name)
        metric = one.table.metrics[m]
        values = one.table.values[:, m]
        ahead = np.concatenate([hidden for _, hidden in one.folds])
        limits = limits_of(values[ahead], metric)
        for fold, (seen, hidden) in enumerate(one.folds):
            hidden = hidden[np.isfinite(values[hidden])]
            ours, linear = chances(one.table, metric, m, seen, hidden, limits)
            for k, place in enumerate(hidden):
                for b, base in enumerate(BASES):
                    met = metric.sign * values[place] <= metric.sign * limits[b]
                    rows.append(
                        {
                            "id": f"{one.name}|{place}|{name}|{base:g}",
                            "set": one.name,
                            "group": f"{one.name}|{one.groups[place]}",
                            "fold": fold,
                            "run": one.table.ids[place],
                            "metric": name,
                            "better": metric.better,
                            "limit": limits[b],
                            "cost": cost(one.table, int(place)),
                            "outcome": int(met),
                            "p_base_rate": base,
                            "p_linear": round(float(linear[k, b]), 3),
                            "p_suffice": round(float(ours[k, b]), 3),
                        }
                    )
    return rows


def limits_of(values: Floats, metric: Metric) -> list[float]:
    """Limits that a quarter, half and three quarters of the runs meet, to four digits."""
    there = values[np.isfinite(values)]
    quantiles = [base if metric.better == "lower" else 1 - base for base in BASES]
    return [float(f"{np.quantile(there, q):.4g}") for q in quantiles]


def chances(
    table: RunTable, metric: Metric, m: int, seen: Places, hidden: Places, limits: list[float]
) -> tuple[Floats, Floats]:
    """P of each run and limit, by the law and by a normal around a linear fit."""
    from scipy.special import ndtr

    known = table.take(seen[np.isfinite(table.values[seen, m])])
    law = fit_response(known, (metric,))
    points = points_of(table.take(hidden), law.cells)
    outcomes = law.at([points], Stream.BOARD.rng(0), draws=DRAWS, runs=RUNS)
    bounds = metric.sign * np.array(limits)
    ours = np.array([
        [(metric.sign * outcomes.runs(k)[..., 0] <= bound).mean() for bound in bounds]
        for k in range(len(hidden))
    ])  # fmt: skip
    fitted = baselines_of(points_of(known, law.cells), known.values[:, m])
    linear = next(b for b in fitted if b.name == LINEAR)
    off = bounds[None, :] - metric.sign * linear.predict(points)[:, None]
    both = ours, ndtr(off / linear.sd)
    return np.clip(both[0], SUREST, 1 - SUREST), np.clip(both[1], SUREST, 1 - SUREST)


def cost(table: RunTable, run: int) -> float:
    """Labels times parameters where both are known, in units of a set: what a run costs."""
    total = float(table.counts[run].sum()) if table.unit == "labels" else 1.0
    size = float(table.sizes[run])
    most = float(table.counts.sum(axis=1).max()) if table.unit == "labels" else 1.0
    if np.isfinite(size):
        total, most = total * size, most * float(np.nanmax(table.sizes))
    return float(f"{total / most:.4g}")


def report(board: pl.DataFrame) -> str:
    """How the forecasters came out, as a page."""
    named = {"suffice": "p_suffice", "normal around a linear fit": "p_linear",
             "base rate": "p_base_rate"}  # fmt: skip
    lines = [
        "# The board: how forecasts came out",
        "",
        "Made by `make board` ([what a row is, and how to submit](../board.md)). "
        f"{len(board):,} forecasts of {board['group'].n_unique()} groups in "
        f"{board['set'].n_unique()} sets; intervals hold 90 % and resample groups.",
        "",
        "| forecaster | Brier score | log score | skill over the base rate | "
        "skill over the linear fit | successes kept | failures stopped | cost saved |",
        "|---|---|---|---|---|---|---|---|",
    ]
    scored = {}
    for name, column in named.items():
        others = [c for c in ("p_base_rate", "p_linear") if c != column]
        found = score(board.select("set", "group", "cost", "outcome", *others,
                                   pl.col(column).alias("p"))).scores  # fmt: skip
        scored[name] = found
        skills = [found.skill.get(k) for k in ("base rate", "linear")]
        cells = [told(found.brier), told(found.log_score, 2), *map(told, skills),
                 share(found.go.successes_kept), share(found.go.failures_stopped),
                 share(found.go.saved)]  # fmt: skip
        lines.append(f"| {name} | {' | '.join(cells)} |")
    header = "| set | forecasts | suffice | linear | base rate |"
    lines += ["", "## By set", "", "Brier scores.", "", header, "|---|---|---|---|---|"]
    ours, linear, base = (scored[n].by_set for n in named)
    lines += [
        f"| {name} | {count} | {brier:.3f} | {linear[name][1]:.3f} | {base[name][1]:.3f} |"
        for name, (count, brier) in ours.items()
    ]
    header = "| P from | to | forecasts | said | came true |"
    lines += ["", "## Calibration of suffice", "", header, "|---|---|---|---|---|"]
    lines += [
        f"| {b.low:.1f} | {b.high:.1f} | {b.forecasts} | {b.said:.2f} | {told(b.came, 2)} |"
        for b in scored["suffice"].curve
    ]
    return "\n".join([*lines, ""])


def told(e: object, digits: int = 3) -> str:
    """An estimate with its interval."""
    if e is None:
        return "-"
    if not np.isfinite(e.value):  # type: ignore[attr-defined]
        return "minus infinity"
    return f"{e.value:.{digits}f} ({e.low:.{digits}f} to {e.high:.{digits}f})"  # type: ignore[attr-defined]


def share(e: object) -> str:
    """A share in per cent with its interval."""
    return "-" if e is None else f"{e.value:.0%} ({e.low:.0%} to {e.high:.0%})"  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
