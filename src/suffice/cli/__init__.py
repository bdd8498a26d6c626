"""The command line: ``suffice COMMAND``. One file a command; this one puts them together."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts import App

INTERRUPTED, MISTAKE = 130, 2


def build() -> App:
    """The command line application."""
    from cyclopts import App

    from suffice import __version__
    from suffice.cli.audit import audit
    from suffice.cli.bits import bits
    from suffice.cli.bounds import bounds
    from suffice.cli.enough import enough
    from suffice.cli.extrapolate import extrapolate
    from suffice.cli.fetch import fetch
    from suffice.cli.forecast import forecast
    from suffice.cli.horizon import horizon
    from suffice.cli.init import init
    from suffice.cli.ledger import ledger
    from suffice.cli.models import models
    from suffice.cli.next_ import next_
    from suffice.cli.offers import offers
    from suffice.cli.run import run
    from suffice.cli.stages import fit, measure, plan, report, supply

    app = App(
        name="suffice",
        version=__version__,
        help="How much alignment data is enough, of what quality, and with what probability?",
        help_epilogue="`suffice run` answers the example study. `--debug` shows tracebacks.",
        suppress_keyboard_interrupt=False,  # ``main`` has something to say about it
    )
    for command in (
        run, init, audit, supply, offers, measure, fit, plan, enough, forecast, bounds, horizon,
        extrapolate, bits, report, ledger, models, fetch,
    ):  # fmt: skip
        app.command(command, help_epilogue=_examples(command.__doc__ or ""))
    app.command(next_, name="next", help_epilogue=_examples(next_.__doc__ or ""))
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
    from cyclopts import CycloptsError

    from suffice.errors import SufficeError

    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    given = [a for a in given if a != "--debug"]
    try:
        build()(given, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        if debug:
            raise
        print(f"suffice: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(MISTAKE)
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
