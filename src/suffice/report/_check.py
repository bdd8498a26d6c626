"""Forecast against check: what was foretold, and what the real runs then did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.metric import error_rate
from suffice.report import _words as words
from suffice.report._figure import (
    CHANCE_LABEL,
    Figure,
    KeyEntry,
    Panel,
    Spec,
    Table,
    finished,
    span,
    values,
)
from suffice.report._theme import role

if TYPE_CHECKING:
    from polars import DataFrame

    from suffice.records import CheckRow, CriterionRow, PlanRecord

_ROW_PX = 78
"""Height of a curve's row in pixels: by eye, for its label and its bars."""
_STRIP_PX = 62
"""Height of a group's strip in pixels: by eye."""
_LANE = 0.11
"""Half of a bar's height, in rows: by eye."""


def check_figure(plan: PlanRecord) -> Figure | None:
    """Each checked curve's forecast above its count of real runs; None without a check."""
    if not plan.check:
        return None
    lines = [_line(c) for c in plan.check]
    alt_text = "Forecast and real runs of each checked curve. " + " ".join(lines)
    return Figure(
        name="check-counts",
        caption=words.check_sentence(plan),
        details=tuple(lines),
        panels=(Panel(alt_text, _counts_spec(plan.check, alt_text)),),
        table=_table(plan.check),
        key=(
            KeyEntry("dot-interval", "forecast P with its interval"),
            KeyEntry("bar", "where 95\u202f% of counts were forecast"),
            KeyEntry("diamond", "share of real runs that met the criterion"),
        ),
    )


