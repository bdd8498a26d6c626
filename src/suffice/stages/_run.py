"""The stages in their order: supply, measure, fit, plan, check, report.

Each stage is a function of a ``Workspace``; it reads what the stage before it left, and leaves
files in the study's folder. ``run`` calls them all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.corruption import Corruption, corrupt, corruptions
from suffice.errors import StorageError
from suffice.progress import SilentProgress
from suffice.stages._workspace import MOST_MEASURED, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand import Cell, CellRuns, Law
    from suffice.plan import Market, Next, Option, Plan, Risk
    from suffice.progress import Progress
    from suffice.study import Study

    Floats = NDArray[np.float64]

CHECK_SEED = 1_000_000
"""Seeds of check runs start here, far from those of the grid."""

_OTHER_MODELS_MIXTURES = 6
LEVEL_OF_COUNTS = 0.95


@dataclass(frozen=True)
class Result:
    """What a whole run of a study gave.

    Attributes:
        plan: the recommended curve, its forecast and its alternatives.
        checks: how the forecasts came out; empty when the check was skipped.
        report: the report's file.
        folder: where everything lies.
    """

    plan: Plan
    checks: tuple[dict[str, Any], ...]
    report: Path
    folder: Path


@dataclass(eq=False)
class Grid:
    """Measured cells and their runs, in the same order."""

    cells: list[Cell]
    runs: list[CellRuns]

    def of(self, model: str) -> tuple[tuple[Curve, ...], tuple[CellRuns, ...]]:
        """Curves and runs of one model whose labels are as they were given."""
        mine = [i for i in self._mine(model) if not corruptions(self.cells[i].curve)]
        curves = tuple(self.cells[i].curve.curve for i in mine)
        return curves, tuple(self.runs[i] for i in mine)

    def attacked(self, model: str) -> tuple[tuple[ResolvedCurve, ...], tuple[CellRuns, ...]]:
        """Curves and runs of one model with hostile labels among the others."""
        mine = [i for i in self._mine(model) if corruptions(self.cells[i].curve)]
        return tuple(self.cells[i].curve for i in mine), tuple(self.runs[i] for i in mine)

    def _mine(self, model: str) -> list[int]:
        return [i for i, c in enumerate(self.cells) if c.model == model]


def run(
    study: Study | str | Path,
    out: str | Path = "suffice-out",
    *,
    check: bool = True,
    check_seed: int = CHECK_SEED,
    progress: Progress | None = None,
    executor: str = "processes",
) -> Result:
    """Answer a study: how much of which labels to buy, with which probability, and check it.

    Args:
        study: a study, or the path of its file.
        out: folder for the results; it is created where missing.
        check: really train the recommended curve and its alternatives with fresh seeds.
        check_seed: first seed of those runs.
        progress: shows long steps; silent by default.
        executor: where to train: ``processes``, ``processes:4``, ``inline``, ``ray`` or
            ``ray:HOST:PORT``.
    """
    from suffice.study import load_study

    if isinstance(study, (str, Path)):
        study = load_study(study)
    work = Workspace(study, Path(out), progress or SilentProgress(), executor)
    timings: list[dict[str, Any]] = []
    begin = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal begin
        now = time.perf_counter()
        timings.append({"stage": stage, "seconds": round(now - begin, 3)})
        begin = now

    supply(work)
    lap("supply")
    _ = work.models
    lap("embedding")
    grid = measure(work)
    lap("grid")
    laws = fit(work, grid)
    lap("laws")
    plan = make_plan(work, grid, laws)
    lap("plan")
    checks: tuple[dict[str, Any], ...] = ()
    if check:
        checks = check_plan(work, plan, first_seed=check_seed)
    else:
        values = work.read("plan.json", made_by="suffice plan")
        work.write("plan.json", {**values, "check_skipped": True})
    lap("check")
    lock(work)
    path = report(work)
    lap("report")
    work.write("timings.json", timings)
    return Result(plan, checks, path, work.folder)


def supply(work: Workspace) -> dict[str, Any]:
    """Measure the sources; writes ``supply.json``."""
    from suffice.supply import supply_curve, supply_table
    from suffice.supply.operators import default_menu

    check_market(work)
    table = supply_table(work.pool, work.sources, work.measured, work.offered)
    known = {n: s for n, s in work.sources.items() if work.measured[n].audited}
    if known:
        weeks, seed = work.study.budget.weeks, work.study.seed
        bought = supply_curve(known, default_menu(), weeks=weeks, seed=seed).as_dict()
        table["bought"] = {key: bought[key] for key in ("offers", "weeks", "notes")}
    if work.variants:
        table["quality_control"] = [
            {
                "name": v.name,
                "source": v.base,
                "operators": v.how,
                "labels_behind_an_answer": v.effort,
                **{key: e.as_dict() for key, e in v.estimates.items()},
                "assumes": list(v.notes),
            }
            for v in work.variants.values()
        ]
    work.write("supply.json", table)
    return table


def measure(work: Workspace) -> Grid:
    """Train the grid, or read from the store what was trained before; writes ``runs.parquet``."""
    from suffice.demand import Cell, design_attacks, design_grid

    # Hours of training would not mend a study that nothing can be bought in.
    check_market(work)
    section = work.study.grid
    seeds = tuple(range(work.study.seed * 1000, work.study.seed * 1000 + section.seeds))
    cells: list[Cell] = []
    for model in work.models:
        target = model == work.study.models.target
        curves = design_grid(
            work.offers,
            work.order,
            budget=work.study.budget.money,
            smallest=section.smallest,
            mixtures=section.mixtures if target else min(_OTHER_MODELS_MIXTURES, section.mixtures),
            seed=work.study.seed,
        )
        cells += [Cell(model, _resolve(work, c), seeds) for c in curves]
        if section.attacks:
            for a in design_attacks(work.offers, work.order, section.smallest):
                hostile = Corruption(attack=a.share)
                curve = corrupt(_resolve(work, a.curve), hostile, work.trigger, rounds=a.rounds)
                cells.append(Cell(model, curve, seeds))
    grid = Grid(cells, _train(work, cells, "grid"))
    if section.focus:
        more = _promising(work, grid, seeds)
        grid = Grid(cells + more, grid.runs + _train(work, more, "focus"))
    _write_runs(work, "grid", grid)
    return grid


def check_market(work: Workspace) -> None:
    """Refuse a study that nothing can be bought in, and a criterion that nothing measures.

    Raises:
        InfeasibleError: limits contradict each other, or nothing can be bought.
        InputError: the criterion names what is not measured.
    """
    work.market.check()
    work.criterion.thresholds(work.pool.evaluation.metrics)


def market_of(
    work: Workspace,
    *,
    money: float | None = None,
    weeks: float | None = None,
    bought: Curve | None = None,
) -> Market:
    """The study's market, with another budget or time where one is given, and labels in hand.

    Raises:
        InfeasibleError: limits contradict each other, or nothing can be bought.
        InputError: what was bought is not sold.
    """
    from dataclasses import replace

    from suffice.plan import with_bought

    market = work.market if money is None else replace(work.market, money=money)
    market = market if weeks is None else replace(market, weeks=weeks)
    market = market if bought is None else with_bought(market, bought)
    market.check()
    return market


def _train(work: Workspace, cells: Sequence[Cell], name: str) -> list[CellRuns]:
    from suffice.demand import load_executor
    from suffice.demand import measure as train

    return train(
        cells,
        work.pool,
        work.models,
        work.scheme,
        work.store,
        work.progress,
        name=name,
        executor=load_executor(work.executor),
    )


def _promising(work: Workspace, grid: Grid, seeds: tuple[int, ...]) -> list[Cell]:
    """Cells of the target model where a first law sees promise.

    A plan is made where the law is most optimistic, so that is where it must be held to account
    before it is believed. Check runs still use seeds that no cell has used.
    """
    from suffice.demand import Cell
    from suffice.plan import promising

    target = work.study.models.target
    law = fit_models(work, grid, [target], "first law")[target]
    known = set(grid.of(target)[0])
    # Quality control is measured only where its labels can be made.
    tried = all(work.can_train_operated(v.base) for v in work.variants.values())
    market = (work.market if tried else work.market.plain()).up_to(MOST_MEASURED)
    curves = promising(law, market, work.criterion, work.study.grid.focus, seed=work.study.seed)
    return [Cell(target, _resolve(work, c), seeds) for c in curves if c not in known]


def fit(work: Workspace, grid: Grid) -> dict[str, Law]:
    """Fit a law for every model; writes ``law.json``."""
    from suffice.demand import held_out_table

    laws = fit_models(work, grid, list(work.models), "laws")
    law = laws[work.study.models.target]
    work.write("law.json", {**law.summary(), "held_out": held_out_table(law)})
    return laws


def fit_models(work: Workspace, grid: Grid, models: list[str], name: str) -> dict[str, Law]:
    """Laws of some models, from all cells that a grid has of them; ``name`` is for the progress."""
    from dataclasses import replace

    from suffice.demand import FEWEST_ATTACKED, LawTask, fit_attack, fit_laws
    from suffice.fetch import cache_folder

    columns = _law_columns(work)
    untrained = tuple(float(x) for x in work.pool.evaluation.untrained[columns])
    tasks = []
    for model in models:
        curves, runs = grid.of(model)
        tasks.append(
            LawTask(
                curves,
                tuple(r.scores[:, columns] for r in runs),
                work.law_metrics,
                work.table,
                model,
                work.scheme.name,
                work.study.seed,
                untrained,
            )
        )
    laws = dict(
        zip(
            models,
            fit_laws(tasks, cache_folder() / "laws", work.progress, name=name),
            strict=True,
        )
    )
    for model, law in laws.items():
        attacked, hostile = grid.attacked(model)
        if len(attacked) >= FEWEST_ATTACKED:
            scores = [r.scores[:, columns] for r in hostile]
            part = fit_attack(law, attacked, scores, work.study.seed)
            laws[model] = replace(law, attack=part)
    return laws


def _law_columns(work: Workspace) -> list[int]:
    """Where the law's metrics stand among those of a run."""
    return [work.pool.evaluation.metrics.index(m) for m in work.law_metrics]


