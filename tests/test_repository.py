"""The repository keeps its own promises: size, paths, versions, commands, dependencies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from import_graph import MODULES, imported_names

import suffice

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from repository import repository_files  # noqa: E402 - tools/ is no package

FILES = repository_files()
MAX_BYTES = 1_500_000
MAKE_TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

IMPORT_NAMES = {
    "pyyaml": "yaml",
    "crowd-kit": "crowdkit",
    "scikit-learn": "sklearn",
    "vl-convert-python": "vl_convert",
}
"""Packages that are imported under another name than they are installed under."""
NOT_IMPORTED = {"pip"}
"""Packages that are run as programs."""
BROUGHT_ALONG = {"pydantic_core"}
"""Modules of packages that a declared dependency always installs at its own version."""


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def test_files_are_small() -> None:
    """No file of the repository is larger than 1.5 MB."""
    large = {str(path): path.stat().st_size for path in FILES if path.stat().st_size > MAX_BYTES}
    assert large == {}


def test_no_machine_paths() -> None:
    """No file names a folder of the machine that it was written on."""
    folders = "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me"))
    machine = re.compile(r"(?<![\w.~*})-])/(?:" + folders + r")(?![\w.-])")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in FILES
        for number, line in enumerate((_text(path) or "").splitlines(), 1)
        if machine.search(line)
    ]
    assert found == []


def test_link_check_can_fail(tmp_path: Path) -> None:
    """A link to a missing file or heading is found; links in code and to sites are not followed."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("check_links.py", "repository.py"):
        (tools / name).write_text((ROOT / "tools" / name).read_text())
    (tmp_path / "other.md").write_text("# A heading, with `code`\n")
    (tmp_path / "page.md").write_text(
        "[good](other.md#a-heading-with-code) [site](https://example.org/gone)\n"
        "`[code](gone.md)`\n\n```\n[code](gone.md)\n```\n"
        "[no file](gone.md)\n[no heading](other.md#gone)\n"
    )
    done = subprocess.run(
        [sys.executable, tools / "check_links.py"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "page.md:7: gone.md is not there",
        "page.md:8: other.md#gone is not there",
        "2 pages, 2 broken links",
    ]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_make_commands_exist(page: str) -> None:
    """Every `make` command that a page names is a target of the Makefile."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^ *\$? *|`)make ([a-z][a-z-]*)", text, re.MULTILINE))
    assert named
    assert named <= MAKE_TARGETS


def test_readme_promises_two_commands() -> None:
    """The README's first commands are the demo and the tests."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text


def test_commands_are_documented() -> None:
    """Every command that `suffice --help` lists has its place in docs/cli.md."""
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    code = "import sys; from suffice.cli import main; sys.argv[0] = 'suffice'; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    commands = set(re.findall(r"^[│|] ([a-z][a-z-]+) ", done.stdout, re.MULTILINE))
    assert {"run", "audit"} <= commands
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert {name for name in commands if f"suffice {name}" not in page} == set()


def test_versions_agree() -> None:
    """The package, its citation file and the changelog name the same version."""
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE)[1] == suffice.__version__
    assert re.search(r"^## (\d\S*)", changelog, re.MULTILINE)[1] == suffice.__version__


def test_lock_holds_versions_alone() -> None:
    """The lock works with any package index: names and exact versions, nothing else."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in entries)
    locked = {line.partition("==")[0] for line in entries}
    extras = dict(PROJECT["optional-dependencies"])
    apart = extras.pop("trackers")  # in an environment of their own, so they pin themselves
    assert all("==" in need for need in apart)
    needs = [need for extra in extras.values() for need in extra]
    assert {_name(need) for need in [*PROJECT["dependencies"], *needs]} <= locked


def test_imports_are_declared() -> None:
    """Every third-party module that the code imports is a dependency or in an extra."""
    extras = [need for extra in PROJECT["optional-dependencies"].values() for need in extra]
    declared = {_module(need) for need in [*PROJECT["dependencies"], *extras]}
    known = declared | set(sys.stdlib_module_names) | {"suffice", *BROUGHT_ALONG}
    assert {name: path.name for name, path in _imports().items() if name not in known} == {}


def test_dependencies_are_used() -> None:
    """Nobody has to install a package that the code does not import."""
    core = {_name(need): _module(need) for need in PROJECT["dependencies"]}
    used = set(_imports())
    assert {name for name, module in core.items() if module not in used} - NOT_IMPORTED == set()


@pytest.mark.slow
def test_wheel_is_complete(tmp_path: Path) -> None:
    """A built wheel carries the example study and the type marker, and neither tests nor tools."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0 and "hatchling" in done.stderr and os.environ.get("CI") != "true":
        pytest.skip("the build tool cannot be fetched: no package index can be reached")
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"suffice/examples/ratings.toml", "suffice/py.typed", "suffice/cli/__init__.py"} <= names
    assert {name.partition("/")[0] for name in names} == {
        "suffice",
        f"suffice-{suffice.__version__}.dist-info",
    }


def _name(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9-]+", requirement)[0].lower()


def _module(requirement: str) -> str:
    name = _name(requirement)
    return IMPORT_NAMES.get(name, name.replace("-", "_"))


def _imports() -> dict[str, Path]:
    """Top-level modules that the package imports, anywhere in its files."""
    return {name.partition(".")[0]: path for path in MODULES for name in imported_names(path)}
