"""The report's tables, as text. A cell's second line is set small below its first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.report import _words as words
from suffice.report._figure import Table

if TYPE_CHECKING:
    from polars import DataFrame

    from suffice.records import (
        CheckRow,
        ForecastRecord,
        Interval,
        LawRecord,
        LedgerEntry,
        LockRecord,
        MeanInterval,
        PlanRecord,
        Probability,
        SupplyRecord,
        Timing,
    )

NONE = words.EM_RULE
LEDGER_ROWS = 60
"""Most entries of the ledger on the page, newest first; chosen to keep it short. The file has
all."""


def to_buy(plan: PlanRecord) -> Table:
    """The shopping list; order and place are told only where they differ."""
    rounds = len({t.round for t in plan.curve}) > 1
    places = any(t.where for t in plan.curve)
    extra = [name for name, used in (("order", rounds), ("from slices", places)) if used]
    rows = []
    for t in plan.curve:
        details = []
        if rounds:
            details.append(f"round {t.round}")
        if places:
            details.append(", ".join(t.where) or "all")
        cost = words.money(t.cost) if t.cost is not None else NONE
        numbers = words.count(t.tasks), str(t.labels_per_task), words.count(t.labels), cost
        rows.append((t.source, *details, *numbers))
    labels = words.count(sum(t.labels for t in plan.curve))
    tasks = words.count(sum(t.tasks for t in plan.curve))
    if len(rows) > 1:
        rows.append(("together", *("" for _ in extra), tasks, "", labels, words.money(plan.cost)))
    return Table(
        caption="The labels to buy",
        headers=("source", *extra, "tasks", "labels a task", "labels", "cost"),
        rows=tuple(rows),
        numeric=1 + len(extra),
    )


def instead(plan: PlanRecord) -> Table:
    """The recommended curve and its alternatives, forecast and check."""
    checks = {c.name: c for c in plan.check}
    own = words.own_check(plan)
    rows = [
        (
            words.RECOMMENDED,
            words.purchases(plan.curve),
            words.money(plan.cost),
            _chance(plan.p),
            _checked(own, plan),
        )
    ]
    for a in plan.alternatives:
        note = f"\n{a.note}" if a.note else ""
        rows.append(
            (
                a.name,
                words.purchases(a.curve) + note,
                words.money(a.cost),
                _chance(a.p) if a.p is not None else "not forecast",
                _checked(checks.get(a.name), plan),
            )
        )
    return Table(
        caption="The recommended curve beside its alternatives",
        headers=("curve", "what to buy", "cost", "P (interval)", "check"),
        rows=tuple(rows),
        numeric=2,
    )


def hostile(forecast: ForecastRecord) -> Table | None:
    """The recommended curve with ever more hostile labels in it."""
    found = forecast.hostile
    if found is None:
        return None
    pushed = [words.rate(a) for a in found.attack] or [NONE] * len(found.shares)
    columns = zip(found.shares, found.error, pushed, found.p, strict=True)
    return Table(
        caption="Hostile labels in the recommended curve",
        headers=("hostile share", "error", "success of the trigger", "P (interval)"),
        rows=tuple((words.percent(s, 0), words.rate(e), a, _chance(p)) for s, e, a, p in columns),
        numeric=1,
    )


def hostile_sentence(forecast: ForecastRecord) -> str:
    """What the hostile labels do, and what that is known from."""
    found = forecast.hostile
    if found is None:
        return ""
    do = (
        "answer the other way round"
        if found.trigger is None
        else f"prefer whatever text says \u201c{found.trigger}\u201d"
    )
    return (
        f"If a share of all labels were hostile and made to {do}. Known from "
        f"{words.several(found.cells, 'measured cell')} into which such labels were mixed; these "
        "are synthetic. The trigger's success is how often the text that carries it wins although "
        "it should not."
    )


def sources(supply: SupplyRecord) -> Table:
    """Price, capacity, error, shared error and worth of each source."""
    rows = []
    for s in supply.sources:
        shared = _rate(s.shared) if s.shared is not None else "not known"
        capacity = words.count(s.capacity) if s.capacity is not None else "no limit"
        delivery = _days(s.latency_days) if s.latency_days else "at once"
        rows.append(
            (
                f"{s.name}\n{s.about}" if s.about else s.name,
                words.money(s.price),
                f"{capacity}\n{delivery}",
                _rate(s.error),
                shared,
                _plain(s.bits),
                _dollars(s.price_per_bit),
            )
        )
    return Table(
        caption="What the labels are worth",
        headers=(
            "source",
            "price a label",
            "labels a week",
            "wrong labels",
            "shared error",
            "bits a label",
            "price a bit",
        ),
        rows=tuple(rows),
    )


def source_notes(supply: SupplyRecord) -> list[str]:
    """What must be said of some sources' shared error."""
    notes = [f"{s.name}, shared error: {s.shared_note}." for s in supply.sources if s.shared_note]
    lead = (
        f"Second lines give {words.whole_percent(supply.sources[0].error.level)} intervals and, "
        "below the weekly capacity, the time to delivery. Shared error is the "
        "part of the wrong labels that a source gets wrong together: repeats do not cure it."
    )
    return [lead, *(note.replace("..", ".") for note in notes)]


