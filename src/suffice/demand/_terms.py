"""Curves as arrays, and the basis functions that the law is linear in.

The law's mean for one metric is

    e + A u + first-order changes of u + (1 - u) sum_s (b1_s share_s + b2_s share_s^2)

where u = (1 + n/s)^-p falls with the clean-equivalent number of labels n, and share_s is the part
of the training signal that comes from source s. The first terms are what too few good labels cost;
the last is what wrong labels teach, and it does not vanish with n. An untrained model errs half of
the time, so e + A = 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from suffice.curve import Curve, ResolvedCurve
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.channel import Profile
    from suffice.curve import ResolvedTranche, Tranche

    Floats = NDArray[np.float64]

SCALE = 50.0
"""Clean-equivalent labels at which the discrepancy's axes turn from linear to logarithmic."""

EARLY_AXIS = 1.5
"""Length of the discrepancy's axis from "pooled" to "all of it in an early round"."""


@dataclass(frozen=True, eq=False)
class SourceTable:
    """What the law believes of its sources before it has seen a run.

    Attributes:
        names: sources; the first is the reference, the best single label.
        log_worth: log worth of one label against one of the reference, prior mean [source].
        repeats: for each source, log worth of r labels of a task against one, by r.
        bias: prior scale of what the source's shared error teaches, in run-to-run sd [source].
        profiles: the profile that each source had when its runs were made; a channel that differs
            from it (better guidelines, another judge) is worth more or less by the ratio of
            Fisher informations, to the power that the runs give to repeats.
    """

    names: tuple[str, ...]
    log_worth: Floats
    repeats: Mapping[str, Mapping[int, float]]
    bias: Floats
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """Position of a source."""
        if name not in self.names:
            raise InputError(
                f"the law has not seen source {name!r}", fix="measure curves that hold it first"
            )
        return self.names.index(name)

    def repeat(self, name: str, labels_per_task: int) -> float:
        """Log worth of a task with r labels against one label; between measured r, the nearest."""
        known = self.repeats[self.names[self.number(name)]]
        return known[min(known, key=lambda r: (abs(r - labels_per_task), r))]

    def gain(self, resolved: ResolvedTranche) -> float:
        """Log worth of a task of this tranche against one label as it was when runs were made."""
        t, profile = resolved.tranche, resolved.channel.profile
        gain = self.repeat(t.source, t.labels_per_task)
        before = self.profiles.get(t.source)
        if before is None or before is profile:
            return gain
        return (
            gain + _log_fisher(profile, t.labels_per_task) - _log_fisher(before, t.labels_per_task)
        )


@dataclass(frozen=True, eq=False)
class Terms:
    """Curves as padded arrays [curve, term]: one term a tranche.

    Attributes:
        source: number of the source.
        tasks: labelled tasks times their weight; 0 pads.
        repeat: log worth of the tranche's labels per task against one.
        early: 1 where a later round follows.
    """

    source: NDArray[np.int64]
    tasks: Floats
    repeat: Floats
    early: Floats

    @classmethod
    def of(cls, curves: Sequence[Curve | ResolvedCurve], table: SourceTable) -> Terms:
        """Read curves; one that is not resolved is taken with its channels as they were."""
        width = max((len(c.tranches) for c in curves), default=1) or 1
        shape = (len(curves), width)
        source = np.zeros(shape, dtype=np.int64)
        tasks, repeat, early = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for i, curve in enumerate(curves):
            bought: list[tuple[Tranche, float]]
            if isinstance(curve, ResolvedCurve):
                bought = [(r.tranche, table.gain(r)) for r in curve]
            else:
                bought = [(t, table.repeat(t.source, t.labels_per_task)) for t in curve]
            last = max((t.round for t, _ in bought if t.tasks), default=1)
            for j, (t, gain) in enumerate(bought):
                source[i, j] = table.number(t.source)
                tasks[i, j] = t.tasks * t.weight
                repeat[i, j] = gain
                early[i, j] = float(t.round < last)
        return cls(source, tasks, repeat, early)

    def plain_worth(self, table: SourceTable) -> Floats:
        """Clean-equivalent labels under the prior means [curve]."""
        worth = np.exp(table.log_worth[self.source] + self.repeat) * self.tasks
        return np.asarray(worth.sum(axis=1))


