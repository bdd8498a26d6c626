"""The calibration curve of the ledger: what was said against what came true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.report import _words as words
from suffice.report._figure import (
    CHANCE_LABEL,
    Figure,
    KeyEntry,
    Panel,
    Spec,
    Table,
    finished,
    values,
)
from suffice.report._theme import role

if TYPE_CHECKING:
    from suffice.forecast import Bin
    from suffice.records import LedgerEntry


def calibration_figure(entries: tuple[LedgerEntry, ...]) -> Figure | None:
    """One point a bin of P with the interval of what came true; None where nothing is scored."""
    from suffice.forecast import calibration

    scored = [
        (e.p.mean, e.passed, e.total)
        for e in entries
        if e.p.mean is not None and e.passed is not None and e.total
    ]
    if not scored:
        return None
    said, passed, total = zip(*scored, strict=True)
    bins = calibration(said, passed, total)
    lines = [
        f"where P was said to be about {words.probability(b.said)}, "
        f"{words.probability(b.came.value)} came true"
        for b in bins
    ]
    caption = (
        f"{words.listing(lines)}. A calibrated forecaster's points lie on the line; the bars "
        "are 90\u202f% intervals."
    )
    caption = caption[0].upper() + caption[1:]
    return Figure(
        name="calibration",
        caption=caption,
        panels=(Panel(caption, _spec(bins, caption)),),
        table=Table(
            caption="What was said and what came true",
            headers=("P from", "to", "forecasts", "said", "came true"),
            rows=tuple(
                (
                    f"{b.low:.1f}",
                    f"{b.high:.1f}",
                    str(b.forecasts),
                    words.probability(b.said),
                    f"{words.probability(b.came.value)} ({words.probability(b.came.low)} to "
                    f"{words.probability(b.came.high)})",
                )
                for b in bins
            ),
            numeric=0,
        ),
        key=(
            KeyEntry("dot-interval", "share that came true, with its interval"),
            KeyEntry("threshold", "as often as said"),
        ),
    )


def _spec(bins: tuple[Bin, ...], alt_text: str) -> Spec:
    import altair as alt

    scale = alt.Scale(domain=[0, 1], nice=False)

    def axis(title: str) -> Any:  # noqa: ANN401
        return alt.Axis(labelExpr=CHANCE_LABEL, title=title, tickCount=5, grid=True)

    def x(field: str) -> Any:  # noqa: ANN401
        return alt.X(f"{field}:Q", scale=scale, axis=axis("P that was said"))

    def y(field: str) -> Any:  # noqa: ANN401
        return alt.Y(f"{field}:Q", scale=scale, axis=axis("share of runs that passed"))

    rows = [
        {"said": b.said, "came": b.came.value, "low": b.came.low, "high": b.came.high} for b in bins
    ]
    ends = alt.Chart(values([{"at": 0.0}, {"at": 1.0}]))
    base = alt.Chart(values(rows)).encode(x=x("said"))
    return finished(
        ends.mark_line(color=role("warn"), strokeWidth=1.5, strokeDash=[6, 3]).encode(
            x=x("at"), y=y("at")
        ),
        base.mark_rule(color=role("accent"), strokeWidth=2.4, strokeCap="round").encode(
            y=y("low"), y2="high:Q"
        ),
        base.mark_point(
            shape="circle", size=70, filled=True, fill=role("accent"), opacity=1
        ).encode(y=y("came")),
        height=300,
        alt_text=alt_text,
    )
