"""What is said when a command does not end well, and with which exit code."""

from __future__ import annotations

from typing import NamedTuple

from suffice._shown import one_line

DONE, READER_GONE, MISTAKE, BUG, INTERRUPTED, TERMINATED = 0, 1, 2, 70, 130, 143
"""Exit codes: as the shell has them for wrong usage and for signals (128 and their number), and as
``sysexits.h`` has it for a mistake in the program itself."""

_STOPPED = "everything finished so far is kept, run the same command to go on"


class Terminated(KeyboardInterrupt):
    """SIGTERM came: work stops as it does on Ctrl-C."""


class Failure(NamedTuple):
    """How a command ends.

    Attributes:
        code: the exit code.
        line: what is said on standard error; nothing where nobody would read it.
    """

    code: int
    line: str


def failure(error: BaseException) -> Failure:
    """What an error means to whoever called."""
    from suffice.errors import SufficeError

    if isinstance(error, SufficeError):
        return Failure(error.exit_code, one_line(str(error)))
    if isinstance(error, Terminated):
        return Failure(TERMINATED, f"stopped by SIGTERM; {_STOPPED}")
    if isinstance(error, KeyboardInterrupt):
        return Failure(INTERRUPTED, f"stopped; {_STOPPED}")
    if isinstance(error, BrokenPipeError):
        # The reader of our output went away (`suffice models | head`): nothing to tell anyone.
        return Failure(READER_GONE, "")
    if isinstance(error, MemoryError):
        return Failure(
            MISTAKE,
            "memory is used up: give a smaller file, close other programs or use fewer processes "
            "(--executor processes:1); what is finished is kept",
        )
    if isinstance(error, RecursionError):
        return Failure(MISTAKE, "something given is nested too deeply to be read: flatten it")
    if isinstance(error, OSError):
        what = error.strerror or str(error) or type(error).__name__
        where = f"{error.filename}: " if error.filename is not None else ""
        return Failure(MISTAKE, one_line(f"{where}{what[:1].lower()}{what[1:]}"))
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Failure(
        BUG,
        one_line(
            f"this is a mistake in suffice, not in what you gave: {reason} (please report it; "
            "--debug shows where)"
        ),
    )
