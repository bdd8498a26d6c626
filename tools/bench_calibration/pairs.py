"""A file of chosen and rejected answers: which one was preferred? What is trained and forecast.

Committed before the first run of a report split. A split divides the prompts anew into three
quarters that train and one that judges. The file has one label a pair, so that sources differ by
*synthetic* noise alone: ``crowd.flipRR`` has RR % flips.
"""

from __future__ import annotations

import numpy as np
from designs import TWENTY_AS_THIRTY, Case, Design, curve_of, mixture, small_mixtures

from suffice.curve import Curve

ORDER = ("crowd.flip30", "crowd", "recorded")
"""``crowd`` has 10 % flips."""

UNSEEN_NOISE = "crowd.flip20"
LARGEST_FITTED = 300
_LINE = np.geomspace(50, LARGEST_FITTED, 8)
_FAR = (600, 1000, 1500)


def fitted(split: int) -> list[Curve]:
    """Cells with at most 300 labels: lines of one source, and a dozen small mixtures."""
    rng = np.random.default_rng([split, 51])
    lines = [curve_of({s: float(n)}) for s in ORDER for n in _LINE]
    return lines + small_mixtures(ORDER, (150, LARGEST_FITTED), rng)


def forecast(split: int) -> list[Case]:
    """Thirty unseen cells: 600 to 1,500 labels, mixtures, rounds and an unseen noise."""
    rng = np.random.default_rng([split, 52])
    cases = [Case("single source", curve_of({s: float(n)})) for s in ORDER for n in _FAR]
    cases += [Case("unseen noise", curve_of({UNSEEN_NOISE: float(n)})) for n in _FAR]
    totals = (_FAR[0], _FAR[-1])
    cases += [Case("mixture", mixture(ORDER, totals, rng, rounds=False)) for _ in range(10)]
    cases += [Case("two rounds", mixture(ORDER, totals, rng, rounds=True)) for _ in range(8)]
    return cases


def pairs_design(name: str) -> Design:
    """The design for one such file."""
    return Design(
        name=name,
        target="minilm-l6",
        order=ORDER,
        columns=tuple(reversed(ORDER)),
        heavy=("crowd.flip30", UNSEEN_NOISE),
        thresholds=tuple(round(0.37 + 0.005 * k, 3) for k in range(19)),
        fitted=fitted,
        forecast=forecast,
        report=tuple(range(1, 9)),
        seen_level={UNSEEN_NOISE: ("crowd.flip30", TWENTY_AS_THIRTY)},
    )
