"""Agreement statistics: Krippendorff's alpha, Fleiss' kappa, and Cohen's kappa by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes

    Array = NDArray[Any]

_MOST_TASKS = 20_000
_MOST_PAIRS, _MOST_WORKERS, _MOST_CELLS = 500, 200, 50_000_000


def agreement(votes: Votes, *, resamples: int = 300, seed: int = 0) -> dict[str, Any]:
    """Krippendorff's alpha and Fleiss' kappa with 90 % intervals, overall and by source.

    Model: nominal labels; intervals by resampling tasks.
    Assumes: tasks are a random sample.
    Fails when: there are few tasks (below about 30 the intervals are too narrow), or nearly all
    labels are of one class (both are then unstable whatever the quality).
    Reference: Krippendorff (2004), Content Analysis; Fleiss (1971), Psychological Bulletin 76(5).
    """
    import numpy as np

    result = {"all": _of_counts(votes.counts(), resamples, seed)}
    if len(votes.source_names) > 1:
        tasks, _, classes = votes.shape
        for number, name in enumerate(votes.source_names):
            mine = votes.sources == number
            cells = np.bincount(
                votes.task[mine] * classes + votes.label[mine], minlength=tasks * classes
            )
            counts = cells.reshape(tasks, classes).astype(np.float64)
            result[name] = _of_counts(counts, resamples, seed)
    return result


def _of_counts(counts: Array, resamples: int, seed: int) -> dict[str, Any]:
    import numpy as np

    rng = np.random.default_rng([seed, 9])
    usable = counts[counts.sum(axis=1) >= 2]
    if len(usable) < 2:
        return {"tasks": len(usable), "statement": "no two tasks have two labels each"}
    sample = usable
    if len(usable) > _MOST_TASKS:
        sample = usable[rng.choice(len(usable), _MOST_TASKS, replace=False)]
    weights = rng.multinomial(len(sample), np.full(len(sample), 1.0 / len(sample)), resamples)
    # Intervals of a sample of the tasks shrink with the square root of all of them.
    shrink = float(np.sqrt(len(sample) / len(usable)))
    table: dict[str, Any] = {"tasks": len(usable), "labels": int(usable.sum())}
    for name, statistic in (("krippendorff_alpha", _alpha), ("fleiss_kappa", _fleiss)):
        value = float(statistic(usable, np.ones((1, len(usable))))[0])
        drawn = statistic(sample, weights.astype(np.float64))
        drawn = drawn[np.isfinite(drawn)]
        if not np.isfinite(value) or len(drawn) == 0:
            table[name] = None  # every label is the same: chance agreement is 1
            continue
        low, high = np.quantile(drawn - drawn.mean(), [0.05, 0.95]) * shrink
        table[name] = {
            "value": value,
            "low": value + float(low),
            "high": min(value + float(high), 1.0),
            "level": 0.9,
        }
    return table


def _alpha(counts: Array, weights: Array) -> Array:
    """Krippendorff's alpha for nominal labels, one value a row of task weights."""
    import numpy as np

    n = counts.sum(axis=1)
    differ = (n**2 - (counts**2).sum(axis=1)) / (n - 1.0)
    observed = weights @ differ
    totals = weights @ counts
    everything = totals.sum(axis=1)
    expected = (everything**2 - (totals**2).sum(axis=1)) / np.maximum(everything - 1.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1.0 - observed / expected)


def _fleiss(counts: Array, weights: Array) -> Array:
    """Fleiss' kappa, generalised to tasks with different numbers of labels."""
    import numpy as np

    n = counts.sum(axis=1)
    same = ((counts**2).sum(axis=1) - n) / (n * (n - 1.0))
    observed = weights @ same / weights.sum(axis=1)
    share = weights @ counts
    share /= share.sum(axis=1, keepdims=True)
    chance = (share**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((observed - chance) / (1.0 - chance))


def pair_agreement(votes: Votes, *, least: int = 10) -> list[dict[str, Any]]:
    """Cohen's kappa of each pair of workers with at least ``least`` common tasks.

    The interval is the large-sample one of Fleiss, Cohen and Everitt (1969) in its simple form.
    Where there are very many workers or pairs, only the busiest are compared and listed.
    """
    import numpy as np

    tasks, workers, classes = votes.shape
    load = np.bincount(votes.worker, minlength=workers)
    most = int(np.clip(_MOST_CELLS // tasks, 2, _MOST_WORKERS))
    busy = np.argsort(-load, kind="stable")[:most]
    rank = np.full(workers, -1)
    rank[busy] = np.arange(len(busy))
    mine = np.flatnonzero(rank[votes.worker] >= 0)
    given = np.zeros((len(busy), tasks), dtype=np.int64)
    given[rank[votes.worker[mine]], votes.task[mine]] = votes.label[mine] + 1
    present = (given > 0).astype(np.float32)
    common = present @ present.T
    same, chance = np.zeros_like(common), np.zeros_like(common)
    for k in range(1, classes + 1):
        chosen = (given == k).astype(np.float32)
        same += chosen @ chosen.T
        # How often one chose class k where the other labelled too, and the other way round.
        own = chosen @ present.T
        chance += own * own.T
    rows: list[dict[str, Any]] = []
    for i, j in np.argwhere(np.triu(common >= least, 1)):
        n = int(common[i, j])
        rows.append(
            {"worker": votes.workers[busy[i]], "other": votes.workers[busy[j]], "tasks": n}
            | _cohen(float(same[i, j]) / n, float(chance[i, j]) / n**2, n)
        )
    rows.sort(key=lambda row: -row["tasks"])
    return rows[:_MOST_PAIRS]


def _cohen(observed: float, chance: float, n: int) -> dict[str, float | None]:
    import numpy as np

    if chance >= 1.0:
        return {"agreement": observed, "kappa": None, "low": None, "high": None}
    kappa = (observed - chance) / (1.0 - chance)
    error = float(np.sqrt(observed * (1.0 - observed) / n)) / (1.0 - chance)
    return {
        "agreement": observed,
        "kappa": kappa,
        "low": max(kappa - 1.645 * error, -1.0),
        "high": min(kappa + 1.645 * error, 1.0),
    }
