"""JSON into raw frames: lines, lists, objects of columns, objects keyed by id, wrappers."""

from __future__ import annotations

import io
import json
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from suffice.errors import InputError
from suffice.labels._columns import recognise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import polars as pl

_AT_A_TIME = 20_000
"""Rows that are held as Python objects at a time. Chosen: objects of one row take twenty times the
room of its cells; more at a time read no faster."""
_EXACT = 2**53
"""Whole numbers beyond this are not all floats (IEEE 754)."""
_INT64 = 2**63
"""Whole numbers from here on do not fit the widest column of whole numbers (Polars, Int64)."""
_WRAPPERS = ("data", "rows", "records", "examples", "samples", "items", "results", "annotations")
"""Names under which files keep their rows when they have something to say beside them."""
_LINES = 2_000
"""Lines that are parsed at a time. Chosen: the time of a call is lost in that of so many lines."""
_BLOCK = 2**22
"""Bytes of a list that are cut at a time. Chosen: a few megabytes fit a processor's cache."""
_QUOTE, _COMMA, _BACKSLASH, _OPEN, _CLOSE = b'",\\{}'

Row = dict[str, Any]


def json_frame(content: bytes, path: Path, *, lines: bool) -> pl.DataFrame:
    """The rows of a JSON or JSON lines file.

    What the file holds decides, not its ending: lines may be called .json and a list .jsonl. One
    object may hold its rows as columns (``{"task": [...], "label": [...]}``, or as pandas writes
    them), under their ids (``{"t1": {...}}``), or in a list beside other things (``{"data":
    [...]}``). A line ends with a line feed and nothing else: U+2028, U+0085 and form feeds may
    stand in a text.

    Args:
        content: the file, in UTF-8.
        path: for messages.
        lines: whether its ending says that it holds lines.

    Returns:
        One row an object; lists and objects in cells are JSON text.

    Raises:
        InputError: a line is no JSON or no object, or there are no rows.
    """
    start = content.lstrip()[:1]
    if start != b"[" and (lines or _holds_lines(content)):
        rows: Iterable[Row] = _of_lines(content, path)
    else:
        rows = _of_list(content, path) if start == b"[" else _of_object(content, path)
    columns = Columns()
    try:
        columns.extend(rows, path)
    except UnicodeEncodeError:
        raise InputError(
            r"a text holds half a surrogate pair (\ud800 to \udfff alone): it is no Unicode text",
            where=str(path), fix="write the character whole",
        ) from None  # fmt: skip
    if not columns.rows:
        raise InputError("there are no rows in it", where=str(path), fix="add rows")
    return columns.frame()


def loads(text: bytes | str) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value, as ``json.loads`` reads it and several times as fast.

    Raises:
        json.JSONDecodeError: it is no JSON.
    """
    try:
        return from_json(text, cache_strings="keys")
    except ValueError:
        # The standard library's reader is the one whose verdict and message count.
        return json.loads(text)


def loads_all(texts: Sequence[bytes]) -> list[Any] | None:
    """The values of several texts at once, None where one of them is no JSON by itself."""
    try:
        found = from_json(b"[" + b",".join(texts) + b"]", cache_strings="keys")
    except ValueError:
        return None
    return found if isinstance(found, list) and len(found) == len(texts) else None


def dumps(value: object) -> str:
    """A JSON value as compact text."""
    try:
        return to_json(value).decode()
    except ValueError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _holds_lines(content: bytes) -> bool:
    """Whether the first line is a value by itself, and others follow it."""
    first, _, rest = content.lstrip().partition(b"\n")
    if not rest.strip():
        return False
    try:
        loads(first)
    except json.JSONDecodeError:
        return False
    return True


def _of_lines(content: bytes, path: Path) -> Iterator[Row]:
    lines, before = iter(io.BytesIO(content)), 0
    while some := list(islice(lines, _LINES)):
        found = loads_all(some)
        if found is None:
            found = loads_all([line for line in some if line.strip()])
        if found is not None:
            yield from found
        else:
            for number, line in enumerate(some, start=before + 1):
                if not line.strip():
                    continue
                try:
                    yield loads(line)
                except json.JSONDecodeError as error:
                    if number == 1 and (whole := _one_document(content)) is not None:
                        yield from _rows_of(whole)
                        return
                    raise InputError(
                        f"line {number} is no JSON ({error.msg})", where=str(path),
                        fix="mend that line",
                    ) from None  # fmt: skip
        before += len(some)


def _one_document(content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a file that is one document over several lines, None where it is not."""
    try:
        return loads(content)
    except json.JSONDecodeError:
        return None


def _of_list(content: bytes, path: Path) -> Iterator[Row]:
    """The entries of a list, a stretch after the other: all objects at once would fill memory."""
    try:
        for stretch in _stretches(content):
            yield from map(_unwrapped, loads(b"[" + stretch + b"]"))
    except json.JSONDecodeError:
        try:
            json.loads(content)
        except json.JSONDecodeError as error:
            raise _no_json(error, path) from None
        raise


