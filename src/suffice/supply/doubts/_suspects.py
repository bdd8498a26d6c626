"""Which workers to look at, why, and how many of these flags to expect to be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.supply._pieces import pieces, share_right
from suffice.supply._sides import swapped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes
    from suffice.supply.doubts._collusion import Group

    Array = NDArray[Any]

SURE = 0.95
"""A worker is flagged for low quality where the posterior is at least this sure of it."""
CHANCE_LIKE, INVERTED = 0.25, -0.15
"""Skill (1 is perfect, 0 guesses) below which a worker is near chance, or inverts. Chosen: a
quarter of a perfect worker's information is worth asking about; the second leaves luck room."""
_ONE_SIDED = 0.95
"""Share of one class in a worker's labels that counts as nearly always (convention)."""
_FAST = 0.25
"""Share of the crowd's median time below which a worker is fast (chosen; named only if also less
often right)."""
_FEW = 5
"""Labels below which nothing is said of a worker or of a worker on a slice (chosen)."""
_SLICE_LEVEL = 0.01
"""Chance of flagging anybody in an honest crowd by what is odd on slices; half for each test."""
_SIDE_LEVEL = 0.005
"""Chance of flagging anybody in an honest crowd for giving one answer whatever the task."""
_PUSHED = 0.9
"""Share of one answer on a slice that counts as pushing it (chosen, as ``_ONE_SIDED``, with room
for one in ten)."""


@dataclass(frozen=True)
class Flag:
    """Why a worker is suspect.

    Attributes:
        kind: ``spammer``, ``one-sided``, ``inverted``, ``fast``, ``group`` or ``slice``.
        reason: one sentence.
        false_chance: posterior chance that the flag is wrong.
    """

    kind: str
    reason: str
    false_chance: float


def informedness(right_DWK: Array) -> NDArray[np.float64]:
    """How much better than chance a worker tells classes apart, float64 [draw, worker].

    1 is always right whatever the class, 0 answers the same whatever the class, below 0 is wrong
    more often than by guessing. (For two classes: sensitivity + specificity - 1.)
    """
    import numpy as np

    classes = right_DWK.shape[2]
    mean = right_DWK.astype(np.float64).mean(axis=2)
    return np.asarray((mean - 1.0 / classes) / (1.0 - 1.0 / classes))


def find_suspects(
    votes: Votes, right_DWK: Array, number_W: Array, truth_DT: Array, groups: list[Group]
) -> dict[int, list[Flag]]:
    """Flag workers.

    Low quality is flagged by the posterior; one answer whatever the task, and what is odd on single
    slices, also by tests that hold their level over all workers, which few labels can pass. Where
    labels name a side of a pair, one answer is the side shown first or second; where the order
    shown is unknown nobody can be one-sided.

    Args:
        votes: the labels.
        right_DWK: drawn chance of a right answer by class for the model's workers.
        number_W: the model's worker of each worker (members of a group share one).
        truth_DT: drawn classes of the tasks.
        groups: groups that copy one key.

    Returns:
        Number of the worker -> flags, only for suspects.
    """
    import numpy as np

    workers, classes = votes.shape[1:]
    flags: dict[int, list[Flag]] = {}
    for letter, group in zip(group_names(len(groups)), groups, strict=True):
        for member, evidence in zip(group.members, group.member_evidence, strict=True):
            reason = (
                f"gives the same answers as group {letter} ({len(group.members)} workers, who "
                f"agree on {100 * group.agreement:.0f} % where {100 * group.expected:.0f} % "
                "would be expected)"
            )
            flags.setdefault(int(member), []).append(
                Flag("group", reason, float(np.exp(-min(evidence, 50.0))))
            )
    skill = informedness(right_DWK)[:, number_W]
    load = np.bincount(votes.worker, minlength=workers)
    shown = votes.as_shown(votes.label)
    given = np.zeros((workers, classes), dtype=np.int64)
    if shown is not None:
        cells = np.bincount(votes.worker * classes + shown, minlength=workers * classes)
        given = cells.reshape(workers, classes)
    low, inverted = (skill < CHANCE_LIKE).mean(axis=0), (skill < INVERTED).mean(axis=0)
    for worker in np.flatnonzero(((low >= SURE) | (inverted >= SURE)) & (load >= _FEW)):
        mine = flags.setdefault(int(worker), [])
        top = int(given[worker].argmax())
        if inverted[worker] >= SURE:
            text = "is wrong more often than guessing would be: answers may be inverted"
            mine.append(Flag("inverted", text, float(1.0 - inverted[worker])))
        elif given[worker, top] >= _ONE_SIDED * load[worker]:
            text = f"answers {_called(votes, top)} nearly always, whatever the task"
            mine.append(Flag("one-sided", text, float(1.0 - low[worker])))
        else:
            text = "is near chance: the answers say little about the tasks"
            mine.append(Flag("spammer", text, float(1.0 - low[worker])))
    if shown is not None:
        _one_sided(votes, truth_DT, given, flags)
    _fast(votes, skill, load, flags)
    _slices(votes, truth_DT, load, flags)
    if shown is not None:
        _pushed(votes, truth_DT, load, flags)
    return flags


