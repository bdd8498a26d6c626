"""Curves as arrays, and the basis functions that the law is linear in.

The law's mean for one metric is

    1/2 - reach (1 - u) d + (1 - u) sum_s (b1_s share_s + b2_s share_s^2) + first-order changes

where u, the share of what can be learned that is still missing, falls with the clean-equivalent
number of labels n (see ``_families``), d is how much the metric gains where the overall error gains
one, and share_s is the part of the training signal that comes from source s. The first terms are
what too few good labels cost; the sum is what wrong labels teach, and it does not vanish with n. An
untrained model errs half of the time; where there are K classes, 1 - 1/K of it, and the reach is
larger by that ratio.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.curve import Curve, ResolvedCurve, base_source
from suffice.demand.law._families import FAMILIES, PRIOR_POWER, missing, reach
from suffice.demand.law._ways import Ways, mean_over
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.channel import Profile
    from suffice.curve import ResolvedTranche, Tranche

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.floating[Any]]

SCALE = 50.0
"""Clean-equivalent labels at which the discrepancy's axes turn from linear to logarithmic. Chosen:
about where learning sets in; below it, a label more or less is no step on a log axis."""

EARLY_AXIS = 1.5
"""Length of the discrepancy's axis from "pooled" to "all of it in an early round". Chosen: somewhat
below the correlation length, so that cells of either kind still say something of the other."""

PRIORS = {
    "log_scale": (float(np.log(100.0)), 1.5),
    "agreement": (1.0, 1.0),
    "repeat_power": (1.0, 0.4),
    "keep_bias": (-1.0, 1.0),
    "keep_worth": (-0.3, 0.5),
    "forget": (1.0, 0.5),
    "dilution": (1.0, 0.3),
    "log_amplitude": (float(np.log(0.7)), 0.8),
    "log_length": (float(np.log(2.0)), 0.5),
}
"""Mean and sd of the normal priors of the nonlinear parameters, see ``Shape``; that of the power is
the family's. All are judgements.

- A hundred clean labels set learning in, within a factor of twenty either way.
- Endless labels agree with gold by .73 (odds e), anything from .27 to .95.
- What is computed of repeats, of pooling unequal labels and of worse last rounds comes true, give
  or take about as much.
- An early round keeps three quarters of its worth and a third of its pull, of the latter from a
  twentieth to all.
- The discrepancy is .7 of the run-to-run sd, from a seventh to thrice of it, and correlates over an
  axis of 2 (a factor of seven in labels), from one to five.
"""

_WORTH_SD = 0.5
"""Prior sd of a source's log worth about what its labels' error says: a factor of e either way, for
two sd. A judgement; labels flipped at random were seen to be worth .55 to .95 of the Fisher ratio.
"""

_LEAST_INFORMATION = 1e-4
"""What labels as good as random are worth of a clean one, for the sake of the log. Chosen."""

_LEAST_SIGNAL = 1e-9
"""Labels by which shares are divided, at least: a curve without labels has a share of none. Chosen;
it moves nothing."""

_AGREEMENT = 6.0
"""Log odds of agreement are cut here, .9975, before slopes end."""


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
            Fisher informations, to the power that the runs give to repeats. Sources under quality
            control stand here under their own names.
        classes: answers that a task can have.
        limits: of a source with a finite list of tasks, how many different ones training can meet,
            and which share of a label's variance its record fixes (1 where asking again gives the
            same answer).
    """

    names: tuple[str, ...]
    log_worth: Floats
    repeats: Mapping[str, Mapping[int, float]]
    bias: Floats
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    classes: int = 2
    limits: Mapping[str, tuple[int, float]] = field(default_factory=dict)

    @property
    def chance(self) -> float:
        """Error of a model that has learned nothing."""
        return 1.0 - 1.0 / self.classes

    def number(self, name: str) -> int:
        """Position of a source; under quality control it is the source underneath."""
        name = base_source(name)
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
        return self.repeat(t.source, t.labels_per_task) + self._change(t, profile)

    def usual(self, t: Tranche) -> float:
        """The same for a tranche that is not resolved: its channel is the one in ``profiles``."""
        gain = self.repeat(t.source, t.labels_per_task)
        profile = self.profiles.get(t.source) if t.operated else None
        return gain if profile is None else gain + self._change(t, profile)

    def _change(self, t: Tranche, profile: Profile) -> float:
        """Log of what a label of this profile is worth against one of the source underneath."""
        before = self.profiles.get(t.base)
        if before is None or before is profile:
            return 0.0
        return _log_fisher(profile, t.labels_per_task) - _log_fisher(before, t.labels_per_task)


