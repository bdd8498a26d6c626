"""Numbers and sentences of the report."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from report_study import study_files, tranche

from suffice.records import CheckRow, PlanRecord, Probability, TrancheRow
from suffice.report import _words as words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "<.01"), (0.004, "<.01"), (0.83, ".83"), (0.5, ".50"), (0.997, ">.99"), (1.0, ">.99")],
)
def test_probabilities(value: float, text: str):
    """Two digits, no leading zero, and never a certainty."""
    assert words.probability(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "$0"),
        (0.004, "$0.004"),
        (0.05, "$0.05"),
        (0.5, "$0.50"),
        (12.5, "$12.50"),
        (99.999, "$100"),
        (312.0, "$312"),
        (12345.6, "$12,346"),
    ],
)
def test_money(value: float, text: str):
    """Small prices keep their figures, large sums lose their cents."""
    assert words.money(value) == text


@pytest.mark.parametrize(
    ("curve", "text"),
    [
        ([], "nothing"),
        ([tranche("crowd", 1, 1, 1.0)], "1 crowd label"),
        (
            [tranche("crowd", 3000, 1, 1.0), tranche("judge", 8000, 1, 1.0)],
            "3,000 crowd labels and 8,000 judge labels",
        ),
        (
            [
                tranche("b", 10, 2, 1.0, round=2),
                tranche("a", 5, 1, 1.0, where=["hard", "nyt"]),
                tranche("c", 7, 1, 1.0),
            ],
            "5 a labels (of hard/nyt tasks) and 7 c labels, then 20 b labels (10 tasks, 2 each)",
        ),
    ],
)
def test_purchases(curve: list[dict[str, object]], text: str):
    """Labels are counted, places and repeats named, later rounds come after 'then'."""
    assert words.purchases([TrancheRow.model_validate(t) for t in curve]) == text


def test_an_interval_that_says_nothing_more_is_left_out():
    """Where the whole interval is below .01, it is not printed beside <.01."""
    nothing = Probability(mean=0.001, low=0.0, high=0.002)
    assert words.with_interval(nothing) == "<.01"
    assert words.with_interval(Probability(mean=0.5, low=0.41, high=0.6)) == ".50 (.41 to .60)"


def test_the_recommended_curve_finds_its_check():
    """The recommended curve's check is found by name, else as the one that is no alternative's."""
    files = study_files()["plan.json"]
    own = words.own_check(PlanRecord.model_validate(files))
    assert own is not None
    assert own.passed == 34
    files["check"][0]["name"] = "crowd then panel"
    own = words.own_check(PlanRecord.model_validate(files))
    assert own is not None
    assert own.passed == 34
    files["check"] = files["check"][1:]
    assert words.own_check(PlanRecord.model_validate(files)) is None


def test_the_summary_needs_no_heavy_library():
    """The terminal's summary comes up without charts, tables or science loaded."""
    code = (
        "import sys, suffice.report._terminal;"
        "print(sorted({'altair','polars','scipy','numpy','jax','jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_check_says_what_it_could_have_found():
    """The chances that a check shows are those whose counts mostly fall outside its interval."""
    row = CheckRow(
        name="recommended",
        passed=34,
        total=40,
        predictive_low=33,
        predictive_high=40,
        p=Probability(mean=0.92, low=0.88, high=0.95),
    )
    low, high = row.would_show()
    counts = np.random.default_rng(0).binomial(40, [[low], [low + 0.05]], (2, 40_000))
    outside = (counts < 33).mean(axis=1)
    assert outside[0] >= 0.9 > outside[1]
    assert high is None  # nothing above 40 of 40
    assert not row.is_unlikely_at(0.92)
    half = row.model_copy(update={"passed": 20, "predictive_low": 20, "predictive_high": 34})
    assert half.is_unlikely_at(0.69)
    assert half.inside
