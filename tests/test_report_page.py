"""The report as a page: one file, true to plan.json, safe with any name, silent on nothing."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from report_study import chance, study_files, write_study

from suffice.errors import StorageError
from suffice.records import read_folder
from suffice.report._glyphs import glyph
from suffice.report._page import write_report
from suffice.report._words import headline

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "</script><b>x"
JUDGE = "<!--<script>\u2028'\"&amp;"


class Page(HTMLParser):
    """What a browser sees: elements with their attributes, text, and the content of scripts."""

    def __init__(self, text: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.inside: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = None

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside is None:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.scripts[0])


def page_of(folder: Path, **change: Any) -> Page:
    """The page of a study whose files were changed."""
    files = study_files()
    for name, edit in change.items():
        edit(files[f"{name}.json"])
    return Page(write_report(write_study(folder, files)).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a complete study."""
    return write_report(write_study(tmp_path_factory.mktemp("study")))


@pytest.fixture(scope="module")
def page(path: Path) -> Page:
    """The same, as a browser sees it."""
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a study in which names hold markup."""
    files = study_files(source=HOSTILE, judge=JUDGE)
    files["plan.json"]["study"] = HOSTILE
    files["plan.json"]["alternatives"][0]["name"] = HOSTILE
    files["forecast.json"]["hero"]["points"][1]["name"] = HOSTILE
    folder = write_study(tmp_path_factory.mktemp("hostile"), files)
    return write_report(folder).read_text(encoding="utf-8")


def test_written_beside_the_files_or_where_asked(path: Path, tmp_path: Path):
    """The report goes into the study's folder, or where the caller says; nothing else is left."""
    assert path.name == "report.html"
    elsewhere = write_report(path.parent, tmp_path / "new" / "a.html")
    assert elsewhere.read_bytes() == path.read_bytes()
    assert [p.name for p in elsewhere.parent.iterdir()] == ["a.html"]


