"""Groups of workers who copy one key: colluders, sybils, copied answers.

Workers who agree because the task is easy, because they are good, or because they like the same
class are not suspicious. So agreement is judged against two explanations: first, what both
workers' agreement with everybody else and the task's difficulty predict (this finds candidates);
then, skill: that the members, each alone, are right more often than the workers *outside* the
group, and agree because of that (this confirms them). Only agreement that neither explains is
copying.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.supply.doubts._both_right import copied_rather_than_right
from suffice.supply.workers import PUBLIC_CROWDS, dawid_skene, majority_vote, shrunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes

    Array = NDArray[Any]

FIDELITY = 0.97
"""A copier gives the group's answer with this chance."""
LEAST_AGREEMENT = 0.93
"""Two copiers agree at least so often: a little less than ``FIDELITY`` squared."""
PAIR_EVIDENCE, GROUP_EVIDENCE, MEMBER_EVIDENCE = 8.0, 14.0, 4.0
"""Log likelihood ratios of copying against answering alone: to merge two workers, to confirm a
group, to add a member. Chosen so that no honest worker is named in simulated crowds and on five
public ones (docs/results/audit.md); lower ones find smaller groups and accuse more people."""
_MOST_PAIRS, _MOST_WORKERS, _MOST_GROUPS = 1_000_000, 2_500, 12
"""Chosen for time and memory: pairs of labels and workers compared (a sample of tasks and the
busiest beyond), and groups looked for."""
_RIDGE = 4.0
"""Precision of the normal prior of a worker's agreement in log odds (sd .5). Chosen: most of the
difference between workers is in what is expected of them already."""
_STILL = 1e-3
"""Largest step, in log odds, at which the skills have converged: steps halve, so that as much is
left to go, on a log likelihood ratio that is compared with 4 and more."""
_BORROWED = 2.0
"""Labels of the crowd's class shares that are added to the votes of all others on a task: two, as
the least number that tells a task apart from an average one (convention of a weak prior)."""
_REFINEMENTS, _RESEMBLING_TASKS = 5, 6
"""Rounds of adding members to a group at most, and common tasks on which somebody must resemble it
to be asked. Chosen: with fewer tasks, honest workers resemble by chance."""
_COMPARED_TASKS, _OTHER_OPINIONS, _MORE_ALIKE = 10, 3, 0.05
"""Tasks that a group is judged on at least, labels by others that each of them has, and how much
more than expected its members agree. Chosen: below that, right answers and copied ones look
alike."""


@dataclass(frozen=True, eq=False)
class Group:
    """Workers who copy one key.

    Attributes:
        members: numbers of the workers, int64 [member].
        agreement: how often two members agree where both labelled a task.
        expected: how often they would if each answered alone.
        evidence: log likelihood ratio of copying against answering alone, however skilled.
        member_evidence: log likelihood ratio of each member following the group's key, [member].
        label_share: share of all labels that are theirs.
    """

    members: NDArray[np.int64]
    agreement: float
    expected: float
    evidence: float
    member_evidence: NDArray[np.float64]
    label_share: float


