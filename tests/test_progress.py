"""Progress: each kind says what it should, where it should, and never stops the work."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from suffice import progress as module
from suffice.progress import (
    JsonProgress,
    PlainProgress,
    Progress,
    RichProgress,
    SilentProgress,
)


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that steps read."""
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def _work(progress: Progress, clock: Clock, units: int, seconds_each: float) -> None:
    with progress.step("grid", total=units) as step:
        for _ in range(units):
            clock.now += seconds_each
            step.advance()


def test_silent_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Silent progress writes neither to stdout nor to stderr."""
    progress = SilentProgress()
    progress.note("a note")
    with progress.step("grid", total=3) as step:
        step.advance(3)
    assert capsys.readouterr() == ("", "")


def test_plain_reports_every_few_seconds(clock: Clock) -> None:
    """Lines come every five seconds, not every unit; the last says the total time."""
    stream = io.StringIO()
    _work(PlainProgress(stream), clock, units=12, seconds_each=1.0)
    assert stream.getvalue().splitlines() == [
        "grid: 5/12 in 5.0 s, 7 s left",
        "grid: 10/12 in 10.0 s, 2 s left",
        "grid: 12/12 in 12.0 s",
    ]


def test_plain_quick_step_is_one_line(clock: Clock) -> None:
    """A step that takes no time leaves exactly one line."""
    stream = io.StringIO()
    _work(PlainProgress(stream), clock, units=1000, seconds_each=0.001)
    assert stream.getvalue().splitlines() == ["grid: 1000/1000 in 1.0 s"]


def test_plain_counts_batches(clock: Clock) -> None:
    """Advancing by a batch counts all its units."""
    stream = io.StringIO()
    with PlainProgress(stream).step("grid", total=120) as step:
        step.advance(100)
        clock.now += 2.0
        step.advance(20)
    assert stream.getvalue() == "grid: 120/120 in 2.0 s\n"


def test_plain_step_without_units(clock: Clock) -> None:
    """A step with nothing to do still says so, and does not divide by zero."""
    stream = io.StringIO()
    _work(PlainProgress(stream), clock, units=0, seconds_each=1.0)
    assert stream.getvalue() == "grid: 0/0 in 0.0 s\n"


def test_lines_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a stream, lines go to stderr: stdout is for results."""
    PlainProgress().note("a note")
    assert capsys.readouterr() == ("", "a note\n")


def test_json_lines_are_objects(clock: Clock) -> None:
    """Every line is one JSON object with the counts; notes are objects too."""
    stream = io.StringIO()
    progress = JsonProgress(stream)
    progress.note('a "quoted" note')
    _work(progress, clock, units=3, seconds_each=0.6)
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert rows == [
        {"note": 'a "quoted" note'},
        {"step": "grid", "done": 2, "total": 3, "elapsed_s": 1.2},
        {"step": "grid", "done": 3, "total": 3, "elapsed_s": 1.8},
    ]


def test_rich_draws_a_bar_and_notes() -> None:
    """On a terminal the bar ends full and the note is printed as it is."""
    stream = io.StringIO()
    progress = RichProgress(Console(file=stream, force_terminal=True, width=80))
    with progress.step("grid", total=4) as step:
        step.advance()
        step.advance(3)
    progress.note("kept 4 of 5 files")
    assert "grid" in stream.getvalue()
    assert "4/4" in stream.getvalue()
    assert "kept 4 of 5 files" in stream.getvalue()


def test_rich_note_keeps_brackets() -> None:
    """A note may name a section of a study file: [sources] is text, not a style."""
    stream = io.StringIO()
    RichProgress(Console(file=stream, width=80)).note("study.toml: [sources] has 3 rows")
    assert stream.getvalue() == "study.toml: [sources] has 3 rows\n"


@pytest.mark.parametrize("kind", ["silent", "plain", "json", "rich"])
def test_errors_pass_through(kind: str) -> None:
    """An error inside a step reaches the caller, whoever shows the progress."""
    stream = io.StringIO()
    shown: dict[str, Progress] = {
        "silent": SilentProgress(),
        "plain": PlainProgress(stream),
        "json": JsonProgress(stream),
        "rich": RichProgress(Console(file=stream)),
    }
    with pytest.raises(KeyboardInterrupt), shown[kind].step("grid", total=2):
        raise KeyboardInterrupt
    assert "2/2" not in stream.getvalue()
