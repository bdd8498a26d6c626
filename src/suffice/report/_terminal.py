"""The answer in the terminal: what to buy, how likely it is to do, and what the check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from suffice._shown import clean
from suffice.records import OwnRunsRecord, PlanRecord
from suffice.report import _words as words
from suffice.report._words import check_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.table import Table
    from rich.text import Text

    from suffice.records import CheckRow, Probability, TrancheRow

    _Block: TypeAlias = tuple[
        str, tuple[TrancheRow, ...], float, Probability | None, CheckRow | None
    ]

_TABLE_WIDTH = 80
"""Columns that a table needs for its numbers and for names that can be read; by eye."""


def terminal_summary(folder: Path) -> RenderableType:
    """The recommended curve, its alternatives and the decision, for a terminal of 80 columns.

    Args:
        folder: the study's output folder; only its plan.json is read.

    Returns:
        Something that a rich console prints; where the output is no terminal, as plain text.

    Raises:
        InputError: plan.json is missing or wrong.
    """
    from rich.console import Group
    from rich.text import Text

    plan, own = PlanRecord.read(folder), OwnRunsRecord.find(folder)
    checked = [words.check_sentence(plan)]
    if own is not None:
        checked = [*(check_lines(own.check) if own.check else ()), own.noise]
    sentences = [
        _notes(plan),
        *checked,
        words.aligned(plan),
        f"Criterion: {words.criterion(plan.criterion)}. Held fixed: {words.held_fixed(plan)}.",
        words.new_gold_sentence(plan),
        words.deployment_sentence(plan),
        words.distance(plan) if plan.distance in ("near", "far") else "",
    ]
    return Group(
        Text(_clean(words.headline(plan)), style="bold"),
        Text(_clean(plan.decision)),
        _Fitted(plan),
        Text(_clean(" ".join(s for s in sentences if s))),
    )


@dataclass(frozen=True)
class _Fitted:
    """The curves as a table, or one below the other where a table would crush their names."""

    plan: PlanRecord

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width >= _TABLE_WIDTH:
            yield _table(self.plan)
        else:
            yield from _stacked(self.plan)


def _stacked(plan: PlanRecord) -> Iterator[Text]:
    """Each curve with what it costs and does, and a line for each purchase."""
    from rich.text import Text

    for number, (name, curve, cost, p, check) in enumerate(_blocks(plan)):
        chance = words.with_interval(p) if p is not None else "not forecast"
        head = f"{name}: {words.money(cost)}, P {chance}"
        if plan.check:
            head += f", check {' of '.join(part.plain for part in _checked(check, '') if part)}"
        yield Text("")
        yield Text(_clean(head), style="bold" if number == 0 else "")
        for t in curve:
            details = f" ({found})" if (found := _details(t, curve)) else ""
            price = f", {words.money(t.cost)}" if t.cost is not None and len(curve) > 1 else ""
            bought = f"{words.count(t.tasks)} tasks x {t.labels_per_task}"
            yield Text(_clean(f"- {t.base}{details}: {bought}{price}"))
    yield Text("")


def _blocks(plan: PlanRecord) -> list[_Block]:
    """Name, purchases, cost, P and check of each curve, the recommended one first."""
    own, checks = words.own_check(plan), {c.name: c for c in plan.check}
    others = [(a.name, a.curve, a.cost, a.p, checks.get(a.name)) for a in plan.alternatives]
    return [(words.RECOMMENDED, plan.curve, plan.cost, plan.p, own), *others]


def _table(plan: PlanRecord) -> Table:
    """One block a curve: its name and numbers, then a line for each purchase."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("curve\n  source", ratio=1, overflow="fold")
    table.add_column("\ntasks", justify="right", no_wrap=True)
    table.add_column("labels\na task", justify="right", no_wrap=True)
    table.add_column("\ncost", justify="right", no_wrap=True)
    table.add_column(f"\nP ({_clean(words.whole_percent(plan.p.level))} interval)", no_wrap=True)
    if plan.check:
        table.add_column("check\npassed", justify="right", no_wrap=True)
        table.add_column("\nforecast", no_wrap=True)

    for number, (name, curve, cost, p, check) in enumerate(_blocks(plan)):
        if number:
            table.add_row()
        style = "bold" if number == 0 else ""
        table.add_row(
            Text(_clean(name), style=style),
            "",
            "",
            Text(words.money(cost), style=style),
            Text(words.with_interval(p) if p is not None else "not forecast", style=style),
            *(_checked(check, style) if plan.check else ()),
        )
        for t in curve:
            price = words.money(t.cost) if t.cost is not None and len(curve) > 1 else ""
            row = words.count(t.tasks), str(t.labels_per_task), Text(price, style="dim")
            table.add_row(Text(_clean(f"  {t.base}")), *row)
            if details := _details(t, curve):
                table.add_row(Text(_clean(f"    {details}"), style="dim"))
    if plan.check:
        table.caption = "forecast: where 95 % of the counts should lie; ! marks a count outside"
        table.caption_justify = "left"
    return table


def _checked(check: CheckRow | None, style: str) -> tuple[Text, Text]:
    """How many runs passed, and how many were forecast to."""
    from rich.text import Text

    if check is None:
        return Text("not run", style=style), Text("")
    alarm = "" if check.inside else "bold red"
    passed = Text(f"{check.passed}/{check.total}", style=style)
    return passed, Text(words.check_range(check) + ("" if check.inside else " !"), style=alarm)


def _details(t: TrancheRow, curve: tuple[TrancheRow, ...]) -> str:
    """Where and when it labels, if that is not the same for all."""
    order = [f"round {t.round}"] if len({x.round for x in curve}) > 1 else []
    control = [f"{t.control} (synthetic)"] if t.control else []
    return ", ".join([*t.where, *order, *control])


def _notes(plan: PlanRecord) -> str:
    """What the plan says of single alternatives."""
    notes = [f"{a.name}: {a.note.rstrip('.')}." for a in plan.alternatives if a.note]
    return " ".join(notes)


def _clean(text: str) -> str:
    """Ordinary spaces and no control characters."""
    plain = text.replace(words.NARROW_SPACE, " ").replace(words.HARD_SPACE, " ")
    return clean(plain)
