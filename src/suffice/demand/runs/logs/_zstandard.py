"""Members of ZIP archives that are compressed by Zstandard, which Python reads from 3.14 on."""

from __future__ import annotations

import zipfile
from importlib import import_module
from typing import TYPE_CHECKING

from suffice.errors import MissingError

if TYPE_CHECKING:
    from pathlib import Path

_ZSTANDARD = 93
"""The method's number in the ZIP format (APPNOTE 6.3.10, 4.4.5)."""


def read_member(path: Path, member: zipfile.ZipInfo) -> bytes:
    """The content of a member.

    Raises:
        MissingError: it is compressed by Zstandard, and nothing here can unpack that.
    """
    if member.compress_type != _ZSTANDARD:
        with zipfile.ZipFile(path) as archive:
            return archive.read(member.filename)
    with path.open("rb") as stream:
        stream.seek(member.header_offset + 26)  # the header is 30 bytes, then name and extra field
        sizes = stream.read(4)
        names = int.from_bytes(sizes[:2], "little") + int.from_bytes(sizes[2:], "little")
        stream.seek(member.header_offset + 30 + names)
        packed = stream.read(member.compress_size)
    return _unpack(packed, path)


def _unpack(packed: bytes, path: Path) -> bytes:
    try:
        return bytes(import_module("compression.zstd").decompress(packed))
    except ImportError:
        pass
    try:
        import zstandard  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise MissingError(
            f"{path}: its members are compressed by Zstandard (pip install zstandard, or write it "
            "as JSON with `inspect log convert --to json`)"
        ) from None
    return bytes(zstandard.ZstdDecompressor().decompressobj().decompress(packed))
