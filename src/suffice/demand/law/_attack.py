"""The attack part of the law: what hostile labels do beyond being wrong.

Model: against what the law says of the same curve with its labels as noisy as the hostile share
makes them, hostile labels change the mean of each metric by (c1 h + c2 h^2) k, where h is their
share of the training signal and k the share of what can be learned that has been learned; the run-
to-run sd changes by a factor that grows with h in the same way. Coefficients are Gaussian, with a
prior as wide as three times the fall of the metric; a discrepancy of its own is earned on the
attacked cells that a fit has not seen.
Assumes: hostile workers go on doing what they did in the attacked runs.
Fails when: attackers choose their tasks by what the model does not know yet.
Reference: Gelman et al., Bayesian data analysis, ch. 14 (the regression); Rando and Tramer (2023)
for a hostile share that acts on a target of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.metric import signs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import ResolvedCurve
    from suffice.demand.law._outcomes import Outcomes
    from suffice.metric import Metric

    Floats = NDArray[np.float64]

FEWEST_ATTACKED = 4
"""Attacked cells that an attack part needs at least. Chosen: two coefficients and a discrepancy
about them must show."""

_PRIOR = 3.0
"""Prior sd of a coefficient, in falls of the metric. Chosen, wide: at a hostile share of a third
the whole fall may be lost."""

_AT = 0.1
"""Hostile share at which run-to-run width and discrepancy are quoted. A convention."""

_DRAWS, _RUNS = 400, 50
"""Of the law at the attacked cells. Chosen: its mean there is then known to a twentieth of its
sd."""

_CELL_OF_NOTHING = 0.5
"""Cells' worth of "no change" that keeps a few noisy widths from running away. Chosen."""

_LEAST_VARIANCE, _LEAST_SD, _LEAST_FALL = 1e-12, 1e-6, 1e-3
"""Of a cell's mean, of its runs, and of a metric from the untrained model to the best: no less, so
that ratios stay numbers where runs are all alike. Chosen: below what runs that differ show."""

_LEAST_FREE = 1e-6
"""Share of a cell that the others do not fix, at least, for the sake of a ratio. Chosen."""

_WIDER, _FIRST_WIDTH, _TRIES = 1.2, 0.1, 40
"""The discrepancy is tried in steps of a fifth from a tenth of the cells' noise on, up to a hundred
times that noise. Chosen: it is then the smallest that will do, to a fifth."""

_MOST_WIDER = 0.5
"""Most that log run-to-run sd changes at a hostile share of a tenth. Chosen: two thirds more; few
runs a cell would at times show several times as much by chance."""


@dataclass(frozen=True, eq=False)
class AttackPart:
    """Posterior of what hostile labels do.

    Attributes:
        mean, root: of the coefficients, and the root of their covariance [metric, term] and
            [metric, term, term].
        discrepancy: sd of a cell about the regression at a hostile share of one tenth [metric].
        log_width: what log run-to-run sd gains at a hostile share of one tenth [metric].
        largest: hostile share of the training signal in the worst attacked cell.
        cells: attacked cells behind it.
    """

    mean: Floats
    root: Floats
    discrepancy: Floats
    log_width: Floats
    largest: float
    cells: int

    def apply(
        self,
        outcomes: Outcomes,
        hostile: Floats,
        learned: NDArray[np.floating[Any]],
        rng: np.random.Generator,
        *,
        common: bool = False,
    ) -> Outcomes:
        """Add it to what the law says of curves.

        Args:
            outcomes: draws of the law.
            hostile: share of the training signal that is hostile [curve].
            learned: share of what can be learned that has been learned [draw, curve].
            rng: the only source of chance.
            common: one draw of the discrepancy for all curves.
        """
        draws = len(outcomes.mean)
        noise = rng.standard_normal((draws, *self.mean.shape))
        fits = self.mean + np.einsum("mtu,dmu->dmt", self.root, noise)
        effect = np.einsum("ct,dmt->dcm", _terms(hostile), fits) * learned[:, :, None]
        size = (hostile / _AT)[:, None] * self.discrepancy
        effect += size * rng.standard_normal((draws, 1 if common else len(hostile), len(size.T)))
        wider = np.exp(np.minimum(hostile / _AT, 3.0)[:, None] * self.log_width)
        touched = (hostile > 0.0)[:, None]
        return replace(
            outcomes,
            mean=outcomes.mean + np.where(touched, effect, 0.0),
            spread=outcomes.spread * np.where(touched, wider, 1.0),
        )


