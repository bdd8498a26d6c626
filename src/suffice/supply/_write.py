"""An audit onto the disk."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from suffice._disk import storage_errors, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.supply._audit import Audit


def write_audit(audit: Audit, folder: Path) -> list[Path]:
    """Write tasks.csv, workers.csv, sources.csv, pairs.csv and summary.json into a folder."""
    written = []
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("tasks", "workers", "sources", "pairs"):
            stream = io.BytesIO()
            getattr(audit, name).write_csv(stream, float_precision=6)
            path = folder / f"{name}.csv"
            write_atomic(path, stream.getvalue())
            written.append(path)
        path = folder / "summary.json"
        text = json.dumps(audit.summary, indent=2, ensure_ascii=False, allow_nan=False)
        write_atomic(path, text.encode() + b"\n")
        written.append(path)
    return written
