"""Lazy exports: nothing is loaded before it is used, and the two lists of names agree."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import suffice
from suffice._lazy import lazy_exports

SOURCE = Path(suffice.__file__).parent
PACKAGES = [
    ".".join(("suffice", *path.parent.relative_to(SOURCE).parts))
    for path in SOURCE.rglob("__init__.py")
]
EXPORTING = [name for name in PACKAGES if hasattr(importlib.import_module(name), "__all__")]
HEAVY = {
    "altair",
    "jax",
    "numpy",
    "onnx",
    "onnxruntime",
    "polars",
    "pyarrow",
    "scipy",
    "tokenizers",
    "torch",
    "vl_convert",
}


def _promised(package: str) -> set[str]:
    """The public names that an ``__init__`` shows to type checkers."""
    path = SOURCE.parent / Path(*package.split(".")) / "__init__.py"
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for line in node.body:
                if isinstance(line, ast.ImportFrom):
                    names |= {alias.asname or alias.name for alias in line.names}
                elif isinstance(line, ast.Assign):
                    names |= {target.id for target in line.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("package", EXPORTING)
def test_both_lists_agree(package: str) -> None:
    """What type checkers are told is what the running package gives."""
    assert set(importlib.import_module(package).__all__) == _promised(package)


@pytest.mark.parametrize("package", EXPORTING)
def test_all_names_resolve(package: str) -> None:
    """Every name in ``__all__`` can be had, and ``dir`` lists it."""
    module = importlib.import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)


@pytest.mark.parametrize("package", PACKAGES)
def test_import_loads_nothing_heavy(package: str) -> None:
    """Importing a room in a fresh interpreter loads no numerical or plotting package."""
    code = f"import sys, {package}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_help_loads_nothing_heavy() -> None:
    """`suffice --help` stays quick: it loads no numerical or plotting package."""
    code = (
        "import atexit, sys; from suffice.cli import main\n"
        "atexit.register(lambda: print(*(name.partition('.')[0] for name in sys.modules)))\n"
        "main(['--help'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.splitlines()[-1].split())


def test_rooms_stay_rooms() -> None:
    """A function never takes the place of the room of the same name."""
    for package in PACKAGES:
        parent, _, name = package.rpartition(".")
        if parent:
            module = importlib.import_module(package)
            assert getattr(importlib.import_module(parent), name) is module


def test_unknown_name_is_an_attribute_error() -> None:
    """A misspelled name fails as it does on any module."""
    with pytest.raises(AttributeError, match="module 'suffice' has no attribute 'Chanel'"):
        suffice.Chanel  # noqa: B018


def test_value_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first use the name is an ordinary attribute."""
    package = type(sys)("made_up")
    monkeypatch.setitem(sys.modules, "made_up", package)
    get, names, exported = lazy_exports("made_up", {"json": ("dumps", "loads")})
    assert exported == ["dumps", "loads"]
    assert not {"dumps", "loads"} & set(vars(package))
    assert get("loads") is json.loads
    assert vars(package)["loads"] is json.loads
    assert "dumps" in names()


def test_two_modules_cannot_give_one_name():
    """A package that would export two things under one name says so when it is imported."""
    with pytest.raises(ValueError, match=r"bar comes from foo\.a and from foo\.b"):
        lazy_exports("foo", {"foo.a": ("bar",), "foo.b": ("baz", "bar")})
