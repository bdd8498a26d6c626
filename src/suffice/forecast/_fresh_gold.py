"""Reads a file of fresh gold: one judged item a line, in the order in which they were judged."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice._disk import refuse_devices
from suffice.errors import InputError
from suffice.labels import answer_key, is_no_answer, match_ids

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_YES_NO = {"0": 0, "1": 1, "false": 0, "true": 1, "right": 0, "wrong": 1, "0.0": 0, "1.0": 1}


@dataclass(frozen=True)
class FreshGold:
    """Judged items in order.

    Attributes:
        wrong: 1 where the model is wrong [item].
        slices: slice of each item; None where the file names none.
        tasks: name of each item; None where the file names none.
        severe: 1 where the model failed severely [item]; None where the file does not say.
    """

    wrong: tuple[int, ...]
    slices: tuple[str, ...] | None
    tasks: tuple[str, ...] | None
    severe: tuple[int, ...] | None = None


def read_fresh_gold(path: Path, *, used: Sequence[Path] = ()) -> FreshGold:
    """Read judged items from a CSV file.

    Columns: ``wrong`` (0 or 1), or ``label`` and ``gold`` (wrong where they differ); ``slice``,
    ``task`` and ``severe`` (0 or 1: a severe failure) where known.

    Args:
        path: the file.
        used: CSV files whose ``task`` column names what trained or chose anything.

    Raises:
        InputError: a column or value is missing or wrong, a task comes twice, or gold was used.
    """
    rows = _rows(path)
    columns = set(rows[0]) if rows else set()
    if not rows:
        raise InputError("holds no judged items", where=str(path))
    if "wrong" not in columns and not {"label", "gold"} <= columns:
        raise InputError(
            f"has the columns {', '.join(sorted(columns))}",
            where=str(path),
            fix="it needs 'wrong' (0 or 1), or 'label' and 'gold'",
        )
    wrong = [_wrong(row, path, i) for i, row in enumerate(rows, start=2)]
    slices = tuple(row["slice"].strip() for row in rows) if "slice" in columns else None
    if slices is not None and not all(slices):
        raise InputError("has no slice", where=f"{path}, line {slices.index('') + 2}")
    tasks = tuple(row["task"].strip() for row in rows) if "task" in columns else None
    if tasks is not None:
        seen: dict[str, int] = {}
        for i, task in enumerate(tasks, start=2):
            if task in seen:
                raise InputError(
                    f"task {task!r} was judged before, in line {seen[task]}",
                    where=f"{path}, line {i}",
                    fix="judge every task once: repeats are no new evidence",
                )
            seen[task] = i
    _refuse_used(path, tasks, used)
    severe = None
    if "severe" in columns:
        severe = tuple(_yes_no(r["severe"], "severe", path, i) for i, r in enumerate(rows, start=2))
    return FreshGold(tuple(wrong), slices, tasks, severe)


def _refuse_used(path: Path, tasks: tuple[str, ...] | None, used: Sequence[Path]) -> None:
    for other in used:
        if tasks is None:
            raise InputError(
                "names no tasks, so nothing can be compared", where=str(path), fix="a column 'task'"
            )
        known = list(dict.fromkeys(row["task"].strip() for row in _used(other)))
        places = match_ids(tasks, known).place
        stale = [task for task, place in zip(tasks, places, strict=True) if place >= 0]
        if stale:
            raise InputError(
                f"{len(stale)} of {len(tasks)} tasks are in {other} too, {stale[0]!r} first: gold "
                "that trained or chose anything is not fresh",
                where=str(path),
                fix="judge other tasks",
            )


def _used(path: Path) -> list[dict[str, str]]:
    rows = _rows(path)
    if rows and "task" not in rows[0]:
        raise InputError("has no column 'task'", where=str(path))
    return rows


def _rows(path: Path) -> list[dict[str, str]]:
    refuse_devices(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise InputError("no such file", where=str(path)) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read ({error})", where=str(path)) from None
    for i, row in enumerate(rows, start=2):
        if None in row or any(v is None for v in row.values()):
            raise InputError("has not as many cells as the header", where=f"{path}, line {i}")
    return rows


def _wrong(row: dict[str, str], path: Path, line: int) -> int:
    if "wrong" in row:
        return _yes_no(row["wrong"], "wrong", path, line)
    if not row["label"].strip() or not row["gold"].strip():
        raise InputError("lacks a label or its gold", where=f"{path}, line {line}")
    for name in ("label", "gold"):
        if is_no_answer(row[name]):
            raise InputError(
                f"{name} {row[name]!r} is no answer",
                where=f"{path}, line {line}",
                fix="leave the item out, or say in a column 'wrong' whether it counts as wrong",
            )
    return int(answer_key(row["label"]) != answer_key(row["gold"]))


def _yes_no(text: str, column: str, path: Path, line: int) -> int:
    value = _YES_NO.get(text.strip().lower())
    if value is None:
        raise InputError(
            f"{column} = {text!r}",
            where=f"{path}, line {line}",
            fix="0 (right) or 1 (wrong)" if column == "wrong" else "0 or 1",
        )
    return value
