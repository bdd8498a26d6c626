"""The stages of a study of runs that were made elsewhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from suffice.stages._own import HELD, OwnRuns
from suffice.stages._planned import Planned

if TYPE_CHECKING:
    from suffice.curve import Curve
    from suffice.demand.response import Exchange, ResponseLaw
    from suffice.evidence import Evidence
    from suffice.forecast import Forecast, Record, RunForecast
    from suffice.plan import Plan
    from suffice.records import CheckedRuns, OwnRunsRecord, SupplyRecord
    from suffice.stages._workspace import Workspace

_MOST_ROWS = 400
"""Forecasts of single runs that the record keeps, the latest: the ledger has all."""

_MOST_EXCHANGED = 16
"""Sources of a table up to which each is priced in labels of another. Chosen for time."""


def _own(work: Workspace) -> OwnRuns:
    if work.own is None:
        raise ValueError("this study has no table of runs")
    return work.own


def supply(work: Workspace) -> SupplyRecord:
    """What labels of each source are worth by the runs; writes ``own_runs.json``."""
    from suffice.records import Interval, SupplyRecord
    from suffice.records import Supplier as Row

    work.market.check()
    work.write(own_runs(work))
    rows = []
    for name, section in work.study.sources.items():
        e = section.error
        known = Interval(value=e, low=e, high=e) if e is not None else None
        rows.append(
            Row(
                name=name,
                about=section.about,
                price=section.price,
                capacity=section.capacity,
                latency_days=section.latency_days,
                audited_tasks=0,
                error=known or Interval(value=0.25, low=0.0, high=0.5),
            )
        )
    found = SupplyRecord(sources=tuple(rows))
    work.write(found)
    return found


def own_runs(work: Workspace) -> OwnRunsRecord:
    """What the table shows, before any forecast of it is checked."""
    return work.once(_own_runs)


def _own_runs(work: Workspace) -> OwnRunsRecord:
    from suffice.demand.response import exchange_of, noise_said, skill_of, worth_of
    from suffice.records import ExchangeRow, Interval, OwnRunsRecord, SkillRow, WorthRow

    own = _own(work)
    law, table = own.law, own.runs
    cells = law.response.cells
    skills = skill_of(law)
    worth = worth_of(law, seed=work.study.seed)
    exchanged: list[Exchange] = []
    alone = _alone(law)
    if own.total is None and 1 < len(alone) <= _MOST_EXCHANGED:
        best = max(alone, key=lambda s: (-own.stated.get(s, 0.25), work.study.sources[s].price))
        for source in alone:
            if source != best:
                exchanged += exchange_of(law, source, best, seed=work.study.seed)
    states = list(table.states)
    return OwnRunsRecord(
        origin=table.origin,
        runs=len(cells.cell),
        cells=len(cells.points),
        repeats=cells.repeats,
        pending=states.count("pending"),
        failed=states.count("failed"),
        notes=table.notes,
        metrics=tuple(m.name for m in law.metrics),
        sources=tuple(dict.fromkeys(s for s, _ in cells.columns)),
        models=cells.models,
        noise=noise_said(law.response),
        skill=tuple(
            SkillRow(metric=s.metric, share=s.share, told=s.told, text=s.said) for s in skills
        ),
        worth=tuple(
            WorthRow(
                source=w.source,
                metric=w.metric,
                labels=w.labels,
                instead=w.instead,
                gain=Interval.of(w.gain),
                better=w.better,
                verdict=w.verdict,
                text=w.said,
            )
            for w in worth
        ),
        exchange=tuple(
            ExchangeRow(
                source=e.source,
                than=e.than,
                metric=e.metric,
                labels=e.labels,
                worth=Interval.of(e.worth),
            )
            for e in exchanged
        ),
        told=any(s.told for s in skills),
    )


def _alone(law: ResponseLaw) -> list[str]:
    """Sources that some cell had alone, in one round."""
    cells = law.response.cells
    rounds = {r for _, r in cells.columns}
    if len(rounds) > 1:
        return []
    counts = cells.points.counts
    single = (counts > 0.0).sum(axis=1) == 1
    return [s for k, (s, _) in enumerate(cells.columns) if (counts[single, k] > 0.0).any()]


def measure(work: Workspace) -> Evidence:
    """The runs of the table as evidence: cells of each model, whatever the settings were."""
    return work.once(_evidence)


def _evidence(work: Workspace) -> Evidence:
    import numpy as np

    from suffice.demand.response import curve_of
    from suffice.evidence import Cell, CellRuns, Evidence

    own = _own(work)
    cells = own.response.cells
    found: dict[tuple[str, Curve], list[int]] = {}
    for c, row in enumerate(cells.points.counts):
        curve = curve_of(cells.columns, row)
        if all(t.source in work.sources for t in curve):
            key = (cells.models[int(cells.points.groups[c, 0])], curve)
            found.setdefault(key, []).extend(np.flatnonzero(cells.cell == c).tolist())
    made = [
        Cell(model, curve.resolve(work.sources), tuple(range(len(rows))))
        for (model, curve), rows in found.items()
    ]
    untrained = [work.study.metrics[m.name].untrained for m in own.metrics]
    return Evidence(
        cells=tuple(made),
        runs=tuple(CellRuns.of_scores(cells.values[rows]) for rows in found.values()),
        metrics=own.metrics,
        scheme="made elsewhere",
        sources=work.sources,
        untrained=np.array([np.nan if u is None else u for u in untrained]),
        origin=own.runs.origin,
    )


def fit(work: Workspace) -> dict[str, ResponseLaw]:
    """The law of every model; writes ``law.json`` with the baselines' errors beside its own."""
    return work.once(_fit)


