"""What an audit says of preferences: position bias, ties, items' scores, labels put right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.records import BothOrders, PreferencesPart, ScoredItems, TiesPart
from suffice.supply.preferences import _preference_model as model
from suffice.supply.preferences._bradley_terry import (
    Items,
    bias_statement,
    code_comparisons,
    describe_items,
    in_order,
    number_of,
    pooled_first,
    workers_table,
)

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.labels import LabelTable
    from suffice.supply.preferences._preference_fit import PreferenceFit

    Array = NDArray[Any]

_MOST_ROWS = 30_000
"""Comparisons that the position bias is fitted to, of larger tables a sample of tasks. Chosen for
time: the bias is then known to half a percent."""
_BUSY = 20
"""Labels from which a worker's own rate is told (chosen: its standard error is .11 or less)."""
UNKNOWN = (
    "Position: the table does not say which of two was shown first (column presented_order), so "
    "position bias is unknown and cannot be ruled out"
)


@dataclass(frozen=True, eq=False)
class Preferences:
    """What comparisons say beyond their labels. Intervals hold 90 %.

    Attributes:
        items: scores of the compared items, where the table names them (see ``Items``).
        workers: position bias, reliability and liking for ties of each worker; None where the
            order of presentation is unknown.
        tasks: task, ``preferred`` (the label of the side that is better once position and
            reliability are allowed for), ``chance`` of that, ``votes`` for it, and ``changed``:
            whether a plain majority of the labels says otherwise.
        summary: pooled position bias, pairs judged in both orders, ties, statements.
    """

    items: pl.DataFrame | None
    workers: pl.DataFrame | None
    tasks: pl.DataFrame | None
    summary: PreferencesPart


def find_preferences(table: LabelTable, *, seed: int = 0) -> Preferences | None:
    """Analyse a label table as preferences, where it holds preferences; None where not.

    Model, Assumes, Fails when: see ``_preference_model`` and ``fit_preferences``. A table without
    items has one strength for each task. Where no pair was judged in both orders, the bias rests on
    which item stands first having been drawn by chance, which is said.
    Reference: Davidson and Beaver (1977), Biometrics 33, for order of presentation with ties.
    """
    from suffice.labels.kinds import sides_of
    from suffice.supply.preferences._preference_fit import fit_preferences

    frame = table.frame
    found = sides_of(table.classes, frame.columns)
    if found is None:
        return None
    sides = found.values
    has_items = {"left", "right"} <= set(frame.columns)
    ordered = "presented_order" in frame.columns
    if not found.shown:
        few = PreferencesPart(position_statement=UNKNOWN, ties=_ties(frame, sides))
        return Preferences(None, None, None, few)
    notes = []
    frame = in_order(frame)
    frame, left_out = _sample(frame, seed) if not has_items else (frame, 0)
    if left_out:
        notes.append(f"position bias is measured on {len(frame):,} labels, a sample of the tasks")
    if ordered and (unknown := int(frame["presented_order"].null_count())):
        notes.append(f"{unknown:,} labels without presented_order: taken as shown as named")
    items: list[Any] = []
    if has_items:
        try:
            data, items, workers = code_comparisons(frame)
        except InputError as error:
            notes.append(f"items are not scored: {error.what}")
            has_items = False
    if not has_items:
        data, workers = _without_items(frame, sides)
    fit = fit_preferences(data, seed=seed)
    both = _both_orders(frame, sides)
    scored: Items | None = None
    more: dict[str, Any] = {}
    if has_items:
        scored = describe_items(data, items, workers, fit)
        more["items"] = ScoredItems(
            count=data.items, cautions=scored.summary.cautions, statement=_leaders(scored)
        )
    tasks = _tasks(frame, data, fit, sides)
    if tasks is not None:
        more["changed_tasks"] = int(tasks["changed"].sum())
    summary = PreferencesPart(
        position_bias=pooled_first(fit),
        position_statement=bias_statement(data, fit) + _basis(both, ordered),
        both_orders=both,
        notes=tuple(notes),
        ties=_ties(frame, sides),
        **more,
    )
    return Preferences(
        items=scored.items if scored else None,
        workers=scored.workers if scored else workers_table(data, workers, fit),
        tasks=tasks,
        summary=summary,
    )


def preference_lines(summary: PreferencesPart) -> list[str]:
    """The summary in a few plain lines."""
    lines = [f"Note: {note}." for note in summary.notes]
    lines.append(f"{summary.position_statement}.")
    if summary.both_orders.statement:
        lines.append(summary.both_orders.statement)
    if summary.changed_tasks:
        lines.append(
            f"Allowing for position and reliability turns the plain majority of "
            f"{summary.changed_tasks:,} pairs."
        )
    if summary.ties.count:
        lines.append(summary.ties.statement)
    if summary.items is not None:
        lines += [f"Caution: {caution}." for caution in summary.items.cautions]
        lines.append(summary.items.statement)
    return lines


def _without_items(
    frame: pl.DataFrame, sides: dict[str, float]
) -> tuple[model.Comparisons, list[Any]]:
    """Each task has a strength of its own."""
    import numpy as np

    empty = np.zeros(0, dtype=np.int64)
    sign = np.ones(len(frame))
    if "presented_order" in frame.columns:
        sign = np.where(frame["presented_order"].fill_null(0).to_numpy() == 1, -1.0, 1.0)
    ids, people = frame["task"].unique().sort(), frame["worker"].unique().sort()
    answer = sign * _answers(frame, sides)
    data = model.Comparisons(
        first=empty,
        second=empty,
        worker=number_of(frame["worker"], people),
        answer=answer,
        task=number_of(frame["task"], ids),
        sign=sign,
        items=0,
        workers=len(people),
        tasks=len(ids),
        ties=bool((answer == 0.0).any()),
    )
    return data, people.to_list()


