"""Faults injected into real commands, and what became of the answers (``make faults``).

    python tools/faults.py                      # prints the table
    python tools/faults.py --write              # and puts it into docs/reliability.md
    python tools/faults.py --only kill --moments 5

Each fault strikes a command at work on a small study of votes, with a cache of its own. Then the
same command runs again, undisturbed, and its results are held against those of a run that nothing
disturbed: every number of every table, and how many runs the store holds. *Survived* means that the
answer is the same to the last digit, with nothing lost or doubled, and that the disturbed command
itself ended with an answer or with one line, never with a traceback. The weights must be in the
cache (``suffice fetch minilm-l6``).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->\n", "<!-- /faults -->\n"
MAIN = "import suffice.cli; suffice.cli.main()"
SMALL_FILE = 60_000
"""Bytes that a file may have on the disk that fills: fewer than the store of runs needs."""

STUDY = """\
name = "faults"
seed = 3
[task]
kind = "votes"
items = "items.csv"
gold = "gold.csv"
classes = ["no", "yes"]
slice = "topic"
[criterion]
error = 0.2
worst_slice_error = 0.3
[sources.crowd]
labels = "crowd.csv"
price = 0.1
[sources.experts]
labels = "experts.csv"
price = 2.0
[models]
target = "minilm-l6@1"
[budget]
money = 200
[grid]
seeds = 4
mixtures = 8
focus = 0
smallest = 20
[check]
runs = 6
"""


@dataclass
class Row:
    """One line of the table."""

    fault: str
    command: str
    injected: int = 0
    survived: int = 0
    lost: list[str] = field(default_factory=list)
    said: str = ""


def write_study(folder: Path) -> None:
    """A study of votes on made-up texts."""
    rng = np.random.default_rng(12)
    tasks, names = 240, ("no", "yes")
    truth = rng.integers(0, 2, tasks)
    words = (("dull", "poor", "bad"), ("fine", "bright", "good"))
    rows = [
        (f"t{i}", f"A {rng.choice(words[t])} thing, number {i}.", ("food", "fun")[i % 2])
        for i, t in enumerate(truth)
    ]
    tables: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {
        "items": (("task", "text", "topic"), rows),
        "gold": (("task", "label"), [(f"t{i}", names[truth[i]]) for i in range(80)]),
    }
    for name, error, repeats in (("crowd", 0.25, 3), ("experts", 0.05, 1)):
        said = [
            (f"t{i}", f"{name}{(i + r) % 9}", names[truth[i] ^ int(rng.random() < error)])
            for i in range(tasks)
            for r in range(repeats)
        ]
        tables[name] = ("task", "worker", "label"), said
    for name, (head, body) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([head, *body])
    (folder / "study.toml").write_text(STUDY)


class Place:
    """A folder with a cache and results of its own."""

    def __init__(self, study: Path, packages: Path, folder: Path) -> None:
        """Make it, with the fetched packages of the usual cache in it."""
        self.study, self.folder = study, folder
        self.cache, self.out = folder / "cache", folder / "out"
        self.cache.mkdir(parents=True)
        (self.cache / "packages").symlink_to(packages)
        self.log = folder / "log"

    def command(self, name: str) -> list[str]:
        """The command line of ``run``, ``measure`` or ``audit``."""
        code = [sys.executable, "-c", MAIN, name]
        if name == "audit":
            return [*code, str(self.study / "crowd.csv"), "--out", str(self.out)]
        return [*code, str(self.study / "study.toml"), "--out", str(self.out)]

    def start(self, name: str, **more: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401
        """Start it in a group of processes of its own."""
        environment = {**os.environ, "SUFFICE_CACHE": str(self.cache), **more.pop("env", {})}
        log = self.log.open("wb")
        return subprocess.Popen(
            self.command(name), stdout=log, stderr=log, start_new_session=True, env=environment,
            **more,
        )  # fmt: skip

    def finish(self, name: str, **more: Any) -> int:  # noqa: ANN401
        """Run it to its end."""
        return self.start(name, **more).wait(timeout=900)

    def said(self) -> str:
        """What it printed."""
        return self.log.read_text(errors="replace")

    def answer(self, name: str) -> dict[str, Any]:
        """Every number that it made, and how many runs are stored."""
        import polars as pl

        found: dict[str, Any] = {}
        for path in sorted(self.out.iterdir()):
            if path.suffix == ".csv" or path.name == "summary.json":
                found[path.name] = path.read_bytes()
            elif path.suffix == ".json" and path.name not in ("timings.json", "study.lock.json"):
                found[path.name] = json.loads(path.read_text())
            elif path.suffix == ".parquet":
                rows = pl.read_parquet(path).drop("seconds")
                found[path.name] = sorted(map(repr, rows.rows()))
            elif path.suffix == ".jsonl":
                last = {e["id"]: e.get("passed") for e in map(json.loads, path.open())}
                found[path.name] = sorted(map(str, last.values()))
        store = self.cache / "runs.sqlite"
        if name != "audit" and store.exists():
            with closing(sqlite3.connect(store)) as db:
                found["stored runs"] = db.execute("select count(*) from run").fetchone()[0]
        return found


class Bench:
    """Undisturbed answers, and the rows of the table."""

    def __init__(self, folder: Path, moments: int, seed: int) -> None:
        """Write the study."""
        from suffice.fetch import cache_folder

        self.folder, self.moments, self.random = folder, moments, random.Random(seed)
        self.study = folder / "study"
        self.study.mkdir()
        write_study(self.study)
        self.packages = cache_folder() / "packages"
        self.right: dict[str, dict[str, Any]] = {}
        self.seconds: dict[str, float] = {}
        self.whole: dict[str, Path] = {}
        self.number = 0

    def place(self) -> Place:
        """A fresh place."""
        self.number += 1
        return Place(self.study, self.packages, self.folder / str(self.number))

    def undisturbed(self, name: str) -> None:
        """The right answer of a command, how long it takes, and the cache that it leaves."""
        if name in self.right:
            return
        place, started = self.place(), time.monotonic()
        if place.finish(name):
            raise SystemExit(f"the undisturbed {name} failed:\n{place.said()}")
        self.seconds[name] = time.monotonic() - started
        self.right[name] = place.answer(name)
        self.whole[name] = place.folder

    def judge(self, row: Row, place: Place, *, wanted: str = "") -> None:
        """Run the command again, and hold its answer against the right one."""
        row.injected += 1
        disturbed = place.said() if place.log.exists() else ""
        wrong = "traceback" if "Traceback" in disturbed else ""
        if place.finish(row.command):
            wrong = wrong or f"again: {place.said().strip().splitlines()[-1][:100]}"
        elif place.answer(row.command) != self.right[row.command]:
            wrong = wrong or "another answer"
        elif wanted and wanted not in disturbed + place.said():
            wrong = wrong or "nothing was said"
        if wrong:
            row.lost.append(wrong)
        else:
            row.survived += 1
        shutil.rmtree(place.folder, ignore_errors=True)

    # --- faults --------------------------------------------------------------------------

    def kill(self, name: str) -> Row:
        """SIGKILL to the command and all its processes, at random moments."""
        row = Row("`kill -9`", name)
        for _ in range(self.moments):
            place = self.place()
            process = place.start(name)
            time.sleep(self.random.uniform(0.0, self.seconds[name]))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.judge(row, place)
        return row

    def worker(self, name: str) -> Row:
        """SIGKILL to one worker process while it trains."""
        row = Row("`kill -9` of a worker process", name)
        for _ in range(max(self.moments // 8, 1)):
            place = self.place()
            process = place.start(name)
            until = time.monotonic() + self.seconds[name]
            while not (children := _children(process.pid)) and time.monotonic() < until:
                time.sleep(0.02)
            time.sleep(self.random.uniform(0.0, 1.0))
            for child in children[:1]:
                os.kill(child, signal.SIGKILL)
            process.wait(timeout=600)
            self.judge(row, place)
        return row

    def removed(self, name: str) -> Row:
        """The folder of results is removed in the middle."""
        row = Row("results folder removed in the middle", name)
        for _ in range(max(self.moments // 8, 1)):
            place = self.place()
            process = place.start(name)
            time.sleep(self.random.uniform(0.2, 1.0) * self.seconds[name])
            shutil.rmtree(place.out, ignore_errors=True)
            process.wait(timeout=600)
            self.judge(row, place)
        return row

    def full(self, name: str) -> Row:
        """No file may grow beyond a limit, as on a full disk."""
        row = Row(f"full disk (no file beyond {SMALL_FILE // 1000} kB)", name)
        place = self.place()
        limit = SMALL_FILE, resource.RLIM_INFINITY
        place.finish(name, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
        row.said = _last(place.said())
        self.judge(row, place)
        return row

    def read_only(self, name: str) -> Row:
        """The cache cannot be written."""
        row = Row("read-only cache", name)
        place = self.place()
        with _read_only(place.cache) as done:
            if not done:
                row.said = "not run: needs root, to mount"
                return row
            place.finish(name)
        row.said = _last(place.said())
        self.judge(row, place)
        return row

    def clock(self, name: str) -> Row:
        """The clock goes back by an hour after a second."""
        row = Row("clock set back by an hour", name)
        place = self.place()
        (place.folder / "sitecustomize.py").write_text(
            "import time\nreal, begun = time.time, time.monotonic()\n"
            "time.time = lambda: real() - 3600.0 * (time.monotonic() - begun > 1.0)\n"
        )
        path = os.pathsep.join([str(place.folder), os.environ.get("PYTHONPATH", "")])
        place.finish(name, env={"PYTHONPATH": path})
        self.judge(row, place)
        return row

    def damaged(self, name: str) -> Row:
        """Every cached file, damaged in three ways, one at a time."""
        row = Row("each cached file cut, zeroed, overwritten with another's", name)
        whole = self.whole[name]
        files = [
            path.relative_to(whole)
            for folder in sorted((whole / "cache").iterdir())
            if folder.name != "packages"
            for path in ([folder] if folder.is_file() else sorted(folder.rglob("*")))
            if path.is_file() and path.stat().st_size and path.name not in ("lock", "model.json")
        ]
        for path in files:
            if path.suffix in (".lock", ".sqlite-wal", ".sqlite-shm") or "vega" in path.parts:
                continue  # nothing is read from a lock; a page's script is tested with the pages
            for way in ("cut", "zeroed", "overwritten"):
                place = self.place()
                shutil.rmtree(place.cache)
                shutil.copytree(whole / "cache", place.cache, symlinks=True)
                target = place.folder / path
                content = target.read_bytes()
                other = next((p for p in files if p != path and p.suffix == path.suffix), files[-1])
                target.write_bytes(
                    {"cut": content[: len(content) // 2], "zeroed": bytes(len(content))}.get(
                        way, (whole / other).read_bytes()
                    )
                )
                before = len(row.lost)
                self.judge(row, place)
                row.lost[before:] = [f"{path.name} {way}: {why}" for why in row.lost[before:]]
        return row


def _children(pid: int) -> list[int]:
    """Worker processes of a process: children that run Python's own pool."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    workers = []
    for child in found:
        try:
            line = Path(f"/proc/{child}/cmdline").read_bytes()
        except OSError:
            continue
        if b"spawn_main" in line or b"forkserver" in line:
            workers.append(int(child))
    return workers