@dataclass(frozen=True, eq=False)
class Terms:
    """Curves as padded arrays [curve, term]: one term a tranche.

    Attributes:
        source: number of the source.
        tasks: labelled tasks times their weight; 0 pads.
        squares: labelled tasks times the square of their weight.
        repeat: log worth of the tranche's labels per task against one.
        early: 1 where a later round follows.
        hostile: share of the tranche's labels that hostile workers give.
    """

    source: NDArray[np.int64]
    tasks: Floats
    squares: Floats
    repeat: Floats
    early: Floats
    hostile: Floats

    @classmethod
    def of(cls, curves: Sequence[Curve | ResolvedCurve], table: SourceTable) -> Terms:
        """Read curves; one that is not resolved is taken with its channels as they were."""
        width = max((len(c.tranches) for c in curves), default=1) or 1
        shape = (len(curves), width)
        source = np.zeros(shape, dtype=np.int64)
        tasks, squares, repeat, early, hostile = (np.zeros(shape) for _ in range(5))
        # Thousands of curves buy in a few ways: each way is looked up once.
        ways: dict[tuple[str, int, Profile | None], tuple[int, float]] = {}
        for i, curve in enumerate(curves):
            bought: list[tuple[Tranche, ResolvedTranche | None]]
            if isinstance(curve, ResolvedCurve):
                bought = [(r.tranche, r) for r in curve.tranches]
            else:
                bought = [(t, None) for t in curve.tranches]
            last = max((t.round for t, _ in bought if t.tasks), default=1)
            for j, (t, resolved) in enumerate(bought):
                profile = None if resolved is None else resolved.channel.profile
                way = t.source, t.labels_per_task, profile
                if way not in ways:
                    gain = table.usual(t) if resolved is None else table.gain(resolved)
                    ways[way] = table.number(t.source), gain
                source[i, j], repeat[i, j] = ways[way]
                tasks[i, j] = t.tasks * t.weight
                squares[i, j] = t.tasks * t.weight**2
                early[i, j] = float(t.round < last)
                if profile is not None:
                    hostile[i, j] = profile.attack
        return cls(source, tasks, squares, repeat, early, hostile)

    def signal(self, table: SourceTable) -> Floats:
        """What each tranche gives to training under the prior means [curve, term]."""
        one = np.exp(0.5 * (table.log_worth[self.source] + self.repeat))
        return np.asarray(one * self.tasks)

    def shares(self, table: SourceTable) -> Floats:
        """Share of that signal which each source gives [curve, source]."""
        signal = self.signal(table)
        each = [(signal * (self.source == s)).sum(axis=1) for s in range(len(table.names))]
        return np.asarray(
            np.stack(each, axis=1) / np.maximum(signal.sum(axis=1), _LEAST_SIGNAL)[:, None]
        )

    @cached_property
    def ways(self) -> Ways:
        """The curves by the ways in which they buy."""
        return Ways.of(self.source, self.repeat, self.tasks, self.squares, self.early)

    def plain_worth(self, table: SourceTable) -> Floats:
        """Clean-equivalent labels under the prior means [curve]."""
        signal = self._of_each_way(table)
        both = self.ways.worth_early(signal) + self.ways.worth_late(signal)
        return np.asarray(both[0], dtype=np.float64)

    def last_worth(self, table: SourceTable) -> Floats:
        """The same of the last round alone [curve]."""
        return np.asarray(self.ways.worth_late(self._of_each_way(table))[0], dtype=np.float64)

    def _of_each_way(self, table: SourceTable) -> Floats:
        """What one task gives to training, each way, under the prior means [1, way]."""
        ways = self.ways
        return np.asarray(np.exp(0.5 * (table.log_worth[ways.source] + ways.repeat))[None])

    def hostile_share(self, table: SourceTable, kept: float) -> Floats:
        """Hostile share of the training signal under the prior means [curve].

        Args:
            table: the sources.
            kept: what is left of an early round's pull after a later one.
        """
        signal = self.signal(table) * np.where(self.early > 0.0, kept, 1.0)
        return np.asarray(
            (signal * self.hostile).sum(axis=1) / np.maximum(signal.sum(axis=1), _LEAST_SIGNAL)
        )

    def untried(self, tried: Terms, table: SourceTable) -> Floats:
        """How far log worths lie from those of the nearest labels in other curves [curve].

        A mean over tranches, by their signal.
        """
        gap = np.zeros(self.repeat.shape)
        for s in range(len(table.names)):
            known = tried.repeat[(tried.source == s) & (tried.tasks > 0.0)]
            mine = self.source == s
            if len(known) and mine.any():
                gap[mine] = np.abs(self.repeat[mine][:, None] - known[None]).min(axis=1)
        signal = self.signal(table)
        return np.asarray(
            (gap * signal).sum(axis=1) / np.maximum(signal.sum(axis=1), _LEAST_SIGNAL)
        )

    def exhausted(self, table: SourceTable) -> Floats:
        """Share of the training noise that is the task list's own, and so the same in all runs.

        A tranche that takes n of N recorded tasks leaves n/N of its noise to the list; tranches
        count by their tasks. Zero where tasks are made up without end [curve].
        """
        share = np.zeros(self.tasks.shape)
        for name, (limit, fixed) in table.limits.items():
            mine = (self.source == table.number(name)) & (self.tasks > 0.0)
            count = self.tasks[mine] ** 2 / self.squares[mine]
            share[mine] = np.minimum(count / limit, 1.0) * fixed
        total = np.maximum(self.squares.sum(axis=1), _LEAST_SIGNAL)
        return np.asarray((share * self.squares).sum(axis=1) / total)


