"""Two groups of workers who truly disagree: found, reported, and not averaged away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.records import SplitAgreement, SplitPart
from suffice.supply._sides import swapped
from suffice.supply.doubts._two_keys import Labels, best_two_keys, fit_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes
    from suffice.supply.doubts._two_keys import Keys

    Array = NDArray[Any]

_FOLDS = 4
"""Parts of the tasks that are held out in turn. Chosen: each model sees three quarters of them."""
_MOST_LABELS, _MOST_WORKERS, _MOST_CLASSES = 40_000, 1_500, 6
"""What is tested of larger tables. Chosen for time; states grow with the square of the classes."""
_LEAST_WORKERS, _LEAST_TASKS = 4, 20
"""Two people a side, and enough tasks to hold some out: with less there is no test."""
_SURE_Z, _LEAST_GAIN, _LEAST_SHARE = 3.0, 0.002, 0.05
"""Standard errors and log score a label that two keys must gain, and the smaller group's share of
the labels. Chosen: fewer than 1 in 100 simulated honest crowds are called split."""
_LEAST_APART, _MOST_APART, _LEAST_KAPPA = 0.01, 0.45, 0.3
"""Share of tasks on which two groups may differ, and how much the second agrees with itself beyond
chance. Chosen: two unrelated keys of two classes differ on half of the tasks."""


@dataclass(frozen=True, eq=False)
class Split:
    """Whether two groups of workers follow two keys.

    Attributes:
        found: whether two keys predict held-out labels better than one.
        statement: what it means, in words.
        gain, gain_se: gain in log score a label of tasks held out, and its standard error.
        workers: worker, ``group`` (A is the larger) and ``chance`` of it; None where not found.
        tasks: the tasks where the groups differ: task, ``label_a``, ``label_b``, ``chance``; None
            where not found.
        summary: sizes and agreement.
    """

    found: bool
    statement: str
    gain: float
    gain_se: float
    workers: pl.DataFrame | None
    tasks: pl.DataFrame | None
    summary: SplitPart


def find_split(
    votes: Votes, *, copying: Sequence[Sequence[int]] = (), seed: int = 0
) -> Split | None:
    """Test whether two groups of workers follow two keys; None where there is too little to test.

    Model: on most tasks all workers see one right label, clear or hard (a worker has a confusion
    matrix for each, never worse than guessing); on the other tasks two groups see two different
    ones. Both models are fitted to part of the tasks; the split counts as found where the second
    predicts all labels of the tasks held out better, by three standard errors, and where the second
    group agrees with itself. In simulated honest crowds fewer than 1 in 100 are called split.
    Assumes: a worker belongs to one group throughout; labels are otherwise independent.
    Fails when: views are many or shade into each other; a group has less than about a tenth of the
    labels; the groups share few tasks. Labels alone cannot tell two honest views from one group
    being misled, or colluding, on the same tasks: only gold can.
    Reference: Tian and Zhu (2012), KDD, on schools of thought; here judged by held-out log score.

    Args:
        votes: the labels.
        copying: the members of groups that copy one key, which are no honest split.
        seed: of the folds and starts.
    """
    import numpy as np

    rng = Stream.SPLIT.rng(seed)
    whole, task_ids, worker_ids = _reduced(votes, rng)
    tasks, workers = whole.tasks, whole.workers
    if workers < _LEAST_WORKERS or tasks < _LEAST_TASKS or len(whole.task) < 3 * tasks:
        return None
    fold = rng.integers(0, _FOLDS, tasks)
    gain = np.zeros(tasks)
    for number in range(_FOLDS):
        rows = (fold != number)[whole.task]
        shape = tasks, workers, whole.classes
        kept = Labels(whole.task[rows], whole.worker[rows], whole.label[rows], shape)
        one = fit_keys(kept)
        two = best_two_keys(kept, one)
        mine = fold == number
        gain[mine] = (two.log_score(whole) - one.log_score(whole))[0, mine]
    load = np.bincount(whole.task, minlength=tasks)
    value = float(gain.sum() / load.sum())
    error = float(np.sqrt(((gain - value * load) ** 2).sum()) / load.sum())
    fitted = best_two_keys(whole, fit_keys(whole))
    in_copy = np.isin(worker_ids, [member for group in copying for member in group])
    return _conclude(votes, whole, fitted, value, error, in_copy, task_ids, worker_ids)


def _reduced(votes: Votes, rng: np.random.Generator) -> tuple[Labels, Array, Array]:
    """The labels that are tested, and which tasks and workers of the table they are of.

    Rare classes are pooled; of very many labels some tasks are taken, of very many workers those
    with most labels.
    """
    import numpy as np

    task, worker, label = votes.task, votes.worker, votes.label
    if len(task) > _MOST_LABELS:
        kept = rng.random(votes.shape[0]) < _MOST_LABELS / len(task)
        rows = kept[task]
        task, worker, label = task[rows], worker[rows], label[rows]
    load = np.bincount(worker, minlength=votes.shape[1])
    if np.count_nonzero(load) > _MOST_WORKERS:
        busy = np.zeros(len(load), dtype=bool)
        busy[np.argsort(-load, kind="stable")[:_MOST_WORKERS]] = True
        rows = busy[worker]
        task, worker, label = task[rows], worker[rows], label[rows]
    classes = votes.shape[2]
    if classes > _MOST_CLASSES:
        common = np.argsort(-np.bincount(votes.label, minlength=classes), kind="stable")
        place = np.full(classes, _MOST_CLASSES - 1)
        place[common[: _MOST_CLASSES - 1]] = np.arange(_MOST_CLASSES - 1)
        label, classes = place[label], _MOST_CLASSES
    tasks, task = np.unique(task, return_inverse=True)
    workers, worker = np.unique(worker, return_inverse=True)
    return Labels(task, worker, label, (len(tasks), len(workers), classes)), tasks, workers


def _conclude(
    votes: Votes,
    data: Labels,
    fit: Keys,
    gain: float,
    error: float,
    in_copy: Array,
    task_ids: Array,
    worker_ids: Array,
) -> Split:
    import numpy as np

    side = fit.side_WM[:, 0]
    load = np.bincount(data.worker, minlength=data.workers)
    second = side > 0.5
    if load[second].sum() > load[~second].sum():
        second, side, flip = ~second, 1.0 - side, True
    else:
        flip = False
    differ = fit.key_GS[0] != fit.key_GS[1]
    contested = fit.state_MST[0, differ].sum(axis=0, dtype=np.float64)
    minority = load[second].sum() / load.sum()
    agreement = _agreement(data, second, contested > 0.5)
    sizes = int((~second & (load > 0)).sum()), int((second & (load > 0)).sum())
    found = (
        gain > _SURE_Z * error
        and gain > _LEAST_GAIN
        and min(sizes) >= 2
        and minority >= _LEAST_SHARE
        and _LEAST_APART <= contested.mean() <= _MOST_APART
        # Spammers agree with each other no more than chance has it.
        and agreement.within_b * data.classes - 1.0 > _LEAST_KAPPA * (data.classes - 1.0)
    )
    if not found:
        better = gain > _SURE_Z * error and gain > _LEAST_GAIN
        said = (
            "No split: two keys predict the labels of held-out tasks "
            + ("better than one, but the second group does not agree with itself" if better
               else "no better than one")
            + f" ({gain:+.4f} a label, standard error {error:.4f})."
        )  # fmt: skip
        none = SplitPart(found=False, statement=said, gain=gain, gain_se=error)
        return Split(False, said, gain, error, None, None, none)
    both = np.array([load[second & in_copy].sum(), load[second].sum()])
    copies = bool(both[0] > 0.5 * both[1])
    names = [votes.workers[w] for w in worker_ids.tolist()]
    workers = _workers_frame(names, side, second, load)
    tasks = _tasks_frame(votes, task_ids, _class_names(votes, data), fit, contested, flip)
    apart = len(tasks)
    what = (
        f"Split: {sizes[0]} and {sizes[1]} workers ({100 * (1 - minority):.0f} and "
        f"{100 * minority:.0f} % of the labels) answer {apart:,} of {data.tasks:,} tasks "
        f"({100 * apart / data.tasks:.0f} %) by two different keys; there they agree "
        f"{100 * agreement.within_a:.0f} and {100 * agreement.within_b:.0f} % within and "
        f"{100 * agreement.between:.0f} % between the groups. On held-out tasks two keys gain "
        f"{gain:.3f} in log score a label (standard error {error:.3f}). "
    )
    what += (
        "The smaller group is one that copies a key (see groups): no honest split."
        if copies
        else "Labels alone cannot tell two honest views from one group being misled, colluding or "
        "less able on these tasks: put gold on them, or report both answers."
    )
    summary = SplitPart(
        found=True,
        statement=what,
        copying=copies,
        workers=sizes,
        label_shares=(float(1.0 - minority), float(minority)),
        tasks=apart,
        task_share=float(apart / data.tasks),
        agreement=agreement,
        gain=gain,
        gain_se=error,
    )
    return Split(True, what, gain, error, workers, tasks, summary)


def _agreement(data: Labels, second: Array, contested: Array) -> SplitAgreement:
    """Share of agreeing pairs of labels within and between the groups, on contested tasks."""
    import numpy as np

    rows = contested[data.task]
    cell = data.task[rows] * data.classes + data.label[rows]
    size = data.tasks * data.classes
    counts = [
        np.bincount(cell[of], minlength=size).reshape(data.tasks, data.classes).astype(np.float64)
        for of in (~second[data.worker[rows]], second[data.worker[rows]])
    ]
    totals = [c.sum(axis=1) for c in counts]
    same = [(c * (c - 1.0)).sum() for c in counts]
    pairs = [(t * (t - 1.0)).sum() for t in totals]
    across, met = (counts[0] * counts[1]).sum(), (totals[0] * totals[1]).sum()
    return SplitAgreement(
        within_a=float(same[0] / max(pairs[0], 1.0)),
        within_b=float(same[1] / max(pairs[1], 1.0)),
        between=float(across / max(met, 1.0)),
    )


def _workers_frame(names: list[Any], side: Array, second: Array, load: Array) -> pl.DataFrame:
    """Who stands where."""
    import numpy as np
    import polars as pl

    return pl.DataFrame(
        {
            "worker": pl.Series(names, strict=False),
            "labels": load,
            "group": np.where(second, "B", "A").tolist(),
            "chance": np.maximum(side, 1.0 - side),
        }
    )


def _tasks_frame(
    votes: Votes, task_ids: Array, classes: list[str], fit: Keys, contested: Array, flip: bool
) -> pl.DataFrame:
    """The tasks on which the groups differ, the surest first."""
    import numpy as np
    import polars as pl

    rows = np.flatnonzero(contested > 0.5)
    rows = rows[np.argsort(-contested[rows], kind="stable")]
    best = np.where(fit.key_GS[0] != fit.key_GS[1], fit.state_MST[0].T[rows], -1.0).argmax(axis=1)
    ahead, behind = fit.key_GS[::-1] if flip else fit.key_GS
    labels = []
    for key_S in (ahead, behind):
        code = key_S[best]
        if votes.twins is not None and votes.turned is not None and len(classes) == votes.shape[2]:
            code = swapped(code, votes.twins, votes.turned[task_ids[rows]])
        labels.append([classes[k] for k in code.tolist()])
    return pl.DataFrame(
        {
            "task": pl.Series([votes.tasks[t] for t in task_ids[rows].tolist()], strict=False),
            "label_a": labels[0],
            "label_b": labels[1],
            "chance": contested[rows],
        }
    )


def _class_names(votes: Votes, data: Labels) -> list[str]:
    import numpy as np

    classes = votes.shape[2]
    if classes == data.classes:
        return list(votes.classes)
    common = np.argsort(-np.bincount(votes.label, minlength=classes), kind="stable")
    return [votes.classes[k] for k in common[: data.classes - 1].tolist()] + ["(other)"]
