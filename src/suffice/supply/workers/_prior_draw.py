"""Crowds drawn from the worker model's prior: what its calibration is checked with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.supply.workers import _worker_model as model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.workers._worker_model import Crowd, State

    Array = NDArray[Any]


def draw_crowds(
    sets: int,
    *,
    kind: str,
    classes: int,
    tasks: int,
    workers: int,
    labels_per_task: int,
    rng: np.random.Generator,
    twins: bool = False,
) -> tuple[Crowd, State]:
    """Draw independent crowds, one a set, and the truth behind them.

    Every unknown is drawn from its prior and the labels from the model, label by label: this is
    written apart from the sampler so that the two can be compared.

    Args:
        sets: how many crowds.
        kind: ``coin``, ``class`` or ``full``.
        classes: how many classes.
        tasks, workers, labels_per_task: the size of each crowd.
        rng: the only source of chance.
        twins: whether the first two classes are the sides of a pair, see ``Crowd``.

    Returns:
        The crowds side by side, and the state that they were drawn from.
    """
    import numpy as np

    difficulty = model.difficulty_for(classes)
    diagonal = np.arange(classes)
    of_worker = np.repeat(np.arange(sets), workers)
    of_task = np.repeat(np.arange(sets), tasks)

    def sd(count: int) -> Array:
        return np.sqrt(model.VARIANCE_RATE / rng.gamma(model.VARIANCE_SHAPE, size=count))

    mean = rng.normal(model.SKILL_MEAN, model.SKILL_SD, sets)
    while (below := mean < 0.0).any():
        mean[below] = rng.normal(model.SKILL_MEAN, model.SKILL_SD, int(below.sum()))
    worker_sd, class_sd = sd(sets), sd(sets)
    alpha = rng.normal(0.0, worker_sd[of_worker])
    if kind == "coin":
        mean_SK = np.repeat(mean[:, None], classes, axis=1)
        a = np.repeat((mean[of_worker] + alpha)[:, None], classes, axis=1)
        alpha = np.zeros_like(alpha)
    else:
        mean_SK = rng.normal(mean[:, None], model.CLASS_SD, (sets, classes))
        a = rng.normal(mean_SK[of_worker] + alpha[:, None], class_sd[of_worker][:, None])

    if twins:
        mean_SK[:, 1], a[:, 1] = mean_SK[:, 0], a[:, 0]

    def rows(mass: Array) -> Array:
        drawn = rng.gamma(np.maximum(mass, 1e-6))
        drawn[:, diagonal, diagonal] = 0.0
        return np.asarray(drawn / drawn.sum(axis=2, keepdims=True))

    spread = rows(np.ones((sets, classes, classes)))

    def mirrored(table: Array) -> None:
        # Of errors on a side the other side gets its part; of all others the sides get equal ones.
        table[:, 1] = table[:, 0][:, [1, 0, *range(2, classes)]]
        table[:, 2:, :2] = table[:, 2:, :2].mean(axis=2, keepdims=True)

    if twins:
        mirrored(spread)
    weight = model.SPREAD_MEDIAN * np.exp(model.SPREAD_LOG_SD * rng.normal(size=sets))
    if kind == "coin":
        even = np.full((sets, classes, classes), 1.0 / (classes - 1))
        even[:, diagonal, diagonal] = 0.0
        spread = even
    q = spread[of_worker]
    if kind == "full":
        q = rows(weight[of_worker][:, None, None] * q)
    if twins:
        mirrored(q)
    scale = np.abs(rng.normal(0.0, 1.0, sets))
    if difficulty.log_prior is None:
        level_SD = rng.dirichlet(model.DISCOUNT_PRIOR, sets)
    else:
        level_SD = np.broadcast_to(np.exp(difficulty.log_prior), (sets, difficulty.count)).copy()
    share = rng.dirichlet(np.full(classes, model.class_share_prior(classes)), sets)
    if twins:
        share[:, :2] = share[:, :2].mean(axis=1, keepdims=True)
    z = _pick(share[of_task], rng)
    d = _pick(level_SD[of_task], rng)

    task = np.repeat(np.arange(sets * tasks), labels_per_task)
    who = rng.random((sets * tasks, workers)).argsort(axis=1)[:, :labels_per_task]
    worker = (who + of_task[:, None] * workers).ravel()
    skill = a[worker, z[task]]
    guess = np.zeros(len(task), dtype=bool)
    if difficulty.way == "lean":
        skill = skill - scale[of_task[task]] * difficulty.levels[d[task]]
    else:
        guess = rng.random(len(task)) < difficulty.levels[d[task]]
    right = rng.random(len(task)) < 1.0 / (1.0 + np.exp(-skill))
    label = np.where(right, z[task], _pick(q[worker, z[task]], rng))
    label = np.where(guess, rng.integers(0, classes, len(task)), label)
    crowd = model.Crowd(
        task, worker, label, np.full(sets * tasks, -1), sets * workers, classes, of_task,
        of_worker, sets, (0, 1) if twins else None,
    )  # fmt: skip
    state = model.State(
        a_WK=a, alpha_W=alpha, mean_SK=mean_SK, mean_S=mean, worker_sd_S=worker_sd,
        class_sd_S=class_sd, spread_SKK=spread, spread_weight_S=weight, q_WKK=q, scale_S=scale,
        level_SD=level_SD, share_SK=share, z_T=z, d_T=d,
    )  # fmt: skip
    return crowd, state


def _pick(chances: Array, rng: np.random.Generator) -> Array:
    """One number for each row of chances."""
    import numpy as np

    cumulated = chances.cumsum(axis=1)
    pick = rng.random((len(chances), 1)) * cumulated[:, -1:]
    return np.asarray((cumulated < pick).sum(axis=1))
