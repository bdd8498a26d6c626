"""Fail when a Python file is longer than 500 lines; warn from 450."""

from __future__ import annotations

import sys

from repository import ROOT, repository_files

LIMIT = 500
"""Lines that are read in one sitting; more means that a file does two things."""
WARN_FROM = 450
"""Nine files in ten stay below this."""


def main() -> int:
    """Print the files that are too long, and those that soon will be."""
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in repository_files()
        if path.suffix == ".py"
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > LIMIT}
    for name, lines in lengths.items():
        if lines > LIMIT:
            print(f"{name}: {lines} lines, the limit is {LIMIT}: split it")
        elif lines > WARN_FROM:
            print(f"warning: {name}: {lines} lines, the limit is {LIMIT}")
    middle = sorted(lengths.values())[len(lengths) // 2]
    print(f"{len(lengths)} Python files, the middle one has {middle} lines")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
