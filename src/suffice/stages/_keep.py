"""What stages made before, kept by everything that it depends on.

A key is a hash of what goes in: the parts of the study that a stage reads, the tasks and labels,
the models, the options of the call, and the code itself with the packages that it computes with.
Whatever was made under a key is the same whenever it is made again, so it is read instead. Nothing
is kept by time: there is nothing to expire and nothing to forget to renew.
"""

from __future__ import annotations

import hashlib
import io
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._sealed import read_sealed, write_sealed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from suffice.progress import Progress

_COMPUTED_WITH = ("numpy", "scipy", "emcee", "polars", "onnxruntime", "tokenizers")
"""Packages whose versions numbers hang on; those that only draw or read forms are left out."""


@lru_cache(maxsize=1)
def code() -> str:
    """Hash of the package's own files and of the versions that it computes with."""
    from importlib.metadata import PackageNotFoundError, version

    found = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*")):
        if path.suffix in {".py", ".js", ".css", ".html"}:
            found.update(path.relative_to(package).as_posix().encode() + b"\0")
            found.update(path.read_bytes())
    for name in _COMPUTED_WITH:
        try:
            found.update(f"{name} {version(name)}\0".encode())
        except PackageNotFoundError:
            found.update(f"{name} absent\0".encode())
    return found.hexdigest()


def key(stage: str, *parts: object) -> str:
    """The key of what a stage makes from ``parts``: anything that JSON can hold.

    Raises:
        TypeError: a part has no JSON form, so that it could not be told from others.
    """
    said = json.dumps([stage, code(), *parts], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


class Kept:
    """Bundles of arrays and texts in one folder, each whole or not there at all.

    Attributes:
        folder: where they lie; made by the first write.
    """

    def __init__(self, folder: Path, progress: Progress) -> None:
        """Use ``folder``; ``progress`` is told of what had to be set aside."""
        self.folder = folder
        self._progress = progress

    def read(self, name: str) -> dict[str, NDArray[Any]] | None:
        """What was kept under a key; None where nothing is, or where it is damaged."""
        content = read_sealed(self._path(name), self._progress, "what it held is made again")
        if content is None:
            return None
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            return {part: found[part] for part in found.files}

    def write(self, name: str, parts: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays under a key, for this process and all others."""
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, **dict(parts))
        write_sealed(self._path(name), content.getvalue())

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.kept"


def as_array(text: str) -> NDArray[np.uint8]:
    """A text as bytes, for a bundle."""
    return np.frombuffer(text.encode(), dtype=np.uint8)


def as_text(array: NDArray[Any]) -> str:
    """A text that ``as_array`` made bytes of."""
    return array.astype(np.uint8).tobytes().decode()
