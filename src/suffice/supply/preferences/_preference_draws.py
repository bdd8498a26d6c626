"""Draws from the posterior of the preference model, by a Markov chain in array operations.

The chain renews scores, task effects and workers in turn. Each proposal is drawn around a Newton
step from where the chain stands and accepted or not by Metropolis and Hastings' rule, so that it is
exact however coarse the step (Gamerman 1997); the variances are drawn exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.supply.preferences import _preference_model as model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.preferences._preference_model import Comparisons, State

    Array = NDArray[Any]

_BRAVE, _TIMID = 0.0, 0.95
"""The range of ``timid`` that is tried while the chain warms up: all of it but standing still."""
_GOOD = 0.4
"""Acceptance rate aimed at. Chosen near what is best for random walks in few dimensions (.44 in
one, .23 in many: Roberts and Rosenthal (2001), Statistical Science 16)."""
_SCALE_STEPS = (0.5, 0.1)
"""Steps of the common scale in logs, one far and one near (chosen: one of them fits any table)."""


class Newton:
    """Gaussian proposals around a partial Newton step, for a batch of blocks at once.

    ``timid`` (0 to 1) is how much of the old point is kept; at 0 a proposal forgets it. Where the
    posterior is normal, every proposal is accepted whatever ``timid`` is.
    """

    def __init__(self, gradient: Array, precision: Array) -> None:
        """Factor the precisions: gradient [block, d], precision [block, d, d]."""
        import numpy as np

        self.root = np.linalg.cholesky(precision)
        self.step = np.linalg.solve(precision, gradient[..., None])[..., 0]
        diagonal = np.arange(self.root.shape[1])
        self.log_root = np.log(self.root[:, diagonal, diagonal]).sum(axis=1)

    def propose(self, timid: Array, rng: np.random.Generator) -> NDArray[np.float64]:
        """A move for every block, [block, d]."""
        import numpy as np

        noise = rng.standard_normal(self.step.shape)[..., None]
        spread = np.linalg.solve(self.root.transpose(0, 2, 1), noise)[..., 0]
        keep = timid[:, None]
        return np.asarray((1.0 - keep) * self.step + np.sqrt(1.0 - keep**2) * spread)

    def log_density(self, move: Array, timid: Array) -> NDArray[np.float64]:
        """Log density of a move, up to what is the same for the way back, [block]."""
        import numpy as np

        off = move - (1.0 - timid)[:, None] * self.step
        scaled = np.einsum("bij,bi->bj", self.root, off)
        return np.asarray(self.log_root - 0.5 * (scaled**2).sum(axis=1) / (1.0 - timid**2))


class PreferenceChain:
    """Moves a state through the posterior; one ``sweep`` renews every unknown once."""

    def __init__(self, data: Comparisons, rng: np.random.Generator, state: State) -> None:
        """Start from a state."""
        import numpy as np

        self.data, self.rng, self.state = data, rng, state
        self.timid = {
            "scores": np.full(data.sets, _BRAVE),
            "effects": np.full(data.tasks, _BRAVE),
            "workers": np.full(data.workers, _BRAVE),
        }
        self._worker_set = np.repeat(np.arange(data.sets), data.workers // data.sets)
        self._set = self._worker_set[data.worker]
        self._task_items = model.task_items(data)

    def sweep(self, *, adapt: bool = False) -> None:
        """Renew everything; ``adapt`` while the chain is still warming up."""
        if self.data.items:
            self._block("scores", adapt)
        if self.data.task is not None:
            self._block("effects", adapt)
            if self.data.items:
                self._recentre()
        self._block("workers", adapt)
        self._hyper()
        if self.data.workers > self.data.sets:
            for step in _SCALE_STEPS:
                self._rescale(step)

    # --- blocks that the labels speak of --------------------------------------------------

    def _look(self, block: str, state: State) -> tuple[Array, Newton]:
        """Log posterior of each block, up to what it does not touch, and its proposals."""
        import numpy as np

        data = self.data
        gap = model.strength(data, state)
        part = model.pieces(data, gap, state.worker_WP)
        if block == "scores":
            each = data.items // data.sets
            log = np.bincount(self._set, part.log, data.sets)
            fall = (state.score_I**2).reshape(data.sets, each).sum(axis=1)
            return log - 0.5 * fall / state.score_variance_S, Newton(
                *model.item_terms(data, state, part)
            )
        if block == "effects":
            variance = np.repeat(state.effect_variance_S, data.tasks // data.sets)
            log = np.bincount(data.task, part.log, data.tasks)  # type: ignore[arg-type]
            return log - 0.5 * state.effect_T**2 / variance, Newton(
                *model.effect_terms(data, state, part)
            )
        of = self._worker_set
        log = np.bincount(data.worker, part.log, data.workers)
        fall = ((state.worker_WP - state.mean_SP[of]) ** 2 / state.variance_SP[of]).sum(axis=1)
        return log - 0.5 * fall, Newton(*model.worker_terms(data, state, gap, part))

    def _block(self, block: str, adapt: bool) -> None:
        import numpy as np

        data, rng, timid = self.data, self.rng, self.timid[block]
        here, forth = self._look(block, self.state)
        move = forth.propose(timid, rng)
        if block == "workers":
            if data.workers == data.sets:
                move[:, 0] = 0.0
            if not data.ties:
                move[:, 2] = 0.0
        there_state = self._moved(block, self.state, move)
        there, back = self._look(block, there_state)
        ratio = there - here + back.log_density(-move, timid) - forth.log_density(move, timid)
        chance = np.exp(np.minimum(np.nan_to_num(ratio, nan=-np.inf), 0.0))
        taken = rng.random(len(chance)) < chance
        self.state = self._moved(block, self.state, move * taken[:, None])
        if adapt:
            better = np.where(chance > _GOOD, timid - 0.02, timid + 0.04 * (1.0 - timid))
            self.timid[block] = np.clip(better, _BRAVE, _TIMID)

    def _moved(self, block: str, state: State, move: Array) -> State:
        from dataclasses import replace

        if block == "scores":
            return replace(state, score_I=state.score_I + move.ravel())
        if block == "effects":
            return replace(state, effect_T=state.effect_T + move.ravel())
        return replace(state, worker_WP=state.worker_WP + move)

    def _recentre(self) -> None:
        """Renew the scores with what the tasks add up to held fixed: mixes where tasks say much."""
        import numpy as np

        data, state = self.data, self.state
        each = data.items // data.sets
        named, other = self._task_items
        whole = state.score_I[named] - state.score_I[other] + state.effect_T
        pull = whole / np.repeat(state.effect_variance_S, data.tasks // data.sets)
        gradient = np.bincount(named, pull, data.items)
        gradient -= np.bincount(other, pull, data.items)
        cell = named * each + other % each
        weight = np.bincount(cell, minlength=data.items * each).astype(np.float64)
        weight = weight.reshape(data.sets, each, each) / state.effect_variance_S[:, None, None]
        precision = -weight - weight.transpose(0, 2, 1)
        diagonal = np.arange(each)
        precision[:, diagonal, diagonal] += (
            weight.sum(axis=1) + weight.sum(axis=2) + 1.0 / state.score_variance_S[:, None]
        )
        newton = Newton(gradient.reshape(data.sets, each), precision)
        state.score_I = newton.propose(np.zeros(data.sets), self.rng).ravel()
        state.effect_T = whole - state.score_I[named] + state.score_I[other]

    # --- hyperparameters ------------------------------------------------------------------

    def _hyper(self) -> None:
        import numpy as np

        data, state, rng = self.data, self.state, self.rng
        sets = data.sets
        if data.items:
            state.score_variance_S = _variance(
                model.SCORE_VARIANCE, state.score_I.reshape(sets, -1), rng
            )
        if data.task is not None:
            state.effect_variance_S = _variance(
                model.TASK_VARIANCE, state.effect_T.reshape(sets, -1), rng
            )
        worker = state.worker_WP.reshape(sets, -1, 3)
        each = worker.shape[1]
        for p, mean in ((1, model.BIAS_MEAN), (2, model.TIE_MEAN)):
            precision = each / state.variance_SP[:, p] + mean[1] ** -2
            centre = worker[:, :, p].sum(axis=1) / state.variance_SP[:, p] + mean[0] / mean[1] ** 2
            noise = rng.standard_normal(sets)
            state.mean_SP[:, p] = centre / precision + noise / np.sqrt(precision)
        for p, prior in enumerate(model.WORKER_VARIANCES):
            off = worker[:, :, p] - state.mean_SP[:, None, p]
            state.variance_SP[:, p] = _variance(prior, off, rng)

    def _rescale(self, step: float) -> None:
        """Stretch the scores and shrink the reliabilities, which no label can tell apart."""
        import numpy as np

        data, state, rng = self.data, self.state, self.rng
        log_c = step * rng.standard_normal(data.sets)
        reliability = state.worker_WP[:, 0].reshape(data.sets, -1)
        shrunk = reliability / np.exp(log_c)[:, None]
        fall = ((shrunk - 1.0) ** 2 - (reliability - 1.0) ** 2).sum(axis=1)
        ratio = -0.5 * fall / state.variance_SP[:, 0] - reliability.shape[1] * log_c
        if data.items:
            ratio += _stretched(model.SCORE_VARIANCE, state.score_variance_S, log_c)
        if data.task is not None:
            ratio += _stretched(model.TASK_VARIANCE, state.effect_variance_S, log_c)
        log_c = np.where(np.log(rng.random(data.sets)) < ratio, log_c, 0.0)
        c = np.exp(log_c)
        state.worker_WP = state.worker_WP.copy()
        state.worker_WP[:, 0] = (reliability / c[:, None]).ravel()
        if data.items:
            state.score_I = state.score_I * np.repeat(c, data.items // data.sets)
            state.score_variance_S = state.score_variance_S * c**2
        if data.task is not None:
            state.effect_T = state.effect_T * np.repeat(c, data.tasks // data.sets)
            state.effect_variance_S = state.effect_variance_S * c**2


def _variance(
    prior: tuple[float, float], off: Array, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw variances given deviations [set, k]."""
    import numpy as np

    shape, rate = prior
    rates = rate + 0.5 * (off**2).sum(axis=1)
    return np.asarray(rates / rng.gamma(shape + 0.5 * off.shape[1], size=len(off)))


def _stretched(prior: tuple[float, float], variance: Array, log_c: Array) -> NDArray[np.float64]:
    """Log ratio of an inverse-gamma density at c^2 v and at v, with the stretch's Jacobian."""
    import numpy as np

    shape, rate = prior
    return np.asarray(-2.0 * shape * log_c - rate / variance * (np.exp(-2.0 * log_c) - 1.0))
