"""A law for a model that has no grid of its own: from other models' laws and a few pilot runs.

Model: mean outcomes on a curve are a level and a shape (``_population``). A new model departs from
what known ones lead to expect in its level by much, in its shape by little: smoothly (slope in log
labels, a part for each source) and roughly. How little is earned for every metric by leaving out
each known model in turn, levels set free. Pilot runs then update everything: which known models are
the ones to start from, the level and its scale, the shape, and the known laws' own errors, which
all models share. Where nothing but the level is open this is the rule of thumb "the known law,
moved by what the pilots missed by", with each pilot weighted by how much one run of it can say.

Assumes: pilots are independent; run-to-run widths vary between models as they do among the known
ones; known laws err in the same places, so that averaging them makes none of their errors smaller.
Fails when: the new model is of another kind than all known ones and has no pilots; when it learns
from a source that no pilot buys as none of the others did; and wherever the known laws themselves
are wrong and no pilot shows it.
Reference: Lindley and Smith (1972), Bayes estimates for the linear model, JRSS B 34, for the
hierarchy; Hoeting, Madigan, Raftery and Volinsky (1999), Bayesian model averaging, Statistical
Science 14, for what to start from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._said import Citation, Said
from suffice._streams import Stream
from suffice.curve import ResolvedCurve
from suffice.demand.law._distance import ORDER, Distance
from suffice.demand.law._outcomes import Outcomes
from suffice.demand.law._population import Expected, expect, log_normal, scales, shape_widths
from suffice.demand.law._protocol import Convergence
from suffice.demand.law._terms import SCALE, Terms
from suffice.errors import InputError
from suffice.metric import names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand.law._law import FittedLaw
    from suffice.metric import Metric

    Floats = NDArray[np.float64]
    AnyCurve = Curve | ResolvedCurve

_LEVEL_SCALES, _SHAPE_SCALES = 10, 6
"""Points that stand for the distributions of the departures' scales. Chosen: levels matter more,
and time goes with the product."""

_SHAPE_DEGREES = 2.0
"""Degrees of freedom of the shape's scale: few, as a model of another kind may be bent otherwise
than the known ones lead to expect, and pilots then have to be believed."""

_REFERENCE_DRAWS = 200
"""Of each known law, to see how models differ. Chosen: its means are then known to a fourteenth of
their sd."""


_LEAST_WIDTH = 1e-3
"""Of the known cells in log labels, where all are of one size. Chosen; slopes say nothing there."""

_OWN_NOISE = 0.001
"""Share of each metric's run-to-run variance that is taken for its own: one metric is the mean of
others, and a correlation must have a root. Chosen: lost in the digits of a P."""


@dataclass(frozen=True, eq=False)
class Pilots:
    """Runs of the new model.

    Attributes:
        curves: one a cell.
        means: mean metrics of each cell's runs [cell, metric].
        counts: runs of each cell [cell].
    """

    curves: tuple[AnyCurve, ...]
    means: Floats
    counts: Floats


@dataclass(frozen=True, eq=False)
class TransferLaw:
    """What can be said of a model without a grid; make one with ``transfer_law``.

    Attributes:
        model, scheme, metrics: as in a ``Law``.
        laws: of the known models.
        expected: what these lead to expect.
        widths: sd of departures in shape: smooth, and rough [kind, metric].
        pilots: runs of the new model.
    """

    model: str
    scheme: str
    metrics: tuple[Metric, ...]
    laws: tuple[FittedLaw, ...]
    expected: Expected
    widths: Floats
    pilots: Pilots
    _axis: tuple[float, float]  # centre and width of log labels

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What was measured, on the known models and on the new one."""
        known = [c for law in self.laws for c in law.curves]
        pilots = [c.curve if isinstance(c, ResolvedCurve) else c for c in self.pilots.curves]
        return tuple(dict.fromkeys([*known, *pilots]))

    @property
    def convergence(self) -> Convergence:
        """Of the known laws' posteriors, the worst: the rest is drawn independently."""
        return Convergence.worst([law.convergence for law in self.laws])

    @property
    def untried(self) -> tuple[str, ...]:
        """Sources that no pilot buys from."""
        pilots = (c.curve if isinstance(c, ResolvedCurve) else c for c in self.pilots.curves)
        bought = {t.base for c in pilots for t in c}
        return tuple(name for name in self.laws[0].table.names if name not in bought)

    @property
    def attacked(self) -> int:
        """Attacked cells behind the known law that has fewest of them."""
        return min(law.attacked for law in self.laws)

    @property
    def said(self) -> Said:
        """What its forecasts take for granted, cannot see, and rest on."""
        return _said(self)

    def distance(self, curve: AnyCurve) -> Distance:
        """How far a curve lies from what the known models were measured on: from the farthest."""
        return max((law.distance(curve) for law in self.laws), key=ORDER.index)

    def outcomes(
        self,
        curves: Sequence[AnyCurve],
        rng: np.random.Generator,
        *,
        draws: int,
        runs: int,
        half: int | None = None,
        common: bool = False,
    ) -> Outcomes:
        """Draws of what runs of several curves would give; see ``Law.outcomes``.

        With ``common`` the known laws' own discrepancies move together at the pilots, too.
        """
        tried = len(self.pilots.curves)
        every = [*self.pilots.curves, *curves]
        outs = [
            law.outcomes(every, rng, draws=draws, runs=runs, half=half, common=common)
            for law in self.laws
        ]
        residuals = np.concatenate([o.residuals for o in outs])
        spread = self._spread(np.log(np.stack([o.spread for o in outs])), rng)
        run = (spread[:, :tried] ** 2).mean(axis=0) / self.pilots.counts[:, None]
        prior = _Prior.of(
            self,
            np.stack([o.mean for o in outs]),
            _features(every, self.laws[0], self._axis),
            tried,
        )
        chances = prior.chances(self.pilots.means, run)
        picked = rng.choice(len(chances), draws, p=chances)
        together = np.asarray(np.linalg.cholesky(_correlation(residuals)).T, dtype=np.float64)
        mean = prior.draw(picked, together, rng, tried if common else None)
        if tried:
            # A draw of the prior, moved by what its own pilots would have taught (Matheron's rule).
            noise = rng.standard_normal((draws, tried, len(self.metrics))) @ together
            miss = self.pilots.means - mean[:, :tried] - np.sqrt(run) * noise
            for k in np.unique(picked):
                mine = picked == k
                mean[mine, tried:] += np.einsum("mct,dtm->dcm", prior.gain(k, run), miss[mine])
        pick = rng.permutation(len(residuals))[:runs]
        found = Outcomes(mean[:, tried:], spread[:, tried:], residuals[pick])
        return found.within(self.metrics)

    def _spread(self, logs: Floats, rng: np.random.Generator) -> Floats:
        """Draws of run-to-run widths [draw, curve, metric], from the known models' logs of them."""
        shares = self.expected.chances @ self.expected.shares
        differ = logs.mean(axis=(1, 2)).var(axis=0, ddof=1).mean() * (1.0 + 1.0 / len(logs))
        moved = np.sqrt(differ) * rng.standard_normal((logs.shape[1], 1, 1))
        return np.asarray(np.exp(np.tensordot(shares, logs, axes=1) + moved))


