"""Do the worker ids belong to the labels? A test of exchangeability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.records import IdsTest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes

    Array = NDArray[Any]

_MOST_LABELS = 30_000
"""Labels that are tested, of larger tables a sample of tasks. Chosen for time."""


def ids_test(votes: Votes, *, permutations: int = 200, seed: int = 0) -> IdsTest:
    """Test whether worker ids say anything about the labels.

    Statistic: how much workers differ in their agreement with the other labels of their tasks and
    in the classes that they give. Under the null, ids within a task can be swapped, so they are
    turned round there, each task by a random number of places (a group of swaps, as the test needs,
    and several times cheaper than a full shuffle). In a real crowd workers differ, and the null is
    rejected; where it is not, although there are labels enough, the id column probably does not
    belong to the labels (rows sorted apart, ids made up, labels already aggregated).

    Reference: Good (2005), Permutation, Parametric and Bootstrap Tests of Hypotheses.
    """
    import numpy as np

    rng = Stream.WORKER_IDS.rng(seed)
    tasks, workers, classes = votes.shape
    task, worker, label = votes.task, votes.worker, votes.label
    # What workers may like: classes, or the side that was shown first.
    said = votes.as_shown(label)
    if len(task) > _MOST_LABELS:
        chosen = rng.random(tasks) < _MOST_LABELS / len(task)
        kept = chosen[task]
        task, worker, label = task[kept], worker[kept], label[kept]
        said = None if said is None else said[kept]
    size = np.bincount(task, minlength=tasks)
    shared = size[task] >= 2
    task, worker, label = task[shared], worker[shared], label[shared]
    said = None if said is None else said[shared]
    if workers < 2 or len(task) < 4 * workers or len(np.unique(label)) < 2:
        return IdsTest(
            tested=False,
            statement="Too few labels of one task by different workers to test the worker ids.",
        )
    cells = np.bincount(task * classes + label, minlength=tasks * classes)
    counts = cells.reshape(tasks, classes).astype(np.float64)
    rest = counts[task]
    rest[np.arange(len(task)), label] -= 1.0
    agree = rest[np.arange(len(task)), label] / rest.sum(axis=1)
    centred = agree - agree.mean()
    load = np.maximum(np.bincount(worker, minlength=workers), 1.0)
    parts = [centred, *_liked(said, classes)]
    scales = [1.0 / (load * max(float(part.var()), 1e-12)) for part in parts]

    def statistic(ids: Array) -> float:
        sums = (np.bincount(ids, weights=part, minlength=workers) for part in parts)
        return float(sum(of**2 @ scale for of, scale in zip(sums, scales, strict=True)))

    seen = statistic(worker)
    null = np.empty(permutations)
    # Labels are sorted by task: turning ids round within tasks keeps each worker's load.
    size = np.bincount(task, minlength=tasks)
    place = np.arange(len(task)) - (size.cumsum() - size)[task]
    length = size[task]
    for number in range(permutations):
        steps = (rng.random(tasks) * size).astype(np.int64)[task]
        steps -= length * (place + steps >= length)
        null[number] = statistic(worker[np.arange(len(task)) + steps])
    p_value = float((1.0 + (null >= seen).sum()) / (permutations + 1.0))
    aligned = p_value < 0.05
    statement = (
        f"Worker ids belong to the labels: workers differ more than chance allows "
        f"(p = {p_value:.3f})."
        if aligned
        else f"Worker ids explain nothing of the labels (p = {p_value:.3f}): either all workers "
        "are alike, or the id column is not aligned with the labels. Check how the file was made."
    )
    return IdsTest(tested=True, aligned=aligned, p_value=p_value, statement=statement)


def _liked(said: Array | None, classes: int) -> list[Array]:
    """By how much each label is a class more often than the crowd's, for the first 20 classes."""
    import numpy as np

    if said is None:
        return []
    share = np.bincount(said, minlength=classes).astype(np.float64) / len(said)
    return list((np.eye(classes)[said] - share)[:, :20].T)