def gold_shifts(work: Workspace, grid: Grid) -> Floats | None:
    """What other gold would add to each metric, from the largest cell [replica, metric]."""
    curves, runs = grid.of(work.study.models.target)
    gold = runs[max(range(len(curves)), key=lambda i: curves[i].tasks)].gold
    if gold is None:
        return None
    gold = gold[:, _law_columns(work)]
    return np.asarray(gold - gold.mean(axis=0))


def make_plan(
    work: Workspace,
    grid: Grid,
    laws: dict[str, Law],
    *,
    target: float | None = None,
    money: float | None = None,
    weeks: float | None = None,
    risk: Risk | None = None,
    points: bool = False,
    bought: Curve | None = None,
    told: Callable[[Plan], None] | None = None,
) -> Plan:
    """Choose the curve; writes ``plan.json`` and ``forecast.json``.

    Args:
        work, grid, laws: what the stages before gave.
        target: buy the cheapest curve with P at least this; without it, the highest P.
        money: budget instead of the study's.
        weeks: time instead of the study's.
        risk: maximise something other than P.
        points: give P of curves far from what was measured as a point, not as bounds alone.
        bought: labels in hand, which every curve then holds.
        told: called with the plan once ``plan.json`` is there, before the pictures are computed.
    """
    from suffice.plan import forecast_file, plan_file
    from suffice.plan import make_plan as choose

    law = laws[work.study.models.target]
    market = market_of(work, money=money, weeks=weeks, bought=bought)
    with work.progress.step("plan", total=1) as step:
        plan = choose(
            law,
            market,
            work.criterion,
            seed=work.study.seed,
            target=target,
            gold_shifts=gold_shifts(work, grid),
            risk=risk,
            prices=True,
            points=points,
            bought=bought,
        )
        step.advance()
    about = {
        "study": work.study.name,
        "question": work.study.question,
        "model": work.study.models.target,
        "task": work.study.task.kind,
    }
    said = work.quality_control_assumes()
    # Pictures of another plan must not stand beside this one, should they never be computed.
    work.remove("forecast.json")
    work.write("plan.json", plan_file(plan, market, work.criterion, about, said, points=points))
    if told is not None:
        told(plan)
    with work.progress.step("pictures", total=1) as step:
        drawn = forecast_file(
            laws,
            work.study.models.target,
            market,
            work.criterion,
            work.quality,
            plan,
            {m: [r.scores[:, _law_columns(work)] for r in grid.of(m)[1]] for m in laws},
            seed=work.study.seed,
        )
        work.write("forecast.json", {**drawn, "changes": _changes(work, laws, plan)})
        step.advance()
    return plan


