"""Ask and tell in Python: the next runs, their results, and forecasts, without any file."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.curve import Curve
from suffice.errors import InputError
from suffice.metric import Metric
from suffice.progress import SilentProgress
from suffice.stages import _runs_stages
from suffice.stages._ask import ask, counts_of, tell
from suffice.stages._own import OwnRuns
from suffice.stages._workspace import Workspace
from suffice.study import parse_study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suffice.demand.response import Worth
    from suffice.demand.runs.tables import RunTable
    from suffice.forecast import Forecast
    from suffice.plan import Plan
    from suffice.stages._ask import AskedRun

_ORIGIN = "the experiment"


class Experiment:
    """Training runs that are made one after the other, and what they say.

    Example:
        >>> e = Experiment({"crowd": 0.1, "panel": 2.0}, {"chat": "higher"}, {"chat": 0.7},
        ...                money=5000, run=40)
        >>> [str(run.curve) for run in e.ask(1)]
        ['2,500 panel']
    """

    def __init__(
        self,
        sources: Mapping[str, float],
        metrics: Mapping[str, str | Metric],
        criterion: Mapping[str, float],
        *,
        money: float,
        run: float = 1.0,
        value: float | None = None,
        capacity: Mapping[str, float] | None = None,
        error: Mapping[str, float] | None = None,
        seed: int = 0,
    ) -> None:
        """Start without any run.

        Args:
            sources: price of a label of each source.
            metrics: what runs are scored on: ``higher`` or ``lower`` is better, or a ``Metric``.
            criterion: the worst allowed value of each metric that must be met.
            money: budget for labels.
            run: price of a training run.
            value: money that it is worth to meet the criterion.
            capacity: labels a week of sources that have a limit; a plan has four weeks.
            error: chance that a label is wrong, of sources of which it is known.
            seed: of all draws.

        Raises:
            StudyError: something of this cannot be.
        """
        limits, known = capacity or {}, error or {}
        values: dict[str, Any] = {
            "name": "experiment",
            "seed": seed,
            "task": {"kind": "runs", "tables": [_ORIGIN]},
            "metrics": {name: _section(m) for name, m in metrics.items()},
            "criterion": {"limits": dict(criterion)},
            "sources": {
                name: {
                    "count": name,
                    "price": price,
                    **({"capacity": limits[name]} if name in limits else {}),
                    **({"error": known[name]} if name in known else {}),
                }
                for name, price in sources.items()
            },
            "models": {"target": "the model"},
            "budget": {"money": money},
            "next": {"run": run, **({} if value is None else {"value": value})},
        }
        study = parse_study(values, where=_ORIGIN)
        self._work = Workspace(study, Path(), SilentProgress())
        self._own = OwnRuns.without_table(study)
        self._work.__dict__["own"] = self._own

    @property
    def runs(self) -> RunTable:
        """Every run so far: done, awaited or failed."""
        return self._own.runs

    def ask(self, count: int = 1) -> tuple[AskedRun, ...]:
        """Hand out the next runs; they are awaited from then on."""
        return ask(self._work, count=count)

    def tell(self, run: str, errors: Mapping[str, float] | None = None, **values: float) -> None:
        """Take in what a run that was handed out came to.

        Args:
            run: its id.
            errors: standard errors of values, by metric, where they are known.
            values: by metric.

        Raises:
            InputError: no such run is awaited, or a value is no number.
        """
        tell(self._work, run=run, values=values, errors=errors)

    def failed(self, run: str) -> None:
        """Take a run as gone wrong, which says nothing of its labels."""
        tell(self._work, failed=[run])

    def add(
        self,
        curve: Curve | str,
        values: Mapping[str, float],
        *,
        errors: Mapping[str, float] | None = None,
        seed: int | None = None,
    ) -> str:
        """Take in a run that nobody asked for; returns its id.

        Args:
            curve: what it trained on, also as it is printed: ``3000 crowd + 200 panel``.
            values, errors: by metric.
            seed: of its training.

        Raises:
            InputError: a source or a metric is unknown, or a value is no number.
        """
        from suffice.records import RunEvent

        made = Curve.parse(curve) if isinstance(curve, str) else curve
        for t in made:
            if t.source not in self._own.study.sources:
                known = ", ".join(self._own.study.sources)
                raise InputError(f"unknown source {t.source!r}", fix=f"known sources: {known}")
        for name, value in values.items():
            if name not in self._own.study.metrics or not isfinite(value):
                raise InputError(f"{name} = {value!r} is no value of a metric of this experiment")
        name = f"run-{len(self.runs) + 1}"
        event = RunEvent(
            event="added",
            id=name,
            counts={k: float(n) for k, n in counts_of(made).items()},
            values=dict(values),
            errors=dict(errors or {}),
            seed=None if seed is None else str(seed),
        )
        self._own.log.add([event])
        self._own.forget()
        return name

    def forecast(self, curve: Curve | str) -> Forecast:
        """P(meets the criterion) of a purchase.

        Raises:
            InputError: too few runs are done, or the curve cannot be read.
        """
        wanted = Curve.parse(curve) if isinstance(curve, str) else curve
        return _runs_stages.forecast(self._work, wanted)

    def plan(self) -> Plan:
        """What to buy.

        Raises:
            InputError: too few runs are done.
            InfeasibleError: nothing can be bought.
        """
        return _runs_stages.choose(self._work, target=None, money=None, weeks=None)

    def worth(self) -> tuple[Worth, ...]:
        """What more labels of each source do to each metric, with its sign.

        Raises:
            InputError: too few runs are done.
        """
        from suffice.demand.response import worth_of

        return worth_of(self._own.law, seed=self._own.study.seed)


def _section(metric: str | Metric) -> dict[str, Any]:
    if isinstance(metric, str):
        return {"better": metric}
    return {
        "better": metric.better,
        "unit": metric.unit,
        **({"low": metric.low} if np.isfinite(metric.low) else {}),
        **({"high": metric.high} if np.isfinite(metric.high) else {}),
        **({"items": metric.items} if metric.items else {}),
    }
