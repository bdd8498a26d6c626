"""A store of runs that loses nothing.

Runs are rows of one SQLite file. A row is written once, under a key that names everything the run
depends on, in the same transaction as the other runs of its cell; a process that dies in between
leaves the cell unwritten and the next one trains it again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.errors import StorageError
from suffice.evidence import CellRuns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.curve import Curve

    Floats = NDArray[np.float64]

_PATIENCE = 60.0
"""Seconds to wait for another process that writes."""

_SCHEMA = """
create table if not exists cell (
    key text primary key, model text not null, scheme text not null, curve text not null,
    metrics text not null, gold text
);
create table if not exists run (
    cell text not null references cell (key), seed integer not null, penalty real not null,
    seconds real not null, scores text not null, primary key (cell, seed)
);
"""


def cell_key(
    pool: str,
    model: str,
    scheme: str,
    version: str,
    curve: Curve,
    synthetic: Sequence[str] = (),
) -> str:
    """The identity of a cell: everything that its runs depend on but their seed.

    Args:
        pool, model: fingerprints.
        scheme, version: of the scheme.
        curve: what is bought; recorded channels are part of the pool's fingerprint.
        synthetic: fingerprint of each tranche's channel where it is not a recorded one; empty
            where all are.
    """
    parts = [pool, model, scheme, version, curve.as_list(), *synthetic]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class RunStore:
    """Append-only store of runs, safe for several processes at once."""

    def __init__(self, path: Path) -> None:
        """Open the store at ``path``, creating it where missing."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{path.parent}: cannot be created ({error.strerror})") from error
        with self._open() as db:
            _write_ahead(db)
            db.executescript(_SCHEMA)

    def get(self, key: str, seeds: Sequence[int]) -> CellRuns | None:
        """The runs of a cell, in the order of ``seeds``; None unless all of them are there."""
        with self._open() as db:
            rows = {
                int(seed): (penalty, seconds, scores)
                for seed, penalty, seconds, scores in db.execute(
                    "select seed, penalty, seconds, scores from run where cell = ?", (key,)
                )
            }
            if any(seed not in rows for seed in seeds):
                return None
            (gold,) = db.execute("select gold from cell where key = ?", (key,)).fetchone()
        found = [rows[seed] for seed in seeds]
        try:
            runs = CellRuns(
                scores=np.array([json.loads(row[2]) for row in found], dtype=np.float64),
                penalties=np.array([row[0] for row in found]),
                seconds=np.array([row[1] for row in found]),
                gold=None if gold is None else np.array(json.loads(gold), dtype=np.float64),
            )
            if runs.scores.ndim != 2 or not np.isfinite(runs.scores).all():
                raise ValueError("scores that are no numbers")
        except (TypeError, ValueError) as error:
            raise self._unusable(error) from error
        return runs

    def put(
        self,
        key: str,
        about: dict[str, Any],
        seeds: Sequence[int],
        runs: CellRuns,
    ) -> None:
        """Write the runs of one cell, all or none; runs already there stay as they are.

        Args:
            key: see ``cell_key``.
            about: ``model``, ``scheme``, ``curve`` and ``metrics``, so that the file explains
                itself.
            seeds: of the runs.
            runs: what they gave.
        """
        gold = None if runs.gold is None else json.dumps(runs.gold.tolist())
        head = (key, about["model"], about["scheme"], json.dumps(about["curve"]))
        with self._open() as db:
            db.execute(
                "insert or ignore into cell values (?, ?, ?, ?, ?, ?)",
                (*head, json.dumps(about["metrics"]), gold),
            )
            db.executemany(
                "insert or ignore into run values (?, ?, ?, ?, ?)",
                [
                    (key, int(seed), float(penalty), float(seconds), json.dumps(scores.tolist()))
                    for seed, penalty, seconds, scores in zip(
                        seeds, runs.penalties, runs.seconds, runs.scores, strict=True
                    )
                ],
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as db, db:
                yield db
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StorageError:
        return StorageError(
            f"{self.path}: the store of runs cannot be used ({error}); free some space or "
            "remove the file, and run again"
        )


def _write_ahead(db: sqlite3.Connection) -> None:
    """Switch to the mode in which concurrent readers and writers do not wait for each other.

    While somebody else uses a new file SQLite refuses the switch at once, whatever its timeout.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            # Where a file system cannot do it, the file stays in the mode that it is in.
            db.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
