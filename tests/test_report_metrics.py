"""The report about metrics that are no errors: which way is better, and in which unit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from report_study import study_files, write_study

from suffice.report._page import write_report

if TYPE_CHECKING:
    from pathlib import Path


def text_of(folder: Path, **change: Any) -> str:
    """The words on the page of a study whose files were changed."""
    files = study_files()
    for name, edit in change.items():
        edit(files[f"{name}.json"])
    page = write_report(write_study(folder, files)).read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_metric_that_rises_is_said_to_rise(tmp_path):
    """Learning curves of a metric that is better when higher reach their bar from below."""

    def turned(values: dict[str, Any]) -> None:
        bar = 1.0 - values["thresholds"]["error"]
        values["thresholds"] = {"win_rate": bar}
        kept = [c for c in values["learning_curves"] if c["metric"] == "error"]
        for c in kept:
            for key in ("mean", "low", "high", "run_low", "run_high"):
                c[key] = [1.0 - v for v in c[key]]
            c["low"], c["high"] = c["high"], c["low"]
            c["run_low"], c["run_high"] = c["run_high"], c["run_low"]
            c |= {"metric": "win_rate", "rises": True}
        values["learning_curves"] = kept

    falls, rises = (
        [w for w in text.split("The mean ")[1:] if " to the criterion" in w[:30]]
        for text in (text_of(tmp_path / "a"), text_of(tmp_path / "b", forecast=turned))
    )
    assert falls[0].startswith("falls to the criterion of 16.5")
    assert rises[0].startswith("rises to the criterion of .835")
    count = [w.partition(" for ")[2].partition(" of ")[0] for w in (falls[0], rises[0])]
    assert count[0] == count[1]


def test_values_of_other_metrics_are_no_percentages(tmp_path):
    """What is no share is written as a number in the judge's table and in the law's own error."""

    def other(values: dict[str, Any]) -> None:
        values["more_of_the_judge"]["metric"] = "log_loss"

    def law(values: dict[str, Any]) -> None:
        values["discrepancy_sd"] = {"log_loss": 0.0123}

    number = re.compile(r"\s\.\d{3} \(\.\d{3} to \.\d{3}\)")
    found = text_of(tmp_path / "a", forecast=other, law=law)
    assert number.search(found)
    assert not number.search(text_of(tmp_path / "b"))
    assert "log loss .012" in found


def test_a_limit_says_which_way_it_goes(tmp_path):
    """At most where lower is better, at least where higher is."""

    def limited(values: dict[str, Any]) -> None:
        values["criterion"] |= {
            "limits": {"log_loss": 0.6, "win_rate": 0.7},
            "at_least": ["win_rate"],
        }

    found = text_of(tmp_path, plan=limited)
    assert re.search(r"log loss at most \.600 and win_rate at least \.700", found)
