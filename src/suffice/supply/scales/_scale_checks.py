"""What makes labels on a scale doubtful: copied keys, odd workers, shared error, a poor fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.estimate import Estimate, interval
from suffice.records import Interval, PredictiveRow, PredictiveTest, ScaleSharedPart
from suffice.supply.doubts import Flag, find_groups, group_names
from suffice.supply.scales._fit import ENOUGH_GOLD, replicate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.doubts import Group
    from suffice.supply.scales._fit import ScaleFit
    from suffice.supply.scales._scale_votes import ScaleVotes

    Array = NDArray[Any]

SURE = 0.95
"""A worker is flagged where the posterior is at least this sure of it (as for classes)."""
CHANCE_LIKE, INVERTED = 0.25, -0.15
"""Correlation with the truth below which a worker is near chance, or inverts (as for classes)."""
_ONE_VALUE = 0.95
"""Share of one value in a worker's labels that counts as nearly always (convention)."""
_ONE_VALUE_LEVEL = 0.005
"""Chance of flagging anybody in an honest crowd for giving one value whatever the task."""
_FAST = 0.25
"""Share of the crowd's median time below which a worker is fast (as for classes)."""
_FEW = 5
"""Labels below which nothing is said of a worker (chosen)."""
_LENIENT = 0.5
"""Bias, in sd of the truth, from which it is told who is lenient or strict (chosen: such a worker
moves the mean of two labels by a quarter of an sd)."""
_REPLICATES = 100
"""Drawn tables: the least two-sided p is .02, which five tests at ``_LEVEL`` ask for at .01 each
only nearly; alarms are a little rarer than said (chosen for time)."""
_MOST_LABELS = 10_000
"""Labels that are compared, of larger tables a sample of tasks (chosen for time)."""
_LEVEL = 0.1
"""Rate of false alarms over all statistics. Chosen: twice the convention, as replicates are few."""
_SD_GRID = 200
"""Points of the grid of the shared error's sd, up to three sd of the truth."""
_NAMES = {
    "pair_distance": "mean distance of two labels of a task",
    "same": "share of pairs of labels of a task that are equal",
    "task_spread": "spread between tasks of their labels' sd",
    "worker_spread": "spread between workers of their mean label",
    "ends": "share of labels at either end",
}


def copied(votes: ScaleVotes, seed: int) -> tuple[list[Group], list[str]]:
    """Groups of workers who copy one key, where values are few; see ``find_groups``."""
    if not votes.ordinal:
        return [], ["copying groups were not searched: too many different values"]
    return find_groups(votes.as_classes(), seed=seed)


def scale_suspects(votes: ScaleVotes, fit: ScaleFit, groups: list[Group]) -> dict[int, list[Flag]]:
    """Number of the worker -> why to look at the worker, for suspects alone."""
    import numpy as np

    from suffice.supply.doubts import at_least

    workers = len(votes.workers)
    load = np.bincount(votes.worker, minlength=workers)
    flags: dict[int, list[Flag]] = {}
    for letter, group in zip(group_names(len(groups)), groups, strict=True):
        for member, evidence in zip(group.members, group.member_evidence, strict=True):
            reason = (
                f"gives the same values as group {letter} ({len(group.members)} workers, who agree "
                f"on {100 * group.agreement:.0f} % where {100 * group.expected:.0f} % would be "
                "expected)"
            )
            flag = Flag("group", reason, float(np.exp(-min(evidence, 50.0))))
            flags.setdefault(int(member), []).append(flag)
    low = (fit.tells_DW < CHANCE_LIKE).mean(axis=0)
    inverted = (fit.tells_DW < INVERTED).mean(axis=0)
    level = votes.level
    values, counts = np.unique(np.stack([votes.worker, level]), axis=1, return_counts=True)
    top = np.zeros(workers, dtype=np.int64)
    most = np.zeros(workers, dtype=np.int64)
    for (worker, given), n in zip(values.T.tolist(), counts.tolist(), strict=True):
        if n > most[worker]:
            top[worker], most[worker] = given, n
    share = np.bincount(level, minlength=len(votes.levels)) / len(level)
    usable = load >= _FEW
    bar = _ONE_VALUE_LEVEL / max(int(usable.sum()), 1)
    for worker in np.flatnonzero(usable).tolist():
        mine = []
        always = most[worker] >= _ONE_VALUE * load[worker]
        # A worker may know that most tasks are of one value: half of the chance to be right there.
        chance = float((1.0 + share[top[worker]]) / 2.0)
        tail = at_least(int(most[worker]), int(load[worker]), chance) if always else 1.0
        if inverted[worker] >= SURE:
            text = "gives low values where others give high ones: answers may be inverted"
            mine.append(Flag("inverted", text, float(1.0 - inverted[worker])))
        elif always and (low[worker] >= SURE or tail < bar):
            text = f"gives {votes.levels[top[worker]]:g} nearly always, whatever the task"
            mine.append(Flag("one-value", text, float(min(1.0 - low[worker], tail))))
        elif low[worker] >= SURE:
            text = "hardly goes with the truth: the values say little about the tasks"
            mine.append(Flag("spammer", text, float(1.0 - low[worker])))
        if mine:
            flags.setdefault(worker, []).extend(mine)
    _fast(votes, fit, load, flags)
    return flags


