"""The law: how the outcome of training depends on the curve, with a posterior and a width.

Model: for one model and scheme, the mean of every metric is a parametric curve (``_terms``) plus a
smooth Gaussian-process discrepancy; runs scatter about the mean with a width of their own for each
metric (``_widths``) and a joint distribution over metrics taken from the runs themselves. For the
mean, metrics are rotated so that run-to-run noise is white; nonlinear parameters are shared by the
metrics and sampled, everything linear is integrated out exactly.

Assumes: the task pool and the gold stay those of the grid; the discrepancy is as correlated over
metrics as the run-to-run noise; runs of one cell are independent given the pool.
Fails when: a curve holds a kind of purchase that no measured cell held (``distance`` says so), or
run-to-run distributions change shape between cells, not only in width.
Reference: Kennedy and O'Hagan (2001) for the discrepancy; Rasmussen and Williams (2006), ch. 2 and
5, for the marginal likelihood and leave-one-out formulas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._said import Citation, Said
from suffice._streams import Stream
from suffice.curve import ResolvedCurve
from suffice.demand.law._attack import AttackPart
from suffice.demand.law._cells import Cells
from suffice.demand.law._checks import check_cells
from suffice.demand.law._distance import Coverage
from suffice.demand.law._families import FAMILIES, IN_WORDS, WEIGHT
from suffice.demand.law._outcomes import Outcomes
from suffice.demand.law._protocol import Convergence
from suffice.demand.law._sampler import Posterior, sample
from suffice.demand.law._terms import Shape, SourceTable, Terms
from suffice.errors import InputError
from suffice.estimate import probability
from suffice.metric import signs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand.law._distance import Distance
    from suffice.metric import Metric
    from suffice.records import HeldOut, LawRecord

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.floating[Any]]


_HELD_OUT_SEED, _HELD_OUT_DRAWS = 3, 100
"""The table of left-out cells is the same whoever asks for it: a seed of its own. Draws: chosen, as
importance weights leave few of them at the cells that matter."""

_LEAST_SD = 1e-12
"""Of a cell that is left out, for the sake of a ratio. Chosen: below what any run's noise
leaves."""

_WIDENING_DRAWS = 60
"""Draws behind the widening: chosen, as its error is that of a root mean square over cells."""


@dataclass(frozen=True, eq=False)
class FittedLaw:
    """A fitted law of one model under one scheme; make one with ``fit_law``."""

    model: str
    scheme: str
    metrics: tuple[Metric, ...]
    table: SourceTable
    posterior: Posterior
    curves: tuple[Curve, ...]
    widening: float
    """What leave-one-out errors say the discrepancy's width must be multiplied by; at least 1."""
    _data: Cells
    attack: AttackPart | None = None
    """What hostile labels do; without it they count as labels that are wrong."""

    def sample(
        self,
        model: str,
        scheme: str,
        curve: ResolvedCurve,
        rng: np.random.Generator,
        *,
        draws: int = 400,
        runs: int = 200,
    ) -> Floats:
        """Metrics of runs of a resolved curve [parameter draw, run, metric], jointly.

        For questions of one's own about single runs: how low one may end, how often two metrics
        miss together. P and its parts come from ``make_forecasts``; many curves, or means apart
        from runs, from ``outcomes``.

        Args:
            model, scheme: that the question is about; the law answers for its own alone.
            curve: what is bought, with its channels.
            rng: the only source of chance.
            draws: of the posterior: what is not known of the law.
            runs: of each draw: the luck of single runs.

        Raises:
            InputError: the law is of another model or scheme, or has not seen a source.
        """
        if (model, scheme) != (self.model, self.scheme):
            raise InputError(
                f"the law is of {self.model} under {self.scheme}, not of {model} under {scheme}"
            )
        return self.outcomes([curve], rng, draws=draws, runs=runs).runs()

    def outcomes(
        self,
        curves: Sequence[Curve | ResolvedCurve],
        rng: np.random.Generator,
        *,
        draws: int,
        runs: int,
        half: int | None = None,
        common: bool = False,
    ) -> Outcomes:
        """The same for many curves at once, kept factored.

        Args:
            curves: what might be bought.
            rng: the only source of chance.
            draws, runs: how many of each.
            half: 0 or 1 to use one half of the posterior draws only.
            common: one draw of the discrepancy for all curves: for one purchase through several
                channels, whose differences would drown in it otherwise.
        """
        pool = self.posterior.draws
        if half is not None:
            # The sampler's two ensembles never met: what one chose, the other has not seen.
            middle = len(pool) // 2
            pool = pool[middle:] if half else pool[:middle]
        theta = pool[rng.choice(len(pool), draws, replace=draws > len(pool))]
        plain, learned, terms = self._outcomes(theta, curves, rng, runs, common=common)
        if self.attack is None or not terms.hostile.any():
            return plain.within(self.metrics)
        hostile = terms.hostile_share(self.table, self.kept_early)
        attacked = self.attack.apply(plain, hostile, learned, rng, common=common)
        return attacked.within(self.metrics)

    def hostile_share(self, curves: Sequence[Curve | ResolvedCurve]) -> Floats:
        """Hostile share of the training signal, early rounds as far as they stay [curve]."""
        return Terms.of(curves, self.table).hostile_share(self.table, self.kept_early)

    def without_attack(
        self,
        curves: Sequence[Curve | ResolvedCurve],
        rng: np.random.Generator,
        *,
        draws: int,
        runs: int,
    ) -> tuple[Outcomes, Numbers]:
        """Outcomes if hostile labels were merely wrong, and the share learned [draw, curve]."""
        pool = self.posterior.draws
        theta = pool[rng.choice(len(pool), draws, replace=draws > len(pool))]
        return self._outcomes(theta, curves, rng, runs)[:2]

    def _outcomes(
        self,
        theta: Floats,
        curves: Sequence[Curve | ResolvedCurve],
        rng: np.random.Generator,
        runs: int,
        *,
        common: bool = False,
    ) -> tuple[Outcomes, Numbers, Terms]:
        """Outcomes without the attack part, the share learned [draw, curve], and the terms."""
        terms = Terms.of(curves, self.table)
        mean, spread, learned = self._data.predict(theta, terms, rng, self.widening, common=common)
        # Every measured run counts as often as any other, as far as the number allows: drawing them
        # with replacement would only add noise to a share of passing runs.
        pick = np.resize(rng.permutation(len(self._data.residuals)), runs)
        family = theta[:, Shape.column(self.table)]
        return Outcomes(mean, spread, self._data.residuals[pick], family), learned, terms

    def distance(self, curve: Curve | ResolvedCurve) -> Distance:
        """How far a curve lies from what was measured: ``inside``, ``near`` or ``far``.

        By kind of purchase, by clean-equivalent labels, and by labels of each source, see
        ``_distance``.
        """
        worth = Terms.of([curve], self.table).plain_worth(self.table)[0]
        return self._coverage.distance(curve, float(worth / self._data.worth.max()))

    @cached_property
    def _coverage(self) -> Coverage:
        return Coverage.of(self.curves)

    @property
    def convergence(self) -> Convergence:
        """How far the draws can be trusted."""
        return self.posterior.convergence

    @property
    def attacked(self) -> int:
        """Attacked cells behind what it says of hostile labels; 0: they count as merely wrong."""
        return 0 if self.attack is None else self.attack.cells

    def record(self, held_out: Sequence[HeldOut] = ()) -> LawRecord:
        """Convergence, width and size, with the skill on cells left out, for ``law.json``."""
        from suffice.records import FamilyWeight, LawRecord

        discrepancy = np.exp(self.posterior.draws[:, -2].mean()) * self.widening
        sd = np.sqrt((self._data.back**2).sum(axis=1))
        return LawRecord(
            model=self.model,
            families=tuple(
                FamilyWeight(name=f"{name} with taught bias and discrepancy", weight=weight)
                for name, weight in self.families.items()
            ),
            converged=self.convergence.converged,
            rhat=self.convergence.rhat,
            ess=self.convergence.effective_draws,
            draws=len(self.posterior.draws),
            widening=self.widening,
            discrepancy_sd={
                m.name: float(discrepancy * s) for m, s in zip(self.metrics, sd, strict=True)
            },
            cells=len(self.curves),
            runs=int(self._data.counts.sum()),
            held_out=tuple(held_out),
        )

    @property
    def said(self) -> Said:
        """What its forecasts take for granted, and what they rest on."""
        return Said(
            assumptions=(
                f"The law's mean is {_mix(self.families)} with a bias taught by shared error, "
                "plus a smooth discrepancy whose width is earned on cells that were left out.",
                "Run-to-run deviations have the joint shape that the measured runs show, scaled "
                "by a width that falls with the number of labels.",
            ),
            citations=_CITATIONS,
        )

    @property
    def untrained(self) -> Floats:
        """What a model that has learned nothing scores [metric]."""
        return self._data.untrained

    @property
    def kept_early(self) -> float:
        """What is left of an early round's pull after a later one, posterior mean."""
        shape = Shape.unpack(self.posterior.draws, self.table)
        return float(np.exp(shape.keep_bias).mean())

    @property
    def worth(self) -> Floats:
        """Clean-equivalent labels of the measured cells under the prior means [cell]."""
        return self._data.worth

    @property
    def families(self) -> dict[str, float]:
        """Families of learning curves, by their share of the posterior's draws."""
        code = self.posterior.draws[:, Shape.column(self.table)]
        shares = {name: float((code == k).mean()) for k, name in enumerate(FAMILIES)}
        return {name: share for name, share in shares.items() if share > 0.0}

    def leave_one_out(self) -> tuple[Floats, Floats, Floats]:
        """Predictions of every cell's mean from all others: (mean, sd, measured) [cell, metric]."""
        rng = np.random.default_rng(_HELD_OUT_SEED)
        theta = self.posterior.draws[rng.choice(len(self.posterior.draws), _HELD_OUT_DRAWS)]
        return self._data.leave_one_out(theta, self.widening)


