"""Run every command whose output the pages show, and put what it prints into the pages.

    python tools/shown.py FOLDER

A page shows an output in a fenced block below a marker: ``<!-- shown: suffice supply -->`` runs
that command; ``<!-- shown: python -->`` shows what the Python blocks above it on the same page
print (of the pages in ``PYTHON_PAGES``). All of it runs inside FOLDER, where ``examples/`` is put
first, so that the folders named in the pages lie there afterwards. Outputs are never edited.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", *(f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md"))))
PYTHON_PAGES = ("README.md", "docs/python.md")
BLOCK = re.compile(
    r"(?P<marker><!-- shown: (?P<command>[^\n]+) -->\n)```text\n(?P<output>.*?)```"
    r"|```python\n(?P<code>.*?)```",
    re.DOTALL,
)
_COLUMNS = "80"


def main() -> int:
    """Renew all pages; stop at the first command that fails."""
    if len(sys.argv) != 2:
        print("usage: python tools/shown.py FOLDER", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "examples", folder / "examples", dirs_exist_ok=True)
    for name in PAGES:
        page = ROOT / name
        before = page.read_text(encoding="utf-8")
        after = renewed(before, folder, python=name in PYTHON_PAGES)
        if after != before:
            page.write_text(after, encoding="utf-8")
        print(f"{name}: {'renewed' if after != before else 'as it was'}")
    return 0


def renewed(text: str, folder: Path, *, python: bool) -> str:
    """The page with what its commands print now."""
    names: dict[str, object] = {}
    printed = ""

    def run(match: re.Match[str]) -> str:
        nonlocal printed
        if match["code"] is not None:
            if python:
                printed = run_python(match["code"], names, folder)
            return match[0]
        output = printed if match["command"] == "python" else run_command(match["command"], folder)
        return f"{match['marker']}```text\n{output.strip(chr(10))}\n```"

    return BLOCK.sub(run, text)


def run_python(code: str, names: dict[str, object], folder: Path) -> str:
    """Run one block after those above it; what it prints."""
    out = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        exec(compile(code, "the page", "exec"), names)
    return _trimmed(out.getvalue())


def run_command(command: str, folder: Path) -> str:
    """What a command prints on standard output; its progress is left out."""
    program, *arguments = shlex.split(command)
    start = {"suffice": ["-m", "suffice.cli"], "python": []}[program]
    done = subprocess.run(
        [sys.executable, *start, *arguments],
        cwd=folder,
        env=os.environ | {"COLUMNS": _COLUMNS, "NO_COLOR": "1", "TERM": "dumb"},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{command}: exit code {done.returncode}")
    return _trimmed(done.stdout)


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
