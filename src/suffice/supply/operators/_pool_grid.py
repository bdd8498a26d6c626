"""Kinds of workers and of tasks in a pool: their grids, priors and draws from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Ints = NDArray[np.int64]

SKILLS = np.linspace(-4.0, 7.0, 23)
"""Log odds of a right answer to a task of difficulty 0, one for each kind of worker."""
LEVELS = np.linspace(-5.0, 7.0, 25)
"""Difficulties: what a task takes from those log odds. The step is that of ``SKILLS``, so that both
can move by the same amount; with twice the step, where it falls on the grid traps a chain."""
WEIGHT = 2.0
"""Weight of the priors of the shares of skills and of difficulties, in workers and in tasks."""
PRIOR_SD = 2.0
"""Spread of skills and difficulties before labels, in log odds. Chosen wide: 95 % of workers are
right between .08 and .996 of the time on an average task; labels soon overrule it."""
TINY = 1e-12
"""Stands for zero where a logarithm or a quotient follows."""


def bell(x: Floats) -> Floats:
    """A wide normal on a grid, with a little everywhere."""
    density = np.exp(-0.5 * (x / PRIOR_SD) ** 2) + 1e-3
    return np.asarray(density / density.sum())


# Most people mean to be right: an average worker is right .82 of the time on an average task, as
# ``SKILL_MEAN`` of the audit's worker model has it.
BASE_SKILL = bell(SKILLS - 1.5)
BASE_LEVEL = bell(LEVELS)
WRONG = 1.0 / (1.0 + np.exp(SKILLS[:, None] - LEVELS))
"""Chance that a label is wrong [skill, level]."""


def likelihood(evidence: Singles) -> Singles:
    """Likelihood of each value, up to a factor for each row; single precision is enough here."""
    return np.asarray(np.exp(evidence - evidence.max(axis=1, keepdims=True)))


def pick(weights: Floats | Singles, rng: np.random.Generator) -> Ints:
    """One column of each row, with chances in proportion to the weights."""
    edges = weights.cumsum(axis=1)
    drawn = rng.random((len(edges), 1), dtype=np.float32) * edges[:, -1:]
    return np.asarray((edges <= drawn).sum(axis=1)).clip(max=weights.shape[1] - 1)


def dirichlet(counts: Floats, rng: np.random.Generator) -> Floats:
    """One draw for each row."""
    drawn = np.maximum(rng.gamma(counts), TINY)
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True))