def _changes(work: Workspace, laws: dict[str, Law], plan: Plan) -> list[dict[str, Any]]:
    """How P on the recommended purchase moves from model to model, and which effect wins."""
    from suffice.forecast import explain_change

    section = work.study.capability
    if section is None or plan.recommended.curve is None:
        return []
    placed = [(at, laws[m]) for m, at in section.models.items()]
    rng = np.random.default_rng([work.study.seed, 73])
    found = explain_change(placed, plan.recommended.curve, work.judged, work.criterion, rng)
    return [change.as_dict() for change in found]


def what_next(
    work: Workspace, grid: Grid, laws: dict[str, Law], *, value: float | None = None
) -> Next:
    """Weigh measurements against buying now; writes ``next.json``.

    Args:
        work, grid, laws: what the stages before gave.
        value: money that meeting the criterion is worth, instead of what the study says.
    """
    from suffice.plan import Prices
    from suffice.plan import make_plan as choose
    from suffice.plan import what_next as weigh

    law = laws[work.study.models.target]
    shifts, seed = gold_shifts(work, grid), work.study.seed
    prices = work.study.next.model_dump()
    if value is not None:
        prices["value"] = value
    with work.progress.step("next", total=2) as step:
        plan = choose(law, work.market, work.criterion, seed=seed)
        step.advance()
        found = weigh(
            law, work.market, work.criterion, plan, Prices(**prices), gold_shifts=shifts, seed=seed
        )
        step.advance()
    work.write("next.json", found.as_dict())
    return found


