"""What the search maximises: P of curves on the choosing half of the posterior's draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.forecast import pass_chances

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand import Law
    from suffice.forecast import Criterion
    from suffice.plan._market import Market
    from suffice.plan._risk import Risk

    Floats = NDArray[np.float64]

CHOOSE, REPORT = 0, 1
"""Halves of the posterior's draws."""

GOOD_ENOUGH = 0.01
"""Differences of P up to this count for nothing. Chosen: the last place that is printed; it trades
a hundredth of P for the cheaper curve."""

CHOOSE_DRAWS = 128
CHOOSE_RUNS = 150
"""Leave P a Monte Carlo sd of .033 (largest of four curves of the example study,
`tools/bench_monte_carlo.py`). A law has some hundred residuals: a part of them is off by up to .03
for all curves alike, which a comparison forgives and a target does not."""
_CLOSE_DRAWS, _CLOSE_RUNS = 512, 1000
"""Leave P a Monte Carlo sd of .006 (the same)."""
_BLOCK = 250
"""Curves at a time: blocks this small stay in the processor's cache. Moves time alone."""


def chances(
    law: Law,
    curves: Sequence[ResolvedCurve],
    criterion: Criterion,
    rng: np.random.Generator,
    *,
    draws: int,
    runs: int,
    half: int,
) -> Floats:
    """pi of many curves on one half of the posterior's draws, block by block [draw, curve]."""
    parts = []
    for start in range(0, len(curves), _BLOCK):
        block = curves[start : start + _BLOCK]
        outcomes = law.outcomes(block, rng, draws=draws, runs=runs, half=half)
        parts.append(pass_chances(outcomes, criterion, law.metrics))
    return np.concatenate(parts, axis=1)


class Objective:
    """P of curves on the choosing half, under one criterion and one attitude to risk."""

    def __init__(
        self, law: Law, market: Market, criterion: Criterion, risk: Risk, *, seed: int
    ) -> None:
        """Value curves of a market by a law."""
        self.risk = risk
        self._law, self._criterion, self._seed = law, criterion, seed
        self._rng = Stream.PLAN_CHOOSE.rng(seed)
        self._market = risk.market(market)

    def draws(
        self,
        curves: Sequence[Curve],
        draws: int,
        runs: int = CHOOSE_RUNS,
        *,
        rng: np.random.Generator | None = None,
    ) -> Floats:
        """pi in the market as the risk sees it [draw, curve]; on its own stream unless given."""
        resolved = self._market.resolve(curves)
        rng = rng or self._rng
        return chances(
            self._law, resolved, self._criterion, rng, draws=draws, runs=runs, half=CHOOSE
        )

    def value(self, curves: Sequence[Curve], draws: int, runs: int = CHOOSE_RUNS) -> Floats:
        """What is maximised, for each curve [curve]."""
        return self.risk.value(self.draws(curves, draws, runs))

    def closely(self, curves: Sequence[Curve]) -> Floats:
        """The same on draws enough to tell those apart that could be the pick [curve]."""
        return self.value(curves, _CLOSE_DRAWS, _CLOSE_RUNS)

    def of_sizes(self) -> Callable[[Sequence[Curve]], Floats]:
        """The objective for sizes of one mixture: all of them, and all calls, meet the same draws.

        What sets two sizes apart is then the size alone.
        """

        def value(curves: Sequence[Curve]) -> Floats:
            outcomes = self._law.outcomes(
                self._market.resolve(curves),
                Stream.PLAN_SIZES.rng(self._seed),
                draws=_CLOSE_DRAWS,
                runs=_CLOSE_RUNS,
                half=CHOOSE,
                common=True,
            )
            return self.risk.value(pass_chances(outcomes, self._criterion, self._law.metrics))

        return value
