"""Files into raw frames: CSV, TSV, parquet, JSON and JSON lines, gzipped or not."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError

if TYPE_CHECKING:
    import polars as pl

SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json")


def read_frame(path: str | Path) -> pl.DataFrame:
    """Read a file into a frame, whatever its columns are called.

    Args:
        path: a CSV, TSV, parquet, JSON (a list of objects) or JSON lines file; text may be gzipped.

    Raises:
        InputError: the file is missing, is of another kind, is not UTF-8, or cannot be parsed.
    """
    import polars as pl

    path = Path(path)
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
    text = _decode(_unzip(content, path), path)
    if not text.strip():
        raise InputError("the file is empty", where=str(path), fix="add rows")
    if kind in (".csv", ".tsv"):
        return _csv(text, "\t" if kind == ".tsv" else _separator(text), path)
    return _json(text, path, lines=kind != ".json")


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
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    kind = suffixes[-1] if suffixes else ""
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


def _unzip(content: bytes, path: Path) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise _unreadable(path, "gzip", error) from None


def _decode(content: bytes, path: Path) -> str:
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
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"line {row} is not UTF-8 (byte 0x{content[error.start]:02x})",
            where=str(path),
            fix="save it as UTF-8, for instance: iconv -f latin1 -t utf-8",
        ) from None


def _separator(text: str) -> str:
    """A file called .csv may be separated by semicolons or tabs: look at its first line."""
    head = text.split("\n", 1)[0]
    return max((",", ";", "\t"), key=head.count)


def _csv(text: str, separator: str, path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        frame = pl.read_csv(
            io.BytesIO(text.encode()),
            separator=separator,
            infer_schema=False,
            null_values=[""],
            truncate_ragged_lines=False,
        )
    except pl.exceptions.PolarsError as error:
        _refuse_ragged(text, separator, path)
        raise _unreadable(path, "CSV", error) from None
    return frame.with_columns(_whole_numbers(frame[name]) for name in frame.columns)


def _refuse_ragged(text: str, separator: str, path: Path) -> None:
    """Raise InputError where a row has more fields than the header, naming its line."""
    import csv

    rows = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        width = len(next(rows, []))
        long = next((row for row in rows if len(row) > width), None)
    except csv.Error:
        return  # it is no such thing then, and what Polars says of it has to do
    if long is not None:
        raise InputError(
            f"line {rows.line_num} has {len(long)} fields where the first line has {width}",
            where=str(path),
            fix="quote fields that hold the separator, or mend the line",
        )


def _whole_numbers(column: pl.Series) -> pl.Series:
    """Text as whole numbers where nothing is lost by it: the id 007 stays text."""
    import polars as pl

    numbers = column.cast(pl.Int64, strict=False)
    # A text that is no number compares as null, which must count as lost.
    kept = (numbers.cast(pl.String) == column).fill_null(False) | column.is_null()
    return numbers if kept.all() and numbers.is_not_null().any() else column


def _json(text: str, path: Path, *, lines: bool) -> pl.DataFrame:
    import polars as pl

    rows: list[dict[str, Any]] = []
    if lines:
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise InputError(
                    f"line {number} is no JSON ({error.msg})", where=str(path), fix="mend that line"
                ) from None
    else:
        try:
            content = json.loads(text)
        except json.JSONDecodeError as error:
            raise InputError(
                f"line {error.lineno} is no JSON ({error.msg})", where=str(path), fix="mend it"
            ) from None
        rows = content if isinstance(content, list) else [content]
    bad = next((number for number, row in enumerate(rows, 1) if not isinstance(row, dict)), None)
    if bad is not None:
        raise InputError(f"entry {bad} is no object", where=str(path), fix='write {"task": ...}')
    if not rows:
        raise InputError("there are no rows in it", where=str(path), fix="add rows")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame({name: _column(rows, name) for name in names})


def _column(rows: list[dict[str, Any]], name: str) -> pl.Series:
    """A column of JSON values; what Polars cannot type (mixed or nested) is kept as objects."""
    import polars as pl

    values = [row.get(name) for row in rows]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float}:
        return pl.Series(name, values, strict=False)
    if kinds <= {str}:
        return pl.Series(name, values, dtype=pl.String)
    if kinds == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if kinds & {list, dict}:
        plain = [v if v is None or isinstance(v, str) else json.dumps(v) for v in values]
        return pl.Series(name, plain, dtype=pl.String)
    return pl.Series(
        name, [None if value is None else str(value) for value in values], dtype=pl.String
    )


def _unreadable(path: Path, kind: str, error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return InputError(
        f"it cannot be read as {kind}: {reason}", where=str(path), fix="mend the file"
    )
