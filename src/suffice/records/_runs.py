"""runs.parquet: every training run of a study, one row each."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, Self

from suffice._disk import write_file
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from polars import DataFrame

_VERSION_KEY = "suffice_version"
"""Where the layout's version stands in the file's metadata."""


@dataclass(frozen=True)
class RunRow:
    """One real training; its fields are the table's columns, followed by one for each metric.

    Attributes:
        stage: ``grid`` or ``check``.
        model, scheme: by name.
        curve, curve_text: what was bought, as JSON and in words.
        corrupted: what was synthetic in each tranche; empty where nothing was.
        tasks, labels, cost: of the purchase.
        pool, unique_items: fingerprint of tasks, labels and gold, and how many different items
            training could meet.
        seed: of its data and training.
        penalty: the hyperparameter that was chosen for it.
        seconds: its share of the time of its batch.
        metrics: what it reached, by name.
    """

    stage: str
    model: str
    scheme: str
    curve: str
    curve_text: str
    corrupted: str
    tasks: int
    labels: int
    cost: float
    pool: str
    unique_items: int
    seed: int
    penalty: float
    seconds: float
    metrics: Mapping[str, float]


COLUMNS = tuple(f.name for f in fields(RunRow) if f.name != "metrics")
"""Columns of the table; metrics follow them."""

REPORTED = ("stage", "model", "curve_text", "seconds", "error")
"""Columns that the report cannot do without."""


@dataclass(frozen=True, eq=False)
class RunsTable:
    """runs.parquet.

    Attributes:
        frame: one row a run, with ``COLUMNS`` and the metrics.
        version: of the layout, in the file's metadata; 0 for a file that states none.
    """

    file: ClassVar[str] = "runs.parquet"
    made_by: ClassVar[str] = "suffice measure"
    current: ClassVar[int] = 1

    frame: DataFrame
    version: int = 1

    @classmethod
    def of(cls, rows: Iterable[RunRow]) -> Self:
        """A table of runs."""
        import polars as pl

        return cls(
            pl.DataFrame([{c: getattr(r, c) for c in COLUMNS} | {**r.metrics} for r in rows])
        )

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """Read and check the file of a folder; None where there is none.

        Raises:
            InputError: it is damaged, of a newer version, or a column is missing.
        """
        import polars as pl

        path = folder / cls.file
        again = f"write it again with `{cls.made_by}`"
        try:
            raw = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from error
        try:
            stated = pl.read_parquet_metadata(io.BytesIO(raw)).get(_VERSION_KEY, "0")
            frame = pl.read_parquet(io.BytesIO(raw))
        except (OSError, pl.exceptions.PolarsError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"cannot be read: {first}", where=str(path), fix=again) from error
        version = int(stated) if stated.isdecimal() else 0
        if version > cls.current:
            what = f"is of version {version}, and this suffice reads versions up to {cls.current}"
            raise InputError(what, where=str(path), fix=f"install a newer suffice, or {again}")
        for column in REPORTED:
            if column not in frame.columns:
                raise InputError(f"column {column} is missing", where=str(path), fix=again)
        return cls(frame, version)

    def only(self, stage: str) -> RunsTable:
        """The runs of one stage."""
        import polars as pl

        return RunsTable(self.frame.filter(pl.col("stage") == stage))

    def with_more(self, other: RunsTable) -> RunsTable:
        """These runs, and then others of the same metrics."""
        import polars as pl

        return RunsTable(pl.concat([self.frame, other.frame]))

    def write(self, folder: Path) -> Path:
        """Write the file whole or not at all; any number of processes may do so at a time.

        Raises:
            StorageError: the disk refuses; names the file.
        """
        content = io.BytesIO()
        self.frame.write_parquet(content, metadata={_VERSION_KEY: str(self.current)})
        path = folder / self.file
        write_file(path, content.getvalue())
        return path