@dataclass(frozen=True, eq=False)
class Shape:
    """The law's nonlinear parameters, [walker] or [walker, source].

    Attributes:
        log_worth: log worth of a label of each source against the reference [walker, source].
        family: position of the learning curve's family in ``FAMILIES``; not sampled.
        log_scale: log of s, the clean-equivalent labels at which learning sets in.
        log_power: log of p, how fast the error falls.
        agreement: log odds of rho, the agreement with gold that endless labels would give.
        repeat_power: how much of the computed gain from repeats comes true.
        keep_bias: log of what is left of an early round's pull after later rounds.
        keep_worth: log of what is left of an early round's worth.
        forget: how much more is lost where the last round's labels are worse than the early ones,
            per unit of log worth.
        dilution: how much of the loss by pooling unequal labels comes true.
        log_amplitude: log size of the discrepancy, in run-to-run sd.
        log_length: log correlation length of the discrepancy.
    """

    log_worth: Numbers
    family: Numbers
    log_scale: Numbers
    log_power: Numbers
    agreement: Numbers
    repeat_power: Numbers
    keep_bias: Numbers
    keep_worth: Numbers
    forget: Numbers
    dilution: Numbers
    log_amplitude: Numbers
    log_length: Numbers

    NAMES = (
        "family",
        "log_scale",
        "log_power",
        "agreement",
        "repeat_power",
        "keep_bias",
        "keep_worth",
        "forget",
        "dilution",
        "log_amplitude",
        "log_length",
    )

    @classmethod
    def unpack(cls, theta: Numbers, table: SourceTable) -> Shape:
        """Read [walker, parameter]: worths of all but the reference, then ``NAMES``."""
        others = len(table.names) - 1
        worth = np.zeros((len(theta), others + 1))
        worth[:, 1:] = theta[:, :others]
        return cls(worth, *(theta[:, others + i] for i in range(len(cls.NAMES))))

    @classmethod
    def start(cls, table: SourceTable, family: str) -> Numbers:
        """The prior means, packed [parameter]."""
        mean = dict(PRIORS) | {
            "family": (float(FAMILIES.index(family)), 0.0),
            "log_power": PRIOR_POWER[family],
        }
        return np.concatenate([table.log_worth[1:], [mean[name][0] for name in cls.NAMES]])

    @classmethod
    def column(cls, table: SourceTable) -> int:
        """Where the family stands in packed parameters."""
        return len(table.names) - 1

    def log_prior(self, table: SourceTable) -> Numbers:
        """Log prior density up to a constant [walker]."""

        def normal(x: Numbers, mean: Numbers | float, sd: float) -> Numbers:
            return np.asarray(-0.5 * ((x - mean) / sd) ** 2)

        power = np.array([PRIOR_POWER[f] for f in FAMILIES])[self.family.astype(int)]
        found = normal(self.log_worth[:, 1:], table.log_worth[1:], _WORTH_SD).sum(axis=1)
        for name in self.NAMES:
            if name == "log_power":
                found = found + normal((self.log_power - power[:, 0]) / power[:, 1], 0.0, 1.0)
            elif name in PRIORS:
                found = found + normal(getattr(self, name), *PRIORS[name])
        return np.asarray(found)