_CITATIONS = (
    Citation(
        "Discrepancy between law and runs",
        "Kennedy & O'Hagan (2001), Bayesian calibration of computer models",
        "https://doi.org/10.1111/1467-9868.00294",
    ),
    Citation(
        "Sampler",
        "Foreman-Mackey et al. (2013), emcee: the MCMC hammer",
        "https://doi.org/10.1086/670067",
    ),
    Citation(
        "Convergence check",
        "Vehtari et al. (2021), Rank-normalization, folding, and localization",
        "https://doi.org/10.1214/20-BA1221",
    ),
)


def _mix(families: Mapping[str, float]) -> str:
    """Families of learning curves in words: ``a power curve``, or several with their weights."""
    if len(families) == 1:
        return IN_WORDS[next(iter(families))]
    parts = [f"{IN_WORDS[name]} ({probability(weight)})" for name, weight in families.items()]
    return f"a mix of {' and '.join(parts)},"


def fit_law(
    curves: Sequence[Curve | ResolvedCurve],
    runs: Sequence[NDArray[np.float64]],
    metrics: Sequence[Metric],
    table: SourceTable,
    *,
    model: str,
    scheme: str,
    seed: int = 0,
    families: Sequence[str] = FAMILIES,
    untrained: Floats | None = None,
) -> FittedLaw:
    """Fit the law to measured cells.

    Args:
        curves: one a cell; resolved where a channel differs from its source's profile in ``table``.
        runs: metrics of each cell's runs, [run, metric] each. Cells of one run count for the mean;
            how runs differ is learned from the others, of which there must be some.
        metrics: what the runs reached, column by column.
        table: the sources, and what is believed of them beforehand.
        model, scheme: named in the law.
        seed: of the sampler.
        families: of learning curves, averaged; see ``suffice.demand.law._families``.
        untrained: what a model that has learned nothing scores [metric]; one half by default.

    Raises:
        InputError: the cells cannot carry a law; it says what is wrong, where, and what to do.
        ConvergenceError: the posterior did not converge.
    """
    check_cells(curves, runs, metrics, table, model=model, families=families, untrained=untrained)
    data = Cells.of(curves, runs, table, untrained, signs(metrics))
    name = f"the law of {model}"
    posterior = _average({f: _sample(data, table, f, seed, name) for f in families})
    rng = Stream.LAW_LEAVE_ONE_OUT.rng(seed)
    theta = posterior.draws[rng.choice(len(posterior.draws), _WIDENING_DRAWS)]
    mean, sd, measured = data.leave_one_out(theta, 1.0)
    # Width is earned on cells that the prediction did not see.
    miss = float(np.sqrt(np.mean(((measured - mean) / np.maximum(sd, _LEAST_SD)) ** 2)))
    bought = tuple(c.curve if isinstance(c, ResolvedCurve) else c for c in curves)
    return FittedLaw(model, scheme, tuple(metrics), table, posterior, bought, max(1.0, miss), data)


