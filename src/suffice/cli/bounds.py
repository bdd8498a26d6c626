"""``suffice bounds``: what theory says about the labels, and whether a forecast beats it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from suffice.cli._common import OUT
from suffice.cli._screen import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suffice.stages import Bound, Bounds

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
    from suffice import stages
    from suffice.cli._common import print_json
    from suffice.errors import InputError

    if error is not None and study is not None:
        raise InputError("a study measures the error itself", fix=f"leave out {study} or --error")
    asked = stages.Asked(
        target=target,
        hypotheses=hypotheses,
        bits=bits,
        failure=failure,
        error=error,
        labels_per_task=labels_per_task,
        shared=shared,
        dimension=dimension,
        hostile=hostile,
        honest=honest,
        trials=trials,
        failures=failures,
        missed=missed,
        gain=gain,
        loss=loss,
    )
    if study is None and not asked.needs_no_study:
        study = stages.example_study()
    found = stages.bounds(study, out, asked)
    if json:
        print_json(found.as_dict())
        return
    say(*_lines(found))


def _lines(found: Bounds) -> Iterator[str]:
    """A table of the bounds; what each assumes is listed once, below it."""
    notes: dict[str, int] = {}
    rows = []
    for b in found.bounds:
        cited = [notes.setdefault(text, len(notes) + 1) for text in (*b.assumptions, b.reference)]
        rows.append((b.name, _value(b), _holds(b.holds_here), " ".join(map(str, cited))))
    for row in (("bound", "value (90 %)", "holds here", "notes"), *rows):
        yield from _columns(row)
    yield ""
    for text, number in notes.items():
        yield from textwrap.wrap(
            text, WIDTH, initial_indent=f"{number:>3}. ", subsequent_indent=" " * 5
        )
    bought, needed = found.bits_bought, found.bits_needed
    if bought is not None and needed is not None:
        enough = "no bound stands against it" if bought.low >= needed else "that may not do"
        yield ""
        yield from textwrap.wrap(
            f"The recommended purchase carries at most {_number(bought.value)} bits "
            f"({_number(bought.low)} to {_number(bought.high)}); {_number(needed)} are to be "
            f"learned: {enough}.",
            WIDTH,
        )
    for name, g in found.forecasts.items():
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
