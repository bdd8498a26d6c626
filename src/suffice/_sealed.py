"""Files of the cache that say what they hold, so that damage is noticed before it is believed.

A sealed file begins with one line: the hash of its own name and of all that follows. A file that
was cut, zeroed, changed in a digit or overwritten with another's does not fit its line. It is then
set aside under another name, for whoever wants to know what happened, and made again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from suffice._disk import storage_errors, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.progress import Progress

_MARK = b"suffice-sealed-1 "
_MOST_ASIDE = 9
"""Damaged files of one name that are kept; the last is overwritten (chosen: evidence, no heap)."""


def write_sealed(path: Path, content: bytes) -> None:
    """Write a whole file or none, whose folder is made where it is missing.

    Raises:
        StorageError: the disk is full, or refuses.
    """
    with storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, _seal(path.name, content) + content)


def read_sealed(path: Path, progress: Progress, what: str) -> bytes | None:
    """What ``write_sealed`` wrote there; None where nothing is.

    A damaged file is set aside and None returned, which ``progress`` is told.

    Args:
        path: the file.
        progress: is told.
        what: happens next, for the message: "the law is fitted again".
    """
    try:
        whole = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        progress.note(f"{path} cannot be read ({error.strerror}): {what}")
        return None
    end = whole.find(b"\n") + 1
    content = whole[end:]
    if end and whole[:end] == _seal(path.name, content):
        return content
    progress.note(f"{path} is damaged: {set_aside(path)}, and {what}")
    return None


def set_aside(path: Path) -> str:
    """Rename what is damaged; says where it is, or that it could not be moved."""
    for number in range(1, _MOST_ASIDE + 1):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not aside.exists() or (number == _MOST_ASIDE and aside.is_file()):
            break
    try:
        path.replace(aside)
    except OSError as error:
        return f"it cannot be set aside ({error.strerror})"
    return f"set aside as {aside.name}"


def _seal(name: str, content: bytes) -> bytes:
    digest = hashlib.sha256(name.encode() + b"\0")
    digest.update(content)
    return _MARK + digest.hexdigest().encode() + b"\n"
