"""The report as one HTML file that opens offline.

Everything is inside: style, data, charts and the library that draws them (once).
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

from suffice._pages import Page, library, write_page
from suffice._shown import clean_lines
from suffice.records import StudyFolder, read_folder
from suffice.report import _tables as tables
from suffice.report import _words as words
from suffice.report._calibration import calibration_figure
from suffice.report._check import check_figure, strip_figure
from suffice.report._figure import unchecked
from suffice.report._frontier import frontier_figure, models_figure
from suffice.report._glyphs import glyph
from suffice.report._hero import hero_figure
from suffice.report._hero_layers import BAND_EDGES
from suffice.report._judge import judge_figure
from suffice.report._learning import learning_figures, sort_learning
from suffice.report._market import slices_figure
from suffice.report._sliders import TRY_IT, slider_section
from suffice.report._supply_curve import supply_curve_figure
from suffice.report._theme import chart_config, palettes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from suffice.report._figure import Figure

FILE_NAME = "report.html"
_CONTENTS = (
    ("answer", "What to buy"),
    ("the-picture", "The picture"),
    ("check", "Forecast against check"),
    ("learning", "Learning curves"),
    ("judge-labels", "More of the judge"),
    ("hostile-labels", "Hostile labels"),
    ("supply", "What the labels are worth"),
    ("frontier-section", "What more money buys"),
    ("models-section", "How the need moves"),
    ("law", "The law and its skill"),
    ("uncertainty", "Uncertainty"),
    ("ledger", "Ledger"),
    ("assumptions", "Assumptions"),
    ("limits", "What it cannot show"),
    ("methods", "Methods"),
    ("reproduce", "Reproduce"),
)


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Write a study's report as one HTML file.

    Args:
        folder: the study's output folder, as ``suffice run`` writes it.
        out: the file to write; ``report.html`` in the folder where it is not given.

    Returns:
        The file that was written.

    Raises:
        InputError: a file of the folder is missing or wrong; names file and key.
        StorageError: the report cannot be written.
    """
    path = out if out is not None else folder / FILE_NAME
    write_page(path, page_of(read_folder(folder)))
    return path


def render(folder: StudyFolder) -> str:
    """The page of a study that has been read."""
    return page_of(folder).html()


def page_of(folder: StudyFolder) -> Page:
    """The page of a study that has been read, in its parts."""
    import jinja2
    from markupsafe import Markup

    with unchecked():
        figures = _figures(folder)
    files = resources.files("suffice.report")
    sliders = slider_section(folder.forecast.sliders, folder.plan)
    charts = {
        f"{figure.name}.{k}": panel.spec
        for figure in _all(figures)
        for k, panel in enumerate(figure.panels)
    }
    data: dict[str, object] = {
        "chart-data": {"palettes": palettes(), "config": chart_config(), "charts": charts}
    }
    scripts = [library(), (files / "_page.js").read_text(encoding="utf-8")]
    style = _style_variables() + (files / "_style.css").read_text(encoding="utf-8")
    if sliders is not None:
        data["slider-data"] = sliders.data
        scripts.append(sliders.script)
        style += sliders.style
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    template = environment.from_string((files / "_template.html").read_text(encoding="utf-8"))
    body = template.render(
        **_sentences(folder),
        **_table_set(folder),
        figures=figures,
        contents=(*_CONTENTS[:2], TRY_IT, *_CONTENTS[2:]) if sliders else _CONTENTS,
        sliders=sliders,
        band_edges=[words.probability(e) for e in BAND_EDGES],
        glyph=lambda mark: Markup(glyph(mark)),  # drawings are constants
    )
    return Page(
        title=f"{folder.plan.study}: how much is enough",
        body=Markup(body),  # made by a template that escapes
        style=style,
        scripts=tuple(scripts),
        data=data,
        description=words.headline(folder.plan),
    )


def _shown(value: object) -> object:
    """What a template shows of a value: text cleaned, markup as it is."""
    from markupsafe import Markup

    return clean_lines(value) if type(value) is str and not isinstance(value, Markup) else value


def _figures(folder: StudyFolder) -> dict[str, Any]:
    """All figures by name; None where the folder does not hold what a figure shows."""
    plan, forecast = folder.plan, folder.forecast
    more = forecast.more_of_the_judge
    learning = learning_figures(forecast, plan.model)
    shown, others = sort_learning(learning, forecast, plan.model)
    return {
        "picture": hero_figure(forecast.hero, forecast.model),
        "counts": check_figure(plan),
        "strips": strip_figure(folder.runs, plan.criterion) if plan.check else None,
        "learning": shown,
        "other_learning": others,
        "calibration": calibration_figure(folder.ledger),
        "judge": judge_figure(more, forecast.thresholds) if more else None,
        "slices": slices_figure(folder.supply),
        "bought": supply_curve_figure(folder.supply.bought),
        "frontier": frontier_figure(plan),
        "models": models_figure(forecast),
    }


