"""Measuring a grid: work that is done is skipped, and killing it at any moment loses nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import measure_small_grid, noisy_source, small_grid, votes_pool
from toy_models import Told

from suffice.curve import Curve, Tranche
from suffice.demand.runs._executors import LocalProcesses
from suffice.demand.runs._grid import SourceLimits, design_grid
from suffice.demand.runs._measure import measure
from suffice.demand.runs._store import RunStore
from suffice.demand.schemes._probe import Probe
from suffice.demand.schemes._scheme import Embedded
from suffice.evidence import Cell
from suffice.progress import SilentProgress

SMALL = Path(__file__).with_name("small.py")


class Counting(Probe):
    """A probe that says when it trains; workers are other processes, so it writes a file."""

    def __init__(self, path: Path):
        self.path = path

    def train(self, pool, model, curve, seeds):
        with self.path.open("a") as file:
            file.write(f"{curve.curve}\n")
        return super().train(pool, model, curve, seeds)


def trained(path: Path) -> list[str]:
    """The curves that were trained so far."""
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture(scope="module")
def pool():
    """A small pool and its features."""
    return votes_pool()


def train(cells, pool, store, folder, progress=None, workers=1):
    """Measure cells, noting every training."""
    models = {"made-up": Embedded("made-up", "made-up/1", pool[1])}
    counting = Counting(folder / "trained.txt")
    return measure(
        cells,
        pool[0],
        models,
        counting,
        store,
        progress or SilentProgress(),
        executor=LocalProcesses(workers),
    )


def test_work_that_is_done_is_skipped(pool, tmp_path):
    """A second call trains nothing and gives the same numbers; new cells alone are trained."""
    store, cells = RunStore(tmp_path / "runs.sqlite"), small_grid(pool[0], seeds=4)
    first = train(cells[:5], pool, store, tmp_path)
    assert sorted(trained(tmp_path / "trained.txt")) == sorted(
        str(c.curve.curve) for c in cells[:5]
    )
    again = train(cells[:5], pool, store, tmp_path)
    assert len(trained(tmp_path / "trained.txt")) == 5
    assert all((a.scores == b.scores).all() for a, b in zip(first, again, strict=True))
    told = Told()
    train(cells[:7], pool, store, tmp_path, told)
    assert len(trained(tmp_path / "trained.txt")) == 7
    assert told.units == 7 * 4


def test_results_come_in_the_order_of_the_cells(pool, tmp_path):
    """Cells are trained largest first, yet results stand where their cells stand, and the number
    of workers changes nothing."""
    cells = small_grid(pool[0], seeds=4)
    one = train(cells, pool, RunStore(tmp_path / "one.sqlite"), tmp_path, workers=1)
    (tmp_path / "trained.txt").unlink()
    turned = train(cells[::-1], pool, RunStore(tmp_path / "two.sqlite"), tmp_path, workers=2)
    for a, b in zip(one, turned[::-1], strict=True):
        assert (a.scores == b.scores).all()
        assert (a.gold == b.gold).all()
    assert trained(tmp_path / "trained.txt")[0].startswith(("200 ", "150 "))


def test_more_seeds_are_trained_beside_the_old_ones(pool, tmp_path):
    """Asking for more seeds of a cell keeps the runs that were made."""
    store = RunStore(tmp_path / "runs.sqlite")
    few, many = (small_grid(pool[0], seeds=n)[:2] for n in (4, 7))
    first = train(few, pool, store, tmp_path)
    second = train(many, pool, store, tmp_path)
    for a, b in zip(first, second, strict=True):
        assert (b.scores[:4] == a.scores).all()
        assert len(b.scores) == 7


def test_other_features_or_labels_are_other_runs(pool, tmp_path):
    """A model with another fingerprint, or a pool with other labels, is measured anew."""
    store, cells = RunStore(tmp_path / "runs.sqlite"), small_grid(pool[0], seeds=4)[:1]
    progress = SilentProgress()
    scheme = Probe()
    models = {"made-up": Embedded("made-up", "made-up/1", pool[1])}
    noise = np.random.default_rng(0).standard_normal(pool[1].shape).astype(np.float32)
    other = {"made-up": Embedded("made-up", "made-up/2", noise)}
    one, two = (measure(cells, pool[0], m, scheme, store, progress)[0] for m in (models, other))
    assert two.scores[:, 0].mean() > one.scores[:, 0].mean() + 0.05


def test_a_failing_run_fails_loudly_and_keeps_the_rest(pool, tmp_path):
    """An error in a worker reaches the caller; cells done before it are kept."""
    store, cells = RunStore(tmp_path / "runs.sqlite"), small_grid(pool[0], seeds=4)
    sources = {"crowd": noisy_source("crowd", 0.1, 1.0)}
    # A synthetic channel draws from the truth, which training tasks do not have.
    broken = Curve((Tranche("crowd", 30),)).resolve(sources, np.random.default_rng(0))
    bad = Cell("made-up", broken, (0, 1, 2, 3))
    with pytest.raises(ValueError, match="which some tasks lack"):
        train([*cells[:4], bad], pool, store, tmp_path)
    with sqlite3.connect(store.path) as db:
        assert db.execute("select count(*) from cell").fetchone()[0] >= 1
    db.close()


def content(store: Path) -> list[tuple[object, ...]]:
    """Everything in a store but times."""
    with sqlite3.connect(store) as db:
        cells = db.execute("select * from cell order by key").fetchall()
        runs = db.execute("select cell, seed, penalty, scores from run order by cell, seed")
        rows = cells + runs.fetchall()
    db.close()
    return rows


def cells_in(store: Path) -> int:
    """How many cells are stored."""
    if not store.exists():
        return 0
    try:
        with sqlite3.connect(store) as db:
            (count,) = db.execute("select count(*) from cell").fetchone()
        db.close()
    except sqlite3.OperationalError:
        return 0
    return int(count)


def begin(store: Path) -> subprocess.Popen[bytes]:
    """Measure the small grid in a process of its own, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, str(SMALL), str(store), "2"],
        start_new_session=True,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )


def members(group: int) -> list[int]:
    """Living processes of a process group."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def test_killed_at_random_moments_and_resumed(tmp_path):
    """Killed with -9 several times, wherever that strikes, the grid ends with the content of an
    undisturbed one; what was stored is never trained again, and no worker stays behind."""
    start = time.monotonic()
    quiet = begin(tmp_path / "quiet.sqlite")
    assert quiet.wait(timeout=60) == 0, quiet.stderr.read()
    quiet.stderr.close()
    undisturbed = time.monotonic() - start
    whole = content(tmp_path / "quiet.sqlite")
    assert cells_in(tmp_path / "quiet.sqlite") == 12

    store = tmp_path / "killed.sqlite"
    rng = np.random.default_rng()
    struck, before = 0, []
    for attempt in range(8):
        process = begin(store)
        stored = cells_in(store)
        if attempt % 2:  # once something new is stored, whenever that is
            while cells_in(store) <= stored and process.poll() is None:
                time.sleep(0.002)
        else:  # any time
            time.sleep(rng.uniform(0.0, 0.7 * undisturbed))
        finished = process.poll() is not None
        process.kill()
        process.wait(timeout=30)
        process.stderr.close()
        now = content(store) if cells_in(store) else []
        assert set(before) <= set(now)  # nothing that was stored went away or changed
        before = now
        if sys.platform == "linux":
            patience = time.monotonic() + 10
            while members(process.pid) and time.monotonic() < patience:
                time.sleep(0.05)
            assert members(process.pid) == []
        struck += not finished
        if struck == 4:
            break
        if finished:  # too quick for us: once more from the beginning
            for file in tmp_path.glob("killed.sqlite*"):
                file.unlink()
            before = []
    assert struck >= 2
    last = begin(store)
    assert last.wait(timeout=60) == 0, last.stderr.read()
    last.stderr.close()
    assert content(store) == whole


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("when", ["workers are starting", "cells are stored"])
def test_an_interrupt_stops_soon_and_keeps_what_is_done(tmp_path, when):
    """Ctrl-C ends the grid within a moment and without a word from the workers, be they at work
    or just starting; what was stored stays."""
    store = tmp_path / "runs.sqlite"
    process = begin(store)

    def early() -> bool:
        return cells_in(store) < 2 if when == "cells are stored" else len(members(process.pid)) < 3

    while early() and process.poll() is None:
        time.sleep(0.002)
    if when == "workers are starting":
        time.sleep(0.15)  # into their imports
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    begun = time.monotonic()
    process.wait(timeout=30)
    assert time.monotonic() - begun < 10
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.returncode != 0
    assert said.count("Traceback") == 1, said  # the parent's own; workers say nothing
    assert cells_in(store) >= (2 if when == "cells are stored" else 0)


def test_measuring_in_this_process_gives_the_same(tmp_path):
    """The helper that the killed processes run is the grid that this file means."""
    runs = measure_small_grid(tmp_path / "runs.sqlite", seeds=4)
    assert len(runs) == cells_in(tmp_path / "runs.sqlite") == 12


# ---- which cells


def offers(prices: list[float], most: list[int], repeats: list[tuple[int, ...]]):
    """Offers by name, and their order."""
    names = [f"s{i}" for i in range(len(prices))]
    rows = zip(names, prices, most, repeats, strict=True)
    return {n: SourceLimits(n, p, m, r) for n, p, m, r in rows}, names


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.01, 20.0), st.integers(60, 4000), st.sampled_from([(1,), (1, 3), (2, 5)])
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 20),
)
def test_cells_stay_within_what_can_be_bought(rows, mixtures):
    """No cell asks for more labels than a source has, none is there twice, lines span their
    range, and mixtures mix."""
    made, order = offers(*(list(column) for column in zip(*rows, strict=True)))
    cells = design_grid(made, order, budget=500.0, smallest=50, mixtures=mixtures, seed=1)
    assert len(set(cells)) == len(cells)
    for curve in cells:
        for t in curve:
            assert 1 <= t.labels <= made[t.source].most
            assert t.labels_per_task in made[t.source].repeats
    mixed = [c for c in cells if len(c.tranches) > 1]
    assert len(mixed) <= mixtures
    assert all(c.cost(_sources(made)) <= 500.0 * (1 + 1e-9) for c in mixed)
    for name, offer in made.items():
        r = offer.repeats[0]
        line = [c.tasks for c in cells if [(t.source, t.labels_per_task) for t in c] == [(name, r)]]
        assert min(line) == min(50, offer.most // r)
        assert max(line) == offer.most // r


def _sources(made):
    return {n: noisy_source(n, 0.1, o.price) for n, o in made.items()}


def test_a_design_repeats_itself_and_covers_rounds():
    """The same seed gives the same cells; mixtures are trained pooled and in two rounds."""
    made, order = offers([0.1, 1.0], [3000, 300], [(1, 3), (1,)])
    one, same, other = (
        design_grid(made, order, budget=300.0, smallest=50, mixtures=20, seed=s) for s in (1, 1, 2)
    )
    assert one == same
    assert one != other
    rounds = {max(t.round for t in c) for c in one if len(c.tranches) > 1}
    assert rounds == {1, 2}


def test_peak_memory_is_said_when_something_was_trained(pool, tmp_path):
    """A step that trained tells the most memory a process held; one from the store says nothing."""
    store, cells = RunStore(tmp_path / "runs.sqlite"), small_grid(pool[0], seeds=4)[:1]
    told = Told()
    for _ in range(2):
        train(cells, pool, store, tmp_path, told)
    assert len(told.notes) == 1
    assert 0.01 < float(told.notes[0].split("at most ")[1].split(" GB")[0]) < 24.0
