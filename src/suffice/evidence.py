"""What was measured: cells, their runs, and what each run reached."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from suffice.corruption import corruptions
from suffice.errors import InputError
from suffice.metric import names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.channel import Source
    from suffice.curve import Curve, ResolvedCurve
    from suffice.metric import Metric
    from suffice.records import RunRow

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cell:
    """Runs to make: one model, one resolved curve, several seeds."""

    model: str
    curve: ResolvedCurve
    seeds: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class CellRuns:
    """The runs of one cell.

    Attributes:
        scores: float64 [seed, metric].
        penalties: chosen hyperparameter [seed]; nan where unknown.
        seconds: time of each run, its share of the batch [seed]; nan where unknown.
        gold: what the first run's scores would be under other gold [replica, metric], if known.
    """

    scores: Floats
    penalties: Floats
    seconds: Floats
    gold: Floats | None

    @classmethod
    def of_scores(cls, scores: Floats, gold: Floats | None = None) -> CellRuns:
        """Runs of which nothing but the scores is known."""
        unknown = np.full(len(scores), np.nan)
        return cls(np.asarray(scores, dtype=np.float64), unknown, unknown, gold)


@dataclass(frozen=True)
class Run:
    """One real training, with all that names it.

    Attributes:
        pool, unique_items: fingerprint of tasks, labels and gold, and how many different items
            training could meet.
        model, scheme: by name.
        curve: what was bought.
        corrupted: what was synthetic in each tranche; empty where nothing was.
        seed: of its data and training.
        metrics: what it reached, by name.
        penalty: the hyperparameter that was chosen for it.
        cost: money for its labels.
        seconds: its share of the time of its batch.
    """

    pool: str
    unique_items: int
    model: str
    scheme: str
    curve: Curve
    corrupted: tuple[str, ...]
    seed: int
    metrics: Mapping[str, float]
    penalty: float
    cost: float
    seconds: float

    def row(self, stage: str) -> RunRow:
        """Flat, for a table of runs."""
        from suffice.records import RunRow

        return RunRow(
            stage=stage,
            model=self.model,
            scheme=self.scheme,
            curve=json.dumps(self.curve.as_list()),
            curve_text=str(self.curve),
            corrupted="; ".join(self.corrupted),
            tasks=self.curve.tasks,
            labels=sum(t.labels for t in self.curve),
            cost=self.cost,
            pool=self.pool,
            unique_items=self.unique_items,
            seed=self.seed,
            penalty=self.penalty,
            seconds=self.seconds,
            metrics=self.metrics,
        )


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was measured, by whomever: all that laws, criteria and plans know of training.

    Attributes:
        cells: what was trained on; each model and curve once.
        runs: of each cell, in the same order, with one column a metric.
        metrics: what the runs reached, column by column.
        scheme: how the models were trained, by name.
        sources: who gave the labels, as they were when the runs were made, by name; those that no
            cell holds may stand among them.
        untrained: what a model that has learned nothing reaches [metric]; nan where unknown.
        origin: where all this comes from, in words.
    """

    cells: tuple[Cell, ...]
    runs: tuple[CellRuns, ...]
    metrics: tuple[Metric, ...]
    scheme: str
    sources: Mapping[str, Source]
    untrained: Floats
    origin: str

    def __post_init__(self) -> None:
        """Refuse what does not fit together.

        Raises:
            InputError: shapes differ, a number is not finite, or a name is unknown or comes twice.
        """
        width = len(self.metrics)
        if len(self.cells) != len(self.runs):
            raise self._error(f"{len(self.cells)} cells and the runs of {len(self.runs)}")
        double = [name for name, n in Counter(names(self.metrics)).items() if n > 1]
        if not width or double:
            said = f"metric {double[0]!r} comes twice" if double else "no metric is named"
            raise self._error(said, "name every metric once")
        if self.untrained.shape != (width,) or np.isinf(self.untrained).any():
            raise self._error(
                f"untrained levels of shape {self.untrained.shape} for {width} metrics",
                "give one finite number a metric, or nan where it is not known",
            )
        for cell, runs in zip(self.cells, self.runs, strict=True):
            self._check(cell, runs)

    def _check(self, cell: Cell, runs: CellRuns) -> None:
        where, scores = f"{cell.model} on {cell.curve.curve}", runs.scores
        if scores.shape != (len(cell.seeds), len(self.metrics)) or not len(scores):
            raise self._error(
                f"{where}: runs of shape {scores.shape}",
                f"give {max(len(cell.seeds), 1)} seeds by {len(self.metrics)} metrics",
            )
        if runs.gold is not None and runs.gold.shape[1:] != scores.shape[1:]:
            raise self._error(f"{where}: other gold of shape {runs.gold.shape}")
        if not np.isfinite(scores).all():
            name = self.metrics[int(np.argwhere(~np.isfinite(scores))[0, 1])].name
            raise self._error(f"{where}: {name} is no finite number in some run")
        for tranche in cell.curve.curve:
            if tranche.source not in self.sources:
                raise self._error(
                    f"{where}: nothing is known of source {tranche.source!r}",
                    f"known sources: {', '.join(self.sources) or 'none'}",
                )

    def _error(self, what: str, fix: str | None = None) -> InputError:
        return InputError(what, where=self.origin, fix=fix)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that was trained, in the order of the cells."""
        return tuple(dict.fromkeys(c.model for c in self.cells))

    def of(self, model: str) -> tuple[tuple[Curve, ...], tuple[CellRuns, ...]]:
        """Curves and runs of one model whose labels are as they were given.

        Cells without any labels are none of these; see ``level``.
        """
        mine = [
            i
            for i in self._mine(model)
            if self.cells[i].curve.tranches and not corruptions(self.cells[i].curve)
        ]
        curves = tuple(self.cells[i].curve.curve for i in mine)
        return curves, tuple(self.runs[i] for i in mine)

    def attacked(self, model: str) -> tuple[tuple[ResolvedCurve, ...], tuple[CellRuns, ...]]:
        """Curves and runs of one model with hostile labels among the others."""
        mine = [i for i in self._mine(model) if corruptions(self.cells[i].curve)]
        return tuple(self.cells[i].curve for i in mine), tuple(self.runs[i] for i in mine)

    def level(self, model: str) -> Floats:
        """What a model reaches before it is trained [metric].

        As ``untrained`` says it; where that does not, the mean over runs of a cell without labels.

        Raises:
            InputError: nothing says it of some metric.
        """
        found = self.untrained.copy()
        for i in self._mine(model):
            if not self.cells[i].curve.tranches:
                found = np.where(np.isnan(found), self.runs[i].scores.mean(axis=0), found)
        for metric, value in zip(self.metrics, found, strict=True):
            if np.isnan(value):
                raise self._error(
                    f"nothing says what {model} reaches in {metric.name} before it is trained",
                    "state it, or add runs without labels",
                )
        return found

    def only(self, metrics: Sequence[Metric]) -> Evidence:
        """The same of some of the metrics, in this order.

        Raises:
            InputError: one of them was not measured.
        """
        missing = [m.name for m in metrics if m not in self.metrics]
        if missing:
            raise self._error(
                f"{missing[0]} is not measured", f"measured: {', '.join(names(self.metrics))}"
            )
        columns = [self.metrics.index(m) for m in metrics]
        return replace(
            self,
            runs=tuple(
                replace(
                    r,
                    scores=r.scores[:, columns],
                    gold=None if r.gold is None else r.gold[:, columns],
                )
                for r in self.runs
            ),
            metrics=tuple(metrics),
            untrained=self.untrained[columns],
        )

    def with_more(self, cells: Sequence[Cell], runs: Sequence[CellRuns]) -> Evidence:
        """The same with more cells."""
        return replace(self, cells=(*self.cells, *cells), runs=(*self.runs, *runs))

    def gold_shifts(self, model: str) -> Floats | None:
        """What other gold would add to each metric of a model's largest cell [replica, metric].

        None where nothing is known of other gold. What it adds to one cell is taken for what it
        adds to any: texts and raters of the evaluation are the same for all.
        """
        curves, runs = self.of(model)
        if not curves:
            return None
        gold = runs[max(range(len(curves)), key=lambda i: curves[i].tasks)].gold
        return None if gold is None else np.asarray(gold - gold.mean(axis=0))

    def _mine(self, model: str) -> list[int]:
        return [i for i, c in enumerate(self.cells) if c.model == model]
