"""When the labels cannot tell which side is right, and what that does to every confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes
    from suffice.supply.doubts._collusion import Group
    from suffice.supply.workers import WorkerFit

    Array = NDArray[Any]

MAJORITY = 0.5
"""A group with so many of the labels may be the honest side: what a majority is."""
OPPOSED = 0.35
"""Share of the labels by workers who contradict the crowd, from which there are two camps.
Chosen: well below half, since only those count of whom the posterior is sure; a lower share
has the audit say more often that it cannot know."""
ENOUGH_GOLD = 5
"""Gold tasks that tell which side is right. Chosen: five right answers by guessing between two
classes have a chance of .03."""
_CLEAR, _SLIGHT = 0.9, 0.05
"""Posterior that a worker's skill lies beyond ``_SLIGHT`` of guessing, to count for a camp.
Chosen: whoever is near chance is of no camp."""


DISAGREE = 0.1
"""Share of the common tasks on which language models give another answer than people, from which it
matters who is right (chosen: a tenth of the tasks could be wrong either way)."""
_EVEN_ODDS = 0.5
"""Weight of the reading that language models are right, where nothing tells."""


@dataclass(frozen=True)
class Identified:
    """Whether the labels can tell the truth.

    Attributes:
        known: False where another reading of the same labels is as good, or nearly so.
        statement: one or two sentences.
        other_reading: weight of the other reading in every confidence.
        machines: whether the other reading is that language models are right against people.
    """

    known: bool
    statement: str
    other_reading: float = 0.0
    machines: bool = False


def doubt(
    votes: Votes,
    groups: list[Group],
    fit: WorkerFit,
    number_W: Array,
    posterior: Array,
) -> tuple[NDArray[np.float64], Identified]:
    """Judge whether the labels can tell the truth, and mix the other reading in where not.

    Without gold (or with fewer than ``ENOUGH_GOLD`` tasks of it), two readings of the labels can
    be equally good: a group that copies one key and holds most labels may be the honest side, or
    one of two camps that contradict each other may be inverted. A few gold tasks decide.

    Returns:
        P(class) of each task with both readings in it, and whether the labels can tell the truth.
    """
    import numpy as np

    from suffice.labels import counted
    from suffice.supply.doubts._suspects import informedness

    golden = int((votes.gold >= 0).sum())
    if golden >= ENOUGH_GOLD:
        return posterior, Identified(True, f"{golden:,} gold tasks fix which side is right.")
    without = f"with {counted(golden, 'gold task')}" if golden else "without gold"
    if not _compared(votes):
        return posterior, Identified(
            False,
            f"Cannot know: no two workers labelled the same task, and {without} nothing else tells "
            "how good the labels are. Accuracies, errors and bits are the prior's. Rate some "
            "tasks as gold (10 to 30), or ask several workers about some of them.",
        )
    if votes.judges is not None and votes.judges.all():
        return posterior, Identified(
            False,
            f"Cannot know: all labels are language models', and {without} nothing tells what they "
            "get wrong together. Rate some tasks as gold (10 to 30), or ask people about some.",
        )
    if (votes.label == votes.label[0]).all():
        return posterior, Identified(
            False,
            f"Cannot know: all labels are {votes.classes[int(votes.label[0])]!r}, and {without} "
            "nothing tells a worker who is right from one who always says so.",
        )
    held = sum(group.label_share for group in groups)
    if held >= MAJORITY:
        other = _groups_reading(votes, groups, posterior)
        weight = min(held, MAJORITY)
        return _mix(posterior, other, weight), Identified(
            False,
            f"Cannot know: groups that copy one key gave {100 * held:.0f} % of the labels, and "
            f"{without} nothing tells whether they or the others are right. The labels follow "
            "the others; the confidences allow for both. Rate some tasks as gold (10 to 30).",
            weight,
        )
    skill = informedness(fit.right_DWK)[:, number_W]
    load = np.bincount(votes.worker, minlength=votes.shape[1]).astype(np.float64)
    # Groups have been judged above: their many labels are one voice.
    for group in groups:
        load[group.members] = 0.0
    positive = float(load[(skill > _SLIGHT).mean(axis=0) >= _CLEAR].sum())
    negative = float(load[(skill < -_SLIGHT).mean(axis=0) >= _CLEAR].sum())
    if positive + negative == 0.0:
        return posterior, Identified(
            False,
            "Cannot know: no worker is clearly better than chance, so the labels say next to "
            "nothing about the tasks.",
        )
    opposed = negative / (positive + negative)
    if opposed >= OPPOSED:
        classes = votes.shape[2]
        other = (1.0 - posterior) / (classes - 1)
        return _mix(posterior, other, opposed), Identified(
            False,
            f"Cannot know: workers who gave {100 * opposed:.0f} % of the informative labels "
            f"answer the opposite of the rest, and {without} nothing tells which side is "
            "right. The confidences allow for both. Rate some tasks as gold (10 to 30).",
            opposed,
        )
    if (apart := _machines_apart(votes, posterior)) >= DISAGREE:
        return _mix(posterior, _machines_reading(votes, posterior), _EVEN_ODDS), Identified(
            False,
            f"Cannot know whether people or language models are right where they differ, on "
            f"{100 * apart:.0f} % of the tasks that both labelled: {without} nothing tells, and "
            "neither are put in order. The labels follow the people; confidences and intervals "
            "allow for both. Rate some of these tasks as gold (10 to 30).",
            _EVEN_ODDS,
            machines=True,
        )
    copied = (
        f"Groups that copy one key gave {100 * held:.0f} % of the labels and count as one voter "
        "each. "
        if groups
        else ""
    )
    return posterior, Identified(
        True,
        f"{copied}The labels can tell, provided that most workers who do not copy mean to be "
        f"right; {without}, errors that everybody shares stay unseen.",
    )


def machines_are_right(
    votes: Votes, verdict: Identified, truth_DT: Array, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Put the other reading into some draws of the truth, where it is that of language models.

    Returns:
        Which draws it is in, bool [draw].
    """
    import numpy as np

    other = np.zeros(len(truth_DT), dtype=bool)
    if not verdict.machines:
        return other
    other[: round(verdict.other_reading * len(truth_DT))] = True
    other = rng.permutation(other)
    assert votes.judges is not None
    machine = votes.judges[votes.worker]
    task, label = votes.task[machine], votes.label[machine]
    # One of the models' labels, by chance: where they differ the reading is unsure.
    first = np.flatnonzero(np.diff(task, prepend=-1))
    size = np.diff(np.append(first, len(task)))
    known = votes.gold[task[first]] >= 0
    for draw in np.flatnonzero(other):
        picked = label[first + (rng.random(len(first)) * size).astype(np.int64)]
        truth_DT[draw, task[first][~known]] = picked[~known]
    return other