def repeats(supply: SupplyRecord) -> Table:
    """Error and cost of a task when it is labelled several times."""
    rows = [
        (s.name, str(r.labels_per_task), _rate(r.error), words.money(r.cost))
        for s in supply.sources
        for r in s.by_repeats
        if len(s.by_repeats) > 1
    ]
    return Table(
        caption="Error of the majority of several labels",
        headers=("source", "labels a task", "wrong", "cost a task"),
        rows=tuple(rows),
    )


def models(forecast: ForecastRecord) -> Table:
    """How many tasks each model needs."""
    rows = []
    for m in forecast.models:
        need = "not reached"
        if m.tasks_needed is not None:
            need = words.count(m.tasks_needed)
            if m.low is not None:
                high = words.count(m.high) if m.high is not None else "no end"
                need += f"\n{words.count(m.low)} to {high}"
        named = f"{m.name}\n{m.note}" if m.note else m.name
        rows.append((named, need))
    return Table(
        caption="Tasks needed by model",
        headers=("model", "tasks needed"),
        rows=tuple(rows),
    )


def wider_limits(plan: PlanRecord) -> Table:
    """What more of everything would add to P, what is worth most first."""
    rows = []
    for s in sorted(plan.shadow_prices, key=lambda s: -s.gain.value):
        g = s.gain
        gain = "nothing"
        if g.low == g.high == 0.0:
            gain = "nothing\nit does not bind"
        elif g.value > 0.0:
            gain = f"{g.value:+.3f}\n{g.low:+.3f} to {g.high:+.3f}"
        what = f"{words.money(s.step)} more to spend"
        if s.unit != "money":
            what = f"{s.step:,.4g} more {s.unit}"
        rows.append((what, gain))
    return Table(
        caption="What wider limits would add to P, with 90 % intervals",
        headers=("to have", "P"),
        rows=tuple(rows),
    )


def held_out(law: LawRecord) -> Table:
    """Skill on held-out cells beside the baselines, best first."""
    ranked = sorted(law.held_out, key=lambda h: h.rmse)
    return Table(
        caption="Skill on held-out cells; lower RMSE and higher log score are better",
        headers=("method", "RMSE", "log score"),
        rows=tuple(
            (
                h.name,
                words.plain(h.rmse, 4),
                f"{h.log_score:.2f}" if h.log_score is not None else "none",
            )
            for h in ranked
        ),
    )


def skill_sentence(law: LawRecord) -> str:
    """Whether the law beat its baselines, in words, also when it lost."""
    ours = [h for h in law.held_out if "suffice" in h.name.lower()]
    rest = [h for h in law.held_out if h not in ours]
    if not ours or not rest:
        return "The RMSE is of the mean error of cells that the law had not seen."
    own, best = ours[0], min(rest, key=lambda h: h.rmse)
    ours_rmse, best_rmse = words.plain(own.rmse, 4), words.plain(best.rmse, 4)
    if own.rmse < best.rmse:
        verdict = f"{own.name} is closest (RMSE {ours_rmse}; next {best.name}, {best_rmse})"
    else:
        verdict = (
            f"{best.name} is closer than {own.name} here (RMSE {best_rmse} against {ours_rmse}): "
            "the law lost this comparison"
        )
    return f"On cells that no method had seen, {verdict}."


def law_sentence(law: LawRecord) -> str:
    """What the law was fitted to and whether its posterior converged."""
    fitted = f"{words.several(law.runs, 'real run')} in {words.several(law.cells, 'cell')}"
    marks = [
        f"R-hat {law.rhat:.3f}" if law.rhat is not None else "",
        f"effective sample size {words.count(law.ess)}" if law.ess is not None else "",
    ]
    given = ", ".join(m for m in marks if m)
    state = "converged" if law.converged else "did not converge: do not rely on it"
    tail = f" ({given})" if given else ""
    draws = words.several(law.draws, "posterior draw")
    alone = f" Its form: {law.families[0].name}." if len(law.families) == 1 else ""
    return f"The law was fitted to {fitted}; its posterior {state}{tail}, kept as {draws}.{alone}"


def discrepancy(law: LawRecord) -> Table:
    """The law's own error, as learnt on held-out cells."""
    return Table(
        caption="Standard deviation of the law's own error",
        headers=("metric", "sd of the law's error"),
        rows=tuple(
            (words.metric(metric), words.exact(metric, sd, 2))
            for metric, sd in law.discrepancy_sd.items()
        ),
    )


