"""Every format that label files come in, in the order in which they are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from suffice.labels.formats import (
    _argilla,
    _doccano,
    _graded,
    _ground_truth,
    _inspect,
    _label_studio,
    _lm_eval,
    _long,
    _mturk,
    _multipref,
    _nested,
    _polis,
    _potato,
    _preferences,
    _prodigy,
    _toloka,
    _unpaired,
    _wide,
)

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable


class Format(Protocol):
    """A reader of one format: a file of this folder that has these three names."""

    NAME: str
    """What messages call it."""

    def is_mine(self, frame: pl.DataFrame, asked: Asked) -> bool:
        """Whether a raw frame is of this format, told from its columns and a look at its cells.

        Args:
            frame: the raw rows, as ``read_frame`` gives them.
            asked: what the user said of the file.
        """

    def read(self, frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
        """The label table of a raw frame.

        Args:
            frame: the raw rows.
            origin: the file, for messages.
            asked: what the user said of the file.

        Raises:
            InputError: there is nothing to read in it, or it lacks a column.
        """


FORMATS: tuple[Format, ...] = (
    _label_studio,
    _argilla,
    _prodigy,
    _doccano,
    _potato,
    _mturk,
    _toloka,
    _ground_truth,
    _multipref,
    _graded,
    _polis,
    _inspect,
    _lm_eval,
    _preferences,
    _unpaired,
    _nested,
    _wide,
    _long,
)
"""The first that says ``is_mine`` reads: exports have columns that a plain table may have too."""
