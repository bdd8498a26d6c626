"""Whether workers agree because they copy or because they are right: two readings of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.supply.doubts._two_keys import at_least_guessing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]

_STEPS = 30
"""Steps of expectation and maximisation at most; few tasks still move after ten (measured)."""
_STILL = 1e-3
"""Change of the log likelihood at which it has converged: nothing against the 14 that decide."""
_SMOOTHING = 0.5
"""Labels added to each cell of a member's matrix (Jeffreys' prior)."""
_BORROWED = 10.0
"""Labels that the fidelity is taken from before those seen (chosen: a handful)."""
_GOOD = 0.95
"""Accuracy that the reading "both are right" starts from (chosen; it is then fitted)."""


def copied_rather_than_right(
    belief_TK: Array, task: Array, member: Array, label: Array, fidelity: float
) -> float:
    """Log likelihood ratio of copying one key against answering alone, however skilled.

    Model: each task's class is known from the labels of everybody else, as far as ``belief_TK``
    says. Answering alone, each member has an own confusion matrix, and the members' labels say
    something of the class, too: where they agree against the others, they may be right. Copying,
    one key with a confusion matrix of its own is repeated with ``fidelity``. All matrices are the
    likeliest ones, found by expectation and maximisation from good members and from what the
    others say of them; the better of both counts.
    Assumes: what the others get wrong together is in ``belief_TK``.
    Fails when: the key is right nearly always: then copying and skill look alike, and the ratio is
    small.
    Reference: Dawid and Skene (1979), Applied Statistics 28(1).

    Args:
        belief_TK: P(class) of each task by the labels of everybody else.
        task, member, label: of the members' labels.
        fidelity: chance that a copier gives the key, before the labels are looked at.
    """
    import numpy as np

    classes = belief_TK.shape[1]
    # Only where two of them answered can they agree.
    several = np.bincount(task)[task] > 1
    task, member, label = task[several], member[several], label[several]
    if len(task) == 0:
        return 0.0
    tasks, task = np.unique(task, return_inverse=True)
    _, member = np.unique(member, return_inverse=True)
    log_belief = np.log(np.maximum(belief_TK[tasks], 1e-9))
    cells = np.bincount(task * classes + label, minlength=len(tasks) * classes)
    counts = cells.reshape(len(tasks), classes).astype(np.float64)
    alone = _likeliest(log_belief, task, member, label, inverted=False)
    key = counts.argmax(axis=1)
    own = np.arange(len(tasks))
    same = counts[own, key] - 1.0
    other = counts.sum(axis=1) - counts[own, key]
    fidelity = (same.sum() + _BORROWED * fidelity) / (same.sum() + other.sum() + _BORROWED)
    repeated = same.sum() * np.log(fidelity)
    repeated += other.sum() * np.log((1.0 - fidelity) / (classes - 1))
    one = np.zeros(len(tasks), dtype=np.int64)
    copied = _likeliest(log_belief, own, one, key, inverted=True)
    return float(copied + repeated - alone)


def _likeliest(
    log_belief_TK: Array, task: Array, member: Array, label: Array, *, inverted: bool
) -> float:
    """Log likelihood of labels of members who answer alone, the better of two starts.

    Unless ``inverted``, nobody is less often right than by guessing: many who are always wrong
    in the same way share a key.
    """
    import numpy as np

    classes = log_belief_TK.shape[1]
    good = np.full((classes, classes), (1.0 - _GOOD) / (classes - 1))
    np.fill_diagonal(good, _GOOD)
    members = int(member.max()) + 1
    found = -np.inf
    for table in (np.repeat(good[None], members, axis=0), None):
        given = np.exp(log_belief_TK)
        if table is not None:
            given, _ = _expect(log_belief_TK, table, task, member, label)
        before = -np.inf
        for _ in range(_STEPS):
            table = _tables(given, members, task, member, label)
            if not inverted:
                table = at_least_guessing(table)
            given, log_likelihood = _expect(log_belief_TK, table, task, member, label)
            if log_likelihood - before < _STILL:
                break
            before = log_likelihood
        found = max(found, log_likelihood)
    return found


def _expect(
    log_belief_TK: Array, table_MKK: Array, task: Array, member: Array, label: Array
) -> tuple[NDArray[np.float64], float]:
    """P(class) of each task with the members' labels, and the log likelihood of these."""
    import numpy as np

    logs = np.log(table_MKK[member, :, label])
    tasks, classes = log_belief_TK.shape
    joint = log_belief_TK + np.stack(
        [np.bincount(task, logs[:, k], tasks) for k in range(classes)], axis=1
    )
    top = joint.max(axis=1, keepdims=True)
    given = np.exp(joint - top)
    total = given.sum(axis=1, keepdims=True)
    return given / total, float((np.log(total) + top).sum())


def _tables(
    given_TK: Array, members: int, task: Array, member: Array, label: Array
) -> NDArray[np.float64]:
    """The likeliest confusion matrix of each member, [member, class, label]."""
    import numpy as np

    classes = given_TK.shape[1]
    cell = member * classes + label
    mass = np.stack(
        [np.bincount(cell, given_TK[task, k], members * classes) for k in range(classes)], axis=1
    )
    table = mass.reshape(members, classes, classes).transpose(0, 2, 1) + _SMOOTHING
    return np.asarray(table / table.sum(axis=2, keepdims=True))
