"""Draws from a posterior by an ensemble sampler, with the checks that decide whether to trust them.

The sampler is emcee's (Foreman-Mackey et al. 2013; Goodman and Weare 2010). Several independent
ensembles are compared with each other by split R-hat (Gelman and Rubin 1992; Vehtari et al. 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.demand.law._protocol import Convergence
from suffice.errors import ConvergenceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WORST_RHAT = 1.05
"""A posterior with a larger R-hat is not reported. Vehtari et al. (2021) ask for 1.01 of a mean
that is to be quoted to its digits; here means are some .01 of P. Chosen."""

FEWEST_DRAWS = 200
"""Nor is one with fewer effective draws: ends of a 90 % interval are then off by a twentieth of
its width. Chosen."""

_ENSEMBLES = 2
"""Ensembles that never meet: as many as halves are asked for, to choose on and to report on."""

_ROUNDS = 4
"""How often a chain is tried, twice as long each time. Chosen: eight times the first length is
where waiting ends."""

_FEWEST_WALKERS, _WALKERS_A_PARAMETER = 32, 2
"""Walkers of an ensemble: enough for sixteen parameters, and beyond that two a parameter, the
fewest that emcee takes (with fewer, no half of them spans the space). Chosen: on a correlated
normal of 24 parameters two a parameter gave 1,000 effective draws in 500 steps; more move time
alone."""

_STEPS = 500
"""Of a chain's first try. Chosen: where the example's laws have converged; moves time alone, as a
chain that has not converged goes on."""

_SEEDS_APART = 1000
"""Between the seeds of two ensembles, which walk by NumPy's old generator, as emcee asks. A
convention."""

_LEAST_VARIANCE = 1e-30
"""Keeps R-hat a number where a parameter stands still. Chosen: below any variance of a walk."""

_FIRST_SCATTER = 0.2
"""Sd of the walkers about their start. Chosen: within all priors, and wider than rounding."""

_MOVES = (0.7, 0.3)
"""Shares of differential evolution and of the stretch move. Chosen: the first mixes faster where
parameters trade against each other, the second keeps it from stalling."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws [draw, parameter] and how far they can be trusted."""

    draws: Floats
    convergence: Convergence


def sample(
    log_density: Callable[[Floats], Floats],
    start: Floats,
    *,
    seed: int,
    walkers: int | None = None,
    steps: int = _STEPS,
    what: str = "the law",
) -> Posterior:
    """Sample until the ensembles agree, doubling the chain up to three times.

    Args:
        log_density: log posterior of [walker, parameter], up to a constant.
        start: a point where it is finite [parameter].
        seed: of the walk.
        walkers: of each ensemble; by default as many as so many parameters need.
        steps: of the first round; the first half of each chain is dropped.
        what: named in the error.

    Raises:
        ConvergenceError: the ensembles still disagree at the end.
    """
    import emcee

    if walkers is None:
        walkers = max(_FEWEST_WALKERS, _WALKERS_A_PARAMETER * len(start))
    moves = [(emcee.moves.DEMove(), _MOVES[0]), (emcee.moves.StretchMove(), _MOVES[1])]
    rng = Stream.LAW_SAMPLER.rng(seed)
    samplers = []
    for k in range(_ENSEMBLES):
        sampler = emcee.EnsembleSampler(
            walkers, len(start), log_density, vectorize=True, moves=moves
        )
        sampler.random_state = np.random.RandomState(
            _SEEDS_APART * k + seed % _SEEDS_APART
        ).get_state()
        scatter = start + _FIRST_SCATTER * rng.standard_normal((walkers, len(start)))
        samplers.append((sampler, scatter))
    total = 0
    for _ in range(_ROUNDS):
        more = steps if total == 0 else total
        for sampler, scatter in samplers:
            sampler.run_mcmc(scatter if total == 0 else None, more)
        total += more
        kept = np.stack([s.get_chain()[total // 2 :] for s, _ in samplers])
        found = converged(*_diagnose(kept), total)
        if found.converged:
            return Posterior(kept.reshape(-1, len(start)), found)
    raise ConvergenceError(
        f"{what} did not converge (R-hat {found.rhat:.3f}, {found.effective_draws:.0f} effective "
        f"draws after {total} steps): measure more cells or more seeds"
    )


def converged(rhat: float, effective_draws: float, steps: int) -> Convergence:
    """Hold what chains showed against the bars."""
    good = rhat <= WORST_RHAT and effective_draws >= FEWEST_DRAWS
    return Convergence(rhat, effective_draws, steps, good)


def _diagnose(chains: Floats) -> tuple[float, float]:
    """Worst split R-hat and fewest effective draws of [ensemble, step, walker, parameter].

    Walkers of one ensemble move together, so an ensemble's walkers are averaged into one chain
    when chains are compared; its effective draws count steps by autocorrelation time.
    """
    import emcee

    count, steps, walkers, _ = chains.shape
    halves = chains[:, : steps // 2 * 2].reshape(count * 2, steps // 2, walkers, -1)
    flat = halves.reshape(count * 2, -1, halves.shape[-1])
    within = flat.var(axis=1).mean(axis=0)
    between = flat.mean(axis=1).var(axis=0, ddof=1)
    rhat = float(np.sqrt((within + between) / np.maximum(within, _LEAST_VARIANCE)).max())
    times = [emcee.autocorr.integrated_time(c, quiet=True, tol=0) for c in chains]
    effective = sum(steps * walkers / float(np.max(t)) for t in times)
    return rhat, effective