def _answers(frame: pl.DataFrame, sides: dict[str, float]) -> NDArray[np.float64]:
    import polars as pl

    return frame["label"].replace_strict(sides, return_dtype=pl.Float64).to_numpy()


def _sample(frame: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, int]:
    """Whole tasks up to the most rows that are fitted."""
    if len(frame) <= _MOST_ROWS:
        return frame, 0
    ids = frame["task"].unique().sort()
    share = _MOST_ROWS / len(frame)
    rng = Stream.COMPARISONS_SAMPLE.rng(seed)
    kept = ids.filter(rng.random(len(ids)) < share)
    few = frame.filter(frame["task"].is_in(kept.implode()))
    return few, len(frame) - len(few)


def _both_orders(frame: pl.DataFrame, sides: dict[str, float]) -> BothOrders:
    """Pairs that one worker judged in both orders: how often the answer stayed with the item."""
    import polars as pl

    if "presented_order" not in frame.columns:
        return BothOrders(tasks=0)
    shown = frame.with_columns(
        pl.Series("answer", _answers(frame, sides)), pl.col("presented_order").fill_null(0)
    )
    count = shown.group_by("task").agg(pl.col("presented_order").n_unique() > 1)
    both = int(count["presented_order"].sum())
    wide = (
        shown.group_by("task", "worker")
        .agg(
            pl.col("answer").filter(pl.col("presented_order") == 0).last().alias("straight"),
            pl.col("answer").filter(pl.col("presented_order") == 1).last().alias("turned"),
        )
        .drop_nulls()
        .filter((pl.col("straight") != 0.0) & (pl.col("turned") != 0.0))
    )
    if not len(wide):
        return BothOrders(tasks=both, by_one_worker=0)
    same = int((wide["straight"] == wide["turned"]).sum())
    first = int(((wide["straight"] > 0) & (wide["turned"] < 0)).sum())
    second = len(wide) - same - first
    return BothOrders(
        tasks=both,
        by_one_worker=len(wide),
        same_item=same,
        first_both_times=first,
        second_both_times=second,
        statement=f"Of {len(wide):,} pairs that one worker judged in both orders without a tie, "
        f"the answer stayed with the item in {same:,}; the first was taken both times in "
        f"{first:,}, the second in {second:,}.",
    )


def _basis(both: BothOrders, ordered: bool) -> str:
    if both.tasks:
        return f"; {both.tasks:,} pairs were judged in both orders"
    order = "the order given" if ordered else "left taken as shown first"
    return f" ({order}; no pair was judged in both orders, so this holds if chance drew the order)"


def _ties(frame: pl.DataFrame, sides: dict[str, float]) -> TiesPart:
    import polars as pl

    tied = [name for name, side in sides.items() if side == 0.0]
    count = int(frame["label"].is_in(tied).sum())
    statement = f"Ties: {count:,} of {len(frame):,} labels ({100 * count / len(frame):.0f} %)"
    if count:
        by_worker = frame.group_by("worker").agg(pl.len(), pl.col("label").is_in(tied).mean())
        busy = by_worker.filter(pl.col("len") >= _BUSY)["label"].to_numpy() * 100.0
        if len(busy) > 1:
            statement += (
                f"; among workers with {_BUSY} labels or more from {busy.min():.0f} to "
                f"{busy.max():.0f} %"
            )
    return TiesPart(count=count, share=count / len(frame), statement=f"{statement}.")


def _leaders(items: Items) -> str:
    """The best item, and how many could be the best."""
    best = items.items.row(0, named=True)
    rivals = int((items.items["rank_low"] == 1).sum())
    return (
        f"Items: {best['item']} leads {len(items.items):,} items with score {best['score']:.2f} "
        f"({best['low']:.2f} to {best['high']:.2f}); {rivals:,} may be the best by their rank "
        "intervals."
    )


def _tasks(
    frame: pl.DataFrame, data: model.Comparisons, fit: PreferenceFit, sides: dict[str, float]
) -> pl.DataFrame | None:
    """The better side of each task, position and reliability allowed for."""
    import numpy as np
    import polars as pl

    if data.task is None or not fit.effect_DT.shape[1]:
        return None
    better = (fit.effect_DT > 0.0).mean(axis=0)
    named = data.sign * data.answer
    votes = [np.bincount(data.task, named == side, data.tasks).astype(int) for side in (0.5, -0.5)]
    words = [next(name for name, side in sides.items() if side == s) for s in (0.5, -0.5)]
    is_first = better >= 0.5
    ids = np.empty(data.tasks, dtype=object)
    ids[data.task] = frame["task"].to_numpy()
    mine, theirs = np.where(is_first, votes[0], votes[1]), np.where(is_first, votes[1], votes[0])
    return pl.DataFrame(
        {
            "task": pl.Series(ids.tolist(), strict=False),
            "preferred": np.where(is_first, *words).tolist(),
            "chance": np.maximum(better, 1.0 - better),
            "votes": mine,
            "votes_other": theirs,
            "votes_tie": np.bincount(data.task, data.answer == 0.0, data.tasks).astype(int),
            "changed": mine < theirs,
        }
    )
