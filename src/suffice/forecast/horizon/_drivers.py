"""Drivers: what moves the need for labels as models grow, each with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

On = Literal["demand", "shared_error", "floor"]


@dataclass(frozen=True)
class Driver:
    """One consideration, as a multiplier with a prior.

    Attributes:
        name: a few words.
        on: ``demand``: log10 of the multiplier on labels needed; ``shared_error``: logits added to
            (twice) the evaluators' shared error; ``floor``: the share of today's need that no
            scale removes.
        evidence: where the numbers come from.
        per_decade: mean and sd of the change for every tenfold in scale.
        in_all: mean and sd of a change that comes once, nine tenths of it in the first decade.
        share: for a floor: median of the share and the factor that holds two thirds of the prior.
        chance: that the driver acts at all.
        measured: whether ``per_decade`` is replaced by the study's own slope where there is one.
        verdicts: file of one evaluator's verdicts on several models, with gold, from which
            ``per_decade`` is fitted; empty for none.
    """

    name: str
    on: On
    evidence: str
    per_decade: tuple[float, float] = (0.0, 0.0)
    in_all: tuple[float, float] = (0.0, 0.0)
    share: tuple[float, float] = (0.0, 1.0)
    chance: float = 1.0
    measured: bool = False
    verdicts: str = ""

    def draw(
        self, rng: np.random.Generator, draws: int, measured: MeasuredChange | None = None
    ) -> DriverDraws:
        """Draw from the prior, or from what was measured where there is such a thing."""
        acts = rng.random(draws) < self.chance
        prior = rng.normal(*self.per_decade, draws)
        in_all = rng.normal(*self.in_all, draws)
        share = np.zeros(draws)
        if self.on == "floor" and self.share[0] > 0.0:
            spread = np.log(self.share[1])
            share = np.minimum(self.share[0] * np.exp(rng.normal(0.0, spread, draws)), 1.0)
        if measured is not None:
            pick = rng.integers(len(measured.slope), size=draws)
            prior, in_all = measured.slope[pick], in_all + measured.once[pick]
        return DriverDraws(self, prior * acts, in_all * acts, share * acts, measured is not None)


@dataclass(frozen=True, eq=False)
class MeasuredChange:
    """A measured trend, as draws of what changes from today's model on.

    Attributes:
        slope: log10 labels a decade [draw].
        once: back from today's model to the trend's line, and the scatter of a new model about it
            (log10 labels), with the same draws of the line [draw].
    """

    slope: Floats
    once: Floats


@dataclass(frozen=True, eq=False)
class DriverDraws:
    """A driver's draws.

    Attributes:
        driver: whose.
        slope: change a decade [draw].
        once: change in all [draw].
        share: for a floor [draw].
        measured: whether the slope was measured, not drawn from the prior.
    """

    driver: Driver
    slope: Floats
    once: Floats
    share: Floats
    measured: bool = False

    def at(self, decades: Floats) -> Floats:
        """What is added (log10 labels, or logits) at decades beyond today [draw].

        Exactly 0 today, so that every path starts from what was measured.
        """
        set_in = 1.0 - 10.0 ** -np.maximum(decades, 0.0)
        return np.asarray(self.slope * decades + self.once * set_in)


def demand_change(drivers: Sequence[DriverDraws], decades: Floats) -> Floats:
    """Log10 of the multiplier on labels needed, all demand drivers and floors together [draw].

    A floor f leaves f + (1-f) M of a multiplier M below 1, and does nothing to one above 1: what
    larger models save has an end, what is added to their tasks has none.
    """
    total = _sum(drivers, "demand", decades)
    keep = np.ones_like(decades)
    for d in drivers:
        keep = keep * (1.0 - d.share)
    floored = np.log10(1.0 - keep + keep * 10.0 ** np.minimum(total, 0.0))
    return np.where((total < 0.0) & (keep < 1.0), floored, total)


def error_change(drivers: Sequence[DriverDraws], decades: Floats) -> Floats:
    """Logits added to twice the shared error, all its drivers together [draw]."""
    return _sum(drivers, "shared_error", decades)


def _sum(drivers: Sequence[DriverDraws], on: On, decades: Floats) -> Floats:
    total = np.zeros_like(decades)
    for d in drivers:
        if d.driver.on == on:
            total = total + d.at(decades)
    return total
