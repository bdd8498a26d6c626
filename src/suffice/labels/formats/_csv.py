"""CSV and TSV into raw frames, as spreadsheets, pandas and Python's csv read them."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from suffice.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_MARK = b"\x1a"
"""What stands for a quotation mark while a file is parsed: a control sign that no text has."""
_FIELD_LIMIT = 2**31 - 1
"""Characters that a field may have: Python's own limit, 131,072, is shorter than a conversation."""


def csv_frame(content: bytes, path: Path, *, separator: str | None) -> pl.DataFrame:
    """The rows of a CSV file; whole numbers are numbers, all else is text.

    A quotation mark inside a field that does not begin with one stands for itself, as in 5" screen.

    Args:
        content: the file, in UTF-8.
        path: for messages.
        separator: what separates fields; None to tell it from the first line.

    Raises:
        InputError: a row has too many fields, or a quoted field does not end, with the line.
    """
    import polars as pl

    apart = separator or _separator(content)
    marks = b""
    if b'"' in content:
        content, whole = _plain_marks(content, apart)
        if not whole:
            return _typed(_by_the_field(content, apart, path))
        marks = _MARK
    try:
        frame = pl.read_csv(
            content,
            separator=apart,
            infer_schema=False,
            null_values=[""],
            truncate_ragged_lines=False,
        )
    except pl.exceptions.PolarsError as error:
        _refuse_ragged(content, apart, path)
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"it cannot be read as CSV: {reason}", where=str(path), fix="mend the file"
        ) from None
    if marks and marks in content:
        mark = marks.decode()
        frame = frame.with_columns(pl.all().str.replace_all(mark, '"', literal=True))
        frame.columns = [name.replace(mark, '"') for name in frame.columns]
    return _typed(frame)


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(whole_numbers(frame[name]) for name in frame.columns)


def whole_numbers(column: pl.Series) -> pl.Series:
    """Text as whole numbers where nothing is lost by it: the id 007 stays text."""
    import polars as pl

    numbers = column.cast(pl.Int64, strict=False)
    # A text that is no number compares as null, which must count as lost.
    kept = (numbers.cast(pl.String) == column).fill_null(False) | column.is_null()
    return numbers if kept.all() and numbers.is_not_null().any() else column


def _separator(content: bytes) -> str:
    """A file called .csv may be separated by semicolons or tabs: look at its first line."""
    head = content.split(b"\n", 1)[0].decode(errors="replace")
    return max((",", ";", "\t"), key=head.count)


def _plain_marks(content: bytes, separator: str) -> tuple[bytes, bool]:
    """The file with another sign for quotation marks that stand for themselves.

    Returns:
        The file, and whether every other mark opens, closes or is doubled within a quoted field;
        where one does not, the file is as it was.
    """
    apart = re.escape(separator.encode())
    field = rb'((?<![^%b\r\n])"[^"]*(?:""[^"]*)*"(?![^%b\r\n]))' % (apart, apart)
    rest = re.sub(field, b"", content)
    if b'"' not in rest:
        return content, True
    opened = re.search(rb'(?:^|[%b\r\n])"' % apart, rest)
    if opened or _MARK in content:
        return content, False
    return re.sub(field + b'|"', lambda found: found[1] or _MARK, content), True


def _by_the_field(content: bytes, separator: str, path: Path) -> pl.DataFrame:
    """Rows as Python's csv reads them: slower, and able to say in which line a field is broken."""
    import polars as pl

    csv.field_size_limit(_FIELD_LIMIT)
    rows = csv.reader(io.StringIO(content.decode(), newline=""), delimiter=separator, strict=True)
    before, found = 0, []
    try:
        header = next(rows)
        before = rows.line_num
        for row in rows:
            if len(row) > len(header):
                raise _ragged(before + 1, len(row), len(header), path)
            if row:
                found.append([cell or None for cell in row] + [None] * (len(header) - len(row)))
            before = rows.line_num
    except csv.Error as error:
        what = (
            f"the row of line {before + 1} has a quotation mark that opens a field and none that "
            "ends it" if "end of data" in str(error)
            else f"line {rows.line_num} has a quotation mark inside a quoted field"
        )  # fmt: skip
        raise InputError(
            what, where=str(path), fix='double the marks within a quoted field: "a 5"" screen"'
        ) from None
    return pl.DataFrame(found, schema=dict.fromkeys(_unique(header), pl.String), orient="row")


def _unique(header: list[str]) -> list[str]:
    """Names of columns, of which the second ``a`` is ``a_2``."""
    seen: dict[str, int] = {}
    names = []
    for name in header:
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names


def _refuse_ragged(content: bytes, separator: str, path: Path) -> None:
    """Raise InputError where a row has more fields than the header, naming its line."""
    rows = csv.reader(io.StringIO(content.decode(), newline=""), delimiter=separator)
    try:
        width = len(next(rows, []))
        long = next((row for row in rows if len(row) > width), None)
    except csv.Error:
        return  # it is no such thing then, and what Polars says of it has to do
    if long is not None:
        raise _ragged(rows.line_num, len(long), width, path)


def _ragged(line: int, fields: int, width: int, path: Path) -> InputError:
    return InputError(
        f"line {line} has {fields} fields where the first line has {width}",
        where=str(path),
        fix="quote fields that hold the separator, or mend the line",
    )
