"""The curve that can be bought: the cheapest way to each quality at each quantity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.channel import Source
    from suffice.estimate import Estimate
    from suffice.records import OfferCurve, OfferRow
    from suffice.supply.operators import Operated, Operator

    Floats = NDArray[np.float64]

DRAWS = 400
"""Half of them choose, the other half report: the best of many estimates flatters itself."""
_QUANTITIES = (300, 1000, 3000, 10_000)
_METHOD = "posterior draws that did not take part in the choice"
_CITATION = "Smith & Winkler (2006), Management Science 52: the best of many estimates"
_TINY = 1e-6
_STEP = 0.02
"""Steps of quality or price that are smaller than this are no choice."""


@dataclass(frozen=True, eq=False)
class Way:
    """One way to buy a labelled task: a source, and what is done to it.

    Attributes:
        source: the operated source.
        error, price, worth: draws of the error, the price and the bits of a delivered task [draw].
        capacity: tasks a week; inf where there is no limit.
        latency_weeks: from order to delivery.
    """

    source: Operated
    error: Floats
    price: Floats
    worth: Floats
    capacity: float
    latency_weeks: float

    def weeks(self, tasks: float) -> float:
        """How long so many tasks take."""
        return self.latency_weeks + tasks / self.capacity


@dataclass(frozen=True, eq=False)
class Offer:
    """The cheapest way found to one quality at one quantity.

    Attributes:
        tasks: how many are labelled.
        parts: what is bought: ways, and how many tasks go each way. More than one where no single
            source can deliver in time.
        error, bits: of a delivered task, mean over the parts.
        cost: of everything.
        weeks: until all is there.
    """

    tasks: int
    parts: tuple[tuple[Way, float], ...]
    error: Estimate
    bits: Estimate
    cost: Estimate
    weeks: float

    @property
    def how(self) -> str:
        """In words."""
        if len(self.parts) == 1:
            way = self.parts[0][0].source
            return f"{way.name}: {way.how}"
        return " + ".join(f"{n:,.0f} {w.source.name} ({w.source.how})" for w, n in self.parts)

    def record(self) -> OfferRow:
        """For ``supply.json``."""
        from suffice.records import Interval, OfferPart, OfferRow

        return OfferRow(
            tasks=self.tasks,
            error=Interval.of(self.error),
            bits=Interval.of(self.bits),
            cost=Interval.of(self.cost),
            weeks=self.weeks,
            how=self.how,
            parts=tuple(
                OfferPart(source=w.source.name, operators=w.source.how, tasks=n)
                for w, n in self.parts
            ),
        )


@dataclass(frozen=True, eq=False)
class SupplyCurve:
    """The cheapest way to each quality at each quantity.

    Attributes:
        offers: by quantity, then from the cheapest to the best.
        ways: all that were priced.
        left_out: ways that cannot be, and why.
        weeks: the time that there was; None for no limit.
        notes: what the offers assume, each once.
    """

    offers: tuple[Offer, ...]
    ways: tuple[Way, ...]
    left_out: tuple[str, ...] = ()
    weeks: float | None = None
    notes: tuple[str, ...] = field(default=())

    def cheapest(self, tasks: int, error: float) -> Offer | None:
        """The cheapest offer for this quantity whose expected error is at most that."""
        fitting = [o for o in self.offers if o.tasks == tasks and o.error.value <= error + _TINY]
        return min(fitting, key=lambda o: o.cost.value, default=None)

    def frame(self) -> pl.DataFrame:
        """One row an offer."""
        import polars as pl

        rows = []
        for o in self.offers:
            row: dict[str, Any] = {"tasks": o.tasks}
            for name, e in (("error", o.error), ("bits", o.bits), ("cost", o.cost)):
                row |= {name: e.value, f"{name}_low": e.low, f"{name}_high": e.high}
            sources = [w.source.name for w, _ in o.parts]
            rows.append(row | {"weeks": o.weeks, "sources": "+".join(sources), "how": o.how})
        return pl.DataFrame(rows)

    def record(self) -> OfferCurve:
        """For ``supply.json``."""
        from suffice.records import OfferCurve

        return OfferCurve(
            offers=tuple(o.record() for o in self.offers), weeks=self.weeks, notes=self.notes
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with all ways and what cannot be."""
        return {
            "offers": [o.record().model_dump(mode="json") for o in self.offers],
            "ways": [
                {
                    "source": w.source.name,
                    "operators": w.source.how,
                    **{k: e.as_dict() for k, e in w.source.estimates.items()},
                    "capacity_mean": w.source.capacity,
                }
                for w in self.ways
            ],
            "weeks": self.weeks,
            "left_out": list(self.left_out),
            "notes": list(self.notes),
        }


