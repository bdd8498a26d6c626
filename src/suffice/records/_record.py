"""A file of a results folder: read and checked, written whole or not at all.

Every file states the version of its layout. A file without one was written before versions were:
it counts as version 0. Whoever meets a version that it does not know, or a file that is damaged,
gets one line that names the file, the version and what to do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import ValidationError

from suffice._disk import remove_file, write_file
from suffice.errors import InputError
from suffice.records._part import Count, Sparse

if TYPE_CHECKING:
    from pathlib import Path


class Versioned(Sparse):
    """One file of JSON, or one line of it, that states the version of its layout.

    Attributes:
        made_by: the command that writes it.
        oldest: the oldest version that is still understood.
        version: of the layout. Raise the default in a subclass when its layout changes, and
            teach ``upgraded`` the step, or raise ``oldest``.
    """

    made_by: ClassVar[str]
    oldest: ClassVar[int] = 0

    version: Count = 1

    @classmethod
    def current(cls) -> int:
        """The version that is written."""
        return int(cls.model_fields["version"].default)

    @classmethod
    def upgraded(cls, values: Any, version: int) -> Any:  # noqa: ANN401 - JSON of any shape
        """What an older version held, in the layout of the current one.

        Args:
            values: the file's JSON.
            version: the version that it states, from ``oldest`` on.
        """
        del version
        return values

    @classmethod
    def parse(cls, raw: bytes, where: str) -> Self:
        """Read and check the bytes of a file.

        Args:
            raw: what it holds.
            where: its name in messages.

        Raises:
            InputError: they are damaged, of a version that is not known, or break the layout;
                names the version, the key and the remedy.
        """
        again = f"write it again with `{cls.made_by}`"
        try:
            values = json.loads(raw)
        except ValueError as error:
            raise InputError(f"is damaged ({error})", where=where, fix=again) from error
        version = values.get("version", 0) if isinstance(values, dict) else 0
        known = isinstance(version, int)
        if known and version > cls.current():
            what = f"is of version {version}, and this suffice reads versions up to {cls.current()}"
            raise InputError(what, where=where, fix=f"install a newer suffice, or {again}")
        if known and version < cls.oldest:
            what = f"is of version {version}, and this suffice reads versions from {cls.oldest} on"
            raise InputError(what, where=where, fix=again)
        try:
            if known and version < cls.current():
                values = cls.upgraded(values, version)
            return cls.model_validate(values)
        except ValidationError as error:
            old = known and version != cls.current()
            age = f"; the file is of version {version}" if old else ""
            raise InputError(first_fault(error) + age, where=where, fix=again) from error

    def as_json(self) -> dict[str, Any]:
        """What the file holds, as plain values."""
        values: dict[str, Any] = self.model_dump(mode="json")
        return {**values, "version": self.current()}


class Record(Versioned):
    """One file of a results folder.

    Attributes:
        file: its name.
        of_study: hash of the study that it answers; empty where that is not known.
    """

    file: ClassVar[str]

    of_study: str = ""

    def as_json(self) -> dict[str, Any]:
        """What the file holds, as plain values."""
        values = super().as_json()
        if not self.of_study:
            del values["of_study"]
        return values

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read and check the file of a folder.

        Raises:
            InputError: it is missing, damaged, of a version that is not known, or breaks its
                layout; names the file, the version, the key and the remedy.
        """
        found = cls.find(folder)
        if found is None:
            fix = f"run `{cls.made_by}`"
            raise InputError(f"{cls.file} is missing", where=str(folder), fix=fix)
        return found

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """``read``, or None where the folder has no such file."""
        path = folder / cls.file
        try:
            raw = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from error
        return cls.parse(raw, str(path))

    def write(self, folder: Path) -> Path:
        """Write the file whole or not at all; any number of processes may do so at a time.

        Raises:
            StorageError: the disk refuses; names the file.
        """
        path = folder / self.file
        write_file(path, json.dumps(self.as_json(), indent=1).encode() + b"\n")
        return path

    @classmethod
    def remove(cls, folder: Path) -> None:
        """Remove the file from a folder, if it is there."""
        remove_file(folder / cls.file)


def first_fault(error: ValidationError) -> str:
    """The first fault of a file, with its key; the others are counted."""
    first, *others = error.errors(include_url=False, include_input=False)
    key = ".".join(str(part) for part in first["loc"])
    more = f"; {len(others)} more faults in this file" if others else ""
    return f"key {key}: {first['msg']}{more}" if key else f"{first['msg']}{more}"
