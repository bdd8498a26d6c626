"""Gold that would be trained on because a text of it is written otherwise in a source's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import InputError
from suffice.labels import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from suffice.pools._given import Place
    from suffice.pools._task_pool import SourceLabels, TaskList
    from suffice.progress import Progress

_LONG = 40
"""Letters from which an answer is one and the same whatever it answers. Chosen: "Yes." and "I don't
know." answer many questions, a sentence and a half answers one."""
_FEW = 5
"""Prompts shared with gold from which it is strange that hardly a pair is. Chosen: a source may
answer a handful of the gold's prompts in its own words."""
_HARDLY = 0.1
"""Share of the tasks under the gold's prompts that are hardly any. Chosen: a source that was given
the gold's pairs has them all."""


def check_leaks(
    tasks: TaskList,
    votes: Mapping[str, SourceLabels],
    places: Mapping[str, Place],
    gold: Place,
    progress: Progress,
    *,
    by_prompt: bool,
) -> NDArray[np.bool_]:
    """Find the tasks that are written otherwise than gold, but are the same, and say what is odd.

    Compared are texts by ``loose_texts``: a prompt with its answer, so that it does not matter
    where the one ends and the other begins, and long answers by themselves.

    Args:
        tasks: all tasks, pairs of answers with their prompts.
        votes: what each source said.
        places: where each source's file stands.
        gold: where gold stands.
        progress: told where a source and the gold share fewer tasks than their prompts suggest.
        by_prompt: whether pairs of one prompt must stay together, in whatever writing it is.

    Returns:
        Which tasks must not be trained on [task].

    Raises:
        InputError: more pairs of a source are gold's in other writing than are gold's as they are.
    """
    wholes, answers, prompts = _parts(tasks)
    judged = ~np.isnan(tasks.gold)
    a, b = tasks.a, tasks.b
    keys = [_pairs(part, a, b) for part in (wholes, answers)]
    long = np.array([min(len(answers[x]), len(answers[y])) >= _LONG
                     for x, y in zip(a, b, strict=True)])  # fmt: skip
    same = np.zeros(len(a), dtype=bool)
    for key, counts in zip(keys, (np.ones(len(a), dtype=bool), long), strict=True):
        of_gold = {key[t] for t in np.flatnonzero(judged & counts)}
        same |= np.array([k in of_gold for k in key]) & counts & ~judged
    asked = np.array(prompts, dtype=object)[a]
    known = {p for p in asked[judged] if p}
    under_gold = np.array([p in known for p in asked])
    for name, said in votes.items():
        mine = np.zeros(len(a), dtype=bool)
        mine[said.task] = True
        shared, hidden = int((mine & judged).sum()), np.flatnonzero(mine & same)
        if len(hidden) > shared:
            t = hidden[0]
            other = next(g for g in np.flatnonzero(judged) if any(k[g] == k[t] for k in keys))
            raise InputError(
                f"{counted(len(hidden), 'pair')} of it {'is' if len(hidden) == 1 else 'are'} gold "
                f"in other writing, such as {_shown(tasks, int(t))} for "
                f"{_shown(tasks, int(other))}: they would neither audit the source "
                "nor be kept out of training",
                where=places[name].where,
                fix=f"write the texts as in {gold.name}",
            )
        if len(hidden):
            progress.note(
                f"{places[name].name}: {counted(len(hidden), 'pair')} kept out of training: gold "
                "in other writing"
            )
        near = mine & under_gold
        number = len(set(asked[near]))
        if number >= _FEW and (mine & judged).sum() < _HARDLY * near.sum():
            progress.note(
                f"{places[name].name}: {number:,} of its prompts are the gold's, but only "
                f"{shared:,} of its pairs are: if it answered the gold's pairs, the texts differ"
            )
    return same | (under_gold & ~judged) if by_prompt else same


def _parts(tasks: TaskList) -> tuple[list[str], list[str], list[str]]:
    """Of each item its prompt and answer, its answer and its prompt, by ``loose_texts``."""
    import polars as pl

    from suffice.labels import loose_texts

    asked = tasks.prompts or ("",) * len(tasks.items)
    bare = [item.removesuffix(f"\n\n{p}") if p else item
            for item, p in zip(tasks.items, asked, strict=True)]  # fmt: skip
    answers, prompts = (loose_texts(pl.Series(x, dtype=pl.String)).to_list() for x in (bare, asked))
    return [p + x for p, x in zip(prompts, answers, strict=True)], answers, prompts


def _pairs(part: list[str], a: NDArray[np.int64], b: NDArray[np.int64]) -> list[tuple[str, str]]:
    """Both sides of each task, whichever is called first."""
    return [
        (part[x], part[y]) if part[x] < part[y] else (part[y], part[x])
        for x, y in zip(a.tolist(), b.tolist(), strict=True)
    ]


def _shown(tasks: TaskList, task: int) -> str:
    text = tasks.items[tasks.a[task]]
    return repr(text[:_LONG] + ("..." if len(text) > _LONG else ""))
