"""What more money buys, and how the need moves with the model."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING, Any

from suffice.report import _tables as tables
from suffice.report import _words as words
from suffice.report._figure import (
    CHANCE_LABEL,
    COMPACT_LABEL,
    DOLLAR_LABEL,
    Figure,
    KeyEntry,
    Panel,
    Spec,
    Table,
    finished,
    log_ticks,
    values,
)
from suffice.report._halo import ON_A_DESK, ON_A_PHONE, halo_layers, label
from suffice.report._placement import Board, around
from suffice.report._theme import MARKS, STAR, role

if TYPE_CHECKING:
    from suffice.records import ForecastRecord, OptionRow, PlanRecord, Probability

_BESIDE = 39.0
"""A label that finds no place right beside its mark is left to the key."""
_WIDE, _NARROW = (760.0, 300.0), (310.0, 260.0)
"""Width and height in pixels on a desk and on a phone of 360 pixels less its margins: by eye."""


@dataclass(frozen=True)
class _Mark:
    """A curve's place in the chart."""

    name: str
    cost: float
    p: float
    shape: str


def frontier_figure(plan: PlanRecord) -> Figure | None:
    """P against cost along the best curves; None where plan.json holds no frontier."""
    points = [(f, f.p) for f in sorted(plan.frontier, key=lambda f: f.cost) if f.p is not None]
    if not points:
        return None
    (first, first_p), (last, last_p) = points[0], points[-1]
    caption = (
        f"The best P at each cost: {words.with_interval(first_p)} for {words.money(first.cost)}, "
        f"{words.with_interval(last_p)} for {words.money(last.cost)}. The star is the "
        "recommended curve."
    )
    return Figure(
        name="frontier",
        caption=caption,
        panels=(Panel(caption, _frontier_spec(plan, points, caption)),),
        table=Table(
            caption="The frontier",
            headers=("cost", "P", "what to buy"),
            rows=tuple(
                (words.money(f.cost), words.with_interval(p), words.purchases(f.curve))
                for f, p in points
            ),
            numeric=99,
        ),
        key=(
            KeyEntry("line", "best P at a cost"),
            KeyEntry("band", "its interval"),
            KeyEntry("star", "recommended"),
            *(
                KeyEntry(f"open{k % len(MARKS)}", a.name)
                for k, a in enumerate(a for a in plan.alternatives if a.p is not None)
            ),
        ),
    )


def models_figure(forecast: ForecastRecord) -> Figure | None:
    """Labelled tasks that each model needs; None where fewer than two need a known number."""
    known = [m for m in forecast.models if m.tasks_needed]
    if len(known) < 2:
        return None
    needs = [(m, float(m.tasks_needed or 0.0)) for m in known]
    lines = [f"{m.name} needs {words.count(n)} tasks" for m, n in needs]
    never = [m.name for m in forecast.models if not m.tasks_needed]
    tail = f" No number of tasks is known to suffice for {words.listing(never)}." if never else ""
    caption = f"{words.listing(lines)}.{tail}"
    return Figure(
        name="models",
        caption=caption,
        panels=(Panel(caption, _models_spec(needs, caption)),),
        table=tables.models(forecast),
    )


