"""Majority vote and Dawid-Skene: the baselines, and the fast way for very large tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes


@dataclass(frozen=True, eq=False)
class DawidSkene:
    """A fitted Dawid-Skene model.

    Attributes:
        posterior: P(class) of each task, float64 [task, class].
        confusion: P(label | class) of each worker, float64 [worker, class, label].
        prior: share of each class, float64 [class].
        iterations: how many it took.
        converged: whether the posterior stopped moving.
    """

    posterior: NDArray[np.float64]
    confusion: NDArray[np.float64]
    prior: NDArray[np.float64]
    iterations: int
    converged: bool


def majority_vote(votes: Votes) -> NDArray[np.float64]:
    """The share of each task's labels, float64 [task, class]; ties are left as they are.

    Gold tasks have their gold class with share 1.
    """
    import numpy as np

    counts = votes.counts()
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    known = votes.gold >= 0
    share[known] = np.eye(share.shape[1])[votes.gold[known]]
    return np.asarray(share)


def dawid_skene(
    votes: Votes,
    *,
    smoothing: float = 0.01,
    borrowed: float = 0.0,
    max_iter: int = 100,
    tol: float = 1e-4,
) -> DawidSkene:
    """Fit Dawid and Skene's model by expectation and maximisation, starting from majority vote.

    Model: each worker has a confusion matrix; labels are independent given the task's class.
    Assumes: no task is harder than another, and workers do not copy.
    Fails when: either is wrong; its posterior is then far too sure.
    Reference: Dawid and Skene (1979), Applied Statistics 28(1).

    Args:
        votes: the labels.
        smoothing: added to every cell of a confusion matrix.
        borrowed: answers of the whole crowd that are added to every row of a worker's matrix: with
            few labels a worker is taken for an average one.
        max_iter: the most iterations.
        tol: stop when the mean absolute change of the posterior is below this.
    """
    import numpy as np

    tasks, workers, classes = votes.shape
    posterior = majority_vote(votes)
    known = votes.gold >= 0
    clamp = np.eye(classes)[votes.gold[known]]
    # Counting and indexing are quickest with the machine's own integers.
    cell = votes.worker.astype(np.intp) * classes + votes.label
    per_task = np.bincount(votes.task, minlength=tasks)
    everything = np.bincount(cell, minlength=workers * classes).astype(np.float64)
    starts = np.concatenate([[0], per_task.cumsum()[:-1]])
    iterations, converged = 0, False
    confusion = np.zeros((workers, classes, classes))
    prior = np.full(classes, 1.0 / classes)

    def sum_by_task(values: NDArray[np.float64]) -> NDArray[np.float64]:
        # Labels are sorted by task; reduceat is the quicker sum but cannot skip empty tasks.
        if per_task.min() > 0:
            return np.asarray(np.add.reduceat(values, starts))
        return np.bincount(votes.task, weights=values, minlength=tasks).astype(np.float64)

    for iterations in range(1, max_iter + 1):  # noqa: B007 - reported
        # One column a class keeps memory at a few arrays of the labels' length; the last class
        # gets what the others leave.
        mass = np.empty((workers * classes, classes))
        for k in range(classes - 1):
            weights = np.repeat(posterior[:, k], per_task)
            mass[:, k] = np.bincount(cell, weights=weights, minlength=workers * classes)
        mass[:, -1] = np.maximum(everything - mass[:, :-1].sum(axis=1), 0.0)
        confusion = mass.reshape(workers, classes, classes).transpose(0, 2, 1) + smoothing
        if borrowed > 0.0:
            crowd = confusion.sum(axis=0)
            confusion += borrowed * crowd / crowd.sum(axis=1, keepdims=True)
        confusion /= confusion.sum(axis=2, keepdims=True)
        prior = (posterior.sum(axis=0) + smoothing) / (tasks + classes * smoothing)
        table = np.log(confusion.transpose(0, 2, 1)).reshape(workers * classes, classes)
        # Only differences to the first class matter: one sum less.
        logits = np.zeros((tasks, classes))
        for k in range(1, classes):
            logits[:, k] = sum_by_task((table[:, k] - table[:, 0])[cell])
        logits += np.log(prior)
        logits -= logits.max(axis=1, keepdims=True)
        new = np.exp(logits)
        new /= new.sum(axis=1, keepdims=True)
        new[known] = clamp
        change = float(np.abs(new - posterior).mean())
        posterior = new
        if change < tol:
            converged = True
            break
    return DawidSkene(posterior, confusion, prior, iterations, converged)
