"""What a benchmark of forecasts is made of: cells, thresholds, splits and seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from suffice.curve import Curve, Tranche

TWENTY_AS_THIRTY = (1.0 - 2.0 * 0.2) ** 2 / (1.0 - 2.0 * 0.3) ** 2
"""Labels with 30 % flips that carry the information of one with 20 %."""


@dataclass(frozen=True)
class Case:
    """A cell to forecast: its curve, and the kind of question it asks."""

    kind: str
    curve: Curve


@dataclass(frozen=True)
class Design:
    """One set of tasks and all that is fixed before a report split is trained.

    Attributes:
        name: of the set.
        target: the model.
        order: sources of the fitted cells by falling error of one label, in which rounds train;
            ``NAME.flipRR`` is *synthetic*: RR % more flips.
        columns: what the baselines count. They know nothing of noise levels.
        seen_level: of each source that no fitted cell holds, the source whose labels the baselines
            take it for, and how many of them carry the same information.
        heavy: sources that make a cell heavily noisy.
        thresholds: largest allowed overall errors.
        fitted: cells that the law sees, by split.
        forecast: cells that it does not see, by split.
        development, report: numbers of splits: for building the law, and to be read once.
        fit_seeds, fresh_seeds, development_seeds: of runs.
    """

    name: str
    target: str
    order: tuple[str, ...]
    columns: tuple[str, ...]
    heavy: tuple[str, ...]
    thresholds: tuple[float, ...]
    fitted: Callable[[int], list[Curve]]
    forecast: Callable[[int], list[Case]]
    development: tuple[int, ...] = (900, 901)
    report: tuple[int, ...] = (1, 2, 3)
    fit_seeds: tuple[int, ...] = tuple(range(96))
    fresh_seeds: tuple[int, ...] = tuple(range(5_000_000, 5_000_100))
    development_seeds: tuple[int, ...] = tuple(range(6_000_000, 6_000_100))
    seen_level: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    def is_heavy(self, curve: Curve) -> bool:
        """Whether at least half of the labels carry synthetic noise."""
        noisy = sum(t.labels for t in curve if t.source in self.heavy)
        return 2 * noisy >= sum(t.labels for t in curve)


def curve_of(counts: Mapping[str, float], *, last: str | None = None) -> Curve:
    """A curve from numbers of labels; source ``last`` trains in a round of its own."""
    return Curve(
        tuple(Tranche(s, round(n), round=2 if s == last else 1) for s, n in counts.items())
    )


def small_mixtures(
    order: tuple[str, ...], totals: tuple[float, float], rng: np.random.Generator, count: int = 12
) -> list[Curve]:
    """Mixtures of two sources for the law to see, half of them in two rounds."""
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    mixed = []
    for k in range(count):
        total = np.exp(rng.uniform(*np.log(totals)))
        share = rng.uniform(0.15, 0.85)
        weak, strong = pairs[k % len(pairs)]
        counts = {weak: share * total, strong: (1.0 - share) * total}
        # Of those with rounds, one in three ends with its weaker source.
        last = None if k < count // 2 else weak if k % 3 == 0 else strong
        mixed.append(curve_of(counts, last=last))
    return mixed


def mixture(
    order: tuple[str, ...],
    totals: tuple[float, float],
    rng: np.random.Generator,
    *,
    rounds: bool,
    fewest: float = 50.0,
) -> Curve:
    """Two or three sources to be forecast; with rounds, the strongest trains last."""
    names = sorted(rng.choice(len(order), size=int(rng.integers(2, 4)), replace=False))
    shares = rng.dirichlet(np.full(len(names), 1.2))
    total = np.exp(rng.uniform(*np.log(totals)))
    counts = {order[i]: max(total * p, fewest) for i, p in zip(names, shares, strict=True)}
    return curve_of(counts, last=order[names[-1]] if rounds else None)
