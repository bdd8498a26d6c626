"""What a user says of a label file, where the file does not tell it by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Asked:
    """How a file is to be read.

    Attributes:
        columns: our name -> the name in the file.
        workers: names of columns that hold one worker's labels each; ``*`` and ``?`` in a name
            stand for any characters and for one.
        drop_missing: leave out rows without a task, worker or label instead of refusing them.
        missing: labels that mean no answer, beside those that surely do.
        classes: all labels that there can be; none of them is taken as no answer, or as another
            spelling of one of the others.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    drop_missing: bool = False
    missing: Sequence[str] = ()
    classes: Sequence[str] = ()
    workers: tuple[str, ...] = ()


NOTHING = Asked()
"""Nothing was said."""
