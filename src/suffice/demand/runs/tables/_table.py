"""What a table of runs becomes: counts by source, metrics, and all else that is known of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.demand.runs.tables._columns import RunColumns
    from suffice.metric import Metric

    Floats = NDArray[np.float64]

T = TypeVar("T")

CountUnit = Literal["labels", "share", "whole source"]
State = Literal["done", "pending", "failed"]


@dataclass(frozen=True)
class Taken:
    """What a column of the file was taken for.

    Attributes:
        column: its name in the file.
        role: what it is, in a few words, such as ``labels of crowd``.
    """

    column: str
    role: str


@dataclass(frozen=True, eq=False)
class Covariate:
    """Something else that differs between runs: a learning rate, epochs, a task.

    Attributes:
        name: its column.
        values: its numbers, NaN where missing [run]; None where it holds words.
        words: its words, None where missing [run]; None where it holds numbers.
    """

    name: str
    values: Floats | None
    words: tuple[str | None, ...] | None


@dataclass(frozen=True)
class MeanOf:
    """A metric that repeats what others say.

    Attributes:
        metric: its name.
        of: the metrics whose mean it is.
    """

    metric: str
    of: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RunTable:
    """Training runs made elsewhere, one row a run, in the order in which they came.

    Attributes:
        origin: the files, for messages.
        ids: what each run is called; unique [run].
        sources: their names [source].
        counts: labels of each source that a run was trained on, all rounds together
            [run, source]. Never missing.
        unit: what ``counts`` counts: labels; shares of a total that nobody stated; or whole
            sources, where mixtures are named in words and no source's size is known.
        rounds: the numbers of the rounds, in rising order; (1,) without rounds.
        round_counts: the same by round [run, source, round]; sums over rounds are ``counts``.
        models: which model was trained; None where unknown [run].
        sizes: parameters of the model; NaN where unknown [run].
        seeds, data_seeds: of training and of the choice of data; None where unknown [run].
        covariates: what else differs between runs.
        metrics: what each run is scored on, with direction and range [metric].
        values: of the metrics, NaN where missing [run, metric].
        errors: standard errors of ``values``, NaN where unknown [run, metric].
        times: when a run ended, in seconds, or any number that rises; NaN where unknown [run].
        states: done, pending (no value yet) or failed [run].
        means: metrics that are means of others.
        columns: what was read from where; the same columns read the same table.
        taken: one entry for every column, in words.
        unused: columns of which nothing was made.
        notes: what a reader should know, one sentence each, without a full stop.
    """

    origin: str
    ids: tuple[str, ...]
    sources: tuple[str, ...]
    counts: Floats
    unit: CountUnit
    rounds: tuple[int, ...]
    round_counts: Floats
    models: tuple[str | None, ...]
    sizes: Floats
    seeds: tuple[str | None, ...]
    data_seeds: tuple[str | None, ...]
    covariates: tuple[Covariate, ...]
    metrics: tuple[Metric, ...]
    values: Floats
    errors: Floats
    times: Floats
    states: tuple[State, ...]
    means: tuple[MeanOf, ...]
    columns: RunColumns
    taken: tuple[Taken, ...]
    unused: tuple[str, ...]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        """Runs, whatever became of them."""
        return len(self.ids)

    @property
    def done(self) -> NDArray[np.bool_]:
        """Whether a run has at least one value [run]."""
        return np.array([state == "done" for state in self.states], dtype=bool)

    def metric(self, name: str) -> int:
        """Place of a metric.

        Raises:
            KeyError: there is none of this name.
        """
        for k, metric in enumerate(self.metrics):
            if metric.name == name:
                return k
        raise KeyError(name)

    def cells(self) -> NDArray[np.int64]:
        """Number of the cell that a run repeats: equal counts by round, model, size, covariates.

        Runs of one cell differ by chance alone (seeds, order), so they show the noise of runs.

        Returns:
            Numbers from 0 in order of first appearance [run].
        """
        rows: list[tuple[object, ...]] = []
        for run in range(len(self)):
            size = float(self.sizes[run])
            row: list[object] = [self.round_counts[run].tobytes(), self.models[run], str(size)]
            for c in self.covariates:
                row.append(c.words[run] if c.words is not None else str(_number(c, run)))
            rows.append(tuple(row))
        seen: dict[tuple[object, ...], int] = {}
        return np.array([seen.setdefault(row, len(seen)) for row in rows], dtype=np.int64)

    def take(self, runs: Sequence[int] | NDArray[np.int64] | NDArray[np.bool_]) -> RunTable:
        """The table of some of its runs, in the order given.

        Args:
            runs: their places, or whether each is taken [run].
        """
        from dataclasses import replace

        at = np.asarray(runs)
        places = np.flatnonzero(at) if at.dtype == bool else at.astype(np.int64)

        def some(given: tuple[T, ...]) -> tuple[T, ...]:
            return tuple(given[k] for k in places)

        return replace(
            self,
            ids=some(self.ids),
            counts=self.counts[places],
            round_counts=self.round_counts[places],
            models=some(self.models),
            sizes=self.sizes[places],
            seeds=some(self.seeds),
            data_seeds=some(self.data_seeds),
            covariates=tuple(
                replace(
                    c,
                    values=None if c.values is None else c.values[places],
                    words=None if c.words is None else some(c.words),
                )
                for c in self.covariates
            ),
            values=self.values[places],
            errors=self.errors[places],
            times=self.times[places],
            states=some(self.states),
        )


def _number(covariate: Covariate, run: int) -> float:
    assert covariate.values is not None
    return float(covariate.values[run])
