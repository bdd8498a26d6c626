"""Public tables of training runs, read by the reader that users have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from suffice.demand.response import fit_response, points_of
from suffice.demand.runs.tables import MetricColumn, RunColumns, RunTable, SourceColumn, read_runs
from suffice.metric import SHARE, Metric

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.demand import Outcomes
    from suffice.demand.response import Response

    Floats = NDArray[np.float64]

SIZES = {"gpt2": 124e6, "gpt2-medium": 355e6, "gpt2-large": 774e6, "gpt2-xl": 1558e6}
"""Parameters of the GPT-2 models, as their makers give them."""


def share(name: str, items: int | None = None) -> MetricColumn:
    """A column of shares of which more is better."""
    return MetricColumn(
        Metric(name, better="higher", low=0.0, high=1.0, unit=SHARE, items=items), name
    )


def loss(name: str) -> MetricColumn:
    """A column of losses."""
    return MetricColumn(Metric(name, low=0.0, unit="nats"), name)


@dataclass(frozen=True, eq=False)
class Told:
    """What a law says of runs that it has not seen.

    Attributes:
        mean, low, high: of each run and metric, with the 90 % interval of a single run.
        outcomes: the draws behind them.
        response: the law.
    """

    mean: Floats
    low: Floats
    high: Floats
    outcomes: Outcomes
    response: Response


def foretell(
    seen: RunTable, asked: RunTable, *, stated: Mapping[str, float] | None = None, seed: int = 0
) -> Told:
    """Fit some runs and forecast others, all their metrics."""
    law = fit_response(seen, seen.metrics, stated=stated, seed=seed)
    return ask(law, asked, seed)


def ask(law: Response, asked: RunTable, seed: int = 0) -> Told:
    """What a law says of runs."""
    rng = np.random.default_rng([seed, 7])
    out = law.at([points_of(asked, law.cells)], rng, draws=512, runs=200)
    mean = out.mean.mean(axis=0)
    single = np.stack([out.runs(k).reshape(-1, mean.shape[1]) for k in range(len(mean))])
    low, high = np.quantile(single, [0.05, 0.95], axis=1)
    return Told(mean, low, high, out, law)


def helpsteer(folder: Path) -> RunTable:
    """26 reward models of 7,000 preferences from people or GPT-4."""
    return read_runs(
        folder / "hybrid-preferences" / "helpsteer2_runs.csv",
        RunColumns(
            sources=(SourceColumn("human", "n_human"), SourceColumn("gpt4", "n_gpt4")),
            metrics=tuple(share(n) for n in ("Overall", "Chat", "Chat Hard")),
        ),
    )


def imdb(folder: Path) -> tuple[RunTable, dict[str, float]]:
    """165 fine-tuned models by size and flips, and the error that each source states."""
    frame = pl.read_csv(folder / "imdb-size-noise" / "results_from_modal.csv").with_columns(
        pl.format("flip{}", (pl.col("noise_level") * 1000).round().cast(int)).alias("source"),
        (1.0 - pl.col("eval_accuracy")).alias("error"),
    )
    error = Metric("error", low=0.0, high=1.0, unit=SHARE, items=10_000)
    table = read_runs(
        frame,
        RunColumns(source_of="source", total="train_size", metrics=(MetricColumn(error, "error"),)),
    )
    return table, {s: int(s[4:]) / 1000 for s in table.sources}


def gpt2(folder: Path) -> RunTable:
    """Mixtures of weak and true labels, and true labels alone, on two data sets with two losses."""
    path = folder / "weak-strong-mixing" / "all_runs.csv"
    frame = pl.read_csv(path, infer_schema_length=5000).filter(
        pl.col("condition").is_in(["naive_mixing", "gt_only", "baseline", "sciq_mixing"])
    )
    kind, part = pl.col("condition"), pl.col("gt_fraction_requested")
    alone, ceiling = kind == "gt_only", pl.col("weak_model").is_null()
    true = pl.when(ceiling).then(10_000.0).otherwise(10_000.0 * part)
    weak = pl.when(alone | ceiling).then(0.0).otherwise(10_000.0 - 10_000.0 * part)
    frame = frame.with_columns(
        true.alias("n_true"),
        pl.col("strong_model").replace_strict(SIZES).alias("params"),
        *(
            pl.when(pl.col("weak_model") == m).then(weak).otherwise(0.0).alias(f"n_weak_{m}")
            for m in SIZES
        ),
    )
    return read_runs(
        frame,
        RunColumns(
            sources=(
                SourceColumn("true", "n_true"),
                *(SourceColumn(f"weak_{m}", f"n_weak_{m}") for m in SIZES),
            ),
            metrics=(share("accuracy"),),
            model="strong_model",
            size="params",
            seed="seed",
            covariates=("ds_name", "loss"),
        ),
    )


def two_sources(folder: Path) -> tuple[RunTable, Floats]:
    """39 mixes of weak and high-quality labels, and the budget of each."""
    frame = pl.read_csv(folder / "quality-quantity" / "budget_mix_accuracy.csv").with_columns(
        error=1.0 - pl.col("accuracy")
    )
    error = Metric("error", low=0.0, high=1.0, unit=SHARE)
    table = read_runs(
        frame,
        RunColumns(
            sources=(SourceColumn("weak", "n_weak"), SourceColumn("high", "n_high")),
            metrics=(MetricColumn(error, "error"),),
        ),
    )
    return table, frame["budget"].to_numpy().astype(float)


def regmix(folder: Path, size: str, *, train: bool = False) -> RunTable:
    """Losses of models of 1M, 60M or 1B on mixtures of 17 sources."""
    part, base = "train" if train else "test", folder / "regmix"
    mixtures = pl.read_csv(base / f"{part}_mixture_{size}.csv")
    sources = [c for c in mixtures.columns if c != "index"]
    return read_runs(
        [base / f"{part}_mixture_{size}.csv", base / f"{part}_pile_loss_{size}.csv"],
        RunColumns(
            sources=tuple(
                SourceColumn(c.removeprefix("train_the_pile_"), share=c) for c in sources
            ),
            metrics=(loss("metric/the_pile_pile_cc_val_loss"),),
            run="index",
        ),
    )


def olmix(folder: Path) -> RunTable:
    """Mean loss over 110 tasks of 127 models on mixtures of 24 sources."""
    base = folder / "olmix-dclm"
    ratios, metrics = pl.read_csv(base / "dclm_ratios.csv"), pl.read_csv(base / "dclm_metrics.csv")
    sources = [c for c in ratios.columns if c not in ("", "run", "name", "index")]
    losses = [c for c in metrics.columns if c not in ("", "run", "name", "index")]
    frame = ratios.join(
        metrics.select("run", pl.mean_horizontal(losses).alias("mean_loss")), on="run"
    )
    return read_runs(
        frame,
        RunColumns(
            sources=tuple(SourceColumn(c, share=c) for c in sources),
            metrics=(loss("mean_loss"),),
            run="run",
        ),
    )