@dataclass(frozen=True, eq=False)
class _Prior:
    """Mean outcomes before the pilots, as a mixture: part, scale of level, scale of shape.

    Attributes:
        number: of the part [component].
        level, shape: the two scales [component].
        weights: chances beforehand [component].
        expected: what each part leads to expect [part, curve, metric].
        errors: draws of the known laws' own errors [law, draw, curve, metric].
        law: chances of each law's errors in a part [part, law].
        apart: sd of the level [part, metric].
        smooth, rough: sd of the two departures in shape [metric].
        features: of the curves [curve, feature].
        shared: covariance of the known laws' errors at the pilots with those at all curves
            [part, metric, pilot, curve].
    """

    number: NDArray[np.int64]
    level: Floats
    shape: Floats
    weights: Floats
    expected: Floats
    errors: Floats
    law: Floats
    apart: Floats
    smooth: Floats
    rough: Floats
    features: Floats
    shared: Floats

    @classmethod
    def of(cls, law: TransferLaw, means: Floats, features: Floats, tried: int) -> _Prior:
        """From draws of the known laws [law, draw, curve, metric]; the first curves are tried."""
        new = law.expected
        centre = means.mean(axis=1)
        errors = means - centre[:, None]
        level, shape = scales(new.degrees, _LEVEL_SCALES), scales(_SHAPE_DEGREES, _SHAPE_SCALES)
        part, a, b = (g.ravel() for g in np.indices((len(new.chances), len(level), len(shape))))
        at = np.moveaxis(errors, 3, 1)
        each = np.swapaxes(at[..., :tried], 2, 3) @ at / errors.shape[1]
        return cls(
            number=part,
            level=level[a],
            shape=shape[b],
            weights=new.chances[part] / (len(level) * len(shape)),
            expected=np.tensordot(new.weights, centre, axes=1) + new.added[:, None],
            errors=errors,
            law=new.shares,
            apart=new.apart,
            smooth=law.widths[0],
            rough=law.widths[1],
            features=features,
            shared=np.tensordot(new.shares, each, axes=1),
        )

    def covariance(self, k: int, metric: int) -> Floats:
        """Of the pilots' means with all means, under one component [pilot, curve]."""
        part = self.number[k]
        shared = self.shared[part, metric]
        tried = self.features[: len(shared)]
        smooth = self.smooth[metric] ** 2 * tried @ self.features.T
        rough = self.rough[metric] ** 2 * np.eye(*shared.shape)
        level = (self.level[k] * self.apart[part, metric]) ** 2
        return np.asarray(shared + level + self.shape[k] ** 2 * (smooth + rough))

    def chances(self, means: Floats, run: Floats) -> Floats:
        """Of each component, given the pilots' first metric: the mean of the others [component]."""
        tried = len(means)
        if tried == 0:
            return self.weights
        miss = means[:, 0] - self.expected[self.number, :tried, 0]
        inside = np.stack([self.covariance(k, 0)[:, :tried] for k in range(len(miss))])
        inside += np.diag(run[:, 0])
        log_chance = np.log(self.weights) + np.array(
            [float(log_normal(x, c)) for x, c in zip(miss, inside, strict=True)]
        )
        chance = np.exp(log_chance - log_chance.max())
        return np.asarray(chance / chance.sum())

    def draw(
        self,
        picked: NDArray[np.int64],
        together: Floats,
        rng: np.random.Generator,
        alike: int | None = None,
    ) -> Floats:
        """Means, one component a draw [draw, curve, metric].

        Args:
            picked: each draw's component [draw].
            together: root of the metrics' correlation.
            rng: the only source of chance.
            alike: curves from this one on share one rough departure; None where none do.
        """
        count, (curves, features) = len(picked), self.features.shape
        part, metrics = self.number[picked], len(self.rough)
        own = (rng.random((count, 1)) > np.cumsum(self.law, axis=1)[part]).sum(axis=1)
        errors = self.errors[np.minimum(own, self.law.shape[1] - 1), np.arange(count)]
        level = rng.standard_normal((count, 1, metrics)) @ together
        smooth = self.features @ (rng.standard_normal((count, features, metrics)) @ together)
        rough = rng.standard_normal((count, curves, metrics)) @ together
        if alike is not None:
            rough[:, alike:] = rough[:, alike : alike + 1]
        shape = self.smooth * smooth + self.rough * rough
        moved = self.level[picked, None, None] * self.apart[part, None] * level
        departure = moved + self.shape[picked, None, None] * shape
        return np.asarray(self.expected[part] + errors + departure)

    def gain(self, k: int, run: Floats) -> Floats:
        """What a miss at each pilot adds to each other curve's mean [metric, curve, pilot]."""
        tried = len(run)
        found = []
        for m in range(len(self.rough)):
            with_all = self.covariance(k, m)
            inside = with_all[:, :tried] + np.diag(run[:, m])
            found.append(np.linalg.solve(inside, with_all[:, tried:]).T)
        return np.stack(found)


