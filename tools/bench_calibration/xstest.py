"""xstest: does a model's answer comply? What is trained and what is forecast.

Committed before the first run of a report split. A split divides the 450 prompts anew into three
quarters that train and one that judges. Three sources are real, of different quality: two people,
a rule that matches strings, and an AI judge; ``people.flipRR`` are *synthetic*, RR % more flips.
"""

from __future__ import annotations

import numpy as np
from designs import TWENTY_AS_THIRTY, Case, Design, curve_of, mixture, small_mixtures

from suffice.curve import Curve

ORDER = ("crowd.flip30", "gpt4", "strings", "crowd", "people")
"""``crowd`` is *synthetic*: the two people with 10 % flips; ``flip30`` has 30 % instead."""

UNSEEN_NOISE = "crowd.flip20"
LARGEST_FITTED = 300
_LINE = np.geomspace(50, LARGEST_FITTED, 6)
_FAR = (600, 1000, 1500)


def fitted(split: int) -> list[Curve]:
    """Cells with at most 300 labels: lines of one source, and a dozen small mixtures."""
    rng = np.random.default_rng([split, 41])
    lines = [curve_of({s: float(n)}) for s in ORDER for n in _LINE]
    return lines + small_mixtures(ORDER, (150, LARGEST_FITTED), rng)


def forecast(split: int) -> list[Case]:
    """Fifty unseen cells: 600 to 1,500 labels, mixtures, rounds and an unseen noise."""
    rng = np.random.default_rng([split, 42])
    cases = [Case("single source", curve_of({s: float(n)})) for s in ORDER for n in _FAR]
    cases += [Case("unseen noise", curve_of({UNSEEN_NOISE: float(n)})) for n in _FAR]
    for k, other in enumerate(("gpt4", "strings", "people")):
        counts = {UNSEEN_NOISE: rng.uniform(400, 1000), other: rng.uniform(200, 500)}
        cases.append(Case("unseen noise", curve_of(counts, last=other if k else None)))
    totals = (_FAR[0], _FAR[-1])
    cases += [Case("mixture", mixture(ORDER, totals, rng, rounds=False)) for _ in range(16)]
    cases += [Case("two rounds", mixture(ORDER, totals, rng, rounds=True)) for _ in range(13)]
    return cases


XSTEST = Design(
    name="xstest",
    target="minilm-l6",
    order=ORDER,
    columns=("people", "crowd", "strings", "gpt4", "crowd.flip30"),
    heavy=("crowd.flip30", UNSEEN_NOISE),
    # Fixed from the range of errors on the development splits.
    thresholds=tuple(round(0.11 + 0.01 * k, 2) for k in range(20)),
    fitted=fitted,
    forecast=forecast,
    report=tuple(range(1, 9)),
    seen_level={UNSEEN_NOISE: ("crowd.flip30", TWENTY_AS_THIRTY)},
)
