"""One run as its log tells it: settings, values by step, and what is known of its end."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Setting = str | float | int | bool | None
State = Literal["done", "pending", "failed"]


@dataclass(frozen=True)
class Point:
    """Values that were logged together.

    Attributes:
        step: of training; None for values of the whole run.
        values: by metric, finite or not.
    """

    step: float | None
    values: Mapping[str, float]


@dataclass(frozen=True)
class RunLog:
    """One run.

    Attributes:
        run: what it is called: its name, id or folder.
        kind: which program wrote the log.
        path: the file or folder.
        settings: what the log records of how it was made, nested keys joined by dots.
        points: in the order in which they were written.
        state: done, pending (still running as far as the log knows) or failed.
        time: when it ended or was last written, in seconds since 1970; None where unknown.
        of: the model that an evaluation was made of, where that is a path or a name; None for logs
            of training.
        better: directions that the log itself states.
        evaluated: names of metrics that come from an evaluation of the trained model.
        notes: what a reader should know, one sentence each.
    """

    run: str
    kind: str
    path: str
    settings: Mapping[str, Setting]
    points: tuple[Point, ...]
    state: State = "done"
    time: float | None = None
    of: str | None = None
    better: Mapping[str, Literal["lower", "higher"]] = field(default_factory=dict)
    evaluated: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def last(self) -> dict[str, float]:
        """Each metric at the highest step that has it; of equal steps the one written last."""
        found: dict[str, tuple[float, float]] = {}
        for point in self.points:
            step = math.inf if point.step is None else point.step
            for name, value in point.values.items():
                if name not in found or step >= found[name][0]:
                    found[name] = (step, value)
        return {name: value for name, (_, value) in found.items()}

    def best(self, by: str, *, higher: bool) -> dict[str, float]:
        """All metrics at the step where one is best, and those of the whole run.

        Empty where it is never finite.
        """
        steps: dict[float | None, dict[str, float]] = {}
        for point in self.points:
            steps.setdefault(point.step, {}).update(point.values)
        scored = [v for v in steps.values() if math.isfinite(v.get(by, math.nan))]
        if not scored:
            return {}
        best = max(scored, key=lambda v: v[by] if higher else -v[by])
        return {**steps.get(None, {}), **best}


def flat(settings: Mapping[str, Any], head: str = "") -> dict[str, Setting]:
    """Nested settings as one level, keys joined by dots; lists are written as JSON."""
    found: dict[str, Setting] = {}
    for key, value in settings.items():
        name = f"{head}{key}"
        if isinstance(value, dict):
            found |= flat(value, f"{name}.")
        elif value is None or isinstance(value, str | int | float | bool):
            found[name] = value
        else:
            found[name] = json.dumps(value, default=str)
    return found


def numbers_of(row: Mapping[str, Any], skip: Iterable[str] = ()) -> dict[str, float]:
    """The entries of a row that are numbers; words for what is not finite count as numbers."""
    left = set(skip)
    found: dict[str, float] = {}
    for name, value in row.items():
        if name in left or isinstance(value, bool):
            continue
        if isinstance(value, int | float) or (
            isinstance(value, str) and value.lower() in _NOT_FINITE
        ):
            found[name] = float(value)
    return found


_NOT_FINITE = ("nan", "inf", "-inf", "infinity", "-infinity")


def read_json(path: Path) -> Any:  # noqa: ANN401 - anything JSON can hold
    """The content of a JSON file.

    Raises:
        InputError: it is no JSON, or cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"it cannot be read ({error})", where=str(path)) from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"line {error.lineno} is no JSON ({error.msg})", where=str(path),
            fix="the run may have been stopped while writing: leave that file out",
        ) from None  # fmt: skip


def read_lines(path: Path) -> tuple[list[dict[str, Any]], str | None]:
    """The objects of a file of JSON lines, and what is said of a last line that was cut off.

    Raises:
        InputError: a line before the last is no JSON object.
    """
    rows: list[dict[str, Any]] = []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    there = [(n, line) for n, line in enumerate(lines, start=1) if line.strip()]
    for place, (number, line) in enumerate(there):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            if place == len(there) - 1:
                return rows, f"line {number} of {path} was cut off and left out"
            raise InputError(
                f"line {number} is no JSON ({error.msg})", where=str(path), fix="mend that line"
            ) from None
        if not isinstance(row, dict):
            raise InputError(f"line {number} is no object", where=str(path), fix="mend that line")
        rows.append(row)
    return rows, None
