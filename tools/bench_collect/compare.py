"""Cost at the same realised failure rate, and paired intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FAILURES = (0.2, 0.1, 0.05, 0.02)
_RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Swept:
    """What one method gave under each of its settings.

    Attributes:
        met: whether the target was met [setting, instance].
        cost: what was spent over what had to be [setting, instance].
    """

    met: NDArray[np.bool_]
    cost: Floats

    def curve(self, weights: Floats) -> tuple[Floats, Floats]:
        """Share of instances missed, rising, and log of the mean cost there."""
        total = weights.sum()
        failed = 1.0 - (self.met * weights).sum(axis=1) / total
        cost = np.log((self.cost * weights).sum(axis=1) / total)
        # Of settings with the same failure rate the cheaper one counts.
        order = np.lexsort((cost, failed))
        failed, cost = failed[order], cost[order]
        kept = np.append(True, np.diff(failed) > 1e-12)
        return failed[kept], cost[kept]

    def at(self, failures: Floats, weights: Floats) -> Floats:
        """Log of the mean cost where so many instances fail; NaN beyond the method's settings."""
        return np.interp(failures, *self.curve(weights), left=np.nan, right=np.nan)

    def nearest(self, failure: float) -> str:
        """For a rate that no setting gives: the nearest there is, and its cost."""
        failed, cost = self.curve(np.ones(self.met.shape[1]))
        end = 0 if failure < failed[0] else -1
        word = "fewer" if end == 0 else "more"
        return f"never {word} than {failed[end]:.1%}: {np.exp(cost[end]):.2f}"


def table(title: str, swept: dict[str, Swept], groups: NDArray[np.int64], ours: str) -> list[str]:
    """Markdown rows: cost at each failure rate, and how much more or less than ours, with interval.

    Args:
        title: of the rows.
        swept: by method.
        groups: instances of one group are drawn together [instance].
        ours: the method that the others are held against.
    """
    failures = np.array(FAILURES)
    whole = np.ones(len(groups))
    rng = np.random.default_rng(0)
    names = np.unique(groups)
    drawn = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=_RESAMPLES)
    again = [d[np.searchsorted(names, groups)].astype(float) for d in drawn]
    base = swept[ours].at(failures, whole)
    moved = np.array([swept[ours].at(failures, w) for w in again])
    lines = []
    for name, one in swept.items():
        cells = []
        here = one.at(failures, whole)
        gaps = np.array([one.at(failures, w) for w in again]) - moved
        for k in range(len(failures)):
            if np.isnan(here[k]):
                cells.append(one.nearest(failures[k]))
                continue
            said = f"{np.exp(here[k]):.2f}"
            own = gaps[:, k][np.isfinite(gaps[:, k])]
            if name != ours and len(own) > 0.9 * _RESAMPLES and np.isfinite(base[k]):
                low, high = np.exp(np.quantile(own, [0.05, 0.95]))
                said += f" (x {np.exp(here[k] - base[k]):.2f}, {low:.2f} to {high:.2f})"
            cells.append(said)
        lines.append(f"| {title} | {name} | " + " | ".join(cells) + " |")
    return lines
