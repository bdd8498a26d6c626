"""Error that grows with the model: what an evaluator gets wrong when it judges a stronger model.

Shared error is the part that repeats do not average away. The stronger the model that is judged,
the better its wrong answers look, so a larger model may need fewer labels and yet be taught worse
ones. P may then fall as the model grows; ``explain_change`` says which effect wins.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._disk import refuse_devices
from suffice._slope import Slopes, fit_slope
from suffice._streams import Stream
from suffice.errors import InputError
from suffice.estimate import Estimate

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    from suffice.channel import Channel, ChannelPosterior, Source

    Floats = NDArray[np.float64]

PRIOR = (0.0, 1.0)
"""Mean and sd of the slope, in logits a unit of capability, before any data. Chosen: either sign is
as likely, and a unit multiplies the odds of an error by 1/7 to 7 with 95 %."""

METHOD = "logistic regression by model, then a meta-regression over models"
CITATION = "Higgins, Thompson and Spiegelhalter (2009), JRSS A 172; Liang and Zeger (1986)"

_MOST_UNITS = 12
"""Bins of capability where rows name no models: chosen; more would leave a bin few tasks."""
_RIDGE = 1.0 / 3.0**2
"""Precision of a normal prior with sd 3 on each logit: weak (it allows an error of .003 to .997 at
two sd), and finite where a model was never wrong."""
_WIDTH = 0.5
"""Scale of the prior of how far judged models lie from the line, in logits: chosen, half a unit of
the slope's own prior."""
_NEEDED = ("task", "label", "gold", "capability")


@dataclass(frozen=True, eq=False)
class CapabilityFit:
    """How an evaluator's error moves with the capability of the model that it judges.

    Model: logit error = difficulty slope x difficulty + b x capability - skill + a deviation of
    each judged model, whose width is unknown.
    Assumes: tasks are exchangeable within a model; gold's own errors do not grow with capability.
    Fails when: few models were judged, or stronger models differ from weaker ones in something
    else that the evaluator stumbles over (style, refusals).

    Attributes:
        line: logit error at mean difficulty against capability.
        difficulty: draws of the difficulty slope [draw]; None where difficulty was not given.
        capability: of the judged models (or bins of them) [model].
        error: share of labels that were wrong there [model].
        labels: how many labels there were [model].
    """

    line: Slopes
    difficulty: Floats | None
    capability: Floats
    error: Floats
    labels: NDArray[np.int64]

    @property
    def slope(self) -> Estimate:
        """Change of the logit of the error per unit of capability."""
        return Estimate.from_draws(self.line.slope, method=METHOD, citation=CITATION)

    @property
    def grows(self) -> float:
        """Posterior chance that the error grows with capability."""
        return float((self.line.slope > 0.0).mean())


def fit_capability(
    table: pl.DataFrame, *, prior: tuple[float, float] = PRIOR, seed: int = 0, draws: int = 4000
) -> CapabilityFit:
    """Fit error against capability.

    Several labels of one task (by several workers) count as their majority, which is closer to
    the shared error than any single label; a tie is half wrong.

    Args:
        table: one row a label: ``task``, ``label``, ``gold``, ``capability`` of the model that
            made what is judged, its name as ``model`` (without it, models of one capability count
            as one), and ``difficulty`` where it is known. Rows of one ``group`` (or, without that
            column, of one ``task``) stay together when uncertainty is computed.
        prior: mean and sd of the slope.
        seed: of the draws.
        draws: how many.

    Raises:
        InputError: a column is missing or holds no numbers, or there is one capability only.
    """
    import polars as pl

    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        raise InputError(f"column {missing[0]!r} is missing", fix=f"needed: {', '.join(_NEEDED)}")
    numbers = [n for n in ("capability", "difficulty") if n in table.columns]
    try:
        table = table.with_columns(pl.col(n).cast(pl.Float64) for n in numbers)
    except pl.exceptions.PolarsError:
        raise InputError(f"{' or '.join(numbers)} holds something that is no number") from None
    for name in (*_NEEDED[1:], *numbers):
        if lost := table[name].null_count():
            raise InputError(f"{lost} rows have no {name}", fix="fill them in or leave them out")
    group = "group" if "group" in table.columns else "task"
    wrong = (pl.col("label") != pl.col("gold")).mean()
    units = table.group_by("task", "capability", maintain_order=True).agg(
        wrong.alias("wrong"),
        pl.len().alias("labels"),
        *(pl.first(name) for name in ("group", "model") if name in table.columns),
        *([pl.col("difficulty").mean()] if "difficulty" in numbers else []),
    )
    share = units["wrong"].to_numpy()
    majority = np.where(share == 0.5, 0.5, (share > 0.5).astype(np.float64))
    capability = units["capability"].to_numpy()
    unit, at = _units(capability, units["model"].to_numpy() if "model" in units.columns else None)
    if len(np.unique(at)) < 2:
        raise InputError(
            "all labels are about models of one capability", fix="add labels on another model"
        )
    clusters = np.unique(units[group].to_numpy(), return_inverse=True)[1]
    hard = units["difficulty"].to_numpy() if "difficulty" in numbers else None
    rng = Stream.CAPABILITY.rng(seed)
    coefficients, covariance = _logistic(majority, unit, len(at), hard, clusters)
    line = fit_slope(
        at,
        coefficients[: len(at)],
        covariance[: len(at), : len(at)],
        rng,
        prior=prior,
        width=_WIDTH,
        draws=draws,
    )
    slope = None
    if hard is not None:
        slope = rng.normal(coefficients[-1], np.sqrt(covariance[-1, -1]), draws)
    counts = np.bincount(unit, minlength=len(at))
    mean = np.bincount(unit, majority, minlength=len(at)) / counts
    labels = np.bincount(unit, units["labels"].to_numpy(), minlength=len(at)).astype(np.int64)
    return CapabilityFit(line, slope, at, mean, labels)


