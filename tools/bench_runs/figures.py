"""Figures of forecasts: left-out runs, larger sizes, other models."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import tables
from rows import Row, at_least, at_most, within
from scipy.special import ndtr
from scipy.stats import spearmanr

from suffice.demand.response import (
    ResponseLaw,
    baselines_of,
    exchange_of,
    fit_response,
    points_of,
    skill_of,
    worth_of,
)
from suffice.demand.runs.tables import MetricColumn, RunColumns, SourceColumn, read_runs
from suffice.demand.scaling import fit_two_source
from suffice.forecast import Criterion, pass_chances
from suffice.metric import Metric

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def rms(errors: Floats) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(errors))))


def helpsteer(data: Path) -> list[Row]:
    """Leave one out of 26 reward models; what is claimed of people's labels."""
    table, name = tables.helpsteer(data / "runs"), "HelpSteer2"
    y = table.values[:, 0]
    errors, p = [], []
    criterion = Criterion(limits={"Overall": 0.70})
    for k in range(len(y)):
        kept = np.arange(len(y)) != k
        told = tables.foretell(table.take(kept), table.take(~kept))
        errors.append(told.mean[0, 0] - y[k])
        p.append(pass_chances(told.outcomes, criterion, told.response.metrics).mean())
    brier = float(np.mean((np.array(p) - (y >= 0.70)) ** 2))
    law = ResponseLaw(fit_response(table, table.metrics), "the model")
    worth = {(w.source, w.metric): w for w in worth_of(law)}
    chat, hard = worth["human", "Chat"], worth["human", "Chat Hard"]
    return [
        at_most(name, "RMSE of Overall, leave one out", rms(np.array(errors)), 0.0234),
        at_most(name, "Brier of P(Overall >= .70); base rate .230", brier, 0.135, 3),
        Row(name, "human labels and Chat", chat.verdict, "helps", chat.verdict == "helps"),
        Row(name, "human labels and Chat Hard", hard.verdict, "not helps", hard.verdict != "helps"),
    ]


def imdb(data: Path) -> list[Row]:
    """Cut the sizes and forecast the largest, all flip rates in one law."""
    table, stated = tables.imdb(data / "runs")
    total, name = table.counts.sum(axis=1), "imdb size and noise"
    asked = table.take(total == 15_000)
    y, rows, inside = asked.values[:, 0], [], []
    for cut, bar in ((4_000, 0.061), (7_000, 0.061), (10_000, 0.028)):
        told = tables.foretell(table.take(total <= cut), asked, stated=stated)
        error = rms(np.log(told.mean[:, 0] / y))
        rows.append(at_most(name, f"RMS log error at 15,000 from <= {cut:,}", error, bar, 3))
        inside.append((told.low[:, 0] <= y) & (y <= told.high[:, 0]))
    rows.append(within(name, "90 % intervals hold, three cuts", float(np.mean(inside)), 0.85, 0.97))
    law = ResponseLaw(fit_response(table, table.metrics, stated=stated), "the model")
    worth = exchange_of(law, "flip100", "flip0")[0].worth
    rows.append(
        Row(
            name, "worth of a label with 10 % flips, at 15,000",
            f"{worth.value:.2f} ({worth.low:.2f} to {worth.high:.2f})", "holds .45",
            worth.low <= 0.45 <= worth.high,
        )
    )  # fmt: skip
    said = "no repeats" in " ".join(law.said.assumptions)
    return [*rows, Row(name, "says that there are no repeats", str(said), "yes", said)]


