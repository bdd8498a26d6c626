"""What is to be expected of one curve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.curve import Curve
from suffice.stages import _runs_stages
from suffice.stages._fit import fit, gold_shifts
from suffice.stages._out import OUT
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.estimate import Estimate
    from suffice.forecast import Forecast
    from suffice.records import Probability
    from suffice.stages._runs_stages import SimpleForecast
    from suffice.stages._workspace import Given


@dataclass(frozen=True)
class PurchaseForecast:
    """The forecast of one curve.

    Attributes:
        curve: what would be bought.
        cost: money for its labels.
        forecast: P for this pool and gold, with new gold, and in deployment, and its parts.
        simple: what simple forecasts say of the metrics that the criterion limits, beside the
            law's first row; empty where runs are one's own training.
    """

    curve: Curve
    cost: float
    forecast: Forecast
    simple: tuple[SimpleForecast, ...] = ()

    def shown(self, p: Estimate, *, points: bool = False) -> Probability:
        """A probability as it may be shown: far from what was measured without its mean.

        Args:
            p: one of the forecast's.
            points: show the mean all the same.
        """
        from suffice.forecast import shown

        return shown(p, self.forecast.distance, points=points)

    def as_dict(self, *, points: bool = False) -> dict[str, Any]:
        """For JSON; ``points`` as in ``shown``."""
        made = self.forecast
        others = {"p_new_gold": made.new_gold, "p_deployment": made.deployment}
        return {
            "curve": self.curve.as_list(),
            "cost": self.cost,
            "p": {**made.said(points=points).model_dump(), "held_fixed": made.held_fixed},
            **{
                k: None if p is None else self.shown(p, points=points).model_dump()
                for k, p in others.items()
            },
            "parts": [p.model_dump() for p in made.parts],
            "distance": made.distance,
            **({"simple": [s.as_dict() for s in self.simple]} if self.simple else {}),
        }


def forecast(study: Given, folder: str | Path = OUT, *, curve: Curve | str) -> PurchaseForecast:
    """P(meets the criterion) of one curve, by the law of the study's target model.

    Args:
        study: a study, its file, or a workspace.
        folder: for the results, where no workspace is given.
        curve: what would be bought, also as it is printed: ``3000 crowd + 200 panel``.

    Raises:
        InputError: the curve cannot be read, or holds what is not sold.
    """
    from suffice.forecast import forecast as make

    work = Workspace.of(study, folder)
    wanted = Curve.parse(curve) if isinstance(curve, str) else curve
    cost = wanted.cost(work.buyable)
    if work.own is not None:
        return PurchaseForecast(
            wanted, cost, _runs_stages.forecast(work, wanted), _runs_stages.simple(work, wanted)
        )
    work.market.check_repeats(wanted)
    made = make(
        fit(work)[work.study.models.target],
        wanted,
        work.buyable,
        work.criterion,
        gold_shifts=gold_shifts(work),
        seed=work.study.seed,
    )
    return PurchaseForecast(wanted, cost, made)
