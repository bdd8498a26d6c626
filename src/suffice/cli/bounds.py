"""``suffice bounds``: what theory says about the labels, and whether a forecast beats it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.cli._common import OUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suffice.forecast.theory import Bound, Guarded

WIDTH = 80
"""Columns of the output."""


def bounds(
    study: Path | None = None,
    *,
    error: float | None = None,
    target: float | None = None,
    hypotheses: float = 1e6,
    bits: float | None = None,
    failure: float = 0.05,
    labels_per_task: int = 1,
    shared: float = 0.0,
    dimension: int | None = None,
    hostile: float | None = None,
    honest: float | None = None,
    trials: int | None = None,
    failures: int = 0,
    missed: float = 0.0,
    gain: float | None = None,
    loss: float | None = None,
    out: Path = OUT,
    json: bool = False,
) -> None:
    """What theory says: bounds on labels, gold and attackers, each with its assumptions.

    With --error, --hostile, --honest, --trials or --gain it needs no study. With a finished study
    (or none of these) it reads the sources' measured errors, and holds the forecast of the labels
    needed against the bounds: clipped by what holds for this very instance, flagged against the
    rest.

    Examples
    --------
    `suffice bounds --error .15 --hypotheses 1e6 --failure .05 --target .1`

    `suffice bounds --trials 300 --failures 0`

    `suffice bounds my-study.toml --out results`

    Parameters
    ----------
    study
        Study file; the example study by default.
    error
        Chance that one label is wrong.
    target
        Error that must be reached; the study's criterion by default.
    hypotheses
        Rules that are equally likely beforehand.
    bits
        Information that is still needed, where it is known: `hypotheses` is then not read.
    failure
        Chance with which a bound may fail.
    labels_per_task
        Labels of one task.
    shared
        Part of the error that all labels of a task share.
    dimension
        Kinds of task whose answers the model must learn from labels alone.
    hostile
        Share of hostile labels.
    honest
        Share of raters that are honest, for the gold that tells them apart.
    trials
        Trials that were checked for severe failures.
    failures
        How many of them failed.
    missed
        Chance that a failure passes unnoticed.
    gain
        Reward gained per unit of distance, as fitted, for the best distance from the start.
    loss
        Reward lost per square of it (with the logarithm, for RL), as fitted.
    out
        Folder of the study's results.
    json
        Print JSON.
    """
    from suffice.cli._common import print_json
    from suffice.errors import InputError

    if (gain is None) != (loss is None):
        raise InputError("--gain and --loss belong together", fix="give both")
    if error is not None and study is not None:
        raise InputError("a study measures the error itself", fix=f"leave out {study} or --error")
    numbers = (error, hostile, honest, trials, gain)
    plain = study is None and any(x is not None for x in numbers)
    asked = {"hypotheses": hypotheses, "bits": bits, "failure": failure, "dimension": dimension}
    said: dict[str, Any] = {}
    found: list[Bound] = []
    if not plain:
        said = _of_study(study, out, target, asked)
        found = said.pop("bounds")
        target = said["target"]
    elif error is not None:
        found = _of_labels(error, labels_per_task, shared, target, asked)
    found += _of_people(target, failure, error, hostile, honest)
    if trials is not None:
        from suffice.forecast.theory import failure_rate

        found.append(failure_rate(trials, failures, failure, missed=missed))
    if gain is not None and loss is not None:
        from suffice.forecast.theory import best_of_n, reinforcement

        found += [*best_of_n(gain, loss), reinforcement(gain, loss)]
    if json:
        guarded = {name: g.as_dict() for name, g in said.pop("guarded", {}).items()}
        print_json({**said, "bounds": [b.as_dict() for b in found], "forecasts": guarded})
        return
    for line in _lines(found, said):
        print(line)


def _of_labels(
    error: float, labels_per_task: int, shared: float, target: float | None, asked: dict[str, Any]
) -> list[Bound]:
    """Bounds on labels whose error is given as a number."""
    from suffice.forecast.theory import (
        dimension_bound,
        enough_for_class,
        task_bits,
        two_rules_bound,
    )

    needed, prior = _information(asked)
    worth = task_bits(error, labels_per_task, shared) / labels_per_task
    found = [_needed(needed, worth, prior)]
    if target is not None:
        failure = asked["failure"]
        found.append(two_rules_bound(target, failure, error))
        found.append(enough_for_class(target, asked["hypotheses"], failure, error))
        if asked["dimension"] is not None:
            found.append(dimension_bound(target, failure, error, asked["dimension"]))
        if shared or labels_per_task > 1:
            # Less independent labels tell less: what is needed stays, what is enough does not.
            found = [b.holding(False) if b.direction == "upper" else b for b in found]
    return found


def _of_people(
    target: float | None,
    failure: float,
    error: float | None,
    hostile: float | None,
    honest: float | None,
) -> list[Bound]:
    """Bounds on hostile labels and gold."""
    from suffice.forecast.theory import (
        gold_to_choose,
        malicious_error,
        malicious_share,
        ratings_order,
        trials_needed,
    )

    found = []
    if target is not None:
        found += [malicious_share(target), trials_needed(target, failure)]
    if hostile is not None:
        found.append(malicious_error(hostile))
    if honest is not None:
        wrong = min(2.0 * (target or 0.25), 1.0)
        found.append(gold_to_choose(honest, error or 0.0, max(wrong, error or 0.0), failure))
        found += ratings_order(honest, 0.5, target or 0.25)
    return found


def _of_study(
    study: Path | None, out: Path, target: float | None, asked: dict[str, Any]
) -> dict[str, Any]:
    """Bounds for every source of a finished study, and its forecasts held against them."""
    from suffice.cli._common import workspace
    from suffice.errors import InputError
    from suffice.forecast.theory import (
        Bound,
        dimension_bound,
        enough_for_class,
        guard,
        two_rules_bound,
    )

    work = workspace(study, out, as_json=False, quiet=True)
    if (classes := work.pool.evaluation.classes) > 2:
        raise InputError(
            f"the bounds are of two-way labels, and there are {classes} classes",
            where=work.study.origin,
        )
    sources = work.read("supply.json", made_by="suffice supply or suffice run writes it")["sources"]
    forecast = work.read("forecast.json", made_by="suffice plan or suffice run writes it")
    plan = work.read("plan.json", made_by="suffice plan or suffice run writes it")
    limit = work.study.criterion.error if target is None else target
    needed, prior = _information(asked)
    failure, kinds = asked["failure"], asked["dimension"]
    found, guarded, total = [], {}, [0.0, 0.0, 0.0]
    for row in sources:
        name, bits, error = row["name"], row["bits"], row["error"]
        ends = (min(error["low"], 0.499), min(error["high"], 0.499))
        middle = min(error["value"], 0.499)
        own = [
            Bound.over(
                lambda c: _needed(needed, c, prior), bits["value"], (bits["low"], bits["high"])
            ),
            Bound.over(lambda e: two_rules_bound(limit, failure, e), middle, ends),
            Bound.over(
                lambda e: enough_for_class(limit, asked["hypotheses"], failure, e), middle, ends
            ),
        ]
        if kinds is not None:
            own.append(
                Bound.over(lambda e: dimension_bound(limit, failure, e, kinds), middle, ends)
            )
        shared = row["shared"]
        if shared is None or shared["low"] > 0.01:
            # Flips that all labels share are not independent: no guarantee for the learner.
            own[2] = own[2].holding(False)
        found += [_named(b, name) for b in own]
        labels = _forecast_labels(forecast, name)
        if labels is not None:
            guarded[name] = guard(labels, own)
    worth = {row["name"]: row["bits"] for row in sources}
    for t in plan["curve"] or ():
        bought = t["tasks"] * t.get("labels_per_task", 1)
        total = [
            a + bought * worth[t["source"]][k]
            for a, k in zip(total, ("low", "value", "high"), strict=True)
        ]
    return {
        "target": limit,
        "bounds": found,
        "guarded": guarded,
        "bits_bought": total,
        "bits_needed": needed,
    }


def _forecast_labels(forecast: dict[str, Any], source: str) -> Any:  # noqa: ANN401 - Estimate | None
    """Labels of one source with which the target model's mean errors meet the criterion."""
    from suffice.estimate import Estimate

    mine = [
        c
        for c in forecast["learning_curves"]
        if c["model"] == forecast["model"] and c["source"] == source
    ]
    ends = []
    for key in ("low", "mean", "high"):
        crossed = [
            c["labels_per_task"] * _crossing(c["x"], c[key], bar)
            for c in mine
            if (bar := forecast["thresholds"].get(c["metric"])) is not None
        ]
        ends.append(max(crossed, default=float("inf")))
    low, value, high = ends
    if value == float("inf"):
        return None
    return Estimate(value, low, high, method="where the law's mean errors meet the criterion")


