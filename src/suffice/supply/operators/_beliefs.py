"""What is believed of an operator's effect: a stated prior, or the result of a trial."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Protocol

import numpy as np

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.estimate import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

JEFFREYS = 0.5
"""Added to both counts of a share that was measured: the prior with the best coverage."""


def require(holds: bool, problem: str, fix: str) -> None:
    """Raise InputError where a setting makes no sense."""
    if not holds:
        raise InputError(problem, fix=fix)


class Effect(Protocol):
    """What is believed of a change in the log odds of a right answer."""

    def draw(self, draws: int, rng: np.random.Generator) -> Floats:
        """Draws of the change [draw]."""


@dataclass(frozen=True)
class Chance:
    """A probability that is not known for sure: a Beta distribution.

    Attributes:
        yes, no: how many times it would have had to happen, and not to happen, for one to believe
            this; ``Chance.of(3, 20)`` is what 3 of 20 trials teach.
    """

    yes: float
    no: float

    def __post_init__(self) -> None:
        """Both counts are positive numbers."""
        fine = all(isfinite(x) and x > 0.0 for x in (self.yes, self.no))
        require(fine, f"Chance({self.yes:g}, {self.no:g}) is no Beta", "give two positive counts")

    @classmethod
    def of(cls, happened: float, trials: float) -> Chance:
        """What a count teaches, from a Jeffreys prior."""
        fine = 0.0 <= happened <= trials
        require(fine, f"{happened:g} of {trials:g} is no share", "give counts")
        return cls(happened + JEFFREYS, trials - happened + JEFFREYS)

    @classmethod
    def about(cls, share: float, weight: float = 40.0) -> Chance:
        """A stated share that is worth as much as ``weight`` observations."""
        require(0.0 < share < 1.0, f"{share:g} is no chance", "give one between 0 and 1")
        return cls(share * weight, (1.0 - share) * weight)

    def draw(self, draws: int, rng: np.random.Generator) -> Floats:
        """Draws of the probability [draw]."""
        return np.asarray(rng.beta(self.yes, self.no, size=draws))

    @property
    def mean(self) -> float:
        """Its mean."""
        return self.yes / (self.yes + self.no)


@dataclass(frozen=True)
class Shift:
    """A stated prior of a change in the log odds of a right answer: normal.

    A shift of .4 takes an error of 20 % to 14 %; of -.4 to 27 %.
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        """The standard deviation is not negative."""
        fine = isfinite(self.mean) and isfinite(self.sd) and self.sd >= 0.0
        require(fine, f"Shift({self.mean:g}, {self.sd:g}) is no normal", "give sd >= 0")

    def draw(self, draws: int, rng: np.random.Generator) -> Floats:
        """Draws of the change [draw]."""
        return np.asarray(rng.normal(self.mean, self.sd, size=draws))


@dataclass(frozen=True)
class Trial:
    """An A/B trial: gold questions answered rightly in both arms.

    Model: right answers are binomial in each arm, Jeffreys priors; the effect is the difference
    of the arms' log odds.
    Assumes: workers are put into arms by chance; gold questions are like the tasks.
    Fails when: few workers give many answers each: answers then count less than their number.
        ``design`` divides the counts (1 + (answers a worker - 1) x intraclass correlation).
    Reference: Brown, Cai & DasGupta (2001) on the Jeffreys prior; Kish (1965) on the design effect.

    Attributes:
        control, control_right: answers without the change, and how many of them were right.
        treated, treated_right: answers with it.
        design: design effect, 1 where each worker answered once.
    """

    control: int
    control_right: int
    treated: int
    treated_right: int
    design: float = 1.0

    def __post_init__(self) -> None:
        """Counts are counts."""
        fine = 0 <= self.control_right <= self.control and 0 <= self.treated_right <= self.treated
        fine = fine and self.control > 0 and self.treated > 0 and self.design >= 1.0
        require(
            fine,
            f"a trial with {self.control_right} of {self.control} and {self.treated_right} of "
            f"{self.treated} right cannot be",
            "give answers and right answers of both arms, design >= 1",
        )

    def draw(self, draws: int, rng: np.random.Generator) -> Floats:
        """Draws of the change in log odds [draw]."""
        arms = []
        for n, k in ((self.treated, self.treated_right), (self.control, self.control_right)):
            right, wrong = k / self.design + JEFFREYS, (n - k) / self.design + JEFFREYS
            arms.append(np.log(rng.gamma(right, size=draws)) - np.log(rng.gamma(wrong, size=draws)))
        return np.asarray(arms[0] - arms[1])

    def estimate(self, *, draws: int = 4000, seed: int = 0) -> Estimate:
        """The change in log odds with its interval."""
        return Estimate.from_draws(
            self.draw(draws, Stream.OPERATOR_BELIEF.rng(seed)),
            method="difference of log odds, Jeffreys priors",
            citation="Brown, Cai & DasGupta (2001), Statistical Science 16",
        )

    def cost(self, price: float, gold_price: float = 0.0) -> float:
        """What its answers cost: the label's price, and what a gold question costs to make."""
        return (self.control + self.treated) * (price + gold_price)
