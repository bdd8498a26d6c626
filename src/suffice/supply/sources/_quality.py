"""How good sources are beside each other, as laws and plans ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suffice.pools import Pool
    from suffice.supply.sources._sources import Measured, SourceTerms


def by_quality(measured: Mapping[str, Measured]) -> tuple[str, ...]:
    """Sources from the lowest to the highest quality of one label; names decide between equals."""
    error = {name: float(m.by_slice().mean()) for name, m in measured.items()}
    return tuple(sorted(error, key=lambda name: (-error[name], name)))


def share_right(
    measured: Mapping[str, Measured], offered: Mapping[str, SourceTerms]
) -> dict[tuple[str, int], float]:
    """Share of right answers of r labels' majority, by source and each r that is sold."""
    return {
        (name, r): 1.0 - float(measured[name].repeats(r).mean())
        for name, offer in offered.items()
        for r in offer.labels_per_task
    }


def fixed_share(pool: Pool, source: str, seed: int) -> float:
    """Share of a label's variance that stays when the same task is labelled again, 0 to 1.

    Model: two labels of a task, drawn from the record, agree beyond chance as often as the record
    leaves them no choice: always where it holds one label a task.
    """
    rng = Stream.FIXED_SHARE.rng(seed)
    tasks = pool.draw_tasks(pool.limit(source) or 0, rng, source=source)
    first, second = (pool.channel(source).draw(tasks, 1, rng)[:, 0] for _ in range(2))
    agreement = pool.evaluation.kind.agreement(first, second)
    return float(np.clip(np.nanmean(agreement), 0.0, 1.0))
