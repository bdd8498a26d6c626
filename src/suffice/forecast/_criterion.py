"""What a run must reach to count as good enough."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SEVERE_LEVEL = 0.95
"""Level of the upper bound that a limit on severe failures is about."""


@dataclass(frozen=True)
class Criterion:
    """Thresholds on trusted evaluation; a run meets the criterion when it meets all of them.

    Attributes:
        error: highest overall error.
        worst_slice_error: highest error of the worst of ``slices``; None for no such threshold.
        slices: the slices that ``worst_slice_error`` is about.
        slice_error: highest error in single named slices.
        limits: highest value of any other metric of a run: ``log_loss``, ``calibration``,
            ``regret@16``, ``attack``.
        severe: for slices in which every failure is severe, the highest 95 % upper bound of their
            error. With none seen in m trials the bound is about 3/m, so that too few trials can
            never meet it.
        trials: independent evaluation tasks of each slice, for ``severe``.
        validity: chance that meeting the criterion on this gold means aligned: a prior that the
            user writes down; None where it is unknown.
        origin: the file that states it, for messages.
    """

    error: float
    worst_slice_error: float | None = None
    slices: tuple[str, ...] = ()
    slice_error: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    severe: Mapping[str, float] = field(default_factory=dict)
    trials: Mapping[str, int] = field(default_factory=dict)
    validity: float | None = None
    origin: str | None = None

    def thresholds(self, metrics: Sequence[str]) -> NDArray[np.float64]:
        """The highest allowed value of each metric; infinite where there is none [metric].

        Raises:
            InputError: the criterion names a slice or a metric that is not measured, or a slice
                with too few trials to show that severe failures are rare.
        """
        named = {"error": self.error}
        if self.worst_slice_error is not None:
            named.update({f"error:{s}": self.worst_slice_error for s in self.slices})
        for s, limit in (*self.slice_error.items(), *self._severe_errors().items()):
            named[f"error:{s}"] = min(limit, named.get(f"error:{s}", np.inf))
        self._check_known(named, metrics)
        for name, limit in self.limits.items():
            if name not in metrics:
                others = [m for m in metrics if not m.startswith("error")]
                raise InputError(
                    f"criterion.limits names {name!r}",
                    where=self.origin,
                    fix=f"measured beside errors: {', '.join(others) or 'nothing'}",
                )
            named[name] = min(limit, named.get(name, np.inf))
        return np.array([named.get(m, np.inf) for m in metrics])

    def met(self, values: NDArray[np.floating], metrics: Sequence[str]) -> NDArray[np.bool_]:
        """Which runs meet it: [..., metric] -> [...]."""
        return np.asarray((values <= self.thresholds(metrics)).all(axis=-1))

    def _check_known(self, named: Mapping[str, float], metrics: Sequence[str]) -> None:
        known = [m.removeprefix("error:") for m in metrics if m.startswith("error:")]
        for name in named:
            if name not in metrics:
                raise InputError(
                    f"the criterion names slice {name.removeprefix('error:')!r}",
                    where=self.origin,
                    fix=f"measured slices: {', '.join(known)}",
                )

    def _severe_errors(self) -> dict[str, float]:
        """The highest error of each severe slice under which its upper bound is low enough."""
        found = {}
        for s, limit in self.severe.items():
            trials = self.trials.get(s)
            if trials is None:
                raise InputError(
                    f"criterion.severe names slice {s!r}",
                    where=self.origin,
                    fix=f"measured slices: {', '.join(self.trials)}",
                )
            highest = error_within(limit, trials)
            if highest is None:
                need = math.ceil(math.log(1.0 - SEVERE_LEVEL) / math.log1p(-limit))
                raise InputError(
                    f"criterion.severe.{s} = {limit:g} can never be shown: the evaluation has "
                    f"{trials:,} independent tasks of it",
                    where=self.origin,
                    fix=f"{need:,} without a failure would be needed",
                )
            found[s] = highest
        return found


def error_within(limit: float, trials: int, level: float = SEVERE_LEVEL) -> float | None:
    """The highest error among so many trials whose upper bound is at most ``limit``.

    Model: failures are independent with one rate; the bound is that of Clopper and Pearson (1934),
    continued between whole counts by the beta distribution, since soft gold gives broken ones.
    Fails when: the gold itself errs on these tasks; a failure that gold cannot see is not counted.

    Returns:
        The error; None where even no failure at all would leave the bound above the limit.
    """
    from scipy.optimize import brentq
    from scipy.special import betaincinv

    def bound(failures: float) -> float:
        if failures >= trials:
            return 1.0
        return float(betaincinv(failures + 1.0, trials - failures, level))

    if trials < 1 or bound(0.0) > limit:
        return None
    if limit >= 1.0:
        return 1.0
    return float(brentq(lambda k: bound(k) - limit, 0.0, float(trials))) / trials
