"""The pool of a study: its tasks, its sources' records and its gold, with the trigger planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.study import PreferencesTask, RatingsTask, VotesTask

if TYPE_CHECKING:
    from suffice.corruption import Trigger
    from suffice.pools._pool import Pool
    from suffice.pools._rating_pool import RatingPool
    from suffice.pools._task_pool import TaskPool
    from suffice.progress import Progress
    from suffice.study import Study

_LOOKED_AT = 200
"""Chosen: tasks that are looked at for gold. Pools have gold for all tasks to train on or for none,
so that it moves nothing but time."""


def study_pool(study: Study, progress: Progress) -> tuple[Pool, Trigger | None]:
    """Read what a study names, and plant its trigger.

    Args:
        study: what is asked.
        progress: shows downloads and long files.

    Returns:
        The pool, and what hostile workers would push; None where the study does not say it.

    Raises:
        InputError: a file cannot be used, or the trigger decides too few tasks.
    """
    from suffice.pools._trigger import plant_trigger

    pool, section = _read(study, progress), study.attack
    if section.trigger is None:
        return pool, None
    kind = pool.evaluation.kind
    # The study has checked that a class is called so; without a name, the last one is meant.
    wanted = kind.answers - 1
    if section.wanted is not None:
        wanted = kind.names.index(section.wanted)
    return plant_trigger(pool, section.trigger, wanted=float(wanted), where=study.origin)


def has_gold(pool: Pool, source: str, seed: int) -> bool:
    """Whether the tasks that a source can label for training have gold."""
    rng = Stream.GOLD_OF_OPERATED.rng(seed)
    most = pool.limit(source)
    tasks = pool.draw_tasks(min(_LOOKED_AT, most or _LOOKED_AT), rng, source=source)
    return not bool(np.isnan(tasks.truth).any())


def _read(study: Study, progress: Progress) -> RatingPool | TaskPool:
    task = study.task
    if isinstance(task, RatingsTask):
        from suffice.pools._rating_pool import rating_pool
        from suffice.pools._ratings import load_ratings, sample_documents

        ratings = load_ratings(progress)
        chosen = sample_documents(ratings, task.texts, Stream.RATING_DOCUMENTS.rng(study.seed))
        raters = {name: int(s.raters or 0) for name, s in study.sources.items()}
        return rating_pool(ratings, chosen, raters, pairs=task.evaluation_pairs, seed=study.seed)
    labels = {name: study.path(str(s.labels)) for name, s in study.sources.items()}
    if isinstance(task, PreferencesTask):
        from suffice.pools._preference_pool import preference_pool

        return preference_pool(
            labels,
            study.path(task.gold),
            group=task.group,
            slice_by=task.slice,
            seed=study.seed,
            progress=progress,
        )
    if isinstance(task, VotesTask):
        from suffice.pools._vote_pool import vote_pool

        return vote_pool(
            labels,
            study.path(task.items),
            study.path(task.gold),
            classes=task.classes,
            slice_by=task.slice,
            group_by=task.group,
            seed=study.seed,
            progress=progress,
        )
    raise InputError(f"unknown task {task!r}")