def _stretches(content: bytes) -> Iterator[bytes]:
    """A list's inside, cut between entries: at commas outside texts and all other brackets.

    Raises:
        json.JSONDecodeError: its brackets do not match, or something stands behind the list.
    """
    import numpy as np

    depth, inside, begin, place = 0, False, content.index(b"[") + 1, 0
    while place < len(content):
        end = min(place + _BLOCK, len(content))
        while end < len(content) and content[end - 1] == _BACKSLASH:
            end += 1  # an escaped character stays with its backslash
        # Escaped backslashes and marks say nothing; what takes their place is as long.
        block = content[place:end].replace(b"\\\\", b"..").replace(b'\\"', b"..")
        signs = np.frombuffer(block, np.uint8)
        within = np.logical_xor.accumulate(signs == _QUOTE) ^ inside
        # Square brackets become curly ones by the bit that makes letters small.
        curly = signs | 0x20
        steps = (curly == _OPEN).astype(np.int8) - (curly == _CLOSE).astype(np.int8)
        steps[within] = 0
        depths = depth + np.cumsum(steps, dtype=np.int32)
        closed = np.flatnonzero((depths == 0) & (steps < 0))
        if len(closed):
            last = place + int(closed[0])
            if content[last + 1 :].strip() or content[last : last + 1] != b"]":
                raise json.JSONDecodeError("Extra data", "", 0)
            if content[begin:last].strip():
                yield content[begin:last]
            return
        commas = np.flatnonzero((signs == _COMMA) & ~within & (depths == 1))
        if len(commas):
            last = place + int(commas[-1])
            yield content[begin:last]
            begin = last + 1
        depth, inside, place = int(depths[-1]), bool(within[-1]), end
    raise json.JSONDecodeError("Expecting ',' delimiter", "", 0)


def _of_object(text: bytes, path: Path) -> Iterator[Row]:
    try:
        content = loads(text)
    except json.JSONDecodeError as error:
        raise _no_json(error, path) from None
    yield from _rows_of(content)


def _no_json(error: json.JSONDecodeError, path: Path) -> InputError:
    return InputError(f"line {error.lineno} is no JSON ({error.msg})", where=str(path),
                      fix="mend it")  # fmt: skip


def _rows_of(content: Any) -> Iterator[Row]:  # noqa: ANN401 - any JSON value
    """The rows of one document."""
    if isinstance(content, list):
        yield from (_unwrapped(entry) for entry in content)
        return
    if not isinstance(content, dict):
        yield content
        return
    if (wrapped := _wrapped(content)) is not None:
        yield from (_unwrapped(entry) for entry in wrapped)
        return
    values = list(content.values())
    if len(values) > 1 and all(isinstance(value, list) for value in values):
        if all(value and all(isinstance(one, dict) for one in value) for value in values):
            for key, entries in content.items():
                yield from (_keyed(key, entry) for entry in entries)
            return
        if len({len(value) for value in values}) == 1:
            for cells in zip(*values, strict=True):
                yield dict(zip(content, cells, strict=True))
            return
    if values and all(isinstance(value, dict) for value in values):
        # pandas writes a frame as {column: {row: cell}}; others write {id: {column: cell}}.
        if len(recognise(list(content), {})) >= min(2, len(values)):
            for index in dict.fromkeys(chain.from_iterable(values)):
                yield {name: cells.get(index) for name, cells in content.items()}
            return
        if len(values) > 1:
            yield from _by_people(content) or (_keyed(key, one) for key, one in content.items())
            return
    yield content


def _by_people(content: dict[str, Row]) -> list[Row] | None:
    """Rows of ``{worker: {task: label}}`` or ``{task: {worker: label}}``; None where it is neither.

    There are more tasks than workers.
    """
    inner = dict.fromkeys(chain.from_iterable(content.values()))
    plain = not any(isinstance(v, list | dict) for one in content.values() for v in one.values())
    if not plain or len(inner) == len(content) or recognise(list(inner), {}):
        return None
    outer, within = ("worker", "task") if len(inner) > len(content) else ("task", "worker")
    return [
        {outer: key, within: name, "label": label}
        for key, one in content.items()
        for name, label in one.items()
    ]


def _wrapped(content: Row) -> list[Any] | None:
    """The list of rows that an object holds beside other things, None where it holds none."""
    names, data = content.get("columns"), content.get("data")
    if isinstance(names, list) and isinstance(data, list) and all(
        isinstance(cells, list) and len(cells) == len(names) for cells in data
    ):  # fmt: skip
        return [dict(zip(map(str, names), cells, strict=True)) for cells in data]
    lists = [
        name for name, value in content.items()
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
    ]  # fmt: skip
    known = [name for name in _WRAPPERS if name in lists]
    # A row of an export has a list of annotations too, and says beside it which task it is.
    if len(content) > 1 and {"id", "task", "text"} & set(content):
        return None
    if known and (len(lists) == 1 or len(content) > len(lists)):
        return list(content[known[0]])
    return list(content[lists[0]]) if len(lists) == 1 and len(content) == 1 else None


