"""Sliders in a real browser: the recommended point moves, offline, at every width and scheme."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from report_study import study_files, write_study
from test_report_browser import DESK, PHONE, opened

from suffice.errors import InputError
from suffice.report._page import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SOURCES = [{"name": "judge", "price": 0.01}, {"name": "crowd", "price": 0.1}]
CURVES = [
    [[0, 5000, 1, 1], [1, 1000, 1, 2]],
    [[0, 5000, 1, 1]],
    [[1, 1000, 1, 1]],
    [[0, 9000, 1, 1], [1, 1000, 3, 2]],
]
"""Costs at the study's prices: 150, 50, 100 and 390; the first one is the study's own."""


def grid() -> dict[str, Any]:
    """Two models and two shares of hostile labels, with answers that are easy to tell apart."""
    clean, attacked = [80, 30, 55, 92], [42, 10, 40, 90]
    choose = [[clean, attacked], [[p - 8 for p in clean], [p - 8 for p in attacked]]]

    def moved(by: int) -> list[list[list[int]]]:
        return [[[min(max(p + by, 0), 100) for p in row] for row in part] for part in choose]

    return {
        "sources": SOURCES,
        "budget": 200.0,
        "models": ["minilm-l6", "minilm-l3"],
        "shares": [0.0, 0.1],
        "curves": CURVES,
        "choose": choose,
        "p": moved(-2),
        "low": moved(-10),
        "high": moved(6),
    }


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with sliders."""
    files = study_files()
    files["forecast.json"]["sliders"] = grid()
    return write_report(write_study(tmp_path_factory.mktemp("study"), files))


def move(page: Page, control: str, value: float) -> str:
    """Move one control; returns the answer."""
    page.locator(f"#slider-{control}").evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }",
        str(value),
    )
    return page.locator("#sliders-answer").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_point_moves(browser: Browser, report: Path, size: tuple[int, int], scheme: str):
    """Budget, target, prices, attack and model each change what is bought, by the numbers."""
    with opened(browser, report, size, scheme) as (page, asked, said):
        answer = page.locator("#sliders-answer")
        first = answer.inner_text()
        assert first == ("Buy 5,000 judge + 1,000 crowd (round 2) for $150. P = .78 (.70 to .86).")
        star = page.locator("#sliders-chart .star")
        before = star.get_attribute("points")
        assert move(page, "budget", 2.0).startswith("Buy 1,000 crowd for $100. P = .53")
        assert star.get_attribute("points") != before
        assert "9,000 judge + 1,000 crowd x3 (round 2)" in move(page, "budget", 2.65)
        assert move(page, "target", 50).startswith("Buy 1,000 crowd for $100")
        assert move(page, "target", 99).startswith(
            "Nothing within $447 reaches .99. The best: 9,000 judge"
        )
        move(page, "target", 0)
        move(page, "budget", 2.301)
        assert "1,000 crowd x3" in move(page, "price-1", -0.6020)
        assert page.locator("#slider-price-1-value").inner_text() == "$0.025"
        move(page, "price-1", 0)
        # Halfway between two shares that were forecast P lies halfway, too.
        assert "P = .59 (.51 to .67)" in move(page, "share", 5)
        assert page.locator("#slider-share-value").inner_text() == "5 %"
        assert move(page, "share", 10).startswith("Buy 5,000 judge + 1,000 crowd (round 2)")
        assert ".40" in answer.inner_text()
        assert "P = .32" in move(page, "model", 1)
        page.locator("#sliders button[type=reset]").click()
        page.wait_for_function(
            "text => document.querySelector('#sliders-answer').textContent === text", arg=first
        )
        assert asked == [report.as_uri()]
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        beyond = page.evaluate(
            """() => [...document.querySelectorAll("#try *")]
              .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
              .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert beyond == []


def test_ties_go_to_the_cheaper_curve(browser: Browser, report: Path):
    """Under attack the mixture is hardly better than the crowd alone: a bar picks the cheaper."""
    with opened(browser, report, DESK, "light") as (page, _, _):
        move(page, "share", 10)
        assert move(page, "target", 40).startswith("Buy 1,000 crowd for $100")


def test_far_curves_show_bounds_alone(browser: Browser, tmp_path: Path):
    """A purchase far beyond what was measured has no point value and no star, at its model only."""
    files = study_files()
    far = [[False, False, False, True], [True] * 4]
    files["forecast.json"]["sliders"] = {**grid(), "far": far}
    path = write_report(write_study(tmp_path, files))
    with opened(browser, path, DESK, "light") as (page, _, said):
        assert "P = .78 (.70 to .86)." in page.locator("#sliders-answer").inner_text()
        assert page.locator("#sliders-chart .star").count() == 1
        told = move(page, "budget", 2.65)
        assert told.startswith(
            "Buy 9,000 judge + 1,000 crowd x3 (round 2) for $390. P lies between "
        )
        assert told.endswith(": far beyond what was measured.")
        assert page.locator("#sliders-chart .star").count() == 0
        move(page, "budget", 2.301)
        assert "P lies between" in move(page, "model", 1)
        assert said == []


def test_moved_by_keyboard(browser: Browser, report: Path):
    """The arrows of the keyboard move a slider, and the answer is announced."""
    with opened(browser, report, PHONE, "light") as (page, _, _):
        page.locator("#slider-target").focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        assert page.locator("#slider-target-value").inner_text() == ".03"
        assert page.locator("#sliders-answer").get_attribute("aria-live") == "polite"
        assert page.locator("#sliders-answer").inner_text().startswith("Buy 5,000 judge for $50")


def test_words_of_the_chart_stay_inside_and_apart(browser: Browser, report: Path):
    """No two words of the chart cover each other, and none is cut off."""
    for size in (DESK, PHONE):
        with opened(browser, report, size, "light") as (page, _, _):
            boxes = page.evaluate(
                """() => { const chart = document.querySelector("#sliders-chart");
                  const c = chart.getBoundingClientRect();
                  return [...document.querySelectorAll("#sliders-chart text")].map(t => {
                    const b = t.getBoundingClientRect();
                    return [b.left, b.top, b.right, b.bottom,
                            b.left >= c.left - 1 && b.right <= c.right + 1 && b.top >= c.top - 1
                            && b.bottom <= c.bottom + 1]; }); }"""
            )
            assert len(boxes) > 6
            assert all(b[4] for b in boxes)
            for k, a in enumerate(boxes):
                for b in boxes[:k]:
                    across = min(a[2], b[2]) - max(a[0], b[0])
                    assert across < 1 or min(a[3], b[3]) - max(a[1], b[1]) < 3


def test_its_numbers_are_small_and_the_page_still_forbids_loading(report: Path):
    """The grid takes a few kilobytes here, and its script is named in the page's policy."""
    html = report.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="slider-data">(.*?)</script>', html)
    assert found is not None
    assert json.loads(found[1])["curves"] == CURVES
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert policy[1].count("sha256-") == 3


def test_a_grid_of_the_wrong_shape_is_named(tmp_path: Path):
    """A damaged grid gives one line with file and key."""
    files = study_files()
    files["forecast.json"]["sliders"] = {**grid(), "low": [[[1, 2]]]}
    with pytest.raises(InputError, match=r"forecast\.json: key sliders: .*low must be 2 models"):
        write_report(write_study(tmp_path, files))