def strip_figure(runs: DataFrame | None, criterion: CriterionRow) -> Figure | None:
    """Every run of the check as a dot, by its error; None where there is no such run."""
    if runs is None:
        return None
    import polars as pl

    checked = runs.filter(pl.col("stage") == "check")
    if checked.is_empty():
        return None
    slices = [error_rate(s).name for s in criterion.slices]
    columns = [name for name in slices if name in checked.columns]
    panels, rows = [], []
    measured = [(error_rate().words, error_rate().name, criterion.error)]
    if columns and criterion.worst_slice_error is not None:
        checked = checked.with_columns(pl.max_horizontal(columns).alias("worst"))
        measured.append(("error in the worst slice", "worst", criterion.worst_slice_error))
    for title, column, threshold in measured:
        groups = _groups(checked, column)
        alt_text = f"{title} of every run of the check. " + _spread_words(groups)
        panels.append(Panel(alt_text, _strip_spec(groups, threshold, alt_text), title=title))
        for curve, errors in groups:
            met = sum(e <= threshold for e in errors) if threshold is not None else None
            rows.append(
                (
                    curve,
                    title,
                    str(len(errors)),
                    words.percent(min(errors)),
                    words.percent(sorted(errors)[len(errors) // 2]),
                    words.percent(max(errors)),
                    words.EM_RULE if met is None else str(met),
                )
            )
    total = words.several(len(checked), "real run")
    return Figure(
        name="check-runs",
        caption=f"Every dot is one of {total} trained after the forecasts were written down; the "
        "dashed line is the criterion, and dots left of it meet it.",
        panels=tuple(panels),
        table=Table(
            caption="The errors of the check's runs",
            headers=("curve", "metric", "runs", "least", "median", "most", "meet the bar"),
            rows=tuple(rows),
            numeric=2,
        ),
        key=(KeyEntry("dot", "one real run"), KeyEntry("threshold", "criterion")),
        layout="two" if len(panels) > 1 else "one",
    )


def _line(check: CheckRow) -> str:
    forecast = f"P{words.HARD_SPACE}{words.with_interval(check.p)}, " if check.p is not None else ""
    verdict = "inside" if check.inside else "outside"
    return (
        f"{check.name}: {forecast}{words.check_range(check)} of {check.total} forecast, "
        f"{check.passed} passed ({verdict})."
    )


def _counts_spec(checks: tuple[CheckRow, ...], alt_text: str) -> Spec:
    import altair as alt

    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(
        labelExpr=CHANCE_LABEL,
        title="share of runs that meet the criterion",
        tickCount=6,
        grid=True,
    )

    def x(field: str) -> Any:  # noqa: ANN401
        return alt.X(f"{field}:Q", scale=scale, axis=axis)

    rows_scale = alt.Scale(domain=[len(checks) - 0.45, -0.55], nice=False, zero=False)

    def y(field: str) -> Any:  # noqa: ANN401
        return alt.Y(f"{field}:Q", scale=rows_scale, axis=None)

    rows = [_count_row(k, c) for k, c in enumerate(checks)]
    base = alt.Chart(values(rows)).encode(y=y("y"))
    foretold = [r for r in rows if "p" in r]
    layers: list[Any] = []
    if foretold:
        upper = alt.Chart(values(foretold)).encode(y=y("upper"))
        layers += [
            upper.mark_rule(color=role("accent"), strokeWidth=2.4, strokeCap="round").encode(
                x=x("low"), x2="high:Q"
            ),
            upper.mark_point(
                shape="circle", size=70, filled=True, fill=role("accent"), opacity=1
            ).encode(x=x("p")),
        ]
    lower = alt.Chart(values(rows)).encode(y=y("lower"))
    name = base.mark_text(align="left", dy=-24, fontWeight="bold", fontSize=12.5)
    detail = base.mark_text(align="left", dy=26, fontSize=11.5)
    layers += [
        lower.mark_rule(
            color=role("accent-soft"), strokeWidth=12, strokeCap="butt"
        ).encode(x=x("predictive_low"), x2="predictive_high:Q"),
        lower.mark_point(
            shape="diamond", size=90, filled=True, fill=role("page"), stroke=role("ink"),
            strokeWidth=1.8, opacity=1,
        ).encode(x=x("share")),
        name.encode(x=alt.X("zero:Q", scale=scale, axis=axis), text="name:N"),
        detail.encode(
            x=alt.X("zero:Q", scale=scale, axis=axis),
            text="detail:N",
            color=alt.Color(
                "inside:N",
                scale=alt.Scale(domain=[True, False], range=[role("soft"), role("warn")]),
                legend=None,
            ),
        ),
    ]  # fmt: skip
    return finished(*layers, height=_ROW_PX * len(checks) + 14, alt_text=alt_text)


def _count_row(number: int, check: CheckRow) -> dict[str, Any]:
    verdict = "" if check.inside else " \u2013 outside"
    row: dict[str, Any] = {
        "y": number,
        "upper": number - _LANE,
        "lower": number + _LANE,
        "zero": 0,
        "name": words.shorten(check.name),
        "detail": f"{check.passed} of {check.total} passed, {words.check_range(check)} "
        f"forecast{verdict}",
        "inside": check.inside,
        "share": check.passed / check.total,
        "predictive_low": min(check.predictive_low / check.total, 1.0),
        "predictive_high": min(check.predictive_high / check.total, 1.0),
    }
    if check.p is not None:
        row |= {"p": check.p.mean, "low": check.p.low, "high": check.p.high}
    return row


def _table(checks: tuple[CheckRow, ...]) -> Table:
    def row(c: CheckRow) -> tuple[str, ...]:
        forecast = words.with_interval(c.p) if c.p is not None else words.EM_RULE
        verdict = "yes" if c.inside else "no"
        share = words.share(c.passed, c.total)
        counted = f"{c.passed}/{c.total}"
        return c.name, forecast, words.check_range(c), counted, share, verdict

    return Table(
        caption="Forecast and check",
        headers=("curve", "forecast P", "95\u202f% of counts", "passed", "share", "inside"),
        rows=tuple(row(c) for c in checks),
    )


def _groups(checked: DataFrame, column: str) -> list[tuple[str, list[float]]]:
    """Each curve's errors, curves in the order of their first run."""
    curves = checked["curve_text"].unique(maintain_order=True).to_list()
    found = []
    for curve in curves:
        errors = checked.filter(checked["curve_text"] == curve)[column].drop_nulls().drop_nans()
        if len(errors):
            found.append((str(curve), [float(e) for e in errors.to_list()]))
    return found


def _spread_words(groups: list[tuple[str, list[float]]]) -> str:
    return " ".join(
        f"{curve}: {words.percent(min(errors))} to {words.percent(max(errors))} in "
        f"{words.several(len(errors), 'run')}."
        for curve, errors in groups
    )


def _strip_spec(
    groups: list[tuple[str, list[float]]], threshold: float | None, alt_text: str
) -> Spec:
    import altair as alt

    errors = [e for _, group in groups for e in group]
    domain = span([*errors, *([threshold] if threshold is not None else [])])
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=list(domain), nice=False, zero=False),
        axis=alt.Axis(format="~%", tickCount=5, title="error", grid=True),
    )
    y = alt.Y("y:Q", scale=alt.Scale(domain=[len(groups) - 0.3, -0.7], nice=False), axis=None)
    dots = [
        {"x": e, "y": k + 0.22 * (((7 * i) % 11) / 5.0 - 1.0)}
        for k, (_, group) in enumerate(groups)
        for i, e in enumerate(group)
    ]
    names = [
        {"x": domain[0], "y": k, "text": words.shorten(curve, 44)}
        for k, (curve, _) in enumerate(groups)
    ]
    layers: list[Any] = [
        alt.Chart(values(dots))
        .mark_point(
            shape="circle", size=26, filled=True, fill=role("accent"), opacity=0.55, strokeWidth=0
        )
        .encode(x=x, y=y),
        alt.Chart(values(names))
        .mark_text(align="left", dy=-25, fontSize=11.5, color=role("soft"))
        .encode(x=x, y=y, text="text:N"),
    ]
    if threshold is not None:
        bar = alt.Chart(values([{"x": threshold}]))
        rule = bar.mark_rule(color=role("warn"), strokeWidth=1.5, strokeDash=[6, 3])
        layers.append(rule.encode(x=x))
    return finished(*layers, height=_STRIP_PX * len(groups) + 10, alt_text=alt_text)
