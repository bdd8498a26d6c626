"""An audit onto the disk."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from suffice._disk import write_atomic
from suffice.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from suffice.supply._audit import Audit


def write_audit(audit: Audit, folder: Path) -> list[Path]:
    """Write every table as CSV, and summary.json, into a folder."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in _frames(audit).items():
            stream = io.BytesIO()
            frame.write_csv(stream, float_precision=6)
            path = folder / f"{name}.csv"
            write_atomic(path, stream.getvalue())
            written.append(path)
        path = folder / "summary.json"
        text = json.dumps(audit.summary, indent=2, ensure_ascii=False, allow_nan=False)
        write_atomic(path, text.encode() + b"\n")
        written.append(path)
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be written ({error.strerror}): name another folder"
        ) from error
    return written


def _frames(audit: Audit) -> dict[str, pl.DataFrame]:
    """File -> frame; what the labels do not speak of has no file."""
    frames = {name: getattr(audit, name) for name in ("tasks", "workers", "sources", "pairs")}
    if (found := audit.preferences) is not None:
        frames |= {"items": found.items, "positions": found.workers, "preferences": found.tasks}
    if (split := audit.split) is not None:
        frames |= {"split_workers": split.workers, "split_tasks": split.tasks}
    return {name: frame for name, frame in frames.items() if frame is not None}
