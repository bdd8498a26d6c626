"""One curve's forecast in full: as measured, with new gold, and in deployment.

The law has learned what the labels in the record did, whatever their error really is: for that
very pool, doubt about the sources moves nothing. Labels yet to be given are another matter. Their
channel is drawn from what the audit leaves open, and is worth more or less than the record by the
ratio of Fisher informations.

Assumes: sources are known independently of each other, and go on as they were on the texts that the
record was drawn from.
Fails when: the source itself changes, or the texts of deployment are others than those of the pool;
and a drawn channel that shares more error than the record would teach more of it, which a ratio of
worths does not see.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from suffice._streams import Stream
from suffice.channel import FixedPosterior
from suffice.errors import InputError
from suffice.forecast._parts import GOLD, SUPPLY, counted_parts, monte_carlo_sd, part
from suffice.forecast._parts import HELD as HELD_PART
from suffice.forecast._probability import (
    DRAWS,
    HELD_FIXED,
    RUNS,
    estimate,
    make_forecasts,
    pass_chances,
)
from suffice.metric import signs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from suffice.channel import Source
    from suffice.curve import Curve
    from suffice.demand import Law
    from suffice.forecast._criterion import Criterion
    from suffice.forecast._probability import Forecast

    Floats = NDArray[np.float64]

Held = Literal["pool and gold", "pool", "deployment"]

HELD: dict[str, str] = {
    "pool and gold": HELD_FIXED,
    "pool": "this pool of texts; the gold is drawn anew",
    "deployment": "nothing: new labels from these sources, judged by new gold",
}
_ONE_GOLD = "this gold, which has no replicas; labels are drawn anew"

SUPPLIES, GOLDS = 32, 64
"""Draws of the sources, which tell the spread that they leave to an eighth, and golds at fixed
places, which leave no error of chance."""
_DRAWS, _RUNS = 120, 400
"""Leave P a Monte Carlo sd of .02 with known sources (`tools/bench_monte_carlo.py`); what drawn
sources add to it is in what the forecast states."""


def forecast(
    law: Law,
    curve: Curve,
    sources: Mapping[str, Source],
    criterion: Criterion,
    *,
    held_fixed: Held = "pool and gold",
    gold_shifts: Floats | None = None,
    seed: int = 0,
    draws: int = DRAWS,
    runs: int = RUNS,
    half: int | None = None,
) -> Forecast:
    """P(meets the criterion) of one curve, with its interval and all its parts.

    Args:
        law: of the model and scheme that are meant.
        curve: what might be bought.
        sources: by name.
        criterion: what must be met.
        held_fixed: what ``p`` and its interval hold fixed: ``pool and gold`` (the very pool and
            gold of the measured runs), ``pool`` (the gold is drawn anew) or ``deployment``
            (neither: new labels, whose channels are drawn from what is believed of the sources,
            and new gold). The others are given beside it, as ``new_gold`` and ``deployment``.
        gold_shifts: what other gold would add to each metric [replica, metric].
        seed: of all draws.
        draws: of the law's parameters.
        runs: residuals behind each draw's pi.
        half: 0 or 1 to use one half of the posterior draws only.

    Raises:
        InputError: the curve or ``held_fixed`` names what is not there.
    """
    if held_fixed not in HELD:
        raise InputError(f"held_fixed = {held_fixed!r}", fix=f"one of {', '.join(HELD)}")
    if held_fixed == "pool" and gold_shifts is None:
        raise InputError(
            "the gold has no replicas, so it cannot be drawn anew", fix="hold pool and gold fixed"
        )
    rng = Stream.FORECAST.rng(seed)
    resolved = curve.resolve(sources)
    made = make_forecasts(
        law, [resolved], criterion, rng, gold_shifts=gold_shifts, draws=draws, runs=runs, half=half
    )[0]
    return in_deployment(
        made,
        law,
        curve,
        sources,
        criterion,
        rng,
        gold_shifts=gold_shifts,
        held_fixed=held_fixed,
        half=half,
    )


def in_deployment(
    made: Forecast,
    law: Law,
    curve: Curve,
    sources: Mapping[str, Source],
    criterion: Criterion,
    rng: np.random.Generator,
    *,
    gold_shifts: Floats | None = None,
    held_fixed: Held = "pool and gold",
    half: int | None = None,
) -> Forecast:
    """Add to a forecast what the sources and the gold leave open; arguments as for ``forecast``."""
    pi, family = _redrawn(law, curve, sources, criterion, rng, gold_shifts, half)
    gold_known = gold_shifts is None
    both = pi[:, 1:, :] if gold_known else pi[:, 1:, 1:]
    deployed = estimate(both.ravel())
    if held_fixed == "pool and gold":
        # What the sources alone would move, under the gold as it is.
        moved = part(SUPPLY, pi[:, 1:, 0].mean(axis=0).std(), HELD_PART)
        counted = [p for p in made.parts if p.name != GOLD]
        gold = [p for p in made.parts if p.name == GOLD]
        return replace(made, parts=(*counted, moved, *gold), deployment=deployed)
    if held_fixed == "pool" and made.new_gold is not None:
        parts = counted_parts(pi[:, :1, 1:], family, varied=(GOLD,))
        parts.append(part(SUPPLY, pi[:, 1:, 1:].mean(axis=(0, 2)).std(), HELD_PART))
        p = estimate(pi[:, 0, 1:].ravel())
        return replace(
            made,
            p=p,
            held_fixed=HELD["pool"],
            parts=tuple(parts),
            monte_carlo=monte_carlo_sd(pi[:, :1, 1:], _RUNS),
            deployment=deployed,
        )
    varied = (SUPPLY,) if gold_known else (SUPPLY, GOLD)
    return replace(
        made,
        p=deployed,
        held_fixed=_ONE_GOLD if gold_known else HELD["deployment"],
        parts=tuple(counted_parts(both, family, varied=varied)),
        monte_carlo=monte_carlo_sd(both, _RUNS),
        deployment=deployed,
    )


def _redrawn(
    law: Law,
    curve: Curve,
    sources: Mapping[str, Source],
    criterion: Criterion,
    rng: np.random.Generator,
    gold_shifts: Floats | None,
    half: int | None,
) -> tuple[Floats, Floats | None]:
    """(pi [draw, source, gold], family [draw]); entry 0 of sources and gold is as measured.

    All combinations see the same draws of the law and of its discrepancy.
    """
    # Only what the curve buys matters, and a channel is drawn once for all its tranches.
    bought = {t.source: sources[t.source] for t in curve}
    worlds = [curve.resolve(sources)]
    for _ in range(SUPPLIES):
        drawn = {
            name: replace(s, posterior=FixedPosterior(s.draw(rng))) for name, s in bought.items()
        }
        worlds.append(curve.resolve(drawn))
    outcomes = law.outcomes(worlds, rng, draws=_DRAWS, runs=_RUNS, half=half, common=True)
    shifts = np.zeros((1, len(law.metrics)))
    if gold_shifts is not None:
        shifts = np.vstack([shifts, _spread(gold_shifts, signs(law.metrics))])
    chances = [
        pass_chances(
            outcomes, criterion, law.metrics, np.broadcast_to(s, (len(outcomes.mean), len(s)))
        )
        for s in shifts
    ]
    return np.stack(chances, axis=2), outcomes.family


def _spread(gold_shifts: Floats, better: Floats) -> Floats:
    """Golds evenly spread from the most lenient to the strictest [gold, metric]."""
    order = np.argsort((better * gold_shifts).mean(axis=1), kind="stable")
    count = min(GOLDS, len(order))
    places = ((np.arange(count) + 0.5) * len(order) / count).astype(int)
    return np.asarray(gold_shifts[order[places]])
