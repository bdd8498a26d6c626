"""Agreement statistics: Krippendorff's alpha, Fleiss' kappa, and Cohen's kappa by pair."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.estimate import interval
from suffice.records import AgreementRow, CohenEnd, CohenRange, Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from suffice.supply._votes import Votes

    Array = NDArray[Any]

_MOST_TASKS = 20_000
"""Tasks that are resampled. Chosen for time: intervals of a sample are narrowed to all tasks."""
_MOST_PAIRS, _MOST_WORKERS, _MOST_CELLS = 500, 200, 50_000_000
"""Pairs listed, workers compared, and cells (workers x tasks) compared. Chosen for a table that can
be read, and for time; the summary says where not all pairs are in it."""
_DENSE = 2_000_000
"""Cells (workers x tasks) of a dense block, 8 MB; beyond, importing SciPy's sparse ones may pay."""
_SPARSE = 0.05
"""Share of cells that hold a label below which sparse products are quicker (measured)."""


def agreement(votes: Votes, *, resamples: int = 300, seed: int = 0) -> dict[str, AgreementRow]:
    """Krippendorff's alpha and Fleiss' kappa with 90 % intervals, overall and by source.

    Model: nominal labels; of the two sides of a pair each is as likely as the other, whatever they
    are called, so that two answers differ by chance half of the time. Intervals by resampling
    tasks; where no two labels of a task differ, the lower end is that of a table with as much
    dissent, one label a task, as so many tasks without any leave possible (5 %), and where all
    labels of all tasks differ the upper end allows for as many tasks that agree.
    Assumes: tasks are a random sample.
    Fails when: there are few tasks (below about 30 the intervals are too narrow), or nearly all
    labels are of one class (both are then unstable whatever the quality).
    Reference: Krippendorff (2004), Content Analysis; Fleiss (1971), Psychological Bulletin 76(5).
    """
    import numpy as np

    twins = votes.twins
    result = {"all": _of_counts(votes.counts(), resamples, seed, twins)}
    if len(votes.source_names) > 1:
        tasks, _, classes = votes.shape
        for number, name in enumerate(votes.source_names):
            mine = votes.sources == number
            cells = np.bincount(
                votes.task[mine] * classes + votes.label[mine], minlength=tasks * classes
            )
            counts = cells.reshape(tasks, classes).astype(np.float64)
            result[name] = _of_counts(counts, resamples, seed, twins)
    return result


def _of_counts(
    counts: Array, resamples: int, seed: int, twins: tuple[int, int] | None = None
) -> AgreementRow:
    import numpy as np

    rng = Stream.AGREEMENT.rng(seed)
    usable = counts[counts.sum(axis=1) >= 2]
    if len(usable) < 2:
        return AgreementRow(tasks=len(usable), statement="no two tasks have two labels each")
    sample = usable
    if len(usable) > _MOST_TASKS:
        sample = usable[rng.choice(len(usable), _MOST_TASKS, replace=False)]
    weights = rng.multinomial(len(sample), np.full(len(sample), 1.0 / len(sample)), resamples)
    # Intervals of a sample of the tasks shrink with the square root of all of them.
    shrink = float(np.sqrt(len(sample) / len(usable)))

    def estimated(
        statistic: Callable[[Array, Array, tuple[int, int] | None], Array],
    ) -> Interval | None:
        value = float(statistic(usable, np.ones((1, len(usable))), twins)[0])
        drawn = statistic(sample, weights.astype(np.float64), twins)
        drawn = drawn[np.isfinite(drawn)]
        if not np.isfinite(value) or len(drawn) == 0:
            return None  # every label is the same: chance agreement is 1
        low, high = interval((drawn - drawn.mean()) * shrink)
        return Interval(
            value=value,
            low=min(value + low, _unseen_dissent(usable, twins)),
            high=min(max(value + high, _unseen_assent(usable, value)), 1.0),
        )

    return AgreementRow(
        tasks=len(usable),
        labels=int(usable.sum()),
        metric="nominal" if twins is None else "nominal, sides alike",
        krippendorff_alpha=estimated(_alpha),
        fleiss_kappa=estimated(_fleiss),
    )


def _unseen_dissent(counts: Array, twins: tuple[int, int] | None) -> float:
    """The agreement that is left if the most dissent that could have been missed is there."""
    import numpy as np

    n = counts.sum(axis=1)
    if (counts.max(axis=1) < n).any():
        return 1.0
    share = _even(counts.sum(axis=0)[None] / n.sum(), twins)[0]
    most = 1.0 - 0.05 ** (1.0 / len(counts))
    return float(1.0 - most * np.mean(2.0 / n) / (1.0 - (share**2).sum()))


