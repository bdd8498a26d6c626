"""The tables of an audit of a scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.estimate import cells, intervals

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.supply.doubts import Flag
    from suffice.supply.scales._fit import ScaleFit
    from suffice.supply.scales._scale_votes import ScaleVotes

    Array = NDArray[Any]

_LEAST_COMMON, _MOST_PAIRS, _MOST_WORKERS = 10, 500, 200
"""Common tasks of a pair of workers, pairs that are listed, and workers that are compared (as for
classes)."""
_MOST_DENSE = 50_000_000
"""Cells (workers x tasks) that the pairs are compared on, 400 MB; fewer workers of larger
tables."""


def scale_tasks(votes: ScaleVotes, fit: ScaleFit, truth_DT: Array) -> pl.DataFrame:
    """One row a task."""
    import numpy as np
    import polars as pl

    low, high = intervals(truth_DT, axis=0)
    n = np.bincount(votes.task, minlength=len(votes.tasks))
    mean = np.bincount(votes.task, votes.value, len(votes.tasks)) / np.maximum(n, 1)
    columns: dict[str, Any] = {"task": pl.Series(votes.tasks, strict=False)}
    truth = truth_DT.mean(axis=0)
    known = np.isfinite(votes.gold)
    truth, low, high = (np.where(known, votes.gold, of) for of in (truth, low, high))
    if fit.level_TL is not None:
        # What is added for shared error is in these draws, not in the model's.
        near = np.abs(truth_DT[:, :, None] - votes.levels).argmin(axis=2)
        chance = np.stack([(near == k).mean(axis=0) for k in range(len(votes.levels))], axis=1)
        best = chance.argmax(axis=1)
        gold_level = np.abs(np.nan_to_num(votes.gold)[:, None] - votes.levels).argmin(axis=1)
        best = np.where(known, gold_level, best)
        sure = np.where(known, 1.0, chance[np.arange(len(best)), best])
        columns |= {"label": votes.levels[best], "confidence": sure}
    columns |= {"truth": truth, "low": low, "high": high, "mean": mean, "labels": n}
    return pl.DataFrame(columns)


def scale_workers(votes: ScaleVotes, fit: ScaleFit, flags: dict[int, list[Flag]]) -> pl.DataFrame:
    """One row a worker."""
    import numpy as np
    import polars as pl

    workers = len(votes.workers)
    columns: dict[str, Any] = {
        "worker": pl.Series(votes.workers, strict=False),
        "labels": np.bincount(votes.worker, minlength=workers),
    }
    for name, drawn in (
        ("bias", fit.bias_DW),
        ("reach", fit.reach_DW),
        ("noise", fit.noise_DW),
        ("tells", fit.tells_DW),
        ("bits", fit.bits_DW),
    ):
        low, high = intervals(drawn, axis=0)
        columns |= {name: drawn.mean(axis=0), f"{name}_low": low, f"{name}_high": high}
    columns["suspect"] = [worker in flags for worker in range(workers)]
    columns["reason"] = ["; ".join(f.reason for f in flags.get(w, ())) for w in range(workers)]
    return pl.DataFrame(columns)


def scale_sources(
    votes: ScaleVotes, fit: ScaleFit, truth_DT: Array, rng: np.random.Generator
) -> pl.DataFrame:
    """One row a source and slice, and one for all slices of a source.

    Model: distances of the labels from each draw of the truth, tasks weighted by a Bayesian
    bootstrap (Rubin 1981), so that the interval holds both doubts. Bits are those of the workers'
    labels, in proportion to how many they gave.
    """
    import numpy as np
    import polars as pl

    rows: list[dict[str, Any]] = []
    places: list[tuple[str, int | None]] = [("all", None)]
    if len(votes.slice_names) > 1:
        places += [(name, number) for number, name in enumerate(votes.slice_names)]
    weights = rng.exponential(size=(len(truth_DT), len(votes.tasks))).astype(np.float32)
    for source, name in enumerate(votes.source_names):
        for place, number in places:
            mask = np.broadcast_to(votes.sources == source, len(votes))
            if number is not None:
                mask = mask & (votes.slices[votes.task] == number)
            if not mask.any():
                continue
            task, worker, value = votes.task[mask], votes.worker[mask], votes.value[mask]
            square, lean = np.empty(len(truth_DT)), np.empty(len(truth_DT))
            for draw, truth in enumerate(truth_DT):
                off, weight = value - truth[task], weights[draw][task]
                square[draw] = (weight @ off**2) / weight.sum()
                lean[draw] = (weight @ off) / weight.sum()
            load = np.bincount(worker, minlength=len(votes.workers)).astype(float)
            bits = fit.bits_DW @ (load / load.sum())
            price = float(votes.cost[source])
            row: dict[str, Any] = {
                "source": name,
                "slice": place,
                "labels": int(mask.sum()),
                "tasks": len(np.unique(task)),
                "workers": len(np.unique(worker)),
            }
            row |= cells("error", np.sqrt(square)) | cells("lean", lean) | cells("bits", bits)
            known = np.isfinite(price)
            row["price"] = price if known else None
            per_bit = cells("price_per_bit", price / np.maximum(bits, 1e-9)) if known else {}
            for key in ("price_per_bit", "price_per_bit_low", "price_per_bit_high"):
                row[key] = per_bit.get(key)
            rows.append(row)
    return pl.DataFrame(rows, infer_schema_length=None)


def scale_pairs(votes: ScaleVotes) -> pl.DataFrame:
    """Pairs of workers with enough common tasks: mean difference and correlation.

    Those with most tasks come first; of very many workers the busiest alone.
    """
    import numpy as np
    import polars as pl

    tasks, workers = len(votes.tasks), len(votes.workers)
    load = np.bincount(votes.worker, minlength=workers)
    most = int(np.clip(_MOST_DENSE // max(tasks, 1), 2, _MOST_WORKERS))
    busy = np.argsort(-load, kind="stable")[:most]
    rank = np.full(workers, -1)
    rank[busy] = np.arange(len(busy))
    mine = rank[votes.worker] >= 0
    given = np.zeros((len(busy), tasks))
    here = np.zeros((len(busy), tasks))
    at = rank[votes.worker[mine]], votes.task[mine]
    given[at] = votes.value[mine] - votes.value.mean()
    here[at] = 1.0
    common, first, second = here @ here.T, given @ here.T, (given**2) @ here.T
    both = given @ given.T
    safe = np.maximum(common, 1.0)
    covariance = both / safe - (first / safe) * (first.T / safe)
    own = second / safe - (first / safe) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = covariance / np.sqrt(own * own.T)
    rows = [
        {
            "worker": str(votes.workers[busy[i]]),
            "other": str(votes.workers[busy[j]]),
            "tasks": int(common[i, j]),
            "difference": float((first[i, j] - first[j, i]) / safe[i, j]),
            "correlation": float(correlation[i, j]) if np.isfinite(correlation[i, j]) else None,
        }
        for i, j in np.argwhere(np.triu(common >= _LEAST_COMMON, 1))
    ]
    rows.sort(key=lambda row: -int(str(row["tasks"])))
    schema = {
        "worker": pl.String, "other": pl.String, "tasks": pl.Int64, "difference": pl.Float64,
        "correlation": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows[:_MOST_PAIRS], schema=schema)