def _fit(work: Workspace) -> dict[str, ResponseLaw]:
    from suffice.demand.response import held_out

    own = _own(work)
    laws = own.laws
    asked = [m.name for m in own.metrics if m.name in own.criterion.limits]
    work.write(own.law.record(held_out(own.response, asked[0])))
    return dict(laws)


def forecast(work: Workspace, curve: Curve) -> Forecast:
    """P(meets the criterion) of one curve."""
    from suffice._streams import Stream
    from suffice.forecast import make_forecasts

    work.market.check_repeats(curve)
    own = _own(work)
    made = make_forecasts(own.law, [curve], own.criterion, Stream.FORECAST.rng(work.study.seed))[0]
    return as_held(made)


@dataclass(frozen=True)
class SimpleForecast:
    """What one way of forecasting says of one metric of a curve.

    Attributes:
        name: of the way.
        metric: by name.
        value: that is expected.
        low, high: 90 % interval for a run.
    """

    name: str
    metric: str
    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, str | float]:
        """For JSON."""
        return asdict(self)


def simple(work: Workspace, curve: Curve) -> tuple[SimpleForecast, ...]:
    """The law and every baseline side by side, of the metrics that the criterion limits."""
    import numpy as np

    from suffice._streams import Stream
    from suffice.demand.response import baselines_of, points_of
    from suffice.estimate import interval

    own = _own(work)
    law, cells = own.law, own.response.cells
    seen = own.runs
    at = [seen.metric(m.name) for m in own.metrics]
    used = seen.take(np.isfinite(seen.values[:, at]).all(axis=1) & seen.done)
    places = cells.places(law.model, law.settings, cells.counts([curve]))
    rng = Stream.FORECAST.rng(work.study.seed)
    runs = law.outcomes([curve], rng, draws=400, runs=200).runs()
    found = []
    for m, metric in enumerate(own.metrics):
        if metric.name not in own.criterion.limits:
            continue
        low, high = interval(runs[..., m].ravel())
        found.append(SimpleForecast("suffice", metric.name, float(runs[..., m].mean()), low, high))
        for b in baselines_of(points_of(used, cells), used.values[:, at[m]]):
            value = float(np.mean([b.predict(p)[0] for p in places]))
            # A normal around the forecast, by what it missed on the runs it saw.
            reach = 1.645 * b.sd
            found.append(SimpleForecast(b.name, metric.name, value, value - reach, value + reach))
    return tuple(found)


def as_held(made: Forecast) -> Forecast:
    """A forecast that says what a table of runs holds fixed."""
    return replace(made, held_fixed=HELD, deployment=None)


def choose(
    work: Workspace, *, target: float | None, money: float | None, weeks: float | None
) -> Plan:
    """The curve to buy, or how to divide the total that all runs had."""
    from suffice.plan import make_plan, plan_mixture
    from suffice.stages._market import market_of

    market = market_of(work, money=money, weeks=weeks)
    seed = work.study.seed
    own = _own(work)
    if own.total is not None:
        made = plan_mixture(own.law, market, own.criterion, own.total, seed=seed)
    else:
        made = make_plan(own.law, market, own.criterion, seed=seed, target=target, prices=False)
    recommended = made.recommended
    if recommended.forecast is not None:
        recommended = replace(recommended, forecast=as_held(recommended.forecast))
    decision = made.decision
    if not own_runs(work).told:
        decision = f"Nothing can be told from these runs: {decision}"
    return replace(made, recommended=recommended, decision=decision)


