"""The command line: ``suffice COMMAND``. One file a command; ``_overview`` lists them."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from suffice._shown import one_line, raw
from suffice.cli._failed import DONE, MISTAKE, Terminated, failure
from suffice.cli._overview import COMMANDS, HELP_FLAGS, VERSION_FLAGS, no_such_command, overview
from suffice.cli._screen import screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cyclopts import App

_NEW_OBJECTS = 20_000
"""New objects after which Python looks for garbage; its own 700 is for smaller programs."""


def build(*names: str) -> App:
    """The command line application with these commands; by default all of them."""
    from cyclopts import App

    from suffice import __version__
    from suffice.cli._screen import console

    app = App(
        name="suffice",
        version=__version__,
        help_flags=HELP_FLAGS,
        version_flags=VERSION_FLAGS,
        console=console(),
        error_console=console(on_errors=True),
        suppress_keyboard_interrupt=False,  # ``main`` has something to say about it
    )
    for name in names or COMMANDS:
        command = COMMANDS[name].load(name)
        app.command(command, name=name, help_epilogue=_examples(command.__doc__ or ""))
    return app


def _examples(docstring: str) -> str:
    """The examples of a command's docstring, which help would leave out."""
    lines = [line.strip() for line in docstring.splitlines()]
    begin = next((i for i, line in enumerate(lines) if line.rstrip(":") == "Examples"), len(lines))
    rest = lines[begin + 1 :]
    end = next((i for i, x in enumerate(rest) if x in ("Parameters", "Args:")), len(rest))
    shown = [f"`{x.strip('`')}`" for x in rest[:end] if x.strip("-")]
    return "  \n".join(["Examples:", *shown]) if shown else ""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; an error is one line, and its exit code is in ``_failed``."""
    import gc

    # Imports make objects that stay. Looking through them again and again for garbage takes a
    # twentieth of a short command's time (measured on an audit of a small crowd).
    gc.set_threshold(_NEW_OBJECTS)
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [a for a in given if a != "--debug"]
    with _listening() as stops, screen() as unheard:
        code, line = DONE, ""
        try:
            if command := _command_of(given):
                _run(command, given, debug=debug)
            sys.stdout.flush()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else MISTAKE
        except BaseException as error:
            if debug or isinstance(error, GeneratorExit):
                raise
            code, line = failure(stops.asked or error)
        if unheard is not None and unheard.written and code == DONE:
            code, line = MISTAKE, "standard output is closed: the answer could not be shown"
        if line:
            print(f"suffice: {line}", file=sys.stderr)
        if code != DONE:
            _forget_output()
    sys.exit(code)


class _Stops:
    """What asked a command to stop; a library may answer the interrupt with an error of its own."""

    asked: KeyboardInterrupt | None = None

    def __call__(self, number: int, frame: object) -> None:
        """Raise what the signal means."""
        self.asked = Terminated() if number == signal.SIGTERM else KeyboardInterrupt()
        raise self.asked


@contextmanager
def _listening() -> Iterator[_Stops]:
    """SIGTERM ends work as Ctrl-C does, while this lasts."""
    stops = _Stops()
    try:
        before = {n: signal.signal(n, stops) for n in (signal.SIGTERM, signal.SIGINT)}
    except ValueError:  # not the main thread, which alone may listen to signals
        yield stops
        return
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _forget_output() -> None:
    """Let nothing be written to standard output any more, so that Python's end says nothing."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command_of(given: list[str]) -> str | None:
    """The command that was called; None where the overview or the version was all that was asked.

    Raises:
        InputError: There is no such command.
    """
    from suffice.errors import InputError

    first = given[0] if given else HELP_FLAGS[0]
    if first in COMMANDS:
        return first
    if first in VERSION_FLAGS:
        from suffice import __version__

        print(__version__)
        return None
    if first not in HELP_FLAGS:
        raise InputError(no_such_command(first))
    named = next((word for word in given if word in COMMANDS), None)
    if named is None:
        print(overview(), file=raw(sys.stdout))
    return named


def _run(command: str, given: list[str], *, debug: bool) -> None:
    """Run one command; what is wrong with its flags is one line and exit code 2."""
    from cyclopts import CycloptsError

    try:
        build(command)(given, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        if debug:
            raise
        print(f"suffice: {one_line(' '.join(str(error).split()))}", file=sys.stderr)
        sys.exit(MISTAKE)
