"""The law of one model among the runs of a table, as plans and forecasts ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from suffice._said import Citation, Said
from suffice.curve import Curve, ResolvedCurve, Tranche
from suffice.demand.law import Convergence, Coverage, Distance
from suffice.demand.response._fit import DRAWS
from suffice.estimate import probability
from suffice.records import FamilyWeight, LawRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.demand.law import Outcomes
    from suffice.demand.response._response import Response
    from suffice.metric import Metric
    from suffice.records import HeldOut

    Floats = NDArray[np.float64]

_LIGHT = 0.05
"""A family of less weight is not named. Chosen; it moves a sentence."""

_FEWEST_EFFECTIVE = 10.0
"""Independent draws of theta that a posterior is worth at least. Chosen: its spread is then known
to a quarter; what theta leaves open is a small part of what the weights do."""

_CITATIONS = (
    Citation(
        "Weights of the families",
        "Yao, Vehtari, Simpson & Gelman (2018), Using stacking to average Bayesian predictive "
        "distributions",
        "https://doi.org/10.1214/17-BA1091",
    ),
    Citation(
        "Regression with unknown scales",
        "Rasmussen & Williams (2006), Gaussian processes for machine learning",
        "https://gaussianprocess.org/gpml/",
    ),
    Citation(
        "Mixtures of data and their losses",
        "Liu et al. (2024), RegMix: Data mixture as regression for language model pre-training",
        "https://arxiv.org/abs/2407.01492",
    ),
)


@dataclass(frozen=True, eq=False)
class ResponseLaw:
    """How what one model reaches depends on what it was trained on, by runs made elsewhere.

    Attributes:
        response: the law over all models and settings of the table.
        model: whose it is.
        settings: what else is held; other settings are averaged over as they were measured.
    """

    response: Response
    model: str
    settings: Mapping[str, str | float] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What was measured."""
        return self.response.metrics

    @cached_property
    def curves(self) -> tuple[Curve, ...]:
        """What was measured, one curve a cell, whichever model it was measured on."""
        cells = self.response.cells
        return tuple(dict.fromkeys(curve_of(cells.columns, row) for row in cells.points.counts))

    @property
    def attacked(self) -> int:
        """No run is known to have been attacked."""
        return 0

    @property
    def convergence(self) -> Convergence:
        """Importance sampling draws independently: what counts is how many draws it left."""
        left = min(
            sample.effective
            for stack in self.response.stacks
            for sample, weight in zip(stack.samples, stack.inside, strict=True)
            if weight >= _LIGHT
        )
        return Convergence(1.0, left, DRAWS, left >= _FEWEST_EFFECTIVE)

    @cached_property
    def said(self) -> Said:
        """What its forecasts take for granted, cannot see, and rest on."""
        cells = self.response.cells
        weights = self._family_weights()
        named = [f"{n} ({probability(w)})" for n, w in weights.items() if w >= _LIGHT]
        noise = noise_said(self.response)
        limits = [
            "Runs were made elsewhere: what else differed between them and was not written down, "
            "the law takes for noise or for an effect of the labels.",
        ]
        if not cells.repeats:
            limits.append(
                "No cell was run twice, so that noise of runs and misfit of the law are not told "
                "apart; `suffice ask` prices a repeat."
            )
        if cells.left_out:
            limits.append(f"{cells.left_out} runs lack one of the metrics and are left out.")
        return Said(
            assumptions=(
                "Outcomes follow from labels of each source, size of the model and stated "
                f"settings by one of these families, weighted by held-out skill: "
                f"{', '.join(named)}.",
                noise,
            ),
            limits=tuple(limits),
            citations=_CITATIONS,
        )

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

        Raises:
            InputError: a curve buys from a source that no run held.
        """
        counts = self.response.cells.counts([_plain(c) for c in curves])
        places = self.response.cells.places(self.model, self.settings, counts)
        return self.response.at(places, rng, draws=draws, runs=runs, half=half, common=common)

    def distance(self, curve: Curve | ResolvedCurve) -> Distance:
        """How far a curve lies from what was measured, see ``Law.distance``.

        Raises:
            InputError: it buys from a source that no run held.
        """
        counts = self.response.cells.counts([_plain(curve)])
        most = float(self.response.cells.points.total.max())
        return self._coverage.distance(curve, float(counts.sum()) / max(most, 1e-12))

    @cached_property
    def _coverage(self) -> Coverage:
        return Coverage.of(self.curves)

    def _family_weights(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for stack in self.response.stacks:
            for sample, weight in zip(stack.samples, stack.inside, strict=True):
                name = sample.posterior.family.name
                found[name] = found.get(name, 0.0) + float(weight) / len(self.response.stacks)
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def record(self, held_out: Sequence[HeldOut]) -> LawRecord:
        """What ``law.json`` holds of it, with its error on runs left out beside baselines'."""
        cells, stacks = self.response.cells, self.response.stacks
        return LawRecord(
            model=self.model,
            families=tuple(
                FamilyWeight(name=n, weight=w) for n, w in self._family_weights().items()
            ),
            converged=self.convergence.converged,
            ess=self.convergence.effective_draws,
            draws=DRAWS,
            widening=float(np.mean([s.widths[0] for s in stacks])),
            cells=len(cells.points),
            runs=len(cells.cell),
            held_out=tuple(held_out),
        )


def noise_said(response: Response) -> str:
    """Where what is said of the noise of runs comes from, one sentence."""
    cells = response.cells
    if cells.repeats:
        return (
            f"The noise of runs is what {cells.repeats} repeats of cells showed, as large in every "
            "cell on the law's scale."
        )
    items = any(m.items for m in cells.metrics) or any(
        cells.errors_of(m) is not None for m in range(len(cells.metrics))
    )
    least = " and at least what the evaluation's items explain" if items else ""
    return (
        "There are no repeats: the noise of runs is taken for what the law leaves unexplained, "
        f"under a prior over metrics of public runs{least}."
    )


def curve_of(columns: Sequence[tuple[str, int]], counts: Sequence[float] | Floats) -> Curve:
    """Counts as a curve, in whole labels."""
    return Curve(
        tuple(
            Tranche(source, round(float(n)), round=r)
            for (source, r), n in zip(columns, counts, strict=True)
            if round(float(n)) > 0
        )
    )


def _plain(curve: Curve | ResolvedCurve) -> Curve:
    return curve.curve if isinstance(curve, ResolvedCurve) else curve