def transfer_law(
    laws: Sequence[FittedLaw],
    curves: Sequence[AnyCurve] = (),
    runs: Sequence[NDArray[np.float64]] = (),
    *,
    model: str,
    sizes: Sequence[float] | None = None,
    size: float | None = None,
    seed: int = 0,
) -> TransferLaw:
    """A law of ``model`` from those of other models and from pilot runs of its own.

    Args:
        laws: of two known models or more, on the same pool, sources and scheme.
        curves: of the pilots; five cells of one run each say a lot.
        runs: metrics of each pilot cell's runs [run, metric].
        model: its name.
        sizes: of the known models, where need follows size (layers, parameters): models of similar
            size are then expected to be alike. Without them all are equally alike beforehand.
        size: of the new model.
        seed: of the draws that the widths are estimated from.

    Raises:
        InputError: too few laws, laws that do not belong together, or pilots that do not fit.
    """
    if len(laws) < 2:
        raise InputError(
            "one known law says nothing of how models differ", fix="give laws of two models or more"
        )
    first = laws[0]
    for law in laws[1:]:
        same = (law.metrics, law.scheme, law.table.names)
        if same != (first.metrics, first.scheme, first.table.names):
            raise InputError(f"the laws of {first.model} and {law.model} are of different tasks")
    pilots = _pilots(curves, runs, first)
    axis = _axis(first)
    reference = list(first.curves)
    rng = Stream.TRANSFER_WIDTHS.rng(seed)
    outs = [law.outcomes(reference, rng, draws=_REFERENCE_DRAWS, runs=2) for law in laws]
    draws = np.stack([o.mean for o in outs]).astype(np.float64)
    run = np.exp(np.log(np.stack([o.spread for o in outs])).mean(axis=(0, 1, 2)))
    expected = expect(draws.mean(axis=(1, 2)), run, sizes, size)
    return TransferLaw(
        model=model,
        scheme=first.scheme,
        metrics=tuple(first.metrics),
        laws=tuple(laws),
        expected=expected,
        widths=shape_widths(draws, run, _features(reference, first, axis), sizes),
        pilots=pilots,
        _axis=axis,
    )


