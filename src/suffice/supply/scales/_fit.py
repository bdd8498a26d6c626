"""A model of a scale fitted: draws of tasks' truth and of how workers use the scale, in points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.supply.scales import _graded as graded
from suffice.supply.scales import _linear as linear
from suffice.supply.scales._marks import Marks
from suffice.supply.workers import split_rhat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.scales._scale_votes import ScaleVotes

    Array = NDArray[Any]

BURN, KEEP = 250, 200
"""Sweeps before the first draw, and draws. Chosen as many as make ranks of simulated truths uniform
(docs/results/sbc.md); whether it was enough is checked by R-hat."""
_THIN = 3
"""Sweeps between draws where a draw costs little (chosen)."""
_WORK = 4e8
"""Labels, or cells of workers by values by worths, times draws that a chain may cost: below a
minute on one core (chosen)."""
_LEAST_KEEP = 60
"""Draws at least: three lie beyond each end of a 90 % interval (chosen for time)."""
_MOST_LABELS = 300_000
"""Labels that workers and steps are learned from, of larger tables a sample of tasks (chosen for
time: a worker's bias is then known to a hundredth of a point)."""
ENOUGH_GOLD = 5
"""Gold tasks from which truth is read on gold's scale and not on the average worker's. Chosen: with
fewer their own luck would shift every task."""


@dataclass(frozen=True, eq=False)
class ScaleFit:
    """Draws from the posterior, in points of the scale. Axes: D draws, T tasks, W workers.

    Attributes:
        truth_DT: what the typical worker would give without noise, float32 [draw, task]; with
            ``ENOUGH_GOLD`` the right value on gold's scale.
        open_mean_T, open_sd_T: mean and sd of the same from labels alone, as if the task's own gold
            were unknown.
        level_TL: chance that each level is nearest to the truth; None for the interval model.
        bias_DW: how much more a worker gives on average than the typical one.
        reach_DW: how far a worker's values go apart where the typical one's do by 1; 0 guesses,
            below 0 inverts.
        noise_DW: sd of a worker's labels about what the worker gives on average.
        tells_DW: correlation of a worker's label with the truth.
        bits_DW: what one label of a worker says about the truth.
        spread_D: sd of the truth over tasks.
        kind: ``ordinal`` or ``interval``.
        rhat: split R-hat of what was watched; near 1 once settled.
        drawn: what labels are drawn from, a few of the draws (see ``replicate``).
        sampled: share of the labels that workers were learned from.
    """

    truth_DT: NDArray[np.float32]
    open_mean_T: NDArray[np.float64]
    open_sd_T: NDArray[np.float64]
    level_TL: NDArray[np.float64] | None
    bias_DW: NDArray[np.float64]
    reach_DW: NDArray[np.float64]
    noise_DW: NDArray[np.float64]
    tells_DW: NDArray[np.float64]
    bits_DW: NDArray[np.float64]
    spread_D: NDArray[np.float64]
    kind: str
    rhat: float
    drawn: tuple[Any, ...]
    sampled: float


def fit_scale(votes: ScaleVotes, *, seed: int = 0) -> ScaleFit:
    """Fit the graded or the interval model, by how many different values there are.

    Model, Assumes, Fails when, Reference: see ``_graded`` and ``_linear``.
    """
    import numpy as np

    rng = Stream.SCALE_FIT.rng(seed)
    gold = votes.gold
    if votes.ordinal and np.isfinite(gold).any():
        known = np.isfinite(gold)
        nearest = np.abs(gold[known][:, None] - votes.levels).argmin(axis=1)
        gold = gold.copy()
        gold[known] = nearest
    value = votes.level.astype(np.float64) if votes.ordinal else votes.value
    middle, unit = 0.0, 1.0
    if not votes.ordinal:
        middle, unit = float(value.mean()), float(value.std())
        value, gold = (value - middle) / unit, (gold - middle) / unit
    whole = Marks(
        votes.task, votes.worker, value, gold, len(votes.workers),
        np.zeros(len(votes.tasks), dtype=np.int64), np.zeros(len(votes.workers), dtype=np.int64),
    )  # fmt: skip
    marks = _sample(whole, rng)
    load = np.bincount(votes.worker, minlength=len(votes.workers)).astype(np.float64)
    load /= load.sum()
    typical = int(np.isfinite(gold).sum()) < ENOUGH_GOLD
    if votes.ordinal:
        found = _fit_graded(votes, whole, marks, load if typical else None, rng)
    else:
        found = _fit_linear(votes, whole, marks, load if typical else None, (middle, unit), rng)
    return replace(found, sampled=len(marks) / len(whole))


def _sample(marks: Marks, rng: np.random.Generator) -> Marks:
    """Whole tasks up to the most labels that workers are learned from."""
    import numpy as np

    if len(marks) <= _MOST_LABELS:
        return marks
    picked = rng.random(marks.tasks) < _MOST_LABELS / len(marks)
    picked |= np.isfinite(marks.gold)
    kept, number = picked[marks.task], np.cumsum(picked) - 1
    return replace(
        marks,
        task=number[marks.task[kept]],
        worker=marks.worker[kept],
        value=marks.value[kept],
        gold=marks.gold[picked],
        task_set=marks.task_set[picked],
    )


class _Kept:
    """Draws as they come."""

    def __init__(self) -> None:
        self.of: dict[str, list[Any]] = {}

    def add(self, **values: Any) -> None:  # noqa: ANN401 - arrays and numbers
        for name, value in values.items():
            self.of.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> Array:
        import numpy as np

        return np.array(self.of[name])

    def rhat(self) -> float:
        """Of the evidence and the crowd's mean skill."""
        return max(split_rhat(self[name][:, None]) for name in ("evidence", "skill"))


def _draws(cells: int, labels: int) -> int:
    import numpy as np

    return int(np.clip(_WORK / max(cells * 10, labels * 40, 1), _LEAST_KEEP, KEEP))


def _fit_graded(
    votes: ScaleVotes, whole: Marks, marks: Marks, load: Array | None, rng: np.random.Generator
) -> ScaleFit:
    import numpy as np

    levels = len(votes.levels)
    chain = graded.Graded(marks, levels, rng)
    every = chain if marks is whole else graded.Graded(whole, levels, rng)
    keep = _draws(whole.workers * levels * len(chain.grid), len(marks))
    for _ in range(BURN if keep == KEEP else BURN // 2):
        chain.sweep()
    chain.settle()
    kept, drawn = _Kept(), []
    tasks = np.arange(whole.tasks)
    level_TL = np.zeros((whole.tasks, levels))
    first, second = np.zeros(whole.tasks), np.zeros(whole.tasks)
    stored = set(np.linspace(0, keep - 1, min(keep, 40)).astype(int).tolist())
    for number in range(keep):
        for _ in range(_THIN if keep == KEEP else 1):
            chain.sweep()
        s = chain.state
        if every is not chain:
            every.take(s)
        points = _points(votes.levels, s, load, every.grid)
        truth = points[every.place_T]
        level_TL[tasks, np.abs(votes.levels - truth[:, None]).argmin(axis=1)] += 1.0
        first += every.open_TG @ points
        second += every.open_TG @ points**2
        table = np.exp(every.table())
        kept.add(
            truth=truth.astype(np.float32),
            spread=truth.std(),
            evidence=chain.evidence_T.mean(),
            skill=s.mean_S[0],
            **_worker_points(votes.levels, table, every, load, points),
        )
        if number in stored:
            drawn.append((every.grid.copy(), table.astype(np.float32)))
    mean = first / keep
    return ScaleFit(
        truth_DT=kept["truth"],
        open_mean_T=mean,
        open_sd_T=np.sqrt(np.maximum(second / keep - mean**2, 0.0)),
        level_TL=level_TL / keep,
        bias_DW=kept["bias"],
        reach_DW=kept["reach"],
        noise_DW=kept["noise"],
        tells_DW=kept["tells"],
        bits_DW=kept["bits"],
        spread_D=kept["spread"],
        kind="ordinal",
        rhat=kept.rhat(),
        drawn=tuple(drawn),
        sampled=1.0,
    )


def _typical(s: graded.State, load: Array | None) -> tuple[float, Array]:
    """Skill and bars of the typical worker: the table's average one, or gold's."""
    import numpy as np

    if load is None:
        return float(s.mean_S[0]), s.step_SJ[0]
    skill = max(float(load @ s.a_W), 1e-3)
    return skill, float(load @ s.b_W) + float(np.exp(load @ s.g_W)) * s.step_SJ[0]


def _points(levels: Array, s: graded.State, load: Array | None, grid: Array) -> Array:
    """Worths in points: halfway between two levels at their bar, and straight lines between."""
    import numpy as np

    skill, bar = _typical(s, load)
    halves = (levels[1:] + levels[:-1]) / 2.0
    gap = float(np.diff(bar).mean()) if len(bar) > 1 else 2.0
    gap = max(gap, 1e-3)
    at = np.concatenate([[bar[0] - gap / 2.0], bar, [bar[-1] + gap / 2.0]])
    points: Array = np.interp(skill * grid, at, np.concatenate([levels[:1], halves, levels[-1:]]))
    return points


def _worker_points(
    levels: Array, table: Array, chain: graded.Graded, load: Array | None, points: Array
) -> dict[str, Array]:
    """How workers use the scale, from their chances of each value [worker, value, grid]."""
    import numpy as np

    prior = np.exp(-0.5 * chain.grid**2)
    prior /= prior.sum()
    mean = np.einsum("wlg,l->wg", table, levels)
    variance = np.einsum("wlg,l->wg", table, levels**2) - mean**2
    skill, bar = _typical(chain.state, load)
    one = np.array([skill]), np.zeros(1), np.zeros(1), bar[None]
    typical = np.exp(graded.log_chances(*one, chain.grid))[0].T @ levels
    noise = np.sqrt(variance @ prior)
    apart = typical - typical @ prior
    own = mean - (mean @ prior)[:, None]
    truth = points - points @ prior
    whole = np.sqrt(np.maximum((own**2) @ prior + noise**2, 1e-12))
    share = np.einsum("wlg,g->wl", table, prior)
    known = np.einsum("wlg,g->w", table * np.log2(np.maximum(table, 1e-12)), prior)
    return {
        "bias": (mean - typical) @ prior,
        "reach": (own @ (prior * apart)) / max(float(prior @ apart**2), 1e-12),
        "noise": noise,
        "tells": (own @ (prior * truth)) / whole / max(float(prior @ truth**2), 1e-12) ** 0.5,
        "bits": known - (share * np.log2(np.maximum(share, 1e-12))).sum(axis=1),
    }


def _fit_linear(
    votes: ScaleVotes,
    whole: Marks,
    marks: Marks,
    load: Array | None,
    scale: tuple[float, float],
    rng: np.random.Generator,
) -> ScaleFit:
    import numpy as np

    middle, unit = scale
    chain = linear.Linear(marks, rng)
    every = chain if marks is whole else linear.Linear(whole, rng)
    keep = _draws(whole.workers, len(marks))
    for _ in range(BURN):
        chain.sweep()
    kept, drawn = _Kept(), []
    first, second = np.zeros(whole.tasks), np.zeros(whole.tasks)
    stored = set(np.linspace(0, keep - 1, min(keep, 40)).astype(int).tolist())
    low, high = votes.levels[0], votes.levels[-1]
    for number in range(keep):
        for _ in range(_THIN if keep == KEEP else 1):
            chain.sweep()
        s = chain.state
        if every is not chain:
            every.take(s)
        level = float(s.level_S[0]) + (0.0 if load is None else float(load @ s.alpha_W))
        reach = float(s.reach_S[0]) if load is None else float(load @ s.beta_W)
        reach = max(reach, 1e-3)
        at = middle + unit * level
        truth = np.clip(at + unit * reach * every.state.worth_T, low, high)
        first += at + unit * reach * every.open_mean_T
        second += (at + unit * reach * every.open_mean_T) ** 2
        second += (unit * reach * every.open_sd_T) ** 2
        tells = s.beta_W / np.sqrt(s.beta_W**2 + s.noise_W**2)
        kept.add(
            truth=truth.astype(np.float32),
            spread=truth.std(),
            evidence=chain.evidence_T.mean(),
            skill=s.reach_S[0],
            bias=unit * (s.level_S[0] + s.alpha_W - level),
            reach=s.beta_W / reach,
            noise=unit * s.noise_W,
            tells=tells,
            bits=-0.5 * np.log2(1.0 - tells**2),
        )
        if number in stored:
            own = middle + unit * (s.level_S[0] + s.alpha_W)
            drawn.append((own, unit * s.beta_W, unit * s.noise_W))
    mean = first / keep
    return ScaleFit(
        truth_DT=kept["truth"],
        open_mean_T=mean,
        open_sd_T=np.sqrt(np.maximum(second / keep - mean**2, 0.0)),
        level_TL=None,
        bias_DW=kept["bias"],
        reach_DW=kept["reach"],
        noise_DW=kept["noise"],
        tells_DW=kept["tells"],
        bits_DW=kept["bits"],
        spread_D=kept["spread"],
        kind="interval",
        rhat=kept.rhat(),
        drawn=tuple(drawn),
        sampled=1.0,
    )


def replicate(
    votes: ScaleVotes, fit: ScaleFit, number: int, rows: Array, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Labels by the same workers of new tasks, from one of the kept draws; of some rows alone."""
    import numpy as np

    drawn = fit.drawn[number % len(fit.drawn)]
    task, worker = votes.task[rows], votes.worker[rows]
    worth = rng.normal(size=len(votes.tasks))
    if fit.kind == "interval":
        own, reach, noise = drawn
        made = (
            own[worker] + reach[worker] * worth[task] + noise[worker] * rng.normal(size=len(rows))
        )
        return np.asarray(np.clip(made, votes.levels[0], votes.levels[-1]))
    grid, table = drawn
    place = np.clip(np.searchsorted(grid, worth), 0, len(grid) - 1)
    heap = table[worker, :, place[task]].cumsum(axis=1)
    pick = (heap < rng.random((len(rows), 1)) * heap[:, -1:]).sum(axis=1)
    return np.asarray(votes.levels[np.minimum(pick, len(votes.levels) - 1)])
