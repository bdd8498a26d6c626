"""The two-source law: error after n_weak low-quality and n_high high-quality labels.

It answers in the two counts, and as a ``Law`` in curves that buy from two sources by name, so that
plans and forecasts can stand on a table of mixes that others measured. See ``_fit_two_source`` for
how it is fitted.

Assumes: labels of one training are pooled, one a task; a source's labels are as they were.
Fails when: a curve trains in rounds, buys several labels a task or changes a source's quality: it
counts labels and nothing else. It says that rounds and repeats are far.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from suffice._said import Citation, Said
from suffice._streams import Stream
from suffice.curve import Curve, ResolvedCurve, Tranche
from suffice.demand.law import Convergence, Coverage, Outcomes
from suffice.demand.scaling._mixing_families import MIXING_FAMILIES
from suffice.demand.scaling._mixing_posterior import NOISE_WEIGHT, STEPS
from suffice.errors import InputError
from suffice.estimate import LEVEL, Estimate, interval, probability
from suffice.metric import Metric, error_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from suffice.demand.law import Distance
    from suffice.demand.scaling._knee import Knee
    from suffice.demand.scaling._mixing_posterior import Member

    Floats = NDArray[np.float64]

DRAWS = 2000
"""Draws behind an interval. Chosen: its ends are then off by some 1.5 % of its width."""

_LIGHT = 1e-3
"""Weight below which it does not matter whether a member's mode was found. Chosen: below what is
printed."""

_SETTLED = 0.05
"""Log posterior that a search may still have to gain for its mode to count as found. Chosen: a move
of .3 posterior sd, lost in the intervals."""

SHARES = np.linspace(0.0, 1.0, 21)
"""Shares of the spending on weak labels that are tried for a recommendation. Chosen: a finer step
is lost in the noise of the runs."""


@dataclass(frozen=True)
class Mix:
    """The recommended mix at one budget.

    Attributes:
        budget: in prices of a high-quality label.
        weak_share: of the spending on weak labels, with its interval.
        n_weak, n_high: what that buys.
        error, error_high_alone: expected at the mix, and with high-quality labels alone.
        gain: how much lower the error is than with high-quality labels alone.
    """

    budget: float
    weak_share: Estimate
    n_weak: float
    n_high: float
    error: Estimate
    error_high_alone: Estimate
    gain: Estimate


@dataclass(frozen=True, eq=False)
class TwoSource:
    """A fitted two-source law.

    Attributes:
        price: of a weak label, a high-quality one costs 1.
        weights: of the families, their discrepancies summed.
        knee: what mixes of one total say about a knee; None where too few have one total.
        n_weak, n_high, y: the rows that it was fitted to.
        seed: of the draws.
        sources: what curves call the two, the low-quality one first.
        model: what was trained.
    """

    price: float
    weights: dict[str, float]
    knee: Knee | None
    n_weak: Floats
    n_high: Floats
    y: Floats
    seed: int
    _members: tuple[Member, ...]
    _member_weights: Floats
    _panel: int
    sources: tuple[str, str] = ("weak", "high")
    model: str = "the measured model"

    def predict(
        self, n_weak: ArrayLike, n_high: ArrayLike, *, of_law: bool = False
    ) -> list[Estimate]:
        """Error at each mix, with the interval of a new measurement there.

        Args:
            n_weak, n_high: labels [at].
            of_law: give the interval of the law's mean instead.
        """
        mean, law, run = self._draw(*counts(n_weak, n_high, where="predict"))
        chosen = law if of_law else run
        method = "two-source law, families averaged by held-out skill"
        return [_estimate(m, d, method) for m, d in zip(mean, chosen.T, strict=True)]

    def mixing_gain(self, n_weak: float, n_high: float) -> Estimate:
        """How much the weak labels lower the error of the high-quality ones alone."""
        if n_high < 0 or n_weak < 0:
            raise InputError("a number of labels is negative", fix="give counts from zero on")
        mean, law, _ = self._draw(np.array([0.0, n_weak]), np.array([n_high, n_high]))
        return _estimate(mean[0] - mean[1], law[:, 0] - law[:, 1], "difference of two mixes")

    def recommend(self, budget: float, price: float | None = None) -> Mix:
        """The mix with the lowest expected error that the budget buys.

        Args:
            budget: in prices of a high-quality label.
            price: of a weak label; the law's own by default.
        """
        price = self.price if price is None else price
        if not 0.0 < budget < float("inf"):
            raise InputError(f"budget {budget:g} is no budget", fix="give a positive number")
        if not 0.0 < price < float("inf"):
            raise InputError(f"weak price {price:g} is no price", fix="give a positive number")
        n_weak, n_high = SHARES * budget / price, (1.0 - SHARES) * budget
        mean, law, _ = self._draw(n_weak, n_high)
        best = int(mean.argmin())
        low, high = interval(SHARES[law.argmin(axis=1)])
        share = Estimate(float(SHARES[best]), min(low, float(SHARES[best])),
                         max(high, float(SHARES[best])), LEVEL,
                         "share of spending with the lowest expected error")  # fmt: skip
        method = "two-source law, without the noise of a run"
        return Mix(
            budget, share, float(n_weak[best]), float(n_high[best]),
            _estimate(mean[best], law[:, best], method), _estimate(mean[0], law[:, 0], method),
            _estimate(mean[0] - mean[best], law[:, 0] - law[:, best], method),
        )  # fmt: skip

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The error over all slices: all that a table of mixes holds."""
        return (error_rate(),)

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """The measured mixes, each once, in whole labels."""
        mixes = np.unique(np.column_stack([self.n_weak, self.n_high]).round().astype(int), axis=0)
        return tuple(
            Curve(
                tuple(Tranche(s, int(n)) for s, n in zip(self.sources, mix, strict=True) if n > 0)
            )
            for mix in mixes
        )

    @property
    def convergence(self) -> Convergence:
        """Of the searches for the members' modes, as far as they have weight; draws are exact."""
        left = max(
            float(m.to_gain[self._panel])
            for m, weight in zip(self._members, self._member_weights, strict=True)
            if weight >= _LIGHT
        )
        return Convergence(1.0, float(DRAWS), STEPS, left <= _SETTLED)

    @property
    def attacked(self) -> int:
        """None of its rows was attacked on purpose."""
        return 0

    @property
    def said(self) -> Said:
        """What its forecasts take for granted, cannot see, and rest on."""
        weak, high = self.sources
        families = [f"{n} ({probability(w)})" for n, w in self.weights.items() if w >= _LIGHT]
        return Said(
            assumptions=(
                f"The law's mean error follows from the numbers of {weak} and {high} labels alone: "
                f"one of {len(families)} families of curves, weighted by what they said of mixes "
                f"that were left out ({', '.join(families)}), plus a smooth discrepancy.",
                "Runs scatter normally about the mean, by as much at every mix.",
                f"Labels of {weak} and {high} train together, one a task, and are as they were in "
                "the measured mixes.",
            ),
            limits=(
                "Only the error over all tasks was measured: no slice of them is seen.",
                "What another round, more labels a task or another quality of labels would change, "
                "this law cannot see.",
            ),
            citations=_CITATIONS,
        )

    def distance(self, curve: Curve | ResolvedCurve) -> Distance:
        """How far a curve lies from the measured mixes, see ``Law.distance``.

        Raises:
            InputError: it buys from a third source.
        """
        weak, high = self._bought(curve)
        times = max(weak / float(self.n_weak.max()), high / float(self.n_high.max()))
        return self._coverage.distance(curve, times)

    @cached_property
    def _coverage(self) -> Coverage:
        return Coverage.of(self.curves)

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
        """Draws of what runs of several curves would give, see ``Law.outcomes``.

        Draws are made anew in each call, so that those of the two halves share nothing. Curves of
        equal counts get equal draws.

        Raises:
            InputError: a curve buys from a third source.
        """
        from scipy.special import ndtri

        bought = np.array([self._bought(c) for c in curves], dtype=np.float64).reshape(-1, 2)
        mixes, place = np.unique(bought, axis=0, return_inverse=True)
        _, smooth, sd, family = self._posterior(mixes[:, 0], mixes[:, 1], rng, draws)
        # Draws come member by member: mixed, so that any part of them is a fair one.
        mixed = rng.permutation(draws)
        mean = np.clip(smooth, 0.0, 1.0)[mixed][:, place.reshape(-1), None]
        spread = np.broadcast_to(sd[mixed][:, :, None], mean.shape).copy()
        # Quantiles of a normal: drawn residuals would only add noise to a share of passing runs.
        residuals = ndtri((np.arange(runs) + 0.5) / runs)[:, None]
        return Outcomes(mean, spread, residuals, family[mixed]).within(self.metrics)

    def _bought(self, curve: Curve | ResolvedCurve) -> tuple[float, float]:
        """Labels of the weak and of the high-quality source."""
        bought = curve.curve if isinstance(curve, ResolvedCurve) else curve
        found = dict.fromkeys(self.sources, 0.0)
        for t in bought:
            if t.base not in found:
                raise InputError(
                    f"the law has not seen source {t.source!r}",
                    fix=f"it knows {self.sources[0]} and {self.sources[1]}",
                )
            found[t.base] += t.labels
        weak, high = self.sources
        return found[weak], found[high]

    def _draw(self, n_weak: Floats, n_high: Floats) -> tuple[Floats, Floats, Floats]:
        """Mean [at], draws of the law and of a measurement [draw, at]."""
        rng = Stream.SCALING_TWO_SOURCE.rng(self.seed)
        mean, smooth, sd, _ = self._posterior(n_weak, n_high, rng, DRAWS)
        noise = sd * rng.standard_normal(smooth.shape)
        return mean, np.clip(smooth, 0.0, 1.0), np.clip(smooth + noise, 0.0, 1.0)

    def _posterior(
        self, n_weak: Floats, n_high: Floats, rng: np.random.Generator, draws: int
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Mean [at], draws of the law [draw, at], of a run's sd [draw, 1] and families [draw]."""
        counted = rng.multinomial(draws, self._member_weights)
        mean, smooth, sd, family = np.zeros(len(n_weak)), [], [], []
        for member, weight, count in zip(self._members, self._member_weights, counted, strict=True):
            centre, covariance = member.at(n_weak, n_high, self._panel)
            mean += weight * np.clip(centre, 0.0, 1.0)
            dof = NOISE_WEIGHT + member.panels.rows[self._panel]
            stretch = np.sqrt(dof / rng.chisquare(dof, size=(count, 1)))
            values, axes = np.linalg.eigh(covariance)
            half = axes * np.sqrt(np.maximum(values, 0.0))
            smooth.append(centre + stretch * (rng.standard_normal((count, len(n_weak))) @ half.T))
            sd.append(stretch * np.sqrt(member.variance[self._panel]))
            family.append(np.full(count, float(MIXING_FAMILIES.index(member.family))))
        return mean, np.concatenate(smooth), np.concatenate(sd), np.concatenate(family)


_CITATIONS = (
    Citation(
        "Laws of several kinds of data",
        "Mahmood et al. (2022), Optimizing data collection for machine learning",
        "https://arxiv.org/abs/2210.01234",
    ),
    Citation(
        "Weights of the families",
        "Yao, Vehtari, Simpson & Gelman (2018), Using stacking to average Bayesian predictive "
        "distributions",
        "https://doi.org/10.1214/17-BA1091",
    ),
    Citation(
        "Discrepancy between law and runs",
        "Kennedy & O'Hagan (2001), Bayesian calibration of computer models",
        "https://doi.org/10.1111/1467-9868.00294",
    ),
)


def _estimate(mean: float, draws: Floats, method: str) -> Estimate:
    return Estimate(float(mean), *interval(draws), LEVEL, method)


def counts(n_weak: ArrayLike, n_high: ArrayLike, *, where: str | None) -> tuple[Floats, Floats]:
    """Labels of both sources as arrays [row]; InputError where they are no counts."""
    found = []
    for name, values in (("n_weak", n_weak), ("n_high", n_high)):
        array = np.atleast_1d(np.asarray(values, dtype=float))
        for row in np.flatnonzero(~(np.isfinite(array) & (array >= 0.0)))[:1]:
            raise InputError(f"{name} is {array[row]:g} in row {row + 1}", where=where,
                             fix="a number of labels is zero or more")  # fmt: skip
        found.append(array)
    if len(found[0]) != len(found[1]):
        raise InputError(f"{len(found[0])} values of n_weak, {len(found[1])} of n_high",
                         where=where, fix="give one of each a row")  # fmt: skip
    return found[0], found[1]
