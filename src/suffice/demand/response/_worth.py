"""Worth of a label of each source, metric by metric, with its sign: what helps, harms, or neither.

Worth is what some more labels of a source change, at the middle of what was measured. Where all
runs have one total, more of a source is less of the others, and worth is against those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from suffice._streams import Stream
from suffice.demand.response._fit import DRAWS
from suffice.estimate import Estimate, probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand.response._law import ResponseLaw
    from suffice.metric import Metric

    Floats = NDArray[np.float64]

Verdict = Literal["helps", "harms", "no gain shown", "nothing can be told"]

SURE = 0.95
"""Probability from which on a sign is claimed. A convention."""

_STEP = 0.1
"""Labels that are added, as a share of the middle purchase: small against what was measured, large
against rounding. Chosen."""


@dataclass(frozen=True)
class Skill:
    """How well a law foretells runs that it has not seen.

    Attributes:
        metric: by name.
        share: of the squared error of the mean of all others that it does away with.
        told: whether that is more than nothing, beyond the luck of these cells.
    """

    metric: str
    share: float
    told: bool

    @property
    def said(self) -> str:
        """In words."""
        if self.told:
            return f"{self.metric}: the law foretells left-out runs better than their mean does"
        return (
            f"{self.metric}: nothing can be told from these runs, the law foretells left-out runs "
            "no better than their mean does"
        )


@dataclass(frozen=True)
class Worth:
    """What more labels of one source do to one metric.

    Attributes:
        source, metric: by name.
        gain: what so many ``labels`` more change, above 0 where it is for the better.
        labels: that are added.
        instead: whether they replace labels of the other sources, as all runs had one total.
        better: probability that they are for the better; what changes nothing is not.
        verdict: what may be claimed.
    """

    source: str
    metric: str
    gain: Estimate
    labels: float
    instead: bool
    better: float
    verdict: Verdict

    @property
    def said(self) -> str:
        """In words."""
        how = "in place of others" if self.instead else "more"
        what = f"{self.labels:,.0f} labels of {self.source} {how}"
        if self.verdict == "nothing can be told":
            return f"{self.metric}: nothing can be told of {self.source} from these runs"
        if self.verdict == "no gain shown":
            return f"{self.metric}: no gain shown of {what} (P(better) {probability(self.better)})"
        verb = "help" if self.verdict == "helps" else "harm: more of this harms"
        return f"{self.metric}: {what} {verb} (P(better) {probability(self.better)})"


def skill_of(law: ResponseLaw) -> tuple[Skill, ...]:
    """Held-out skill of each metric."""
    found = []
    means = law.response.cells.means
    for m, stack in enumerate(law.response.stacks):
        y = means[:, m]
        others = (y.sum() - y) / max(len(y) - 1, 1)
        plain, ours = (y - others) ** 2, (y - stack.left_out[0]) ** 2
        gain = plain - ours
        share = float(gain.sum() / max(plain.sum(), 1e-300))
        error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else np.inf
        found.append(Skill(law.metrics[m].name, share, bool(gain.mean() > error)))
    return tuple(found)


def worth_of(law: ResponseLaw, *, seed: int = 0) -> tuple[Worth, ...]:
    """Worth of every source for every metric."""
    cells = law.response.cells
    skill = skill_of(law)
    sources = tuple(dict.fromkeys(s for s, _ in cells.columns))
    base = np.median(cells.points.counts, axis=0)
    if base.sum() <= 0.0:
        base = cells.points.counts.mean(axis=0)
    total = float(np.median(cells.points.total))
    # A median of each column need not sum to a total that any run had.
    base = base * (total / max(base.sum(), 1e-12))
    fixed = not law.response.frame.varied["total"]
    found = []
    for source in sources:
        mine = np.array([s == source for s, _ in cells.columns])
        labels = _STEP * total
        more, less = _around(base, mine, labels, fixed=fixed)
        counts = np.stack([more, less])
        places = cells.places(law.model, law.settings, counts)
        outcomes = law.response.at(
            places, Stream.RESPONSE_WORTH.rng(seed), draws=DRAWS, runs=2, common=True
        )
        step = float(more[mine].sum() - less[mine].sum())
        for m, metric in enumerate(law.metrics):
            # Lower is better where the sign is 1.
            change = -metric.sign * (outcomes.mean[:, 0, m] - outcomes.mean[:, 1, m])
            change = change * (labels / max(step, 1e-12))
            found.append(_judged(source, metric, change, labels, fixed, told=skill[m].told))
    return tuple(found)


def _around(
    base: Floats, mine: NDArray[np.bool_], labels: float, *, fixed: bool
) -> tuple[Floats, Floats]:
    """A little more of a source and a little less; the others give way where totals are fixed."""
    more, less = base.copy(), base.copy()
    spread = np.where(mine, 1.0, 0.0) / max(int(mine.sum()), 1)
    if not fixed:
        return base + labels * spread, base
    others = np.where(mine, 0.0, base)
    room = float(others.sum())
    if room <= 0.0:
        others = np.where(mine, 0.0, 1.0)
    rest = others / max(float(others.sum()), 1e-12)
    up = min(labels / 2.0, room) if room > 0.0 else 0.0
    own = float(base[mine].sum())
    down = min(labels / 2.0, own)
    more = base + up * spread - up * rest
    less = base - down * spread + down * rest
    if own > 0.0:
        less = np.where(mine, base * (1.0 - down / own), base + down * rest)
    return np.maximum(more, 0.0), np.maximum(less, 0.0)


def _judged(
    source: str, metric: Metric, change: Floats, labels: float, fixed: bool, *, told: bool
) -> Worth:
    better = float((change > 0.0).mean())
    verdict: Verdict = "no gain shown"
    if not told:
        verdict = "nothing can be told"
    elif better >= SURE:
        verdict = "helps"
    elif float((change < 0.0).mean()) >= SURE:
        verdict = "harms"
    method = "change of the law's mean at the middle of what was measured"
    return Worth(
        source,
        metric.name,
        Estimate.from_draws(change, method=method),
        labels,
        fixed,
        better,
        verdict,
    )


@dataclass(frozen=True)
class Exchange:
    """How many labels of the best source one label of another is worth, by itself.

    Attributes:
        source, than: by name.
        metric: by name.
        worth: labels of ``than`` that reach as much, for one label of ``source``.
        labels: of the source, where it is asked.
    """

    source: str
    than: str
    metric: str
    worth: Estimate
    labels: float


def exchange_of(
    law: ResponseLaw, source: str, than: str, *, labels: float | None = None, seed: int = 0
) -> tuple[Exchange, ...]:
    """Labels of one source that are worth one of another, where either trains alone.

    Args:
        law: of a table whose totals differ.
        source, than: by name.
        labels: of the source; the most that was measured of it alone by default: noise costs more
            the more labels there are, and plans buy many.
        seed: of the draws.
    """
    cells = law.response.cells
    names = [s for s, _ in cells.columns]
    a, b = names.index(source), names.index(than)
    own = cells.points.counts[:, a]
    n = labels or float(own.max())
    grid = n * np.geomspace(0.02, 5.0, 60)
    counts = np.zeros((len(grid) + 1, len(names)))
    counts[0, a] = n
    counts[1:, b] = grid
    places = cells.places(law.model, law.settings, counts)
    out = law.response.at(places, Stream.RESPONSE_WORTH.rng(seed), draws=DRAWS, runs=2, common=True)
    found = []
    for m, metric in enumerate(law.metrics):
        reached = metric.sign * out.mean[:, 0, m]
        curve = metric.sign * out.mean[:, 1:, m]
        # The first size that is as good; off the grid it is at an end.
        good = curve <= reached[:, None]
        first = np.where(good.any(axis=1), good.argmax(axis=1), len(grid) - 1)
        found.append(
            Exchange(
                source,
                than,
                metric.name,
                Estimate.from_draws(grid[first] / n, method="size that reaches as much"),
                n,
            )
        )
    return tuple(found)


def told(skills: Sequence[Skill]) -> bool:
    """Whether anything can be told of any metric."""
    return any(s.told for s in skills)
