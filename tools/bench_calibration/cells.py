"""The example ratings: what is trained and what is forecast.

Committed before the first run of a report split. A *split* divides the example's texts anew into
training and evaluation, and the raters of each text into gold and sources. Development splits are
for building the law; report splits are read once, by the tables in docs/calibration.md. Cells
differ between splits as well.
"""

from __future__ import annotations

import numpy as np
from designs import TWENTY_AS_THIRTY, Case, Design, curve_of, mixture, small_mixtures

from suffice.curve import Curve

ORDER = ("crowd.flip30", "lexicon_judge", "crowd", "panel")
UNSEEN_NOISE = "crowd.flip20"
LARGEST_FITTED = 1000
_LINE = np.geomspace(60, LARGEST_FITTED, 7)
_FAR = (2000, 4000, 8000)


def fitted(split: int) -> list[Curve]:
    """Cells with at most 1,000 labels: lines of one source, and a dozen small mixtures."""
    rng = np.random.default_rng([split, 21])
    lines = [curve_of({s: float(n)}) for s in ORDER for n in _LINE]
    return lines + small_mixtures(ORDER, (250, LARGEST_FITTED), rng)


def forecast(split: int) -> list[Case]:
    """Sixty unseen cells: 2,000 to 8,000 labels, unseen mixtures, rounds and an unseen noise."""
    rng = np.random.default_rng([split, 22])
    cases = [Case("single source", curve_of({s: float(n)})) for s in ORDER for n in _FAR]
    cases += [Case("unseen noise", curve_of({UNSEEN_NOISE: float(n)})) for n in (1000, *_FAR)]
    for k in range(4):
        other = ("panel", "lexicon_judge")[k % 2]
        counts = {UNSEEN_NOISE: rng.uniform(1000, 4000), other: rng.uniform(300, 2000)}
        last = "panel" if k == 0 else UNSEEN_NOISE if k == 1 else None
        cases.append(Case("unseen noise", curve_of(counts, last=last)))
    totals = (_FAR[0], _FAR[-1])
    cases += [Case("mixture", mixture(ORDER, totals, rng, rounds=False)) for _ in range(22)]
    cases += [Case("two rounds", mixture(ORDER, totals, rng, rounds=True)) for _ in range(18)]
    return cases


RATINGS = Design(
    name="ratings",
    target="minilm-l6",
    order=ORDER,
    columns=("panel", "crowd", "lexicon_judge", "crowd.flip30"),
    heavy=("crowd.flip30", UNSEEN_NOISE),
    # Fixed from the range of errors on the development splits.
    thresholds=tuple(round(0.23 + 0.01 * k, 2) for k in range(16)),
    fitted=fitted,
    forecast=forecast,
    development_seeds=tuple(range(6_000_000, 6_000_060)),
    seen_level={UNSEEN_NOISE: ("crowd.flip30", TWENTY_AS_THIRTY)},
)
