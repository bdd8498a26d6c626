"""The files of a results folder: what a version writes, it and every later one can read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from suffice.cli import main

TODAY = Path(__file__).parent / "data" / "today"
"""A results folder as it was before its files had a version: the example's, with fewer curves."""


@pytest.fixture
def today(tmp_path: Path) -> Path:
    """A copy of the folder."""
    return Path(shutil.copytree(TODAY, tmp_path / "today"))


def ran(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command prints."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert ended.value.code in (0, None)
    return capsys.readouterr().out


def test_a_folder_without_versions_opens_in_the_report(today, capsys):
    """``suffice report`` draws a folder whose files state no version."""
    page = Path(ran(capsys, "report", today).strip())
    text = page.read_text(encoding="utf-8")
    assert "4,729 lexicon_judge" in text
    assert "Delegate: none of the money goes to panel" in text


def test_a_folder_without_versions_opens_in_the_ledger(today, capsys):
    """``suffice ledger`` lists its forecasts and their scores."""
    said = ran(capsys, "ledger", today)
    assert "6 forecasts, 6 of them scored" in said
    assert "36/40 passed" in said
