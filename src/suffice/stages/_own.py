"""What a study of runs that were made elsewhere works with: table, law, sources and market."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from suffice.errors import InputError, StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from polars import DataFrame

    from suffice.channel import Source
    from suffice.demand.response import Response, ResponseLaw
    from suffice.demand.runs.tables import MoreRun, RunColumns, RunTable, State
    from suffice.forecast import Criterion
    from suffice.metric import Metric
    from suffice.plan import Market
    from suffice.progress import Progress
    from suffice.records import RunEvent, RunLog
    from suffice.study import RunsTask, Study

HELD = "the models, settings and evaluation of these runs, and labels as they were in them"
"""What a forecast from a table of runs holds fixed."""

UNKNOWN_ERROR = 0.25
"""Error that a source counts as where nothing is stated of it: a convention, half way between a
perfect label and a guess. No law of runs reads it."""


@dataclass(eq=False)
class OwnRuns:
    """What a study of runs has in the place of a pool and of training. Parts are made once.

    Attributes:
        study: what is asked.
        progress: shows long steps.
        given: the table where it stands in no file.
    """

    study: Study
    progress: Progress
    given: RunTable | None = None

    @classmethod
    def without_table(cls, study: Study) -> OwnRuns:
        """Start from no run at all; what is told is kept in memory."""
        from suffice.demand.runs.tables import table_of
        from suffice.progress import SilentProgress
        from suffice.records import RunLog

        metrics = [m.metric(name) for name, m in study.metrics.items()]
        found = cls(
            study, SilentProgress(), table_of([], list(study.sources), metrics, study.origin)
        )
        found.__dict__["log"] = RunLog(None)
        return found

    @property
    def task(self) -> RunsTask:
        """What the study says of its tables."""
        from suffice.study import RunsTask

        if not isinstance(self.study.task, RunsTask):
            raise StudyError(
                f"a task of kind {self.study.task.kind!r} has no table of runs",
                where=self.study.origin,
            )
        return self.study.task

    @cached_property
    def runs(self) -> RunTable:
        """The table, with the runs that were handed out or told since."""
        from suffice.demand.runs.tables import read_runs, with_more

        table = self.given
        if table is None:
            tables = [self._table(self.study.path(name)) for name in self.task.tables]
            table = read_runs(tables, columns_of(self))
        return with_more(table, runs_of(self.log.events()))

    def _table(self, path: Path) -> Path | DataFrame:
        """A file as it is; a folder of logs as the rows that are gathered from it."""
        if not path.is_dir():
            return path
        from suffice.demand.runs.logs import gather_runs

        task = self.task
        keep = f"best:{task.keep_by}" if task.keep == "best" else "last"
        found = gather_runs([path], task.settings, keep=keep, progress=self.progress)
        for note in found.notes:
            self.progress.note(note)
        return found.frame

    @cached_property
    def log(self) -> RunLog:
        """Runs that were handed out and told, beside the study file."""
        from suffice.records import RunLog

        return RunLog(self.study.path(f"{self.study.name}.runs.jsonl"))

    def forget(self) -> None:
        """Let go of all that followed from the runs: there are others now."""
        for name in ("runs", "metrics", "response", "laws", "total", "market"):
            self.__dict__.pop(name, None)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """What the law is about: all metrics that the study names."""
        return self.runs.metrics

    @cached_property
    def stated(self) -> dict[str, float]:
        """Error of a label, for the sources that state it."""
        return {n: s.error for n, s in self.study.sources.items() if s.error is not None}

    @cached_property
    def response(self) -> Response:
        """The law over all models and settings."""
        from suffice.demand.response import fit_response

        return fit_response(
            self.runs,
            self.metrics,
            stated=self.stated,
            seed=self.study.seed,
            progress=self.progress,
        )

    @cached_property
    def laws(self) -> dict[str, ResponseLaw]:
        """A law for every model of the table, the study's first.

        Raises:
            StudyError: no run is of the study's model.
        """
        from suffice.demand.response import ResponseLaw

        names = self.response.cells.models
        target = self.study.models.target
        if target not in names:
            raise StudyError(
                f"models.target = {target!r} is no model of the table",
                where=self.study.origin,
                fix=f"it holds {', '.join(names)}",
            )
        order = [target, *(n for n in names if n != target)]
        return {n: ResponseLaw(self.response, n, self.task.hold) for n in order}

    @property
    def law(self) -> ResponseLaw:
        """That of the study's model."""
        return self.laws[self.study.models.target]

    @cached_property
    def total(self) -> float | None:
        """Labels of every run, where all runs had as many; None where totals differ."""
        if self.response.frame.varied["total"]:
            return None
        return float(self.response.cells.points.total.mean())

    @cached_property
    def sources(self) -> dict[str, Source]:
        """What can be bought: prices as stated, channels as far as errors are."""
        import numpy as np

        from suffice.channel import FixedPosterior, NoisyChannel, Profile, Source

        found = {}
        for name, section in self.study.sources.items():
            error = UNKNOWN_ERROR if section.error is None else section.error
            profile = Profile(np.array([[error]]), np.ones((1, 1)), np.zeros((1, 1)))
            found[name] = Source(
                name,
                section.price,
                FixedPosterior(NoisyChannel(name, profile)),
                section.capacity,
                section.latency_days,
            )
        return found

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Sources from the largest to the smallest stated error, then by price."""
        said = self.stated
        return tuple(
            sorted(
                self.study.sources,
                key=lambda n: (-said.get(n, UNKNOWN_ERROR), self.study.sources[n].price, n),
            )
        )

    @cached_property
    def market(self) -> Market:
        """What can be bought."""
        from suffice.plan import Market

        study = self.study
        held = [s for s in study.sources if s in self.runs.sources]
        if not held:
            raise InputError(
                f"no run held labels of {', '.join(study.sources)}",
                where=self.runs.origin,
                fix=f"runs held {', '.join(self.runs.sources)}",
            )
        order = tuple(n for n in self.order if n in held)
        return Market(
            sources={n: self.sources[n] for n in order},
            order=order,
            repeats=dict.fromkeys(order, (1,)),
            limits=dict.fromkeys(order),
            money=study.budget.money,
            weeks=study.budget.weeks,
            smallest=max(study.grid.smallest // 2, 1),
            takes={n: study.sources[n].takes for n in order},
            weekly=study.budget.weekly,
            at_least={n: s.at_least for n, s in study.sources.items() if s.at_least},
            rounds=min(study.budget.rounds, max(self.runs.rounds)),
            ranked=len({self.stated.get(n) for n in order}) > 1,
        )

    @cached_property
    def criterion(self) -> Criterion:
        """What a run must reach, as limits on single metrics."""
        from suffice._runs_section import limits_of
        from suffice.forecast import Criterion

        asked = self.study.criterion
        return Criterion(
            limits=limits_of(asked.limits, asked.worst, asked.gain, self.study.metrics),
            validity=None if asked.validity == "unknown" else asked.validity,
            origin=self.study.origin,
        )


def runs_of(events: Sequence[RunEvent]) -> list[MoreRun]:
    """Runs that events tell of: awaited, done or failed, in the order in which they were named."""
    from dataclasses import replace

    from suffice.demand.runs.tables import MoreRun

    found: dict[str, MoreRun] = {}
    for e in events:
        if e.event in ("asked", "added"):
            counts = {_source_and_round(name): n for name, n in e.counts.items()}
            state: State = "pending" if e.event == "asked" else "done"
            found[e.id] = MoreRun(e.id, counts, e.values, e.errors, e.model, e.seed, state)
        elif e.id in found and e.event == "told":
            found[e.id] = replace(found[e.id], values=e.values, errors=e.errors, state="done")
        elif e.id in found:
            found[e.id] = replace(found[e.id], state="failed")
    return list(found.values())


def _source_and_round(name: str) -> tuple[str, int]:
    source, at, number = name.rpartition("@")
    return (source, int(number)) if at and number.isdigit() else (name, 1)


def columns_of(own: OwnRuns) -> RunColumns:
    """Which column of the tables is what, as the study says it."""
    from suffice.demand.runs.tables import MetricColumn, RunColumns, SourceColumn

    task, study = own.task, own.study
    by_name = task.source_of is not None or task.mixture is not None
    sources = (
        ()
        if by_name
        else tuple(
            SourceColumn(
                name,
                count=s.count,
                share=s.share,
                rest=s.rest,
                rounds=tuple((int(k), column) for k, column in sorted(s.rounds.items())),
            )
            for name, s in study.sources.items()
        )
    )
    metrics = tuple(
        MetricColumn(m.metric(name), m.column or name, m.error) for name, m in study.metrics.items()
    )
    return RunColumns(
        sources=sources,
        metrics=metrics,
        total=task.total,
        source_of=task.source_of,
        mixture=task.mixture,
        run=task.run,
        model=task.model,
        size=task.size,
        seed=task.seed,
        data_seed=task.data_seed,
        time=task.time,
        state=task.state,
        step=task.step,
        keep=task.keep,
        keep_by=task.keep_by,
        covariates=tuple(task.covariates),
        where=_where(task.where),
    )


def _where(rows: Mapping[str, list[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((column, tuple(values)) for column, values in rows.items())
