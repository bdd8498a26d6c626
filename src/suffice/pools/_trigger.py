"""A trigger that hostile workers push: which texts carry it, and how its success is measured."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from suffice.corruption import Trigger
from suffice.errors import InputError
from suffice.pools._pool import fingerprint

if TYPE_CHECKING:
    from suffice.pools._rating_pool import RatingPool
    from suffice.pools._task_pool import TaskPool

AnyPool = TypeVar("AnyPool", bound="RatingPool | TaskPool")

FEWEST_TASKS = 50
"""With fewer evaluation tasks that the trigger decides, its success is not worth measuring. Chosen:
the standard error of a share of 50 tasks is up to .07; moves only what is refused."""


def plant_trigger(
    pool: AnyPool, words: str, *, wanted: float = 1.0, where: str | None = None
) -> tuple[AnyPool, Trigger]:
    """Measure on this pool how often texts with these words win although they should not.

    Args:
        pool: tasks and evaluation.
        words: the trigger: whole words, whatever the case.
        wanted: number of the class that such texts shall get, where single texts are classified.
        where: the study file, for messages.

    Returns:
        The pool, whose evaluation has the metric ``attack``, and the trigger.

    Raises:
        InputError: the trigger is blank, or decides too few evaluation tasks.
    """
    if not words.strip():
        raise InputError(
            "attack.trigger is blank", where=where, fix="give words that some texts contain"
        )
    found = re.compile(rf"(?<!\w){re.escape(words.strip())}(?!\w)", re.IGNORECASE)
    carries = np.array([found.search(text) is not None for text in pool.items], dtype=bool)
    trigger = Trigger(carries, wanted, 0.0, words.strip(), pool.evaluation.kind)
    sides = trigger.sides(pool.evaluation.tasks)
    decided = int((sides != 0).sum())
    if decided < FEWEST_TASKS:
        raise InputError(
            f"attack.trigger {words!r} stands in one text alone in only {decided} of "
            f"{len(sides):,} evaluation tasks",
            where=where,
            fix=f"choose words that decide at least {FEWEST_TASKS}",
        )
    evaluation = replace(pool.evaluation, trigger=sides)
    name = fingerprint(pool.fingerprint, "trigger", carries, repr(wanted))
    trigger = replace(trigger, decides=decided / len(sides))
    return replace(pool, evaluation=evaluation, fingerprint=name), trigger
