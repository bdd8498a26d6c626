"""What a file may hold: how far it may swell, and types that no label or name can have.

A file of labels is anybody's. One that is packed says nothing of how large it is inside, so it is
unpacked piece by piece up to a limit; what a library cannot read is one line that names the file.
"""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from suffice.errors import InputError

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl

UNPACKED = 1 << 29
"""Bytes that a packed file may unpack to, 512 MB: chosen so that reading it stays within two
gigabytes. What is larger is unpacked by its owner, who then knows its size."""

ENTRIES = 10_000
"""Files of an archive that are read. Chosen: one an annotator, and then some."""

COLUMNS = 10_000
"""Columns that are looked through. Chosen: wide tables have one a worker."""

_PIECE = 1 << 20
"""Bytes that are unpacked at once; chosen: memory stays small."""


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """One line that names the file for whatever a library finds wrong with it.

    Raises:
        InputError: always in place of such an error.
    """
    import polars as pl

    try:
        yield
    except RecursionError:
        raise InputError(
            "it is nested too deeply to be read", where=str(path), fix="flatten it"
        ) from None
    except UnicodeEncodeError:
        raise InputError(
            r"a text holds half a surrogate pair (\ud800 to \udfff alone): it is no Unicode text",
            where=str(path), fix="write the character whole",
        ) from None  # fmt: skip
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, EOFError, zlib.error) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"it cannot be read: {reason}", where=str(path), fix="mend it") from None
    except ValueError as error:
        if "integer string conversion" not in str(error):
            raise
        raise InputError(
            "it holds a whole number of more than 4,300 digits", where=str(path),
            fix="write it in quotes if it is a name",
        ) from None  # fmt: skip


def gunzipped(content: bytes, path: Path) -> bytes:
    """The bytes that gzip packed, all parts of them.

    Raises:
        InputError: they are damaged, or more than ``UNPACKED``.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return _read_all(stream, [], path)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, "gzip", str(error)) from None


def unzipped(archive: zipfile.ZipFile, names: list[str], path: Path) -> dict[str, bytes]:
    """The files of an archive, by name.

    Raises:
        InputError: there are more than ``ENTRIES``, they are more than ``UNPACKED`` or protected by
            a password.
    """
    if len(names) > ENTRIES:
        raise InputError(
            f"the archive holds {len(names):,} files, more than {ENTRIES:,}", where=str(path),
            fix="name an archive of fewer",
        )  # fmt: skip
    found: dict[str, bytes] = {}
    sizes: list[int] = []
    for name in names:
        with archive.open(name) as stream:
            found[name] = _read_all(stream, sizes, path)
    return found


def _read_all(stream: IO[bytes] | gzip.GzipFile, sizes: list[int], path: Path) -> bytes:
    """All that a stream holds, up to the limit together with what was read before."""
    pieces = []
    while piece := stream.read(_PIECE):
        sizes.append(len(piece))
        if sum(sizes) > UNPACKED:
            raise too_large(path)
        pieces.append(piece)
    return b"".join(pieces)


def too_large(path: Path) -> InputError:
    """What is said of a file that unpacks to more than ``UNPACKED``."""
    return InputError(
        f"it unpacks to more than {UNPACKED >> 20} MB", where=str(path),
        fix="unpack it yourself and name what comes out",
    )  # fmt: skip


def plain_types(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The rows with types that ids and labels can have.

    Bytes are text where they are UTF-8, else their hexadecimal digits; whole numbers of 128 bits
    are of 64 where all fit, else text; durations are text (ISO 8601).

    Raises:
        InputError: there are more than ``COLUMNS`` columns.
    """
    import polars as pl

    if frame.width > COLUMNS:
        raise InputError(
            f"it has {frame.width:,} columns, more than {COLUMNS:,}", where=str(path),
            fix="leave out columns, or write one row a label",
        )  # fmt: skip
    changed = []
    for name, dtype in frame.schema.items():
        if dtype == pl.Binary:
            changed.append(_text_of_bytes(frame[name]))
        elif dtype in (pl.Int128, pl.UInt128):
            fits = frame[name].cast(pl.Int64, strict=False)
            same = fits.null_count() == frame[name].null_count()
            changed.append(fits if same else frame[name].cast(pl.String))
        elif dtype == pl.Duration:
            changed.append(frame[name].dt.to_string("iso"))
    return frame.with_columns(changed) if changed else frame


def _text_of_bytes(column: pl.Series) -> pl.Series:
    import polars as pl

    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError:
        return column.bin.encode("hex")


def _damaged(path: Path, kind: str, reason: str) -> InputError:
    return InputError(
        f"it cannot be read as {kind}: {reason}", where=str(path), fix="mend the file"
    )
