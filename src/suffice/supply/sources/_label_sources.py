"""The sources of a file of labels: each a pool of workers that more labels can be bought from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suffice.channel import Source
    from suffice.labels import LabelTable
    from suffice.progress import Progress
    from suffice.supply._audit_record import Audit
    from suffice.supply.operators import SeenAndDrawn

_LOST = 0.01
"""Lost chance of the right class, a task, that is worth a word."""


@dataclass(frozen=True, eq=False)
class LabelSources:
    """What can be bought of the workers behind a file of labels.

    Attributes:
        sources: by name: those of the table's column ``source``, or one called ``labels``.
        checks: how well each source's pool redraws its labels, by name; empty where no task has
            labels of two workers.
        slices: the slices that all sources were measured on; empty where they differ.
        doubts: what the audit says against trusting them.
    """

    sources: dict[str, Source]
    checks: dict[str, tuple[SeenAndDrawn, ...]]
    slices: tuple[str, ...]
    doubts: tuple[str, ...]


def label_sources(
    table: LabelTable,
    gold: Mapping[Any, Any] | None = None,
    *,
    price: float | None = None,
    labels_per_worker: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> LabelSources:
    """Audit labels, then learn the workers of each of their sources.

    Model: one audit of all labels says what is right; the pool of each source is then learned
    from its own labels, see ``worker_pool``.
    Assumes: more labels would come from people like those of the table; from the same one where a
        source has one worker, as an AI judge.
    Fails when: a source labelled other tasks than the rest, so that its pool looks better or worse
        for its tasks.

    Args:
        table: the labels.
        gold: task -> right label, beside the gold of the table.
        price: of one label, where the table has no cost.
        labels_per_worker: answers that one worker will give; by default as many as in the table.
        seed: of the random draws.
        progress: shows the stages of the audit and the sources learned; by default nothing.

    Raises:
        InputError: the labels cannot be audited, or a source has no price.
        ConvergenceError: the chains of a pool disagree.
    """
    import polars as pl

    from suffice.channel import Source
    from suffice.supply._audit import audit_classes
    from suffice.supply.operators import predictive_checks, worker_pool

    if price is not None and not 0.0 <= price < float("inf"):
        raise InputError(f"{price:g} is no price", fix="give money for one label")
    several = "source" in table.frame.columns and table.frame["source"].n_unique() > 1
    frame = table.frame
    if several:
        frame = frame.with_columns(pl.col("source").cast(pl.String).fill_null("(none)"))
    names = sorted(frame["source"].unique().to_list()) if several else ["labels"]
    prices = {
        name: price if price is not None else _mean_cost(_of(frame, name, several), table.origin)
        for name in names
    }
    shown = progress or SilentProgress()
    found = audit_classes(table, gold, seed, progress=shown)
    verdict = found.summary.verdict
    doubts = [] if verdict.known else [verdict.statement.rstrip(".")]
    doubts += found.summary.cautions
    sources: dict[str, Source] = {}
    checks: dict[str, tuple[SeenAndDrawn, ...]] = {}
    slices: set[tuple[str, ...]] = set()
    with shown.step("workers", len(names)) as step:
        for name in names:
            mine = replace(table, frame=_of(frame, name, several))
            known, part, lost = (gold, found, 0.0)
            if several:
                known, part, lost = _restricted(found, mine, gold)
            if lost >= _LOST:
                doubts.append(
                    f"source {name!r} never gives a class that is right on {100 * lost:.0f} % of "
                    "its tasks: it looks better than it is"
                )
            people = mine.frame["worker"].n_unique()
            pool = worker_pool(
                mine,
                known,
                audit=part,
                seed=seed,
                # The only worker of a source, an AI judge say, is the one who will label more.
                same_workers=people == 1,
                labels_per_worker=labels_per_worker,
            )
            sources[name] = Source(name, prices[name], pool, max_labels_per_task=people)
            if found_checks := predictive_checks(pool, mine, seed=seed):
                checks[name] = found_checks
            slices.add(_slices(mine.frame))
            step.advance()
    shared = slices.pop() if len(slices) == 1 else ()
    return LabelSources(sources, checks, shared, tuple(doubts))


def _of(frame: Any, name: str, several: bool) -> Any:  # noqa: ANN401 - Polars frames
    return frame.filter(frame["source"] == name) if several else frame


def _slices(frame: Any) -> tuple[str, ...]:  # noqa: ANN401 - a Polars frame
    """The slices of the tasks, in the order in which pools number them."""
    import polars as pl

    if "slice" not in frame.columns:
        return ()
    return tuple(frame["slice"].cast(pl.String).fill_null("(none)").unique().sort().to_list())


def _mean_cost(frame: Any, origin: str) -> float:  # noqa: ANN401 - a Polars frame
    """What a label cost on average."""
    known = frame["cost"].cast(float).drop_nulls().to_list() if "cost" in frame.columns else []
    if not known:
        raise InputError(
            "what does a label cost?", where=origin, fix="give --price, in Python price="
        )
    return float(sum(known)) / len(known)


def _restricted(
    found: Audit, mine: LabelTable, gold: Mapping[Any, Any] | None
) -> tuple[dict[Any, Any], Audit, float]:
    """Gold and the audit's posterior for the tasks of some labels, and what of it is lost.

    The pool knows the classes of its own labels alone. What is lost is the chance, a task, that
    the right class is one that these labels never name.
    """
    import numpy as np

    from suffice.supply._votes import code_votes

    own = {str(task) for task in mine.frame["task"].unique()}
    classes = [name.removeprefix("p_") for name in found.tasks.columns[3:]]
    row = {task: number for number, task in enumerate(found.tasks["task"])}
    known = {task: right for task, right in (gold or {}).items() if str(task) in own}
    votes = code_votes(mine, known)
    here = found.posterior[[row[task] for task in votes.tasks]]
    kept = here[:, [classes.index(name) for name in votes.classes]]
    total = kept.sum(axis=1, keepdims=True)
    part = replace(found, posterior=kept / np.maximum(total, 1e-12))
    return known, part, float(1.0 - total.mean())