def _machines_reading(votes: Votes, posterior: Array) -> NDArray[np.float64]:
    """P(class) of each task if language models are right: their shares of votes."""
    import numpy as np

    if votes.judges is None:
        return posterior
    machine = votes.judges[votes.worker]
    tasks, _, classes = votes.shape
    cell = votes.task[machine] * classes + votes.label[machine]
    counts = np.bincount(cell, minlength=tasks * classes).reshape(tasks, classes)
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, counts / np.maximum(total, 1), posterior))


def _machines_apart(votes: Votes, posterior: Array) -> float:
    """Share of the tasks with labels of both on which language models say another class."""
    import numpy as np

    if votes.judges is None or votes.judges.all() or not votes.judges.any():
        return 0.0
    machine = votes.judges[votes.worker]
    tasks = votes.shape[0]
    both = np.bincount(votes.task[machine], minlength=tasks) > 0
    both &= np.bincount(votes.task[~machine], minlength=tasks) > 0
    if not both.any():
        return 0.0
    other = _machines_reading(votes, posterior)[both]
    return float(1.0 - other[np.arange(len(other)), posterior[both].argmax(axis=1)].mean())


def _compared(votes: Votes) -> bool:
    """Whether any task has labels of two workers (of one, labelling twice, says nothing)."""
    import numpy as np

    tasks, workers, _ = votes.shape
    if workers < 2:
        return False
    first = np.zeros(tasks, dtype=np.int64)
    first[votes.task] = votes.worker
    return bool((first[votes.task] != votes.worker).any())


def _groups_reading(votes: Votes, groups: list[Group], posterior: Array) -> Array:
    """What the tasks' classes are if the largest group is right."""
    import numpy as np

    from suffice.supply.doubts._collusion import _key

    biggest = max(groups, key=lambda group: group.label_share)
    mine = np.isin(votes.worker, biggest.members)
    task, label = _key(votes.task[mine], votes.label[mine], votes.shape[2])
    other = posterior.copy()
    other[task] = np.eye(votes.shape[2])[label]
    return other


def _mix(one: Array, other: Array, weight: float) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray((1.0 - weight) * one + weight * other)
