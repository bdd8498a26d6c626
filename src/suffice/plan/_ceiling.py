"""What any number of labels could reach: whether more of them are what is missing.

Model: P of a hundred times the plan's labels, of each source alone and of all together, on the
reporting half of the law's draws; the best of them is the ceiling. What the law says of quantities
so large rests on the floor of its families.
Assumes: labels stay as good as they are, and texts like these do not run out.
Fails when: something changes beyond what was measured (another model, another scheme): that is the
way out that a low ceiling points to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suffice._streams import Stream
from suffice.curve import Curve, Tranche
from suffice.estimate import Estimate
from suffice.plan._decide import hardest_threshold
from suffice.plan._objective import REPORT, chances
from suffice.plan._option import TIMES, Ceiling

if TYPE_CHECKING:
    from suffice.demand import Law
    from suffice.forecast import Criterion
    from suffice.plan._market import Market

_DRAWS, _RUNS = 400, 400
"""Leave the ceiling a Monte Carlo sd of .02 at most, as a share of draws that pass."""


def ceiling(law: Law, market: Market, criterion: Criterion, curve: Curve, *, seed: int) -> Ceiling:
    """The best that any number of labels reaches.

    Args:
        law: of the target model.
        market: its sources; limits do not count here.
        criterion: what must be met.
        curve: the recommended purchase.
        seed: of all draws.
    """
    labels = TIMES * max(sum(t.labels for t in curve), market.smallest)
    each = {s: Tranche(s, labels, min(market.repeats[s])) for s in market.order}
    alone = [Curve((t,)) for t in each.values()]
    tried = [Curve(tuple(replace(t, tasks=TIMES * t.tasks) for t in curve)), *alone]
    if len(market.order) > 1:
        tried.append(Curve(tuple(each.values())))
    rng = Stream.PLAN_CEILING.rng(seed)
    pi = chances(law, market.resolve(tried), criterion, rng, draws=_DRAWS, runs=_RUNS, half=REPORT)
    best = int(pi.mean(axis=0).argmax())
    return Ceiling(
        Estimate.from_draws(pi[:, best], method="posterior of pi at a hundred times the labels"),
        hardest_threshold(law, market, criterion, tried[best], seed=seed),
    )
