"""Settings in YAML: all of it where PyYAML is installed, plain ``key: value`` lines otherwise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

_LINE = re.compile(r"^( *)([\w.\-/]+):(?:\s+(.*?))?\s*$")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def read_yaml(path: Path) -> dict[str, Any]:
    """Read settings.

    Without PyYAML nested mappings of plain values are read by their indentation; lists and texts
    of several lines are passed over.

    Raises:
        InputError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"it cannot be read ({error})", where=str(path)) from None
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return plain(text)
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"it is no YAML ({str(error).splitlines()[0]})", where=str(path)) from None
    return found if isinstance(found, dict) else {}


def plain(text: str) -> dict[str, Any]:
    """Nested mappings of plain values, by their indentation."""
    root: dict[str, Any] = {}
    open_maps: list[tuple[int, dict[str, Any]]] = [(-1, root)]
    for line in text.splitlines():
        found = _LINE.match(line.split(" #", 1)[0].rstrip())
        if not found or line.lstrip().startswith(("#", "-")):
            continue
        indent, key, value = len(found[1]), found[2], found[3]
        while open_maps[-1][0] >= indent:
            open_maps.pop()
        if value is None:
            open_maps[-1][1][key] = {}
            open_maps.append((indent, open_maps[-1][1][key]))
        else:
            open_maps[-1][1][key] = _value(value)
    return root


def _value(text: str) -> str | float | int | bool | None:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
