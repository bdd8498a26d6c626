"""The audit of a label table: tasks, workers, sources, and what cannot be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.progress import SilentProgress
from suffice.supply._audit_record import Audit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice.labels import LabelTable
    from suffice.progress import Progress
    from suffice.supply.workers import CrowdPrior

_FEW_DRAWS, _LARGE = 240, 2_000_000
"""Draws of the shared error at least, in tables up to so many labels. Chosen: a chain's 120 draws
are used twice, since the shared error is drawn cheaply and sets most of the width of intervals."""
MOST_CLASSES = 1000
"""Chosen: confusions of every class with every other take memory with the square of their number,
and what has more different values is no class (texts, ids, numbers)."""
_STAGES = 5
"""Calls of ``step.advance`` below."""


def audit_classes(
    labels: LabelTable,
    gold: Mapping[Any, Any] | None = None,
    seed: int = 0,
    *,
    classes: Sequence[str] | None = None,
    pairs: bool | None = None,
    below: float = 0.05,
    judges: Sequence[str] | None = None,
    prior: CrowdPrior | None = None,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> Audit:
    """Audit labels that are classes, or sides of pairs.

    Groups that copy one key are found first and count as one voter; then a Bayesian worker model
    with confusion matrices and task difficulty is fitted; what annotators may all get wrong
    together is added to every interval, learned from gold or, without it, from a stated prior.

    Args:
        labels: the label table.
        gold: task -> right label. May cover a few tasks.
        seed: of the random draws; the same seed gives the same numbers.
        classes: all labels that there can be, in order; by default those that occur.
        pairs: whether labels are sides of pairs; by default as ``sides_of`` sees it.
        below: the level of shared error that matters to you; without gold the summary says how
            many gold tasks would bring its bound below this.
        judges: the workers who are language models; by default those whose kind (column ``kind``),
            source or name says so. Beside people they count as one voter.
        prior: what other crowds are like; by default what public crowds with gold showed.
        notes: what was found out on the way here.
        progress: shows the stages of the work; by default nothing is shown.

    Raises:
        InputError: the labels or the gold cannot be used; the message says where and why.
    """
    import numpy as np

    from suffice._threads import one_blas_thread
    from suffice.supply._summary import summarise
    from suffice.supply._tables import pairs_frame, sources_frame, tasks_frame, workers_frame
    from suffice.supply._votes import code_votes
    from suffice.supply.doubts import (
        doubt,
        find_groups,
        find_split,
        find_suspects,
        machines_are_right,
        merge_groups,
    )
    from suffice.supply.preferences import find_preferences
    from suffice.supply.sources import channel_book, find_trends, source_rows
    from suffice.supply.workers import (
        PUBLIC_CROWDS,
        Crowd,
        dissent_icc,
        fit_workers,
        predictive_check,
        shared_error,
    )

    if not 0.0 < below < 1.0:
        raise InputError(f"{below:g} is no share of tasks", fix="give below a share, such as 0.05")
    if seed < 0:
        raise InputError(f"{seed} is no seed", fix="give 0 or more")
    prior = prior or PUBLIC_CROWDS
    votes = code_votes(labels, gold, classes, pairs=pairs, judges=judges)
    columns, said = labels.columns, [*labels.notes, *votes.notes, *notes]
    if votes.shape[2] < 2:
        raise InputError(
            f"all {len(votes):,} labels are {votes.classes[0]!r}: one class tells nothing apart",
            where=labels.origin,
            fix="name the others: classes=[...] in Python, --classes A,B for suffice audit",
        )
    if votes.shape[2] > MOST_CLASSES:
        raise InputError(
            f"there are {votes.shape[2]:,} different labels, more than the {MOST_CLASSES:,} "
            "classes that can be held against each other",
            where=labels.origin,
            fix="name the column of labels, not of texts or ids, or put rare classes together",
        )
    preferences = find_preferences(labels, seed=seed) if pairs is not False else None
    # Whoever handed over a file, or a table that nobody else keeps, needs no memory for its rows.
    del labels
    with one_blas_thread(), (progress or SilentProgress()).step("audit", _STAGES) as step:
        groups, passed_over = find_groups(votes, seed=seed)
        step.advance()
        task, worker, label, number_W = merge_groups(votes, groups, seed=seed)
        crowd = Crowd(
            task,
            worker,
            label,
            votes.gold,
            int(number_W.max()) + 1,
            votes.shape[2],
            np.zeros(votes.shape[0], dtype=np.int64),
            np.zeros(int(number_W.max()) + 1, dtype=np.int64),
            twins=votes.twins,
        )
        fit = fit_workers(crowd, seed=seed, prior=prior)
        step.advance()
        load = np.bincount(worker, minlength=crowd.workers)
        confusion_KK = np.average(fit.chosen.confusion_WKK, axis=0, weights=load)
        share_K = fit.share_DK.mean(axis=0)
        draws = len(fit.z_DT)
        if len(votes) <= _LARGE:
            draws = max(draws, min(_FEW_DRAWS, 4 * draws))
        shared = shared_error(
            votes.gold,
            fit.class_TK,
            fit.open_TK,
            confusion_KK,
            share_K,
            prior=prior,
            dissent=dissent_icc(crowd, fit.z_DT),
            draws=draws,
            seed=seed,
        )
        rng = Stream.AUDIT.rng(seed)
        truth_DT = shared.draw_truth(fit, draws, votes.gold, rng)
        posterior = shared.spread(fit.class_TK, votes.gold)
        mixed, verdict = doubt(votes, groups, fit, number_W, posterior)
        other = machines_are_right(votes, verdict, truth_DT, rng)
        flags = find_suspects(votes, fit.right_DWK, number_W, truth_DT, groups)
        step.advance()
        split = find_split(votes, copying=[group.members.tolist() for group in groups], seed=seed)
        step.advance()
        rows, errors = source_rows(votes, truth_DT, rng)
        trends = find_trends(votes, truth_DT, rng)
        book = channel_book(votes, fit, shared, number_W, errors, trends)
        check = predictive_check(votes, book.posterior(), seed=seed)
        worker_pairs, all_pairs = pairs_frame(votes)
        step.advance()
    return Audit(
        tasks=tasks_frame(votes, votes.renamed(posterior), votes.renamed(mixed), rng),
        workers=workers_frame(
            votes,
            fit,
            truth_DT,
            number_W,
            groups,
            flags,
            prior,
            other,
            rng,
        ),
        sources=sources_frame(rows),
        pairs=worker_pairs,
        summary=summarise(
            columns,
            votes,
            fit,
            shared,
            groups,
            flags,
            verdict,
            [*said, *passed_over],
            worker_pairs,
            all_pairs,
            seed,
            below,
            check,
            preferences,
            split,
            trends,
        ),
        posterior=votes.renamed(mixed),
        book=book,
        preferences=preferences,
        split=split,
    )
