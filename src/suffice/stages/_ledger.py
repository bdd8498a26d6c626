"""How the forecasts of a study came out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.stages._out import OUT

if TYPE_CHECKING:
    from suffice.forecast import TrackRecord
    from suffice.records import LedgerEntry


@dataclass(frozen=True)
class PastForecasts:
    """The forecasts that were written down before their runs, and their scores.

    Attributes:
        entries: one a forecast, the oldest first.
        record: the scores of all, and the calibration curve.
    """

    entries: tuple[LedgerEntry, ...]
    record: TrackRecord

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        rows = [entry.as_json() for entry in self.entries]
        return {"forecasts": rows, "record": self.record.as_dict()}


def ledger(folder: str | Path = OUT) -> PastForecasts:
    """Read every forecast of a study's folder, and how it came out.

    Raises:
        InputError: there is none yet.
    """
    from suffice.forecast import track_record
    from suffice.records import Ledger

    path = Path(folder) / Ledger.file
    if not path.exists():
        raise InputError("is not there yet", where=str(path), fix="suffice run writes it")
    entries = Ledger(path).entries()
    return PastForecasts(tuple(entries), track_record(entries))
