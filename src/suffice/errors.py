"""Every error that suffice raises on purpose.

    SufficeError
    |-- InputError          a file, row or value that the user gave is wrong
    |   `-- StudyError      the study file is wrong
    |-- MissingError        something that must be fetched or installed is not there
    |-- InfeasibleError     no curve satisfies the constraints
    |-- ConvergenceError    a posterior did not converge, so nothing is reported from it
    `-- StorageError        the disk refused (full, read-only, no permission)

A message says what is wrong, where (file, row, id) and what to do next, in one line. The command
line prints it and exits with ``exit_code``; ``--debug`` shows the traceback as well.
"""

from __future__ import annotations


class SufficeError(Exception):
    """Base of all errors that are meant for the user's eyes."""

    exit_code = 2


class InputError(SufficeError):
    """A file, row or value that the user gave is wrong."""

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        """Join what is wrong, where it stands and what to do into one line."""
        self.what, self.where, self.fix = what, where, fix
        place = f"{where}: " if where else ""
        remedy = f" ({fix})" if fix else ""
        super().__init__(f"{place}{what}{remedy}")


class StudyError(InputError):
    """The study file is wrong."""


class MissingError(SufficeError):
    """Something that must be fetched or installed is not there."""


class InfeasibleError(SufficeError):
    """No curve satisfies the constraints."""


class ConvergenceError(SufficeError):
    """A posterior did not converge, so nothing is reported from it."""


class StorageError(SufficeError):
    """The disk refused: full, read-only, or no permission."""
