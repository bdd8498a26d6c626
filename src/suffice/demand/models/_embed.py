"""Vectors of texts, kept on disk so that each is computed once.

One folder a model. ``rows.f32`` holds the rows one after another, ``records.bin`` one record a
row: the text's hash, the row's checksum (seeded with the model's fingerprint, so that the files of
another model are none of its own), and a remark. Rows are written before their records, and
both only ever grow, so whatever is killed halfway leaves at most a tail that the next writer cuts
off. Readers need no lock; writers hold one while they append.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zlib
from typing import TYPE_CHECKING, Protocol

import numpy as np

from suffice._disk import lock_file, storage_errors, write_atomic
from suffice.demand.models._encoders import Batch, clean_texts, note_remarks
from suffice.fetch import cache_folder
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.progress import Progress

_HASH_BYTES = 16
"""Of a text's digest: two of a billion texts share one with chance 10^-21."""

_RECORD = np.dtype([("text", f"V{_HASH_BYTES}"), ("crc", "<u4"), ("remark", "<u4")])
_FLOAT = np.dtype("<f4")


class Model(Protocol):
    """What turns texts into vectors; see ``Encoder`` for the attributes."""

    name: str
    fingerprint: str
    dim: int
    parameters: int
    about: str

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """One vector of unit length a text: float32 [text, dim]."""

    def batches(self, texts: Sequence[str], progress: Progress | None = None) -> Iterator[Batch]:
        """The same, batch by batch, in an order of the model's own."""


def embed_cached(
    model: Model, texts: Sequence[str], progress: Progress | None = None
) -> NDArray[np.float32]:
    """One vector of unit length a text, computing only those that were never computed before.

    What was computed is kept batch by batch: after an interrupt the next call goes on from there.
    Two processes may ask at once; each row that is damaged on disk is noticed and computed anew.

    Args:
        model: what computes the vectors.
        texts: any strings; those that occur more than once are computed once.
        progress: advances by texts computed.

    Returns:
        float32 [text, dim], in memory.

    Raises:
        InputError: an item is no string.
        MissingError: the model's weights are needed and could not be fetched.
        StorageError: the disk is full or the cache cannot be written. What was kept stays.
    """
    shown = progress if progress is not None else SilentProgress()
    clean = clean_texts(texts, shown)
    keys = [hashlib.blake2b(text.encode(), digest_size=_HASH_BYTES).digest() for text in clean]
    store = _Store(model)
    with storage_errors(store.folder):
        vectors, remarks, absent = store.read(keys)
        if store.damaged:
            shown.note(f"{store.damaged} cached vectors are damaged: computing them again")
        if len(absent):
            first_at = {keys[i]: i for i in reversed(absent)}
            todo = list(first_at.values())
            at = {key: row for row, key in enumerate(first_at)}
            fresh = np.empty((len(todo), model.dim), dtype=np.float32)
            fresh_remarks = np.empty(len(todo), dtype=np.uint32)
            with shown.step(f"embed with {model.name}", total=len(todo)) as step:
                for batch in model.batches([clean[i] for i in todo], shown):
                    fresh[batch.rows], fresh_remarks[batch.rows] = batch.vectors, batch.remarks
                    store.append([keys[todo[row]] for row in batch.rows], batch)
                    step.advance(len(batch.rows))
            from_fresh = [at[keys[i]] for i in absent]
            vectors[absent], remarks[absent] = fresh[from_fresh], fresh_remarks[from_fresh]
    note_remarks(model.name, remarks, shown)
    return vectors