def _unseen_assent(counts: Array, value: float) -> float:
    """The same where no two labels of any task agree, and the most tasks that would agree do."""
    if (counts.max(axis=1) > 1.0).any():
        return value
    most = 1.0 - 0.05 ** (1.0 / len(counts))
    return float(1.0 - (1.0 - most) * (1.0 - value))


def _even(values_RK: Array, twins: tuple[int, int] | None) -> Array:
    """Values by class, each side of a pair with half of what both have."""
    if twins is None:
        return values_RK
    even = values_RK.copy()
    even[:, list(twins)] = even[:, list(twins)].mean(axis=1, keepdims=True)
    return even


def _alpha(counts: Array, weights: Array, twins: tuple[int, int] | None = None) -> Array:
    """Krippendorff's alpha for nominal labels, one value a row of task weights."""
    import numpy as np

    n = counts.sum(axis=1)
    differ = (n**2 - (counts**2).sum(axis=1)) / (n - 1.0)
    observed = weights @ differ
    totals = weights @ counts
    everything = totals.sum(axis=1)
    same = (totals * (totals - 1.0)).sum(axis=1)
    if twins is not None:
        # Whatever the sides are called, two labels that name one name the same half of the time.
        mine = totals[:, list(twins)]
        both = mine.sum(axis=1)
        same += both * (both - 1.0) / 2.0 - (mine * (mine - 1.0)).sum(axis=1)
    pairs = everything * (everything - 1.0)
    expected = (pairs - same) / np.maximum(everything - 1.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1.0 - observed / expected)


