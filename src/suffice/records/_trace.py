"""What an answer rests on and how long it took: the lock and the timings."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from suffice.records._part import NonNegative, Part
from suffice.records._record import Record


class LockRecord(Record):
    """study.lock.json: versions, seed and checksums.

    Attributes:
        answer: hash of everything that the folder's answer follows from.
        files: sha256 of each file of that answer, by name.
    """

    file = "study.lock.json"
    made_by = "suffice run"
    where_said = frozenset({"answer", "files"})

    suffice: str
    python: str
    machine: str = ""
    packages: dict[str, str] = Field(default_factory=dict)
    seed: int | None = None
    study_sha256: str | None = None
    data: dict[str, str] = Field(default_factory=dict)
    models: dict[str, str | None] = Field(default_factory=dict)
    answer: str = ""
    files: dict[str, str] = Field(default_factory=dict)


class Timing(Part):
    """How long a stage took."""

    stage: str
    seconds: NonNegative


class TimingsRecord(Record):
    """timings.json: seconds of each stage. Before version 1 the file was the bare list of them."""

    file = "timings.json"
    made_by = "suffice run"

    stages: tuple[Timing, ...] = ()

    @classmethod
    def upgraded(cls, values: Any, version: int) -> Any:  # noqa: ANN401
        """A bare list becomes the list of stages."""
        del version
        return {"version": 0, "stages": values}
