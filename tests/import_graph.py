"""What imports what inside the package, read from its source: for tests of its architecture."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
MODULES = sorted((SOURCE / "suffice").rglob("*.py"))


def _name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {_name(path): path for path in MODULES}


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(PATHS[module].read_text(encoding="utf-8"))


def _is_package(module: str) -> bool:
    return PATHS[module].name == "__init__.py"


def _type_checking(module: str) -> list[ast.stmt]:
    """What a module imports for type checkers alone; in a package, its list of exports."""
    return [
        line
        for node in _tree(module).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for line in node.body
    ]


@cache
def _exports(package: str) -> dict[str, tuple[str, str]]:
    """Public name -> the module that the package takes it from, and its name there."""
    return {
        alias.asname or alias.name: (line.module or "", alias.name)
        for line in _type_checking(package)
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }


def home(module: str, name: str) -> str:
    """The module that ``from module import name`` reaches in the end, through lists of exports."""
    if f"{module}.{name}" in PATHS:
        return f"{module}.{name}"
    if _is_package(module) and name in _exports(module):
        return home(*_exports(module)[name])
    return module


def imported_modules(module: str) -> set[str]:
    """Modules of the package that this one imports: anywhere, for type checkers as well.

    A package's own list of exports is no import of it: nothing happens by it.
    """
    listed = set(map(id, _type_checking(module))) if _is_package(module) else set()
    found: set[str] = set()
    for node in ast.walk(_tree(module)):
        if id(node) in listed:
            continue
        if isinstance(node, ast.ImportFrom) and node.module in PATHS:
            found |= {home(node.module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in PATHS}
    return found - {module}


def circles(graph: dict[str, set[str]]) -> list[frozenset[str]]:
    """Groups of modules that import each other, whether directly or by way of others."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            for after in graph[ahead.pop()] - seen:
                seen.add(after)
                ahead.append(after)
        reach[start] = seen
    found = {frozenset(b for b in reach[a] if a in reach[b]) for a in graph if a in reach[a]}
    return sorted(found, key=sorted)


def imported_names(path: Path) -> list[str]:
    """Every module or name that a file imports, in full."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names