def plan(
    work: Workspace,
    *,
    target: float | None = None,
    money: float | None = None,
    weeks: float | None = None,
    points: bool = False,
) -> Planned:
    """Choose the curve; writes ``plan.json``."""
    from suffice.plan import About, plan_record
    from suffice.stages._market import market_of

    made = choose(work, target=target, money=money, weeks=weeks)
    own = _own(work)
    about = About(
        study=work.study.name,
        question=work.study.question,
        model=work.study.models.target,
        said=own.law.said,
    )
    market = market_of(work, money=money, weeks=weeks)
    record = plan_record(made, market, own.criterion, about, metrics=own.metrics, points=points)
    work.write(record)
    fit(work)
    planned = Planned(record, (), (made.recommended, *made.alternatives))
    work.planned = planned
    return planned


def check(work: Workspace) -> tuple[RunForecast, ...]:
    """Forecast each run from those before it; completes ``own_runs.json`` and the ledger."""
    from suffice.demand.response import curve_of
    from suffice.forecast import prequential, record_of
    from suffice.records import Probability

    own = _own(work)
    made = prequential(
        own.runs,
        own.metrics,
        own.criterion,
        stated=own.stated,
        seed=work.study.seed,
        progress=work.progress,
    )
    found = own_runs(work)
    if not made:
        work.write(found)
        return ()
    cells, digest = own.response.cells, work.study.digest()
    place = {name: k for k, name in enumerate(own.runs.ids)}
    rows = []
    for f in made:
        run = place[f.run]
        counts = {
            (s, r): float(own.runs.round_counts[run, i, j])
            for i, s in enumerate(own.runs.sources)
            for j, r in enumerate(own.runs.rounds)
        }
        curve = curve_of(cells.columns, [counts.get(c, 0.0) for c in cells.columns])
        p = f.p
        said = Probability(mean=p.value, low=p.low, high=p.high, level=p.level)
        likely = (int(p.low > 0.975), int(p.high >= 0.025))
        rows.append((f"run {f.run}, from {f.before} before it", curve, said, likely, int(f.met)))
    work.ledger.record(digest, rows)
    record = record_of(made, own.metrics, own.criterion)
    work.write(found.model_copy(update={"check": _checked(made, record, work)}))
    return made


def _checked(made: tuple[RunForecast, ...], record: Record, work: Workspace) -> CheckedRuns:
    from suffice.records import CheckedRuns, ForecastRun, Interval, ScoreRow

    own = _own(work)
    names = [m.name for m in own.metrics]

    def by_name(values: tuple[float, ...]) -> dict[str, float]:
        return dict(zip(names, values, strict=True))

    return CheckedRuns(
        runs=record.runs,
        met=record.met,
        metric=record.metric,
        covered=dict(record.covered),
        scores=tuple(
            ScoreRow(name=s.name, rmse=s.rmse, brier=s.brier, skill=s.skill) for s in record.scores
        ),
        rows=tuple(
            ForecastRun(
                run=f.run,
                before=f.before,
                p=Interval.of(f.p),
                met=f.met,
                mean=by_name(f.means),
                low=by_name(f.lows),
                high=by_name(f.highs),
                reached=by_name(f.reached),
            )
            for f in made[-_MOST_ROWS:]
        ),
    )


def own_runs_lines(folder: str | Path) -> list[str]:
    """What ``own_runs.json`` says, in words: worth, skill, exchange rates, and noise of runs."""
    from suffice.records import OwnRunsRecord

    found = OwnRunsRecord.read(Path(folder))
    lines = [
        f"{found.origin}: {found.runs} runs in {found.cells} cells, {found.repeats} repeats",
        *(w.text for w in found.worth),
    ]
    lines += [
        f"{e.metric}: one label of {e.source} is worth {e.worth.value:.2f} of {e.than} "
        f"({e.worth.low:.2f} to {e.worth.high:.2f}), at {e.labels:,.0f}"
        for e in found.exchange
    ]
    lines += [s.text for s in found.skill if not s.told]
    return [*lines, found.noise]