def _fast(votes: ScaleVotes, fit: ScaleFit, load: Array, flags: dict[int, list[Flag]]) -> None:
    """Workers far quicker than the crowd who tell less than it: quick and good is no fault."""
    import numpy as np

    if votes.seconds is None or not np.isfinite(votes.seconds).any():
        return
    known = np.isfinite(votes.seconds)
    crowd = float(np.median(votes.seconds[known]))
    worse = (fit.tells_DW < np.median(fit.tells_DW, axis=1)[:, None]).mean(axis=0)
    for worker in np.flatnonzero((load >= _FEW) & (worse >= SURE)).tolist():
        own = votes.seconds[known & (votes.worker == worker)]
        if len(own) >= _FEW and (middle := float(np.median(own))) < _FAST * crowd:
            text = (
                f"takes {middle:.3g} s a label where the crowd takes {crowd:.3g} s, and tells less"
            )
            flags.setdefault(worker, []).append(Flag("fast", text, float(1.0 - worse[worker])))


def lenient(votes: ScaleVotes, fit: ScaleFit) -> list[tuple[str, float, float, float]]:
    """Workers who surely give more or less than the typical one: name, bias and its interval."""
    import numpy as np

    spread = float(fit.spread_D.mean())
    load = np.bincount(votes.worker, minlength=len(votes.workers))
    over = (np.abs(fit.bias_DW) > _LENIENT * spread).mean(axis=0)
    rows = []
    for worker in np.flatnonzero((over >= SURE) & (load >= _FEW)).tolist():
        low, high = interval(fit.bias_DW[:, worker])
        value = float(fit.bias_DW[:, worker].mean())
        rows.append((str(votes.workers[worker]), value, low, high))
    return sorted(rows, key=lambda row: -abs(row[1]))


def shared_part(
    votes: ScaleVotes, fit: ScaleFit, draws: int, rng: np.random.Generator
) -> tuple[ScaleSharedPart, NDArray[np.float64]]:
    """What everybody gets wrong together: for the summary, and draws of its sd [draw].

    Model: on a gold task, gold lies from what the labels alone say by their own doubt and by a
    shared error with one sd over all tasks, half-normal before gold is seen (half an sd of the
    truth).
    Assumes: gold tasks are like the others.
    Fails when: gold was picked among easy or disputed tasks.
    """
    import numpy as np

    known = np.isfinite(votes.gold)
    golden = int(known.sum())
    if golden < ENOUGH_GOLD:
        few = "No gold" if not golden else f"{golden} gold tasks, fewer than {ENOUGH_GOLD}"
        statement = (
            f"{few}: what everybody gets wrong together cannot be seen, and no interval holds it. "
            "Truth is what the average worker of the table would give without noise. Rate 10 to 30 "
            "tasks as gold."
        )
        return ScaleSharedPart(known=False, gold_tasks=golden, statement=statement), np.zeros(draws)
    gap = votes.gold[known] - fit.open_mean_T[known]
    own = fit.open_sd_T[known]
    spread = max(float(fit.spread_D.mean()), 1e-9)
    grid = (np.arange(_SD_GRID) + 0.5) * (3.0 * spread / _SD_GRID)
    variance = own**2 + grid[:, None] ** 2
    log = -0.5 * (gap**2 / variance + np.log(variance)).sum(axis=1)
    log -= 0.5 * (grid / (0.5 * spread)) ** 2
    heap = np.exp(log - log.max()).cumsum()
    place = np.searchsorted(heap / heap[-1], (rng.permutation(draws) + 0.5) / draws)
    sd = np.asarray(grid[place], dtype=np.float64)
    load = np.bincount(votes.worker, minlength=len(votes.workers)).astype(float)
    lean = fit.bias_DW @ (load / load.sum())
    about, leaning = Estimate.from_draws(sd), Estimate.from_draws(lean)
    side = "more" if leaning.value >= 0.0 else "less"
    ends = sorted((abs(leaning.low), abs(leaning.high)))
    which = (
        f"all labels together give {abs(leaning.value):.2f} points {side} ({ends[0]:.2f} to "
        f"{ends[1]:.2f})"
        if leaning.low > 0.0 or leaning.high < 0.0
        else f"labels lean to neither side ({leaning.low:+.2f} to {leaning.high:+.2f} points)"
    )
    statement = (
        f"Against {golden:,} gold tasks {which}, and err together by {about.value:.2f} points (sd; "
        f"{about.low:.2f} to {about.high:.2f}), which more labels a task do not average away."
    )
    part = ScaleSharedPart(
        known=True,
        gold_tasks=golden,
        sd=Interval.of(about),
        lean=Interval.of(leaning),
        statement=statement,
    )
    return part, sd


