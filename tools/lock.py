"""Renew the lock file: the exact versions that suffice is installed and tested with.

    python tools/lock.py requirements.lock

Resolves the core and every extra with the newest versions that the oldest supported Python can
have, then checks that the newer Pythons can install the same ones. Run it with that oldest Python
(``make lock`` looks for it). The file holds names and versions alone, so that it works with
whatever package index the machine is set up to use.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

OLDEST = (3, 11)
NEWER = ("3.12", "3.13")
EXTRAS = "dev,oracles,peers,ray,torch"
HELD = ("torch==2.13.0",)
"""Kept back: the version whose CPU build the torch tests run with."""
PLATFORM_BOUND = re.compile(r"^(nvidia|cuda|triton)")
"""What a GPU build of torch adds on some machines only."""

HEADER = f"""\
# The versions that suffice is installed and tested with (Python {OLDEST[0]}.{OLDEST[1]} and newer).
# Used as constraints (pip install --constraint), so only what is needed gets installed.
# Written by `make lock`: do not edit.
"""


def main() -> int:
    """Write the lock file named on the command line."""
    if sys.version_info[:2] != OLDEST:
        wanted = ".".join(map(str, OLDEST))
        print(f"lock with Python {wanted}, the oldest supported: make lock PYTHON=python{wanted}")
        return 1
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        python = _environment(scratch / "venv")
        locked = _resolve(python, scratch, f".[{EXTRAS}]", HELD)
        target.write_text(HEADER + "".join(f"{line}\n" for line in locked), encoding="utf-8")
        print(f"{target}: {len(locked)} packages")
        for version in NEWER:
            _check(python, scratch, _requirements(), version, target)
            print(f"Python {version}: the core and the tools install with these versions")
    return 0


def _environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--upgrade", "pip"], check=True)
    return python


def _resolve(python: Path, scratch: Path, what: str, held: tuple[str, ...]) -> list[str]:
    """Names and versions that pip would install into an empty environment."""
    report, constraints = scratch / "report.json", scratch / "held.txt"
    constraints.write_text("\n".join(held), encoding="utf-8")
    flags = ["--quiet", "--dry-run", "--ignore-installed"]
    command = [python, "-m", "pip", "install", *flags, "--report", report, "-c", constraints, what]
    subprocess.run(command, check=True)
    found = json.loads(report.read_text(encoding="utf-8"))["install"]
    names = {_normal(entry["metadata"]["name"]): entry["metadata"]["version"] for entry in found}
    names.pop("suffice")
    return [
        f"{name}=={version.partition('+')[0]}"
        for name, version in sorted(names.items())
        if not PLATFORM_BOUND.match(name)
    ]


def _requirements() -> list[str]:
    """What the core and the development tools need, as pyproject.toml states it."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


def _check(python: Path, scratch: Path, what: list[str], version: str, lock: Path) -> None:
    """Fail unless wheels of the locked versions exist for another Python."""
    flags = ["--quiet", "--dry-run", "--ignore-installed", "--only-binary", ":all:"]
    flags += ["--python-version", version, "--target", str(scratch / version), "-c", str(lock)]
    subprocess.run([python, "-m", "pip", "install", *flags, *what], check=True)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    raise SystemExit(main())
