"""Label files into label tables: column names are recognised, wide tables made long."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels._table import COLUMNS, LabelTable, counted, gold_of_rows, refuse_missing
from suffice.labels.formats import read_frame

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import polars as pl

# Our name -> names that mean it, the surest first. Compared in small letters without separators.
KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "task": (
        "task", "item", "taskid", "itemid", "inputid", "exampleid", "example", "questionid",
        "question", "pairid", "pair", "unitid", "unit", "documentid", "docid", "recordid", "hitid",
        "sampleid", "idx", "id",
    ),
    "worker": (
        "worker", "workerid", "annotator", "annotatorid", "rater", "raterid", "performer",
        "labeler", "labelerid", "labeller", "labellerid", "user", "userid", "judge", "judgeid",
        "coder", "reviewer", "contributor", "completedby",
    ),
    "label": (
        "label", "response", "answer", "annotation", "vote", "choice", "winner", "rating",
        "judgment", "judgement", "preference", "value", "score", "class", "category",
    ),
    "source": ("source", "vendor", "pool", "provider", "workertype", "annotatortype"),
    "slice": ("slice", "domain", "subset", "stratum", "segment"),
    "seconds": (
        "seconds", "secs", "duration", "durationseconds", "timespent", "leadtime",
        "worktimeinseconds", "elapsed", "elapsedseconds",
    ),
    "cost": ("cost", "price", "payment", "reward"),
    "presented_order": ("presentedorder", "presentationorder", "swapped", "displayorder"),
    "gold": (
        "gold", "goldlabel", "golden", "truth", "groundtruth", "truelabel", "finallabel",
        "expected",
    ),
    "time": ("time", "timestamp", "createdat", "submittedat", "submittime", "date"),
    "left": ("left", "itema", "modela", "leftitem", "itemleft"),
    "right": ("right", "itemb", "modelb", "rightitem", "itemright"),
    "capability": ("capability", "modelcapability"),
}  # fmt: skip

_WIDE = re.compile(
    r"^(?:(?:annotator|annotation|worker|rater|judge|coder|label|labeler|reviewer|vote)[_ -]?\d+"
    r"|.+[_ -](?:label|result|vote))$",
    re.IGNORECASE,
)
_PAIR = ("chosen", "rejected")
_SHOWN = 8


def read_labels(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    drop_missing: bool = False,
) -> LabelTable:
    """Read labels from a file.

    CSV, TSV, parquet, JSON and JSON lines are read, gzipped or not. Column names are recognised
    where they are obvious (``item`` is ``task``, ``annotator`` is ``worker``); the table's
    ``columns`` and ``notes`` say what was taken for what. A table with one column a worker
    (``annotator_1, annotator_2``) is made long. A file of preferences (``chosen``, ``rejected``)
    becomes one task a pair, see :func:`suffice.labels.read_preferences`. Label Studio and Argilla
    exports are read as they are; ``columns={"label": ...}`` names the question to read.

    Args:
        path: the file.
        columns: our name -> the name in the file, where the names are not obvious.
        drop_missing: leave out rows without a task, worker or label instead of refusing them;
            how many is noted.

    Raises:
        InputError: the file cannot be read, lacks a column, has no labels, or has empty cells.
    """
    import polars as pl

    frame = read_frame(path)
    origin = str(path)
    wanted = dict(columns or {})
    from suffice.labels.formats import is_argilla, is_label_studio, read_argilla, read_label_studio

    if is_label_studio(frame):
        return read_label_studio(frame, origin=origin, columns=wanted)
    if is_argilla(frame):
        return read_argilla(frame, origin=origin, columns=wanted)
    for ours, theirs in wanted.items():
        if ours not in COLUMNS:
            raise InputError(
                f"there is no column called {ours!r} in a label table",
                where=origin,
                fix=f"use one of {', '.join(COLUMNS)}",
            )
        if theirs not in frame.columns:
            raise InputError(
                f"no column {theirs!r}; there are: {', '.join(frame.columns)}", where=origin
            )
    if set(_PAIR) <= set(frame.columns) and "label" not in wanted:
        from suffice.labels.formats import preferences_of_frame

        whole = frame.drop_nulls(_PAIR) if drop_missing else frame
        table = preferences_of_frame(whole, origin=origin, columns=wanted).to_labels()
        if not (lost := len(frame) - len(whole)):
            return table
        note = f"{counted(lost, 'pair')} without a chosen or rejected text left out"
        return replace(table, notes=(*table.notes, note))
    taken = wanted | _recognise([name for name in frame.columns if name not in wanted.values()],
                                skip=wanted)  # fmt: skip
    notes = _said(taken)
    wide = [name for name in frame.columns if _WIDE.match(name) and name not in wanted.values()]
    if "worker" not in taken and "worker" not in wanted and len(wide) >= 2:
        if taken.get("gold") in wide:
            wide.remove(taken["gold"])
        notes += _unused(frame.columns, [*taken.values(), *wide])
        frame, taken, wide_notes = _make_long(frame, taken, wide)
        notes += wide_notes
    else:
        # Comparisons of named items need neither: see ``name_pairs``.
        pairs = ["task", "worker"] if {"left", "right"} <= set(taken) else []
        refuse_missing([*taken, *pairs], frame.columns, origin)
        notes += _unused(frame.columns, taken.values())
        frame = frame.select(pl.col(theirs).alias(ours) for ours, theirs in taken.items())
    if drop_missing:
        required = [name for name in ("task", "worker", "label") if name in frame.columns]
        whole = frame.drop_nulls(required)
        floats = [name for name in required if frame.schema[name].is_float()]
        whole = whole.drop_nans(floats) if floats else whole
        if lost := len(frame) - len(whole):
            notes.append(f"{counted(lost, 'row')} with an empty task, worker or label left out")
        frame = whole
    return LabelTable.from_frame(frame, columns=taken, notes=notes, origin=origin)


def read_gold(path: str | Path) -> dict[Any, str]:
    """Read gold labels from a file with a task column and a gold (truth, label) column.

    Returns:
        task -> right label, for the tasks that have one.

    Raises:
        InputError: the file cannot be read, lacks a column, has no gold, or contradicts itself.
    """
    return gold_of_file(path)[0]


def gold_of_file(path: str | Path) -> tuple[dict[Any, str], list[str]]:
    """Gold labels as ``read_gold`` reads them, and what was taken for what or passed over."""
    import polars as pl

    frame = read_frame(path)
    origin = str(path)
    taken = _recognise(frame.columns, skip={})
    if "task" not in taken:
        raise InputError(
            f"no task column among: {', '.join(frame.columns)}",
            where=origin,
            fix="name the columns task and gold",
        )
    answer = taken.get("gold") or taken.get("label")
    if answer is None:
        raise InputError(
            f"no column with the right label among: {', '.join(frame.columns)}",
            where=origin,
            fix="name it gold",
        )
    notes = [f"gold file: {note}" for note in _said({"task": taken["task"], "gold": answer})]
    rows = frame.select(pl.col(taken["task"]).alias("task"), pl.col(answer).alias("gold"))
    from suffice.labels._table import _label_text, _refuse_empty

    known = rows.with_columns(_label_text(rows, "gold")).drop_nulls("gold")
    if known.is_empty():
        raise InputError("there are no gold labels in it", where=origin, fix="add rows")
    if empty := len(rows) - len(known):
        notes.append(f"gold file: {counted(empty, 'row')} without a right label passed over")
    _refuse_empty(known, "task", origin)
    return gold_of_rows(known, origin), notes


def _recognise(names: Sequence[str], skip: Mapping[str, str]) -> dict[str, str]:
    """Our name -> the file's column, for every name that is known."""
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in reversed(names)}
    taken: dict[str, str] = {}
    for ours, known in KNOWN_NAMES.items():
        if ours in skip:
            continue
        match = next((plain[name] for name in known if name in plain), None)
        if match is not None and match not in taken.values():
            taken[ours] = match
    return taken