def _unwrapped(entry: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A row without the envelope that the datasets server puts around it."""
    if isinstance(entry, dict) and "row_idx" in entry and isinstance(entry.get("row"), dict):
        return entry["row"]
    return entry


def _keyed(key: str, entry: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A row with the key that it stood under as its id, where it has none."""
    if not isinstance(entry, dict):
        return entry
    return entry if "id" in entry else {"id": key, **entry}


class Columns:
    """Rows into typed columns, a stretch of rows at a time.

    A column of numbers, texts or truth values is one of that type. Lists and objects are JSON text,
    and so is everything else in a column that holds some; other mixtures are text.
    """

    def __init__(self) -> None:
        """Without a row."""
        self.rows = 0
        self._pieces: dict[str, list[pl.Series | int]] = {}
        self._kinds: dict[str, set[type]] = {}

    def extend(self, rows: Iterable[Row], path: Path) -> None:
        """Add rows, of which any may lack a column.

        Raises:
            InputError: one of them is no object.
        """
        given = iter(rows)
        while some := list(islice(given, _AT_A_TIME)):
            if set(map(type, some)) != {dict}:
                bad = next(number for number, row in enumerate(some) if type(row) is not dict)
                raise InputError(
                    f"entry {self.rows + bad + 1} is no object", where=str(path),
                    fix='write {"task": ...}',
                )  # fmt: skip
            found = self._cells(some)
            for name, values in found.items():
                pieces = self._pieces.setdefault(name, [self.rows] if self.rows else [])
                kinds = set(map(type, values)) - {type(None)}
                self._kinds.setdefault(name, set()).update(kinds)
                pieces.append(_piece(values, kinds))
            for name in self._pieces.keys() - found.keys():
                self._pieces[name].append(len(some))
            self.rows += len(some)

    @staticmethod
    def _cells(some: list[Row]) -> dict[str, Sequence[Any]]:
        """Name -> cells of some rows, which mostly have the same names."""
        names = list(some[0])
        if len(names) > 1 and set(map(len, some)) == {len(names)}:
            try:
                cells = zip(*map(itemgetter(*names), some), strict=True)
                return dict(zip(names, cells, strict=True))
            except KeyError:
                pass
        found = dict.fromkeys(chain.from_iterable(some))
        return {name: [row.get(name) for row in some] for name in found}

    def frame(self) -> pl.DataFrame:
        """All rows."""
        import polars as pl

        whole = {}
        for name in list(self._pieces):
            pieces = self._pieces.pop(name)
            known = [piece for piece in pieces if not isinstance(piece, int)]
            dtype = self._dtype(self._kinds[name], known)
            whole[name] = pl.concat(
                [pl.Series(name, [None], dtype=dtype).extend_constant(None, piece - 1)
                 if isinstance(piece, int) else piece.cast(dtype).alias(name) for piece in pieces]
            )  # fmt: skip
        return pl.DataFrame(whole)

    @staticmethod
    def _dtype(kinds: set[type], pieces: list[pl.Series]) -> pl.DataType | type[pl.DataType]:
        import polars as pl

        found = {piece.dtype for piece in pieces if piece.dtype != pl.Null}
        if len(found) == 1:
            return next(iter(found))
        if not found:
            return pl.Null
        if found == {pl.Int64, pl.Float64} and kinds <= {int, float}:
            whole = [piece for piece in pieces if piece.dtype == pl.Int64]
            if all((piece.drop_nulls().abs() <= _EXACT).all() for piece in whole):
                return pl.Float64
        return pl.String


def _piece(values: Sequence[Any], kinds: set[type]) -> pl.Series:
    """A stretch of a column, typed by itself."""
    import polars as pl

    if not kinds:
        return pl.Series(values, dtype=pl.Null)
    if kinds == {str}:
        return pl.Series(values, dtype=pl.String)
    if kinds == {bool}:
        return pl.Series(values, dtype=pl.Boolean)
    if kinds <= {int, float}:
        whole = [value for value in values if type(value) is int]
        largest = max(map(abs, whole), default=0)
        if kinds == {int} and largest < _INT64:
            return pl.Series(values, dtype=pl.Int64)
        if float in kinds and largest <= _EXACT:
            return pl.Series(values, dtype=pl.Float64, strict=False)
    if kinds <= {list, dict}:
        try:
            texts = [None if v is None else to_json(v).decode() for v in values]
            return pl.Series(texts, dtype=pl.String)
        except ValueError:
            pass  # what is no UTF-8 is said where it is written
    return pl.Series([v if v is None or type(v) is str else _text(v) for v in values],
                     dtype=pl.String)  # fmt: skip


def _text(value: object) -> str:
    """A value of a column that holds several kinds: ``True`` is "true" as in JSON, 1.5 is "1.5"."""
    return dumps(value) if isinstance(value, list | dict | bool) else str(value)
