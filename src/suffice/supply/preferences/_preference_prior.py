"""Tables of comparisons drawn from the preference model's prior, for checking its calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.supply.preferences import _preference_model as model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.preferences._preference_model import Comparisons, State


def draw_comparisons(
    sets: int,
    *,
    items: int,
    workers: int,
    tasks: int,
    labels_per_task: int,
    ties: bool,
    effects: bool,
    rng: np.random.Generator,
) -> tuple[Comparisons, State]:
    """Draw parameters from the prior and comparisons from them, in ``sets`` independent tables.

    Each task compares two random items, in random order, by ``labels_per_task`` random workers.
    """
    import numpy as np

    def variance(prior: tuple[float, float]) -> NDArray[np.float64]:
        return np.asarray(prior[1] / rng.gamma(prior[0], size=sets))

    def normal(mean: Any, var: Any, count: int) -> NDArray[np.float64]:  # noqa: ANN401
        noise = rng.standard_normal((sets, count))
        return np.asarray(np.reshape(mean, (-1, 1)) + np.sqrt(var)[:, None] * noise)

    variances = np.stack([variance(prior) for prior in model.WORKER_VARIANCES], axis=1)
    means = np.ones((sets, 3))
    for p, (mean, sd) in ((1, model.BIAS_MEAN), (2, model.TIE_MEAN)):
        means[:, p] = mean + sd * rng.standard_normal(sets)
    worker = np.stack([normal(means[:, p], variances[:, p], workers) for p in range(3)], axis=2)
    if workers == 1:
        worker[:, :, 0] = 1.0
    if not ties:
        worker[:, :, 2] = model.TIE_MEAN[0]
    score_variance, effect_variance = variance(model.SCORE_VARIANCE), variance(model.TASK_VARIANCE)
    truth = model.State(
        score_I=normal(np.zeros(1), score_variance, items).ravel(),
        effect_T=normal(np.zeros(1), effect_variance, tasks if effects else 0).ravel(),
        worker_WP=worker.reshape(-1, 3),
        score_variance_S=score_variance,
        effect_variance_S=effect_variance,
        mean_SP=means,
        variance_SP=variances,
    )
    task = np.repeat(np.arange(sets * tasks), labels_per_task)
    of = task // tasks
    sign = np.where(rng.random(len(task)) < 0.5, 1.0, -1.0)
    named, other = np.zeros((2, 0), dtype=np.int64)
    if items:
        pair = np.argsort(rng.random((sets * tasks, items)), axis=1)[task, :2] + of[:, None] * items
        named, other = pair.T
    straight = sign > 0 if items else np.zeros(0, dtype=bool)
    data = model.Comparisons(
        first=np.where(straight, named, other),
        second=np.where(straight, other, named),
        worker=rng.integers(0, workers, len(task)) + of * workers,
        answer=np.zeros(len(task)),
        task=task if effects else None,
        sign=sign,
        items=sets * items,
        workers=sets * workers,
        tasks=sets * tasks if effects else 0,
        ties=ties,
        sets=sets,
    )
    return draw_answers(data, truth, rng), truth


def draw_answers(data: Comparisons, state: State, rng: np.random.Generator) -> Comparisons:
    """The same comparisons with answers drawn anew."""
    from dataclasses import replace

    import numpy as np

    gap = model.strength(data, state)
    mine = state.worker_WP[data.worker]
    half = 0.5 * (mine[:, 0] * gap + mine[:, 1])
    weights = np.exp(half), np.exp(-half), np.exp(mine[:, 2]) if data.ties else np.zeros(len(half))
    dart = rng.random(len(half)) * sum(weights)
    answer = np.select([dart < weights[0], dart < weights[0] + weights[1]], [0.5, -0.5], 0.0)
    return replace(data, answer=answer)


def ranked_quantities(state: State, data: Comparisons) -> dict[str, NDArray[np.float64]]:
    """What calibration ranks among the draws, by name, one value a table."""
    import numpy as np

    found = {"mean bias": state.mean_SP[:, 1], "spread of biases": state.variance_SP[:, 1]}
    workers = data.workers // data.sets
    found["one worker's bias"] = state.worker_WP[::workers, 1]
    if data.items:
        each = data.items // data.sets
        found["a gap of scores"] = state.score_I[1::each] - state.score_I[::each]
        found["spread of scores"] = state.score_variance_S
    if data.task is not None:
        found["a task's effect"] = state.effect_T[:: data.tasks // data.sets]
        found["spread of effects"] = state.effect_variance_S
    if workers > 1:
        found["one worker's reliability"] = state.worker_WP[::workers, 0]
        found["spread of reliabilities"] = state.variance_SP[:, 0]
    if data.ties:
        found["one worker's ties"] = state.worker_WP[::workers, 2]
        found["mean of ties"] = state.mean_SP[:, 2]
    return {name: np.array(value) for name, value in found.items()}