def _frontier_spec(
    plan: PlanRecord, points: list[tuple[OptionRow, Probability]], alt_text: str
) -> Spec:
    import altair as alt

    others = [(a.name, a.cost, a.p) for a in plan.alternatives if a.p is not None]
    costs = [c for c in (*(f.cost for f, _ in points), plan.cost) if c > 0.0]
    costs += [cost for _, cost, _ in others if cost > 0.0]
    low, high = (min(costs), max(costs)) if costs else (1.0, 1.0)
    logarithmic = high / low > 12.0
    domain = (low * 0.9, high * 1.1) if logarithmic else (0.0, high * 1.06)
    ticks = log_ticks(*domain) if logarithmic else alt.Undefined
    x = alt.X(
        "x:Q",
        scale=alt.Scale(type="log" if logarithmic else "linear", domain=list(domain), nice=False),
        axis=alt.Axis(
            values=ticks,
            labelExpr=DOLLAR_LABEL,
            title="cost (log scale)" if logarithmic else "cost",
            tickCount=6,
        ),
    )
    scale = alt.Scale(domain=[0, 1], nice=False)

    def y(field: str) -> Any:  # noqa: ANN401
        axis = alt.Axis(labelExpr=CHANCE_LABEL, title="P(meets the criterion)", tickCount=5)
        return alt.Y(f"{field}:Q", scale=scale, axis=axis)

    rows = [{"x": f.cost, "mean": p.mean, "low": p.low, "high": p.high} for f, p in points]
    shown = [r for r, (f, _) in zip(rows, points, strict=True) if f.cost > 0.0 or not logarithmic]
    base = alt.Chart(values(shown)).encode(x=x)
    layers = [
        base.mark_area(color=role("accent"), opacity=0.2, strokeWidth=0).encode(
            y=y("low"), y2="high:Q"
        ),
        base.mark_line(color=role("accent"), strokeWidth=2).encode(y=y("mean")),
    ]
    marks = [
        _Mark(words.shorten(name), cost, p.mean, MARKS[k % len(MARKS)])
        for k, (name, cost, p) in enumerate(others)
        if p.mean is not None and (cost > 0.0 or not logarithmic)
    ]
    if plan.p.mean is not None:
        marks.append(_Mark(words.RECOMMENDED, plan.cost, plan.p.mean, STAR))
    for mark in marks:
        at = alt.Chart(values([{"x": mark.cost, "y": mark.p}])).encode(x=x, y=y("y"))
        layers.append(
            at.mark_point(
                shape=mark.shape, size=320 if mark.shape == STAR else 90, filled=True,
                fill=role("page"), stroke=role("ink"), strokeWidth=1.6, opacity=1,
            )
        )  # fmt: skip
    for size, shown_when in ((_WIDE, ON_A_DESK), (_NARROW, ON_A_PHONE)):
        for bold, rows in _labels(marks, domain, size, logarithmic=logarithmic).items():
            layers += halo_layers(rows, x, y("y"), shown_when=shown_when, bold=bold, font=12.0)
    return finished(*layers, height=int(_WIDE[1]), narrow=int(_NARROW[1]), alt_text=alt_text)


def _labels(
    marks: list[_Mark],
    domain: tuple[float, float],
    size: tuple[float, float],
    *,
    logarithmic: bool,
) -> dict[bool, list[dict[str, Any]]]:
    """Labels of the marks, placed for a chart of that size: the bold ones, and the others."""

    def pixel(mark: _Mark) -> tuple[float, float]:
        if logarithmic:
            share = log10(mark.cost / domain[0]) / log10(domain[1] / domain[0])
        else:
            share = mark.cost / domain[1]
        return share * size[0], mark.p * size[1]

    board = Board(*size)
    for mark in marks:
        board.reserve(*pixel(mark), 7.0)
    found: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for mark in reversed(marks):
        bold = mark.shape == STAR
        text = f"{mark.name} {words.probability(mark.p)}"
        place = board.place(text, around(*pixel(mark), 13.0), bold=bold, limit=_BESIDE)
        if place is not None:
            found[bold].append(label(text, mark.cost, mark.p, place))
    return found


def _models_spec(needs: list[tuple[Any, float]], alt_text: str) -> Spec:
    import altair as alt

    least, most = min(n for _, n in needs), max(n for _, n in needs)
    domain = (least / 1.6, most * 1.6)
    scale = alt.Scale(type="log", domain=list(domain), nice=False)
    axis = alt.Axis(
        values=log_ticks(*domain), labelExpr=COMPACT_LABEL, title="tasks needed (log scale)",
        grid=True,
    )  # fmt: skip
    rows = [
        {"x": n, "y": k, "zero": domain[0], "text": f"{m.name}: {words.count(n)} tasks"}
        for k, (m, n) in enumerate(needs)
    ]
    y = alt.Y("y:Q", scale=alt.Scale(domain=[len(needs) - 0.4, -0.8], nice=False), axis=None)
    base = alt.Chart(values(rows)).encode(y=y)
    at_zero = alt.X("zero:Q", scale=scale, axis=axis)
    return finished(
        base.mark_rule(color=role("line"), strokeWidth=1.5).encode(x=at_zero, x2="x:Q"),
        base.mark_point(
            shape="circle", size=80, filled=True, fill=role("accent"), opacity=1
        ).encode(x=alt.X("x:Q", scale=scale, axis=axis)),
        base.mark_text(align="left", dy=-15, fontSize=12).encode(x=at_zero, text="text:N"),
        height=50 * len(needs) + 10,
        alt_text=alt_text,
    )