def read_verdicts(path: Path) -> pl.DataFrame:
    """Read a CSV or parquet file of verdicts for ``fit_capability``.

    Raises:
        InputError: the file cannot be read.
    """
    import polars as pl

    refuse_devices(path)
    try:
        # A name with [1] or * in it is that one file, no pattern.
        read = pl.read_parquet if path.suffix == ".parquet" else pl.read_csv
        return read(path, glob=False)
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), fix="verdicts with gold") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"cannot be read ({reason})", where=str(path)) from None


@dataclass(frozen=True, eq=False)
class CapabilityPosterior:
    """A source whose shared error moves with the capability of the model that is judged.

    At the capability where it was measured the channel is the measured one. Elsewhere the odds of
    2 x shared error (so that it stays below one half) are multiplied by exp(b (c - c0)), and what
    each label adds on its own stays as it is.

    Attributes:
        base: the measured channel.
        slope: draws of b, in logits a unit of capability [draw].
        measured_at: c0.
    """

    base: ChannelPosterior
    slope: Floats
    measured_at: float

    def draw(self, rng: np.random.Generator, capability: float | None) -> Channel:
        """A channel for labels on outputs of a model of that capability."""
        channel = self.base.draw(rng, None)
        if capability is None or capability == self.measured_at:
            return channel
        return self._moved(channel, float(rng.choice(self.slope)), capability)

    def mean(self) -> Channel:
        """The channel as it was measured."""
        return self.base.mean()

    def _moved(self, channel: Channel, slope: float, capability: float) -> Channel:
        before = channel.profile
        chance = before.chance
        # Shared error ends at that of guessing: one half of two answers.
        whole = move_shared(before.shared * 0.5 / chance, slope * (capability - self.measured_at))
        shared = whole * chance / 0.5
        error = before.turned(shared, before.alone())
        moved = replace(before, error=np.clip(error, 0.0, 1.0), shared=shared)
        recorded = getattr(channel, "measured", None)
        if recorded is not None:
            made: Channel = recorded(moved)
            return made
        return replace(channel, profile=moved)  # type: ignore[type-var]


def move_shared(shared: Floats, logits: Floats | float) -> Floats:
    """Shared error with the odds of its double multiplied; 0 and 1/2 stay where they are."""
    odds = np.exp(np.clip(logits, -50.0, 50.0))
    doubled = np.clip(2.0 * np.asarray(shared, dtype=np.float64), 0.0, 1.0)
    return np.asarray(0.5 * doubled * odds / (1.0 - doubled + doubled * odds))


def with_capability(source: Source, slope: Floats, measured_at: float) -> Source:
    """The same source, whose shared error moves with the capability of the judged model."""
    return replace(source, posterior=CapabilityPosterior(source.posterior, slope, measured_at))


def _units(
    capability: Floats, model: NDArray[np.object_] | None
) -> tuple[NDArray[np.int64], Floats]:
    """Which model each row is about, and the capability of each; many values are put into bins."""
    values, unit = np.unique(capability if model is None else model, return_inverse=True)
    if model is None and len(values) > _MOST_UNITS:
        edges = np.quantile(capability, np.linspace(0.0, 1.0, _MOST_UNITS + 1)[1:-1])
        unit = np.searchsorted(edges, capability, side="right")
        unit = np.unique(unit, return_inverse=True)[1]
    return unit, np.bincount(unit, capability) / np.bincount(unit)


def _logistic(
    wrong: Floats,
    unit: NDArray[np.int64],
    units: int,
    difficulty: Floats | None,
    clusters: NDArray[np.int64],
) -> tuple[Floats, Floats]:
    """Log odds of each unit (and the difficulty slope), with a covariance clustered by task."""
    design = np.zeros((len(wrong), units + (difficulty is not None)))
    design[np.arange(len(wrong)), unit] = 1.0
    if difficulty is not None:
        design[:, -1] = difficulty - difficulty.mean()
    beta = np.zeros(design.shape[1])
    for _ in range(60):
        p = _sigmoid(design @ beta)
        hessian = (design * (p * (1.0 - p))[:, None]).T @ design + _RIDGE * np.eye(len(beta))
        step = np.linalg.solve(hessian, design.T @ (wrong - p) - _RIDGE * beta)
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    inverse = np.linalg.inv(hessian)
    scores = np.zeros((clusters.max() + 1, len(beta)))
    np.add.at(scores, clusters, design * (wrong - _sigmoid(design @ beta))[:, None])
    robust = inverse @ (scores.T @ scores) @ inverse
    # Where a unit shows no error at all the clustered estimate is zero: keep the plain one then.
    grow = np.sqrt(np.maximum(np.diag(inverse) / np.maximum(np.diag(robust), 1e-12), 1.0))
    robust = robust * grow[:, None] * grow[None, :] if np.isfinite(grow).all() else inverse
    return np.asarray(beta), np.asarray(robust)


def _sigmoid(x: Any) -> Floats:  # noqa: ANN401 - a number or an array
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -500.0, 500.0))))
