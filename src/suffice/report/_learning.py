"""Learning curves: how the error falls with the quantity of each source's labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.metric import metric_named
from suffice.report import _words as words
from suffice.report._figure import (
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
from suffice.report._theme import role

if TYPE_CHECKING:
    from collections.abc import Callable

    from suffice.records import ForecastRecord, LearningCurve

_MARGIN = 1.08
"""Room for marks at both ends of the logarithmic axis."""
_KEY = (
    KeyEntry("line", "mean of the law"),
    KeyEntry("band", "where the mean lies (posterior)"),
    KeyEntry("band-wide", "where a single run lies"),
    KeyEntry("whisker", "measured mean ± sd of the runs"),
    KeyEntry("threshold", "criterion"),
)


def learning_figures(forecast: ForecastRecord, model: str) -> list[Figure]:
    """One figure a model and metric, the plan's model first; panels are sources."""
    models = list(dict.fromkeys(c.model for c in forecast.learning_curves))
    models.sort(key=lambda name: name != model)
    figures = []
    for k, name in enumerate(models):
        own = [c for c in forecast.learning_curves if c.model == name]
        for m, metric in enumerate(dict.fromkeys(c.metric for c in own)):
            curves = [c for c in own if c.metric == metric]
            threshold = forecast.thresholds.get(metric)
            figures.append(_figure(f"learning-{k}-{m}", name, metric, curves, threshold))
    return figures


def sort_learning(
    figures: list[Figure], forecast: ForecastRecord, model: str
) -> tuple[list[Figure], list[tuple[str, list[Figure]]]]:
    """What stands open and what folds away.

    Open are the plan's model's first metric and the slice that stays farthest above its bar. The
    other slices and the other models fold away, under a line that names them.
    """
    own = [f for f in figures if f.group == model] or figures[:1]
    metrics = list(dict.fromkeys(c.metric for c in forecast.learning_curves if c.model == model))
    shown, rest = own[:1], own[1:]
    if rest and len(metrics) == len(own):
        gaps = [_gap(forecast, model, metric) for metric in metrics[1:]]
        shown = [*shown, rest.pop(max(range(len(rest)), key=gaps.__getitem__))]
    folded = []
    if rest:
        folded.append((f"The same for {words.several(len(rest), 'other slice')} of {model}", rest))
    for name in dict.fromkeys(f.group for f in figures if f not in own):
        folded.append((f"Learning curves of {name}", [f for f in figures if f.group == name]))
    return shown, folded


def _gap(forecast: ForecastRecord, model: str, metric: str) -> float:
    """How much worse than the criterion the best source's mean stays (negative: better)."""
    bar = forecast.thresholds.get(metric)
    curves = [c for c in forecast.learning_curves if (c.model, c.metric) == (model, metric)]
    if bar is None:
        return -1.0
    return min(bar - c.best if c.rises else c.best - bar for c in curves)


def _figure(
    name: str, model: str, metric: str, curves: list[LearningCurve], threshold: float | None
) -> Figure:
    x_range = min(min(c.x) for c in curves) / _MARGIN, max(max(c.x) for c in curves) * _MARGIN
    heights = [v for c in curves for v in (*(c.run_low or c.low), *(c.run_high or c.high))]
    low, high = span([*heights, *([threshold] if threshold is not None else [])])
    about = metric_named(metric)
    y_range = max(low, about.low), min(high, about.high)
    panels = []
    for curve in curves:
        reach = _reach(curve, threshold)
        alt_text = f"{model}, {_bought(curve)}: {words.metric(metric)} by labelled tasks. {reach}"
        spec = _spec(curve, threshold, x_range, y_range, alt_text)
        panels.append(Panel(alt_text, spec, title=_bought(curve)))
    return Figure(
        name=name,
        heading=f"{model}: {words.metric(metric)}",
        caption=_caption(curves, threshold),
        details=tuple(f"{_bought(c)}: {_reach(c, threshold)}" for c in curves),
        panels=tuple(panels),
        table=_table(model, metric, curves),
        key=_KEY,
        layout="three" if len(panels) % 3 == 0 or len(panels) > 4 else "two",
        group=model,
    )


def _caption(curves: list[LearningCurve], threshold: float | None) -> str:
    """How many of the sources reach the criterion on their own."""
    if threshold is None:
        return "The criterion says nothing about this metric."
    reached = [c for c in curves if c.meets(c.best, threshold)]
    moves = "rises" if curves[0].rises else "falls"
    return (
        f"The mean {moves} to the criterion of {words.amount(curves[0].metric, threshold)} for "
        f"{len(reached)} of {len(curves)} ways to buy labels, within the quantities shown."
    )


def _bought(curve: LearningCurve) -> str:
    repeats = curve.labels_per_task
    return f"{curve.source}, {words.several(repeats, 'label')} a task"


def _reach(curve: LearningCurve, threshold: float | None) -> str:
    """Where the curve crosses the criterion, in words."""
    last = f"{words.exact(curve.metric, curve.mean[-1])} at {words.count(curve.x[-1])} tasks"
    if threshold is None:
        return f"{last}; no criterion for this metric."
    met = [x for x, v in zip(curve.x, curve.mean, strict=True) if curve.meets(v, threshold)]
    bar = words.amount(curve.metric, threshold)
    if not met:
        return f"the mean stays {'below' if curve.rises else 'above'} {bar}, {last}."
    return f"the mean reaches {bar} at about {words.roughly(met[0])} tasks; {last}."


