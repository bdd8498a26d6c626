"""What reaches the terminal: one way out, that cleans what comes from data.

``main`` puts ``CleanStream`` in place of the standard streams, so every ``print`` goes through it;
what draws with control codes of its own (tables, bars, help) takes ``console``, which cleans texts
before it draws them and takes no name for markup.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from suffice._shown import CleanStream, clean, cleaned, raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

USUAL, NARROWEST = 80, 20
"""Columns where no terminal says its own, by old convention; and the fewest that are filled."""


class Unheard:
    """Stands for a standard stream that is closed: what is written there goes nowhere."""

    encoding = "utf-8"
    written = False

    def write(self, text: str) -> int:
        """Note that something was written."""
        self.written = True
        return len(text)

    def flush(self) -> None:
        """There is nothing to flush."""

    def isatty(self) -> bool:
        """It is no terminal."""
        return False

    def fileno(self) -> int:
        """It has no number.

        Raises:
            OSError: always.
        """
        raise OSError("a closed stream has no number")


class _Lenient(CleanStream):
    """Progress and notes: where their reader is gone, the work goes on without them."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except (OSError, ValueError):
            return


@contextmanager
def screen() -> Iterator[Unheard | None]:
    """Clean both standard streams while this lasts.

    Yields:
        What stands for standard output where that is closed; None where it is open.
    """
    out, err = sys.stdout, sys.stderr
    closed = Unheard() if out is None or getattr(out, "closed", False) else None
    sys.stdout = cleaned(closed or out)  # type: ignore[arg-type]
    sys.stderr = _Lenient(raw(err) if err is not None else Unheard())  # type: ignore[arg-type]
    try:
        yield closed
    finally:
        sys.stdout, sys.stderr = out, err


def say(*lines: str) -> None:
    """Print lines, each as one: an end of a line inside a name does not make two of them."""
    for line in lines:
        print(clean(line))


def columns(stream: IO[str] | None = None) -> int:
    """How wide the terminal is that a stream writes to: 80 where there is none, 20 at least."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        return max(int(said), NARROWEST)
    try:
        wide = os.get_terminal_size((stream or sys.stdout).fileno()).columns
    except (OSError, ValueError, AttributeError):
        return USUAL
    return max(wide, NARROWEST) if wide else USUAL


def console(*, on_errors: bool = False) -> Console:
    """A console that takes texts as they are: no markup, no emoji names, no control codes."""
    from rich.console import Console
    from rich.text import Text

    class CleanConsole(Console):
        def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401
            return super().render_str("\n".join(map(clean, text.split("\n"))), **options)

    stream = sys.stderr if on_errors else sys.stdout
    below = raw(stream) if stream.isatty() else stream
    return CleanConsole(
        file=below, width=columns(stream), markup=False, emoji=False, highlight=False
    )
