"""The picture of the long run: never a line without a band, in both schemes, on a phone too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_horizon import FLOOR, FOOLS, SAVES, ahead, outlook, start

from suffice.forecast.horizon import Trend, TrendPoint
from suffice.forecast.horizon._trend import fit_trend
from suffice.records import HorizonRecord
from suffice.report import write_horizon
from suffice.report._horizon import _band_rows, horizon_spec, themed


def with_trend() -> HorizonRecord:
    """A long run with measured models, one of which did not get there."""
    rng = np.random.default_rng(0)
    spread = np.exp(0.1 * rng.standard_normal(400))
    points = (
        TrendPoint("small", -1.0, np.full(400, np.inf), 1e4),
        TrendPoint("mid", -0.5, 2000.0 * spread, 1e4),
        TrendPoint("large", 0.0, 1000.0 * spread, 1e4),
    )
    trend = Trend("crowd", points, fit_trend(points, (-0.4, 0.3), rng))
    return ahead(outlook(SAVES, FOOLS, FLOOR), replace(start(), trend=trend)).record()


def test_never_a_line_without_a_band() -> None:
    """Each panel holds band, floor, trend and danger; a median stands only inside a band, near."""
    found = with_trend()
    spec = horizon_spec(found)
    by_scale, by_year = (row["hconcat"][0] for row in spec["vconcat"])
    for panel, more in ((by_scale, {"rule", "point"}), (by_year, set())):
        marks = {layer["mark"]["type"] for layer in panel["layer"]}
        assert {"area", "line", "rect"} | more == marks
    for by in (False, True):
        for row in _band_rows(found, by_year=by):
            assert row["low"] <= row["high"]
            if row["median"] is not None:
                assert row["low"] <= row["median"] <= row["high"]
                assert row["x"] <= (2.0 if by else 1.0)


def test_pictures_in_both_schemes(tmp_path: Path) -> None:
    """Light and dark pictures and a page without scripts or anything to load."""
    found = with_trend()
    written = {p.name for p in write_horizon(found, tmp_path)}
    assert written == {
        "horizon.html",
        *(f"horizon-{s}.{kind}" for s in ("light", "dark") for kind in ("svg", "png")),
    }
    for scheme in ("light", "dark"):
        assert "theme:" not in themed(horizon_spec(found), scheme)
        assert (tmp_path / f"horizon-{scheme}.png").read_bytes()[:4] == b"\x89PNG"
    light, dark = ((tmp_path / f"horizon-{s}.svg").read_text() for s in ("light", "dark"))
    assert light != dark
    page = (tmp_path / "horizon.html").read_text()
    assert "<script" not in page
    assert "src=" not in page
    assert all(d.name in page for d in (SAVES, FOOLS, FLOOR))


def test_the_long_run_is_drawn_again_from_its_folder(tmp_path: Path) -> None:
    """horizon.json alone gives the same files, byte for byte; an older one shades the years."""
    found = with_trend()
    written = write_horizon(found, tmp_path)
    first = [p.read_bytes() for p in written]
    found.write(tmp_path)
    read = HorizonRecord.read(tmp_path)
    again = write_horizon(read, tmp_path / "again")
    assert [p.name for p in again] == [p.name for p in written]
    assert [p.read_bytes() for p in again] == first
    danger = read.danger.model_copy(update={"decades": None})
    older = horizon_spec(read.model_copy(update={"danger": danger}))
    shaded = [
        "rect" in {layer["mark"]["type"] for layer in row["hconcat"][0]["layer"]}
        for row in older["vconcat"]
    ]
    assert shaded == [False, True]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "shown"), [(1280, ".wide"), (360, ".narrow")])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(browser, tmp_path: Path, width: int, shown: str, scheme: str):
    """At every width one picture of the reader's scheme is seen, wide enough to read, and nothing
    runs over the edge."""
    found = with_trend()
    page = write_horizon(found, tmp_path)[0]
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab = context.new_page()
    tab.goto(page.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    pictures = [p for p in tab.locator("svg.marks").all() if p.is_visible()]
    assert len(pictures) == 1
    assert tab.locator(f"{shown} .{scheme} svg.marks").is_visible()
    size = tab.evaluate(
        "s => parseFloat(getComputedStyle(document.querySelector(s)).fontSize)"
        " * document.querySelector(s).getBoundingClientRect().height"
        " / document.querySelector(s).getBBox().height",
        f"{shown} .{scheme} svg.marks .mark-text text",
    )
    assert size > 8.0
    context.close()