def find_groups(votes: Votes, *, seed: int = 0) -> tuple[list[Group], list[str]]:
    """Find groups of workers who copy one key.

    Model: within a group a label equals the group's key with chance ``FIDELITY``; otherwise
    labels are independent given the task's class, by each worker's own confusion matrix.
    Assumes: outside the group enough honest labels are left to tell the tasks' classes.
    Fails when: copiers hide behind much noise, overlap on few tasks, or are the only ones who
    label their tasks. Copiers of right answers pass for good workers.

    Returns:
        The groups, the surest first, and what had to be passed over.
    """
    import numpy as np

    notes: list[str] = []
    rng = Stream.COLLUSION.rng(seed)
    active = np.ones(votes.shape[1], dtype=bool)
    if votes.judges is not None:
        active &= ~votes.judges  # that models agree is no news
    if votes.shape[1] > _MOST_WORKERS:
        load = np.bincount(votes.worker, minlength=votes.shape[1])
        active[np.argsort(-load)[_MOST_WORKERS:]] = False
        notes.append(
            f"copying groups were searched among the {_MOST_WORKERS:,} workers with most labels"
        )
    groups: list[Group] = []
    refused: set[frozenset[int]] = set()
    current = _Arrays(votes)
    for _ in range(_MOST_GROUPS):
        pairs = _pairs(current, active, rng)
        if len(pairs[0]) == 0:
            break
        # Workers who are not compared have no row: memory must not grow with their square.
        compared = np.flatnonzero(active)
        evidence = _pair_evidence(current, *pairs, compared)
        candidates = [compared[mine] for mine in _clusters(evidence)]
        found = None
        # The most alike first: honest workers look alike too while copiers are among the votes.
        ranked = sorted(
            ((_agreement(current, pairs, members), members) for members in candidates),
            key=lambda pair: -pair[0],
        )
        for agreement, members in ranked:
            key = frozenset(members.tolist())
            if agreement < LEAST_AGREEMENT or key in refused:
                continue
            found = _confirm(votes, current, pairs, members, agreement, groups)
            if found is not None:
                break
            refused.add(key)
        if found is None:
            break
        groups.append(found)
        active[found.members] = False
        current = current.without(found.members)
    groups.sort(key=lambda group: -group.evidence)
    return groups, notes


def merge_groups(
    votes: Votes, groups: list[Group], *, seed: int = 0
) -> tuple[Array, Array, Array, Array]:
    """Labels in which each group has one vote a task: its most frequent answer.

    Beside people, language models are one voter as well: they err together.

    Returns:
        task, worker and label of the merged labels, sorted by task, and the new number of each
        worker [worker]; members of a group share a number.
    """
    import numpy as np

    workers, classes = votes.shape[1], votes.shape[2]
    number = np.arange(workers)
    for group in groups:
        number[group.members] = group.members.min()
    voices = [group.members for group in groups]
    if len(machines := machine_voice(votes, voices)) > 1:
        voices.append(machines)
        number[machines] = machines.min()
    if not voices:
        return votes.task, votes.worker, votes.label, number
    _, number = np.unique(number, return_inverse=True)
    grouped = np.zeros(workers, dtype=bool)
    for members in voices:
        grouped[members] = True
    inside = grouped[votes.worker]
    task, worker, label = votes.task[~inside], number[votes.worker[~inside]], votes.label[~inside]
    parts = [(task, worker, label)]
    rng = Stream.COLLUSION.rng(seed, 1)
    for members in voices:
        mine = np.isin(votes.worker, members)
        key_task, key_label = _key(votes.task[mine], votes.label[mine], classes, rng)
        parts.append((key_task, np.full(len(key_task), number[members[0]]), key_label))
    task, worker, label = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(task, kind="stable")
    return task[order], worker[order], label[order], number


def machine_voice(votes: Votes, voices: Sequence[Array]) -> NDArray[np.int64]:
    """The language models that are one voter: those in no group, where there are people, too."""
    import numpy as np

    if votes.judges is None or votes.judges.all():
        return np.empty(0, dtype=np.int64)
    machine = votes.judges.copy()
    for members in voices:
        machine[members] = False
    return np.flatnonzero(machine)


class _Arrays:
    """The labels under study, sorted by task."""

    def __init__(self, votes: Votes, keep: Array | None = None) -> None:
        import numpy as np

        self.votes = votes
        self.keep = keep
        self.task, self.worker, self.label = votes.task, votes.worker, votes.label
        if keep is not None:
            self.task, self.worker, self.label = (
                part[keep] for part in (self.task, self.worker, self.label)
            )
        tasks, _, classes = votes.shape
        cells = np.bincount(self.task * classes + self.label, minlength=tasks * classes)
        self.counts = cells.reshape(tasks, classes).astype(np.float64)

    def without(self, members: Array) -> _Arrays:
        """The labels of everybody else."""
        import numpy as np

        outside = np.ones(self.votes.shape[1], dtype=bool)
        outside[members] = False
        keep = outside[self.votes.worker]
        return _Arrays(self.votes, keep if self.keep is None else self.keep & keep)


