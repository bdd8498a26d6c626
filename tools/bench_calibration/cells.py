"""What is trained and what is forecast: committed before the first run of a report split.

A *split* divides the example's texts anew into training and evaluation, and the raters of each
text into gold and sources. ``DEVELOPMENT`` splits are for building the law; ``REPORT`` splits are
read once, by the table in docs/calibration.md. Cells differ between splits as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from suffice.curve import Curve, Tranche

DEVELOPMENT = (900, 901)
REPORT = (1, 2, 3)

FIT_SEEDS = tuple(range(96))
DEPTH_FIT_SEEDS = FIT_SEEDS[:32]
FRESH_SEEDS = tuple(range(5_000_000, 5_000_100))
DEVELOPMENT_SEEDS = tuple(range(6_000_000, 6_000_060))

ORDER = ("crowd.flip30", "lexicon_judge", "crowd", "panel")
"""Sources in the fitted cells by falling error of one label, the order in which rounds train;
``flip30`` is synthetic: 30 % more flips."""

UNSEEN_NOISE = "crowd.flip20"
"""Synthetic: a noise level that no fitted cell holds."""

HEAVY = ("crowd.flip30", UNSEEN_NOISE)
FITTED_DEPTHS, UNSEEN_DEPTH = (2, 4), 3
TARGET = "minilm-l6"

THRESHOLDS = tuple(round(0.23 + 0.01 * k, 2) for k in range(16))
"""Largest allowed overall error. Fixed from the range of errors on the development splits."""

LARGEST_FITTED = 1000
_LINE = np.geomspace(60, LARGEST_FITTED, 7)
_FAR = (2000, 4000, 8000)


@dataclass(frozen=True)
class Case:
    """A cell to forecast: its curve, and the kind of question it asks."""

    kind: str
    curve: Curve

    @property
    def heavy(self) -> bool:
        """Whether at least half of the labels carry synthetic noise."""
        noisy = sum(t.labels for t in self.curve if t.source in HEAVY)
        return 2 * noisy >= sum(t.labels for t in self.curve)


def fitted(split: int) -> list[Curve]:
    """Cells with at most 1,000 labels: lines of one source, and a dozen small mixtures."""
    rng = np.random.default_rng([split, 21])
    lines = [_curve({s: float(n)}) for s in ORDER for n in _LINE]
    pairs = [(a, b) for i, a in enumerate(ORDER) for b in ORDER[i + 1 :]]
    mixed = []
    for k in range(12):
        total = np.exp(rng.uniform(np.log(250), np.log(LARGEST_FITTED)))
        share = rng.uniform(0.15, 0.85)
        weak, strong = pairs[k % len(pairs)]
        counts = {weak: share * total, strong: (1.0 - share) * total}
        # Six pooled; of the six with rounds, one in three ends with its weaker source.
        last = None if k < len(pairs) else weak if k % 3 == 0 else strong
        mixed.append(_curve(counts, last=last))
    return lines + mixed


def forecast(split: int) -> list[Case]:
    """Sixty unseen cells: 2,000 to 8,000 labels, unseen mixtures, rounds and an unseen noise."""
    rng = np.random.default_rng([split, 22])
    cases = [Case("single source", _curve({s: float(n)})) for s in ORDER for n in _FAR]
    cases += [Case("unseen noise", _curve({UNSEEN_NOISE: float(n)})) for n in (1000, *_FAR)]
    for k in range(4):
        other = ("panel", "lexicon_judge")[k % 2]
        counts = {UNSEEN_NOISE: rng.uniform(1000, 4000), other: rng.uniform(300, 2000)}
        last = "panel" if k == 0 else UNSEEN_NOISE if k == 1 else None
        cases.append(Case("unseen noise", _curve(counts, last=last)))
    cases += [Case("mixture", _mixture(rng, rounds=False)) for _ in range(22)]
    cases += [Case("two rounds", _mixture(rng, rounds=True)) for _ in range(18)]
    return cases


def deep(split: int) -> list[Case]:
    """Cells for the unseen depth: within and beyond the fitted sizes."""
    rng = np.random.default_rng([split, 23])
    curves = [_curve({s: float(n)}) for s in ("panel", "crowd", "lexicon_judge")
              for n in (500, 2000)]  # fmt: skip
    curves += [_mixture(rng, rounds=bool(k % 2)) for k in range(6)]
    return [Case("unseen depth", c) for c in curves]


def _mixture(rng: np.random.Generator, *, rounds: bool) -> Curve:
    """Two or three sources, 2,000 to 8,000 labels; with rounds, the strongest trains last."""
    names = sorted(rng.choice(len(ORDER), size=int(rng.integers(2, 4)), replace=False))
    shares = rng.dirichlet(np.full(len(names), 1.2))
    total = np.exp(rng.uniform(np.log(_FAR[0]), np.log(_FAR[-1])))
    counts = {ORDER[i]: max(total * p, 50.0) for i, p in zip(names, shares, strict=True)}
    return _curve(counts, last=ORDER[names[-1]] if rounds else None)


def _curve(counts: dict[str, float], *, last: str | None = None) -> Curve:
    return Curve(
        tuple(Tranche(s, round(n), round=2 if s == last else 1) for s, n in counts.items())
    )
