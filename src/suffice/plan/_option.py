"""What a plan consists of: the recommended curve, and everything that it was weighed against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from suffice.estimate import Estimate, equals, probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.forecast import Forecast
    from suffice.plan._risk import Risk
    from suffice.plan._shadow import Shadow

    Floats = NDArray[np.float64]


LOW = 0.5
"""A plan below this asks whether more labels would help. Chosen: it then fails more often than
not."""

TIMES = 100
"""How many times the plan's labels count as any number of them. Chosen: powers of it by which
errors fall leave little of what labels can still mend."""


@dataclass(frozen=True)
class Option:
    """A curve with its cost and forecast.

    Attributes:
        name: what it is called in tables.
        curve: what is bought; None where there is nothing of the kind to buy.
        cost: money.
        forecast: on draws that did not choose it; None without a curve.
        note: why there is no curve, or what stands out.
    """

    name: str
    curve: Curve | None
    cost: float
    forecast: Forecast | None
    note: str | None = None


@dataclass(frozen=True)
class Robust:
    """What the recommended curve is worth when things go badly.

    Attributes:
        risk: what was maximised.
        value: expected shortfall of pi, or P under the worst attack.
    """

    risk: Risk
    value: Estimate

    def __str__(self) -> str:
        """One sentence."""
        v = self.value
        ends = f"{probability(v.low)} to {probability(v.high)}"
        return f"When things go badly: P {equals(v.value)} ({ends}), {v.method}."


@dataclass(frozen=True)
class Flip:
    """A budget at which the answer changes.

    Attributes:
        before, after: the answers.
        budget: where it changes, over resamples of the posterior's draws.
        seen: share of the resamples in which this change happens at all.
    """

    before: str
    after: str
    budget: Estimate
    seen: float

    def __str__(self) -> str:
        """One sentence."""
        b = self.budget
        return (
            f"From about {b.value:,.0f} ({b.low:,.0f} to {b.high:,.0f}) on the answer is to "
            f"{self.after} rather than {self.before} (in {self.seen:.0%} of resamples)."
        )


@dataclass(frozen=True)
class Hardest:
    """The one threshold that a curve fails most often.

    Attributes:
        metric, sign, limit: the threshold, ``error <= 0.25``.
        run: what a run reaches, with its interval.
        chance: that it meets this threshold.
    """

    metric: str
    sign: str
    limit: float
    run: Estimate
    chance: float

    @property
    def bound(self) -> str:
        """The threshold as it is written."""
        return f"{self.metric} {self.sign} {self.limit:g}"

    @property
    def reached(self) -> str:
        """What a run reaches, with its interval."""
        return f"{self.run.value:.3f} ({self.run.low:.3f} to {self.run.high:.3f})"

    def __str__(self) -> str:
        """In words, for the middle of a sentence."""
        return (
            f"{self.bound} is the bound that fails it most often: a run's {self.metric} is "
            f"expected at {self.reached}, and meets it with chance "
            f"{probability(self.chance, spelled=True)}"
        )


@dataclass(frozen=True)
class Ceiling:
    """P with as many labels as one likes.

    Attributes:
        p: of the best of the curves tried.
        hardest: the bound that stands in the way there.
    """

    p: Estimate
    hardest: Hardest

    @property
    def is_low(self) -> bool:
        """Whether even that fails more often than not."""
        return self.p.value < LOW

    def __str__(self) -> str:
        """One or two sentences."""
        ends = f"{probability(self.p.low)} to {probability(self.p.high)}"
        reached = f"with {TIMES} times as many, P {equals(self.p.value)} ({ends})"
        if self.is_low:
            return (
                f"More labels will not do it: {reached}; {self.hardest.metric} would still be "
                f"{self.hardest.reached} where {self.hardest.bound} is asked. What could: another "
                "model, better labels, or another criterion."
            )
        return f"More labels could do it: {reached}, if the law holds so far out."


@dataclass(frozen=True)
class Plan:
    """The recommended curve and everything it was weighed against.

    Attributes:
        recommended: the curve to follow.
        alternatives: the best of each source alone at the same cost, and others worth knowing.
        frontier: the best curve at each spending level.
        decision: in one sentence, whether to buy many cheap labels or few careful ones, and why.
        shadows: what it would be worth to widen each limit; empty where they were not asked for.
        flips: the budgets at which the answer changes; empty where they were not asked for.
        robust: what is left when things go badly; None where the mean was maximised.
        bought: labels in hand, which every curve holds; None where nothing was bought yet.
        ceiling: what any number of labels could reach; None where the plan is likely to do.
        candidates: every curve that was weighed, with cost and P on the choosing draws.
    """

    recommended: Option
    alternatives: tuple[Option, ...]
    frontier: tuple[Option, ...]
    decision: str
    shadows: tuple[Shadow, ...] = ()
    flips: tuple[Flip, ...] = ()
    robust: Robust | None = None
    bought: Curve | None = None
    ceiling: Ceiling | None = None
    candidates: tuple[Curve, ...] = field(default=(), repr=False)
    costs: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    chances: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
