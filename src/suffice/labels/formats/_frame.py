"""Files into raw frames: CSV, TSV, parquet, JSON and JSON lines, gzipped or not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from suffice._disk import refuse_devices
from suffice.errors import InputError
from suffice.labels._garbage import no_garbage
from suffice.labels.formats._csv import csv_frame
from suffice.labels.formats._inspect import eval_rows
from suffice.labels.formats._json import json_frame
from suffice.labels.formats._limits import (
    gunzipped,
    in_words,
    plain_types,
    unzipped,
)

if TYPE_CHECKING:
    import polars as pl

SUFFIXES = (
    ".csv",
    ".tsv",
    ".parquet",
    ".jsonl",
    ".ndjson",
    ".json",
    ".manifest",
    ".zip",
    ".eval",
)
_FILE = "annotator"
"""The column that says which file of an archive a row is from: tools write one an annotator."""


def read_frame(path: str | Path) -> pl.DataFrame:
    """Read a file into a frame, whatever its columns are called.

    Args:
        path: a CSV, TSV, parquet, JSON or JSON lines file, or a ZIP archive of some; text may be
            gzipped.

    Raises:
        InputError: the file is missing, is of another kind, is not UTF-8, or cannot be parsed.
    """
    path = Path(path)
    refuse_devices(path)
    with in_words(path):
        return plain_types(_read(path), path)


def _read(path: Path) -> pl.DataFrame:
    import polars as pl

    kind = _kind(path)
    try:
        if kind == ".parquet":
            # A name with [1] or * in it is that one file, no pattern.
            return pl.read_parquet(path, glob=False)
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), fix="check the path") from None
    except IsADirectoryError:
        raise InputError("this is a folder", where=str(path), fix="name a file") from None
    except PermissionError:
        raise InputError(
            "the file cannot be read", where=str(path), fix="mend its rights"
        ) from None
    except pl.exceptions.PolarsError as error:
        raise _unreadable(path, "parquet", error) from None
    with no_garbage():
        return _archive(content, path) if kind == ".zip" else _parsed(content, kind, path)


def _parsed(content: bytes, kind: str, path: Path) -> pl.DataFrame:
    """The rows of a file's bytes."""
    import polars as pl

    if kind == ".parquet":
        return pl.read_parquet(content)
    if kind == ".eval":
        content = eval_rows(content, path)
    content = _utf8(_unzip(content, path), path)
    if not content.strip():
        raise InputError("the file is empty", where=str(path), fix="add rows")
    if kind in (".csv", ".tsv"):
        return csv_frame(content, path, separator="\t" if kind == ".tsv" else None)
    return json_frame(content, path, lines=kind not in (".json", ".eval"))


def _archive(content: bytes, path: Path) -> pl.DataFrame:
    """The rows of all files of an archive, with the names of their files."""
    import io
    import zipfile

    import polars as pl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist()
                     if not name.startswith("__MACOSX/") and _ending(Path(name)) in SUFFIXES
                     and _ending(Path(name)) != ".zip"]  # fmt: skip
            files = unzipped(archive, names, path)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _unreadable(path, "ZIP", error) from None
    if not files:
        raise InputError(
            "there is no file of rows in it", where=str(path),
            fix=f"name an archive with files that end in {', '.join(SUFFIXES)}",
        )  # fmt: skip
    frames = []
    for name, inside in files.items():
        if inside.strip():
            frame = _parsed(inside, _ending(Path(name)), path / name)
            one_each = len(files) > 1 or "Comments" in frame.columns
            if one_each and _FILE not in frame.columns:
                frame = frame.with_columns(pl.lit(Path(name).name.split(".")[0]).alias(_FILE))
            frames.append(frame)
    return pl.concat(frames, how="diagonal_relaxed")


def rows_of(given: str | Path | pl.DataFrame, called: str) -> tuple[pl.DataFrame, str]:
    """The rows of a file or of a frame, and where they are from, for messages.

    Args:
        given: a file, or its rows.
        called: what messages call rows that are in memory.
    """
    if isinstance(given, str | Path):
        return read_frame(given), str(given)
    return given, called


def _kind(path: Path) -> str:
    kind = _ending(path)
    if kind in SUFFIXES:
        return kind
    if not path.exists():
        raise InputError("no such file", where=str(path), fix="check the path")
    if path.is_dir():
        raise InputError("this is a folder", where=str(path), fix="name a file")
    raise InputError(
        f"files ending in {kind or 'nothing'} are not read",
        where=str(path),
        fix=f"use one of {', '.join(SUFFIXES)}",
    )


def _ending(path: Path) -> str:
    """The ending that says what a file holds, without that of gzip."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _unzip(content: bytes, path: Path) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    return gunzipped(content, path)


def _utf8(content: bytes, path: Path) -> bytes:
    """The bytes of a text, without the mark that some programs put before it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(
            "it is UTF-16, not UTF-8",
            where=str(path),
            fix="save it as UTF-8, for instance: iconv -f utf-16 -t utf-8",
        )
    if b"\x00" in content:
        row = content.count(b"\n", 0, content.index(b"\x00")) + 1
        raise InputError(
            f"line {row} holds a zero byte: this is no text file",
            where=str(path),
            fix=f"name a file that is what its ending says, one of {', '.join(SUFFIXES)}",
        )
    try:
        content.decode()
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"line {row} is not UTF-8 (byte 0x{content[error.start]:02x})",
            where=str(path),
            fix="save it as UTF-8, for instance: iconv -f latin1 -t utf-8",
        ) from None
    return content.removeprefix(b"\xef\xbb\xbf")


def _unreadable(path: Path, kind: str, error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return InputError(
        f"it cannot be read as {kind}: {reason}", where=str(path), fix="mend the file"
    )
