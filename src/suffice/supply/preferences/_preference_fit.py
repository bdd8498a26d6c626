"""The preference model fitted: by Markov chain where there is time, else by its normal shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.supply.preferences import _preference_model as model
from suffice.supply.preferences._preference_draws import Chain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.preferences._preference_model import Comparisons, State

    Array = NDArray[Any]

BURN, KEEP, THIN = 150, 250, 2
CHAIN_ROWS, CHAIN_ITEMS = 30_000, 300
"""Up to so many comparisons and items the posterior is drawn exactly."""
MOST_ITEMS = 5_000
_SAMPLE = 40_000
_ROUNDS, _LAST_ROUNDS = 12, 1


@dataclass(frozen=True, eq=False)
class PreferenceFit:
    """Draws from the posterior.

    Attributes:
        score_DI: items' scores, centred, in log odds of the average worker, float64 [draw, item].
        effect_DT: how much each task prefers the item it names first, items' scores included,
            float64 [draw, task]; empty where nothing is special to a task.
        worker_DWP: reliability (1 is the average worker), bias, liking for ties.
        mean_DP: the crowd's means of bias and liking for ties, float64 [draw, 2].
        exact: whether the draws come from a Markov chain (else the normal approximation).
        rhat: split R-hat of the mean score's spread and of the bias; near 1 once settled.
    """

    score_DI: NDArray[np.float64]
    effect_DT: NDArray[np.float64]
    worker_DWP: NDArray[np.float64]
    mean_DP: NDArray[np.float64]
    exact: bool
    rhat: float


def fit_preferences(data: Comparisons, *, seed: int = 0) -> PreferenceFit:
    """Fit the preference model.

    Model: see ``_preference_model``.
    Assumes: given the scores, task effects and workers, answers are independent; items lie on one
    scale; who is shown first does not depend on which is better (or both orders were judged).
    Fails when: items beat each other in a circle; workers differ in taste (see ``find_split``);
    few workers carry most comparisons and copy each other.
    Reference: Bradley and Terry (1952), Biometrika 39; Davidson (1970), JASA 65 (ties); Chen et
    al. (2013), WSDM (workers); Gamerman (1997), Statistics and Computing 7 (the chain).
    """
    rng = Stream.COMPARISONS.rng(seed)
    if len(data) <= CHAIN_ROWS and data.items <= CHAIN_ITEMS:
        return _by_chain(data, rng)
    return _by_shape(data, rng)


def _by_chain(data: Comparisons, rng: np.random.Generator) -> PreferenceFit:
    import numpy as np

    chain = Chain(data, rng, _mode(data, rounds=4))
    for _ in range(BURN):
        chain.sweep(adapt=True)
    kept = []
    for _ in range(KEEP):
        for _ in range(THIN):
            chain.sweep()
        kept.append(chain.state.copy())
    effect = np.array([state.effect_T for state in kept])
    if data.task is not None and data.items:
        named, other = model.task_items(data)
        score = np.array([state.score_I for state in kept])
        effect = effect + score[:, named] - score[:, other]
    return _finish(
        data,
        np.array([state.score_I for state in kept]),
        effect,
        np.array([state.worker_WP for state in kept]),
        np.array([state.mean_SP[0, 1:] for state in kept]),
        exact=True,
    )


def _finish(
    data: Comparisons, score: Array, effect: Array, worker: Array, mean: Array, *, exact: bool
) -> PreferenceFit:
    """Scale so that the average worker has reliability 1, weighted by comparisons."""
    import numpy as np

    from suffice.supply.workers import split_rhat

    load = np.bincount(data.worker, minlength=data.workers).astype(np.float64)
    average = worker[:, :, 0] @ (load / load.sum())
    worker[:, :, 0] /= average[:, None]
    if data.items:
        score = (score - score.mean(axis=1, keepdims=True)) * average[:, None]
    watched = [mean[:, 0], worker[:, :, 1] @ (load / load.sum())]
    watched += [score.std(axis=1)] if data.items else [effect.std(axis=1)]
    return PreferenceFit(
        score_DI=score,
        effect_DT=effect * average[:, None],
        worker_DWP=worker,
        mean_DP=mean,
        exact=exact,
        rhat=max(split_rhat(value[:, None]) for value in watched) if exact else 1.0,
    )


# --- many comparisons -----------------------------------------------------------------------


def _mode(
    data: Comparisons, *, rounds: int, state: State | None = None, scores: bool = True
) -> State:
    """Newton steps on scores and workers in turn, hyperparameters renewed between.

    Without ``scores`` only the workers move.
    """
    import numpy as np

    state = model.start_state(data) if state is None else state
    for _ in range(rounds):
        if data.items and scores:
            part = model.pieces(data, model.strength(data, state), state.worker_WP, with_log=False)
            gradient, precision = model.item_terms(data, state, part)
            step = np.linalg.solve(precision[0], gradient[0])
            state = replace(state, score_I=state.score_I + np.clip(step, -3.0, 3.0))
        gap = model.strength(data, state)
        part = model.pieces(data, gap, state.worker_WP, with_log=False)
        slope, precision_W = model.worker_terms(data, state, gap, part)
        slope[:, [not data.workers > 1, False, not data.ties]] = 0.0
        move = np.linalg.solve(precision_W, slope[..., None])[..., 0]
        state = replace(state, worker_WP=state.worker_WP + np.clip(move, -1.0, 1.0))
        _renew(data, state, precision_W)
    return state


def _renew(data: Comparisons, state: State, precision_W: Array) -> None:
    """Hyperparameters at their most likely values, given the others and how sure those are."""
    worker = state.worker_WP
    for p, (mean, sd) in ((1, model.BIAS_MEAN), (2, model.TIE_MEAN)):
        weight = data.workers / state.variance_SP[0, p]
        total = worker[:, p].sum() / state.variance_SP[0, p] + mean / sd**2
        state.mean_SP[0, p] = total / (weight + sd**-2)
    for p, (shape, rate) in enumerate(model.WORKER_VARIANCES):
        off = (worker[:, p] - state.mean_SP[0, p]) ** 2 + 1.0 / precision_W[:, p, p]
        state.variance_SP[0, p] = (rate + 0.5 * off.sum()) / (shape + 0.5 * data.workers + 1.0)
    if data.items:
        shape, rate = model.SCORE_VARIANCE
        total = (state.score_I**2).sum()
        state.score_variance_S[0] = (rate + 0.5 * total) / (shape + 0.5 * data.items + 1.0)


def _by_shape(data: Comparisons, rng: np.random.Generator) -> PreferenceFit:
    """Mode and curvature; what is special to tasks widens the intervals instead of being fitted."""
    import numpy as np

    state = None
    if len(data) > 2 * _SAMPLE:
        few = data.take(np.sort(rng.choice(len(data), _SAMPLE, replace=False)))
        state = _mode(few, rounds=_ROUNDS)
        # The sample tells much of the scores and little of each worker; the step that follows
        # moves both together.
        state = _mode(data, rounds=_LAST_ROUNDS, state=state, scores=False)
    else:
        state = _mode(data, rounds=_ROUNDS)
    gap = model.strength(data, state)
    part = model.pieces(data, gap, state.worker_WP, with_log=False)
    slope, precision_W = model.worker_terms(data, state, gap, part)
    fixed = [not data.workers > 1, False, not data.ties]
    slope[:, fixed] = 0.0
    root_W = np.linalg.cholesky(precision_W)
    step_W = np.linalg.solve(precision_W, slope[..., None])
    draws = BURN
    score = np.zeros((draws, 0))
    noise = rng.standard_normal((data.workers, 3, draws))
    worker = state.worker_WP[:, :, None] + step_W
    worker = worker + np.linalg.solve(root_W.transpose(0, 2, 1), noise)
    if data.items:
        gradient, precision = model.item_terms(data, state, part)
        cross = _cross(data, state, gap, part)
        cross[:, fixed] = 0.0
        half = np.linalg.solve(root_W, cross)
        flat = half.reshape(-1, data.items)
        pulled = np.linalg.solve(root_W, slope[..., None]).reshape(-1)
        whole = precision[0] - flat.T @ flat
        root = np.linalg.cholesky(whole)
        step = np.linalg.solve(whole, gradient[0] - flat.T @ pulled)
        spread = np.linalg.solve(root.T, rng.standard_normal((data.items, draws)))
        spread *= np.sqrt(_design_effect(data, state, part))
        move = step[:, None] + spread
        score = (state.score_I[:, None] + move).T
        # A worker's reliability and bias go with the scores drawn.
        worker -= np.linalg.solve(precision_W, cross @ move)
    worker[:, fixed] = state.worker_WP[:, fixed, None]
    mean = np.repeat(state.mean_SP[:, 1:], draws, axis=0)
    mean += rng.standard_normal(mean.shape) * np.sqrt(state.variance_SP[:, 1:] / data.workers)
    return _finish(
        data, score, np.zeros((draws, 0)), worker.transpose(2, 0, 1).copy(), mean, exact=False
    )


def _cross(data: Comparisons, state: State, gap: Array, part: model.Pieces) -> Array:
    """Precision between workers' parameters and scores, float64 [worker, parameter, item]."""
    import numpy as np

    reliability = state.worker_WP[data.worker, 0]
    ahead = data.worker * data.items + data.first
    behind = data.worker * data.items + data.second
    size = data.workers * data.items
    table = np.zeros((data.workers, 3, data.items))
    weights = [gap * reliability * part.by_eta_eta, reliability * part.by_eta_eta]
    if part.by_eta_tie is not None:
        weights.append(reliability * part.by_eta_tie)
    for p, weight in enumerate(weights):
        cells = np.bincount(ahead, weight, size) - np.bincount(behind, weight, size)
        table[:, p] = cells.reshape(data.workers, data.items)
    return table


def _design_effect(data: Comparisons, state: State, part: model.Pieces) -> float:
    """How much more the scores vary because labels of one task go together; at least 1."""
    import numpy as np

    if data.task is None:
        return 1.0
    pull = data.sign * state.worker_WP[data.worker, 0] * part.by_eta
    together = (np.bincount(data.task, pull, data.tasks) ** 2).sum()
    return float(max(together / (pull**2).sum(), 1.0))
