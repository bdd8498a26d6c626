"""Plackett-Luce with workers and tasks: tables drawn from its prior, all fitted at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.supply.rankings._answers import choices_of
from suffice.supply.rankings._plackett_luce import (
    RELIABILITY_VARIANCE,
    SCORE_VARIANCE,
    TASK_VARIANCE,
    PlackettLuce,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[Any]

ITEMS, TASKS, WORKERS, ANSWERS, SHOWN = 6, 12, 4, 3, 4
BURN, KEEP, THIN = 300, 63, 8


def places(simulations: int, seed: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """Place of each truth among the draws, between 0 and 1, by quantity."""
    rng = np.random.default_rng([seed, 5])
    sd = {
        name: np.sqrt(prior[1] / rng.gamma(prior[0], size=simulations))
        for name, prior in (
            ("score", SCORE_VARIANCE),
            ("task", TASK_VARIANCE),
            ("reliability", RELIABILITY_VARIANCE),
        )
    }
    score = rng.normal(size=(simulations, ITEMS)) * sd["score"][:, None]
    reliability = 1.0 + rng.normal(size=(simulations, WORKERS)) * sd["reliability"][:, None]
    worth = rng.normal(size=(simulations, TASKS, ITEMS)) * sd["task"][:, None, None]
    worth += score[:, None, :]
    numbers: dict[tuple[tuple[int, ...], ...], int] = {}
    rows = []
    for k in range(simulations):
        for task in range(TASKS):
            shown = rng.choice(ITEMS, SHOWN, replace=False)
            for worker in rng.choice(WORKERS, ANSWERS, replace=False):
                heard = reliability[k, worker] * worth[k, task, shown] + rng.gumbel(size=SHOWN)
                order = tuple((int(k * ITEMS + i),) for i in shown[np.argsort(-heard)])
                which = numbers.setdefault(order, len(numbers))
                rows.append((which, k * TASKS + task, k * WORKERS + worker))
    which_A, task_A, worker_A = np.array(rows).T
    sets = tuple(np.repeat(np.arange(simulations), n) for n in (ITEMS, WORKERS, TASKS))
    shape = simulations * ITEMS, simulations * WORKERS, simulations * TASKS
    coded = [(order, ()) for order in numbers]
    choices = choices_of(coded, which_A, task_A, worker_A, shape, (*sets, simulations))
    chain = PlackettLuce(choices, rng)

    def asked(scores: Array, sds: dict[str, Array], workers: Array) -> dict[str, Array]:
        centred = scores - scores.mean(axis=1, keepdims=True)
        return {
            "one item's score": centred[:, 0],
            "spread of scores": sds["score"],
            "spread over tasks": sds["task"],
            "spread of reliability": sds["reliability"],
            "one worker's reliability": workers[:, 0],
        }

    wanted = asked(score, sd, reliability)
    below = {name: np.zeros(simulations) for name in wanted}
    for _ in range(BURN):
        chain.sweep()
    chain.settle()
    for _ in range(KEEP):
        for _ in range(THIN):
            chain.sweep()
        s = chain.state
        now = {"score": s.sd_score_S, "task": s.sd_task_S, "reliability": s.sd_reliability_S}
        drawn = asked(
            s.score_I.reshape(simulations, ITEMS),
            now,
            s.reliability_W.reshape(simulations, WORKERS),
        )
        for name, value in drawn.items():
            below[name] += value < wanted[name]
    yield "rankings", {name: (rank + 0.5) / (KEEP + 1) for name, rank in below.items()}
