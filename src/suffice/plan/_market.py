"""What can be bought, and every limit on it.

A limit is named by the words of the study file, so that a refusal says which line to change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from suffice.errors import InfeasibleError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice.channel import Source
    from suffice.corruption import Trigger
    from suffice.curve import Curve, ResolvedCurve

MOST_FREE_LABELS = 20_000
"""Labels that a source without price and capacity is taken to offer. Chosen, since a search must
end somewhere; a capacity in the study says otherwise."""

ROUNDING = 1e-9
"""What floating point may leave of a limit that is met exactly."""


@dataclass(frozen=True)
class Market:
    """What can be bought, and under which limits.

    Attributes:
        sources: by name.
        order: from the lowest to the highest quality of one label; rounds train in this order.
        repeats: labels a task that may be bought, by source.
        limits: different tasks that a source can label; None for as many as wanted.
        money: the budget.
        weeks: until the last label must be in.
        smallest: a tranche with fewer tasks is not worth its overhead, and no grid has seen it.
        takes: of each shared resource (reviewer hours, public comments), what one label of a
            source takes.
        weekly: how much there is of each shared resource in a week.
        at_least: tasks that must be bought of a source, such as promised public scrutiny.
        rounds: training rounds at most, 1 or 2.
        variants: sources under quality control, and the source underneath each. They stand in
            ``sources``, ``repeats``, ``limits`` and ``takes`` like others; capacity, time and
            record of the source underneath are shared by it and all its variants.
        ranks: all names, variants among them, from the lowest to the highest quality; ``order``
            where there are no variants.
        trigger: what hostile workers would push; None where they would answer wrong.
        ranked: whether anything tells the sources' qualities apart; not where none of them
            labelled a gold task.
    """

    sources: Mapping[str, Source]
    order: tuple[str, ...]
    repeats: Mapping[str, tuple[int, ...]]
    limits: Mapping[str, int | None]
    money: float
    weeks: float
    smallest: int
    takes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    weekly: Mapping[str, float] = field(default_factory=dict)
    at_least: Mapping[str, int] = field(default_factory=dict)
    rounds: int = 2
    trigger: Trigger | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    ranks: tuple[str, ...] = ()
    ranked: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that can be bought, from the lowest to the highest quality."""
        return self.ranks or self.order

    def base(self, name: str) -> str:
        """The source underneath; a source that is no variant is its own."""
        return self.variants.get(name, name)

    def family(self, source: str) -> tuple[str, ...]:
        """A source and its variants."""
        return (source, *(v for v, base in self.variants.items() if base == source))

    def ways(self, source: str) -> list[tuple[str, int]]:
        """Everything that can be bought of a source: name and labels a task."""
        return [(name, r) for name in self.family(source) for r in self.repeats[name]]

    def plain(self) -> Market:
        """The same market without quality control."""
        if not self.variants:
            return self
        kept = {name: s for name, s in self.sources.items() if name not in self.variants}
        return replace(self, sources=kept, variants={}, ranks=())

    def bounds(self, source: str) -> dict[str, float]:
        """Labels of one source that each limit allows by itself, by the limit's name."""
        s = self.sources[source]
        weeks = self.weeks - s.latency_days / 7.0
        found = {"budget.money": self.money / s.price} if s.price > 0 else {}
        if weeks <= 0.0:
            found["budget.weeks"] = 0.0
        if s.capacity is not None:
            found[f"sources.{self.base(source)}.capacity"] = s.capacity * max(weeks, 0.0)
        if s.price == 0:
            found["the most that is taken of a free source"] = float(MOST_FREE_LABELS)
        for name, amount in self.takes.get(source, {}).items():
            if amount > 0:
                found[f"budget.weekly.{name}"] = self.weekly[name] * self.weeks / amount
        limit = self.limits.get(source)
        if limit is not None:
            found[f"tasks that {source} can label"] = float(limit * max(self.repeats[source]))
        return found

    def most_labels(self, source: str) -> int:
        """Labels of one source within capacity, time and the whole budget."""
        return int(min(self.bounds(source).values()) + ROUNDING)

    def most_tasks(self, source: str, labels_per_task: int) -> int:
        """Tasks of one source at so many labels each."""
        tasks = self.most_labels(source) // labels_per_task
        limit = self.limits.get(source)
        return tasks if limit is None else min(tasks, limit)

    def most_beside(
        self, source: str, labels_per_task: int, bought: Mapping[str, tuple[int, int]]
    ) -> int:
        """The same where variants of the source are bought too: (tasks, labels a task) by name."""
        most = self.most_tasks(source, labels_per_task)
        base = self.base(source)
        kin = {n: b for n, b in bought.items() if n != source and b[0] and self.base(n) == base}
        if not kin:
            return most
        limit = self.limits.get(base)
        if limit is not None:
            most = min(most, limit - sum(tasks for tasks, _ in kin.values()))
        if self.sources[base].price == 0:
            taken = sum(tasks * r for tasks, r in kin.values())
            most = min(most, (MOST_FREE_LABELS - taken) // labels_per_task)
        own = self._wait(source)
        for wait in {own, *(self._wait(n) for n in kin)}:
            # What waits longer must be labelled before its wait begins.
            if own >= wait and (capacity := self.sources[source].capacity) is not None:
                left = self.weeks - wait - self._labelling(kin, wait)
                most = min(most, int(left * capacity / labels_per_task + ROUNDING))
        return max(most, 0)

    def _wait(self, name: str) -> float:
        return self.sources[name].latency_days / 7.0

    def _labelling(self, bought: Mapping[str, tuple[int, int]], wait: float) -> float:
        """Weeks of labelling for what is delivered so many weeks later, or later still."""
        return sum(
            tasks * r / capacity
            for n, (tasks, r) in bought.items()
            if self._wait(n) >= wait and (capacity := self.sources[n].capacity) is not None
        )

    def has_room(self, curve: Curve) -> bool:
        """Whether each source can label so many tasks, with all its variants together."""
        return all(t.tasks <= self.most_tasks(t.source, t.labels_per_task) for t in curve) and (
            not self.variants or self._shared(curve)
        )

    def _shared(self, curve: Curve) -> bool:
        bought: dict[str, tuple[int, int]] = {}
        for t in curve:
            before = bought.get(t.source, (0, t.labels_per_task))[0]
            bought[t.source] = (before + t.tasks, t.labels_per_task)
        return all(
            tasks <= self.most_beside(name, r, bought) for name, (tasks, r) in bought.items()
        )

    def least(self, source: str) -> int:
        """Tasks that a purchase of this source has at least."""
        return self.at_least.get(source, 0) or self.smallest

    def room(self, curve: Curve) -> dict[str, float]:
        """Share that a curve uses of everything that sources share: money and resources."""
        used = {"budget.money": curve.cost(self.sources) / self.money}
        for name, amount in self.weekly.items():
            taken = sum(t.labels * self.takes.get(t.source, {}).get(name, 0.0) for t in curve)
            if taken > 0:
                used[f"budget.weekly.{name}"] = taken / max(amount * self.weeks, 1e-12)
        return used

    def allows(self, curve: Curve) -> bool:
        """Whether a curve keeps to every limit."""
        tasks: dict[str, int] = {}
        for t in curve:
            base = self.base(t.source)
            tasks[base] = t.tasks + (tasks.get(base, 0) if self.variants else 0)
        return (
            max(self.room(curve).values()) <= 1.0 + ROUNDING
            and all(t.tasks >= self.least(t.source) for t in curve)
            and all(tasks.get(s, 0) >= n for s, n in self.at_least.items())
            and len({t.round for t in curve}) <= self.rounds
            and self.has_room(curve)
        )

    def check_repeats(self, curve: Curve) -> None:
        """Raise InputError where a curve asks for labels a task that are not on offer.

        A law knows what repeats are worth only as they are sold.
        """
        for t in curve:
            sold = self.repeats[t.source]
            if t.labels_per_task not in sold:
                raise InputError(
                    f"{t.source} is not sold at {t.labels_per_task} labels a task",
                    fix=f"sold: {', '.join(map(str, sold))}",
                )

    def promised(self) -> Curve:
        """The purchases that must be made."""
        from suffice.curve import Curve, Tranche

        owed = ((s, self.at_least.get(s, 0)) for s in self.order)
        return Curve(tuple(Tranche(s, n, min(self.repeats[s])) for s, n in owed if n))

    def up_to(self, tasks: int) -> Market:
        """The same market with so many tasks of a source at most."""
        limits = {s: tasks if n is None else min(n, tasks) for s, n in self.limits.items()}
        return replace(self, limits=limits)

    def with_money(self, money: float) -> Market:
        """The same market under another budget."""
        return replace(self, money=money)

    def resolve(self, curves: Sequence[Curve]) -> list[ResolvedCurve]:
        """Curves with the mean of what is believed of their sources."""
        return [c.resolve(self.sources) for c in curves]

    def why_none(self, source: str) -> str | None:
        """Why a source offers no purchase worth making; None where it does."""
        r = min(self.repeats[source])
        if self.most_tasks(source, r) >= self.smallest:
            return None
        name, labels = min(self.bounds(source).items(), key=lambda b: b[1])
        return f"{name} allows {int(labels // r)} tasks, fewer than the smallest {self.smallest}"

    def check(self) -> None:
        """Raise InfeasibleError when limits contradict each other, or nothing can be bought."""
        self._check_promises()
        most = {s: self.most_tasks(s, min(self.repeats[s])) for s in self.order}
        best = max(self.order, key=lambda s: most[s])
        if most[best] >= self.smallest:
            return
        need = self.smallest * min(self.repeats[best]) * self.sources[best].price
        name, _ = min(self.bounds(best).items(), key=lambda b: b[1])
        if name == "budget.money":
            cheap = min(self.order, key=self._first_price)
            short = self._first_price(cheap) - self.money
            remedy = f"the budget is {short:,.2f} short of {cheap!r}, the cheapest to start with"
        else:
            remedy = f"{name} is what ends it: raise it"
        raise InfeasibleError(
            f"nothing can be bought: {self.money:,.2f} in {self.weeks:g} weeks gets "
            f"{most[best]} tasks labelled by {best!r}, fewer than the smallest "
            f"purchase of {self.smallest} (which costs {need:,.2f}); {remedy}"
        )

    def _first_price(self, source: str) -> float:
        return self.smallest * min(self.repeats[source]) * self.sources[source].price

    def _check_promises(self) -> None:
        """Name the pair of limits where a promised purchase meets one that forbids it."""
        for source, tasks in self.at_least.items():
            labels = tasks * min(self.repeats[source])
            for name, most in self.bounds(source).items():
                if labels > most + ROUNDING:
                    raise InfeasibleError(
                        f"sources.{source}.at_least = {tasks} and {name} contradict each other: "
                        f"{int(most)} labels are possible, {labels} are promised "
                        f"({labels - int(most)} too many)"
                    )
        promised = self.promised()
        for name, share in self.room(promised).items():
            if share > 1.0 + ROUNDING:
                users = [t.source for t in promised if self._uses(t.source, name)]
                pair = " and ".join(f"sources.{s}.at_least" for s in users)
                raise InfeasibleError(
                    f"{pair} contradict {name}: together they take {share:.2f} times what there is"
                )

    def _uses(self, source: str, name: str) -> bool:
        if name == "budget.money":
            return self.sources[source].price > 0
        return self.takes.get(source, {}).get(name.removeprefix("budget.weekly."), 0.0) > 0
