"""Does the fitted crowd look like the real one? Posterior-predictive checks of an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.estimate import interval
from suffice.records import PredictiveRow, PredictiveTest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes
    from suffice.supply.sources import AuditedPosterior

    Array = NDArray[Any]

REPLICATES = 199
"""Drawn tables: the least two-sided p is .01, which five tests at ``_LEVEL`` ask for."""
_MOST_LABELS = 10_000
"""Labels that are compared, of larger tables a sample of tasks (chosen for time)."""
_LEAST_COMPARED = 10
"""Labels from which a worker's agreement counts for how much workers differ (chosen: with fewer
the spread is chance)."""
_LEVEL = 0.05
"""Rate of false alarms over all statistics (convention)."""
_NAMES = {
    "pair_agreement": "agreement of two labels of a task",
    "unanimous": "share of tasks whose labels all agree",
    "top_share_spread": "spread between tasks of the share of the top label",
    "worker_agreement_spread": "spread between workers of agreement with others",
    "top_class": "share of the most frequent label",
}


def predictive_check(votes: Votes, posterior: AuditedPosterior, *, seed: int) -> PredictiveTest:
    """Compare the labels with labels drawn from the audit's channel on the same design.

    Model: the same workers label new tasks of the same number, slices and class shares; each
    replicate draws one channel of the posterior. p is two-sided.
    Assumes: at most 10,000 labels are compared; of larger tables a sample of tasks.
    Fails when: the replicates know the labels (the model was fitted to them), which makes p-values
    of fitted quantities lie near 1; small ones remain a warning.
    Reference: Gelman, Meng and Stern (1996), Statistica Sinica 6.

    Returns:
        For the summary: each statistic's value, 90 % predictive interval and p, and a statement.
    """
    import numpy as np

    rng = Stream.AUDIT_PREDICTIVE.rng(seed)
    task, worker, label = votes.task, votes.worker, votes.label
    if len(votes) > _MOST_LABELS:
        picked = rng.random(votes.shape[0]) < _MOST_LABELS / len(votes)
        kept = picked[task]
        task, worker, label = task[kept], worker[kept], label[kept]
    ids, task = np.unique(task, return_inverse=True)
    slices = votes.slices[ids]
    shape = len(ids), votes.shape[1], votes.shape[2]
    seen_now = _statistics(task, worker, label[None], shape, votes.twins)
    observed = {name: row[0] for name, row in seen_now.items()}
    values: dict[str, list[float]] = {name: [] for name in observed}
    which = rng.integers(len(posterior.channels), size=REPLICATES)
    for number in np.unique(which).tolist():
        # All replicates of a channel at once, as if they were one table of so many more tasks.
        channel, copies = posterior.channels[number], int((which == number).sum())
        heap = channel.drawn.share_K.cumsum()
        seen = np.searchsorted(heap, rng.random(copies * shape[0]))
        seen = np.minimum(seen, shape[2] - 1)
        place = (np.arange(copies)[:, None] * shape[0] + task).ravel()
        made = channel.labels_of(
            place, np.tile(worker, copies), seen, rng, np.tile(slices, copies)
        ).reshape(copies, -1)
        for name, row in _statistics(task, worker, made, shape, votes.twins).items():
            values[name] += row.tolist()
    rows: dict[str, PredictiveRow] = {}
    odd = []
    for name, seen_value in observed.items():
        drawn = np.array(values[name])
        tail = min((drawn >= seen_value).sum(), (drawn <= seen_value).sum())
        p = min(1.0, 2.0 * (tail + 1.0) / (REPLICATES + 1.0))
        low, high = interval(drawn)
        rows[name] = PredictiveRow(
            about=_NAMES[name],
            value=float(seen_value),
            predicted=float(drawn.mean()),
            low=low,
            high=high,
            p_value=float(p),
        )
        # As many tests as statistics: Bonferroni keeps the alarm's rate near 5 %.
        if p <= _LEVEL / len(observed):
            odd.append(name)
    if not rows:
        statement = "Predictive check: no task has two labels."
        return PredictiveTest(tested=False, statement=statement)
    said = "; ".join(
        f"{_NAMES[name]} is {rows[name].value:.3f}, drawn {rows[name].low:.3f} to "
        f"{rows[name].high:.3f}"
        for name in odd
    )
    statement = (
        "Predictive check: labels drawn from the audit's channel differ from the real ones: "
        f"{said}."
        if odd
        else f"Predictive check: labels drawn from the audit's channel look like the real ones "
        f"({len(rows)} statistics, smallest p = {min(r.p_value for r in rows.values()):.2f})."
    )
    return PredictiveTest(tested=True, differs=tuple(odd), statistics=rows, statement=statement)


def _statistics(
    task: Array,
    worker: Array,
    label_RN: Array,
    shape: tuple[int, int, int],
    twins: tuple[int, int] | None,
) -> dict[str, Array]:
    """What is compared, of each replicate [replicate]; what the design does not allow is left out.

    Args:
        task, worker: of each label, the same in every replicate [label].
        label_RN: the labels [replicate, label].
        shape: number of tasks, workers and classes.
        twins: the two sides of a pair, whose names say nothing: they count as one class.
    """
    import numpy as np

    tasks, workers, classes = shape
    copies = np.arange(len(label_RN))[:, None]
    size = len(label_RN) * tasks
    cell = (label_RN * size + copies * tasks) + task
    # Classes first: NumPy is slow at sums over a short last axis.
    counts = np.bincount(cell.ravel(), minlength=classes * size)
    counts = counts.reshape(classes, len(label_RN), tasks)
    n = np.bincount(task, minlength=tasks)
    many = n >= 2
    if not many.any():
        return {}
    top = counts.max(axis=0)[:, many] / n[many]
    pairs = (counts * (counts - 1)).sum(axis=0)[:, many] / (n * (n - 1.0))[many]
    found = {
        "pair_agreement": pairs.mean(axis=1),
        "unanimous": (top == 1.0).mean(axis=1),
        "top_share_spread": top.std(axis=1),
    }
    whole = counts.sum(axis=2)
    if twins is not None:
        both = whole[list(twins)].sum(axis=0, keepdims=True)
        whole = np.concatenate([np.delete(whole, twins, axis=0), both])
    if len(whole) > 1:
        found["top_class"] = whole.max(axis=0) / n.sum()
    usable = many[task]
    load = np.bincount(worker[usable], minlength=workers)
    busy = load >= _LEAST_COMPARED
    if busy.sum() >= 3:
        with_others = (counts.ravel()[cell[:, usable]] - 1.0) / (n[task[usable]] - 1.0)
        place = (copies * workers + worker[usable]).ravel()
        total = np.bincount(place, with_others.ravel(), len(label_RN) * workers)
        agreed = total.reshape(-1, workers)[:, busy] / load[busy]
        found["worker_agreement_spread"] = agreed.std(axis=1)
    return found
