"""Tables with all labels of a task in one cell: lists of objects, and lists side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels._columns import recognise, taken_of
from suffice.labels.formats import _long
from suffice.labels.formats._cells import as_list
from suffice.labels.formats._conversation import messages_of, parsed

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

_WORKERS = ("annotators", "annotatorids", "workers", "workerids", "raters", "users", "judges")
_LABELS = ("labels", "annotations", "annotatorlabels", "votes", "ratings", "answers", "judgments")
NAME = "all labels of a task in one cell"
_LOOKED_AT = 20
"""Cells that tell what a column holds. Chosen: a table holds one kind of thing in all rows."""


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether no column names the worker, and the cells of one hold workers and labels."""
    if "worker" in taken_of(frame.columns, asked.columns):
        return False
    return bool(_columns(frame)) or _side_by_side(frame) is not None


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """See ``Format.read``: a row for each entry, which is then read as a table of rows."""
    import polars as pl

    if (pair := _side_by_side(frame)) is not None:
        worker, label = pair
        lists = [pl.Series(name, [list(map(str, as_list(c) or ())) for c in frame[name].to_list()],
                           dtype=pl.List(pl.String)) for name in pair]  # fmt: skip
        uneven = (lists[0].list.len() != lists[1].list.len()).arg_true()
        if len(uneven):
            raise InputError(
                f"row {uneven[0] + 1} has {len(lists[0][uneven[0]])} {worker} and "
                f"{len(lists[1][uneven[0]])} {label}", where=origin, fix="write one label each",
            )  # fmt: skip
        table = frame.with_columns(lists).explode(list(pair))
        table = table.rename({worker: "worker", label: "label"})
        notes = [f"one label for each entry of {label}, whose workers are {worker}"]
        return _long.read_rows(table, origin=origin, asked=asked, notes=notes)
    names = _columns(frame)
    rest = [name for name in frame.columns if name not in names]
    if "task" not in taken_of(rest, asked.columns):
        frame = frame.with_columns(pl.int_range(1, len(frame) + 1).alias("task"))
        rest.append("task")
    rows: list[dict[str, Any]] = []
    where: list[int] = []
    for number, cells in enumerate(frame.select(names).iter_rows()):
        for name, cell in zip(names, cells, strict=True):
            for entry in _entries(cell):
                rows.append(entry if len(names) == 1 else {"source": name, **entry})
                where.append(number)
    found = list(dict.fromkeys(name for row in rows for name in row))
    inner = pl.DataFrame(
        {name: pl.Series([_plain(row.get(name)) for row in rows], strict=False) for name in found}
    )
    # An entry's own id is no task; all else that it says counts before what its row says.
    inner = inner.drop(recognise(found, {}).get("task", ()))
    outer = frame[where].select([name for name in rest if name not in inner.columns])
    table = pl.concat([outer, inner], how="horizontal")
    notes = [f"one label for each entry of {' and '.join(names)}"]
    return _long.read_rows(table, origin=origin, asked=asked, notes=notes)


def _columns(frame: pl.DataFrame) -> list[str]:
    """Columns whose cells hold entries with a label each, and of which a worker is known."""
    import polars as pl

    found = []
    # The schema is made anew each time that it is asked for.
    for name, kind in frame.schema.items():
        if kind == pl.Struct:
            continue
        cells = frame[name].drop_nulls().head(_LOOKED_AT).to_list()
        objects = any(isinstance(parsed(cell), dict) for cell in cells)
        if objects and name.lower() not in _LABELS:
            continue
        if cells and all(_may_hold(cell) for cell in cells):
            entries = [entry for cell in cells for entry in _entries(cell)]
            keys = dict.fromkeys(key for entry in entries for key in entry)
            if {"worker", "label"} <= set(recognise(list(keys), {})):
                found.append(name)
    return found


def _may_hold(cell: object) -> bool:
    value = parsed(cell)
    if isinstance(value, dict):
        # {worker: label}: one plain value each, which is few different ones over all.
        return bool(value) and not any(isinstance(one, list | dict) for one in value.values())
    return isinstance(value, list) and messages_of(value) is None


def _entries(cell: object) -> list[dict[str, Any]]:
    """The objects of a list, or of ``{worker: label}`` an object for each."""
    value = parsed(cell)
    if isinstance(value, dict):
        return [{"worker": worker, "label": label} for worker, label in value.items()]
    found = as_list(cell)
    entries = [parsed(one) for one in found or ()]
    return [one for one in entries if isinstance(one, dict)]


def _side_by_side(frame: pl.DataFrame) -> tuple[str, str] | None:
    """A column of lists of workers, and one of lists of their labels."""
    plain = {name.lower().replace("_", ""): name for name in frame.columns}
    workers = next((plain[n] for n in _WORKERS if n in plain), None)
    labels = next((plain[n] for n in _LABELS if n in plain), None)
    if workers is None or labels is None:
        return None
    for cells in frame.select(workers, labels).head(_LOOKED_AT).iter_rows():
        if any(as_list(cell) is None for cell in cells):
            return None
    return workers, labels


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    return str(value) if isinstance(value, list | dict) else value
