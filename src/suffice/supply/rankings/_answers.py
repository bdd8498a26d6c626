"""Rankings as choices: one after the other the best of what is left, as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.labels import LabelTable
    from suffice.labels.kinds import Ranking

    Array = NDArray[Any]

MOST_TIED = 3
"""Items that one group of even ones may hold for the tie to be modelled. Chosen: the ways to tie
grow with the power of it; a larger group counts as shown in no order."""
MOST_SHOWN = 12
"""Items of one set. Chosen: with ties of three, 298 ways to begin."""


@dataclass(frozen=True, eq=False)
class Choices:
    """All choices of all answers, each answer's one after another.

    A *cell* is an item in a task. Leading axes: N ways to choose, E choices, C cells, A answers.

    Attributes:
        cell_ND: the cells of each way, -1 where it has fewer, int64 [way, tied].
        size_N: how many items the way takes at once, from 1.
        start_E: the first way of each choice.
        chosen_E: the way that was chosen.
        answer_E: whose choice it is.
        task_A, worker_A: of each answer.
        item_C, task_C: of each cell.
        slot_C: the place of each cell among those of its task.
        workers, items, tasks: how many there are (of all sets).
        tied: the largest group of even items.
        item_set, worker_set, task_set, sets: independent tables side by side.
    """

    cell_ND: NDArray[np.int64]
    size_N: NDArray[np.int64]
    start_E: NDArray[np.int64]
    chosen_E: NDArray[np.int64]
    answer_E: NDArray[np.int64]
    task_A: NDArray[np.int64]
    worker_A: NDArray[np.int64]
    item_C: NDArray[np.int64]
    task_C: NDArray[np.int64]
    slot_C: NDArray[np.int64]
    workers: int
    items: int
    tasks: int
    tied: int
    item_set: NDArray[np.int64]
    worker_set: NDArray[np.int64]
    task_set: NDArray[np.int64]
    sets: int = 1


@dataclass(frozen=True, eq=False)
class RankedAnswers:
    """The answers of a table, its names, and what was passed over.

    Attributes:
        choices: the answers as choices.
        rankings: the different answers; ``ranking_A`` says which one each answer is.
        tasks, workers, items: the names behind the numbers.
        notes: what was passed over.
    """

    choices: Choices
    rankings: tuple[Ranking, ...]
    ranking_A: NDArray[np.int64]
    tasks: list[Any]
    workers: list[Any]
    items: list[str]
    notes: tuple[str, ...]


def code_rankings(table: LabelTable) -> RankedAnswers:
    """The answers of a table whose labels are rankings.

    Raises:
        InputError: a label is no ranking, or ranks too many items.
    """
    import numpy as np

    from suffice.labels.kinds import parse_ranking
    from suffice.supply._votes import numbered

    frame = table.frame
    tasks, task = numbered(frame["task"])
    workers, worker = numbered(frame["worker"])
    texts, text = numbered(frame["label"])
    rankings = []
    for label in texts:
        if (found := parse_ranking(label)) is None:
            row = int((frame["label"] == label).arg_true()[0])
            raise InputError(
                f"label {label!r} of data row {row + 1} is no ranking of two items or more",
                where=table.origin,
                fix="write a > b > c, with = between even items and / between those below the best",
            )
        if len(found.items) > MOST_SHOWN:
            raise InputError(
                f"label {label!r} ranks {len(found.items)} items",
                where=table.origin,
                fix=f"rank {MOST_SHOWN} at most",
            )
        rankings.append(found)
    items = sorted({item for ranking in rankings for item in ranking.items})
    number = {item: k for k, item in enumerate(items)}
    order = np.lexsort((worker, task))
    coded = [
        (
            tuple(tuple(number[i] for i in group) for group in ranking.groups),
            tuple(number[i] for i in ranking.rest),
        )
        for ranking in rankings
    ]
    one = np.zeros
    choices = choices_of(
        coded,
        text[order].astype(np.int64),
        task[order].astype(np.int64),
        worker[order].astype(np.int64),
        (len(items), len(workers), len(tasks)),
        (one(len(items), int), one(len(workers), int), one(len(tasks), int), 1),
    )
    notes = []
    large = sum(len(g) > MOST_TIED for r in rankings for g in r.groups)
    if large:
        notes.append(
            f"{large:,} different answers call more than {MOST_TIED} items even: nothing is "
            "learned from those"
        )
    return RankedAnswers(
        choices, tuple(rankings), text[order].astype(np.int64), tasks, workers, items, tuple(notes)
    )


def choices_of(
    coded: list[tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]],
    which_A: Array,
    task_A: Array,
    worker_A: Array,
    shape: tuple[int, int, int],
    sets: tuple[Array, Array, Array, int],
) -> Choices:
    """Choices of answers, each of which is one of a few different ones.

    Args:
        coded: groups of item numbers, and the rest, of each different answer.
        which_A, task_A, worker_A: of each answer.
        shape: items, workers and tasks.
        sets: the set of each item, worker and task, and how many sets there are.
    """
    import numpy as np

    items, workers, tasks = shape
    tied = max((len(g) for groups, _ in coded for g in groups if len(g) <= MOST_TIED), default=1)
    made = [_ways(groups, rest, tied) for groups, rest in coded]
    ways = np.array([len(m[1]) for m in made])
    stages = np.array([len(m[2]) for m in made])
    shown = np.array([sum(map(len, groups)) + len(rest) for groups, rest in coded])
    way_at, stage_at, shown_at = (np.cumsum(x) - x for x in (ways, stages, shown))
    item_of = np.array([i for groups, rest in coded for i in (*sum(groups, ()), *rest)])
    item_ND = np.concatenate([m[0] for m in made])
    size_N = np.concatenate([m[1] for m in made])
    first_S = np.concatenate([m[2] for m in made])
    chosen_S = np.concatenate([m[3] for m in made])

    def spread(count: Array, at: Array) -> tuple[Array, Array]:
        """Rows of the different answers for every answer, and the answer of each."""
        size = count[which_A]
        answer = np.repeat(np.arange(len(which_A)), size)
        inside = np.arange(len(answer)) - np.repeat(np.cumsum(size) - size, size)
        return at[which_A][answer] + inside, answer

    row, answer = spread(shown, shown_at)
    cell = np.unique(task_A[answer] * items + item_of[row])
    item_C, task_C = cell % items, cell // items
    first = np.searchsorted(task_C, np.arange(tasks))
    slot_C = np.arange(len(cell)) - first[task_C]
    row, answer = spread(ways, way_at)
    item = item_ND[row]
    place = np.searchsorted(cell, task_A[answer][:, None] * items + np.maximum(item, 0))
    stage, answer_E = spread(stages, stage_at)
    size = ways[which_A]
    base = (np.cumsum(size) - size)[answer_E]
    return Choices(
        cell_ND=np.where(item >= 0, place, -1),
        size_N=size_N[row],
        start_E=base + first_S[stage],
        chosen_E=base + chosen_S[stage],
        answer_E=answer_E,
        task_A=task_A,
        worker_A=worker_A,
        item_C=item_C,
        task_C=task_C,
        slot_C=slot_C,
        workers=workers,
        items=items,
        tasks=tasks,
        tied=tied,
        item_set=sets[0],
        worker_set=sets[1],
        task_set=sets[2],
        sets=sets[3],
    )


def _ways(
    groups: tuple[tuple[int, ...], ...], rest: tuple[int, ...], tied: int
) -> tuple[Array, Array, Array, Array]:
    """Ways to choose at each stage of one answer.

    Returns:
        Items of each way [way, tied], how many they are, the first way of each stage, and the
        chosen one.
    """
    import numpy as np

    items: list[tuple[int, ...]] = []
    first, chosen = [], []
    left = [*sum(groups, ()), *rest]
    for group in groups:
        if len(left) < 2:
            break
        if len(group) > tied:
            # Nothing is said of a large group but that all that follows is below it.
            left = [i for i in left if i not in group]
            continue
        if len(group) == len(left) and tied == 1:
            break
        first.append(len(items))
        ways = [w for k in range(1, min(tied, len(left)) + 1) for w in combinations(left, k)]
        chosen.append(len(items) + ways.index(tuple(i for i in left if i in group)))
        items += ways
        left = [i for i in left if i not in group]
    table = np.full((len(items), max(tied, 1)), -1)
    for row, way in enumerate(items):
        table[row, : len(way)] = way
    sizes = np.array([len(way) for way in items], dtype=np.int64)
    return table, sizes, np.array(first, dtype=np.int64), np.array(chosen, dtype=np.int64)
