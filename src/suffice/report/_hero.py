"""The picture: P(meets the criterion) over the quantity and the quality of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
)
from suffice.report._halo import ON_A_DESK, ON_A_PHONE
from suffice.report._hero_grid import HARDLY, NARROW, WIDE, Picture, shapes
from suffice.report._hero_labels import label_layers
from suffice.report._hero_layers import cost_layers, path_layers, point_layers, surface_layers
from suffice.report._theme import MARKS

if TYPE_CHECKING:
    from suffice.records import Hero


def hero_figure(hero: Hero, model: str) -> Figure:
    """The picture with its key, its words and its numbers."""
    picture = Picture(hero)
    alt_text = (
        "Probability of meeting the criterion over the number of labelled tasks (across, "
        "logarithmic) and the share of right labels (up). " + "; ".join(_lines(hero))
    )
    return Figure(
        name="picture",
        caption=_caption(picture, model),
        panels=(Panel(alt_text, _spec(picture, alt_text)),),
        table=_table(hero),
        details=_lines(hero),
        key=_key(picture),
    )


def _spec(picture: Picture, alt_text: str) -> Spec:
    import altair as alt

    ticks = log_ticks(*picture.x_range)
    x = alt.X(
        "x:Q",
        scale=alt.Scale(type="log", domain=list(picture.x_range), nice=False),
        axis=alt.Axis(values=ticks, labelExpr=COMPACT_LABEL, title="labelled tasks (log scale)"),
    )
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(domain=list(picture.y_range), nice=False, zero=False),
        axis=alt.Axis(format="~%", title="share of right labels", grid=False, tickCount=6),
    )
    layers = [
        *surface_layers(picture, x, y),
        *cost_layers(picture, x, y),
        *path_layers(picture, x, y),
        *point_layers(picture, x, y),
        *label_layers(picture, x, y, WIDE, ON_A_DESK),
        *label_layers(picture, x, y, NARROW, ON_A_PHONE),
    ]
    return finished(*layers, height=int(WIDE[1]), narrow=int(NARROW[1]), alt_text=alt_text)


def _lines(hero: Hero) -> tuple[str, ...]:
    """Where the points lie, a line each."""
    parts = []
    for point, _ in reversed(shapes(hero)):
        chance = f", {words.chance(point.p)}" if point.p is not None else ""
        parts.append(
            f"{point.name}: {words.count(point.quantity)} tasks, "
            f"{words.percent(point.quality)} right, {words.money(point.cost)}{chance}"
        )
    return tuple(parts)


def _caption(picture: Picture, model: str) -> str:
    hero = picture.hero
    share = sum(map(sum, hero.feasible)) / (len(hero.quality) * len(hero.quantity))
    budget = f" of {words.money(hero.budget)}" if hero.budget is not None else ""
    sentences = [
        f"P(meets the criterion) for {model}, by how many tasks are labelled and how many of "
        "the labels are right; brighter is likelier.",
        f"Within budget{budget} and capacity lies {words.percent(share, 0)} of the picture.",
    ]
    if picture.flat:
        sentences.append(
            f"All labels on offer are right equally often ({words.percent(hero.quality[0])}), so "
            "that the height of the picture says nothing."
        )
    if picture.path:
        first, last = picture.path[0], picture.path[-1]
        sentences.append(
            f"The line with dots is the best curve as the budget grows from "
            f"{words.money(first.budget)} to {words.money(last.budget)}."
        )
    if len(picture.path) < len(hero.path):
        left_out = hero.path[len(hero.path) - len(picture.path) - 1]
        sentences.append(
            f"Up to {words.money(left_out.budget)} no curve reaches P{words.HARD_SPACE}"
            f"{words.probability(HARDLY)}, and none is drawn."
        )
    return " ".join(sentences)


def _key(picture: Picture) -> tuple[KeyEntry, ...]:
    """What the marks mean; only what there is in this picture."""
    hero = picture.hero
    entries = (
        ("star", "recommended", any(p.role == "recommended" for p in hero.points)),
        ("path", "best curve as the budget grows", bool(picture.path)),
        ("dots", "equal cost", bool(picture.cost_levels)),
        ("dashes", "the budget", hero.budget in picture.cost_levels),
        ("hatch", "over budget or capacity", bool((picture.beyond > 0.0).any())),
        ("void", "not on offer", bool((picture.void > 0.0).any())),
        ("void", "too far from the runs to forecast", bool((picture.unknown > 0.0).any())),
    )
    others = [p.name for p in hero.points if p.role != "recommended"]
    named = [KeyEntry(f"open{k % len(MARKS)}", name) for k, name in enumerate(others)]
    drawn = [KeyEntry(mark, text) for mark, text, there in entries if there]
    return (*drawn[:1], *named, *drawn[1:])


def _table(hero: Hero) -> Table:
    """P on a coarse grid; the whole grid is in forecast.json."""
    columns = _spread(len(hero.quantity), 7)
    rows = _spread(len(hero.quality), 9)[::-1]

    def cell(i: int, j: int) -> str:
        p = hero.p[i][j]
        if p is None:
            return "not on offer" if hero.cost[i][j] is None else "not forecast"
        return words.probability(p) + ("" if hero.feasible[i][j] else " (over)")

    return Table(
        caption=(
            "P by share of right labels (rows) and labelled tasks (columns); (over): over budget "
            f"or capacity. Shown: {len(rows)} of {len(hero.quality)} rows and {len(columns)} of "
            f"{len(hero.quantity)} columns of forecast.json."
        ),
        headers=("right labels", *(words.count(hero.quantity[j]) for j in columns)),
        rows=tuple((words.percent(hero.quality[i]), *(cell(i, j) for j in columns)) for i in rows),
    )


def _spread(length: int, wanted: int) -> list[int]:
    """About ``wanted`` indices spread over ``length``, first and last included."""
    if length <= wanted:
        return list(range(length))
    return sorted({round(k * (length - 1) / (wanted - 1)) for k in range(wanted)})