def check_plan(
    work: Workspace, plan: Plan, *, first_seed: int = CHECK_SEED
) -> tuple[dict[str, Any], ...]:
    """Hold the forecasts to account by training for real; completes ``plan.json``.

    Every checked curve's forecast is in the ledger, on disk, before the first run starts. The runs
    draw fresh tasks and labels with fresh seeds.
    """
    from suffice.demand import Cell

    total = work.study.check.runs
    seeds = tuple(range(first_seed, first_seed + total))
    bought = [o for o in (plan.recommended, *plan.alternatives) if o.forecast is not None]
    # A curve that stands in two rows (all the money goes to one source) is checked once.
    distinct = [o for i, o in enumerate(bought) if o.curve not in [b.curve for b in bought[:i]]]
    options = [o for o in distinct if work.can_train(_curve(o))]
    left_out = [o.name for o in distinct if o not in options]
    rng = np.random.default_rng([work.study.seed, 41])
    written = [_write_forecast(work, o, rng, total, seeds) for o in options]
    target = work.study.models.target
    cells = [Cell(target, _resolve(work, _curve(o)), seeds) for o in options]
    runs = _train(work, cells, "check")
    checks = []
    for option, (key, low, high), result in zip(options, written, runs, strict=True):
        met = work.criterion.met(result.scores, work.pool.evaluation.metrics)
        work.ledger.score(key, int(met.sum()))
        checks.append(
            {
                "name": option.name,
                "passed": int(met.sum()),
                "total": total,
                "predictive_low": low,
                "predictive_high": high,
                "p": None if option.forecast is None else option.forecast.said(),
                **({"synthetic": True} if _is_operated(_curve(option)) else {}),
            }
        )
    values = work.read("plan.json", made_by="suffice plan")
    said = {"check_left_out": left_out} if left_out else {}
    work.write("plan.json", {**values, "check": checks, **said})
    if cells:
        _write_runs(work, "check", Grid(cells, runs))
    return tuple(checks)


def lock(work: Workspace) -> None:
    """Write ``study.lock.json``: versions, seeds and checksums of all that the answer rests on."""
    from suffice.records import lock_file

    models = {name: m.fingerprint for name, m in work.models.items()}
    work.write(
        "study.lock.json",
        lock_file(work.study.digest(), work.study.seed, work.pool.fingerprint, models),
    )


def report(work: Workspace) -> Path:
    """Write ``report.html`` from the files in the folder."""
    from suffice.report import write_report

    return write_report(work.folder)


def _write_forecast(
    work: Workspace, option: Option, rng: np.random.Generator, total: int, seeds: Sequence[int]
) -> tuple[str, int, int]:
    if option.forecast is None:
        raise ValueError("an option without a forecast cannot be checked")
    low, high = option.forecast.predictive(total, rng, LEVEL_OF_COUNTS)
    key = work.ledger.forecast(
        work.study.digest(),
        option.name,
        _curve(option),
        option.forecast.as_dict(),
        (low, high),
        total,
        seeds=(seeds[0], seeds[-1]),
    )
    return key, low, high


def _curve(option: Option) -> Curve:
    if option.curve is None:
        raise ValueError("an option without a curve cannot be trained")
    return option.curve


def _is_operated(curve: Curve) -> bool:
    return any(t.source != t.base for t in curve)


def _resolve(work: Workspace, curve: Curve) -> ResolvedCurve:
    return curve.resolve(work.buyable)


def _write_runs(work: Workspace, stage: str, grid: Grid) -> None:
    """Write one stage's runs into ``runs.parquet``; a check leaves the grid's rows in place."""
    import polars as pl

    from suffice.demand import cell_runs

    rows = [
        {"stage": stage, **run.as_row()}
        for cell, found in zip(grid.cells, grid.runs, strict=True)
        for run in cell_runs(cell, found, work.pool, work.scheme, work.buyable)
    ]
    table = pl.DataFrame(rows)
    path = work.folder / "runs.parquet"
    if stage == "check" and path.exists():
        before = pl.read_parquet(path).filter(pl.col("stage") == "grid")
        table = pl.concat([before, table])
    try:
        work.folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(".runs.partial.parquet")
        table.write_parquet(partial)
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror})") from error