@contextmanager
def _read_only(folder: Path) -> Iterator[bool]:
    """Mount a folder over itself, read-only."""

    def call(*command: str) -> bool:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    if os.geteuid() != 0 or not call("mount", "--bind", str(folder), str(folder)):
        yield False
        return
    try:
        yield call("mount", "-o", "remount,ro,bind", str(folder))
    finally:
        call("umount", str(folder))


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else ""


FAULTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "kill": ("kill", ("audit", "measure", "run")),
    "worker": ("worker", ("measure",)),
    "full": ("full", ("measure", "audit")),
    "read-only": ("read_only", ("measure",)),
    "removed": ("removed", ("measure", "audit")),
    "clock": ("clock", ("measure",)),
    "damaged": ("damaged", ("measure", "run")),
}


def table(rows: list[Row]) -> str:
    """The rows, as Markdown."""
    lines = ["| fault | command | injected | survived | lost |", "|---|---|---|---|---|"]
    for row in rows:
        lost = "; ".join(sorted(set(row.lost))) if row.lost else (row.said or "none")
        if not row.lost and row.injected:
            lost = "none"
        lines.append(
            f"| {row.fault} | `suffice {row.command}` | {row.injected} | {row.survived} | {lost} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Inject, print the table, and say by the exit code whether all was survived."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--moments", type=int, default=40, help="random moments a command")
    parser.add_argument("--only", action="append", choices=tuple(FAULTS))
    parser.add_argument("--command", action="append", choices=("audit", "measure", "run"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--write", action="store_true", help="put the table into docs/reliability.md"
    )
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="suffice-faults-") as folder:
        bench = Bench(Path(folder), given.moments, given.seed)
        for name, (fault, commands) in FAULTS.items():
            if given.only and name not in given.only:
                continue
            for command in commands:
                if given.command and command not in given.command:
                    continue
                bench.undisturbed(command)
                inject: Callable[[str], Row] = getattr(bench, fault)
                rows.append(inject(command))
                print(table(rows[-1:]).splitlines()[-1], flush=True)
    if given.write:
        text = PAGE.read_text()
        head, _, rest = text.partition(BEGIN)
        PAGE.write_text(head + BEGIN + table(rows) + END + rest.partition(END)[2])
    return 0 if all(row.survived == row.injected for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
