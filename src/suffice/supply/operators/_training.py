"""Training material, guidelines, interfaces: what a change to the work does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from suffice.supply.operators._beliefs import Effect, require
from suffice.supply.operators._operated import Operator
from suffice.supply.operators._samplers import PoolSampler
from suffice.supply.operators._worlds import need_people, shifted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.operators._samplers import Sampler
    from suffice.supply.operators._worlds import Worlds

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Training(Operator):
    """Workers are taught, or get better guidelines or another interface.

    Model: the change moves the log odds of a right answer by ``effect``, drawn from a prior or from
    an A/B trial; the pool's own log odds move by exactly that.
    Assumes: the effect is alike for all honest workers and lasts.
    Fails when: the trial's gold was what the material teaches (teaching to the test), or the
        material spreads a mistake to all: then shared error grows, which only fresh gold shows.

    Attributes:
        effect: change in log odds, a ``Trial`` or a ``Shift``.
        price_per_worker: what teaching one worker costs, spread over the worker's labels.
        slower: labels take so many times as long (and cost as much more).
        days: until workers are ready.
        what: its name.
    """

    effect: Effect
    price_per_worker: float = 0.0
    slower: float = 1.0
    days: float = 0.0
    what: str = "training"

    def __post_init__(self) -> None:
        """Costs are not negative."""
        fine = self.price_per_worker >= 0.0 and self.slower > 0.0 and self.days >= 0.0
        require(fine, f"{self.what} cannot have negative costs", "give costs and times >= 0")

    def __str__(self) -> str:
        """In words."""
        return self.what

    def effects(self, draws: int, rng: np.random.Generator) -> Floats:
        """The change in log odds."""
        return self.effect.draw(draws, rng)[None]

    def transform(self, worlds: Worlds, effects: Floats) -> Worlds:
        """Better answers; material and slower work are paid."""
        need_people(worlds, self.what)
        each = self.price_per_worker / worlds.career
        return replace(
            shifted(worlds, effects[0]),
            price=worlds.price * self.slower + each,
            capacity=worlds.capacity / self.slower,
            latency=worlds.latency + self.days,
        ).noting(f"{self.what} moves all honest workers alike and does not touch shared error")

    def sampler(self, inner: Sampler, before: Worlds, after: Worlds, effects: Floats) -> Sampler:
        """The same workers, answering as well as they now do."""
        assert isinstance(inner, PoolSampler)
        return replace(inner, world=after)
