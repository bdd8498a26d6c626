"""Count numbers that shape an answer without saying where they come from; and nameless streams.

    python tools/check_constants.py            print how many each room has left; fail where any
    python tools/check_constants.py --list     print each as file:line, too

A module's numeric constant (a number, or a tuple or dictionary of numbers) needs words beside it:
a comment above it or above its group, one on its own line, or a string below it or below it and
the next. Zero and one need none. A random generator is made from a stream's name
(``suffice._streams``), not from a list of a seed and a literal number.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = ROOT / "src" / "suffice"
OBVIOUS = {0, 1}
"""Numbers that say themselves what they are."""
_ASSIGNED = re.compile(r"\s*_?[A-Z][A-Z0-9_, ]*(: [^=]+)?= ")
STREAMS = "_streams.py"
"""The one file in which salts are numbers."""


def main() -> int:
    """Print what is left, by room; with ``--list`` each."""
    found = [line for path in sorted(SOURCE.rglob("*.py")) for line in findings(path)]
    if "--list" in sys.argv:
        for path, number, what in found:
            print(f"{path.relative_to(ROOT)}:{number}: {what}")
    rooms = Counter(_room(path) for path, _, _ in found)
    for room, count in sorted(rooms.items()):
        print(f"{room}: {count}")
    print(f"{len(found)} numbers and streams do not say where they come from")
    return 1 if found else 0


def findings(path: Path) -> Iterator[tuple[Path, int, str]]:
    """File, line and name of each constant without words and each stream without a name."""
    if path.name == STREAMS:
        return
    text = path.read_text(encoding="utf-8")
    lines, tree = text.splitlines(), ast.parse(text)
    for body in _bodies(tree):
        for i, here in enumerate(body):
            if (name := _constant(here)) and not _is_explained(body[i : i + 3], lines):
                yield path, here.lineno, name
    for node in ast.walk(tree):
        if _is_nameless(node):
            yield path, node.lineno, ast.unparse(node)


def _bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The module and its classes: where constants stand. Numbers of an enum are names."""
    yield tree.body
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not any("Enum" in ast.unparse(b) for b in node.bases):
            yield node.body


def _constant(node: ast.stmt) -> str:
    """The name of a constant that holds numbers; empty for anything else."""
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        targets, value = [node.target], node.value
    else:
        return ""
    names = [name.id for t in targets for name in ast.walk(t) if isinstance(name, ast.Name)]
    if not names or not all(name.strip("_").isupper() for name in names):
        return ""
    return ", ".join(names) if any(n not in OBVIOUS for n in _numbers(value)) else ""


def _numbers(node: ast.expr) -> Iterator[float]:
    """The numbers that a value is made of; none where it holds anything else."""
    holds = {ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.UnaryOp, ast.BinOp, ast.Load}
    parts = list(ast.walk(node))
    plain = all(
        type(part) in holds or isinstance(part, (ast.operator, ast.unaryop)) for part in parts
    )
    if not plain:
        return
    for part in parts:
        if isinstance(part, ast.Constant) and type(part.value) in (int, float):
            yield part.value


def _is_explained(block: list[ast.stmt], lines: list[str]) -> bool:
    """Whether words stand above, beside or below; those below may speak of two lines at once.

    Args:
        block: the constant, and up to two statements that follow it.
        lines: of the file.
    """
    node = block[0]
    if any("#" in line for line in lines[node.lineno - 1 : _last(node)]):
        return True
    top = node.lineno - 1
    while top > 0 and _ASSIGNED.match(lines[top - 1]):
        top -= 1  # a comment above several constants speaks of all of them
    if top > 0 and lines[top - 1].strip().startswith("#"):
        return True
    for before, after in pairwise(block):
        if after.lineno != _last(before) + 1:
            return False
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            return isinstance(after.value.value, str)
        if not _constant(after):
            return False
    return False


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _is_nameless(node: ast.AST) -> bool:
    """Whether a list joins a seed and a literal number, as in ``default_rng([seed, 7])``."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        return False
    salted = any(isinstance(x, ast.Constant) and type(x.value) is int for x in node.elts)
    return salted and any("seed" in ast.unparse(x).lower() for x in node.elts)


def _room(path: Path) -> str:
    parts = path.relative_to(SOURCE).parts
    return "/".join(parts[:-1]) or parts[0]


if __name__ == "__main__":
    sys.exit(main())