class _Store:
    """The vectors that one model has computed on this machine."""

    def __init__(self, model: Model) -> None:
        label = re.sub(r"[^A-Za-z0-9._@-]+", "-", model.name)[-60:]
        self.folder: Path = cache_folder() / "vectors" / f"{label}-{model.fingerprint[:16]}"
        self.damaged = 0
        self._dim = model.dim
        self._about = {"model": model.name, "fingerprint": model.fingerprint, "dim": model.dim}
        self._keys, self._vectors = self.folder / "records.bin", self.folder / "rows.f32"
        self._salt = zlib.crc32(model.fingerprint.encode())
        self._known: set[bytes] = set()
        self._n_read = 0

    @property
    def _row_bytes(self) -> int:
        return self._dim * _FLOAT.itemsize

    def _n_rows(self) -> int:
        """How many rows are whole, with their record."""
        try:
            n_records = self._keys.stat().st_size // _RECORD.itemsize
            n_vectors = self._vectors.stat().st_size // self._row_bytes
            # A killed writer leaves vectors without records, never the other way round.
            self.damaged = max(n_records - n_vectors, 0)
            return min(n_records, n_vectors)
        except FileNotFoundError:
            return 0

    def read(
        self, keys: Sequence[bytes]
    ) -> tuple[NDArray[np.float32], NDArray[np.uint32], NDArray[np.int64]]:
        """Vectors [key, dim] and remarks [key] of what is there, and the indices of the rest."""
        vectors = np.zeros((len(keys), self._dim), dtype=np.float32)
        remarks = np.zeros(len(keys), dtype=np.uint32)
        self._n_read = n_rows = self._n_rows()
        if n_rows == 0:
            return vectors, remarks, np.arange(len(keys))
        records = np.fromfile(self._keys, dtype=_RECORD, count=n_rows)
        # A later row of the same text replaces a damaged one.
        row_of = {key: row for row, key in enumerate(records["text"].tolist())}
        rows = np.asarray([row_of.get(key, -1) for key in keys], dtype=np.int64)
        there = np.flatnonzero(rows >= 0)
        table = np.memmap(self._vectors, dtype=_FLOAT, mode="r", shape=(n_rows, self._dim))
        found = np.ascontiguousarray(table[rows[there]])
        sums = np.fromiter(
            (zlib.crc32(row, self._salt) for row in found), dtype=np.uint32, count=len(found)
        )
        whole = sums == records["crc"][rows[there]]
        vectors[there[whole]] = found[whole]
        remarks[there[whole]] = records["remark"][rows[there[whole]]]
        bad = {keys[i] for i in there[~whole]}
        self.damaged += len(bad)
        if (rows < 0).any():  # a record that says nothing was overwritten
            self.damaged += int((records["text"] == np.void(bytes(_HASH_BYTES))).sum())
        self._known = set(row_of) - bad
        rows[there[~whole]] = -1
        return vectors, remarks, np.flatnonzero(rows < 0)

    def append(self, keys: Sequence[bytes], batch: Batch) -> None:
        """Add rows, unless another process has added them since this one read."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with lock_file(self.folder / "lock"):
            n_rows = self._n_rows()
            if n_rows == 0 and not (self.folder / "model.json").exists():
                write_atomic(self.folder / "model.json", json.dumps(self._about).encode())
            self._learn(n_rows)
            new = [i for i, key in enumerate(keys) if key not in self._known]
            rows = np.ascontiguousarray(batch.vectors[new], dtype=_FLOAT)
            records = np.empty(len(new), dtype=_RECORD)
            records["text"] = np.frombuffer(b"".join(keys[i] for i in new), dtype="V16")
            records["crc"] = [zlib.crc32(row, self._salt) for row in rows]
            records["remark"] = batch.remarks[new]
            _append_at(self._vectors, n_rows * self._row_bytes, rows.tobytes())
            _append_at(self._keys, n_rows * _RECORD.itemsize, records.tobytes())
            self._known.update(keys)
            self._n_read = n_rows + len(new)

    def _learn(self, n_rows: int) -> None:
        """Read which texts other processes have added."""
        if n_rows > self._n_read:
            offset = self._n_read * _RECORD.itemsize
            count = n_rows - self._n_read
            added = np.fromfile(self._keys, dtype=_RECORD, count=count, offset=offset)
            self._known.update(added["text"].tolist())


def _append_at(path: Path, offset: int, content: bytes) -> None:
    """Write at ``offset``, where what is whole ends, and cut off what a killed writer left."""
    with path.open("r+b" if path.exists() else "xb") as stream:
        stream.truncate(offset)
        stream.seek(offset)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
