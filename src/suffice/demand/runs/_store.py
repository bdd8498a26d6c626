"""A store of runs that loses nothing.

Runs are rows of one SQLite file. A row is written once, under a key that names everything the run
depends on, in the same transaction as the other runs of its cell; a process that dies in between
leaves the cell unwritten and the next one trains it again. Every row has a checksum: one that does
not fit it is moved to the table ``damaged`` and trained again, and what can be read of a file that
SQLite finds damaged goes over into a new one.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from suffice._disk import lock_file, storage_errors
from suffice._sealed import set_aside
from suffice.errors import StorageError
from suffice.evidence import CellRuns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.curve import Curve

    Floats = NDArray[np.float64]

Made = TypeVar("Made")
_PATIENCE = 60.0
"""Seconds to wait for another process that writes."""

_SCHEMA = """
create table if not exists cell (
    key text primary key, model text not null, scheme text not null, curve text not null,
    metrics text not null, gold text, checksum text
);
create table if not exists run (
    cell text not null references cell (key), seed integer not null, penalty real not null,
    seconds real not null, scores text not null, checksum text, primary key (cell, seed)
);
create table if not exists damaged (content text not null);
"""
_COLUMNS = {
    "cell": ("key", "model", "scheme", "curve", "metrics", "gold"),
    "run": ("cell", "seed", "penalty", "seconds", "scores"),
}
"""What a checksum is of, in that order."""
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""What SQLite says of a file that is no store: the last is of tables that are not ours."""
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM}
_REFUSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}


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
    """Append-only store of runs, safe for several processes at once.

    Attributes:
        path: of the file.
        notes: what was found damaged, and what became of it, since somebody last took them.
    """

    def __init__(self, path: Path) -> None:
        """Open the store at ``path``, creating it where missing."""
        self.path = path
        self.notes: list[str] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{path.parent}: cannot be created ({error.strerror})") from error
        self._mending(self._prepare)

    def get(self, key: str, seeds: Sequence[int]) -> CellRuns | None:
        """The runs of a cell, in the order of ``seeds``; None unless all of them are there.

        Rows that do not fit their checksum are as good as none: they are set aside, and said.
        """
        return self._mending(lambda: self._get(key, seeds))

    def _get(self, key: str, seeds: Sequence[int]) -> CellRuns | None:
        with self._open() as db:
            bad: list[tuple[str, tuple[str, ...], tuple[object, ...]]]
            bad = [("run", ("cell", "seed"), row[:2]) for row in _rows(db, "run", key)[1]]
            rows, broken = _rows(db, "cell", key)
            bad += [("cell", ("key",), row[:1]) for row in broken]
            if bad:
                for table, names, values in bad:
                    _set_aside(db, table, names, values)
                self.notes.append(
                    f"{self.path}: {len(bad)} damaged row{'s' * (len(bad) > 1)} set aside (in its "
                    "table damaged), to be trained again"
                )
            found = {int(row[1]): row[2:] for row in _rows(db, "run", key)[0]}
            if not rows or any(seed not in found for seed in seeds):
                return None
        gold, of_seeds = rows[0][-1], [found[seed] for seed in seeds]
        runs = CellRuns(
            scores=np.array([json.loads(row[2]) for row in of_seeds], dtype=np.float64),
            penalties=np.array([row[0] for row in of_seeds]),
            seconds=np.array([row[1] for row in of_seeds]),
            gold=None if gold is None else np.array(json.loads(gold), dtype=np.float64),
        )
        if runs.scores.ndim != 2 or not np.isfinite(runs.scores).all():
            raise StorageError(
                f"{self.path}: runs of cell {key[:12]} are no numbers, as they were written; "
                "remove the file, and run again"
            )
        return runs

    def pace(self, scheme: str) -> tuple[list[int], list[float]]:
        """Labelled tasks and seconds of the newest runs of a scheme, a few hundred at most."""
        asked = (
            "select cell.curve, avg(run.seconds) from run join cell on cell.key = run.cell "
            "where cell.scheme = ? group by cell.key order by max(run.rowid) desc limit 300"
        )

        def read() -> list[tuple[str, float]]:
            with self._open() as db:
                return list(db.execute(asked, (scheme,)))

        tasks, seconds = [], []
        for curve, took in self._mending(read):
            try:
                tasks.append(sum(int(row["tasks"]) for row in json.loads(curve)))
            except (TypeError, ValueError, KeyError):
                continue
            seconds.append(float(took))
        return tasks, seconds

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
        cell: tuple[object, ...] = (
            key,
            about["model"],
            about["scheme"],
            json.dumps(about["curve"]),
        )
        cell += (json.dumps(about["metrics"]), gold)
        rows = [
            (key, int(seed), float(penalty), float(seconds), json.dumps(scores.tolist()))
            for seed, penalty, seconds, scores in zip(
                seeds, runs.penalties, runs.seconds, runs.scores, strict=True
            )
        ]
        self._mending(lambda: self._put([("cell", cell), *(("run", row) for row in rows)]))

    def _put(self, rows: Sequence[tuple[str, tuple[object, ...]]]) -> None:
        with self._open() as db:
            for table, row in rows:
                _insert(db, table, row)

    def _prepare(self) -> None:
        with self._open() as db:
            _write_ahead(db)
            db.executescript(_SCHEMA)
            for table, columns in _COLUMNS.items():
                there = [row[1] for row in db.execute(f"pragma table_info({table})")]
                if not set(columns) <= set(there):
                    raise _NoStoreError(f"its table {table} is of another kind")
                if "checksum" not in there:
                    _sign(db, table)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as db, db:
            yield db

    def _mending(self, work: Callable[[], Made]) -> Made:
        """Do something with the file; where it is damaged, with a new one that has what is left."""
        try:
            return work()
        except (sqlite3.DatabaseError, _NoStoreError) as error:
            if not _is_damage(error):
                raise self._unusable(error) from error
            said = str(error)
        with storage_errors(self.path), lock_file(self.path.with_name(f"{self.path.name}.lock")):
            try:
                # Another process may have mended it while this one waited.
                self._prepare()
                return work()
            except (sqlite3.DatabaseError, _NoStoreError) as error:
                if not _is_damage(error):
                    raise self._unusable(error) from error
            saved = _readable(self.path)
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            aside = set_aside(self.path)
            try:
                self._prepare()
                self._put(saved)
                kept = sum(table == "run" for table, _ in saved)
                self.notes.append(
                    f"{self.path} is damaged ({said}): {aside}; {kept:,} runs could be read and "
                    "are kept, the others are trained again"
                )
                return work()
            except (sqlite3.DatabaseError, _NoStoreError) as error:
                raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StorageError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        fix = "remove the file, and run again"
        if code in _FULL:
            fix = "free some space, and run again: what is stored stays"
        elif code in _REFUSED:
            fix = "set SUFFICE_CACHE to a folder that can be written"
        elif code == sqlite3.SQLITE_IOERR:
            fix = "free some space or look at the disk, and run again"
        return StorageError(f"{self.path}: the store of runs cannot be used ({error}); {fix}")