def _make_long(
    frame: pl.DataFrame, taken: dict[str, str], wide: list[str]
) -> tuple[pl.DataFrame, dict[str, str], list[str]]:
    """One row a label from one column a worker; empty cells are tasks that nobody labelled."""
    import polars as pl

    kept = {
        ours: theirs
        for ours, theirs in taken.items()
        if theirs not in wide and ours not in ("worker", "label")
    }
    notes = [f"one column a worker: {', '.join(wide)}"]
    base = frame.select(pl.col(theirs).alias(ours) for ours, theirs in kept.items())
    if "task" not in kept:
        base = base.with_columns(pl.int_range(1, len(frame) + 1).alias("task"))
        notes.append("no task column: the row number is the task")
    # The workers' columns may have different types: 1 and "1" are the same label.
    from suffice.labels._table import _label_text

    cells = frame.select(_label_text(frame, name).alias(name) for name in wide)
    long = pl.concat([base, cells], how="horizontal").unpivot(
        on=wide, index=base.columns, variable_name="worker", value_name="label"
    )
    given = long.drop_nulls("label")
    if empty := len(long) - len(given):
        notes.append(f"{counted(empty, 'empty cell')} passed over: no label there")
    return given, kept | {"worker": "(column names)", "label": "(cells)"}, notes


def _said(taken: Mapping[str, str]) -> list[str]:
    """Which columns were taken for what, where their names are not ours."""
    renamed = [f"{theirs} as {ours}" for ours, theirs in taken.items() if ours != theirs]
    return [f"read {', '.join(renamed)}"] if renamed else []


def _unused(names: Sequence[str], used: Collection[str]) -> list[str]:
    """Which columns nothing was made of: a name that was not recognised should be seen."""
    left = [name for name in names if name not in used]
    if not left:
        return []
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    return [f"columns not used: {', '.join(left[:_SHOWN])}{more}"]
