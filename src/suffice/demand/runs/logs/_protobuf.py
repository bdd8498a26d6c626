"""Protocol buffers without their schema: the numbered fields of a message.

Wire format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types, as the format defines them."""


class BrokenMessageError(ValueError):
    """The bytes end inside a field, or are no message."""


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field: integers as they are, all else as bytes.

    Raises:
        BrokenMessageError: the bytes are no message.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == BYTES:
            size, at = _varint(data, at)
        elif wire == FIXED64:
            size = 8
        elif wire == FIXED32:
            size = 4
        else:
            raise BrokenMessageError(f"wire type {wire}")
        if at + size > len(data):
            raise BrokenMessageError("cut off")
        yield number, data[at : at + size]
        at += size


def signed(value: int | bytes) -> int:
    """A varint as a 64-bit number with sign."""
    assert isinstance(value, int)
    return value - (1 << 64) if value >= 1 << 63 else value


def number(value: int | bytes) -> float:
    """A float or double by its width."""
    assert isinstance(value, bytes)
    return float(struct.unpack("<f" if len(value) == 4 else "<d", value)[0])


def text(value: int | bytes) -> str:
    """A string."""
    assert isinstance(value, bytes)
    return value.decode("utf-8", errors="replace")


def message(value: int | bytes) -> bytes:
    """A message within the message."""
    assert isinstance(value, bytes)
    return value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise BrokenMessageError("cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
