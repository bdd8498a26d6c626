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
from typing import TYPE_CHECKING, ClassVar, Literal

from suffice._disk import lock_file
from suffice.errors import InputError, StorageError
from suffice.records._part import Count, Part, Probability
from suffice.records._record import Versioned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from suffice.curve import Curve

_SUREST = 1e-6
"""The surest that a forecast counts as in its log score, so that a failure has a finite one.
Chosen: far below what 40 check runs can tell from 0; it bounds a score at log(1e-6) = -13.8."""


class LedgerTranche(Part):
    """One purchase of a curve that was forecast."""

    kind: Literal["label", "instruction", "model", "reward"] = "label"
    labels_per_task: Count = 1
    round: int = 1
    source: str
    tasks: Count
    weight: float = 1.0
    where: tuple[str, ...] = ()


class LedgerEntry(Versioned):
    """One forecast that was written down before its runs; its score has the same ``id``.

    Attributes:
        time: when it was written.
        id: a hash of what was said.
        study, name, curve: the study's digest, the option's name, and what it buys.
        p: what was said of it.
        predictive: interval for the number of passes.
        total, seeds: runs to make, and their first and last seed.
        passed, brier, log_score, scored: how it came out, and when that was written; None before.
    """

    made_by = "suffice run"
    where_said = frozenset({"seeds", "scored"})

    time: str
    id: str
    study: str = ""
    name: str
    curve: tuple[LedgerTranche, ...] = ()
    p: Probability
    predictive: tuple[Count, Count]
    total: Count
    seeds: tuple[int, int] | None = None
    passed: Count | None = None
    brier: float | None = None
    log_score: float | None = None
    scored: str | None = None

    def bought(self) -> Curve:
        """The curve."""
        from suffice.curve import Curve

        return Curve.from_list([t.model_dump() for t in self.curve])


class Ledger:
    """Append-only file of forecasts and scores.

    Attributes:
        file: its name in a folder of results.
        path: where it lies.
    """

    file: ClassVar[str] = "ledger.jsonl"

    def __init__(self, path: Path) -> None:
        """Use the ledger at ``path``; it is created by the first forecast."""
        self.path = path

    def entries(self) -> tuple[LedgerEntry, ...]:
        """The last line of every forecast, in the order in which they were made.

        Raises:
            InputError: a line is damaged, or of a version that is not known; names it.
        """
        return self.read()[0]

    def read(self) -> tuple[tuple[LedgerEntry, ...], bool]:
        """``entries``, and whether the file ends in a half-written line, which is passed over."""
        try:
            *lines, tail = self.path.read_bytes().split(b"\n")
        except (FileNotFoundError, NotADirectoryError):
            return (), False
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=str(self.path)) from error
        # A half-written last line is what a power cut leaves; anything else is damage.
        cut = bool(tail) and not _is_whole(tail)
        found: dict[str, LedgerEntry] = {}
        for number, line in enumerate(lines if cut else [*lines, tail], start=1):
            if not line.strip():
                continue
            entry = _entry(line, f"{self.path}, line {number}")
            found[entry.id] = entry
        return tuple(found.values()), cut

    def forecast(
        self,
        study: str,
        name: str,
        curve: Curve,
        p: Probability,
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
            p: what is said of it.
            predictive: interval for the number of passes.
            total: runs that will be made.
            seeds: first and last seed of those runs.
        """
        rows = curve.as_list()
        said = {
            "study": study,
            "name": name,
            "curve": rows,
            "p": p.model_dump(),
            "predictive": list(predictive),
            "total": total,
            "seeds": list(seeds),
        }
        key = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
        if all(entry.id != key for entry in self.entries()):
            self._append(
                LedgerEntry(
                    time=_now(),
                    id=key,
                    study=study,
                    name=name,
                    curve=tuple(LedgerTranche.model_validate(row) for row in rows),
                    p=p,
                    predictive=predictive,
                    total=total,
                    seeds=seeds,
                )
            )
        return key

    def record(
        self, study: str, rows: Sequence[tuple[str, Curve, Probability, tuple[int, int], int]]
    ) -> None:
        """Write down forecasts of single runs together with how they came out.

        For runs that were there before: what is kept is that no forecast saw its own run.

        Args:
            study: its digest.
            rows: of each run its name, curve, what was said, the interval for its passes (0 or 1),
                and whether it passed (1) or not (0).
        """
        known = {entry.id for entry in self.entries()}
        for name, curve, p, predictive, passed in rows:
            listed = curve.as_list()
            said = {"study": study, "name": name, "curve": listed, "p": p.model_dump()}
            key = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
            if key in known:
                continue
            known.add(key)
            now = _now()
            entry = LedgerEntry(
                time=now,
                id=key,
                study=study,
                name=name,
                curve=tuple(LedgerTranche.model_validate(row) for row in listed),
                p=p,
                predictive=predictive,
                total=1,
            )
            self._append(_scored(entry, passed))

    def score(self, key: str, passed: int) -> None:
        """Write down how a forecast came out, unless that is already there."""
        entry = next((e for e in self.entries() if e.id == key), None)
        if entry is None:
            raise InputError(f"no forecast {key!r} to score", where=str(self.path))
        if entry.passed is not None:
            return
        if entry.p.mean is None:
            raise InputError(f"forecast {key!r} has no mean to score", where=str(self.path))
        self._append(_scored(entry, passed))

    def _append(self, entry: LedgerEntry) -> None:
        line = json.dumps(entry.as_json(), sort_keys=True).encode() + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with lock_file(self.path), self.path.open("r+b") as file:
                tail = file.read().rpartition(b"\n")[2]
                if tail and _is_whole(tail):
                    file.write(b"\n")
                elif tail:
                    # Half a line was never a forecast, and would spoil the one that follows it.
                    file.seek(-len(tail), os.SEEK_END)
                    file.truncate()
                file.write(line)
                file.flush()
                # The forecast must be on disk before the first of its runs starts.
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be written ({error.strerror})") from error


def _entry(line: bytes, where: str) -> LedgerEntry:
    try:
        return LedgerEntry.parse(line, where)
    except InputError as error:
        raise InputError(f"is no ledger line: {error.what}", where=where, fix=error.fix) from error


def _is_whole(line: bytes) -> bool:
    """Whether a line without an end is a whole one all the same."""
    try:
        row = json.loads(line.decode("utf-8"))
    except ValueError:
        return False
    return isinstance(row, dict) and isinstance(row.get("id"), str)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _scored(entry: LedgerEntry, passed: int) -> LedgerEntry:
    """A forecast with how it came out."""
    p, share = entry.p.mean or 0.0, passed / entry.total
    safe = min(max(p, _SUREST), 1.0 - _SUREST)
    scored = {
        "passed": passed,
        "brier": share * (1.0 - p) ** 2 + (1.0 - share) * p**2,
        "log_score": share * math.log(safe) + (1.0 - share) * math.log(1.0 - safe),
        "scored": _now(),
    }
    return entry.model_copy(update=scored)
