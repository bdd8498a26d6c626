"""What a run must reach to count as good enough."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import InputError
from suffice.metric import signs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.metric import Metric

    Floats = NDArray[np.float64]

SEVERE_LEVEL = 0.95
"""Level of the upper bound that a limit on severe failures is about: a convention, that of the rule
of three (Hanley and Lippman-Hand 1983)."""


@dataclass(frozen=True)
class Criterion:
    """Thresholds on trusted evaluation; a run meets the criterion when it meets all of them.

    Attributes:
        error: highest overall error; None for no such threshold.
        worst_slice_error: highest error of the worst of ``slices``; None for no such threshold.
        slices: the slices that ``worst_slice_error`` is about; every measured one where empty.
        slice_error: highest error in single named slices.
        limits: worst allowed value of any other metric, by its name: the highest where lower is
            better (``log_loss``, ``calibration``, ``regret@16``, ``attack``), the lowest where
            higher is.
        severe: for slices in which every failure is severe, the highest 95 % upper bound of their
            error. With none seen in m trials the bound is about 3/m, so that too few trials can
            never meet it.
        validity: chance that meeting the criterion on this gold means aligned: a prior that the
            user writes down; None where it is unknown.
        origin: the file that states it, for messages.
    """

    error: float | None = None
    worst_slice_error: float | None = None
    slices: tuple[str, ...] = ()
    slice_error: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    severe: Mapping[str, float] = field(default_factory=dict)
    validity: float | None = None
    origin: str | None = None

    def thresholds(self, metrics: Sequence[Metric]) -> Floats:
        """The worst allowed value of each metric; infinite where there is none [metric].

        Raises:
            InputError: the criterion names a slice or a metric that is not measured, or a slice
                with too few trials to show that severe failures are rare.
        """
        errors = {m.slice: m for m in metrics if m.kind == "error"}
        limits = {m.name: m.free for m in metrics}
        wanted: list[tuple[str | None, float]] = [
            *self._severe_errors(metrics),
            *self._errors([s for s in errors if s]),
        ]

        def limit(metric: Metric, value: float) -> None:
            limits[metric.name] = metric.stricter(value, limits[metric.name])

        for slice_name, value in wanted:
            if slice_name not in errors:
                raise InputError(
                    "the criterion limits the error over all slices"
                    if slice_name is None
                    else f"the criterion names slice {slice_name!r}",
                    where=self.origin,
                    fix=f"measured {_listed(metrics) if slice_name is None else _slices(metrics)}",
                )
            limit(errors[slice_name], value)
        by_name = {m.name: m for m in metrics}
        for name, value in self.limits.items():
            if name not in by_name:
                others = [m.name for m in metrics if m.kind != "error"]
                raise InputError(
                    f"criterion.limits names {name!r}",
                    where=self.origin,
                    fix=f"measured beside errors: {', '.join(others) or 'nothing'}",
                )
            limit(by_name[name], value)
        return np.array([limits[m.name] for m in metrics])

    def asks(self, metrics: Sequence[Metric]) -> tuple[Metric, ...]:
        """Which metrics an answer needs: errors, an attack's success, and what is limited.

        A law of more metrics would be wider than the question needs.
        """
        always = ("error", "attack")
        return tuple(m for m in metrics if m.kind in always or m.name in self.limits)

    def met(self, values: NDArray[np.floating], metrics: Sequence[Metric]) -> NDArray[np.bool_]:
        """Which runs meet it: [..., metric] -> [...]."""
        return np.asarray(self.each_met(values, metrics).all(axis=-1))

    def each_met(
        self, values: NDArray[np.floating], metrics: Sequence[Metric]
    ) -> NDArray[np.bool_]:
        """Which thresholds every run meets, in the shape of ``values`` [..., metric]."""
        better = signs(metrics)
        return np.asarray(better * values <= better * self.thresholds(metrics))

    def _errors(self, measured: Sequence[str]) -> list[tuple[str | None, float]]:
        """Limits on errors, by slice; None is all of them, and ``measured`` stand for the worst."""
        found: list[tuple[str | None, float]] = []
        if self.error is not None:
            found.append((None, self.error))
        if self.worst_slice_error is not None:
            found += [(s, self.worst_slice_error) for s in self.slices or measured]
        return [*found, *self.slice_error.items()]

    def _severe_errors(self, metrics: Sequence[Metric]) -> list[tuple[str | None, float]]:
        """The highest error of each severe slice under which its upper bound is low enough."""
        items = {m.slice: m.items for m in metrics if m.kind == "error" and m.slice is not None}
        found: list[tuple[str | None, float]] = []
        for s, limit in self.severe.items():
            trials = items.get(s)
            if trials is None:
                raise InputError(
                    f"criterion.severe names slice {s!r}"
                    + (", whose evaluation tasks are not counted" if s in items else ""),
                    where=self.origin,
                    fix=f"measured {_slices([m for m in metrics if m.items is not None])}",
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
            found.append((s, highest))
        return found


def _slices(metrics: Sequence[Metric]) -> str:
    return "slices: " + ", ".join(m.slice for m in metrics if m.kind == "error" and m.slice)


def _listed(metrics: Sequence[Metric]) -> str:
    return "metrics: " + ", ".join(m.name for m in metrics)


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
