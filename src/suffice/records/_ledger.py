"""The track record: every forecast is written down before its runs, and scored when they are in.

One JSON object a line; whole lines are only ever added. A forecast and its score share an ``id``;
the score repeats the fields of the forecast, so the last line of an id tells all.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from suffice._disk import lock_file
from suffice.errors import InputError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from suffice.curve import Curve


class Ledger:
    """Append-only file of forecasts and scores."""

    def __init__(self, path: Path) -> None:
        """Use the ledger at ``path``; it is created by the first forecast."""
        self.path = path

    def rows(self) -> list[dict[str, Any]]:
        """The last line of every forecast, in the order in which they were made."""
        if not self.path.exists():
            return []
        found: dict[str, dict[str, Any]] = {}
        *lines, tail = self.path.read_bytes().split(b"\n")
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            row = _parse(line)
            if row is None:
                raise InputError("is no ledger line", where=f"{self.path}, line {number}")
            found[row["id"]] = row
        # A half-written last line is what a power cut leaves; anything else is damage.
        row = _parse(tail)
        if row is not None:
            found[row["id"]] = row
        return list(found.values())

    def forecast(
        self,
        study: str,
        name: str,
        curve: Curve,
        p: Mapping[str, Any],
        predictive: tuple[int, int],
        total: int,
        *,
        seeds: tuple[int, int],
    ) -> str:
        """Write a forecast down, unless this very one is there; returns its id.

        Args:
            study: its digest.
            name: of the curve.
            curve: what would be bought.
            p: what is said of it: ``mean``, ``low``, ``high``, ``level``.
            predictive: interval for the number of passes.
            total: runs that will be made.
            seeds: first and last seed of those runs.
        """
        said = {
            "study": study,
            "name": name,
            "curve": curve.as_list(),
            "p": dict(p),
            "predictive": list(predictive),
            "total": total,
            "seeds": list(seeds),
        }
        key = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
        if all(row["id"] != key for row in self.rows()):
            open_row = {"passed": None, "brier": None, "log_score": None}
            self._append({"id": key, "time": _now(), **said, **open_row})
        return key

    def score(self, key: str, passed: int) -> None:
        """Write down how a forecast came out, unless that is already there."""
        row = next((r for r in self.rows() if r["id"] == key), None)
        if row is None:
            raise InputError(f"no forecast {key!r} to score", where=str(self.path))
        if row["passed"] is not None:
            return
        p, share = row["p"]["mean"], passed / row["total"]
        safe = min(max(p, 1e-6), 1.0 - 1e-6)
        scored = {
            "passed": passed,
            "brier": share * (1.0 - p) ** 2 + (1.0 - share) * p**2,
            "log_score": share * math.log(safe) + (1.0 - share) * math.log(1.0 - safe),
            "scored": _now(),
        }
        self._append({**row, **scored})

    def _append(self, row: dict[str, Any]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with lock_file(self.path), self.path.open("r+b") as file:
                tail = file.read().rpartition(b"\n")[2]
                if tail and _parse(tail) is not None:
                    file.write(b"\n")
                elif tail:
                    # Half a line was never a forecast, and would spoil the one that follows it.
                    file.seek(-len(tail), os.SEEK_END)
                    file.truncate()
                file.write(json.dumps(row, sort_keys=True).encode() + b"\n")
                file.flush()
                # The forecast must be on disk before the first of its runs starts.
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be written ({error.strerror})") from error


def _parse(line: bytes) -> dict[str, Any] | None:
    """The row of a line, or None where it is none."""
    try:
        row = json.loads(line.decode("utf-8"))
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("id"), str) else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
