"""What plans and forecasts ask of a law, whichever way it was come by.

Three laws answer today: ``FittedLaw`` from cells of one model, ``TransferLaw`` from the laws of
other models and a few pilots, and ``TwoSource`` from a table of mixes that others measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from suffice._said import Said
    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand.law._distance import Distance
    from suffice.demand.law._outcomes import Outcomes
    from suffice.metric import Metric


@dataclass(frozen=True)
class Convergence:
    """How far a posterior's draws can be trusted.

    Attributes:
        rhat: worst split R-hat of any parameter; 1 where draws are independent.
        effective_draws: that the draws are worth, at least.
        steps: of the chain or of the search.
        converged: whether these pass the bars of whoever drew them.
    """

    rhat: float
    effective_draws: float
    steps: int
    converged: bool

    @classmethod
    def worst(cls, parts: Sequence[Convergence]) -> Convergence:
        """Of several posteriors that an answer rests on together."""
        return cls(
            max(p.rhat for p in parts),
            min(p.effective_draws for p in parts),
            max(p.steps for p in parts),
            all(p.converged for p in parts),
        )


class Law(Protocol):
    """How the outcome of training one model depends on what is bought, with a posterior."""

    @property
    def model(self) -> str:
        """Name of the model."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a run is scored on, in the order of the arrays."""
        ...

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What was measured, one curve a cell, whichever model it was measured on."""
        ...

    @property
    def convergence(self) -> Convergence:
        """How far the posterior's draws can be trusted."""
        ...

    @property
    def attacked(self) -> int:
        """Attacked cells behind what it says of hostile labels; 0: they count as merely wrong."""
        ...

    @property
    def said(self) -> Said:
        """What its forecasts take for granted, cannot see, and rest on."""
        ...

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
        """Draws of what runs of several curves would give.

        Args:
            curves: what might be bought.
            rng: the only source of chance.
            draws: of the posterior.
            runs: residuals, at least one and not necessarily as many as were asked for.
            half: 0 or 1 for draws that share nothing with those of the other half, so that one
                half can choose a curve and the other report on it.
            common: one draw of the discrepancy for all curves: for one purchase through several
                channels, whose differences would drown in it otherwise.

        Raises:
            InputError: a curve buys from a source that the law does not know.
        """
        ...

    def distance(self, curve: Curve | ResolvedCurve) -> Distance:
        """How far a curve lies from what was measured: ``inside``, ``near`` or ``far``."""
        ...
