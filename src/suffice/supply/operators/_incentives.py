"""Incentives: a bonus for good answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from suffice.supply.operators._beliefs import Effect, require
from suffice.supply.operators._operated import Operator
from suffice.supply.operators._samplers import PoolSampler
from suffice.supply.operators._worlds import need_people, shifted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply.operators._samplers import Sampler
    from suffice.supply.operators._worlds import Worlds

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Incentive(Operator):
    """A bonus for each answer that is right on gold, or that agrees with a random peer.

    Model: the bonus moves the log odds of a right answer by ``effect``, the same for every honest
    worker; hostile workers take the money and go on. What is paid follows from how often the
    answer earns it *with* the incentive.
    Assumes: the effect measured on gold holds on tasks.
    Fails when: agreement pays more than truth: peers may then settle on an answer that is easy to
        guess, which raises shared error. A bonus on agreement cannot see that; gold can.
    Reference: Dasgupta & Ghosh (2013), WWW, on paying for agreement.

    Attributes:
        bonus: money for an answer that earns it.
        effect: change in log odds, a prior (``Shift``) or an A/B trial (``Trial``).
        paid_on: ``gold`` or ``peer``.
        rate: share of answers that are judged for the bonus.
    """

    bonus: float
    effect: Effect
    paid_on: Literal["gold", "peer"] = "gold"
    rate: float = 1.0

    def __post_init__(self) -> None:
        """Money is not negative."""
        fine = self.bonus >= 0.0 and 0.0 < self.rate <= 1.0 and self.paid_on in ("gold", "peer")
        require(
            fine,
            f"a bonus of {self.bonus:g} on {self.paid_on!r} at rate {self.rate:g} cannot be",
            "give bonus >= 0, 0 < rate <= 1, and gold or peer",
        )

    def __str__(self) -> str:
        """In words."""
        return f"bonus {self.bonus:g} on {self.paid_on}"

    def effects(self, draws: int, rng: np.random.Generator) -> Floats:
        """The change in log odds."""
        return self.effect.draw(draws, rng)[None]

    def transform(self, worlds: Worlds, effects: Floats) -> Worlds:
        """Better answers, dearer labels."""
        need_people(worlds, "an incentive")
        after = shifted(worlds, effects[0])
        if self.paid_on == "gold":
            earned = (after.weight * after.gold_right()).sum(axis=1)
        else:
            plain, misled = after.pooled()
            agree = (1.0 - worlds.shared) * _agree(plain) + worlds.shared * _agree(misled)
            earned = worlds.mean_over_tasks(agree)
        price = worlds.price + self.rate * self.bonus * earned
        return replace(after, price=price).noting("the bonus moves all honest workers alike")

    def sampler(self, inner: Sampler, before: Worlds, after: Worlds, effects: Floats) -> Sampler:
        """The same workers, answering as well as they now do."""
        assert isinstance(inner, PoolSampler)
        return replace(inner, world=after)


def _agree(wrong: Floats) -> Floats:
    return np.asarray((1.0 - wrong) ** 2 + wrong**2)
