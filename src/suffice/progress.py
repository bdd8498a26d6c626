"""Progress of long work, as an object that is passed in.

Work calls ``with progress.step("grid", total=120) as step: ... step.advance()``. What happens then
depends on who passed it in: a bar, plain lines, JSON lines, or nothing.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from suffice._shown import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from rich.console import Console

_PLAIN_EVERY_S = 5.0
"""Seconds between two lines of one step; chosen to keep logs short."""


class Step(Protocol):
    """One long step under way."""

    def advance(self, n: int = 1) -> None:
        """Say that ``n`` more units are done."""


class Progress(Protocol):
    """Something that shows steps."""

    def step(self, name: str, total: int) -> AbstractContextManager[Step]:
        """Show a step of ``total`` units while the context lasts."""

    def note(self, text: str) -> None:
        """Say one line between steps."""


class _SilentStep:
    def advance(self, n: int = 1) -> None:
        pass


class SilentProgress:
    """Shows nothing."""

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[Step]:
        """Run the step without a word."""
        yield _SilentStep()

    def note(self, text: str) -> None:
        """Drop the line."""


class _CountingStep:
    """Counts units and reports at most every few seconds through a callback."""

    def __init__(self, report: _Report, name: str, total: int, every_s: float) -> None:
        self._report, self._name, self._total, self._every = report, name, total, every_s
        self._done = 0
        self._start = self._last = time.monotonic()

    def advance(self, n: int = 1) -> None:
        self._done += n
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            self._report(self._name, self._done, self._total, now - self._start)

    def finish(self) -> None:
        self._report(self._name, self._done, self._total, time.monotonic() - self._start)


class _Report(Protocol):
    def __call__(self, name: str, done: int, total: int, elapsed_s: float) -> None: ...


class _LineProgress:
    """A line now and then, for logs and for programs that read logs."""

    every_s = _PLAIN_EVERY_S

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[Step]:
        step = _CountingStep(self._line, name, total, self.every_s)
        yield step
        step.finish()

    def note(self, text: str) -> None:
        self._write(one_line(text))

    def _line(self, name: str, done: int, total: int, elapsed_s: float) -> None:
        raise AssertionError("each kind of line progress writes its own line")

    def _write(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class PlainProgress(_LineProgress):
    """A plain line every few seconds: for logs and pipes."""

    def _line(self, name: str, done: int, total: int, elapsed_s: float) -> None:
        left = elapsed_s / done * (total - done) if done else 0.0
        tail = f", {left:.0f} s left" if done < total and done else ""
        self._write(f"{clean(name)}: {done}/{total} in {elapsed_s:.1f} s{tail}")


class JsonProgress(_LineProgress):
    """One JSON object a line: for programs."""

    every_s = 1.0

    def note(self, text: str) -> None:
        """Write the line as an object."""
        self._write(json.dumps({"note": text}))

    def _line(self, name: str, done: int, total: int, elapsed_s: float) -> None:
        row = {"step": name, "done": done, "total": total, "elapsed_s": round(elapsed_s, 2)}
        self._write(json.dumps(row))


class RichProgress:
    """A bar with the time left: for a terminal."""

    def __init__(self, console: Console) -> None:
        """Draw on ``console``."""
        self._console = console

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[Step]:
        """Show a bar while the step runs, and one plain line when it is done."""
        from rich import progress as rp

        columns = (
            rp.TextColumn("{task.description:<12}", markup=False),
            rp.BarColumn(bar_width=24),
            rp.MofNCompleteColumn(),
            rp.TimeElapsedColumn(),
            rp.TextColumn("left"),
            rp.TimeRemainingColumn(),
        )
        with rp.Progress(*columns, console=self._console) as bar:
            task = bar.add_task(clean(name), total=total)

            class BarStep:
                def advance(self, n: int = 1) -> None:
                    bar.advance(task, n)

            yield BarStep()

    def note(self, text: str) -> None:
        """Print the line."""
        self._console.print(one_line(text), highlight=False, markup=False, emoji=False)