class Unattacked(Protocol):
    """A law of cells that are not attacked: what an attack part is learned against."""

    @property
    def metrics(self) -> Sequence[Metric]:
        """What the runs reached, column by column."""
        ...

    @property
    def untrained(self) -> Floats:
        """What a model that has learned nothing scores [metric]."""
        ...

    def without_attack(
        self, curves: Sequence[ResolvedCurve], rng: np.random.Generator, *, draws: int, runs: int
    ) -> tuple[Outcomes, NDArray[np.floating[Any]]]:
        """Outcomes if hostile labels were merely wrong, and the share learned [draw, curve]."""
        ...

    def hostile_share(self, curves: Sequence[ResolvedCurve]) -> Floats:
        """Hostile share of the training signal [curve]."""
        ...


def fit_attack(
    law: Unattacked, curves: Sequence[ResolvedCurve], runs: Sequence[Floats], seed: int = 0
) -> AttackPart:
    """Learn what hostile labels do from attacked cells.

    Args:
        law: of the cells that are not attacked.
        curves: attacked curves, with their corrupted channels.
        runs: metrics of each one's runs, [run, metric] each.
        seed: of the law's draws.

    Raises:
        InputError: too few attacked cells.
    """
    if len(curves) < FEWEST_ATTACKED:
        raise InputError(f"{len(curves)} attacked cells are too few to learn what attacks do")
    rng = Stream.ATTACK_PART.rng(seed)
    plain, learned = law.without_attack(curves, rng, draws=_DRAWS, runs=_RUNS)
    hostile = law.hostile_share(curves)
    measured = np.array([r.mean(axis=0) for r in runs])
    usual = np.median(plain.spread, axis=0)
    # A single run says nothing of how runs differ: the law's own width stands in for it.
    alone = np.array([[len(r) == 1] for r in runs])
    spread = np.where(alone, usual, [r.std(axis=0, ddof=min(len(r) - 1, 1)) for r in runs])
    sampling = np.array([r.var(axis=0, ddof=min(len(r) - 1, 1)) / len(r) for r in runs])
    gap = measured - plain.mean.mean(axis=0)
    noise = np.where(alone, usual**2, sampling) + plain.mean.var(axis=0)
    noise = np.maximum(noise, _LEAST_VARIANCE)
    better = signs(law.metrics)
    best = better * (better * measured).min(axis=0)
    scale = np.maximum(np.abs(law.untrained - best), _LEAST_FALL)
    design = _terms(hostile) * learned.mean(axis=0)[:, None]
    at = hostile / _AT
    found = [
        _regress(design, gap[:, m], noise[:, m], _PRIOR * scale[m], at)
        for m in range(gap.shape[1])
    ]  # fmt: skip
    ratio = np.log(np.maximum(spread, _LEAST_SD) / usual)
    width = (at[:, None] * ratio).sum(axis=0) / ((at**2).sum() + _CELL_OF_NOTHING)
    return AttackPart(
        mean=np.array([f[0] for f in found]),
        root=np.array([f[1] for f in found]),
        discrepancy=np.array([f[2] for f in found]),
        log_width=np.clip(width, -_MOST_WIDER, _MOST_WIDER),
        largest=float(hostile.max()),
        cells=len(curves),
    )


def _terms(hostile: Floats) -> Floats:
    return np.stack([hostile, hostile**2], axis=1)


def _regress(
    design: Floats, gap: Floats, noise: Floats, prior_sd: float, at: Floats
) -> tuple[Floats, Floats, float]:
    """(mean, root of covariance, discrepancy) of one metric's coefficients.

    The discrepancy is the smallest under which left-out cells miss no more than they should.
    """
    discrepancy, start = 0.0, float(np.sqrt(noise.mean()))
    for _ in range(_TRIES):
        variance = noise + (discrepancy * at) ** 2
        precision = (design.T / variance) @ design + np.eye(design.shape[1]) / prior_sd**2
        covariance = np.linalg.inv(precision)
        mean = covariance @ (design.T @ (gap / variance))
        lever = np.einsum("ct,tu,cu->c", design, covariance, design) / variance
        # Left-out residual and its variance, in closed form for a linear model.
        miss = (gap - design @ mean) / np.maximum(1.0 - lever, _LEAST_FREE)
        allowed = variance / np.maximum(1.0 - lever, _LEAST_FREE)
        if float(np.mean(miss**2 / allowed)) <= 1.0:
            break
        discrepancy = max(_WIDER * discrepancy, _FIRST_WIDTH * start)
    return mean, np.linalg.cholesky(covariance), discrepancy