def expected_false(flags: dict[int, list[Flag]]) -> float:
    """How many of the flagged workers the posterior expects to be flagged wrongly."""
    return float(sum(min(flag.false_chance for flag in mine) for mine in flags.values()))


def group_names(count: int) -> list[str]:
    """A, B, ... Z, A2, B2, ..."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [
        letters[number % 26] + (str(number // 26 + 1) if number >= 26 else "")
        for number in range(count)
    ]


def _one_sided(
    votes: Votes, truth_DT: Array, given_WK: Array, flags: dict[int, list[Flag]]
) -> None:
    """Workers who nearly always give one class where their tasks are of several.

    An honest worker, right as often as the crowd, gives the class with the chance that the task's
    class allows. Twenty labels of one side can be told from that by their number alone, long before
    the worker's confusion matrix is known.
    """
    import numpy as np

    workers, classes = given_WK.shape
    top = given_WK.argmax(axis=1)
    given, load = given_WK[np.arange(workers), top].astype(np.float64), given_WK.sum(axis=1)
    hits = 0
    for piece in pieces(len(votes)):
        task, label = votes.task[piece], votes.label[piece]
        hits += sum(int(np.count_nonzero(truth[task] == label)) for truth in truth_DT)
    right = hits / (len(truth_DT) * len(votes))
    expected = np.zeros(workers)
    for piece in pieces(len(votes)):
        task, who = votes.task[piece], votes.worker[piece]
        is_top = share_right(truth_DT, task, _coded(votes, top[who], piece))
        chance = is_top * right + (1.0 - is_top) * (1.0 - right) / (classes - 1)
        expected += np.bincount(who, chance, workers)
    expected /= np.maximum(load, 1)
    usable = load >= _FEW
    level = _SIDE_LEVEL / max(int(usable.sum()), 1)
    for worker in np.flatnonzero(usable & (given >= _ONE_SIDED * load)):
        tail = at_least(int(given[worker]), int(load[worker]), float(expected[worker]))
        if tail >= level:
            continue
        mine = flags.setdefault(int(worker), [])
        if any(flag.kind == "one-sided" for flag in mine):
            continue
        text = (
            f"answers {_called(votes, int(top[worker]))} on {given[worker]:.0f} of {load[worker]} "
            f"labels, nearly always whatever the task, where {100 * expected[worker]:.0f} % would "
            "be expected"
        )
        mine.append(Flag("one-sided", text, tail))


def _called(votes: Votes, code: int) -> str:
    """What a worker is said to answer: the name of a class, or the side as it was shown."""
    if votes.twins is None or code not in votes.twins:
        return repr(votes.classes[code])
    return f"the side shown {'first' if code == votes.twins[0] else 'second'}"


def _coded(votes: Votes, shown: Array, piece: slice) -> Array:
    """What some labels' workers saw as a code, as the votes code it; of a piece of the labels."""
    if votes.twins is None or votes.unlike_shown is None:
        return shown
    return swapped(shown, votes.twins, votes.unlike_shown[piece])


def at_least(least: int, tries: int, chance: float) -> float:
    """Binomial chance of ``least`` hits or more; few terms, since nearly all tries are hits."""
    from math import exp, lgamma, log, log1p

    if not 0.0 < chance < 1.0:
        return float(chance >= 1.0)
    hit, miss = log(chance), log1p(-chance)
    whole = lgamma(tries + 1.0)
    return sum(
        exp(whole - lgamma(k + 1.0) - lgamma(tries - k + 1.0) + k * hit + (tries - k) * miss)
        for k in range(least, tries + 1)
    )


def _fast(votes: Votes, skill: Array, load: Array, flags: dict[int, list[Flag]]) -> None:
    """Workers far quicker than the crowd and worse than it: quick and good is no fault."""
    import numpy as np

    if votes.seconds is None:
        return
    known = np.isfinite(votes.seconds)
    if not known.any():
        return
    crowd = float(np.median(votes.seconds[known]))
    worse = (skill < np.median(skill, axis=1)[:, None]).mean(axis=0)
    timed = np.bincount(votes.worker[known], minlength=votes.shape[1])
    asked = (timed >= _FEW) & (load >= _FEW) & (worse >= SURE)
    mine = np.flatnonzero(known & asked[votes.worker])
    mine = mine[np.argsort(votes.worker[mine], kind="stable")]
    end = np.where(asked, timed, 0).cumsum()
    for worker in np.flatnonzero(asked).tolist():
        own = votes.seconds[mine[end[worker] - timed[worker] : end[worker]]]
        middle = float(np.median(own))
        if middle < _FAST * crowd:
            text = (
                f"takes {middle:.3g} s a label where the crowd takes {crowd:.3g} s, "
                "and is less often right"
            )
            flags.setdefault(worker, []).append(Flag("fast", text, float(1.0 - worse[worker])))