def _sample(data: Cells, table: SourceTable, family: str, seed: int, name: str) -> Posterior:
    column, start = Shape.column(table), Shape.start(table, family)
    code = start[column]
    found = sample(
        lambda theta: data.log_posterior(np.insert(theta, column, code, axis=1)),
        np.delete(start, column),
        seed=seed,
        what=name,
    )
    return replace(found, draws=np.insert(found.draws, column, code, axis=1))


def _average(parts: Mapping[str, Posterior]) -> Posterior:
    """Draws of every family in proportion to its weight.

    The halves of the result are made of the same halves of its parts, so that the sampler's two
    ensembles stay apart.
    """
    whole = sum(WEIGHT[f] for f in parts)
    size = max(len(p.draws) for p in parts.values()) // 2
    halves = []
    for half in range(2):
        for family, part in parts.items():
            middle = len(part.draws) // 2
            mine = part.draws[middle:] if half else part.draws[:middle]
            count = round(size * WEIGHT[family] / whole)
            halves.append(mine[np.linspace(0, len(mine) - 1, count).astype(int)])
    return Posterior(
        np.concatenate(halves), Convergence.worst([p.convergence for p in parts.values()])
    )


def rebuild_law(
    curves: Sequence[Curve],
    runs: Sequence[NDArray[np.float64]],
    metrics: Sequence[Metric],
    table: SourceTable,
    posterior: Posterior,
    widening: float,
    *,
    model: str,
    scheme: str,
    untrained: Floats | None = None,
) -> FittedLaw:
    """A law whose posterior was sampled before, from these very cells."""
    data = Cells.of(curves, runs, table, untrained, signs(metrics))
    return FittedLaw(model, scheme, tuple(metrics), table, posterior, tuple(curves), widening, data)
