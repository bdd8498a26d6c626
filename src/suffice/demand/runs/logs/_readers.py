"""Every format of logs that is read, and where logs lie in a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from suffice.demand.runs.logs import (
    _evaluations,
    _json_lines,
    _sqlite,
    _tensorboard,
    _trainer,
    _wandb,
)
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from suffice.demand.runs.logs._log import RunLog


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        kind: the program that writes it.
        claims: which files of a folder are its own.
        read: those files as runs.
    """

    kind: str
    claims: Callable[[Path, list[str]], list[str]]
    read: Callable[[Path, list[str]], list[RunLog]]


FORMATS = (
    Format(_evaluations.LM_EVAL, _evaluations.claims_lm_eval, _evaluations.read_lm_eval),
    Format(_evaluations.INSPECT, _evaluations.claims_inspect, _evaluations.read_inspect),
    Format(f"{_sqlite.MLFLOW} and {_sqlite.TRACKIO}", _sqlite.claims, _sqlite.read),
    Format(_json_lines.TINKER, _json_lines.claims_tinker, _json_lines.read_tinker),
    Format(_json_lines.VERL, _json_lines.claims_verl, _json_lines.read_verl),
    Format(_wandb.KIND, _wandb.claims, _wandb.read),
    Format(_wandb.EXPORT, _wandb.claims_export, _wandb.read_export),
    Format(_tensorboard.KIND, _tensorboard.claims, _tensorboard.read),
)
"""Formats of which a file is of one alone; the Trainer's runs span folders and come before."""

KINDS = (_trainer.KIND, *(f.kind for f in FORMATS))
"""The programs whose logs are read."""


@dataclass(frozen=True)
class Place:
    """Logs that one reader takes together.

    Attributes:
        kind: of their format.
        folder: where they lie.
        names: their files.
    """

    kind: str
    folder: Path
    names: tuple[str, ...]

    def read(self) -> list[RunLog]:
        """The runs in it."""
        if self.kind == _trainer.KIND:
            return _trainer.read(self.folder)
        form = next(f for f in FORMATS if f.kind == self.kind)
        return form.read(self.folder, list(self.names))


def places(given: Iterable[str | Path]) -> list[Place]:
    """Find logs in folders and below, in order of their paths.

    Raises:
        InputError: a folder is not there.
    """
    found: dict[tuple[str, Path], Place] = {}
    for one in given:
        top = Path(one)
        if not top.exists():
            raise InputError("no such folder", where=str(top), fix="check the path")
        for folder, names in _folders(top):
            if _trainer.claims(folder, names):
                root = _trainer.root_of(folder)
                found[_trainer.KIND, root] = Place(_trainer.KIND, root, ())
            left = sorted(names)
            for form in FORMATS:
                taken = form.claims(folder, left)
                if taken:
                    left = [n for n in left if n not in taken]
                    found[form.kind, folder] = Place(form.kind, folder, tuple(taken))
    return list(found.values())


def _folders(top: Path) -> Iterable[tuple[Path, list[str]]]:
    if top.is_file():
        yield top.parent, [top.name]
        return
    for folder, below, names in os.walk(top):
        below[:] = sorted(n for n in below if not n.startswith(".") and n != "__pycache__")
        yield Path(folder), names