class _NoStoreError(Exception):
    """The file is a database, but no store of runs."""


def _is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, _NoStoreError) or (code is not None and code & 0xFF in _DAMAGED)


def _checksum(table: str, row: tuple[object, ...]) -> str:
    said = json.dumps([table, *row])
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def _insert(db: sqlite3.Connection, table: str, row: tuple[object, ...]) -> None:
    marks = ", ".join("?" * (len(row) + 1))
    names = ", ".join((*_COLUMNS[table], "checksum"))
    db.execute(
        f"insert or ignore into {table} ({names}) values ({marks})", (*row, _checksum(table, row))
    )


def _rows(
    db: sqlite3.Connection, table: str, key: str
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of a cell that fit their checksum, and those that do not."""
    columns = _COLUMNS[table]
    found = db.execute(
        f"select {', '.join(columns)}, checksum from {table} where {columns[0]} = ?", (key,)
    ).fetchall()
    fits = [_fits(table, row) for row in found]
    good = [row[:-1] for row, fit in zip(found, fits, strict=True) if fit]
    return good, [row[:-1] for row, fit in zip(found, fits, strict=True) if not fit]


def _fits(table: str, row: tuple[Any, ...]) -> bool:
    try:
        return bool(_checksum(table, row[:-1]) == row[-1])
    except TypeError:  # bytes, where a text was written
        return False


def _set_aside(
    db: sqlite3.Connection, table: str, names: tuple[str, ...], values: tuple[object, ...]
) -> None:
    where = " and ".join(f"{name} is ?" for name in names)
    for row in db.execute(f"select * from {table} where {where}", values).fetchall():
        db.execute("insert into damaged values (?)", (f"{table} {row!r}",))
    db.execute(f"delete from {table} where {where}", values)


def _sign(db: sqlite3.Connection, table: str) -> None:
    """Give the rows of a store from before there were checksums theirs."""
    columns = ", ".join(_COLUMNS[table])
    try:
        db.execute(f"alter table {table} add column checksum text")
    except sqlite3.OperationalError as error:
        if "duplicate column" in str(error):
            return  # another process was quicker
        raise
    for number, *row in db.execute(f"select rowid, {columns} from {table}").fetchall():
        db.execute(
            f"update {table} set checksum = ? where rowid = ?",
            (_checksum(table, tuple(row)), number),
        )


def _readable(path: Path) -> list[tuple[str, tuple[object, ...]]]:
    """Rows of a damaged file that can still be read and fit their checksums."""
    saved: dict[tuple[object, ...], tuple[str, tuple[object, ...]]] = {}
    for table, columns in _COLUMNS.items():
        for order in ("asc", "desc"):  # from both ends, up to the damage
            try:
                with closing(sqlite3.connect(path)) as db:
                    for row in db.execute(
                        f"select {', '.join(columns)}, checksum from {table} order by rowid {order}"
                    ):
                        if _fits(table, row):
                            saved[table, *row[:2]] = table, row[:-1]
            except sqlite3.DatabaseError:
                continue
    return list(saved.values())


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
