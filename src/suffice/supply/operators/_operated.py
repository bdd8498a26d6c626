"""Quality control as operators: each makes a new source of a source, and they compose."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import numpy as np

from suffice._streams import Stream
from suffice.channel import Source
from suffice.estimate import Estimate
from suffice.supply.operators._samplers import OperatedChannel, PoolSampler
from suffice.supply.operators._worlds import Worlds, plain_worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.channel import Channel
    from suffice.supply.operators._samplers import Sampler

    Floats = NDArray[np.float64]

DRAWS = 200
METHOD = "posterior draws of the source and of the operators' effects"
CITATION = "Gelman et al. (2013), Bayesian Data Analysis, ch. 10: posterior simulation"


@runtime_checkable
class KnowsWorkers(Protocol):
    """A posterior that says who works for a source, not only how a label errs on average."""

    def worlds(
        self, source: Source, draws: int, rng: np.random.Generator, capability: float | None
    ) -> Worlds:
        """Joint draws of workers, difficulty and prices."""


class Operator(ABC):
    """Something done to a source that changes its labels and its price.

    A subclass says how (``transform``, exact) and can really do it (``sampler``, simulated).
    """

    @property
    def tells_workers_apart(self) -> bool:
        """Whether it acts on single workers, so that it needs to know how they differ."""
        return False

    def settle(self, worlds: Worlds) -> Self:
        """Fix what the buyer decides on what is known before buying (the mean of the worlds)."""
        return self

    def effects(self, draws: int, rng: np.random.Generator) -> Floats:
        """Draws of what is not known of the operator itself [effect, draw]."""
        return np.zeros((0, draws))

    @abstractmethod
    def transform(self, worlds: Worlds, effects: Floats) -> Worlds:
        """What is delivered, at which price, in each world."""

    @abstractmethod
    def sampler(self, inner: Sampler, before: Worlds, after: Worlds, effects: Floats) -> Sampler:
        """The operator at work in one world: draws labels through ``inner``."""

    def apply(self, source: Source) -> Operated:
        """The source with this done to it."""
        return operate(source, self)


@dataclass(frozen=True, eq=False)
class OperatedPosterior:
    """What is believed of an operated source: the joint posterior of source and operators."""

    base: Source
    operators: tuple[Operator, ...]

    def worlds(
        self, draws: int, rng: np.random.Generator, capability: float | None = None
    ) -> Worlds:
        """Joint draws of everything."""
        worlds = draw_worlds(self.base, draws, rng, capability)
        for operator in self.operators:
            worlds = operator.transform(worlds, operator.effects(draws, rng))
        return worlds

    def draw(self, rng: np.random.Generator, capability: float | None) -> Channel:
        """One channel that the evidence allows, with the operators at work in it."""
        world = draw_worlds(self.base, 1, rng, capability)
        return self._channel(world, [o.effects(1, rng) for o in self.operators])

    def mean(self) -> Channel:
        """The channel with the posterior mean profile; its labels come from the mean world."""
        rng = Stream.OPERATED_MEAN.rng(0)
        worlds = draw_worlds(self.base, DRAWS, rng)
        effects = [o.effects(DRAWS, rng) for o in self.operators]
        after = worlds
        for operator, effect in zip(self.operators, effects, strict=True):
            after = operator.transform(after, effect)
        means = [effect.mean(axis=1, keepdims=True) for effect in effects]
        return self._channel(worlds.mean(), means, after)

    def _channel(
        self, world: Worlds, effects: Sequence[Floats], profiled: Worlds | None = None
    ) -> OperatedChannel:
        sampler: Sampler = PoolSampler(world, world.weight[0] / world.weight[0].sum())
        share, misleads = world.share[0], world.shared[0]
        for operator, effect in zip(self.operators, effects, strict=True):
            after = operator.transform(world, effect)
            sampler = operator.sampler(sampler, world, after, effect)
            world = after
        profile = (world if profiled is None else profiled).profile()
        return OperatedChannel(self.base.name, profile, sampler, share, misleads)


@dataclass(frozen=True)
class Operated(Source):
    """A source with operators applied: everything a ``Source`` has, and how it came about.

    ``price``, ``capacity`` and ``latency_days`` are posterior means; ``estimates`` has their
    intervals, the error of a delivered label, its bits and the price of a bit.

    Attributes:
        base: the source underneath.
        operators: what is done to it, in order.
        estimates: price, capacity, latency_days, error, shared, attack, bits, price_per_bit.
        notes: what was assumed.
    """

    base: Source | None = None
    operators: tuple[Operator, ...] = ()
    estimates: dict[str, Estimate] = field(default_factory=dict, compare=False)
    notes: tuple[str, ...] = ()

    @property
    def how(self) -> str:
        """The operators in words."""
        return ", ".join(str(o) for o in self.operators) or "as it comes"


def draw_worlds(
    source: Source, draws: int, rng: np.random.Generator, capability: float | None = None
) -> Worlds:
    """Joint draws of a source, with its workers where they are known."""
    posterior = source.posterior
    if isinstance(posterior, OperatedPosterior):
        return posterior.worlds(draws, rng, capability)
    if isinstance(posterior, KnowsWorkers):
        return posterior.worlds(source, draws, rng, capability)
    return plain_worlds(source, draws, rng, capability)


def operate(source: Source, *operators: Operator, seed: int = 0, draws: int = DRAWS) -> Operated:
    """Apply operators in order; ``operate(s, a, b)`` is ``b.apply(a.apply(s))``.

    Args:
        source: any source; one that is operated already goes on from there.
        operators: what is done, first things first.
        seed: of the draws behind price, capacity and intervals.
        draws: how many.

    Raises:
        InputError: an operator cannot work where it stands, for instance a test of workers after
            their labels were put together.
    """
    base: Source = source
    earlier: tuple[Operator, ...] = ()
    if isinstance(source, Operated) and source.base is not None:
        base, earlier = source.base, source.operators
    rng = Stream.OPERATED.rng(seed)
    worlds = draw_worlds(base, draws, rng)
    settled: list[Operator] = []
    for number, given in enumerate((*earlier, *operators)):
        operator = given if number < len(earlier) else given.settle(worlds)
        worlds = operator.transform(worlds, operator.effects(draws, rng))
        settled.append(operator)
    return operated(base, tuple(settled), worlds)


def operated(base: Source, operators: tuple[Operator, ...], worlds: Worlds) -> Operated:
    """The source that stands for these worlds; operators of an operated base come first."""
    if isinstance(base, Operated) and base.base is not None:
        operators = (*base.operators, *operators)
        base = base.base
    capacity = None if np.isinf(worlds.capacity).any() else float(worlds.capacity.mean())
    return Operated(
        name=base.name,
        price=float(worlds.price.mean()),
        posterior=OperatedPosterior(base, operators),
        capacity=capacity,
        latency_days=float(worlds.latency.mean()),
        max_labels_per_task=worlds.most,
        base=base,
        operators=operators,
        estimates=summarise(worlds),
        notes=worlds.notes,
    )


def summarise(worlds: Worlds) -> dict[str, Estimate]:
    """Intervals of everything a buyer looks at."""
    worth = worlds.bits().mean(axis=1)
    values: dict[str, Any] = {
        "error": worlds.by_slice().mean(axis=1),
        "shared": worlds.mean_over_tasks(worlds.shared),
        "attack": worlds.attack(),
        "bits": worth,
        "price": worlds.price,
        "price_per_bit": worlds.price / np.maximum(worth, 1e-9),
        "latency_days": worlds.latency,
    }
    if np.isfinite(worlds.capacity).all():
        values["capacity"] = worlds.capacity
    return {
        name: Estimate.from_draws(draws, method=METHOD, citation=CITATION)
        for name, draws in values.items()
    }