def supply_curve(
    sources: Mapping[str, Source] | Sequence[Source],
    operators: Sequence[Operator | Sequence[Operator]],
    quantities: Sequence[int] | None = None,
    *,
    weeks: float | None = None,
    seed: int = 0,
) -> SupplyCurve:
    """Price every source with every setting of quality control, and keep what nothing beats.

    A way is kept where no other is both cheaper and better. Where the capacity of the cheapest way
    to a quality cannot deliver it in time, the cheapest mix of ways that can is found by linear
    programming; its error is the mean over its tasks. A source's time is shared by all ways that
    use it. Capacities are taken at their means.

    Args:
        sources: what labels can be bought from.
        operators: settings: an operator, or several in order; "as it comes" is always among them.
        quantities: labelled tasks wanted.
        weeks: time there is; None for no limit.
        seed: of the draws. All ways of a source see the same draws of it.

    Raises:
        InputError: there is no source, or a quantity is not positive.

    Example:
        >>> from suffice import supply_curve
        >>> from suffice.supply.operators import Qualification, Redundancy
        >>> curve = supply_curve(sources, [Redundancy(3), (Qualification(), Redundancy(3))])
        ... # doctest: +SKIP
        >>> curve.frame()  # doctest: +SKIP
    """
    named = list(sources.values()) if hasattr(sources, "values") else list(sources)
    wanted = tuple(_QUANTITIES if quantities is None else quantities)
    if not named:
        raise InputError("there is no source to buy from", fix="give at least one")
    if len({source.name for source in named}) < len(named):
        raise InputError("two sources have the same name", fix="give each its own name")
    if not wanted or min(wanted) < 1:
        raise InputError(f"quantities {wanted} cannot be bought", fix="give positive whole numbers")
    if seed < 0:
        raise InputError(f"{seed} is no seed", fix="give 0 or more")
    if weeks is not None and not weeks > 0.0:
        raise InputError(f"{weeks:g} weeks are no time", fix="give a positive number, or None")
    menu: list[tuple[Operator, ...]] = [()]
    for setting in operators:
        one = tuple(setting) if isinstance(setting, list | tuple) else (setting,)
        if one not in menu:
            menu.append(one)
    ways, left_out = price_ways(named, menu, seed=seed)
    offers = [o for n in wanted for o in _offers(ways, int(n), weeks)]
    bought = (way for offer in offers for way, _ in offer.parts)
    notes = dict.fromkeys(note for way in bought for note in way.source.notes)
    return SupplyCurve(tuple(offers), tuple(ways), tuple(left_out), weeks, tuple(notes))


def price_ways(
    sources: Sequence[Source], menu: Sequence[Sequence[Operator]], *, seed: int = 0
) -> tuple[list[Way], list[str]]:
    """Every source with every setting, on the same draws of the source; and what cannot be."""
    from zlib import crc32

    import numpy as np

    from suffice.supply.operators import draw_worlds, operated

    ways, left_out = [], []
    for number, source in enumerate(sources):
        part = (number,) if number else ()
        base = draw_worlds(source, DRAWS, Stream.SURFACE_AND_SUPPLY.rng(seed, *part))
        for operators in menu:
            worlds, settled = base, []
            try:
                for given in operators:
                    operator = given.settle(worlds)
                    # What is not known of an operator is the same wherever it is used.
                    rng = Stream.SLIDERS_AND_OPERATORS.rng(seed, crc32(repr(given).encode()))
                    worlds = operator.transform(worlds, operator.effects(DRAWS, rng))
                    settled.append(operator)
            except InputError as error:
                left_out.append(f"{', '.join(str(o) for o in operators)}: {error}")
                continue
            made = operated(source, tuple(settled), worlds)
            capacity = np.inf if made.capacity is None else made.capacity
            ways.append(
                Way(
                    source=made,
                    error=worlds.by_slice().mean(axis=1),
                    price=worlds.price,
                    worth=worlds.bits().mean(axis=1),
                    capacity=float(capacity),
                    latency_weeks=float(worlds.latency.mean()) / 7.0,
                )
            )
    return ways, left_out