def _crossing(x: list[float], y: list[float], bar: float) -> float:
    """Where a falling curve first meets the bar, straight between its points in log x."""
    first = next((k for k, v in enumerate(y) if v <= bar), None)
    if first is None:
        return float("inf")
    if first == 0:
        return x[0]
    part = (y[first - 1] - bar) / (y[first - 1] - y[first])
    return float(x[first - 1] * (x[first] / x[first - 1]) ** part)


def _information(asked: dict[str, Any]) -> tuple[float, str]:
    from suffice.forecast.theory import information_needed

    if asked["bits"] is not None:
        return float(asked["bits"]), f"the model's prior leaves {asked['bits']:.3g} bits"
    count, failure = asked["hypotheses"], asked["failure"]
    return information_needed(count, failure), f"{count:.3g} rules are equally likely to the model"


def _needed(needed: float, bits: float, prior: str) -> Bound:
    from suffice.forecast.theory import information_bound

    return information_bound(needed, bits, prior=prior)


def _named(bound: Bound, source: str) -> Bound:
    from dataclasses import replace

    return replace(bound, name=f"{source}: {bound.name}")


def _lines(found: list[Bound], said: dict[str, Any]) -> Iterator[str]:
    """A table of the bounds; what each assumes is listed once, below it."""
    notes: dict[str, int] = {}
    rows = []
    for b in found:
        cited = [notes.setdefault(text, len(notes) + 1) for text in (*b.assumptions, b.reference)]
        rows.append((b.name, _value(b), _holds(b.holds_here), " ".join(map(str, cited))))
    for row in (("bound", "value (90 %)", "holds here", "notes"), *rows):
        yield from _columns(row)
    yield ""
    for text, number in notes.items():
        yield from textwrap.wrap(
            text, WIDTH, initial_indent=f"{number:>3}. ", subsequent_indent=" " * 5
        )
    if "bits_bought" in said:
        low, value, high = said["bits_bought"]
        enough = "no bound stands against it" if low >= said["bits_needed"] else "that may not do"
        yield ""
        yield from textwrap.wrap(
            f"The recommended purchase carries at most {_number(value)} bits ({_number(low)} to "
            f"{_number(high)}); {_number(said['bits_needed'])} are to be learned: {enough}.",
            WIDTH,
        )
    guarded: dict[str, Guarded] = said.get("guarded", {})
    for name, g in guarded.items():
        low, high = (_number(x) for x in (g.labels.low, g.labels.high))
        verdict = f"clipped by {', '.join(g.clipped_by)}" if g.clipped_by else "not clipped"
        yield ""
        yield from textwrap.wrap(
            f"Forecast for {name} alone: {_number(g.labels.value)} labels ({low} to {high}), "
            + "; ".join([verdict, *g.flags])
            + ".",
            WIDTH,
            subsequent_indent="    ",
        )


def _columns(row: tuple[str, ...]) -> Iterator[str]:
    """One row of the table, wrapped inside its columns."""
    widths = (19, 22, 25, 11)
    cells = [textwrap.wrap(text, width - 1) for text, width in zip(row, widths, strict=True)]
    for k in range(max(map(len, cells))):
        line = (c[k] if k < len(c) else "" for c in cells)
        yield "".join(f"{x:<{w}}" for x, w in zip(line, widths, strict=True)).rstrip()


def _value(b: Bound) -> str:
    """At least, at most, enough, or best, with the interval that its inputs give."""
    words = {"lower": "at least", "upper": "at most", "optimum": "best at"}[b.direction]
    if b.direction == "upper" and b.quantity in ("labels", "gold tasks"):
        words = "enough:"
    low, high = b.interval
    ends = f" ({_number(low)} to {_number(high)})" if high > low else ""
    return f"{words} {_number(b.value)} {b.quantity}{ends}"


def _holds(holds: bool | str) -> str:
    if isinstance(holds, str):
        return holds
    return "yes" if holds else "no: labels share tasks or error, flips are not independent"


def _number(value: float) -> str:
    if value == float("inf"):
        return "no finite number"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