def gpt2(data: Path) -> list[Row]:
    """Fit a third of the cells and forecast runs of the others."""
    table, name = tables.gpt2(data / "curves"), "weak-strong mixing"
    cell, y = table.cells(), table.values[:, 0]
    rng = np.random.default_rng(0)
    order = rng.permutation(cell.max() + 1)
    fitted = np.isin(cell, order[: len(order) // 3])
    seen, asked = table.take(fitted), table.take(~fitted)
    told = tables.foretell(seen, asked)
    out, of = y[~fitted], cell[~fitted]
    inside = float(((told.low[:, 0] <= out) & (out <= told.high[:, 0])).mean())
    linear = next(
        b
        for b in baselines_of(points_of(seen, told.response.cells), y[fitted])
        if b.name.startswith("linear in")
    )
    plain = linear.predict(points_of(asked, told.response.cells))
    # Groups that differ in the data set, model and share of true labels alone hold enough runs.
    share = np.round(asked.counts[:, 0] / np.maximum(asked.counts.sum(axis=1), 1.0), 3)
    words = next(c.words for c in asked.covariates if c.name == "ds_name") or ()
    keys = [
        f"{w} {m} {s} {a > 9_999.0}"
        for w, m, s, a in zip(words, asked.models, share, asked.counts.sum(axis=1), strict=True)
    ]
    _, group = np.unique(keys, return_inverse=True)
    gaps = {"cell": [], "group": []}
    ours, base, normal = [], [], []
    for bar in np.quantile(y, [0.2, 0.35, 0.5, 0.65, 0.8]):
        p = pass_chances(
            told.outcomes, Criterion(limits={"accuracy": float(bar)}), told.response.metrics
        ).mean(axis=0)
        met = (out >= bar).astype(float)
        ours.append(((p - met) ** 2).mean())
        base.append(met.mean() * (1.0 - met.mean()))
        normal.append(((ndtr((plain - bar) / linear.sd) - met) ** 2).mean())
        for what, by in (("cell", of), ("group", group)):
            for one in np.unique(by):
                mine = by == one
                passed = float(met[mine].mean())
                if 0.05 <= passed <= 0.95 and mine.sum() >= (1 if what == "cell" else 9):
                    gaps[what].append(abs(float(p[mine].mean()) - passed))
    law = ResponseLaw(told.response, "gpt2-xl")
    mixed, alone = (
        law.outcomes([_curve(text)], rng, draws=512, runs=10, common=True).mean[:, 0, 0].mean()
        for text in ("2500 true + 7500 weak_gpt2-large", "2500 true")
    )
    brier = float(np.mean(ours))
    return [
        at_most(name, "mean error of P, contested groups of 9 runs and more",
                float(np.mean(gaps["group"])), 0.10, 3),
        Row(name, "mean error of P, contested cells of 3 runs", f"{np.mean(gaps['cell']):.3f}",
            "1/6 is what P = .5 misses"),
        within(name, "90 % intervals of single runs hold", inside, 0.85, 0.95),
        at_most(name, f"Brier, five thresholds; base rate {np.mean(base):.3f}", brier,
                round(float(np.mean(base)), 3), 3),
        at_most(name, "Brier against the normal around a linear fit", brier,
                round(float(np.mean(normal)), 3), 3),
        Row(name, "2,500 true labels: mixed against alone", f"{mixed:.3f}, {alone:.3f}",
            "mixing ranks above", bool(mixed > alone)),
    ]  # fmt: skip


def _curve(text: str):  # noqa: ANN202
    from suffice.curve import Curve

    return Curve.parse(text)


def two_sources(data: Path) -> list[Row]:
    """39 mixes, beside the law that was made for two sources."""
    table, budget = tables.two_sources(data / "curves")
    y, counts, name = table.values[:, 0], table.counts, "quality-quantity"
    weak, high = (counts[:, table.sources.index(s)] for s in ("weak", "high"))

    def own(kept: NDArray[np.bool_]) -> Floats:
        law = fit_two_source(weak[kept], high[kept], y[kept])
        return np.array([e.value for e in law.predict(weak[~kept], high[~kept])]) - y[~kept]

    rows = []
    for cut in (256.0, 1024.0):
        kept = budget <= cut
        ours = rms(tables.foretell(table.take(kept), table.take(~kept)).mean[:, 0] - y[~kept])
        bar = round(rms(own(kept)), 4)
        rows.append(at_most(name, f"RMSE, fit on budgets <= {cut:g}", ours, bar))
    out = [np.arange(len(y)) != k for k in range(len(y))]
    ours = rms(
        np.array([
            tables.foretell(table.take(k), table.take(~k)).mean[0, 0] - y[~k][0] for k in out
        ])
    )  # fmt: skip
    bar = round(rms(np.concatenate([own(k) for k in out])), 4)
    return [*rows, at_most(name, "RMSE, leave one out", ours, bar)]


def regmix(data: Path) -> list[Row]:
    """Rank mixtures of larger models by a law of 512 small ones."""
    law = fit_response(seen := tables.regmix(data / "runs", "1m", train=True), seen.metrics)
    rows = []
    for size, bar in (("1m", 0.0), ("60m", 0.984), ("1B", 0.923)):
        asked = tables.regmix(data / "runs", size)
        told = tables.ask(law, asked)
        rank = float(spearmanr(told.mean[:, 0], asked.values[:, 0])[0])
        what = f"Spearman at {size}, Pile-CC loss"
        rows.append(
            at_least("regmix", what, rank, bar, 4) if bar else Row("regmix", what, f"{rank:.4f}")
        )
    return rows


def olmix(data: Path) -> list[Row]:
    """Five folds of 127 mixtures of 24 sources."""
    table = tables.olmix(data / "runs")
    y = table.values[:, 0]
    fold = np.random.default_rng(0).permutation(len(y)) % 5
    found = np.empty(len(y))
    for k in range(5):
        out = fold == k
        found[out] = tables.foretell(table.take(~out), table.take(out)).mean[:, 0]
    rank = float(spearmanr(found, y)[0])
    return [
        at_least("olmix dclm", "Spearman, five folds", rank, 0.96),
        at_most("olmix dclm", "RMSE, five folds", rms(found - y), 0.044),
    ]


def finetuning(data: Path) -> list[Row]:
    """30 models by size of the fine-tuning set, all in one law with size as an axis."""
    rows = []
    for task, bars in (("flan", (0.102, 0.023, 0.023)), ("gigaword", (0.031, 0.017, 0.015))):
        frame = pl.read_csv(data / "curves" / "finetuning" / f"{task}.csv")
        sizes = [c for c in frame.columns if c.isdigit() and int(c) > 0]
        long = frame.unpivot(
            sizes, index=["config name", "size"], variable_name="n", value_name="loss"
        ).with_columns(pl.col("n").cast(pl.Float64))
        table = read_runs(
            long,
            RunColumns(
                sources=(SourceColumn("examples", "n"),),
                metrics=(MetricColumn(Metric("loss", low=0.0, unit="nats"), "loss"),),
                model="config name",
                size="size",
            ),
        )
        n = table.counts[:, 0]
        asked = table.take(n == 1_638_400)
        for cut, bar in zip((51_200, 204_800, 409_600), bars, strict=True):
            told = tables.foretell(table.take(n <= cut), asked)
            error = rms(np.log(told.mean[:, 0] / asked.values[:, 0]))
            what = f"{task}: RMS log error at 1,638,400 from <= {cut:,}"
            rows.append(at_most("fine-tuning", what, error, bar, 3))
    return rows


def speed(data: Path) -> list[Row]:
    """Time of fits, one process."""
    del data
    rng = np.random.default_rng(0)
    rows = []
    for runs, sources, metrics, bar in ((30, 2, 1, 5.0), (1_000, 24, 5, 60.0)):
        shares = rng.dirichlet(np.ones(sources), runs)
        slopes = rng.standard_normal((sources, metrics))
        values = 3.0 + 0.1 * shares @ slopes + 0.01 * rng.standard_normal((runs, metrics))
        frame = pl.DataFrame(
            {f"n_s{k}": shares[:, k] * 1e4 for k in range(sources)}
            | {f"loss{k}": values[:, k] for k in range(metrics)}
        )
        table = read_runs(
            frame,
            RunColumns(
                sources=tuple(SourceColumn(f"s{k}", f"n_s{k}") for k in range(sources)),
                metrics=tuple(tables.loss(f"loss{k}") for k in range(metrics)),
            ),
        )
        begin = time.perf_counter()
        law = ResponseLaw(fit_response(table, table.metrics), "the model")
        seconds = time.perf_counter() - begin
        skill_of(law)
        what = f"seconds to fit {runs:,} runs, {sources} sources, {metrics} metrics"
        rows.append(at_most("speed", what, seconds, bar, 1))
    return rows
