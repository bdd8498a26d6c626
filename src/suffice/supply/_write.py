"""An audit onto the disk."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from suffice._disk import write_atomic
from suffice.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from suffice.records import AuditRecord, RankingRecord, ScaleRecord


def write_tables(
    tables: Mapping[str, pl.DataFrame],
    summary: AuditRecord | ScaleRecord | RankingRecord,
    folder: Path,
) -> list[Path]:
    """Write every table as CSV, and summary.json, into a folder.

    Args:
        tables: name of the file without its ending -> rows.
        summary: all else.
        folder: made if it is not there.

    Raises:
        StorageError: the disk refused.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in tables.items():
            stream = io.BytesIO()
            frame.write_csv(stream, float_precision=6)
            path = folder / f"{name}.csv"
            write_atomic(path, stream.getvalue())
            written.append(path)
        written.append(summary.write(folder))
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be written ({error.strerror}): name another folder"
        ) from error
    return written
