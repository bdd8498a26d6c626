"""How labels change with the capability of the model whose outputs are judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice.estimate import interval, intervals
from suffice.records import CapabilityLevel, CapabilityRow, Interval
from suffice.supply.sources._source_table import worth

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice._slope import Slopes
    from suffice.supply._votes import Votes

    Array = NDArray[Any]

PRIOR = (0.0, 1.0)
"""Mean and sd of both slopes, in logits a unit of capability."""
_WIDTH = 0.5
"""Scale of the half-normal prior of how much models deviate from the line, in logits (chosen: as
much as half a unit of capability moves the error under ``PRIOR``)."""
_MOST_LEVELS = 12
"""Levels of capability that are told apart; more are pooled in equal parts (chosen: a line needs
no more points, and each needs labels)."""
_LINES = 1_000
"""Draws of the line (chosen: quantiles to a fiftieth of the interval)."""


@dataclass(frozen=True, eq=False)
class CapabilityTrend:
    """How often labels are wrong, and agree, by the capability of the judged model.

    Model: the log odds of an error, and of two labels of a task agreeing, each lie on a line in
    capability, from which every judged model deviates by an unknown amount.
    Assumes: tasks about one model are exchangeable, and models differ in what matters by
    capability or at random.
    Fails when: few models were judged, or stronger models differ in something else that judges
    stumble over (style, refusals).
    Reference: Higgins, Thompson and Spiegelhalter (2009), JRSS A 172, random-effects
    meta-regression.

    Attributes:
        capability: of the levels, float64 [level].
        labels: how many there are at each level, int64 [level].
        error_DL: drawn error of a label at each level, float64 [draw, level].
        error, agreement: the lines; no line of agreement where too few tasks have two labels.
        luck: how far a model lies off both lines, in units of their width, float64 [draw, 2].
        measured_at: mean capability over the labels; the channel of the audit is the one there.
    """

    capability: NDArray[np.float64]
    labels: NDArray[np.int64]
    error_DL: NDArray[np.float64]
    error: Slopes
    agreement: Slopes | None
    luck: NDArray[np.float64]
    measured_at: float

    def at(
        self, draw: int, capability: float, errors: Array, agreement: float
    ) -> tuple[NDArray[np.float64], float]:
        """Errors and agreement that were measured, moved to another capability.

        Args:
            draw: which draw of the lines.
            capability: of the model to be judged.
            errors: measured errors.
            agreement: measured chance that two labels of a task agree; NaN where unknown.
        """
        import numpy as np

        draw %= len(self.luck)
        far = capability - self.measured_at
        step = self.error.slope[draw] * far + self.error.width[draw] * self.luck[draw, 0]
        moved = _sigmoid(_logit(np.asarray(errors)) + step)
        if self.agreement is None or not np.isfinite(agreement):
            return moved, agreement
        line = self.agreement
        step = line.slope[draw] * far + line.width[draw] * self.luck[draw, 1]
        return moved, float(_sigmoid(_logit(np.asarray(agreement)) + step))

    def summary(self) -> CapabilityRow:
        """Error by level, the slope and what it means."""
        low, high = intervals(self.error_DL, axis=0)
        slope = self.error.slope
        lower, upper = interval(slope)
        grows = float((slope > 0.0).mean())
        verdict = (
            "labels get worse as the judged model gets better"
            if lower > 0.0
            else "labels get better as the judged model gets better"
            if upper < 0.0
            else "no change with the capability of the judged model is shown"
        )
        ends = zip(self.error_DL.mean(axis=0), low, high, strict=True)
        return CapabilityRow(
            levels=tuple(
                CapabilityLevel(
                    capability=float(at),
                    labels=int(count),
                    error=Interval(value=float(e), low=float(a), high=float(b)),
                )
                for at, count, (e, a, b) in zip(self.capability, self.labels, ends, strict=True)
            ),
            slope=Interval(value=float(slope.mean()), low=float(lower), high=float(upper)),
            grows=grows,
            measured_at=float(self.measured_at),
            statement=f"Capability: {verdict} (log odds of an error change by "
            f"{slope.mean():.2f} a unit, {lower:.2f} to {upper:.2f}; {len(self.capability)} "
            f"levels; grows with chance {grows:.2f}).",
        )


def find_trends(
    votes: Votes, truth_DT: Array, rng: np.random.Generator
) -> dict[int, CapabilityTrend]:
    """The trend of each source, and under -1 of all labels, where they span several capabilities.

    Args:
        votes: the labels.
        truth_DT: drawn classes of the tasks.
        rng: the only source of chance.
    """
    import numpy as np

    if votes.capability is None:
        return {}
    level_T, capability = _levels(votes.capability)
    if len(capability) < 2:
        return {}
    level = level_T[votes.task]
    trends = {}
    numbers = [-1, *(range(len(votes.source_names)) if len(votes.source_names) > 1 else ())]
    for number in numbers:
        mine = (level >= 0) & ((votes.sources == number) | (number < 0))
        labels = np.bincount(level[mine], minlength=len(capability))
        kept = np.flatnonzero(labels)
        if len(kept) < 2:
            continue
        drawn = [worth(votes, mine & (level == k), truth_DT, float("nan"), rng)[1] for k in kept]
        trends[number] = _trend(votes, mine, level, kept, capability, np.stack(drawn, axis=1), rng)
    return trends


def _trend(
    votes: Votes,
    mine: Array,
    level: Array,
    kept: Array,
    capability: Array,
    error_DL: Array,
    rng: np.random.Generator,
) -> CapabilityTrend:
    import numpy as np

    from suffice._slope import fit_slope

    at = capability[kept]
    labels = np.array([int((mine & (level == k)).sum()) for k in kept])
    centre = float((at * labels).sum() / labels.sum())
    odds = _logit(error_DL)
    covariance = np.atleast_2d(np.cov(odds, rowvar=False))
    error = fit_slope(
        at - centre, odds.mean(axis=0), covariance, rng, prior=PRIOR, width=_WIDTH, draws=_LINES
    )
    found = [_agreement(votes, mine & (level == k)) for k in kept]
    agreement = None
    if all(tasks >= 2 for _, _, tasks in found):
        y, variance = (np.array([row[k] for row in found]) for k in (0, 1))
        agreement = fit_slope(
            at - centre, y, np.diag(variance), rng, prior=PRIOR, width=_WIDTH, draws=_LINES
        )
    luck = rng.standard_normal((_LINES, 2))
    return CapabilityTrend(at, labels, error_DL, error, agreement, luck, centre)


def _levels(capability: Array) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The level of each task (-1 where unknown), and the capability of each level."""
    import numpy as np

    known = np.isfinite(capability)
    values, level = np.unique(capability[known], return_inverse=True)
    if len(values) > _MOST_LEVELS:
        edges = np.quantile(capability[known], np.linspace(0.0, 1.0, _MOST_LEVELS + 1)[1:-1])
        level = np.unique(
            np.searchsorted(edges, capability[known], side="right"), return_inverse=True
        )[1]
        values = np.bincount(level, capability[known]) / np.bincount(level)
    full = np.full(len(capability), -1, dtype=np.int64)
    full[known] = level
    return full, values


def _agreement(votes: Votes, mask: Array) -> tuple[float, float, int]:
    """Log odds that two labels of a task agree, their variance, and how many tasks show it."""
    import numpy as np

    tasks, _, classes = votes.shape
    cells = np.bincount(votes.task[mask] * classes + votes.label[mask], minlength=tasks * classes)
    counts = cells.reshape(tasks, classes)
    n = counts.sum(axis=1)
    many = n >= 2
    if many.sum() < 2:
        return 0.0, 1.0, int(many.sum())
    share = (counts * (counts - 1)).sum(axis=1)[many] / (n * (n - 1.0))[many]
    # One task that agrees and one that does not are taken as seen.
    tried = int(many.sum())
    mean = (share.sum() + 1.0) / (tried + 2.0)
    variance = (float(((share - mean) ** 2).sum()) + 0.5) / tried**2
    return float(np.log(mean / (1.0 - mean))), variance / (mean * (1.0 - mean)) ** 2, tried


def _logit(p: Array) -> NDArray[np.float64]:
    import numpy as np

    inside = np.clip(p, 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(inside / (1.0 - inside)))


def _sigmoid(x: Array) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(1.0 / (1.0 + np.exp(-x)))
