"""What a study of kind ``runs`` says of its tables of training runs and of their metrics."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from suffice.metric import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping

Column = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunsTask(_Section):
    """Training runs that were made elsewhere.

    Attributes:
        tables: their files; several are joined by run, or appended. A folder stands for the logs in
            it, gathered one row a run.
        settings: for folders of logs: the name of a column, such as ``n_crowd`` or ``data_seed``,
            and the key of the setting that holds it.
        run, model, size, seed, data_seed, time, state, step: columns of that name.
        keep: which of a run's rows counts, where ``step`` numbers them.
        keep_by: the metric that says which is best.
        total: labels of a run where sources have shares: a column or a number.
        source_of: the column that names the one source of all the labels of a row.
        mixture: the column that says in words what a run was trained on.
        covariates: columns of what else differs between runs.
        hold: values of covariates that the answer is about; others are averaged over.
        where: rows to read: a column and the values that are wanted.
    """

    kind: Literal["runs"]
    tables: Annotated[list[Column], Field(min_length=1)]
    settings: dict[str, Column] = {}
    run: Column | None = None
    model: Column | None = None
    size: Column | None = None
    seed: Column | None = None
    data_seed: Column | None = None
    time: Column | None = None
    state: Column | None = None
    step: Column | None = None
    keep: Literal["last", "best"] = "last"
    keep_by: str | None = None
    total: Column | Number | None = None
    source_of: Column | None = None
    mixture: Column | None = None
    covariates: list[Column] = []
    hold: dict[str, str | Number] = {}
    where: dict[str, list[str]] = {}


class MetricSection(_Section):
    """What a run is scored on.

    Attributes:
        column: where it stands; its own name by default.
        better: whether lower or higher values are better.
        low, high: its range; no end where none is given.
        unit: ``share``, ``nats``, or one's own.
        items: evaluation items behind a value.
        error: the column with the standard error of each value.
        untrained: what a model reaches before it is trained.
    """

    column: Column | None = None
    better: Literal["lower", "higher"]
    low: Number | None = None
    high: Number | None = None
    unit: str = ""
    items: Annotated[int, Field(ge=1)] | None = None
    error: Column | None = None
    untrained: Number | None = None

    def metric(self, name: str) -> Metric:
        """The metric as an object.

        Raises:
            ValueError: its range holds nothing.
        """
        return Metric(
            name,
            better=self.better,
            low=-inf if self.low is None else self.low,
            high=inf if self.high is None else self.high,
            unit=self.unit,
            average="tasks" if self.items else "unknown",
            items=self.items,
        )


class WorstSection(_Section):
    """A limit that several metrics must all keep.

    Attributes:
        metrics: by name.
        limit: the lowest value of the worst of them, or the highest where lower is better.
    """

    metrics: Annotated[list[str], Field(min_length=1)]
    limit: Number


def limits_of(
    limits: Mapping[str, float],
    worst: WorstSection | None,
    gain: Mapping[str, float],
    metrics: Mapping[str, MetricSection],
) -> dict[str, float]:
    """Limits on single metrics that say the same as all that a criterion states.

    Args:
        limits: on single metrics.
        worst: on the worst of several.
        gain: on what each metric gains on the untrained model.
        metrics: by name.
    """
    found = dict(limits)

    def stricter(name: str, value: float) -> None:
        metric = metrics[name].metric(name)
        found[name] = metric.stricter(value, found.get(name, metric.free))

    for name in worst.metrics if worst else ():
        stricter(name, worst.limit if worst else 0.0)
    for name, more in gain.items():
        section = metrics[name]
        if section.untrained is not None:
            sign = 1.0 if section.better == "higher" else -1.0
            stricter(name, section.untrained + sign * more)
    return found
