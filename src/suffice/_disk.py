"""The disk: whole files or none, one writer at a time, and refusals told in one line."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from suffice.errors import InputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RETRY_S = 0.1
"""Seconds between two tries for a lock; chosen: short to a user, and next to no computing."""

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST}


@contextmanager
def storage_errors(where: Path) -> Iterator[None]:
    """Raise a ``StorageError`` that names ``where`` instead of an ``OSError`` of the disk's."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            text = f"{where}: the disk is full (make room, or set SUFFICE_CACHE to another disk)"
        elif error.errno in _REFUSED:
            text = f"{where}: cannot be written: {error.strerror} (set SUFFICE_CACHE to a folder "
            text += "that can be)"
        else:
            raise
        raise StorageError(text) from error


def write_atomic(path: Path, content: bytes) -> None:
    """Write a whole file or none: a reader sees the old content or the new."""
    # Not a file of ``tempfile``: those can be read by one user alone, and caches may be shared.
    part = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        with part.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_file(path: Path, content: bytes) -> None:
    """``write_atomic`` for a file of results, whose folder is made where it is missing.

    Raises:
        StorageError: the disk refuses; names the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror})") from error


def remove_file(path: Path) -> None:
    """Remove a file of results, if it is there.

    Raises:
        StorageError: the disk refuses; names the file.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot be removed ({error.strerror})") from error


def refuse_devices(path: Path) -> None:
    """Raise InputError where a path leads to a device, a pipe or round in circles.

    Reading those has no end, or none that is known.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # whoever opens it has the words for that
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"it cannot be opened: {reason[:1].lower()}{reason[1:]}", where=str(path),
            fix="check the path",
        ) from None  # fmt: skip
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError("this is no file but a device or pipe", where=str(path), fix="save it")


@contextmanager
def lock_file(path: Path, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` while the context lasts.

    The operating system lets go of the lock when the holder dies, so none is ever left behind.

    Args:
        path: the lock's file, made where missing, never removed.
        on_wait: called once if another process holds the lock.
    """
    with path.open("a+b") as stream:
        waited = False
        while not try_lock(stream.fileno()):
            if not waited and on_wait is not None:
                on_wait()
            waited = True
            time.sleep(RETRY_S)
        # Closing the file lets go of the lock.
        yield


def try_lock(descriptor: int) -> bool:
    """Take an exclusive lock on an open file, unless another holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
            return False
        raise
    return True