def _spec(
    curve: LearningCurve,
    threshold: float | None,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    alt_text: str,
) -> Spec:
    import altair as alt

    x = alt.X(
        "x:Q",
        scale=alt.Scale(type="log", domain=list(x_range), nice=False),
        axis=alt.Axis(values=log_ticks(*x_range), labelExpr=COMPACT_LABEL, title="tasks (log)"),
    )
    scale = alt.Scale(domain=list(y_range), nice=False, zero=False)
    rate = words.is_rate(curve.metric)
    title = "error" if metric_named(curve.metric).kind == "error" else words.metric(curve.metric)
    axis = alt.Axis(format="~%" if rate else "~g", title=title, tickCount=5)

    def y(field: str) -> Any:  # noqa: ANN401
        return alt.Y(f"{field}:Q", scale=scale, axis=axis)

    base = alt.Chart(values(_rows(curve))).encode(x=x)
    layers: list[Any] = []
    for low, high, opacity in (("run_low", "run_high", 0.15), ("low", "high", 0.32)):
        if getattr(curve, low):
            area = base.mark_area(color=role("accent"), opacity=opacity, clip=True, strokeWidth=0)
            layers.append(area.encode(y=y(low), y2=f"{high}:Q"))
    layers.append(
        base.mark_line(color=role("accent"), strokeWidth=2, clip=True).encode(y=y("mean"))
    )
    if threshold is not None:
        at_end = words.amount(curve.metric, threshold)
        below = curve.mean[-1] > threshold
        layers += threshold_layers(threshold, x_range, x, y, at_end, below=below)
    if curve.measured:
        seen = alt.Chart(values(_measured(curve))).encode(x=x)
        layers.append(
            seen.mark_rule(color=role("ink"), strokeWidth=1.2, clip=True).encode(
                y=y("low"), y2="high:Q"
            )
        )
        layers.append(
            seen.mark_point(
                shape="circle", size=34, filled=True, fill=role("page"), stroke=role("ink"),
                strokeWidth=1.4, opacity=1, clip=True,
            ).encode(y=y("mean"))
        )  # fmt: skip
    return finished(*layers, height=190, alt_text=alt_text)


def threshold_layers(
    threshold: float,
    x_range: tuple[float, float],
    x: Any,  # noqa: ANN401
    y: Callable[[str], Any],
    said: str,
    *,
    below: bool = False,
) -> list[Any]:
    """The criterion as a dashed line with its value at the right end, above or below it."""
    import altair as alt

    ends = [{"x": v, "y": threshold} for v in x_range]
    line = alt.Chart(values(ends)).encode(x=x, y=y("y"))
    words_at_end = {"x": x_range[1], "y": threshold, "text": said}
    text = alt.Chart(values([words_at_end])).encode(x=x, y=y("y"), text="text:N")
    style: dict[str, Any] = {"align": "right", "dy": 8 if below else -7, "dx": -2, "fontSize": 11}
    return [
        line.mark_line(color=role("warn"), strokeWidth=1.5, strokeDash=[6, 3]),
        text.mark_text(
            **style, color=role("page"), stroke=role("page"), strokeWidth=3, opacity=0.85
        ),
        text.mark_text(**style, color=role("warn"), fontWeight="bold"),
    ]


def _rows(curve: LearningCurve) -> list[dict[str, float]]:
    """The curve's points as rows."""
    keys = [k for k in ("x", "mean", "low", "high", "run_low", "run_high") if getattr(curve, k)]
    columns = [getattr(curve, k) for k in keys]
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]


def _measured(curve: LearningCurve) -> list[dict[str, float]]:
    return [
        {"x": m.x, "mean": m.mean, "low": m.mean - (m.sd or 0.0), "high": m.mean + (m.sd or 0.0)}
        for m in curve.measured
    ]


def _table(model: str, metric: str, curves: list[LearningCurve]) -> Table:
    """What was measured, beside the law at the same quantity."""
    rows = []
    for curve in curves:
        for m in curve.measured:
            near = min(range(len(curve.x)), key=lambda k: abs(curve.x[k] - m.x))
            spread = words.exact(metric, m.sd) if m.sd is not None else words.EM_RULE
            low, high = curve.low[near], curve.high[near]
            band = f"{words.exact(metric, low)} to {words.exact(metric, high)}"
            if words.is_rate(metric):
                band = f"{100 * low:.1f} to {100 * high:.1f}"
            rows.append(
                (
                    _bought(curve),
                    words.count(m.x),
                    words.exact(metric, m.mean),
                    spread,
                    str(m.runs) if m.runs is not None else words.EM_RULE,
                    f"{words.exact(metric, curve.mean[near])} ({band})",
                )
            )
    return Table(
        caption=f"{model}, {words.metric(metric)}: measured runs beside the law at the nearest "
        "quantity of its curve. Whole curves are in forecast.json.",
        headers=("source", "tasks", "measured mean", "sd", "runs", "law"),
        rows=tuple(rows),
    )
