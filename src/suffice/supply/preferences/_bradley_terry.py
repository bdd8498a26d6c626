"""Scores of items from comparisons, workers' reliability and position bias allowed for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.estimate import TAILS, Estimate, intervals
from suffice.records import Interval, ItemsPart
from suffice.supply.preferences import _preference_model as model

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.supply.preferences._preference_fit import PreferenceFit

    Array = NDArray[Any]

CITATIONS = (
    "Bradley & Terry (1952), Biometrika 39: comparisons of pairs",
    "Davidson (1970), JASA 65: ties",
    "Chen et al. (2013), WSDM: reliability of workers in comparisons",
)
_FEW_ITEMS = 1_000
"""Items up to which all pairs fit into a table of a million counts, quicker than sorting pairs."""


@dataclass(frozen=True, eq=False)
class Items:
    """Items ranked by comparisons, and the workers who compared them. Intervals hold 90 %.

    Attributes:
        items: item, comparisons, ``score, low, high`` (log odds with which the average worker
            prefers it to the average item), ``rank, rank_low, rank_high`` (1 is the best).
        workers: worker, comparisons, ``reliability`` (1 is the average worker, 0 guesses, below 0
            inverts) with its interval, ``first`` (how often the one shown first wins where both
            are even and no tie is called), ``tie`` (how often an even pair is called a tie).
        summary: the pooled position bias and liking for ties, cautions, and how it was fitted.
        draws: of the scores, float64 [draw, item], in the order of ``items``.
    """

    items: pl.DataFrame
    workers: pl.DataFrame
    summary: ItemsPart
    draws: NDArray[np.float64]

    def beats(self, item: object, other: object) -> float:
        """Posterior chance that one item's score is above another's."""
        names = self.items["item"].to_list()
        for name in (item, other):
            if name not in names:
                raise InputError(f"there is no item {name!r}", fix="see items['item']")
        ahead = self.draws[:, names.index(item)] > self.draws[:, names.index(other)]
        return float(ahead.mean())


def bradley_terry(comparisons: pl.DataFrame | str | Path, seed: int = 0) -> Items:
    """Score items from comparisons by workers of unequal reliability, with position bias and ties.

    Args:
        comparisons: a frame or a file with the columns ``left, right, label`` and, where known,
            ``worker`` and ``task``: the items in the order in which they were shown, and which of
            them won (its name, or left, right, tie); ``presented_order`` 1 says that a row was
            shown the other way round. Labels of one task may go together beyond their items,
            which widens the intervals as it should.
        seed: of the random draws.

    Raises:
        InputError: the comparisons cannot be used; the message says where and why.

    Example:
        >>> import polars as pl
        >>> from suffice import bradley_terry
        >>> rows = [("ann", "x", "y", "x"), ("bob", "y", "x", "x"), ("bob", "y", "z", "tie")]
        >>> names = ["worker", "left", "right", "label"]
        >>> found = bradley_terry(pl.DataFrame(rows, schema=names, orient="row"))
        >>> found.items["item"][0]
        'x'
    """
    from suffice.labels import read_comparisons
    from suffice.supply.preferences._preference_fit import fit_preferences

    frame = in_order(read_comparisons(comparisons))
    data, items, workers = code_comparisons(frame)
    fit = fit_preferences(data, seed=seed)
    return describe_items(data, items, workers, fit)


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Comparisons in an order of their own, so that the order of rows changes no digit."""
    keys = ("task", "worker", "left", "right", "presented_order", "label")
    return frame.sort([key for key in keys if key in frame.columns])


def code_comparisons(
    frame: pl.DataFrame,
) -> tuple[model.Comparisons, list[Any], list[Any]]:
    """Comparisons as arrays, and the names of items and workers."""
    import numpy as np
    import polars as pl

    from suffice.labels import answers_of
    from suffice.supply.preferences._preference_fit import MOST_ITEMS

    answer = answers_of(frame).to_numpy()
    named = pl.concat([frame["left"].unique(), frame["right"].unique()]).unique().sort()
    if len(named) > MOST_ITEMS:
        raise InputError(
            f"{len(named):,} items are too many for scores of their own (at most {MOST_ITEMS:,})",
            fix="compare groups of items, for instance the models that wrote them",
        )
    first, second = (number_of(frame[name], named) for name in ("left", "right"))
    worker, workers = np.zeros(len(frame), dtype=np.int64), ["(unnamed)"]
    if "presented_order" in frame.columns:
        turned = frame["presented_order"].fill_null(0).to_numpy() == 1
        first, second = np.where(turned, second, first), np.where(turned, first, second)
        answer = np.where(turned, -answer, answer)
    if "worker" in frame.columns:
        people = frame["worker"].unique().sort()
        worker, workers = number_of(frame["worker"], people), people.to_list()
    task, tasks, sign = None, 0, np.ones(len(frame))
    if "task" in frame.columns:
        ids = frame["task"].unique().sort()
        # Where hardly any task has two labels nothing can be learned of what is special to tasks.
        if len(frame) >= 1.2 * len(ids):
            task, tasks = number_of(frame["task"], ids), len(ids)
            named_first = np.full(tasks, -1, dtype=np.int64)
            named_first[task[::-1]] = first[::-1]
            sign = np.where(first == named_first[task], 1.0, -1.0)
    return (
        model.Comparisons(
            first=first,
            second=second,
            worker=worker,
            answer=answer,
            task=task,
            sign=sign,
            items=len(named),
            workers=len(workers),
            tasks=tasks,
            ties=bool((answer == 0.0).any()),
        ),
        named.to_list(),
        workers,
    )


