"""How far a curve lies from what was measured: by the kinds of purchase in it, and by their size.

A law can be asked about anything, and answers. What no measured cell held it answers from its
prior: such a curve is far, however little it buys. Kinds of purchase are

- a source alone, and a source beside others: what a source teaches shows in its share, and a share
  of one is not the end of smaller ones (shared error teaches out of proportion);
- so many labels a task of a source;
- a second training round, a third, and so on;
- tasks from some slices only.

A source under quality control is the source underneath, whose labels are worth more or less: the
law works that worth out from what is left of the error and widens its forecasts by what that may
be off (see ``Terms.untried``), so that it is no kind of its own; its repeats are part of it. The
scheme is the law's own and no part of a curve.

Size is what the law counts, clean-equivalent labels. More labels of one source than any cell held
are near at best, and not far for that alone: they lie on along a line that was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice.curve import ResolvedCurve
from suffice.records import Distance as Distance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from suffice.curve import Curve

ORDER: tuple[Distance, ...] = ("inside", "near", "far")
"""From the nearest to the farthest."""

_INSIDE = 1.05
"""Times the largest measured purchase up to which sizes count as the same. Chosen: money and whole
tasks round a planned purchase by some per cent. It moves a word in tables and no number."""

_NEAR = 3.0
"""Times the largest measured purchase from which on only bounds are shown. Chosen, half a decade;
not measured."""


@dataclass(frozen=True)
class Coverage:
    """What measured cells held.

    Attributes:
        kinds: of purchase.
        most: labels of each source in the cell that bought most of it.
    """

    kinds: frozenset[tuple[object, ...]]
    most: Mapping[str, int]

    @classmethod
    def of(cls, curves: Iterable[Curve]) -> Coverage:
        """Read cells."""
        kinds: set[tuple[object, ...]] = set()
        most: dict[str, int] = {}
        for curve in curves:
            kinds |= _kinds(curve)
            for source, labels in _labels(curve).items():
                most[source] = max(labels, most.get(source, 0))
        return cls(frozenset(kinds), most)

    def distance(self, curve: Curve | ResolvedCurve, times: float) -> Distance:
        """How far a curve lies from them.

        Args:
            curve: what might be bought.
            times: its size against the largest cell's, as the law counts size.
        """
        bought = curve.curve if isinstance(curve, ResolvedCurve) else curve
        if not _kinds(bought) <= self.kinds:
            return "far"
        if times > _NEAR:
            return "far"
        own = max((n / self.most[s] for s, n in _labels(bought).items()), default=0.0)
        return "inside" if max(times, own) <= _INSIDE else "near"


def _kinds(curve: Curve) -> set[tuple[object, ...]]:
    bought = [t for t in curve if t.tasks > 0]
    sources = {t.base for t in bought}
    company = "alone" if len(sources) == 1 else "beside others"
    rounds = len({t.round for t in bought})
    return {
        *((s, company) for s in sources),
        *((t.base, t.labels_per_task) for t in bought if not t.operated),
        *(("round", k) for k in range(2, rounds + 1)),
        *(("slices", t.where) for t in bought if t.where),
    }


def _labels(curve: Curve) -> dict[str, int]:
    labels: dict[str, int] = {}
    for t in curve:
        if t.tasks > 0:
            labels[t.base] = labels.get(t.base, 0) + t.labels
    return labels
