"""The house stands: no circles, private files stay private, files are short, floors are complete.

What may import what between floors is the import contract in pyproject.toml (`make imports`).
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from import_graph import (
    MODULES,
    PATHS,
    SOURCE,
    circles,
    home,
    imported_modules,
    imported_names,
)

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from repository import repository_files  # noqa: E402 - tools/ is no package

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def test_no_circles() -> None:
    """No module of the package imports another that imports it, type checking included."""
    found = circles({module: imported_modules(module) for module in PATHS})
    assert [sorted(circle) for circle in found] == []


def test_circles_are_found() -> None:
    """The search finds a circle of two, one of three, and nothing in a chain."""
    graph = {"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"e"}, "e": {"c", "a"}, "f": {"a", "c"}}
    assert circles(graph) == [frozenset("ab"), frozenset("cde")]
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


def test_imports_are_followed_through_packages() -> None:
    """A name that a package only lists counts as an import of the file that defines it."""
    assert home("suffice", "Curve") == "suffice.curve"
    assert home("suffice.curve", "Curve") == "suffice.curve"
    assert "suffice.errors" in imported_modules("suffice.curve")


def test_private_files_stay_private() -> None:
    """A file whose name starts with an underscore is imported by its own room alone."""
    outside = []
    for path in MODULES:
        room = path.relative_to(SOURCE).with_suffix("").parts[:-1]
        for name in imported_names(path):
            parts = tuple(name.split("."))
            private = [i for i, part in enumerate(parts) if part.startswith("_")]
            if parts[0] == "suffice" and private and room[: private[0]] != parts[: private[0]]:
                outside.append(f"{path.relative_to(ROOT)} imports {name}")
    assert outside == []


def test_every_module_has_its_floor() -> None:
    """The import contract is exhaustive, and names every file and room at the top but ``_lazy``."""
    (floors,) = (c for c in CONTRACTS["contracts"] if c["type"] == "layers")
    assert floors["exhaustive"] is True
    assert floors["exhaustive_ignores"] == ["_lazy"]
    placed = {name for layer in floors["layers"] for name in re.findall(r"\w+", layer)}
    top = {name.split(".")[1] for name in PATHS if name != "suffice"}
    assert top - {"_lazy"} == placed


def test_files_are_short() -> None:
    """The middle file has no more than 260 lines, nine in ten have no more than 450."""
    lengths = sorted(
        len(path.read_text(encoding="utf-8").splitlines())
        for path in repository_files()
        if path.suffix == ".py"
    )
    assert statistics.median(lengths) <= 260
    assert statistics.quantiles(lengths, n=10)[-1] <= 450


def test_no_file_is_too_long() -> None:
    """No Python file is longer than the limit of 500 lines."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "check_length.py"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("lines", "fails"), [(500, False), (501, True)])
def test_length_check_can_fail(lines: int, fails: bool, tmp_path: Path) -> None:
    """A file of 501 lines fails the length check, one of 500 does not."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("check_length.py", "repository.py"):
        (tools / name).write_text((ROOT / "tools" / name).read_text())
    (tmp_path / "long.py").write_text("x = 1\n" * lines)
    done = subprocess.run(
        [sys.executable, tools / "check_length.py"], capture_output=True, text=True
    )
    assert done.returncode == int(fails)
    assert ("long.py: 501 lines" in done.stdout) == fails


def test_constants_check_can_fail(tmp_path: Path) -> None:
    """Numbers without words and salts without a name are found; what is explained is not."""
    done = _check_constants(
        tmp_path,
        "# Why both: measured.\nABOVE = 3\nALSO = 4\n\nBESIDE = 5  # a convention\n"
        'BELOW = 6\n"""Chosen."""\nNONE = 0\nOTHER = "7"\nRNG = rng([STREAM, seed])\n'
        'FIRST = 7\nSECOND = 8\n"""Both chosen."""\nclass Kind(IntEnum):\n    NAME = 2\n',
    )
    assert done.returncode == 0
    assert done.stdout == "0 numbers and streams do not say where they come from\n"
    done = _check_constants(tmp_path, "BARE = 3\nPAIR = (0.1, 2)\nrng = default_rng([seed, 7])\n")
    assert done.returncode == 1
    assert [line.split(": ", 1)[1] for line in done.stdout.splitlines()[:3]] == [
        "BARE",
        "PAIR",
        "[seed, 7]",
    ]


def _check_constants(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    for part in ("tools", "src/suffice"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name in ("check_constants.py", "repository.py"):
        (folder / "tools" / name).write_text((ROOT / "tools" / name).read_text())
    (folder / "src" / "suffice" / "some.py").write_text(source)
    command = [sys.executable, folder / "tools" / "check_constants.py", "--list"]
    return subprocess.run(command, capture_output=True, text=True)
