"""Public names that are imported when they are first used (PEP 562).

A package's ``__init__`` lists its names twice: once under ``TYPE_CHECKING``, for type checkers and
editors, and once for the running program:

    if TYPE_CHECKING:
        from suffice.channel import Channel as Channel

    __getattr__, __dir__, __all__ = lazy_exports(__name__, {"suffice.channel": ("Channel",)})

A test compares the two lists, so neither can be forgotten.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def lazy_exports(
    package: str, names: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make a package's ``__getattr__``, ``__dir__`` and ``__all__``.

    Args:
        package: the package's ``__name__``.
        names: module -> the names that it gives.

    Raises:
        ValueError: two modules give the same name.
    """
    origin: dict[str, str] = {}
    for module, given in names.items():
        for name in given:
            if name in origin:
                raise ValueError(f"{package}: {name} comes from {origin[name]} and from {module}")
            origin[name] = module
    exported = sorted(origin)

    def get(name: str) -> Any:  # noqa: ANN401 - it may be any public object
        if name not in origin:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(origin[name]), name)
        setattr(sys.modules[package], name, value)  # the next look-up does not come here
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *exported})

    return get, list_names, exported
