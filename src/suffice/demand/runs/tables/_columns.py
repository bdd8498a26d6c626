"""Which column of a table of runs is what, as a study states it or as it is recognised."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from suffice.metric import Metric


NUMBERED = "labels"
"""The source, and the column of its counts, where columns are named by numbers of labels."""


@dataclass(frozen=True)
class SourceColumn:
    """Where the labels of one source are counted.

    Attributes:
        name: of the source.
        count: the column with its labels; None where a share or the rest says it.
        share: the column with its share of the total, as a fraction or in per cent.
        rest: whether it is what the shares of the other sources leave of the total.
        rounds: further columns of counts, as (round, column); ``count`` is then round 1.
    """

    name: str
    count: str | None = None
    share: str | None = None
    rest: bool = False
    rounds: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class MetricColumn:
    """Where a metric stands.

    Attributes:
        metric: its name, direction, range, unit and number of evaluation items.
        column: its values.
        error: the column with the standard error of each value.
    """

    metric: Metric
    column: str
    error: str | None = None


@dataclass(frozen=True)
class RunColumns:
    """Which column is what. What is left empty is not read.

    Attributes:
        sources: where their labels are counted.
        metrics: where the results stand.
        total: labels of a run where sources have shares: a column or a number. Without it counts
            are shares.
        source_of: the column that names the one source of all the labels of a row.
        mixture: the column that says in words what a run was trained on, such as ``w/o-crowd``.
        full: labels of a whole source, for mixtures in words.
        numbered: name of the metric whose values stand below numbers of labels (a column a
            number), with its direction in ``metrics``.
        run: ids of runs.
        model, size, seed, data_seed, time, state: columns of that name.
        step: the column that counts epochs or steps, where a run has many rows.
        keep: which of them counts: the ``last``, or the ``best`` by ``keep_by``.
        keep_by: the metric that says which is best; the first by default.
        covariates: columns of what else differs between runs.
        where: rows to read: a column and the values that are wanted.
    """

    sources: tuple[SourceColumn, ...] = ()
    metrics: tuple[MetricColumn, ...] = ()
    total: str | float | None = None
    source_of: str | None = None
    mixture: str | None = None
    full: tuple[tuple[str, float], ...] = ()
    numbered: str | None = None
    run: str | None = None
    model: str | None = None
    size: str | None = None
    seed: str | None = None
    data_seed: str | None = None
    time: str | None = None
    state: str | None = None
    step: str | None = None
    keep: Literal["last", "best"] = "last"
    keep_by: str | None = None
    covariates: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())

    def used(self) -> set[str]:
        """Every column that it names."""
        found = {self.run, self.model, self.size, self.seed, self.data_seed, self.time}
        found |= {self.state, self.step, self.source_of, self.mixture, *self.covariates}
        found |= {self.total} if isinstance(self.total, str) else set()
        found |= {column for column, _ in self.where}
        for s in self.sources:
            found |= {s.count, s.share, *(column for _, column in s.rounds)}
        for m in self.metrics:
            found |= {m.column, m.error}
        return {name for name in found if name is not None}
