"""Does the fitted crowd look like the real one? Posterior-predictive checks of an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.estimate import interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes
    from suffice.supply.sources import AuditedPosterior

    Array = NDArray[Any]

REPLICATES = 199
_MOST_LABELS = 10_000
_LEAST_COMPARED = 10
_LEVEL = 0.05
_NAMES = {
    "pair_agreement": "agreement of two labels of a task",
    "unanimous": "share of tasks whose labels all agree",
    "top_share_spread": "spread between tasks of the share of the top label",
    "worker_agreement_spread": "spread between workers of agreement with others",
    "top_class": "share of the most frequent label",
}


def predictive_check(votes: Votes, posterior: AuditedPosterior, *, seed: int) -> dict[str, Any]:
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
    observed = _statistics(task, worker, label, shape)
    values: dict[str, list[float]] = {name: [] for name in observed}
    for _ in range(REPLICATES):
        channel = posterior.channels[int(rng.integers(len(posterior.channels)))]
        heap = channel.drawn.share_K.cumsum()
        seen = np.minimum(np.searchsorted(heap, rng.random(shape[0])), shape[2] - 1)
        made = channel.labels_of(task, worker, seen, rng, slices)
        for name, value in _statistics(task, worker, made, shape).items():
            values[name].append(value)
    rows: dict[str, dict[str, Any]] = {}
    odd = []
    for name, seen_value in observed.items():
        drawn = np.array(values[name])
        tail = min((drawn >= seen_value).sum(), (drawn <= seen_value).sum())
        p = min(1.0, 2.0 * (tail + 1.0) / (REPLICATES + 1.0))
        low, high = interval(drawn)
        rows[name] = {
            "about": _NAMES[name],
            "value": float(seen_value),
            "predicted": float(drawn.mean()),
            "low": low,
            "high": high,
            "p_value": float(p),
        }
        # As many tests as statistics: Bonferroni keeps the alarm's rate near 5 %.
        if p <= _LEVEL / len(observed):
            odd.append(name)
    if not rows:
        return {"tested": False, "statement": "Predictive check: no task has two labels."}
    said = "; ".join(
        f"{_NAMES[name]} is {rows[name]['value']:.3f}, drawn {rows[name]['low']:.3f} to "
        f"{rows[name]['high']:.3f}"
        for name in odd
    )
    statement = (
        "Predictive check: labels drawn from the audit's channel differ from the real ones: "
        f"{said}."
        if odd
        else f"Predictive check: labels drawn from the audit's channel look like the real ones "
        f"({len(rows)} statistics, smallest p = {min(r['p_value'] for r in rows.values()):.2f})."
    )
    return {"tested": True, "differs": odd, "statistics": rows, "statement": statement}


def _statistics(
    task: Array, worker: Array, label: Array, shape: tuple[int, int, int]
) -> dict[str, float]:
    """What is compared; statistics that the design does not allow are left out."""
    import numpy as np

    tasks, workers, classes = shape
    cells = np.bincount(task * classes + label, minlength=tasks * classes)
    counts = cells.reshape(tasks, classes)
    n = counts.sum(axis=1)
    many = n >= 2
    if not many.any():
        return {}
    top = counts.max(axis=1)[many] / n[many]
    pairs = (counts * (counts - 1)).sum(axis=1)[many] / (n * (n - 1.0))[many]
    found = {
        "pair_agreement": float(pairs.mean()),
        "unanimous": float((top == 1.0).mean()),
        "top_share_spread": float(top.std()),
        "top_class": float(counts.sum(axis=0).max() / n.sum()),
    }
    with_others = (counts[task, label] - 1.0) / np.maximum(n[task] - 1.0, 1.0)
    usable = n[task] >= 2
    load = np.bincount(worker[usable], minlength=workers)
    agreed = np.bincount(worker[usable], with_others[usable], workers)
    busy = load >= _LEAST_COMPARED
    if busy.sum() >= 3:
        found["worker_agreement_spread"] = float((agreed[busy] / load[busy]).std())
    return found