@dataclass(frozen=True, eq=False)
class Shape:
    """The law's nonlinear parameters, [walker] or [walker, source].

    Attributes:
        log_worth: log worth of a label of each source against the reference [walker, source].
        log_scale: log of s, the clean-equivalent labels at which learning sets in.
        log_power: log of p, how fast the error falls.
        repeat_power: how much of the computed gain from repeats comes true.
        keep_bias: log of what is left of an early round's pull after later rounds.
        keep_worth: log of what is left of an early round's worth.
        log_amplitude: log size of the discrepancy, in run-to-run sd.
        log_length: log correlation length of the discrepancy.
    """

    log_worth: Floats
    log_scale: Floats
    log_power: Floats
    repeat_power: Floats
    keep_bias: Floats
    keep_worth: Floats
    log_amplitude: Floats
    log_length: Floats

    NAMES = (
        "log_scale",
        "log_power",
        "repeat_power",
        "keep_bias",
        "keep_worth",
        "log_amplitude",
        "log_length",
    )

    @classmethod
    def unpack(cls, theta: Floats, table: SourceTable) -> Shape:
        """Read [walker, parameter]: worths of all but the reference, then ``NAMES``."""
        others = len(table.names) - 1
        worth = np.zeros((len(theta), others + 1))
        worth[:, 1:] = theta[:, :others]
        return cls(worth, *(theta[:, others + i] for i in range(len(cls.NAMES))))

    @classmethod
    def start(cls, table: SourceTable) -> Floats:
        """The prior means, packed [parameter]."""
        rest = [np.log(100.0), np.log(0.5), 1.0, -1.0, -0.3, np.log(0.7), np.log(2.0)]
        return np.concatenate([table.log_worth[1:], rest])

    def log_prior(self, table: SourceTable) -> Floats:
        """Log prior density up to a constant [walker]."""

        def normal(x: Floats, mean: Floats | float, sd: float) -> Floats:
            return np.asarray(-0.5 * ((x - mean) / sd) ** 2)

        return np.asarray(
            normal(self.log_worth[:, 1:], table.log_worth[1:], 0.5).sum(axis=1)
            + normal(self.log_scale, np.log(100.0), 1.5)
            + normal(self.log_power, np.log(0.5), 0.6)
            + normal(self.repeat_power, 1.0, 0.4)
            + normal(self.keep_bias, -1.0, 1.0)
            + normal(self.keep_worth, -0.3, 0.5)
            + normal(self.log_amplitude, np.log(0.7), 0.8)
            + normal(self.log_length, np.log(2.0), 0.5)
        )


# Prior sd of the linear terms, in units of the run-to-run sd: the level and the fall are left
# free, first-order changes of the curve's shape from metric to metric are small against the fall.
_FREE, _CHANGE, _WORTH_CHANGE = 300.0, 8.0, 2.5


def basis(terms: Terms, shape: Shape, table: SourceTable) -> tuple[Floats, Floats, Floats]:
    """Linear terms of the law, and where the discrepancy sees each curve.

    Returns:
        (H [walker, curve, term], prior sd of each term [term], place [walker, curve, axis]).
    """
    log_one = shape.log_worth[:, terms.source] + shape.repeat_power[:, None, None] * terms.repeat
    worth = np.exp(log_one + terms.early * shape.keep_worth[:, None, None]) * terms.tasks
    pull = np.exp(log_one + terms.early * shape.keep_bias[:, None, None]) * terms.tasks
    n = worth.sum(axis=2)
    x = n / np.exp(shape.log_scale)[:, None]
    power = np.exp(shape.log_power)[:, None]
    u = (1.0 + x) ** -power
    by_scale = power * x * (1.0 + x) ** (-power - 1.0)
    by_power = -u * np.log1p(x)
    columns = [np.ones_like(u), u, by_scale, by_power]
    sd = [_FREE, _FREE, _CHANGE, _CHANGE]
    axes = []
    safe_n, safe_pull = np.maximum(n, 1e-9), np.maximum(pull.sum(axis=2), 1e-9)
    for s in range(len(table.names)):
        mine = terms.source == s
        share = (worth * mine).sum(axis=2)
        axes.append(np.log1p(share / SCALE))
        if s == 0:
            continue
        columns.append(-by_scale * share / safe_n)
        sd.append(_WORTH_CHANGE)
        taught = (pull * mine).sum(axis=2) / safe_pull
        columns += [(1.0 - u) * taught, (1.0 - u) * taught * taught]
        sd += [float(table.bias[s])] * 2
    early = (worth * terms.early).sum(axis=2) / safe_n
    axes.append(EARLY_AXIS * np.sqrt(early))
    return np.stack(columns, axis=2), np.array(sd), np.stack(axes, axis=2)


def _log_fisher(profile: Profile, labels_per_task: int) -> float:
    """Log of (1 - 2e)^2, what a label of error e is worth near the boundary."""
    error = float(profile.error_of_mean(labels_per_task).mean())
    return float(np.log(max((1.0 - 2.0 * error) ** 2, 1e-4)))
