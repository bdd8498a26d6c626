"""``suffice offers``: the quality-quantity curve that can be bought."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from suffice.cli._common import OUT
from suffice.cli._screen import say

if TYPE_CHECKING:
    from suffice.stages import Offers, Routing, SupplyCurve

_WIDTH = 80
"""Columns of a terminal, by old convention."""
_SLICES = 10
"""Slices in the text; chosen to fit a screen. JSON has all."""


def offers(
    given: Path | None = None,
    *,
    qc: Annotated[list[str] | None, Parameter(negative=())] = None,
    tasks: Annotated[list[int] | None, Parameter(negative=())] = None,
    weeks: float | None = None,
    gold: Path | None = None,
    price: float | None = None,
    column: Annotated[list[str] | None, Parameter(negative=())] = None,
    drop_missing: Annotated[bool, Parameter(negative=())] = False,
    missing: Annotated[list[str] | None, Parameter(negative=())] = None,
    spread: float | None = None,
    hostile: float = 0.0,
    camouflage: float = 0.5,
    labels_per_worker: float | None = None,
    out: Path = OUT,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
    seed: int = 0,
) -> None:
    """The cheapest way to each quality at each quantity: sources, with quality control on them.

    Takes a study, whose sources are measured first, or a file of labels, which is audited first:
    its sources, or all its workers as one. Says who is best for which slice. Quality control is
    written in order, with commas: test:10:8 (questions, pass mark), gold:.1 (share of gold), x3
    (labels a task; x3w weighs by skill), adaptive:7:.95 (most, sure), bonus:.02:.3:.2 (money,
    effect on log odds, its sd), trial:200:150:200:170 (A/B trial of training: control and right,
    treated and right), panel:3:1:.05:14:6:6 (reviewers, adjudicator's price and error, days of
    comments, errors that these found and missed).

    Examples:
        suffice offers

        suffice offers my-study.toml --qc x3 --qc test:10:8,x3 --tasks 1000 --weeks 4

        suffice offers labels.csv --gold gold.csv --price .05 --json

    Args:
        given: study file (the example study by default), or a file of labels.
        qc: one setting of quality control; repeat it for more. A common menu by default.
        tasks: how many labelled tasks; repeat it for more.
        weeks: time there is; a study's own by default.
        gold: gold of a file of labels.
        price: of one label of a file of labels; by default what it cost on average.
        column: OURS=THEIRS, which column of a file of labels is which; repeat it for more.
        drop_missing: leave out rows of a file of labels that lack a task, worker or label.
        missing: a label that means no answer, such as -1; repeat it for more.
        spread: sd between workers of the log odds of a right answer: a stated prior, for studies,
            whose sources do not tell workers apart.
        hostile: stated share of labels that want to be wrong.
        camouflage: stated chance that a hostile worker sees through a test question.
        labels_per_worker: answers that a worker gives before leaving.
        out: folder of the study's results.
        json: print everything as JSON instead of a table.
        quiet: no progress.
        seed: of the posterior draws.
    """
    from suffice import stages
    from suffice.cli._common import (
        choose_progress,
        print_json,
        print_lines,
        read_columns,
        workspace,
    )
    from suffice.errors import InputError

    settings = qc or []
    if given is not None and given.suffix.lower() != ".toml":
        if spread is not None or hostile != 0.0:
            raise InputError(
                "--spread and --hostile are for studies: the workers of a file are learned from it",
                fix="leave them out",
            )
        found = stages.label_offers(
            given,
            gold,
            qc=settings,
            tasks=tasks,
            weeks=weeks,
            price=price,
            columns=read_columns(column),
            drop_missing=drop_missing,
            missing=missing or (),
            labels_per_worker=labels_per_worker,
            progress=choose_progress(as_json=json, quiet=quiet),
            seed=seed,
        )
    elif gold is not None or price is not None or column or drop_missing or missing:
        raise InputError(
            "--gold, --price, --column and --drop-missing belong to a file of labels",
            fix="leave them out",
        )
    else:
        work = workspace(given, out, as_json=json, quiet=quiet)
        stated = stages.Stated(spread, hostile, camouflage, labels_per_worker)
        found = stages.offers(work, qc=settings, tasks=tasks, weeks=weeks, stated=stated, seed=seed)
    if json:
        print_json(found.as_dict())
        return
    say(*_table(found.curve))
    say("")
    print_lines(_notes(found))


def _table(curve: SupplyCurve) -> list[str]:
    """The offers, a block for each quantity."""
    from textwrap import wrap

    from suffice.errors import InfeasibleError

    if not curve.offers:
        raise InfeasibleError(f"nothing can be delivered in {curve.weeks:g} weeks: give more time")
    lines: list[str] = []
    tasks = None
    for o in curve.offers:
        if o.tasks != tasks:
            tasks = o.tasks
            if lines:
                lines.append("")
            lines += [f"{tasks:,} tasks", f"{'wrong (90 %)':<26}{'cost':>9}{'weeks':>7}  buy"]
        e = o.error
        wrong = f"{100 * e.value:.1f} % ({100 * e.low:.1f} to {100 * e.high:.1f})"
        how = wrap(o.how, _WIDTH - 44) or [""]
        weeks = f"{o.weeks:.1f}" if o.weeks >= 0.05 else "<.1" if o.weeks > 0.0 else "-"
        lines.append(f"{wrong:<26}{o.cost.value:>9,.2f}{weeks:>7}  {how[0]}")
        lines += [" " * 44 + more for more in how[1:]]
    return lines


def _notes(found: Offers) -> list[str]:
    """Who is best where, what speaks against the table, what was checked and assumed."""
    from collections import Counter

    from suffice.labels import counted

    curve = found.curve
    lines = [f"Caution: {doubt}." for doubt in found.doubts]
    if found.routing is not None:
        lines += _routes(found.routing)
    lines += [f"Checked: {check}." for check in found.checks]
    lines += [f"Assumed: {note}." for note in curve.notes]
    reasons = Counter(text.partition(": ")[2].partition(", and")[0] for text in curve.left_out)
    lines += [f"Left out {counted(n, 'setting')}: {why}." for why, n in reasons.items()]
    return lines


def _routes(routing: Routing) -> list[str]:
    """For each slice who gives most for the money, and who errs least."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in routing.frame.iter_rows(named=True):
        rows.setdefault(row["slice"], []).append(row)
    lines = []
    for place, mine in list(rows.items())[:_SLICES]:
        best = next(row for row in mine if row["source"] == routing.best[place])
        least = min(mine, key=lambda row: row["error"])
        also = " and fewest errors" if least is best else ""
        lines.append(
            f"Slice {place}: most bits for the money{also} from {best['source']} (probability "
            f"{best['p_best']:.2f}; {_wrong(best)})"
            + (
                "."
                if least is best
                else f", fewest errors from {least['source']} ({_wrong(least)})."
            )
        )
    if len(rows) > _SLICES:
        lines.append(f"... and {len(rows) - _SLICES:,} more slices (--json has all).")
    return lines


def _wrong(row: dict[str, Any]) -> str:
    low, high = 100 * row["error_low"], 100 * row["error_high"]
    return f"wrong {100 * row['error']:.1f} %, {low:.1f} to {high:.1f}"