# Prior sd of the linear terms, in units of the run-to-run sd. Changes of level and shape from
# metric to metric are small against the fall: left free, they would trade against the reach, and
# the law would extrapolate what the level at n = 0 and the agreement rule out. Judgements.
_LEVEL, _CHANGE, _WORTH_CHANGE = 2.0, 2.0, 2.5


@dataclass(frozen=True, eq=False)
class Basis:
    """What the law's mean is made of, for given nonlinear parameters.

    Attributes:
        worth: clean-equivalent labels [walker, curve].
        learned: how far the error has come down from chance [walker, curve].
        missing: how much further it could come down [walker, curve].
        by_scale: change of the missing share with log scale [walker, curve].
        rows: linear corrections [walker, curve, term].
        sd: prior sd of each of them, in run-to-run sd [term].
        places: where the discrepancy sees each curve [walker, curve, axis].
    """

    worth: Numbers
    learned: Numbers
    missing: Numbers
    by_scale: Numbers
    rows: Numbers
    sd: Numbers
    places: Numbers


def basis(ways: Ways, shape: Shape, table: SourceTable) -> Basis:
    """The parts of the law's mean for some curves, in the precision of what is given."""
    log_one = shape.log_worth[:, ways.source] + shape.repeat_power[:, None] * ways.repeat
    one = np.exp(0.5 * log_one)
    late = ways.worth_late(one, shape.dilution)
    # Hyperparameters of a last round are chosen by its own labels: the worse these are, the more
    # of what came before is thrown away.
    gap = mean_over(log_one, one, ways.late) - mean_over(log_one, one, ways.early)
    lost = shape.forget[:, None] * np.minimum(np.where(ways.rounds, gap, 0.0), 0.0)
    early = ways.worth_early(one, shape.dilution) * np.exp(shape.keep_worth[:, None] + lost)
    kept = np.exp(shape.keep_bias[:, None] + lost)
    n = early + late
    x = n / np.exp(shape.log_scale)[:, None]
    rho = 1.0 / (1.0 + np.exp(-np.clip(shape.agreement, -_AGREEMENT, _AGREEMENT)))
    u, by_scale, by_power, by_agreement = missing(shape.family, x, np.exp(shape.log_power), rho)
    columns = [1.0 - u, by_scale, by_power, by_agreement]
    sd = [_LEVEL, _CHANGE, _CHANGE, _CHANGE]
    axes = []
    pull = np.maximum(one @ ways.late + kept * (one @ ways.early), _LEAST_SIGNAL)
    for s in range(len(table.names)):
        mine = one * (ways.source == s)
        taught = (mine @ ways.late + kept * (mine @ ways.early)) / pull
        axes.append(np.log(1.0 + n * taught / SCALE))
        if s == 0:
            continue
        columns.append(-by_scale * taught)
        sd.append(_WORTH_CHANGE)
        columns += [(1.0 - u) * taught, (1.0 - u) * taught * taught]
        sd += [float(table.bias[s])] * 2
    axes.append(EARLY_AXIS * np.sqrt(early / np.maximum(n, _LEAST_SIGNAL)))
    # Families count from an error of one half.
    whole = 2.0 * table.chance * reach(rho)[:, None]
    rows, places = np.stack(columns, axis=2), np.stack(axes, axis=2)
    scale = np.array(sd, dtype=rows.dtype)
    return Basis(n, whole * (1.0 - u), whole * u, by_scale, rows, scale, places)


@lru_cache(maxsize=4096)
def _log_fisher(profile: Profile, labels_per_task: int) -> float:
    """Log of (1 - 2e)^2, what a label of error e is worth near the boundary.

    With K classes (1 - e K / (K - 1))^2, the information of a label that is another one at random.
    """
    error = float(profile.error_of_mean(labels_per_task).mean())
    return float(np.log(max((1.0 - error / profile.chance) ** 2, _LEAST_INFORMATION)))
