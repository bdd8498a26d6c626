"""The command line: ``suffice COMMAND``. One file a command; ``_overview`` lists them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from suffice.cli._overview import COMMANDS, HELP_FLAGS, VERSION_FLAGS, no_such_command, overview

if TYPE_CHECKING:
    from cyclopts import App

INTERRUPTED, MISTAKE = 130, 2
"""Exit codes by convention: 128 and the number of SIGINT; wrong usage, as in the shell."""


_NEW_OBJECTS = 20_000
"""New objects after which Python looks for garbage; its own 700 is for smaller programs."""


def build(*names: str) -> App:
    """The command line application with these commands; by default all of them."""
    from cyclopts import App

    from suffice import __version__

    app = App(
        name="suffice",
        version=__version__,
        help_flags=HELP_FLAGS,
        version_flags=VERSION_FLAGS,
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
    """Run the command line; errors meant for the user are one line and exit code 2."""
    import gc

    from suffice.errors import SufficeError

    # Imports make objects that stay. Looking through them again and again for garbage takes a
    # twentieth of a short command's time (measured on an audit of a small crowd).
    gc.set_threshold(_NEW_OBJECTS)
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [a for a in given if a != "--debug"]
    try:
        if command := _command_of(given):
            _run(command, given, debug=debug)
        sys.exit(0)
    except SufficeError as error:
        if debug:
            raise
        print(f"suffice: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        if debug:
            raise
        print(
            "suffice: stopped; everything finished so far is kept, run the same command to go on",
            file=sys.stderr,
        )
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away (`suffice models | head`): nothing to tell anyone.
        sys.stderr.close()
        sys.exit(1)


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
        print(overview())
    return named


def _run(command: str, given: list[str], *, debug: bool) -> None:
    """Run one command; what is wrong with its flags is one line and exit code 2."""
    from cyclopts import CycloptsError

    try:
        build(command)(given, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        if debug:
            raise
        print(f"suffice: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(MISTAKE)
