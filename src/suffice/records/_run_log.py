"""Runs that were handed out and told: one JSON object a line, and whole lines are only added."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from suffice._disk import lock_file, storage_errors
from suffice.errors import InputError
from suffice.records._part import Part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class RunEvent(Part):
    """Something that became of a run.

    Attributes:
        event: it was handed out (``asked``), its values came (``told``), it went wrong
            (``failed``), or it was made without being asked for (``added``).
        id: of the run.
        counts: labels by source; ``crowd@2`` is the second round of crowd.
        values, errors: by metric, and standard errors where they are known.
        model, seed: of its training.
        time: when this was written.
    """

    event: Literal["asked", "told", "failed", "added"]
    id: str = Field(min_length=1)
    counts: dict[str, float] = Field(default_factory=dict)
    values: dict[str, float] = Field(default_factory=dict)
    errors: dict[str, float] = Field(default_factory=dict)
    model: str | None = None
    seed: str | None = None
    time: str = ""


class RunLog:
    """The file of such events.

    Attributes:
        path: where it lies; made by the first event. None keeps events in memory.
    """

    def __init__(self, path: Path | None) -> None:
        """Use the log at ``path``."""
        self.path = path
        self._kept: list[RunEvent] = []

    def events(self) -> tuple[RunEvent, ...]:
        """All of them, the oldest first; a half-written last line is passed over.

        Raises:
            InputError: a line is damaged; names it.
        """
        if self.path is None:
            return tuple(self._kept)
        try:
            content = self.path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=str(self.path)) from error
        *lines, _ = content.split(b"\n")
        found = []
        for number, line in enumerate(lines, start=1):
            try:
                found.append(RunEvent.model_validate_json(line))
            except ValidationError as error:
                raise InputError(
                    f"is no event of a run ({error.errors()[0]['msg']})",
                    where=f"{self.path}, line {number}",
                    fix="mend or remove the line",
                ) from None
        return tuple(found)

    def add(self, events: Sequence[RunEvent]) -> None:
        """Write events down, all of them or none.

        Raises:
            StorageError: the disk refused.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        text = "".join(
            json.dumps(e.model_copy(update={"time": now}).model_dump()) + "\n" for e in events
        )
        if self.path is None:
            self._kept += events
            return
        with storage_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with lock_file(self.path), self.path.open("ab") as file:
                file.write(text.encode())
