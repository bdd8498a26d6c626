"""Names from data in every page and picture, opened in a real browser: they are text."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest
from report_study import study_files, write_study
from test_bits import teachable
from test_horizon import FLOOR, FOOLS, SAVES, ahead, outlook, start
from test_report_sliders import grid

from suffice._pages import Page, as_json, chart_page, harmless, library, policy
from suffice.demand import measure_bits
from suffice.demand._bits_chart import draw_bits
from suffice.demand.scaling import draw_curves, extrapolate
from suffice.errors import SufficeError
from suffice.fetch import cache_folder
from suffice.report import write_horizon
from suffice.report._page import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

MARKUP = (
    "</script></style></title><script>document.title='taken'</script>"
    "<img src=x onerror=\"document.title='taken'\"><svg onload=document.title='taken'>"
    "\"'`{{7*7}}${7*7}&lt;b\u202e\x1b]0;taken\x07\ud800"
)
"""What would rename the window if any page took it for more than text."""

NAMES = {n: f"{n} {MARKUP}" for n in ("crowd", "judge", "panel", "ratings", "minilm-l6", "hard")}
SENTENCES = {"question", "decision", "text", "note", "limits", "assumptions", "what", "held_fixed"}


def renamed(value: Any, key: str = "") -> Any:
    """The files of a study with markup in every name and sentence."""
    if isinstance(value, dict):
        return {k: renamed(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [renamed(v, key) for v in value]
    if isinstance(value, str):
        return NAMES.get(value, value + MARKUP if key in SENTENCES else value)
    return value


def report(folder: Path) -> Path:
    """A report with sliders."""
    files = study_files()
    files["forecast.json"]["sliders"] = grid()
    runs = files.pop("runs.parquet")
    files = renamed(files)
    files["runs.parquet"] = runs
    return write_report(write_study(folder, files))


def horizon(folder: Path) -> Path:
    """The page of the long run."""
    name = MARKUP.replace("\ud800", "")  # which TOML cannot hold
    drivers = [replace(d, name=f"{d.name} {name}", evidence=name) for d in (SAVES, FOOLS, FLOOR)]
    look = replace(outlook(*drivers), unit=name)
    record = ahead(look, replace(start(), name=NAMES["crowd"])).record()
    return write_horizon(record, folder)[0]


def curves(folder: Path, ending: str = "html") -> Path:
    """Extrapolated curves."""
    rows = [f'"{n}",{x},{x**-0.3}' for n in ("a", "b") for x in (10, 20, 40, 80, 160)]
    name = MARKUP.replace('"', '""').replace("\ud800", "")
    file = folder / "curves.csv"
    text = "\n".join(["curve,x,y", *rows]).replace('"a"', f'"{name}"')
    file.write_text(text, encoding="utf-8")
    path = folder / f"curves.{ending}"
    draw_curves(extrapolate(file), path)
    return path


def bits(folder: Path, ending: str = "html") -> Path:
    """Bits of a source."""
    features, given, _ = teachable(40, np.random.default_rng(7))
    found = measure_bits(features, given, floor=0.5, orders=2)
    path = folder / f"bits.{ending}"
    draw_bits(found, path, title=MARKUP)
    return path


@pytest.mark.browser
@pytest.mark.parametrize("write", [report, horizon, curves, bits])
def test_names_are_text_in_a_browser(browser: Browser, tmp_path: Path, write):
    """No script of a name runs, nothing is asked for, and the name can be read on the page."""
    page = write(tmp_path)
    tab = browser.new_page()
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(page.as_uri())
    if write is not horizon:  # whose page has no script
        tab.wait_for_selector("html[data-charts=ready]", state="attached", timeout=60_000)
    title = tab.title()
    assert title != "taken"
    assert asked == [page.as_uri()]
    assert said == []
    assert tab.locator("img").count() == 0
    assert "document.title" in tab.evaluate("document.body.textContent")
    tab.close()


@pytest.mark.browser
@pytest.mark.parametrize("write", [curves, bits])
def test_names_are_text_in_pictures(browser: Browser, tmp_path: Path, write):
    """An SVG that is opened by itself runs nothing, and is whole; a PNG is drawn, too."""
    path = write(tmp_path, "svg")
    tab = browser.new_page()
    tab.goto(path.as_uri())
    assert tab.title() != "taken"
    tab.close()
    tags = {part.tag.rpartition("}")[2] for part in ElementTree.fromstring(path.read_text()).iter()}
    assert not tags & {"script", "foreignObject", "image", "a", "img"}
    assert "document.title" in path.read_text()
    assert write(tmp_path, "png").read_bytes()[:4] == b"\x89PNG"


def test_pictures_of_the_long_run_are_looked_through(tmp_path):
    """Those beside horizon.html hold the name as text."""
    horizon(tmp_path)
    for scheme in ("light", "dark"):
        text = (tmp_path / f"horizon-{scheme}.svg").read_text()
        assert harmless(text, "it") == text
        assert "&lt;/script>" in text or "&lt;/script&gt;" in text


@pytest.mark.parametrize(
    "inside",
    [
        "<script>1</script>",
        '<rect onload="1"/>',
        '<image href="x.png"/>',
        '<a href="javascript:1"><text>x</text></a>',
        '<rect style="fill:url(http://192.0.2.1/x)"/>',
        "<style>@import 'x.css';</style>",
        "<foreignObject/>",
        "<g>",
    ],
)
def test_a_picture_that_could_run_or_load_is_not_written(inside):
    """Whatever drew it: a script, a reference or a damaged file is refused."""
    with pytest.raises(SufficeError, match=r"it\.svg: the picture"):
        harmless(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>', "it.svg")


def test_a_page_runs_its_own_scripts_alone():
    """The policy names their hashes, and nothing where there are none."""
    from markupsafe import Markup

    assert "script-src 'none'" in Page("a", Markup("")).html()
    assert "'unsafe-eval'" not in policy("1") + policy()
    page = chart_page({"title": MARKUP}, MARKUP).html()
    assert page.count("<script") == page.count("</script>") == 3
    assert "\ud800" not in page
    assert "\x1b" not in page
    with pytest.raises(ValueError, match="end its element"):
        Page("a", Markup(""), scripts=("'</SCRIPT>'",)).html()


def test_json_in_a_page_is_the_same_json():
    """Markup is escaped inside strings; what cannot be seen is spelt out."""
    given = {"name": ["<b>&", "a\nb", 1.5, None, True], "tag": "\u202eabc"}
    again = json.loads(as_json(given))
    assert again == {**given, "tag": "\\u202eabc"}
    assert not set("<>&") & set(as_json(given))


def test_a_damaged_chart_library_is_made_again(monkeypatch, tmp_path):
    """Changed in the cache, its length kept, it is noticed, and the page gets the right one."""
    right = library()
    kept = cache_folder() / "vega" / f"{version('vl-convert-python')}.js"
    changed = kept.read_bytes().replace(b"vegaEmbed", b"vegaEmbad")
    monkeypatch.setenv("SUFFICE_CACHE", str(tmp_path))
    (tmp_path / "vega").mkdir()
    (tmp_path / "vega" / kept.name).write_bytes(changed)
    library.cache_clear()
    assert library() == right
    assert (tmp_path / "vega" / kept.name).read_bytes() == kept.read_bytes() != changed
    library.cache_clear()