def _slices(votes: Votes, truth_DT: Array, load: Array, flags: dict[int, list[Flag]]) -> None:
    """Workers who are right elsewhere but not on one slice (Bonferroni over all cells)."""
    import numpy as np

    slices = len(votes.slice_names)
    if slices < 2:
        return
    from scipy.special import bdtr

    workers = votes.shape[1]
    where = votes.slices[votes.task]
    right = share_right(truth_DT, votes.task, votes.label)
    cell = votes.worker * slices + where
    n = np.bincount(cell, minlength=workers * slices).reshape(workers, slices)
    k = np.bincount(cell, right, workers * slices).reshape(workers, slices)
    crowd = (k.sum(axis=0) + 1.0) / (n.sum(axis=0) + 2.0)
    elsewhere_n = n.sum(axis=1, keepdims=True) - n
    elsewhere = (k.sum(axis=1, keepdims=True) - k + 4.0 * crowd.mean()) / (elsewhere_n + 4.0)
    odds = np.log(elsewhere / (1.0 - elsewhere)) + np.log(crowd / (1.0 - crowd))
    odds = odds - float(np.log(crowd.mean() / (1.0 - crowd.mean())))
    expected = 1.0 / (1.0 + np.exp(-odds))
    tail = bdtr(np.floor(k), n, expected)
    usable = (n >= _FEW) & (elsewhere_n >= _FEW) & (load >= 2 * _FEW)[:, None]
    tests = max(int(usable.sum()), 1)
    hit = (
        usable
        & (tail < _SLICE_LEVEL / 2.0 / tests)
        & (k < 0.6 * n)
        & (k / np.maximum(n, 1) < crowd)
    )
    for worker, place in zip(*np.nonzero(hit), strict=True):
        text = (
            f"is right on {100 * k[worker, place] / n[worker, place]:.0f} % of slice "
            f"{votes.slice_names[place]!r} where {100 * expected[worker, place]:.0f} % "
            "would be expected"
        )
        flags.setdefault(int(worker), []).append(Flag("slice", text, float(tail[worker, place])))


def _pushed(votes: Votes, truth_DT: Array, load: Array, flags: dict[int, list[Flag]]) -> None:
    """Workers who push one answer on one slice and not elsewhere (Bonferroni over all cells).

    On each label an honest worker gives the class with the chance that the task's class, the
    worker's accuracy elsewhere and the worker's liking for the class elsewhere allow.
    """
    import numpy as np

    slices, (_, workers, classes) = len(votes.slice_names), votes.shape
    if slices < 2:
        return
    from scipy.special import bdtrc

    right = share_right(truth_DT, votes.task, votes.label)
    cell = votes.worker * slices + votes.slices[votes.task]
    size = workers * slices
    n = np.bincount(cell, minlength=size)
    # A right and a wrong label are borrowed: nobody is perfect.
    k = np.bincount(cell, right, size)
    away = load.repeat(slices) - n
    good = (np.bincount(votes.worker, right, workers).repeat(slices) - k + 1.0) / (away + 2.0)
    label = votes.label if (shown := votes.as_shown(votes.label)) is None else shown
    given = np.bincount(cell * classes + label, minlength=size * classes)
    given = given.reshape(size, classes).astype(np.float64)
    top = given.argmax(axis=1)
    pushed = given[np.arange(size), top]
    liked = np.bincount(votes.worker * classes + label, minlength=workers * classes)
    liked = liked.reshape(workers, classes).repeat(slices, axis=0)[np.arange(size), top] - pushed
    liking = (liked + 0.5) / (away + 1.0)
    usable = (n >= 2 * _FEW) & (away >= 2 * _FEW)
    wanted = top[cell]
    is_wanted = share_right(truth_DT, votes.task, _coded(votes, wanted, slice(None)))
    accuracy = good[cell]
    chance = is_wanted * accuracy + (1.0 - is_wanted) * (1.0 - accuracy) / (classes - 1)
    expected = np.bincount(cell, np.maximum(chance, liking[cell]), size) / np.maximum(n, 1)
    expected = np.clip(expected, 0.0, 1.0)
    tail = bdtrc(pushed - 1.0, n, expected)
    tests = max(int(usable.sum()), 1)
    hit = usable & (pushed >= _PUSHED * n) & (tail < _SLICE_LEVEL / 2.0 / tests)
    for place in np.flatnonzero(hit):
        worker, number = divmod(int(place), slices)
        text = (
            f"answers {_called(votes, int(top[place]))} on {pushed[place]:.0f} of {n[place]} "
            f"labels of slice {votes.slice_names[number]!r} where {100 * expected[place]:.0f} % "
            "would be expected"
        )
        flags.setdefault(worker, []).append(Flag("slice", text, float(tail[place])))
