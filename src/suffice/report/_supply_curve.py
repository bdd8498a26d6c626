"""The curve that can be bought: what each quality costs at each quantity."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from suffice.report import _words as words
from suffice.report._figure import (
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
from suffice.report._theme import MARKS, role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suffice.records import OfferCurve, OfferRow

_MOST = len(MARKS)
"""Quantities in one chart: more lines than marks could not be told apart."""
_ROOM = 1.3
"""Room to the right of the dearest offer, as a factor of its cost."""


def supply_curve_figure(curve: OfferCurve | None) -> Figure | None:
    """Cost against error for each quantity; None where nothing can be bought."""
    if curve is None:
        return None
    offers = [o for o in curve.offers if o.cost.value > 0.0]
    lines = [
        (tasks, sorted(group, key=lambda o: o.cost.value))
        for tasks, group in groupby(sorted(offers, key=lambda o: o.tasks), lambda o: o.tasks)
    ][:_MOST]
    if not lines:
        return None
    caption = _caption(lines, curve.weeks)
    rows = [
        (
            words.count(tasks),
            words.rate(o.error),
            words.money(o.cost.value),
            f"{o.weeks:.1f}",
            o.how,
        )
        for tasks, group in lines
        for o in group
    ]
    return Figure(
        name="supply-curve",
        caption=caption,
        panels=(Panel(caption, _spec(lines, caption)),),
        table=Table(
            caption="The cheapest way to each quality",
            headers=("tasks", "wrong answers", "cost", "weeks", "what to buy"),
            rows=tuple(rows),
            numeric=99,
        ),
        key=(KeyEntry("line", "cheapest cost of a quality"), KeyEntry("band", "90 % interval")),
    )


def _caption(lines: Sequence[tuple[int, list[OfferRow]]], weeks: float | None) -> str:
    parts = []
    for tasks, group in lines:
        ends = group if len(group) == 1 else (group[0], group[-1])
        prices = [
            f"{words.percent(o.error.value)} wrong for {words.money(o.cost.value)}" for o in ends
        ]
        parts.append(f"{words.count(tasks)} tasks: {', '.join(prices)}")
    limit = f" Everything is delivered within {weeks:g} weeks." if weeks else ""
    return f"What labelled tasks cost at each quality. {'; '.join(parts)}.{limit}"


def _spec(lines: Sequence[tuple[int, list[OfferRow]]], alt_text: str) -> Spec:
    import altair as alt

    costs = [o.cost.value for _, group in lines for o in group]
    domain = (min(costs) / 1.15, max(costs) * _ROOM)
    x = alt.X(
        "x:Q",
        scale=alt.Scale(type="log", domain=list(domain), nice=False),
        axis=alt.Axis(values=log_ticks(*domain), labelExpr=DOLLAR_LABEL, title="cost (log scale)"),
    )
    top = max(o.error.high for _, group in lines for o in group)
    scale = alt.Scale(domain=[0.0, top * 1.1], nice=False)

    def y(field: str) -> Any:  # noqa: ANN401
        axis = alt.Axis(format=".0%", title="wrong answers", tickCount=6)
        return alt.Y(f"{field}:Q", scale=scale, axis=axis)

    layers = []
    for k, (tasks, group) in enumerate(lines):
        colour = role(f"series{k}")
        data = [
            {
                "x": o.cost.value,
                "value": o.error.value,
                "low": o.error.low,
                "high": o.error.high,
            }
            for o in group
        ]
        base = alt.Chart(values(data)).encode(x=x)
        # What lies between two offers is not for sale: the quality changes at an offer.
        layers += [
            base.mark_area(
                color=colour, opacity=0.15, strokeWidth=0, interpolate="step-after"
            ).encode(y=y("low"), y2="high:Q"),
            base.mark_line(color=colour, strokeWidth=2, interpolate="step-after").encode(
                y=y("value")
            ),
            base.mark_point(
                shape=MARKS[k], size=70, filled=True, fill=colour, stroke=role("page"), opacity=1
            ).encode(y=y("value")),
            # Lines begin apart and end close together: their names stand where they begin.
            alt.Chart(values([{**data[0], "text": f"{words.count(tasks)} tasks"}]))
            .mark_text(color=colour, align="left", dy=-9, fontSize=12)
            .encode(x=x, y=y("high"), text="text:N"),
        ]
    return finished(*layers, height=320, narrow=280, alt_text=alt_text)