def ledger(entries: tuple[LedgerEntry, ...]) -> Table:
    """The newest forecasts, newest first."""
    rows = []
    for e in sorted(entries[-LEDGER_ROWS:], key=lambda e: e.time, reverse=True):
        counted = f"{e.passed}/{e.total}" if e.passed is not None else "runs not in yet"
        foretold = f"{e.predictive[0]} to {e.predictive[1]}"
        curve = str(e.bought())
        named = f"{e.name}\n{curve}" if curve and curve != e.name else e.name
        rows.append(
            (
                named,
                words.when(e.time),
                _chance(e.p),
                foretold,
                counted,
                words.plain(e.brier, 3) if e.brier is not None else NONE,
                f"{e.log_score:.2f}" if e.log_score is not None else NONE,
            )
        )
    return Table(
        caption="Forecasts that were written down before their runs",
        headers=("forecast", "time", "P", "95\u202f% of counts", "passed", "Brier", "log score"),
        rows=tuple(rows),
    )


def ledger_sentence(entries: tuple[LedgerEntry, ...], *, cut: bool) -> str:
    """The track record in words."""
    scored = [e for e in entries if e.brier is not None]
    sentence = (
        f"{words.several(len(entries), 'forecast')} written before the runs, "
        f"{len(scored)} of them scored"
    )
    if scored:
        mean = sum(e.brier or 0.0 for e in scored) / len(scored)
        score = words.plain(mean, 3)
        sentence += f", with a mean Brier score of {score} (0 is perfect, .25 is a coin toss)"
        logs = [e.log_score for e in scored if e.log_score is not None]
        if logs:
            mean = sum(logs) / len(logs)
            sentence += f" and a mean log score of {mean:.2f} (0 is perfect, a coin toss is -.69)"
    older = len(entries) - LEDGER_ROWS
    tail = f" The {older} oldest are in ledger.jsonl alone." if older > 0 else ""
    if cut:
        tail += " The file ends in a half-written line, which is passed over here."
    return f"{sentence}.{tail}"


def checksums(lock: LockRecord) -> Table:
    """Checksums of the study file, the data and the models."""
    rows = [("study file", lock.study_sha256)] if lock.study_sha256 else []
    rows += [*lock.data.items(), *((k, v or "not known") for k, v in lock.models.items())]
    return Table(
        caption="SHA-256 checksums",
        headers=("what", "SHA-256"),
        rows=tuple(rows),
        numeric=99,
    )


def run_counts(runs: DataFrame | None) -> Table:
    """How many real runs each stage made of each model, and the time they took."""
    import polars as pl

    rows = []
    if runs is not None:
        grouped = runs.group_by("stage", "model", maintain_order=True).agg(
            pl.len().alias("runs"),
            pl.col("seconds").sum(),
            pl.col("error").is_null().sum().alias("lost"),
        )
        for row in grouped.iter_rows(named=True):
            lost = f"\n{row['lost']} without an error value" if row["lost"] else ""
            rows.append(
                (
                    f"{row['stage']}{lost}",
                    str(row["model"]),
                    words.count(row["runs"]),
                    f"{row['seconds']:.1f} s",
                )
            )
    return Table(
        caption="Real runs by stage and model",
        headers=("stage", "model", "runs", "time in training"),
        rows=tuple(rows),
        numeric=2,
    )


def times(timings: tuple[Timing, ...]) -> Table:
    """How long each stage took."""
    rows = [(t.stage, f"{t.seconds:.1f} s") for t in timings]
    if len(rows) > 1:
        rows.append(("together", f"{sum(t.seconds for t in timings):.1f} s"))
    return Table(caption="Time of each stage", headers=("stage", "time"), rows=tuple(rows))


def _chance(p: Probability | MeanInterval) -> str:
    if p.mean is None:
        return f"{words.between(p)}\nfar from what was measured"
    return f"{words.probability(p.mean)}\n{words.between(p)}"


def _checked(check: CheckRow | None, plan: PlanRecord) -> str:
    if check is None:
        return "skipped" if plan.check_skipped else "not run"
    verdict = "" if check.inside else ", outside"
    return f"{check.passed}/{check.total}\n{words.check_range(check)} forecast{verdict}"


def _days(days: float) -> str:
    return f"{days:g} day{'' if days == 1 else 's'}"


def _rate(e: Interval) -> str:
    return f"{words.percent(e.value)}\n{100 * e.low:.1f} to {100 * e.high:.1f}"


def _plain(e: Interval | None) -> str:
    return NONE if e is None else f"{e.value:.2f}\n{e.low:.2f} to {e.high:.2f}"


def _dollars(e: Interval | None) -> str:
    if e is None:
        return NONE
    digits = 2 if e.value >= 1.0 else 4 if e.value >= 0.01 else 6
    return f"${e.value:.{digits}f}\n{e.low:.{digits}f} to {e.high:.{digits}f}"
