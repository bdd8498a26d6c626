"""Figures of runs that are chosen: prediction under a budget of compute, and the best mixture.

Runs are chosen by what ``suffice ask`` goes by where no run moves a decision: the share of doubt
that each does away with (``suffice.plan.Doubt``), here for its price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import tables
from rows import Row, at_least

from suffice.channel import FixedPosterior, NoisyChannel, Profile, Source
from suffice.demand.response import ResponseLaw, curve_of, fit_response, points_of
from suffice.demand.runs.tables import RunColumns, RunTable, SourceColumn, read_runs
from suffice.forecast import Criterion
from suffice.plan import Doubt, Market, ask_runs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.demand.response import Response

    Floats = NDArray[np.float64]

FIRST, BATCH = 10, 10
"""Runs to start with, and handed out at a time."""

REPEATS, STARTS, STEPS = 5, 3, 12
"""Random choices that are averaged, starts of a way, and steps of it."""


def _data_constrained(data: Path, part: str) -> tuple[RunTable, Floats]:
    frame = pl.read_parquet(
        data / "runs" / "scalebench" / f"data_constrained_scaling_law.{part}.parquet"
    ).with_row_index("id")
    cost = (frame["params"] * frame["tokens"]).to_numpy()
    table = read_runs(
        frame.with_columns(epochs=pl.col("tokens") / pl.col("unique_tokens")),
        RunColumns(
            run="id",
            sources=(SourceColumn("text", "unique_tokens"),),
            metrics=(tables.loss("loss"),),
            size="params",
            covariates=("epochs",),
        ),
    )
    return table, cost


def _domains(data: Path, part: str) -> tuple[RunTable, Floats]:
    frame = pl.read_parquet(
        data / "runs" / "scalebench" / f"domain_mixture_scaling_law.{part}.parquet"
    ).with_row_index("id")
    shares = [c for c in frame.columns if c.startswith("proportion")]
    losses = [c for c in frame.columns if c.startswith("loss")]
    size = frame["group"].str.strip_suffix("M").cast(pl.Float64) * 1e6
    table = read_runs(
        frame.with_columns(size=size),
        RunColumns(
            run="id",
            sources=tuple(SourceColumn(c, share=c) for c in shares),
            metrics=tuple(tables.loss(c) for c in losses),
            size="size",
        ),
    )
    # Tokens are the same for all: cost goes by the square of size, as tokens of a full run would.
    return table, size.to_numpy()


def _r2(seen: RunTable, asked: RunTable) -> float:
    told, y = tables.foretell(seen, asked), asked.values
    left = ((y - told.mean) ** 2).sum(axis=0)
    return float(np.mean(1.0 - left / ((y - y.mean(axis=0)) ** 2).sum(axis=0)))


def _logs(table: RunTable) -> Floats:
    """Log counts, sizes and settings [run, column]."""
    settings = [np.log(c.values)[:, None] for c in table.covariates if c.values is not None]
    # Shares of less than one stay apart from none at all.
    counts = np.log(table.counts + 1e-2)
    return np.concatenate([counts, np.log(table.sizes)[:, None], *settings], axis=1)


def _first(table: RunTable, cost: Floats, budget: float) -> list[int]:
    """Cheap runs, spread over what can be run: a fifth of the budget at most."""
    cheap = np.argsort(cost, kind="stable")
    within = cheap[np.cumsum(cost[cheap]) <= 0.5 * budget]
    raw = _logs(table)
    at = (raw - raw.mean(axis=0)) / np.maximum(raw.std(axis=0), 1e-9)
    chosen = [int(within[0])]
    while len(chosen) < min(FIRST, len(within)):
        gap = ((at[within][:, None] - at[chosen][None]) ** 2).sum(axis=2).min(axis=1)
        fits = cost[chosen].sum() + cost[within] <= 0.3 * budget
        if not fits.any():
            break
        chosen.append(int(within[np.where(fits, gap, -1.0).argmax()]))
    return chosen


def _asked(table: RunTable, target: RunTable, cost: Floats, budget: float) -> NDArray[np.int64]:
    """Runs that are asked for one after the other, until the budget is spent."""
    chosen = _first(table, cost, budget)
    while True:
        law = fit_response(table.take(np.array(sorted(chosen))), table.metrics)
        places = points_of(table, law.cells), points_of(target, law.cells)
        draws = [law.at([p], np.random.default_rng(0), draws=512, runs=2) for p in places]
        doubt = Doubt(draws[1].mean, draws[0].mean, draws[0].spread)
        for i in chosen:
            doubt.learn(i)
        added = 0
        while added < BATCH:
            left = budget - cost[chosen].sum()
            gain = np.where(cost <= left, doubt.gains() / cost, -1.0)
            gain[chosen] = -1.0
            best = int(gain.argmax())
            if gain[best] < 0.0:
                return np.array(sorted(chosen))
            chosen.append(best)
            doubt.learn(best)
            added += 1


def _optimal(
    table: RunTable, target: RunTable, cost: Floats, budget: float, kind: str
) -> NDArray[np.int64]:
    """Greedy D-optimal or V-optimal runs for a law quadratic in logs, for their price."""
    base = _logs(table)

    def columns(t: RunTable) -> Floats:
        x = (_logs(t) - base.mean(axis=0)) / np.maximum(base.std(axis=0), 1e-9)
        return np.column_stack([np.ones(len(x)), x, x**2])

    x, z = columns(table), columns(target)
    inverse = np.eye(x.shape[1]) * 10.0
    chosen: list[int] = []
    while True:
        left = budget - cost[chosen].sum()
        moved = x @ inverse
        lever = (moved * x).sum(axis=1)
        gain = np.log1p(lever) if kind == "D" else ((moved @ z.T) ** 2).sum(axis=1) / (1.0 + lever)
        gain = np.where(cost <= left, gain / cost, -1.0)
        gain[chosen] = -1.0
        best = int(gain.argmax())
        if gain[best] < 0.0:
            return np.array(sorted(chosen))
        row = inverse @ x[best]
        inverse -= np.outer(row, row) / (1.0 + x[best] @ row)
        chosen.append(best)


def scalebench(data: Path) -> list[Row]:
    """Test R2 of runs that are asked for under a share of the whole cost."""
    rows = []
    for name, read, share, bar in (
        ("scalebench data_constrained", _data_constrained, 0.1, 0.85),
        ("scalebench domain_mixture", _domains, 0.2, 0.64),
    ):
        (table, cost), (target, _) = read(data, "train"), read(data, "test")
        budget = share * float(cost.sum())
        chosen = _asked(table, target, cost, budget)
        rows.append(
            at_least(
                name,
                f"test R2, asked for under {share:.0%} of the cost ({len(chosen)} runs)",
                _r2(table.take(chosen), target),
                bar,
            )
        )
        rng, random = np.random.default_rng(0), []
        for _ in range(REPEATS):
            order = rng.permutation(len(cost))
            kept = np.sort(order[np.cumsum(cost[order]) <= budget])
            random.append(_r2(table.take(kept), target) if len(kept) >= 4 else float("nan"))
        rows.append(
            Row(name, "random runs under it, median of five", f"{np.nanmedian(random):.3f}")
        )
        for kind in ("D", "V"):
            kept = _optimal(table, target, cost, budget, kind)
            rows.append(
                Row(name, f"{kind}-optimal runs under it", f"{_r2(table.take(kept), target):.3f}")
            )
        rows.append(Row(name, "all runs", f"{_r2(table, target):.3f}"))
    return rows


def regret(data: Path) -> list[Row]:
    """How fast the best mixture of a table is found: by what ``ask`` hands out, and at random."""
    rows = []
    for name, table in (
        ("HelpSteer2", tables.helpsteer(data / "runs")),
        ("weak-strong mixing, gpt2-xl", _one_model(data)),
    ):
        cell = table.cells()
        means = np.bincount(cell, table.values[:, 0]) / np.bincount(cell)
        ours, random = [], []
        for seed in range(STARTS):
            order = np.random.default_rng(seed).permutation(len(cell)).tolist()
            ours.append(_way(table, means, cell, order, asked=True))
            random.append(_way(table, means, cell, order, asked=False))
        gap = np.array(random) - np.array(ours)
        rng = np.random.default_rng(0)
        drawn = rng.choice(gap, (2000, len(gap))).mean(axis=1)
        low, high = np.quantile(drawn, [0.05, 0.95])
        fewer = float(np.mean(ours)) < float(np.mean(random))
        rows += [
            Row(name, "mean regret on the way through half of the runs: asked for, at random",
                f"{np.mean(ours):.4f}, {np.mean(random):.4f}", "less than random", fewer),
            Row(name, "how much less (90 %, starts drawn again)",
                f"{gap.mean():.4f} ({low:.4f} to {high:.4f})"),
        ]  # fmt: skip
    return rows


def _one_model(data: Path) -> RunTable:
    table = tables.gpt2(data / "curves")
    said = {c.name: c.words or () for c in table.covariates}
    kept = [
        m == "gpt2-xl" and w == "boolq" and loss == "xent"
        for m, w, loss in zip(table.models, said["ds_name"], said["loss"], strict=True)
    ]
    return table.take(np.array(kept))


def _way(
    table: RunTable, means: Floats, cell: NDArray[np.int64], order: list[int], *, asked: bool
) -> float:
    """Mean regret of the mixture believed best, while runs of the hidden part are made."""
    batch = max(1, len(order) // 2 // STEPS)
    seen, hidden = order[:6], order[6:]
    curve = []
    while len(seen) < len(order) // 2 and hidden:
        law = fit_response(table.take(np.array(sorted(seen))), table.metrics[:1])
        believed = int(tables.ask(law, table).mean[:, 0].argmax())
        curve.append(float(means.max() - means[cell[believed]]))
        taken = _handed_out(table, law, seen, hidden, batch) if asked else hidden[:batch]
        seen = seen + taken
        hidden = [h for h in hidden if h not in taken]
    return float(np.mean(curve))


def _handed_out(
    table: RunTable, response: Response, seen: list[int], hidden: list[int], count: int
) -> list[int]:
    """Hidden runs of the curves that ``ask`` hands out."""
    law = ResponseLaw(response, response.cells.models[0])
    columns = response.cells.columns
    counts = points_of(table, response.cells).counts
    curves = [curve_of(columns, row) for row in counts]
    sources = {s: _source(s) for s, _ in columns}
    market = Market(
        sources=sources, order=tuple(sources), repeats=dict.fromkeys(sources, (1,)),
        limits=dict.fromkeys(sources), money=1.0, weeks=1.0, smallest=1,
    )  # fmt: skip
    told = tables.ask(response, table).mean[:, 0]
    # To be better than what is believed best: a coin toss for the best, less for others.
    criterion = Criterion(limits={table.metrics[0].name: float(told.max())})
    best = np.argsort(-told, kind="stable")
    actions = list(dict.fromkeys(curves[i] for i in best if curves[i].tranches))[:24]
    candidates = [curves[i] for i in hidden if curves[i].tranches]
    found = ask_runs(
        law, market, criterion, actions, candidates, count=count, price=0.0, value=1000.0
    )
    taken: list[int] = []
    for wanted in found.runs:
        left = [i for i in hidden if i not in taken and curves[i] == wanted.curve]
        taken += left[:1]
    return taken or hidden[:count]


def _source(name: str) -> Source:
    one = np.ones((1, 1))
    return Source(
        name, 0.0, FixedPosterior(NoisyChannel(name, Profile(0.25 * one, one, 0.0 * one)))
    )