_CITATIONS = (
    Citation(
        "A new model among known ones",
        "Lindley & Smith (1972), Bayes estimates for the linear model",
        "https://doi.org/10.1111/j.2517-6161.1972.tb00885.x",
    ),
    Citation(
        "Which known models to start from",
        "Hoeting, Madigan, Raftery & Volinsky (1999), Bayesian model averaging",
        "https://doi.org/10.1214/ss/1009212519",
    ),
)


def _said(law: TransferLaw) -> Said:
    """Of the step from the known models to the new one, then of their own laws."""
    new, known = law.model, " and ".join(one.model for one in law.laws)
    parts = [(one.model, one.said) for one in law.laws]
    # What the laws of all known models say is said once, the rest beside the model's name.
    alike = set.intersection(*(set(said.assumptions) for _, said in parts))
    own = [s if s in alike else f"Of {name}: {s}" for name, said in parts for s in said.assumptions]
    piloted = len(law.pilots.curves) > 0
    limits = [f"Where the laws of {known} are wrong and no run of {new} shows it, so is this one."]
    if not piloted:
        limits.append(f"Nothing was run on {new}: that it is of another kind cannot show.")
    elif law.untried:
        sources = " or ".join(law.untried)
        limits.append(
            f"No run of {new} buys from {sources}: that it learns otherwise from them cannot show."
        )
    return Said(
        assumptions=(
            f"What holds of {known} holds of {new}, but for its level, which may be far off, and "
            "the shape of its curve, which is off by about what those models differ by when one of "
            "them is left out.",
            f"Runs of {new} scatter about as widely as those of {known}.",
            f"The laws of {known} err in the same places: taken together they err no less.",
            *(("Pilot runs are independent of each other.",) if piloted else ()),
            *dict.fromkeys(own),
        ),
        limits=(*limits, *dict.fromkeys(s for _, said in parts for s in said.limits)),
        citations=tuple(
            dict.fromkeys([*_CITATIONS, *(c for _, said in parts for c in said.citations)])
        ),
    )


def _pilots(curves: Sequence[AnyCurve], runs: Sequence[Floats], law: FittedLaw) -> Pilots:
    if len(curves) != len(runs):
        raise InputError(f"{len(curves)} pilot curves and runs of {len(runs)}")
    width = len(law.metrics)
    means = np.zeros((len(runs), width))
    for i, r in enumerate(runs):
        if r.ndim != 2 or r.shape[1] != width or not len(r) or not np.isfinite(r).all():
            raise InputError(
                f"runs of pilot {i + 1} do not fit the metrics of the law",
                fix=f"give finite numbers [run, metric] for {', '.join(names(law.metrics))}",
            )
        means[i] = r.mean(axis=0)
    return Pilots(tuple(curves), means, np.array([float(len(r)) for r in runs]))


def _axis(law: FittedLaw) -> tuple[float, float]:
    x = np.log1p(Terms.of(law.curves, law.table).plain_worth(law.table) / SCALE)
    return float(x.mean()), max(float(x.std()), _LEAST_WIDTH)


def _features(curves: Sequence[AnyCurve], law: FittedLaw, axis: tuple[float, float]) -> Floats:
    """Slope in log labels, and the share of each source but the first [curve, feature]."""
    table = law.table
    terms = Terms.of(curves, table)
    x = (np.log1p(terms.plain_worth(table) / SCALE) - axis[0]) / axis[1]
    return np.column_stack([x, terms.shares(table)[:, 1:]])


def _correlation(residuals: Floats) -> Floats:
    """Of metrics from run to run, kept off singular: one metric is the mean of others."""
    moment = residuals.T @ residuals / len(residuals)
    sd = np.sqrt(np.diag(moment))
    return np.asarray((1.0 - _OWN_NOISE) * moment / np.outer(sd, sd) + _OWN_NOISE * np.eye(len(sd)))