def _offers(ways: Sequence[Way], tasks: int, weeks: float | None) -> list[Offer]:
    """What nothing beats at one quantity, from the cheapest to the best."""
    import numpy as np

    error = np.array([w.error[: DRAWS // 2].mean() for w in ways])
    price = np.array([w.price[: DRAWS // 2].mean() for w in ways])
    in_time = np.array([weeks is None or w.weeks(tasks) <= weeks + _TINY for w in ways])
    found = []
    best = np.inf
    # Qualities worth a price: those of the frontier, and of the frontier of what is in time.
    timely = np.flatnonzero(in_time)
    worth = {*_frontier(error, price), *timely[_frontier(error[timely], price[timely])].tolist()}
    for target in sorted((float(error[k]) for k in worth), reverse=True):
        if target >= best * (1.0 - _STEP):
            continue
        fitting = np.flatnonzero(error <= target + _TINY)
        way = int(fitting[np.argmin(price[fitting])])
        parts = [(ways[way], float(tasks))]
        if not in_time[way]:
            assert weeks is not None
            parts = _in_time(ways, error, price, in_time, tasks, weeks, target)
        if not parts:
            continue
        best = float(sum(w.error[: DRAWS // 2].mean() * n for w, n in parts)) / tasks
        found.append(_offer(tasks, parts))
    return found


def _in_time(
    ways: Sequence[Way],
    error: Floats,
    price: Floats,
    in_time: NDArray[np.bool_],
    tasks: int,
    weeks: float,
    target: float,
) -> list[tuple[Way, float]]:
    """The cheapest of: another way that is in time, or a mix; empty where there is neither."""
    import numpy as np

    parts = _mix(ways, error, price, tasks, weeks, target)
    cost = sum(n * w.price[: DRAWS // 2].mean() for w, n in parts) if parts else np.inf
    fitting = np.flatnonzero(in_time & (error <= target + _TINY))
    if len(fitting):
        k = int(fitting[np.argmin(price[fitting])])
        if price[k] * tasks <= cost * (1.0 + _STEP):
            return [(ways[k], float(tasks))]
    return parts


def _frontier(error: Floats, price: Floats) -> list[int]:
    """Ways that are not beaten in both, from the cheapest."""
    import numpy as np

    kept, best = [], np.inf
    for k in np.lexsort((error, price)):
        if error[k] < best - _TINY:
            kept.append(int(k))
            best = error[k]
    return kept


def _mix(
    ways: Sequence[Way], error: Floats, price: Floats, tasks: int, weeks: float, target: float
) -> list[tuple[Way, float]]:
    """The cheapest mix whose mean error is at most the target, within capacities; empty if none."""
    import numpy as np
    from scipy.optimize import linprog

    usable = np.array([w.latency_weeks < weeks for w in ways])
    kept = [int(k) for k in np.flatnonzero(usable)]
    if not kept:
        return []
    rows, limits = [error[kept]], [target]
    late = np.array([ways[k].latency_weeks for k in kept])
    each = np.array([tasks / ways[k].capacity for k in kept])
    names = np.array([ways[k].source.name for k in kept])
    # A source works first for what waits longest afterwards: all that waits at least so long must
    # be labelled before that wait begins.
    for name in np.unique(names):
        for wait in np.unique(late[names == name]):
            rows.append(np.where((names == name) & (late >= wait), each, 0.0))
            limits.append(weeks - wait)
    solved = linprog(
        price[kept],
        A_ub=np.array(rows),
        b_ub=np.array(limits) + 1e-12,
        A_eq=np.ones((1, len(kept))),
        b_eq=np.ones(1),
        bounds=(0.0, 1.0),
        method="highs",
    )
    if solved.status != 0:
        return []
    return [
        (ways[int(k)], tasks * float(x)) for k, x in zip(kept, solved.x, strict=True) if x > 1e-4
    ]


def _offer(tasks: int, parts: list[tuple[Way, float]]) -> Offer:
    """Say of one purchase what the draws that did not choose it say."""
    import numpy as np

    from suffice.estimate import Estimate

    rest = slice(DRAWS // 2, DRAWS)
    error = np.sum([w.error[rest] * n for w, n in parts], axis=0) / tasks
    worth = np.sum([w.worth[rest] * n for w, n in parts], axis=0) / tasks
    cost = np.sum([w.price[rest] * n for w, n in parts], axis=0)
    by_source: dict[str, float] = {}
    weeks = 0.0
    for w, n in sorted(parts, key=lambda part: -part[0].latency_weeks):
        by_source[w.source.name] = by_source.get(w.source.name, 0.0) + n / w.capacity
        weeks = max(weeks, w.latency_weeks + by_source[w.source.name])
    return Offer(
        tasks=tasks,
        parts=tuple(parts),
        error=Estimate.from_draws(error, method=_METHOD, citation=_CITATION),
        bits=Estimate.from_draws(worth, method=_METHOD, citation=_CITATION),
        cost=Estimate.from_draws(cost, method=_METHOD, citation=_CITATION),
        weeks=weeks,
    )