def _fleiss(counts: Array, weights: Array, twins: tuple[int, int] | None = None) -> Array:
    """Fleiss' kappa, generalised to tasks with different numbers of labels."""
    import numpy as np

    n = counts.sum(axis=1)
    same = ((counts**2).sum(axis=1) - n) / (n * (n - 1.0))
    observed = weights @ same / weights.sum(axis=1)
    share = weights @ counts
    share = _even(share / share.sum(axis=1, keepdims=True), twins)
    chance = (share**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((observed - chance) / (1.0 - chance))


def pair_agreement(votes: Votes, *, least: int = 10) -> tuple[list[dict[str, Any]], bool]:
    """Cohen's kappa of each pair of workers with at least ``least`` common tasks.

    The interval is Wilson's (1927) of their agreement, chance agreement taken as known.

    Returns:
        A row a pair, and whether these are all pairs. Where there are very many workers or pairs,
        only the busiest are compared and listed: the pairs with most common tasks, among the
        workers with most labels.
    """
    import numpy as np

    tasks, workers, classes = votes.shape
    load = np.bincount(votes.worker, minlength=workers)
    most = int(np.clip(_MOST_CELLS // tasks, 2, _MOST_WORKERS))
    order = np.argsort(-load, kind="stable")
    busy, rest = order[:most], order[most:]
    rank = np.full(workers, -1)
    rank[busy] = np.arange(len(busy))
    mine = np.flatnonzero(rank[votes.worker] >= 0)
    common, same, chance = _overlaps(
        rank[votes.worker[mine]],
        votes.task[mine],
        votes.label[mine],
        (len(busy), tasks, classes),
        votes.twins,
    )
    rows: list[dict[str, Any]] = []
    for i, j in np.argwhere(np.triu(common >= least, 1)):
        n = int(common[i, j])
        rows.append(
            {"worker": votes.workers[busy[i]], "other": votes.workers[busy[j]], "tasks": n}
            | _cohen(float(same[i, j]) / n, float(chance[i, j]) / n**2, n)
        )
    rows.sort(key=lambda row: -row["tasks"])
    # Workers with fewer labels than that have too few tasks in common with anybody.
    whole = len(rows) <= _MOST_PAIRS and not bool((load[rest] >= least).any())
    return rows[:_MOST_PAIRS], whole


def _overlaps(
    place: Array,
    task: Array,
    label: Array,
    shape: tuple[int, int, int],
    twins: tuple[int, int] | None = None,
) -> tuple[Array, Array, Array]:
    """Common tasks of two workers, same labels there, and what chance agreement is made of.

    Args:
        place, task, label: of each label; labels are sorted by task.
        shape: the numbers of workers, tasks and classes.
        twins: the two sides of a pair: two answers that name a side name the same one half of the
            time, whatever the sides are called.

    Returns:
        Three arrays [worker, worker]; chance agreement is the last over the first's square.
    """
    import numpy as np

    workers, tasks, classes = shape
    common = np.zeros((workers, workers))
    same, own_K = np.zeros_like(common), np.zeros((classes, workers, workers))
    sparse = len(place) < _SPARSE * workers * tasks > _SPARSE * _DENSE
    if sparse:
        from scipy.sparse import csr_matrix
    step = len(place) if sparse else max(_DENSE // workers, 1)
    # Sparse at once; dense a block of tasks at a time, so that memory does not grow with both.
    ends = [0, len(place)] if sparse else np.searchsorted(task, range(0, tasks + step, step))
    for block, (start, end) in enumerate(pairwise(ends)):
        at, who, given = task[start:end], place[start:end], label[start:end]
        if sparse:
            _, at = np.unique(at, return_inverse=True)
            ones, size = np.ones(len(at), dtype=np.float32), int(at.max(initial=0)) + 1
            present = csr_matrix((ones, (who, at)), (workers, size))
        else:
            at = at - block * step
            present = np.zeros((workers, min(step, tasks - block * step)), dtype=np.float32)
            present[who, at] = 1.0
        common += _product(present, present)
        for k in range(classes):
            mine = given == k
            if sparse:
                chosen = csr_matrix((ones[: mine.sum()], (who[mine], at[mine])), present.shape)
            else:
                chosen = np.zeros_like(present)
                chosen[who[mine], at[mine]] = 1.0
            same += _product(chosen, chosen)
            # How often one chose the class where the other labelled too.
            own_K[k] += _product(chosen, present)
    chance = np.zeros_like(common)
    for k, own in enumerate(own_K):
        if twins is None or k not in twins:
            chance += own * own.T
    if twins is not None:
        sides = own_K[list(twins)].sum(axis=0)
        chance += sides * sides.T / 2.0
    return common, same, chance


def _product(one: Any, other: Any) -> Array:  # noqa: ANN401 - matrices, sparse or not
    """One matrix times the other's transpose, dense."""
    import numpy as np

    product = one @ other.T
    return np.asarray(product if isinstance(product, np.ndarray) else product.toarray())


def cohen_range(rows: list[dict[str, Any]], *, whole: bool = True) -> CohenRange | None:
    """The pairs of workers that agree least and most by Cohen's kappa, and the median.

    Kappas of pairs with few common tasks scatter: the range is wide even where all workers are
    alike, so each end has its interval.

    Args:
        rows: pairs as ``pair_agreement`` lists them.
        whole: whether these are all pairs; False where only the busiest are listed.

    Returns:
        None where no pair has a kappa.
    """
    import numpy as np

    known = sorted((row for row in rows if row["kappa"] is not None), key=lambda row: row["kappa"])
    if not known:
        return None

    def end(row: dict[str, Any]) -> CohenEnd:
        return CohenEnd(
            worker=str(row["worker"]),
            other=str(row["other"]),
            tasks=row["tasks"],
            value=row["kappa"],
            low=row["low"],
            high=row["high"],
        )

    median = float(np.median([row["kappa"] for row in known]))
    return CohenRange(
        pairs=len(known),
        all_pairs=whole,
        least=end(known[0]),
        median=median,
        most=end(known[-1]),
    )


def agreement_lines(found: AgreementRow, head: str = "") -> list[str]:
    """Alpha and the kappas of an entry of the summary's ``agreement``, a line each."""
    lines = []
    if alpha := found.krippendorff_alpha:
        lines.append(f"{head}Krippendorff's alpha ({found.metric}) {_with_interval(alpha, 3)}.")
    if fleiss := found.fleiss_kappa:
        lines.append(f"{head}Fleiss' kappa {_with_interval(fleiss, 2)}.")
    if cohen := found.cohen_kappa:
        least, most, pairs = cohen.least, cohen.most, cohen.pairs
        which = f"{pairs}" if cohen.all_pairs else f"the busiest {pairs}"
        lines.append(
            f"{head}Cohen's kappa of {which} pairs of workers {least.value:.2f} to "
            f"{most.value:.2f}, median {cohen.median:.2f}."
            if pairs > 1
            else f"{head}Cohen's kappa {_with_interval(least, 2)}."
        )
    return lines


def _with_interval(found: Interval, digits: int) -> str:
    value, low, high = (f"{number:.{digits}f}" for number in (found.value, found.low, found.high))
    return f"{value} ({low} to {high})"


def _cohen(observed: float, chance: float, n: int) -> dict[str, float | None]:
    import numpy as np

    if chance >= 1.0:
        return {"agreement": observed, "kappa": None, "low": None, "high": None}
    kappa = (observed - chance) / (1.0 - chance)
    # Wilson's interval of the agreement: a simple one has no width where a pair always agrees.
    z2 = 1.645**2 / n
    centre = (observed + z2 / 2.0) / (1.0 + z2)
    half = float(np.sqrt(observed * (1.0 - observed) * z2 + z2**2 / 4.0)) / (1.0 + z2)
    return {
        "agreement": observed,
        "kappa": kappa,
        "low": max((centre - half - chance) / (1.0 - chance), -1.0),
        "high": min((centre + half - chance) / (1.0 - chance), 1.0),
    }
