"""A folder of results belongs to one study at a time."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from suffice._disk import RETRY_S, storage_errors, try_lock
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from suffice.stages._workspace import Workspace

_LOCK = ".suffice.lock"


@dataclass
class _Hold:
    """A folder that this process holds: for which study, and how many stages deep."""

    study: str
    name: str
    depth: int = 1


_HELD: dict[Path, _Hold] = {}


@contextmanager
def owned(work: Workspace) -> Iterator[None]:
    """Hold a workspace's folder for its study, while the context lasts.

    Whoever works on the same study waits for its turn, and then finds what the other has made. The
    operating system lets go of the lock when its holder dies.

    Raises:
        InputError: another study is at work in the folder.
        StorageError: the folder cannot be written.
    """
    folder, study, name = work.folder.absolute(), work.study.digest(), work.study.name
    if held := _HELD.get(folder):
        if held.study != study:
            raise _taken(work, held.name)
        held.depth += 1
        try:
            yield
        finally:
            held.depth -= 1
        return
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(work, folder / _LOCK, study):
        _HELD[folder] = _Hold(study, name)
        try:
            yield
        finally:
            del _HELD[folder]


@contextmanager
def _locked(work: Workspace, path: Path, study: str) -> Iterator[None]:
    waited = False
    while True:
        with storage_errors(path.parent):
            stream = path.open("a+b")
        with stream:
            if try_lock(stream.fileno()):
                if _is_at(stream, path):
                    said = {"study": study, "name": work.study.name, "process": os.getpid()}
                    _write_holder(stream, said)
                    try:
                        yield
                    finally:
                        # Removed while it is held: whoever waits sees that, and makes another.
                        path.unlink(missing_ok=True)
                    return
                continue
            other = _holder(stream)
        if other.get("study") not in (None, study):
            raise _taken(work, str(other.get("name")))
        if not waited:
            work.progress.note(f"{work.folder}: another process works on this study: waiting")
        waited = True
        time.sleep(RETRY_S)


def _is_at(stream: IO[bytes], path: Path) -> bool:
    """Whether an open file is still the one at a path."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _taken(work: Workspace, other: str) -> InputError:
    return InputError(
        f"the study {other!r} is at work in this folder",
        where=str(work.folder),
        fix="name another folder (--out), or wait",
    )


def _holder(stream: IO[bytes]) -> dict[str, Any]:
    """What the holder says of itself; nothing where it is about to."""
    stream.seek(0)
    try:
        said = json.loads(stream.read())
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _write_holder(stream: IO[bytes], said: dict[str, Any]) -> None:
    try:
        stream.truncate(0)
        stream.write(json.dumps(said).encode())  # opened to append: at the start, now
        stream.flush()
    except OSError:
        return  # on a full disk the lock still holds; only its holder's name is not told
