"""More of the judge: what adding labels with shared error does to the error and to P."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from suffice.report import _words as words
from suffice.report._figure import (
    CHANCE_LABEL,
    COMPACT_LABEL,
    Figure,
    KeyEntry,
    Panel,
    Spec,
    Table,
    finished,
    log_ticks,
    span,
    values,
)
from suffice.report._learning import threshold_layers
from suffice.report._theme import role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suffice.records import MoreOfTheJudge


def judge_figure(more: MoreOfTheJudge, thresholds: Mapping[str, float]) -> Figure:
    """Two panels over the number of added labels: the error, and P."""
    name, threshold = words.metric(more.metric), thresholds.get(more.metric)
    errors = [(e.value, e.low, e.high) for e in more.error]
    chances = [(p.mean, p.low, p.high) for p in more.p]
    start = f"Beside {more.fixed}, with {more.source} labels added"
    error_alt = f"{start}: {name} {_ends(more, [words.exact(more.metric, e[0]) for e in errors])}"
    p_alt = f"{start}: P {_ends(more, [words.probability(c[0]) for c in chances])}"
    room = span([v for e in errors for v in e] + ([threshold] if threshold is not None else []))
    return Figure(
        name="judge",
        caption=_caption(more),
        panels=(
            Panel(error_alt, _spec(more, errors, room, "rate", threshold, error_alt), title=name),
            Panel(
                p_alt,
                _spec(more, chances, (0.0, 1.0), "chance", None, p_alt),
                title="P(meets the criterion)",
            ),
        ),
        table=Table(
            caption=f"{more.source} labels added beside {more.fixed}",
            headers=("labels added", name, "P"),
            rows=tuple(
                (words.count(x), words.between_values(more.metric, e), words.with_interval(p))
                for x, e, p in zip(more.x, more.error, more.p, strict=True)
            ),
        ),
        key=(
            KeyEntry("line", "mean"),
            KeyEntry("band", "posterior interval"),
            KeyEntry("threshold", "criterion"),
        ),
        layout="two",
    )


def _ends(more: MoreOfTheJudge, texts: list[str]) -> str:
    pairs = (f"{t} at {words.count(x)}" for x, t in zip(more.x, texts, strict=True))
    return ", ".join(pairs) + "."


def _caption(more: MoreOfTheJudge) -> str:
    """Where P is highest, and what more labels do to it from there."""
    means = [p.mean for p in more.p]
    best = max(range(len(means)), key=means.__getitem__)
    added = f"with {words.count(more.x[best])}" if more.x[best] else "without any"
    sentence = (
        f"Beside {more.fixed}, P is highest {added} {more.source} labels "
        f"({words.probability(means[best])})"
    )
    if best == len(means) - 1:
        return f"{sentence}, the most that was forecast: here more of them has not hurt yet."
    return (
        f"{sentence}; with {words.count(more.x[-1])} it is {words.probability(means[-1])}. "
        "What the source gets wrong together does not average out: more of it teaches the mistake."
    )


def _spec(
    more: MoreOfTheJudge,
    series: list[tuple[float, float, float]],
    y_range: tuple[float, float],
    number: Literal["rate", "chance"],
    threshold: float | None,
    alt_text: str,
) -> Spec:
    import altair as alt

    positive = [v for v in more.x if v > 0.0]
    kind: Literal["symlog", "log"] = "symlog" if len(positive) < len(more.x) else "log"
    scale = alt.Scale(
        type=kind,
        domain=[min(more.x), max(more.x)],
        nice=False,
        constant=min(positive) / 2.0 if kind == "symlog" and positive else alt.Undefined,
    )
    x = alt.X(
        "x:Q",
        scale=scale,
        axis=alt.Axis(
            values=[*([0.0] if kind == "symlog" else []), *log_ticks(min(positive), max(positive))]
            if positive
            else list(more.x),
            labelExpr=COMPACT_LABEL,
            title="labels added",
        ),
    )
    height = alt.Scale(domain=list(y_range), nice=False, zero=False)

    def y(field: str) -> Any:  # noqa: ANN401
        axis = (
            alt.Axis(format="~%" if words.is_rate(more.metric) else "~g", title=None, tickCount=5)
            if number == "rate"
            else alt.Axis(labelExpr=CHANCE_LABEL, title=None, tickCount=5)
        )
        return alt.Y(f"{field}:Q", scale=height, axis=axis)

    rows = [
        {"x": at, "mean": mean, "low": low, "high": high}
        for at, (mean, low, high) in zip(more.x, series, strict=True)
    ]
    base = alt.Chart(values(rows)).encode(x=x)
    layers = [
        base.mark_area(color=role("accent"), opacity=0.22, strokeWidth=0).encode(
            y=y("low"), y2="high:Q"
        ),
        base.mark_line(color=role("accent"), strokeWidth=2).encode(y=y("mean")),
        base.mark_point(
            shape="circle", size=36, filled=True, fill=role("page"), stroke=role("accent"),
            strokeWidth=1.6, opacity=1,
        ).encode(y=y("mean")),
    ]  # fmt: skip
    if threshold is not None:
        bar, below = words.amount(more.metric, threshold), series[-1][0] > threshold
        layers += threshold_layers(threshold, (min(more.x), max(more.x)), x, y, bar, below=below)
    return finished(*layers, height=230, narrow=210, alt_text=alt_text)