def _pairs(data: _Arrays, active: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Positions of two labels of one task by active workers; a sample of tasks if too many."""
    import numpy as np

    tasks = len(data.counts)
    mine = active[data.worker]
    size = np.bincount(data.task if mine.all() else data.task[mine], minlength=tasks)
    total = (size * (size - 1) // 2).sum()
    if total > _MOST_PAIRS:
        order = rng.permutation(tasks)
        cumulated = (size[order] * (size[order] - 1) // 2).cumsum()
        chosen = np.zeros(tasks, dtype=bool)
        chosen[order[: max(int(np.searchsorted(cumulated, _MOST_PAIRS)), 1)]] = True
        mine &= chosen[data.task]
        size = np.where(chosen, size, 0)
    usable = np.flatnonzero(mine)
    task = data.task[usable]
    first, second = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for step in range(1, int(size.max(initial=0))):
        same = task[:-step] == task[step:]
        first.append(usable[:-step][same])
        second.append(usable[step:][same])
    return np.concatenate(first), np.concatenate(second)


def _pair_evidence(data: _Arrays, first: Array, second: Array, compared: Array) -> Array:
    """Log likelihood ratio of copying for each pair of the compared workers, [worker, worker]."""
    import numpy as np

    _, workers, classes = data.votes.shape
    share = data.counts.sum(axis=0) + 0.5
    share /= share.sum()
    own = np.bincount(data.worker * classes + data.label, minlength=workers * classes)
    own_share = own.reshape(workers, classes) + 5.0 * share
    lean = own_share / own_share.sum(axis=1, keepdims=True) / share

    votes = data.counts + _BORROWED * share

    def chance(of: Array, other: Array) -> Array:
        """Chance that ``other`` gives the label of ``of``, from the votes of all the rest."""
        task, who, label = data.task[of], data.worker[other], data.label[of]
        also = data.label[other]
        liked, same = lean[who, label], label == also
        whole = np.einsum("pk,pk->p", votes[task], lean[who]) - liked - lean[who, also]
        return np.asarray((votes[task, label] - 1.0 - same) * liked / whole)

    expected = np.clip((chance(first, second) + chance(second, first)) / 2.0, 0.02, 0.98)
    base = np.log(expected / (1.0 - expected))
    agree = data.label[first] == data.label[second]
    place = np.empty(workers, dtype=np.int64)
    place[compared] = np.arange(len(compared))
    left, right = place[data.worker[first]], place[data.worker[second]]
    workers = len(compared)
    skill, level = np.zeros(workers), 0.0
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-(base + level + skill[left] + skill[right])))
        gap, curve = agree - p, p * (1.0 - p)
        slope = np.bincount(left, gap, workers) + np.bincount(right, gap, workers) - _RIDGE * skill
        bend = np.bincount(left, curve, workers) + np.bincount(right, curve, workers) + _RIDGE
        step = 0.5 * np.clip(slope / bend, -1.0, 1.0)
        rise = 0.5 * float(np.clip(gap.sum() / max(curve.sum(), 1e-9), -1.0, 1.0))
        skill += step
        level += rise
        if max(float(np.abs(step).max()), abs(rise)) < _STILL:
            break
    p = 1.0 / (1.0 + np.exp(-(base + level + skill[left] + skill[right])))
    p = np.clip(p, 0.02, 0.995)
    ratio = np.where(agree, np.log(FIDELITY / p), np.log((1.0 - FIDELITY) / (1.0 - p)))
    flat = np.bincount(left * workers + right, ratio, workers * workers)
    evidence = flat.reshape(workers, workers)
    return np.asarray(evidence + evidence.T)


def _clusters(evidence: Array) -> list[Array]:
    """Merge the two clusters with most evidence for copying until none is left."""
    import numpy as np

    links = evidence.copy()
    np.fill_diagonal(links, -np.inf)
    cluster = np.arange(len(links))
    best = links.argmax(axis=1)
    value = links[np.arange(len(links)), best]
    while True:
        i = int(value.argmax())
        if value[i] < PAIR_EVIDENCE:
            break
        j = int(best[i])
        links[i] += links[j]
        links[:, i] = links[i]
        links[i, i] = -np.inf
        links[j], links[:, j] = -np.inf, -np.inf
        cluster[cluster == j] = i
        stale = (best == i) | (best == j)
        stale[[i, j]] = True
        # Rows that pointed elsewhere may now like the merged cluster better.
        better = links[:, i] > value
        best[better], value[better] = i, links[better, i]
        rows = np.flatnonzero(stale)
        best[rows] = links[rows].argmax(axis=1)
        value[rows] = links[rows, best[rows]]
    names, counts = np.unique(cluster, return_counts=True)
    return [np.flatnonzero(cluster == name) for name in names[counts > 1]]


def _within(data: _Arrays, pairs: tuple[Array, Array], members: Array) -> tuple[Array, Array]:
    import numpy as np

    inside = np.zeros(data.votes.shape[1], dtype=bool)
    inside[members] = True
    both = inside[data.worker[pairs[0]]] & inside[data.worker[pairs[1]]]
    return pairs[0][both], pairs[1][both]


def _agreement(data: _Arrays, pairs: tuple[Array, Array], members: Array) -> float:
    first, second = _within(data, pairs, members)
    return float((data.label[first] == data.label[second]).mean()) if len(first) else 0.0


def _confirm(
    votes: Votes,
    data: _Arrays,
    pairs: tuple[Array, Array],
    members: Array,
    agreement: float,
    earlier: list[Group],
) -> Group | None:
    """Judge a candidate by what the votes of everybody else say; complete its members."""
    import numpy as np

    outside = data.without(members)
    if not _comparable(data, outside):
        return None  # nobody is left to compare with: the labels cannot tell
    classes = votes.shape[2]
    belief = _belief(votes, outside)
    tables = _member_tables(data, belief, classes)
    first, second = _within(data, pairs, members)
    weight = belief[data.task[first]]
    same = np.einsum("tk,tkl,tkl->t", weight, tables[data.worker[first]],
                     tables[data.worker[second]])  # fmt: skip
    expected = float(same.mean())
    inside = np.isin(data.worker, members)
    evidence = copied_rather_than_right(
        shrunk(belief, PUBLIC_CROWDS.together_mean),
        data.task[inside],
        data.worker[inside],
        data.label[inside],
        FIDELITY,
    )
    if evidence < GROUP_EVIDENCE or agreement - expected < _MORE_ALIKE:
        return None
    taken = np.concatenate([group.members for group in earlier]) if earlier else members[:0]
    joined = members
    # Members who overlap with few others are missed at first. Left outside, they would make the
    # others' belief follow the key, so whoever resembles the key is left out of that belief.
    for _ in range(_REFINEMENTS):
        rest, key = _key_of(data, joined, classes)
        belief = _belief(votes, data.without(np.union1d(joined, _resembling(data, rest, key))))
        tables = _member_tables(data, belief, classes)
        follow = _follow(data, belief, tables, rest, key)
        new = np.setdiff1d(np.flatnonzero(follow >= MEMBER_EVIDENCE), taken)
        if len(new) < 2:
            return None
        settled = np.array_equal(new, joined)
        joined = new
        if settled:
            break
    labels = np.isin(votes.worker, joined).mean()
    return Group(joined, agreement, expected, evidence, follow[joined], float(labels))


def _comparable(data: _Arrays, outside: _Arrays) -> bool:
    """Whether enough of the members' tasks have labels by others."""
    if len(outside.task) == 0:
        return False
    others = outside.counts.sum(axis=1)
    mine = data.counts.sum(axis=1) - others
    return int(((others >= _OTHER_OPINIONS) & (mine >= 1)).sum()) >= _COMPARED_TASKS


def _belief(votes: Votes, outside: _Arrays) -> Array:
    """P(class) of each task by the labels of the workers outside a group."""
    from dataclasses import replace

    import numpy as np

    kept = replace(
        votes, task=outside.task, worker=outside.worker, label=outside.label, seconds=None
    )
    belief = dawid_skene(kept, smoothing=1.0, max_iter=25, tol=1e-3).posterior
    # Its classes may be other ones than the truth; the plain share of votes is sure of less.
    belief = (belief + majority_vote(kept)) / 2.0
    # Its posterior is too sure; and where nobody outside labelled, the class shares are all.
    share = belief.mean(axis=0)
    voters = np.bincount(outside.task, minlength=len(belief))[:, None]
    sure = 0.95 * (voters > 0)
    return np.asarray(sure * belief + (1.0 - sure) * share)


def _member_tables(data: _Arrays, belief: Array, classes: int) -> Array:
    """P(label | class) of each worker against the outsiders' belief, [worker, class, label]."""
    import numpy as np

    workers = data.votes.shape[1]
    mass = np.stack(
        [
            np.bincount(
                data.worker * classes + data.label,
                weights=belief[data.task, k],
                minlength=workers * classes,
            ).reshape(workers, classes)
            for k in range(classes)
        ],
        axis=1,
    )
    crowd = mass.sum(axis=0) + 0.5
    mass += 3.0 * crowd / crowd.sum(axis=1, keepdims=True)
    return np.asarray(mass / mass.sum(axis=2, keepdims=True))


def _key_of(data: _Arrays, members: Array, classes: int) -> tuple[Array, Array]:
    """For each label: how many members' labels its task has besides it, and their answer."""
    import numpy as np

    tasks = len(data.counts)
    inside = np.isin(data.worker, members)
    cells = np.bincount(
        data.task[inside] * classes + data.label[inside], minlength=tasks * classes
    ).reshape(tasks, classes)
    # A member's own label must not be part of the key that it is compared with.
    rest = cells[data.task].astype(np.float64)
    rest[np.flatnonzero(inside), data.label[inside]] -= 1.0
    return np.asarray(rest.sum(axis=1)), np.asarray(rest.argmax(axis=1))


def _resembling(data: _Arrays, rest: Array, key: Array) -> Array:
    """Workers whose labels are nearly always the key."""
    import numpy as np

    workers = data.votes.shape[1]
    judged = (rest > 0).astype(np.float64)
    n = np.bincount(data.worker, judged, workers)
    same = np.bincount(data.worker, judged * (data.label == key), workers)
    return np.flatnonzero((n >= _RESEMBLING_TASKS) & (same >= LEAST_AGREEMENT * n))


def _follow(data: _Arrays, belief: Array, tables: Array, rest: Array, key: Array) -> Array:
    """Log likelihood ratio of each worker following the members' key, [worker]."""
    import numpy as np

    workers, classes = data.votes.shape[1:]
    alone = (belief[data.task] * tables[data.worker, :, data.label]).sum(axis=1)
    copied = np.where(data.label == key, FIDELITY, (1.0 - FIDELITY) / max(classes - 1, 1))
    ratio = np.where(rest > 0, np.log(copied / np.maximum(alone, 1e-9)), 0.0)
    return np.asarray(np.bincount(data.worker, ratio, workers))


def _key(
    task: Array, label: Array, classes: int, rng: np.random.Generator | None = None
) -> tuple[Array, Array]:
    """The most frequent label of each task; ties are broken by chance, where there is some."""
    import numpy as np

    tasks, number = np.unique(task, return_inverse=True)
    cells = np.bincount(number * classes + label, minlength=len(tasks) * classes)
    count = cells.reshape(len(tasks), classes)
    chance = 0.5 * rng.random(count.shape) if rng is not None else 0.0
    return tasks, (count + chance).argmax(axis=1)