def _all(figures: dict[str, Any]) -> Iterator[Figure]:
    """Every figure, those inside lists included."""
    for value in figures.values():
        if value is None:
            continue
        if not isinstance(value, list):
            yield value
            continue
        for item in value:
            if isinstance(item, tuple):
                yield from item[1]
            else:
                yield item


def _sentences(folder: StudyFolder) -> dict[str, Any]:
    plan = folder.plan
    own = words.own_check(plan)
    citations = [
        {"what": c.what, "text": c.text, "url": c.url, "link": _web_address(c.url)}
        for c in plan.citations
    ]
    widest = max((p.sd for p in plan.parts), default=0.0)
    return {
        "plan": {**dict(plan), "citations": citations},
        "lock": folder.lock,
        "absent": folder.absent,
        "weeks": _weeks(plan.budget.weeks),
        "headline": words.headline(plan),
        "headline_parts": words.headline(plan).partition(
            f"probability {words.with_interval(plan.p)}"
        ),
        "aligned": words.aligned(plan),
        "criterion": words.criterion(plan.criterion),
        "new_gold": words.new_gold(plan),
        "deployment": words.deployment(plan),
        "held_fixed": words.held_fixed(plan),
        "far": plan.distance == "far",
        "point": words.point,
        "check_sentence": words.check_sentence(plan),
        "own_check": own,
        "distance": words.distance(plan),
        "law_sentence": tables.law_sentence(folder.law),
        "skill_sentence": tables.skill_sentence(folder.law),
        "ledger_sentence": tables.ledger_sentence(folder.ledger, cut=folder.ledger_cut),
        "source_notes": tables.source_notes(folder.supply),
        "changes": [c.text for c in folder.forecast.changes],
        "bought_notes": folder.supply.bought.notes if folder.supply.bought else (),
        "flips": words.flips(plan),
        "hostile_sentence": tables.hostile_sentence(folder.forecast),
        "parts": [
            {
                "name": p.name,
                "value": f"sd {words.probability(p.sd)}",
                "text": f"{p.text} ({p.counted})" if p.counted else p.text,
                "share": _share(p.sd, widest),
            }
            for p in plan.parts
        ],
        "families": [
            {
                "name": f.name,
                "value": words.probability(f.weight),
                "text": "",
                "share": _share(f.weight, 1.0),
            }
            for f in folder.law.families
        ],
        "probability": words.probability,
        "between": words.between,
        "whole_percent": words.whole_percent,
        "money": words.money,
        "when": words.when,
        "check_range": words.check_range,
    }


def _table_set(folder: StudyFolder) -> dict[str, Any]:
    return {
        "to_buy": tables.to_buy(folder.plan),
        "instead": tables.instead(folder.plan),
        "wider_limits": tables.wider_limits(folder.plan),
        "sources": tables.sources(folder.supply),
        "hostile": tables.hostile(folder.forecast),
        "repeats": tables.repeats(folder.supply),
        "models": tables.models(folder.forecast),
        "held_out": tables.held_out(folder.law),
        "discrepancy": tables.discrepancy(folder.law),
        "ledger": tables.ledger(folder.ledger),
        "checksums": tables.checksums(folder.lock) if folder.lock else None,
        "run_counts": tables.run_counts(folder.runs),
        "timings": tables.times(folder.timings.stages if folder.timings else ()),
    }


def _weeks(weeks: float | None) -> str:
    return "" if weeks is None else f"{weeks:g} week{'' if weeks == 1 else 's'}"


def _share(value: float, most: float) -> str:
    return f"{min(100.0, 100.0 * value / most):.1f}" if most > 0.0 else "0"


def _web_address(url: str | None) -> str | None:
    """The address where it is one of the web: anything else is shown, never linked."""
    return url if url is not None and url.startswith(("https://", "http://")) else None


def _style_variables() -> str:
    """The theme's colours for the style sheet."""
    blocks = {
        name: "".join(f"--{role}:{colour};" for role, colour in colours.items())
        for name, colours in palettes().items()
    }
    light, dark = blocks["light"], blocks["dark"]
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
