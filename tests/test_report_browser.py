"""The report in a real browser: it opens from disk, draws everything and fits a phone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from report_study import study_files, write_study

from suffice.report._page import write_report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

READY = "html[data-charts=ready]"
DESK, PHONE = (1280, 800), (360, 780)
LONG = "a source whose name somebody made very long indeed"

# The boxes of all words of a chart that can be seen. Halos are texts with a stroke: left out.
WORD_BOXES = """
id => [...document.querySelectorAll(`#${id} svg .mark-text text`)]
  .filter(t => !t.getAttribute("stroke") && t.getAttribute("opacity") !== "0"
            && getComputedStyle(t).opacity !== "0" && t.textContent)
  .map(t => { const b = t.getBoundingClientRect();
              return {text: t.textContent, left: b.left, top: b.top, right: b.right,
                      bottom: b.bottom}; })
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report whose judge has a name that is too long for any chart."""
    files = study_files(judge=LONG)
    return write_report(write_study(tmp_path_factory.mktemp("study"), files))


@contextmanager
def opened(
    browser: Browser, report: Path, size: tuple[int, int], scheme: str, **options: Any
) -> Iterator[tuple[Page, list[str], list[str]]]:
    """The page, the addresses that it asked for, and what it complained about."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, **options
    )
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(report.as_uri())
    if options.get("java_script_enabled", True):
        page.wait_for_selector(READY, state="attached", timeout=60_000)
    yield page, asked, said
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_opens_offline_and_draws_everything(
    browser: Browser, report: Path, size: tuple[int, int], scheme: str
):
    """From disk: no request, no complaint, every open chart drawn, nothing wider than the page."""
    with opened(browser, report, size, scheme) as (page, asked, said):
        assert asked == [report.as_uri()]
        assert said == []
        drawn = page.evaluate(
            """() => [...document.querySelectorAll("[data-chart]")]
              .filter(c => !c.closest("details:not([open])"))
              .map(c => [c.dataset.chart, c.querySelectorAll("svg path, svg line").length,
                         c.getBoundingClientRect().width])"""
        )
        assert len(drawn) > 10
        assert all(marks > 3 and width > 150 for _, marks, width in drawn)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        beyond = page.evaluate(
            """() => [...document.querySelectorAll("main *")]
              .filter(e => !e.closest("svg, .scroll, .unseen, thead")
                           && e.getBoundingClientRect().right > innerWidth + 1)
              .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert beyond == []


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_words_in_the_picture_stay_apart(browser: Browser, report: Path, size: tuple[int, int]):
    """No two labels of the picture cover each other, on a desk or on a phone."""
    with opened(browser, report, size, "light") as (page, _, _):
        boxes = page.evaluate(WORD_BOXES, "picture")
        texts = " ".join(b["text"] for b in boxes)
        assert "recommended .83" in texts
        assert "P .5" in texts
        assert "$400 budget" in texts
        for k, a in enumerate(boxes):
            for b in boxes[:k]:
                across = min(a["right"], b["right"]) - max(a["left"], b["left"])
                down = min(a["bottom"], b["bottom"]) - max(a["top"], b["top"])
                assert across < 3 or down < 5, (a["text"], b["text"])


def test_charts_follow_the_colour_scheme(browser: Browser, report: Path):
    """When the reader's scheme changes, page and charts change their colours."""
    colours = """() => [getComputedStyle(document.body).backgroundColor,
        document.querySelector("#check-counts svg text").getAttribute("fill")]"""
    with opened(browser, report, DESK, "light") as (page, _, said):
        light = page.evaluate(colours)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(
            """before => document.documentElement.dataset.charts === "ready"
               && document.querySelector("#check-counts svg text").getAttribute("fill") !== before
            """,
            arg=light[1],
        )
        assert page.evaluate(colours)[0] != light[0]
        assert said == []


def test_folded_charts_are_drawn_when_opened(browser: Browser, report: Path):
    """Charts inside a closed fold wait until it is opened, by keyboard, too."""
    with opened(browser, report, PHONE, "light") as (page, _, said):
        fold = page.locator("details.more").first
        assert fold.locator("svg").count() == fold.locator(".key svg").count()
        fold.locator("> summary").focus()
        page.keyboard.press("Enter")
        places = fold.locator("[data-chart]").count()
        page.wait_for_function(
            """n => document.querySelectorAll("details.more[open] [data-chart] svg").length === n
            """,
            arg=places,
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        assert said == []


def test_tables_of_numbers_open_by_keyboard(browser: Browser, report: Path):
    """The numbers behind a chart can be reached and opened without a mouse."""
    with opened(browser, report, PHONE, "dark") as (page, _, _):
        numbers = page.locator("#picture details.numbers")
        numbers.locator("summary").focus()
        page.keyboard.press("Enter")
        assert numbers.locator("td").first.is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_says_so_without_scripts(browser: Browser, report: Path):
    """Where scripts are off, the page says what is missing and where its numbers are."""
    with opened(browser, report, DESK, "light", java_script_enabled=False) as (page, asked, _):
        assert page.locator("noscript .notice").is_visible()
        assert page.locator("#headline").inner_text().startswith("Buy 3,000 crowd labels")
        assert asked == [report.as_uri()]


def test_the_answer_is_on_the_first_screen(browser: Browser, report: Path):
    """Headline, P, check, cost and validity are seen without scrolling."""
    with opened(browser, report, DESK, "light") as (page, _, _):
        for selector in ("#headline", ".lead", ".facts"):
            box = page.locator(selector).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= DESK[1]
