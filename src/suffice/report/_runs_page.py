"""The report of a study of runs that were made elsewhere, as one HTML file that opens offline.

Pictures are drawn beforehand, light and dark: the page runs no script and loads nothing.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

from suffice._disk import write_file
from suffice.records import LawRecord, OwnRunsRecord, PlanRecord
from suffice.report import _tables as tables
from suffice.report import _words as words
from suffice.report._figure import Spec, Table, finished, unchecked, values
from suffice.report._horizon import themed
from suffice.report._page import FILE_NAME, _style_variables
from suffice.report._theme import chart_config, palettes, role

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.records import CheckedRuns, WorthRow

_MOST_SHOWN = 60
"""Runs in the picture of the check, the latest: more would not be told apart."""

_WIDTH = 680
"""Of a picture in pixels, by eye: that of the page's column."""

_LETTER, _MOST_ROOM = 8, 260
"""Of names beside a picture, in pixels a letter and at most: by eye."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def write_runs_report(folder: Path) -> Path:
    """Write ``report.html`` from the records of a study of runs.

    Raises:
        InputError: a file of the folder is missing or wrong; names file and key.
        StorageError: the report cannot be written.
    """
    own, plan, law = OwnRunsRecord.read(folder), PlanRecord.read(folder), LawRecord.read(folder)
    path = folder / FILE_NAME
    write_file(path, render_runs(own, plan, law).encode())
    return path


def render_runs(own: OwnRunsRecord, plan: PlanRecord, law: LawRecord) -> str:
    """The page."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    files = resources.files("suffice.report")
    template = environment.from_string((files / "_runs_template.html").read_text(encoding="utf-8"))
    told = [w for w in own.worth if w.verdict != "nothing can be told"]
    with unchecked():
        worth_picture = _drawn(_worth_spec(told)) if told else None
        check_picture = _drawn(_check_spec(own.check)) if own.check else None
    return template.render(
        own=own,
        plan=plan,
        headline=words.headline(plan),
        criterion=words.criterion(plan.criterion),
        held_fixed=words.held_fixed(plan),
        distance=words.distance(plan),
        to_buy=tables.to_buy(plan),
        instead=_instead(plan),
        worth=_worth_table(own),
        skill=_skill_table(own),
        exchange=_exchange_table(own) if own.exchange else None,
        scores=_scores(own.check) if own.check else None,
        check_lines=words.check_lines(own.check),
        held_out=tables.held_out(law),
        law_sentence=tables.law_sentence(law),
        skill_sentence=tables.skill_sentence(law),
        worth_picture=worth_picture,
        check_picture=check_picture,
        style=Markup(_style_variables() + (files / "_style.css").read_text(encoding="utf-8")),
        policy=_POLICY,
        markup=Markup,
    )


def _instead(plan: PlanRecord) -> Table:
    shown = tables.instead(plan)
    # Nothing is trained afterwards, so there is no column of checks.
    return Table(
        shown.caption, shown.headers[:-1], tuple(r[:-1] for r in shown.rows), shown.numeric
    )


def _worth_table(own: OwnRunsRecord) -> Table:
    return Table(
        caption="What more labels of each source do, metric by metric; above 0 is for the better",
        headers=("source", "metric", "gain", "P(better)", "verdict"),
        rows=tuple(
            (
                w.source,
                w.metric,
                f"{w.gain.value:+.3g}\n{w.gain.low:+.3g} to {w.gain.high:+.3g}",
                words.probability(w.better),
                w.verdict,
            )
            for w in own.worth
        ),
        numeric=2,
    )


def _skill_table(own: OwnRunsRecord) -> Table:
    return Table(
        caption="Share of the mean's squared error that the law does away with on runs left out",
        headers=("metric", "skill", "verdict"),
        rows=tuple(
            (s.metric, f"{s.share:.2f}", "" if s.told else "nothing can be told") for s in own.skill
        ),
    )


def _exchange_table(own: OwnRunsRecord) -> Table:
    return Table(
        caption="Labels of another source that one label is worth, each training alone",
        headers=("source", "in labels of", "metric", "worth", "at labels"),
        rows=tuple(
            (
                e.source,
                e.than,
                e.metric,
                f"{e.worth.value:.2f}\n{e.worth.low:.2f} to {e.worth.high:.2f}",
                words.count(e.labels),
            )
            for e in own.exchange
        ),
        numeric=3,
    )


def _scores(check: CheckedRuns) -> Table:
    return Table(
        caption=f"Every way of forecasting on the same runs ({check.metric})",
        headers=("method", "RMSE", "Brier score of P", "skill over base rate"),
        rows=tuple(
            (
                s.name,
                f"{s.rmse:.4g}",
                f"{s.brier:.3f}",
                "none" if s.skill is None else f"{s.skill:.2f}",
            )
            for s in check.scores
        ),
    )


def _drawn(spec: Spec) -> dict[str, str]:
    import vl_convert

    spec = {**spec, "width": _WIDTH, "config": chart_config()}
    return {scheme: vl_convert.vegalite_to_svg(themed(spec, scheme)) for scheme in palettes()}


def _worth_spec(worth: list[WorthRow]) -> Spec:
    import altair as alt

    rows = [
        {
            "name": f"{w.source}: {w.metric}",
            "gain": w.gain.value,
            "low": w.gain.low,
            "high": w.gain.high,
        }
        for w in worth
    ]
    # Where the picture is shown, letters may be wider than where it was drawn.
    room = min(_LETTER * max(len(str(row["name"])) for row in rows), _MOST_ROOM)
    axis = alt.Axis(labelLimit=_MOST_ROOM, minExtent=room)
    base = alt.Chart(values(rows)).encode(y=alt.Y("name:N", sort=None, title=None, axis=axis))
    x: Any = alt.X("low:Q", title="gain, in the metric's own unit (right of 0 is better)")
    return finished(
        alt.Chart(values([{"at": 0.0}]))
        .mark_rule(color=role("warn"), strokeDash=[6, 3])
        .encode(x="at:Q"),
        base.mark_rule(color=role("accent"), strokeWidth=2.4).encode(x=x, x2="high:Q"),
        base.mark_point(size=60, filled=True, fill=role("accent"), opacity=1).encode(x="gain:Q"),
        height=22 * len(rows) + 30,
        alt_text="Gain of more labels of each source in each metric, with 90 % intervals.",
    )


def _check_spec(check: CheckedRuns) -> Spec:
    import altair as alt

    name = check.metric
    rows = [
        {
            "at": k,
            "low": r.low[name],
            "high": r.high[name],
            "mean": r.mean[name],
            "reached": r.reached[name],
        }
        for k, r in enumerate(check.rows[-_MOST_SHOWN:])
    ]
    base = alt.Chart(values(rows)).encode(
        x=alt.X("at:Q", title="runs in the order in which they came", axis=alt.Axis(labels=False))
    )
    y: Any = alt.Y("low:Q", title=name, scale=alt.Scale(zero=False))
    return finished(
        base.mark_rule(color=role("accent"), strokeWidth=3, opacity=0.45).encode(y=y, y2="high:Q"),
        base.mark_tick(color=role("accent"), thickness=2, width=8).encode(y="mean:Q"),
        base.mark_point(size=45, filled=True, fill=role("ink"), opacity=1).encode(y="reached:Q"),
        height=260,
        alt_text=f"{name} of each run as a dot, on the 90 % interval that was forecast for it.",
    )
