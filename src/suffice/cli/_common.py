"""What commands share: where the study is, how progress is shown, how results are printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.cli._screen import columns, console, say
from suffice.stages import OUT as OUT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suffice.progress import Progress
    from suffice.stages import Workspace


def choose_progress(*, as_json: bool, quiet: bool) -> Progress:
    """A bar on a terminal, lines elsewhere, nothing when quiet; always on standard error."""
    from suffice.progress import JsonProgress, PlainProgress, RichProgress, SilentProgress

    if quiet:
        return SilentProgress()
    if as_json:
        return JsonProgress()
    if sys.stderr.isatty():
        return RichProgress(console(on_errors=True))
    return PlainProgress()


def workspace(
    study: Path | None, out: Path, *, as_json: bool, quiet: bool, executor: str = "processes"
) -> Workspace:
    """Open a study (the example by default) with its folder."""
    from suffice.stages import Workspace, example_study

    given = study if study is not None else example_study()
    progress = choose_progress(as_json=as_json, quiet=quiet)
    return Workspace.of(given, out, progress=progress, executor=executor)


def print_json(values: Any) -> None:  # noqa: ANN401 - anything JSON can hold
    """Print one JSON document on standard output."""
    print(json.dumps(values, indent=1))


def make_folder(folder: Path) -> None:
    """Make a folder for results before the work starts, not after minutes of it.

    Raises:
        StorageError: the disk refused.
    """
    from suffice.errors import StorageError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be written ({error.strerror}): name another folder"
        ) from error


def print_lines(lines: Iterable[str]) -> None:
    """Print prose, wrapped between words to the terminal (80 columns where there is none)."""
    from textwrap import wrap

    width = columns()
    for line in lines:
        # A long id or path stays whole: broken, it could not be copied.
        parts = wrap(
            line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        say(*parts or [""])


def print_summary(folder: Path) -> None:
    """Print the recommended curve, its alternatives and the check."""
    from suffice.report import terminal_summary

    console().print(terminal_summary(folder))


def read_columns(given: list[str] | None) -> dict[str, str]:
    """The columns named on the command line: our name -> the file's.

    Raises:
        InputError: one of them is not written OURS=THEIRS, or is named twice.
    """
    from suffice.errors import InputError

    named: dict[str, str] = {}
    for text in given or ():
        ours, equals, theirs = text.partition("=")
        # Nothing behind the = switches a recognised column off.
        if not (equals and ours.strip()) or ours.strip() in named:
            raise InputError(
                f"--column {text!r} does not say which column is which",
                fix="write each once, for instance --column worker=annotator_name, or "
                "--column gold= for none",
            )
        named[ours.strip()] = theirs.strip()
    return named