def scale_check(votes: ScaleVotes, fit: ScaleFit, *, seed: int) -> PredictiveTest:
    """Compare the labels with labels that the model draws on the same design; p is two-sided.

    Reference: Gelman, Meng and Stern (1996), Statistica Sinica 6.
    """
    import numpy as np

    rng = Stream.SCALE_PREDICTIVE.rng(seed)
    rows = np.arange(len(votes))
    if len(rows) > _MOST_LABELS:
        picked = rng.random(len(votes.tasks)) < _MOST_LABELS / len(rows)
        rows = rows[picked[votes.task]]
    task, worker = votes.task[rows], votes.worker[rows]
    shape = len(votes.tasks), len(votes.workers)
    ends = votes.levels[0], votes.levels[-1]
    seen = _statistics(votes.value[rows], task, worker, shape, ends, exact=votes.ordinal)
    if not seen:
        return PredictiveTest(tested=False, statement="Predictive check: no task has two labels.")
    made = [
        _statistics(
            replicate(votes, fit, number, rows, rng), task, worker, shape, ends, exact=votes.ordinal
        )
        for number in range(_REPLICATES)
    ]
    found, odd = {}, []
    for name, value in seen.items():
        drawn = np.array([row[name] for row in made])
        tail = min(int((drawn >= value).sum()), int((drawn <= value).sum()))
        p = min(1.0, 2.0 * (tail + 1.0) / (_REPLICATES + 1.0))
        low, high = interval(drawn)
        found[name] = PredictiveRow(
            about=_NAMES[name], value=value, predicted=float(drawn.mean()), low=low, high=high,
            p_value=p,
        )  # fmt: skip
        if p <= _LEVEL / len(seen):
            odd.append(name)
    said = "; ".join(
        f"{_NAMES[n]} is {found[n].value:.3g}, drawn {found[n].low:.3g} to {found[n].high:.3g}"
        for n in odd
    )
    least = min(row.p_value for row in found.values())
    statement = (
        f"Predictive check: labels drawn from the model differ from the real ones: {said}."
        if odd
        else f"Predictive check: labels drawn from the model look like the real ones "
        f"({len(found)} statistics, smallest p = {least:.2f})."
    )
    return PredictiveTest(tested=True, differs=tuple(odd), statistics=found, statement=statement)


def _statistics(
    value: Array,
    task: Array,
    worker: Array,
    shape: tuple[int, int],
    ends: tuple[float, float],
    *,
    exact: bool,
) -> dict[str, float]:
    """What is compared; nothing where no task has two labels."""
    import numpy as np

    tasks, workers = shape
    n = np.bincount(task, minlength=tasks).astype(float)
    many = n >= 2
    if not many.any():
        return {}
    # Neighbours in the file stand for all pairs of a task: unbiased, and quick.
    same = task[1:] == task[:-1]
    apart = np.abs(value[1:] - value[:-1])[same]
    first, second = (np.bincount(task, value**power, tasks)[many] for power in (1, 2))
    sd = np.sqrt(np.maximum(second / n[many] - (first / n[many]) ** 2, 0.0))
    load = np.bincount(worker, minlength=workers)
    mean = np.bincount(worker, value, workers)[load >= _FEW] / load[load >= _FEW]
    found = {"pair_distance": float(apart.mean()), "task_spread": float(sd.std())}
    if exact:
        found["same"] = float((apart == 0.0).mean())
    if len(mean) >= 3:
        found["worker_spread"] = float(mean.std())
    found["ends"] = float(((value == ends[0]) | (value == ends[1])).mean())
    return found
