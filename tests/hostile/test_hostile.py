"""Every command that reads files, on every input of the corpus: an answer or one line, in time.

The commands run in this process, one after the other, and some in processes of their own.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus import TAKEN, Hostile, corpus, rows

from suffice._shown import clean_lines
from suffice.cli import main

SECONDS, BYTES = 10.0, 2 << 30
"""What a command may take."""

LONGEST = 1_100
"""Characters of an error line: those that are shown whole, and the word before them."""

QUICK = 29
"""One input in so many is tried by ``make test``; all by ``make slow``."""


@dataclass(frozen=True)
class Told:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float


def calls(one: Hostile, honest: Path) -> list[list[str]]:
    """The commands that would read the input."""
    path = str(one.path)
    study = str(honest / "study.toml")
    out = ["--out", str(honest / "out")]
    return {
        "labels": [
            ["audit", "--labels", path, "--quiet", "--out", str(honest / "audit")],
            ["enough", "--gold", path, "--error", ".1"],
        ],
        "gold": [
            ["audit", str(honest / "labels.csv"), "--gold", path, "--quiet", "--json"],
            ["enough", "--gold", path, "--error", ".1"],
        ],
        "curves": [["extrapolate", path, "--at", "4x", "--quiet"]],
        "mixes": [["extrapolate", path, "--two-source", "--at", "100,50"]],
        "runs": [["init", str(honest / "new.toml"), "--kind", "runs", "--from", path, "--force"]],
        "study": [["supply", path, *out, "--quiet"], ["bounds", path, *out]],
        "drivers": [["horizon", study, *out, "--drivers", path, "--quiet"]],
        "results": [["report", path], ["ledger", path]],
    }[one.role]


def told(words: list[str]) -> Told:
    """A command in this process."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    begin, computed = time.monotonic(), time.process_time()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(words)
        except SystemExit as stop:
            code = int(stop.code or 0)
    # A machine that does other things too is slow to no fault of the command's.
    seconds = min(time.monotonic() - begin, time.process_time() - computed)
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
    return Told(code, texts[0], texts[1], seconds)


def faults(words: list[str], found: Told) -> list[str]:
    """What is wrong with how a command ended."""
    lines = found.err.splitlines()
    wrong = {
        f"exit code {found.code}: {found.err[-300:]}": found.code not in (0, 2),
        "a traceback": "Traceback" in found.err or "Traceback" in found.out,
        f"{found.seconds:.1f} s": found.seconds > SECONDS,
        "no word": found.code == 2 and not lines,
        f"{len(lines)} lines: {found.err[:300]}": found.code == 2
        and sum(line.startswith("suffice: ") for line in lines) != 1,
        "a long line": any(len(line) > LONGEST for line in lines),
        "control codes": clean_lines(found.out + found.err) != found.out + found.err,
        "code was run": Path(TAKEN).exists(),
    }
    return [f"{' '.join(words)[:200]}: {what}" for what, is_so in wrong.items() if is_so]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[Hostile]:
    """The corpus."""
    return corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture
def honest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an honest study and labels, which is also where commands run."""
    import polars as pl
    from small import vote_files

    vote_files(tmp_path)
    pl.DataFrame(rows("yes", "label")).write_csv(tmp_path / "labels.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def swept(inputs: list[Hostile], honest: Path) -> list[str]:
    """All that is wrong with any command on any of the inputs."""
    found = []
    for one in inputs:
        for words in calls(one, honest):
            found += [f"{one.name}: {fault}" for fault in faults(words, told(words))]
    return found


def test_the_corpus_is_large_and_of_every_kind(inputs):
    """Five hundred inputs, no two of one name."""
    assert len({one.name for one in inputs}) == len(inputs) >= 500
    assert len({one.role for one in inputs}) == 8


def test_some_of_the_corpus(inputs, honest, packaged_data):
    """A part of all kinds, quickly."""
    assert swept(inputs[::QUICK], honest) == []


@pytest.mark.slow
def test_all_of_the_corpus(inputs, honest, packaged_data):
    """No traceback, no code run, no control code, one line, ten seconds and two gigabytes each."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert swept(inputs, honest) == []
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after * 1024 < BYTES or after == before


@pytest.mark.slow
def test_a_sample_in_processes_of_their_own(inputs, honest, packaged_data):
    """The same from the outside, each with two gigabytes of memory and not more."""
    path = os.pathsep.join(p for p in sys.path if p)
    wrong = []
    packed = [one for one in inputs if one.name.startswith("packed: ")]
    for one in [*inputs[::25], *packed]:
        for words in calls(one, honest)[:1]:
            before = time.monotonic()
            done = subprocess.run(
                [sys.executable, "-c", _LIMITED, str(BYTES), *words], capture_output=True,
                env={**os.environ, "PYTHONPATH": path}, timeout=60, check=False,
            )  # fmt: skip
            seconds = time.monotonic() - before
            end = Told(done.returncode, done.stdout.decode(), done.stderr.decode(), seconds)
            wrong += [f"{one.name}: {fault}" for fault in faults(words, end)]
    assert wrong == []


_LIMITED = """
import resource, sys
from suffice.cli import main
try:
    main(sys.argv[2:])
finally:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if used > int(sys.argv[1]):
        raise MemoryError(f"Traceback: {used} bytes")
"""
