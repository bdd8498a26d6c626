"""Which files belong to the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_NOT_OURS = {"build", "dist", "suffice-out", "venv", "__pycache__"}


def repository_files() -> list[Path]:
    """Every file that git tracks or would add; without git, every file that is not in the way."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return sorted(path for path in ROOT.rglob("*") if path.is_file() and _ours(path))
    paths = (ROOT / name for name in done.stdout.decode().split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def _ours(path: Path) -> bool:
    folders = path.relative_to(ROOT).parts[:-1]
    tools = {part for part in folders if part.startswith(".") and part != ".ci"}
    return not tools and not _NOT_OURS & set(folders)
