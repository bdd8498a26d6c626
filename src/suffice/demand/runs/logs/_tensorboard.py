"""TensorBoard event files, as OpenRLHF, verl, Trainer and others write them.

Read whole, without TensorBoard: its own reader keeps 10,000 points of a series, chosen at random
(``EventAccumulator`` of tensorboard 2.21.0), so that a best value may not be among them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from suffice.demand.runs.logs import _protobuf as pb
from suffice.demand.runs.logs._log import Point, RunLog, Setting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIND = "TensorBoard"
_DT_FLOAT, _DT_DOUBLE = 1, 2
"""Numbers of types in TensorFlow's ``types.proto``."""


def claims(folder: Path, names: list[str]) -> list[str]:
    """Event files of a folder."""
    return [n for n in names if "tfevents" in n and not n.endswith(".profile-empty")]


def read(folder: Path, names: list[str]) -> list[RunLog]:
    """All event files of one folder are one run: a run that is resumed begins a new file."""
    points: dict[tuple[float, float], dict[str, float]] = {}
    settings: dict[str, Setting] = {}
    notes: list[str] = []
    newest = 0.0
    for name in sorted(names):
        try:
            for event in _records(folder / name):
                wall, step, values = _event(event, settings)
                newest = max(newest, wall)
                for tag, value in values.items():
                    points.setdefault((step, wall), {})[tag] = value
        except pb.BrokenMessageError:
            notes.append(f"{folder / name} ends within a record: what stands before it was read")
    if not points and not settings:
        return []
    ordered = sorted(points)
    return [
        RunLog(
            run=folder.name, kind=KIND, path=str(folder), settings=settings,
            points=tuple(Point(step, points[step, wall]) for step, wall in ordered),
            time=newest or None, notes=tuple(notes),
        )
    ]  # fmt: skip


def _records(path: Path) -> Iterator[bytes]:
    """The records of a TFRecord file: length, its checksum, content, its checksum."""
    with path.open("rb") as stream:
        while head := stream.read(12):
            if len(head) < 12:
                raise pb.BrokenMessageError("cut off")
            (size,) = struct.unpack("<Q", head[:8])
            content, tail = stream.read(size), stream.read(4)
            if len(content) < size or len(tail) < 4:
                raise pb.BrokenMessageError("cut off")
            yield content


def _event(data: bytes, settings: dict[str, Setting]) -> tuple[float, float, dict[str, float]]:
    """Time, step and scalars of an event; hyperparameters go to ``settings``."""
    wall = step = 0.0
    values: dict[str, float] = {}
    for number, value in pb.fields(data):
        if number == 1:
            wall = pb.number(value)
        elif number == 2:
            step = float(pb.signed(value))
        elif number == 5:
            for inner, part in pb.fields(pb.message(value)):
                if inner == 1:
                    _value(pb.message(part), values, settings)
    return wall, step, values


def _value(data: bytes, values: dict[str, float], settings: dict[str, Setting]) -> None:
    tag, found, plugin, content = "", None, "", b""
    for number, value in pb.fields(data):
        if number == 1:
            tag = pb.text(value)
        elif number == 2:
            found = pb.number(value)
        elif number == 8:
            found = _scalar_tensor(pb.message(value))
        elif number == 9:
            plugin, content = _plugin(pb.message(value))
    if plugin == "hparams":
        settings |= _hparams(content)
    elif found is not None:
        values[tag] = found


def _plugin(metadata: bytes) -> tuple[str, bytes]:
    name, content = "", b""
    for number, value in pb.fields(metadata):
        if number == 1:
            for inner, part in pb.fields(pb.message(value)):
                if inner == 1:
                    name = pb.text(part)
                elif inner == 2:
                    content = pb.message(part)
    return name, content


def _scalar_tensor(data: bytes) -> float | None:
    """The one number of a tensor; None where it holds something else."""
    kind, content, values = 0, b"", b""
    for number, value in pb.fields(data):
        if number == 1:
            kind = pb.signed(value)
        elif number == 2 and pb.message(value):
            return None  # it has dimensions
        elif number == 4:
            content = pb.message(value)
        elif number in (5, 6):
            values = pb.message(value)
    raw, width = values or content, {_DT_FLOAT: 4, _DT_DOUBLE: 8}.get(kind)
    return pb.number(raw) if width is not None and len(raw) == width else None


def _hparams(content: bytes) -> dict[str, Setting]:
    """The settings that the hparams plugin keeps of a session's start."""
    found: dict[str, Setting] = {}
    for number, value in pb.fields(content):
        if number != 3:
            continue
        for inner, entry in pb.fields(pb.message(value)):
            if inner != 1:
                continue
            key, setting = "", None
            for part, piece in pb.fields(pb.message(entry)):
                if part == 1:
                    key = pb.text(piece)
                elif part == 2:
                    setting = _any_value(pb.message(piece))
            found[key] = setting
    return found


def _any_value(data: bytes) -> Setting:
    for number, value in pb.fields(data):
        if number == 2:
            return pb.number(value)
        if number == 3:
            return pb.text(value)
        if number == 4:
            return bool(value)
    return None
