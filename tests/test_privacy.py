"""Nothing phones home: files that are written and addresses that are called, under a trace."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT
from small import vote_files
from traced import Trace, clean_environment, method, traced

from suffice._privacy import NO_REPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN_LOCKS = Path("/dev/shm")
"""Locks between a command and its workers: without a name once both have them."""

EMBED_IN_WORKERS = """
from suffice.demand.models import load_model
from suffice.demand.runs._processes import processes

def embed(text):
    return load_model("minilm-l6@1", threads=1).embed([text]).shape

if __name__ == "__main__":
    with processes(1) as workers:
        assert workers.submit(embed, "a text").result() == (1, 384)
"""


TRAIN_WITH_TORCH = """
from pathlib import Path
import numpy as np
from small import recorded_sources
from suffice.curve import Curve, Tranche
from suffice.demand import Embedded, load_scheme
from suffice.pools import vote_pool
from suffice.progress import SilentProgress

folder = Path("FOLDER")
labels = {name: folder / f"{name}.csv" for name in ("crowd", "experts")}
pool = vote_pool(
    labels, folder / "items.csv", folder / "gold.csv", classes=["no", "yes"], slice_by="topic",
    seed=0, progress=SilentProgress(),
)
curve = Curve((Tranche("experts", 40),)).resolve(
    recorded_sources(pool, {"experts": 1.0}), np.random.default_rng(0)
)
none = np.empty((0, 0), dtype=np.float32)
for name in ("finetune", "lora"):
    load_scheme(name, epochs=1, least_steps=2).train(
        pool, Embedded("minilm-l6@1", "", none), curve, (0,)
    )
"""


@dataclass
class Place:
    """A user's machine: an empty home, a fresh cache with what is packaged, a results folder."""

    folder: Path
    study: Path

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def run(self, *arguments: str, within: float = 240.0) -> Trace:
        """A traced call of Python; the home and the temporary folder stay empty."""
        environment = clean_environment(self.folder, SUFFICE_CACHE=str(self.cache))
        assert not {"CI", *NO_REPORTS} & set(environment)
        found = traced([sys.executable, *arguments], environment, self.folder / "log", within)
        assert found.code == 0, found.said
        return found

    def suffice(self, *arguments: str) -> Trace:
        """The same of a command."""
        return self.run("-m", "suffice.cli", *arguments)

    def left(self) -> list[Path]:
        """What lies in the home and in the temporary folder."""
        return [p for name in ("home", "spare") for p in (self.folder / name).rglob("*")]


@pytest.fixture
def place(packaged_data: dict[str, Path]) -> Iterator[Place]:
    """A place for one test."""
    # Not pytest's folder: Ray's sockets need a path of fewer than 108 bytes.
    with TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "out").mkdir()
        (folder / "cache").mkdir()
        (folder / "cache" / "packages").symlink_to(packaged_data["minilm-l6"].parent)
        yield Place(folder, vote_files(folder))


def test_the_trace_sees_files_and_calls(tmp_path):
    """What the other tests rest on: a written file and a call are seen, also in a child process."""
    text = (
        "import socket, subprocess, sys\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "s.connect(('192.0.2.77', 9))\n"
        "open(sys.argv[1], 'w').close()\n"
        "code = 'import sys; open(sys.argv[1], chr(119)).close()'\n"
        "subprocess.run([sys.executable, '-c', code, sys.argv[2]], check=True)\n"
    )
    names = [str(tmp_path / name) for name in ("first", "second")]
    found = traced([sys.executable, "-c", text, *names], dict(os.environ), tmp_path / "log", 60.0)
    assert found.code == 0, found.said
    print(f"traced by {method()}")
    assert set(names) <= set(found.outside(tmp_path / "out"))
    assert not set(names) & set(found.outside(tmp_path))
    assert any("192.0.2.77" in address for address in found.called)