def number_of(column: pl.Series, ids: pl.Series) -> NDArray[np.int64]:
    """The place of each value among sorted or unsorted distinct ids."""
    import numpy as np
    import polars as pl

    if column.dtype == pl.String:
        coded = column.cast(pl.Enum(ids)).to_physical()
    elif column.dtype.is_integer() and len(ids):
        known = ids.to_numpy()
        low, reach = int(known.min()), int(known.max()) - int(known.min()) + 1
        if reach <= 2 * len(column) + 1_000 and int(known.max()) < 2**62:
            place = np.empty(reach, dtype=np.int64)
            place[known.astype(np.int64) - low] = np.arange(len(known))
            return np.asarray(place[column.to_numpy().astype(np.int64) - low])
        coded = column.replace_strict(ids, pl.Series(np.arange(len(ids))), return_dtype=pl.Int64)
    else:
        coded = column.replace_strict(ids, pl.Series(np.arange(len(ids))), return_dtype=pl.Int64)
    return coded.to_numpy().astype(np.int64)


def describe_items(
    data: model.Comparisons, items: list[Any], workers: list[Any], fit: PreferenceFit
) -> Items:
    """The posterior as tables, the best item first."""
    import numpy as np
    import polars as pl

    score = fit.score_DI.mean(axis=0)
    order = np.argsort(-score, kind="stable")
    low, high = intervals(fit.score_DI, axis=0)
    rank = (-fit.score_DI).argsort(axis=1).argsort(axis=1) + 1
    rank_low, rank_high = np.quantile(rank, TAILS, axis=0, method="inverted_cdf")
    seen = np.bincount(data.first, minlength=data.items)
    seen += np.bincount(data.second, minlength=data.items)
    frame = pl.DataFrame(
        {
            "item": pl.Series([items[i] for i in order], strict=False),
            "comparisons": seen[order],
            "score": score[order],
            "low": low[order],
            "high": high[order],
            "rank": np.arange(1, data.items + 1),
            "rank_low": rank_low[order].astype(np.int64),
            "rank_high": rank_high[order].astype(np.int64),
        }
    )
    summary = ItemsPart(
        comparisons=len(data),
        items=data.items,
        workers=data.workers,
        ties=int((data.answer == 0.0).sum()),
        position_bias=pooled_first(fit),
        position_statement=bias_statement(data, fit),
        cautions=tuple(_cautions(data, fit)),
        method="Markov chain" if fit.exact else "normal approximation at the mode",
        citations=CITATIONS,
    )
    return Items(frame, workers_table(data, workers, fit), summary, fit.score_DI[:, order])


def workers_table(data: model.Comparisons, workers: list[Any], fit: PreferenceFit) -> pl.DataFrame:
    """One row a worker: reliability, position bias, liking for ties."""
    import numpy as np
    import polars as pl

    reliability, bias, like = np.moveaxis(fit.worker_DWP, 2, 0)
    values = {"reliability": reliability, "first": _logistic(bias)}
    if data.ties:
        values["tie"] = np.exp(like) / (np.exp(like) + 2.0 * np.cosh(0.5 * bias))
    columns: dict[str, Any] = {
        "worker": pl.Series(workers, strict=False),
        "comparisons": np.bincount(data.worker, minlength=data.workers),
    }
    if data.ties:
        tied = np.bincount(data.worker, data.answer == 0.0, data.workers)
        columns["ties"] = tied.astype(np.int64)
    for name, value in values.items():
        low, high = intervals(value, axis=0)
        columns |= {name: value.mean(axis=0), f"{name}_low": low, f"{name}_high": high}
    return pl.DataFrame(columns)


def pooled_first(fit: PreferenceFit) -> Interval:
    """How often a typical worker prefers what is shown first where both are even."""
    return Interval.of(Estimate.from_draws(_logistic(fit.mean_DP[:, 0])))


def bias_statement(data: model.Comparisons, fit: PreferenceFit) -> str:
    """The pooled position bias in words."""
    first = pooled_first(fit)
    numbers = f"{100 * first.value:.0f} % ({100 * first.low:.0f} to {100 * first.high:.0f} %)"
    if first.low > 0.5:
        verdict = "what is shown first is favoured"
    elif first.high < 0.5:
        verdict = "what is shown second is favoured"
    else:
        verdict = "no side is shown to be favoured"
    ties = ", ties aside," if data.ties else ""
    return (
        f"Position: where two are even{ties} the first wins {numbers} of the time with a typical "
        f"worker: {verdict}"
    )


def _cautions(data: model.Comparisons, fit: PreferenceFit) -> list[str]:
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    from suffice.supply.workers import SETTLED

    said = []
    shape = data.items, data.items
    pair = data.first * data.items + data.second
    # Counting is quicker than sorting while the table of all pairs is small.
    met = np.unique(pair) if data.items > _FEW_ITEMS else np.flatnonzero(np.bincount(pair))
    links = coo_matrix((np.ones(len(met)), (met // data.items, met % data.items)), shape)
    parts, _ = connected_components(links, directed=False)
    if parts > 1:
        said.append(
            f"the items fall into {parts:,} groups that were never compared with each other: how "
            "the groups stand to each other is the prior's guess"
        )
    if data.workers == 1:
        said.append("one worker: whether that worker is reliable cannot be told")
    if fit.rhat > SETTLED:
        said.append(f"the chain had not settled (R-hat {fit.rhat:.2f}): intervals are too narrow")
    return said


def _logistic(x: Array) -> Array:
    import numpy as np

    return 1.0 / (1.0 + np.exp(-x))