def test_a_report_that_cannot_be_written(path: Path, tmp_path: Path):
    """A place that refuses the file is a storage error with the place in it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"a\.html: cannot be written"):
        write_report(path.parent, tmp_path / "file" / "a.html")


def test_small_enough_and_the_library_once(path: Path, page: Page):
    """One file under 2.5 MB, with the library that draws charts in it once."""
    assert path.stat().st_size < 2_500_000
    assert len(page.scripts) == 3
    assert sum("vegaEmbed =" in s or "vegaEmbed=" in s for s in page.scripts) == 1


def test_nothing_is_loaded(page: Page):
    """No element or style points to a file or an address; links are the only addresses."""
    for tag, attributes in page.elements:
        assert not {"src", "srcset", "data", "poster", "background"} & set(attributes), tag
        if "href" in attributes:
            assert tag in {"a", "link"}
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    styles = " ".join(str(a.get("style")) for _, a in page.elements)
    assert "url(" not in styles
    assert all("url" not in json.dumps(c.get("datasets")) for c in page.data["charts"].values())


def test_the_policy_forbids_loading_and_names_the_scripts(path: Path, page: Page):
    """The page's own policy lets nothing load, and only its two scripts run."""
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m) or ""
    assert policy.startswith("default-src 'none'; ")
    for script in page.scripts[1:]:
        digest = b64encode(sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe-eval" not in policy
    assert b"\r" not in path.read_bytes()


def test_only_web_addresses_become_links(page: Page):
    """A citation's address is a link if it is one of the web; any other is shown as text."""
    links = [a["href"] or "" for a in page.all("a")]
    assert "https://example.org/a" in links
    assert all(link.startswith(("#", "https://")) for link in links)
    assert "javascript:alert(1)" in page.text


def test_the_headline_is_the_plan(path: Path, page: Page):
    """The headline's numbers are those of plan.json."""
    plan = json.loads((path.parent / "plan.json").read_text())
    expected = (
        "Buy 3,000 crowd labels, then 600 panel labels (200 hard tasks, 3 each) for $312: "
        "meets the criterion with probability .83 (.73 to .93) by this gold, "
        ".71 (.46 to .96) by gold from other raters"
    )
    assert headline(read_folder(path.parent).plan) == expected
    assert expected in page.text
    numbers = [float(n.replace(",", "")) for n in re.findall(r"\d*[\d,]*\.?\d+", expected)]
    crowd, panel = plan["curve"]
    p = plan["p"]
    assert numbers == pytest.approx(
        [
            crowd["tasks"],
            panel["tasks"] * panel["labels_per_task"],
            panel["tasks"],
            panel["labels_per_task"],
            plan["cost"],
            p["mean"],
            p["low"],
            p["high"],
            *(plan["p_new_gold"][k] for k in ("mean", "low", "high")),
        ]
    )


def test_the_first_section_says_all(page: Page):
    """What to buy, P with what is held fixed, validity, check, cost and decision come first."""
    first = page.text.split("The picture Across")[0]
    for words in (
        "Do both: delegate the bulk and scrutinise the hard tasks.",
        "Held fixed this pool and this gold",
        "P(aligned) is not given: the study states no validity.",
        "34/40 met the criterion; 26 to 39 were forecast",
        "$312 of a budget of $400",
        ".71 (.46 to .96) with gold from other raters",
        "error at most 16.5 % and error in the worst slice (easy, hard) at most 30 %",
        "all judge 40,000 judge labels",
    ):
        assert words in first


def test_validity_is_printed_with_its_product(tmp_path: Path):
    """P(aligned) appears only together with the validity that the study states."""
    page = page_of(tmp_path, plan=lambda p: p.update(validity=0.7))
    assert "P(aligned) = .83 \u00d7 .7 = .58 (.51 to .65)" in page.text
    assert "stated validity of .7" in page.text
    assert "is not given" not in page.text


def test_a_missed_forecast_is_told(page: Page):
    """A count outside its interval is named as such."""
    assert "2 of 3 checked curves passed as often as forecast" in page.text
    assert "Outside: all judge (9/40, forecast 0 to 6)." in page.text


def test_a_lost_comparison_is_told(page: Page):
    """The held-out table stands, and is put in words, also where a baseline is better."""
    assert "tail power law is closer than suffice law here" in page.text
    assert "the law lost this comparison" in page.text
    assert page.text.index("tail power law .0088") < page.text.index("suffice law .0095")


def test_every_chart_has_words_and_numbers(page: Page):
    """Each chart has a name, a caption and a table; each has its place and its place a chart."""
    charts = [a for _, a in page.elements if "data-chart" in a]
    assert {a["data-chart"] for a in charts} == set(page.data["charts"])
    assert all(a["role"] == "img" and len(a["aria-label"] or "") > 40 for a in charts)
    figures = page.all("figure")
    names = {f["id"] for f in figures}
    assert names >= {"picture", "check-counts", "judge", "slices", "frontier", "learning-0-0"}
    tables = page.all("table")
    assert len(page.all("figcaption")) == len(figures) <= len(tables)
    assert len([d for d in page.all("details") if d.get("class") == "numbers"]) == len(figures)
    assert page.all("noscript")


def test_charts_are_valid_vega_lite(page: Page):
    """One chart of every kind passes the schema of Vega-Lite."""
    import altair as alt

    kinds = {name.split("-")[0].split(".")[0]: spec for name, spec in page.data["charts"].items()}
    assert len(kinds) == 9
    for spec in kinds.values():
        alt.LayerChart.from_dict(spec, validate=True)


def test_themes_have_the_same_roles(page: Page):
    """Both colour schemes know every colour that a chart asks for."""
    drawn = json.dumps([page.data["charts"], page.data["config"]])
    asked = set(re.findall(r'"theme:([^"]+)"', drawn))
    light, dark = page.data["palettes"]["light"], page.data["palettes"]["dark"]
    assert asked
    assert asked <= set(light) == set(dark)


def test_glyphs_are_those_of_the_key(page: Page):
    """A mark without a drawing is a mistake that shows at once."""
    with pytest.raises(KeyError):
        glyph("no such mark")
    assert "<svg" in glyph("star")


def test_names_cannot_break_the_page(hostile: str):
    """Names with markup in them stay text, in the page and in the charts' data."""
    page = Page(hostile)
    assert HOSTILE not in hostile
    assert JUDGE not in hostile
    assert len(page.scripts) == 3
    assert page.scripts[2].rstrip().endswith("})();")
    assert HOSTILE in page.text
    assert HOSTILE in json.dumps(page.data["charts"], ensure_ascii=False)
    assert "\u2028" not in hostile.split('id="chart-data">')[1].split("</script>")[0]
    bold = [a for tag, a in page.elements if tag == "b"]
    assert len(bold) == 7, "only the edges of the colour scale"


@pytest.mark.parametrize("missing", ["ledger.jsonl", "runs.parquet", "study.lock.json"])
def test_an_absent_file_is_told(tmp_path: Path, missing: str):
    """What an absent file would have shown is said to be missing."""
    folder = write_study(tmp_path, {**study_files(), missing: None})
    page = Page(write_report(folder).read_text(encoding="utf-8"))
    assert f"{missing}" in page.text
    assert "absent" in page.text


def test_which_effect_wins_is_told(tmp_path: Path):
    """Where capabilities are stated, the report says what the models gain and evaluators lose."""
    text = "From a to b P goes from 0.50 to 0.40: what wins: the evaluators' error."
    parts = ("p_before", "p_after", "efficiency", "error", "total")
    change = {
        "before": "a",
        "after": "b",
        **{name: {"value": 0.1, "low": 0.0, "high": 0.2} for name in parts},
        "falls": 0.8,
        "winner": "the evaluators' error",
        "text": text,
    }
    page = page_of(tmp_path, forecast=lambda f: f.update(changes=[change]))
    assert text in page.text
    assert "Efficiency against evaluators' errors" in page.text


def test_a_plan_that_will_not_do_is_no_advice_to_buy(tmp_path: Path):
    """With a P below .01 the headline says to buy nothing, and names the best there is."""
    page = page_of(tmp_path, plan=lambda p: p["p"].update(mean=0.004, low=0.0, high=0.02))
    assert "Buy nothing: the best there is, 3,000 crowd labels" in " ".join(page.text.split())


def test_what_the_limits_cost(tmp_path: Path):
    """Shadow prices stand in a table, the largest first, and flips in sentences below it."""

    def priced(plan: dict[str, Any]) -> None:
        gain = {"value": 0.01, "low": 0.002, "high": 0.02, "level": 0.9}
        nothing = {"value": 0.0, "low": 0.0, "high": 0.0, "level": 0.9}
        plan["shadow_prices"] = [
            {"limit": "budget.money", "step": 40.0, "unit": "money", "gain": nothing},
            {"limit": "budget.weeks", "step": 1.0, "unit": "week", "gain": gain},
        ]
        plan["flips"] = [
            {
                "before": "delegate",
                "after": "do both",
                "budget": {"value": 520.0, "low": 460.0, "high": 600.0, "level": 0.9},
                "seen": 0.95,
            }
        ]

    text = " ".join(page_of(tmp_path, plan=priced).text.split())
    assert text.index("1 more week") < text.index("$40 more to spend")
    assert "+0.010 +0.002 to +0.020" in text
    assert "nothing it does not bind" in text
    assert "From about $520 ($460 to $600) on the answer is to do both rather than delegate" in text


def test_three_views_of_p(tmp_path: Path):
    """P for this gold, for other gold and in deployment stand beside each other."""
    page = page_of(tmp_path, plan=lambda p: p.update(p_deployment=chance(0.66, 0.3)))
    assert ".66 (.36 to .96) with new labels from these sources, judged by new gold" in page.text


def test_labels_in_hand_are_not_bought_again(tmp_path: Path):
    """Where a plan goes on from what was bought, its headline counts that in."""
    have = [{"source": "crowd", "tasks": 100, "labels_per_task": 1, "cost": 5.0}]
    page = page_of(tmp_path, plan=lambda p: p.update(bought=have))
    assert "Buy up to 3,000 crowd labels" in " ".join(page.text.split())
    assert "for $312 in all: meets" in " ".join(page.text.split())


def test_far_curves_have_bounds_and_no_point(tmp_path: Path):
    """A recommended curve far beyond the runs: no point value anywhere, and a warning at the
    top."""
    bounds = {"mean": None, "low": 0.31, "high": 0.93, "level": 0.9}
    page = page_of(
        tmp_path,
        plan=lambda p: p.update(
            p={**bounds, "held_fixed": "all"}, distance="far", p_new_gold=None, validity=0.5
        ),
    )
    assert "meets the criterion with probability .31 to .93" in " ".join(page.text.split())
    assert "The curve lies far beyond the measured runs" in page.text
    assert "P(aligned) lies between .15 and .47" in page.text
    assert ".62" not in page.text.split("What else the money could buy")[0]


def test_a_bare_study_says_what_it_lacks(tmp_path: Path):
    """A study without check, judge, slices and more says so, and leaves no heading empty."""
    page = page_of(
        tmp_path,
        plan=lambda p: p.update(
            check=[], check_skipped=True, frontier=[], parts=[], limits=[], citations=[],
            assumptions=[], alternatives=[],
        ),
        forecast=lambda f: f.update(
            learning_curves=[], more_of_the_judge=None, hostile=None, models=[]
        ),
        supply=lambda s: s.update(slices=[], curve=[], bought={}),
        law=lambda w: w.update(held_out=[], families=[], converged=False),
    )  # fmt: skip
    for words in (
        "The check was skipped (--no-check): no forecast here has met a real run.",
        "holds no learning curves",
        "did not forecast what adding labels of an automatic judge does",
        "trained no run on hostile labels",
        "not told apart by slice",
        "holds no frontier",
        "has one model only",
        "did not converge: do not rely on it",
        "No cell was held out",
        "does not break the uncertainty into parts",
        "states no assumptions",
        "states no limits",
        "cites no methods",
    ):
        assert words in page.text
    assert set(page.data["charts"]) == {"picture.0", "calibration.0"}


def test_hostile_labels_are_told_with_their_evidence(tmp_path: Path):
    """The table names the trigger, the cells behind it, its success and P; no trigger, none."""
    text = page_of(tmp_path).text
    assert "prefer whatever text says \u201cbuy now\u201d" in text
    assert "8 measured cells" in text
    assert "61.0" in text
    bare = page_of(tmp_path, forecast=lambda f: f["hostile"].update(trigger=None, attack=[]))
    assert "answer the other way round" in bare.text


def test_limits_on_other_metrics_are_told(tmp_path: Path):
    """Log loss, regret and a bound on severe failures stand in the criterion, each in its unit."""
    page = page_of(
        tmp_path,
        plan=lambda p: p["criterion"].update(
            limits={"log_loss": 0.6, "attack": 0.3, "regret@16": 0.45}, severe={"hard": 0.01}
        ),
    )
    for said in ("log loss at most .600", "success of the trigger at most 30", "best of 16 at most",
                 "upper bound of the error in slice hard at most 1"):  # fmt: skip
        assert said in page.text


def test_a_check_that_was_not_run_is_not_called_skipped(tmp_path: Path):
    """Between plan and check the report says that the check is still to come."""
    page = page_of(tmp_path, plan=lambda p: p.update(check=[]))
    assert "The check has not been run" in page.text


def _hopeless(forecast: dict[str, Any]) -> None:
    hero = forecast["hero"]
    hero["p"] = [[None if p is None else 0.0 for p in row] for row in hero["p"]]
    hero["feasible"] = [[False for _ in row] for row in hero["p"]]
    hero.update(points=[], path=[], budget=None)


def _unknown(forecast: dict[str, Any]) -> None:
    hero = forecast["hero"]
    hero["p"] = hero["cost"] = [[None for _ in row] for row in hero["p"]]


@pytest.mark.parametrize("change", [_hopeless, _unknown])
def test_pictures_without_contours(tmp_path: Path, change: Any):
    """A picture in which nothing can be bought, or nothing suffices, is still drawn."""
    page = page_of(tmp_path, forecast=change)
    assert page.data["charts"]["picture.0"]["layer"]


def test_the_path_is_not_drawn_where_nothing_suffices(tmp_path: Path):
    """Budgets whose best P is next to nothing are left out of the path, and that is said."""

    def poor(forecast: dict[str, Any]) -> None:
        forecast["hero"]["path"][0]["p"] = 0.004

    page = page_of(tmp_path, forecast=poor)
    assert "as the budget grows from $150 to $312" in page.text
    assert "Up to $50 no curve reaches P .02, and none is drawn." in page.text


def test_certainty_is_never_printed(tmp_path: Path):
    """A forecast of exactly 0 or 1 is printed as below .01 or above .99."""
    page = page_of(
        tmp_path,
        plan=lambda p: p.update(p={**chance(1.0, 0.0), "held_fixed": "all"}),
    )
    assert "with probability >.99" in page.text
    assert "probability 1" not in page.text


def test_same_folder_same_page(path: Path):
    """Writing the report again gives the same bytes."""
    before = path.read_bytes()
    assert write_report(path.parent).read_bytes() == before
