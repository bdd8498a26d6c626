"""The answer in the terminal: 80 columns, plain where the output is no terminal."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from report_study import study_files, write_study
from rich.console import Console

from suffice.errors import InputError
from suffice.report._terminal import terminal_summary

if TYPE_CHECKING:
    from pathlib import Path


def shown(folder: Path, *, terminal: bool = False, width: int = 80, **change: Any) -> str:
    """What a console of that width prints."""
    files = study_files()
    files["plan.json"].update(change)
    out = StringIO()
    colours: Any = "standard" if terminal else None
    console = Console(file=out, width=width, force_terminal=terminal, color_system=colours)
    console.print(terminal_summary(write_study(folder, files)))
    return out.getvalue()


def words(text: str) -> str:
    """The text without its layout."""
    return " ".join(text.split())


def test_says_what_to_buy(tmp_path: Path):
    """The headline, the decision, every purchase, the forecasts and the check are there."""
    text = words(shown(tmp_path))
    for part in (
        "Buy 3,000 crowd labels, then 600 panel labels (200 hard tasks, 3 each) for $312",
        "meets the criterion with probability .83 (.73 to .93)",
        "Do both: delegate the bulk and scrutinise the hard tasks.",
        "recommended $312 .83 (.73 to .93) 34/40 26 to 39",
        "crowd 3,000 1 $150 round 1",
        "panel 200 3 $162 hard, round 2",
        "all judge $312 .04 (<.01 to .14) 9/40 0 to 6 !",
        "all crowd: the same money.",
        "2 of 3 checked curves passed as often as forecast",
        "P(aligned) is not given: the study states no validity.",
        "Held fixed: this pool and this gold.",
        "by this gold, .71 (.46 to .96) by gold from other raters",
    ):
        assert part in text


@pytest.mark.parametrize("width", [80, 100])
def test_fits_the_width(tmp_path: Path, width: int):
    """No line is longer than the terminal is wide."""
    assert max(map(len, shown(tmp_path, width=width).splitlines())) <= width


def test_plain_where_it_is_no_terminal(tmp_path: Path):
    """Colours go to terminals alone."""
    assert "\x1b[" in shown(tmp_path / "a", terminal=True)
    assert "\x1b" not in shown(tmp_path / "b")


def test_names_cannot_steer_the_terminal(tmp_path: Path):
    """Escape sequences and markup in names are shown, not obeyed."""
    text = shown(tmp_path, decision="Both \x1b[2J[bold]now[/bold]\x07.")
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]now[/bold]" in text


def test_a_skipped_check_is_told(tmp_path: Path):
    """Without a check its columns are gone and a sentence says why."""
    text = words(shown(tmp_path, check=[], check_skipped=True))
    assert "The check was skipped (--no-check): no forecast here has met a real run." in text
    assert "34/40" not in text


def test_an_alternative_without_a_forecast(tmp_path: Path):
    """What could not be forecast is named so, with its note."""
    alternatives = study_files()["plan.json"]["alternatives"]
    alternatives[0].update(p=None, note="no runs with this source")
    text = words(shown(tmp_path, alternatives=alternatives))
    assert "all judge $312 not forecast" in text
    assert "all judge: no runs with this source." in text


def test_no_plan(tmp_path: Path):
    """Without plan.json one line says what to run."""
    with pytest.raises(InputError, match=r"plan\.json is missing \(run `suffice plan`\)"):
        terminal_summary(tmp_path)