def test_reports_are_off_before_anything_else_is_imported():
    """``import suffice`` alone is enough, and overrules what the environment says."""
    text = (
        "import sys, suffice, os\n"
        "assert 'onnxruntime' not in sys.modules and 'ray' not in sys.modules\n"
        f"assert {NO_REPORTS!r}.items() <= os.environ.items()\n"
    )
    given = {**os.environ, "ORT_DISABLE_TELEMETRY": "0", "RAY_USAGE_STATS_ENABLED": "1"}
    given["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    subprocess.run([sys.executable, "-c", text], env=given, check=True)


def test_short_commands_write_their_results_alone(place):
    """Help, a list of models and an audit: nothing but the named folder is written."""
    for arguments in (["--help"], ["audit", "--help"], ["models"]):
        found = place.suffice(*arguments)
        assert (found.outside(), found.called) == ([], set())
    labels = str(place.folder / "crowd.csv")
    found = place.suffice("audit", labels, "--out", str(place.out), "--quiet")
    assert (found.outside(place.out), found.called) == ([], set())
    assert place.left() == []


def test_the_encoder_reports_nothing_also_in_workers(place):
    """ONNX Runtime in this process and in a worker: no device id, no queue, no call."""
    script = place.folder / "embed.py"
    script.write_text(EMBED_IN_WORKERS)
    found = place.run(str(script))
    assert (found.outside(place.cache, OWN_LOCKS), found.called) == ([], set())
    assert place.left() == []


@pytest.mark.slow
def test_a_whole_study_writes_cache_and_results_alone(place):
    """From fresh vectors to the report: cache and results folder, and nobody is called."""
    before = set(OWN_LOCKS.iterdir())
    found = place.suffice("run", str(place.study), "--out", str(place.out), "--quiet")
    assert (found.outside(place.out, place.cache, OWN_LOCKS), found.called) == ([], set())
    assert place.left() == []
    assert not {p for p in set(OWN_LOCKS.iterdir()) - before if p.name.startswith("sem.mp-")}


@pytest.mark.torch
def test_torch_training_writes_cache_and_results_alone(place):
    """Fine-tuning, whole or by an adapter, with torch, transformers and peft: nothing stays."""
    script = place.folder / "train.py"
    script.write_text(TRAIN_WITH_TORCH.replace("FOLDER", str(place.folder)))
    found = place.run(str(script))
    # torch asks its cache of compiled kernels for a folder, and leaves it empty.
    strange = found.outside(place.out, place.cache, OWN_LOCKS, place.folder / "spare")
    assert (strange, found.called) == ([], set())
    assert [path for path in place.left() if path.is_file()] == []


RAY_OWN = ("home/.ray", "spare/ray")
"""The key to its cluster, and its session's sockets and logs: docs/privacy.md."""
RAY_CALLS = ("8.8.8.8", "169.254.169.254")
"""Finds its own address (no packet is sent), and the kind of cloud that it runs in."""


@pytest.mark.ray
def test_ray_reports_no_usage(place):
    """Ray writes its session, and calls nobody but itself, its cloud and the name server."""
    study, out = str(place.study), str(place.out)
    found = place.suffice("measure", study, "--out", out, "--quiet", "--executor", "ray")
    own = [place.folder / name for name in RAY_OWN]
    strange = found.outside(place.out, place.cache, OWN_LOCKS, *own)
    assert [name for name in strange if not name.endswith("/oom_score_adj")] == []
    here = {"127.0.0.1", "::1", *_own_addresses(), *_name_servers()}
    reports = [
        address
        for address in found.called
        if not any(
            f'"{known}"' in address or f":{known}" in address for known in (*here, *RAY_CALLS)
        )
    ]
    assert reports == []


def _own_addresses() -> list[str]:
    said = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False)
    return said.stdout.split()


def _name_servers() -> list[str]:
    lines = Path("/etc/resolv.conf").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("nameserver ")]


def test_every_dependency_is_in_the_list():
    """docs/privacy.md has a row for each package that suffice itself depends on."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    listed = [*project["dependencies"], *extras["torch"], *extras["ray"]]
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    names = [name.split(">")[0].split("=")[0].strip() for name in listed]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_command_is_in_the_list():
    """docs/privacy.md says of each command what it writes."""
    from suffice.cli._overview import COMMANDS

    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`{name}`" not in text] == []
