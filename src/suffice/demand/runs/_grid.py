"""Which curves to train on, so that a law can be fitted to what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.curve import Curve, Tranche, split_rounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SIZES = 6
"""Sizes on the line of one source with one label a task. Chosen: scale, power and reach of a curve
are three, and each source's worth shows in the shift between two such lines."""

ATTACKS = (0.03, 0.1, 0.3)
"""Shares of hostile labels that are tried out, evenly spaced in log. Chosen: from what is hard to
notice to what is hard to miss."""

_REPEAT_SIZES = 3
"""Sizes on the line of more labels a task. Chosen: it is the other line, shifted."""

_CONCENTRATION = 0.6
"""Of the Dirichlet shares of sources in mixtures. Chosen: below one, so that edges are met often,
where one source is a little of the whole."""

_LOWEST_LEVEL = 0.1
"""Share of the budget that the cheapest mixture spends. Chosen."""

# Two mixtures in five train in rounds. Chosen: pooling is the commoner plan.
_PLANS = ("pooled", "pooled", "split", "pooled", "split")


@dataclass(frozen=True)
class SourceLimits:
    """What can be bought of one source, as far as the design of a grid needs to know.

    Attributes:
        source: its name.
        price: of one label; 0 for free ones.
        most: labels at most, by capacity, money and what is recorded.
        repeats: numbers of labels a task that may be bought.
        limit: different tasks that it can label; None for as many as wanted.
    """

    source: str
    price: float
    most: int
    repeats: tuple[int, ...] = (1,)
    limit: int | None = None

    def most_tasks(self, labels_per_task: int) -> int:
        """Tasks at so many labels each."""
        tasks = self.most // labels_per_task
        return tasks if self.limit is None else min(tasks, self.limit)


@dataclass(frozen=True)
class Attack:
    """A cell in which hostile labels are mixed into what is bought.

    Attributes:
        curve: what is bought.
        share: share of hostile labels, synthetic.
        rounds: the training rounds that hold them; empty for all.
    """

    curve: Curve
    share: float
    rounds: tuple[int, ...] = ()


def design_attacks(
    limits: Mapping[str, SourceLimits], order: Sequence[str], smallest: int
) -> list[Attack]:
    """Cells under attack: every source in turn, few and many labels, and early rounds gone bad.

    A law that never saw hostile labels, or a bad round that a good one follows, cannot forecast
    them.

    Args:
        limits: by source.
        order: sources from the lowest to the highest quality.
        smallest: labelled tasks in the smallest cell.
    """
    able = [s for s in order if limits[s].most_tasks(min(limits[s].repeats)) >= 2 * smallest]
    if not able:
        return []
    cells = []
    for k, share in enumerate((ATTACKS[0], *ATTACKS, *ATTACKS[1:])):
        name = able[k % len(able)]
        r = min(limits[name].repeats)
        most = limits[name].most_tasks(r)
        tasks = most if k % 2 else round(float(np.sqrt(2.0 * smallest * most)))
        cells.append(Attack(Curve((Tranche(name, tasks, r),)), share))
    first, last = able[0], able[-1]
    for share in ATTACKS[1:]:
        early, late = limits[first], limits[last]
        many = early.most_tasks(min(early.repeats)) // 2
        few = min(max(many // 4, smallest), late.most_tasks(min(late.repeats)) // 2)
        bought = (
            Tranche(first, many, min(early.repeats)),
            Tranche(last, few, min(late.repeats), round=2),
        )
        cells.append(Attack(Curve(bought), share, rounds=(1,)))
    return list(dict.fromkeys(cells))


def design_grid(
    limits: Mapping[str, SourceLimits],
    order: Sequence[str],
    *,
    budget: float,
    smallest: int,
    mixtures: int,
    seed: int,
) -> list[Curve]:
    """Lines of every source alone, and mixtures spread over everything the budget can buy.

    Args:
        limits: by source.
        order: sources from the lowest to the highest quality; rounds go weak to strong.
        budget: money.
        smallest: labelled tasks in the smallest cell.
        mixtures: cells that mix sources.
        seed: of the design.
    """
    cells = [c for s in order for c in lines_of(limits[s], smallest)]
    if len(order) > 1:
        cells += _mixtures(limits, order, budget, smallest, mixtures, seed)
    return list(dict.fromkeys(cells))


def lines_of(limit: SourceLimits, smallest: int = 1) -> list[Curve]:
    """The cells of one source alone."""
    cells = []
    for r in limit.repeats:
        most = limit.most_tasks(r)
        low = min(smallest, most)
        if most < 1:
            continue
        count = SIZES if r == min(limit.repeats) else _REPEAT_SIZES
        for n in np.geomspace(low, most, count):
            cells.append(Curve((Tranche(limit.source, round(float(n)), r),)))
    return cells


def _mixtures(
    limits: Mapping[str, SourceLimits],
    order: Sequence[str],
    budget: float,
    smallest: int,
    count: int,
    seed: int,
) -> list[Curve]:
    from scipy.special import gammaincinv

    points = _latin_hypercube(2 * count, len(order) + 2, Stream.GRID_DESIGN.rng(seed))
    cells: list[Curve] = []
    for point in points:
        if len(cells) == count:
            break
        # Gamma masses over their sum are Dirichlet shares, some of them close to nothing.
        masses = gammaincinv(_CONCENTRATION, np.clip(point[: len(order)], 1e-4, 1.0 - 1e-4))
        shares = masses / masses.sum()
        spend = budget * _LOWEST_LEVEL ** (1.0 - point[-2])
        tranches = []
        for s, share in zip(order, shares, strict=True):
            limit = limits[s]
            r = limit.repeats[int(point[-1] * len(limit.repeats)) % len(limit.repeats)]
            # Free labels cost nothing: their share is one of what there is.
            labels = share * (spend / limit.price if limit.price > 0 else limit.most)
            tasks = min(int(labels // r), limit.most_tasks(r))
            if tasks >= max(smallest // 2, 1):
                tranches.append(Tranche(s, tasks, r))
        if len(tranches) < 2:
            continue
        curve = Curve(tuple(tranches))
        if _PLANS[len(cells) % len(_PLANS)] == "split":
            curve = split_rounds(curve, order, 1 + len(cells) % (len(order) - 1))
        cells.append(curve)
    return cells


def _latin_hypercube(count: int, dimensions: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Points in the unit cube that cover every axis evenly [point, dimension]."""
    cells = np.column_stack([rng.permutation(count) for _ in range(dimensions)])
    return np.asarray((cells + rng.random(cells.shape)) / max(count, 1))
