"""``suffice offers``: the quality-quantity curve that can be bought."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from suffice.cli._common import OUT

if TYPE_CHECKING:
    from suffice.channel import Source
    from suffice.supply import SupplyCurve
    from suffice.supply.operators import Check

_WIDTH = 80


def offers(
    given: Path | None = None,
    *,
    qc: Annotated[list[str] | None, Parameter(negative=())] = None,
    tasks: Annotated[list[int] | None, Parameter(negative=())] = None,
    weeks: float | None = None,
    gold: Path | None = None,
    price: float | None = None,
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

    Takes a study, whose sources are measured first, or a file of labels, whose workers are audited
    first. Quality control is written in order, with commas: test:10:8 (questions, pass mark),
    gold:.1 (share of gold), x3 (labels a task; x3w weighs by skill), adaptive:7:.95 (most, sure),
    bonus:.02:.3:.2 (money, effect on log odds, its sd), trial:200:150:200:170 (A/B trial of
    training: control and right, treated and right), panel:3:1:.05:14:6:6 (reviewers,
    adjudicator's price and error, days of comments, errors that these found and missed).

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
        price: of one label of a file of labels, where the file has no cost.
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
    from dataclasses import asdict

    from suffice.errors import InputError
    from suffice.supply import supply_curve
    from suffice.supply.operators import default_menu, parse_operators

    checks: tuple[Check, ...] = ()
    menu = [parse_operators(text) for text in qc] if qc else default_menu()
    if given is not None and given.suffix.lower() != ".toml":
        if spread is not None or hostile != 0.0:
            raise InputError(
                "--spread and --hostile are for studies: the workers of a file are learned from it",
                fix="leave them out",
            )
        source, checks = _from_labels(given, gold, price, labels_per_worker, seed)
        sources = {source.name: source}
    elif gold is not None or price is not None:
        raise InputError("--gold and --price belong to a file of labels", fix="leave them out")
    else:
        from suffice.cli._common import workspace

        work = workspace(given, out, as_json=json, quiet=quiet)
        sources = dict(work.sources)
        weeks = weeks if weeks is not None else work.study.budget.weeks
        sources = _stated(sources, spread, hostile, camouflage, labels_per_worker)
    curve = supply_curve(sources, menu, tasks, weeks=weeks, seed=seed)
    if json:
        from suffice.cli._common import print_json

        print_json(curve.as_dict() | {"checks": [asdict(check) for check in checks]})
        return
    for line in _lines(curve, checks):
        print(line)


def _stated(
    sources: dict[str, Source],
    spread: float | None,
    hostile: float,
    camouflage: float,
    labels_per_worker: float | None,
) -> dict[str, Source]:
    """The study's sources, with the stated workers where several can label one task."""
    from suffice.supply.operators import Chance, with_workers

    stated = spread is not None or hostile != 0.0 or labels_per_worker is not None
    if not stated:
        return sources
    more: dict[str, Any] = {"spread": 0.0 if spread is None else spread}
    if hostile != 0.0:
        more |= {"hostile": Chance.about(hostile), "camouflage": Chance.about(camouflage)}
    if labels_per_worker is not None:
        more["labels_per_worker"] = labels_per_worker
    return {
        name: with_workers(source, **more) if source.max_labels_per_task > 1 else source
        for name, source in sources.items()
    }


def _from_labels(
    path: Path, gold: Path | None, price: float | None, labels_per_worker: float | None, seed: int
) -> tuple[Source, tuple[Check, ...]]:
    """A source that stands for the workers of a label table, and how well it redraws them."""
    from suffice.channel import Source
    from suffice.errors import InputError
    from suffice.labels import read_gold, read_labels
    from suffice.supply import audit
    from suffice.supply.operators import predictive_checks, worker_pool

    table = read_labels(path)
    right = read_gold(gold) if gold is not None else None
    found = audit(table, right, seed)
    if price is None and "cost" in table.frame.columns:
        known = table.frame["cost"].cast(float).drop_nulls().to_numpy()
        price = float(known.mean()) if len(known) else None
    if price is None:
        raise InputError("what does a label cost?", where=str(path), fix="give --price")
    if not 0.0 <= price < float("inf"):
        raise InputError(f"--price {price:g} is no price", fix="give money for one label")
    pool = worker_pool(table, right, audit=found, seed=seed, labels_per_worker=labels_per_worker)
    people = table.frame["worker"].n_unique()
    source = Source("labels", price, pool, max_labels_per_task=people)
    return source, predictive_checks(pool, table, seed=seed)


def _lines(curve: SupplyCurve, checks: tuple[Check, ...]) -> list[str]:
    from collections import Counter
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
    lines.append("")
    for check in checks:
        lines += wrap(f"Checked: {check}.", _WIDTH, subsequent_indent="  ")
    for note in curve.notes:
        lines += wrap(f"Assumed: {note}.", _WIDTH, subsequent_indent="  ")
    reasons = Counter(text.partition(": ")[2].partition(", and")[0] for text in curve.left_out)
    for why, count in reasons.items():
        lines += wrap(f"Left out {count} settings: {why}.", _WIDTH, subsequent_indent="  ")
    return lines
