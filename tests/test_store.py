"""The store of runs: nothing is lost, nothing is written twice, and refusals are one line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import cannot
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.curve import Curve
from suffice.demand.runs._store import RunStore, cell_key
from suffice.errors import StorageError
from suffice.evidence import CellRuns

ABOUT = {"model": "m", "scheme": "probe", "curve": [], "metrics": ["error", "error:a"]}


def runs(seeds: int, seed: int = 0, gold: bool = True) -> CellRuns:
    """Made-up runs."""
    rng = np.random.default_rng(seed)
    return CellRuns(
        rng.random((seeds, 2)),
        rng.random(seeds),
        rng.random(seeds),
        rng.random((5, 2)) if gold else None,
    )


def same(one: CellRuns, other: CellRuns) -> bool:
    """Whether two sets of runs are equal to the last digit."""
    parts = ("scores", "penalties", "seconds", "gold")
    return all(np.array_equal(getattr(one, p), getattr(other, p)) for p in parts)


def test_runs_come_back_to_the_last_digit(tmp_path):
    """What was put is what is got, in a store opened anew, in the order asked for."""
    made = runs(4)
    RunStore(tmp_path / "runs.sqlite").put("k", ABOUT, (7, 8, 9, 10), made)
    store = RunStore(tmp_path / "runs.sqlite")
    assert same(store.get("k", (7, 8, 9, 10)), made)
    turned = store.get("k", (10, 7))
    assert (turned.scores == made.scores[[3, 0]]).all()
    assert (turned.penalties == made.penalties[[3, 0]]).all()


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory):
    """A store for tests whose keys differ."""
    return RunStore(tmp_path_factory.mktemp("store") / "runs.sqlite")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2))
def test_any_score_survives(shared_store, scores):
    """Every finite number comes back as it was."""
    one = np.array([1.0])
    shared_store.put(repr(scores), ABOUT, (0,), CellRuns(np.array([scores]), one, one, None))
    assert shared_store.get(repr(scores), (0,)).scores[0].tolist() == scores


def test_a_cell_is_there_only_when_all_its_seeds_are(tmp_path):
    """Half a cell is no cell; unknown cells are none."""
    store = RunStore(tmp_path / "runs.sqlite")
    assert store.get("k", (0,)) is None
    store.put("k", ABOUT, (0, 1), runs(2))
    assert store.get("k", (0, 1, 2)) is None
    assert store.get("other", (0, 1)) is None
    assert store.get("k", (1,)) is not None


def test_runs_that_are_there_stay_as_they_are(tmp_path):
    """Putting a cell again, with more seeds, adds those and changes none."""
    store = RunStore(tmp_path / "runs.sqlite")
    first, more = runs(2, seed=1), runs(4, seed=2)
    store.put("k", ABOUT, (0, 1), first)
    store.put("k", ABOUT, (0, 1, 2, 3), more)
    found = store.get("k", (0, 1, 2, 3))
    assert (found.scores[:2] == first.scores).all()
    assert (found.scores[2:] == more.scores[2:]).all()
    assert (found.gold == first.gold).all()


def test_the_key_names_everything_that_runs_depend_on():
    """Another pool, model, scheme, version or curve is another cell."""
    base = ("pool", "model", "probe", "1", Curve.parse("100 crowd"))
    keys = {cell_key(*base)}
    for place, value in enumerate(("p2", "m2", "lora", "2", Curve.parse("100 crowd (round 2)"))):
        keys.add(cell_key(*base[:place], value, *base[place + 1 :]))
    assert len(keys) == 6
    assert cell_key(*base) in keys


def test_two_processes_write_the_same_cell_at_once(tmp_path):
    """However writers meet, one whole cell comes out, and nobody fails."""
    path = tmp_path / "runs.sqlite"
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from suffice.demand.runs._store import CellRuns, RunStore\n"
        "who = float(sys.argv[2])\n"
        "about = {'model': 'm', 'scheme': 's', 'curve': [], 'metrics': []}\n"
        "for k in range(40):\n"
        "    one = np.full(6, who)\n"
        "    made = CellRuns(np.full((6, 2), who), one, one, None)\n"
        "    RunStore(Path(sys.argv[1])).put(f'cell {k}', about, range(6), made)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), w]) for w in "12"]
    assert [w.wait(timeout=60) for w in writers] == [0, 0]
    store = RunStore(path)
    for k in range(40):
        found = store.get(f"cell {k}", range(6))
        # A cell is one transaction: its runs all come from the same writer.
        assert len(np.unique(found.scores)) == 1
    with sqlite3.connect(path) as db:
        assert db.execute("select count(*) from run").fetchone() == (240,)
    db.close()


def test_a_new_file_that_somebody_is_writing_to_is_waited_for(tmp_path):
    """Who opens a store while another creates it waits, also where SQLite itself would not."""
    path = tmp_path / "runs.sqlite"
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.execute("begin immediate")
    other.execute("create table something (x)")
    done = threading.Timer(0.3, lambda: (other.execute("commit"), other.close()))
    done.start()
    RunStore(path)
    done.join()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("pragma journal_mode").fetchone() == ("wal",)
        assert {"something", "cell", "run"} <= {
            name for (name,) in db.execute("select name from sqlite_master")
        }


def test_threads_share_a_store(tmp_path):
    """A store can be read while it is written to."""
    store = RunStore(tmp_path / "runs.sqlite")
    failures = []

    def write(k: int) -> None:
        try:
            store.put(f"cell {k}", ABOUT, range(3), runs(3, seed=k))
            assert store.get(f"cell {k}", range(3)) is not None
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failures == []


def filled(path: Path) -> RunStore:
    """A store of sixty cells."""
    store = RunStore(path)
    for k in range(60):
        store.put(f"cell {k}", ABOUT, range(10), runs(10, seed=k))
    return store


def found(store: RunStore) -> int:
    """How many of its cells are there; they must be what was put."""
    there = [store.get(f"cell {k}", range(10)) for k in range(60)]
    for k, got in enumerate(there):
        assert got is None or same(got, runs(10, seed=k))
    return sum(got is not None for got in there)


@pytest.mark.parametrize("damage", ["no database", "cut", "zeroed", "rubbish", "another store"])
def test_a_damaged_file_is_set_aside_and_said(tmp_path, damage):
    """What can be read goes over into a new file, nothing else is believed, and writing goes on."""
    path = tmp_path / "runs.sqlite"
    filled(path)
    whole = path.read_bytes()
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as db:
        db.execute("create table run (what text)")
        db.commit()
    content = {
        "no database": b"no database at all " * 100,
        "cut": whole[: len(whole) // 2],
        "zeroed": bytes(len(whole)),
        "rubbish": whole[:8192] + b"\xff" * (len(whole) - 8192),
        "another store": other.read_bytes(),
    }[damage]
    path.write_bytes(content)
    store = RunStore(path)
    assert found(store) < 60
    (note,) = store.notes
    assert f"{path} is damaged" in note
    assert "set aside as runs.sqlite.damaged-1" in note
    assert path.with_name("runs.sqlite.damaged-1").exists()
    for k in range(60):
        store.put(f"cell {k}", ABOUT, range(10), runs(10, seed=k))
    assert found(RunStore(path)) == 60


def test_what_can_be_read_of_a_damaged_file_is_kept(tmp_path):
    """One overwritten page costs the cells on it, not the others."""
    path = tmp_path / "runs.sqlite"
    filled(path)
    content = bytearray(path.read_bytes())
    page = content.rindex(b"cell 30") // 4096 * 4096
    content[page : page + 4096] = bytes(4096)
    path.write_bytes(content)
    store = RunStore(path)
    assert 10 < found(store) < 60


@pytest.mark.parametrize("content", ["", "{", "null", '"x"', "[1, null]", "[[1, 2]]", "[0.65, 1]"])
def test_a_changed_row_stops_nothing_but_itself(tmp_path, content):
    """A row that is not what was written is set aside and said; its cell can be put anew."""
    path = tmp_path / "runs.sqlite"
    store = RunStore(path)
    for key in ("k", "other"):
        store.put(key, ABOUT, range(2), runs(2))
    with closing(sqlite3.connect(path)) as db:
        db.execute("update run set scores = ? where seed = 1 and cell = 'k'", (content,))
        db.commit()
    assert store.get("k", range(2)) is None
    assert "1 damaged row set aside" in store.notes[0]
    assert same(store.get("other", range(2)), runs(2))
    store.put("k", ABOUT, range(2), runs(2))
    assert same(store.get("k", range(2)), runs(2))


@pytest.mark.parametrize("column", ["seed", "penalty", "seconds", "gold"])
def test_every_number_of_a_row_is_checked(tmp_path, column):
    """No changed number comes out as a result."""
    path = tmp_path / "runs.sqlite"
    store = RunStore(path)
    store.put("k", ABOUT, range(2), runs(2))
    table, key = ("cell", "key") if column == "gold" else ("run", "cell")
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"update {table} set {column} = 7 where {key} = 'k' and rowid = 1")
        db.commit()
    assert store.get("k", range(2)) is None
    assert len(store.notes) == 1


def test_a_store_from_before_checksums_is_read(tmp_path):
    """Its rows get theirs when it is first opened."""
    path = tmp_path / "runs.sqlite"
    RunStore(path).put("k", ABOUT, range(2), runs(2))
    with closing(sqlite3.connect(path)) as db:
        for table in ("cell", "run"):
            db.execute(f"alter table {table} drop column checksum")
    store = RunStore(path)
    assert same(store.get("k", range(2)), runs(2))
    assert store.notes == []


def test_a_folder_that_cannot_be_made(tmp_path):
    """A file where the cache should be is told."""
    (tmp_path / "cache").write_text("")
    with pytest.raises(StorageError, match="cannot be created"):
        RunStore(tmp_path / "cache" / "runs.sqlite")


FILL = """
import sys, numpy as np
from pathlib import Path
from suffice.demand.runs import RunStore
from suffice.evidence import CellRuns
from suffice.errors import StorageError
about = {"model": "m", "scheme": "s", "curve": [], "metrics": []}
if len(sys.argv) > 2:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
store = RunStore(Path(sys.argv[1]))
for k in range(5000):
    values = np.random.default_rng(k).random((40, 10))
    try:
        store.put(str(k), about, range(40), CellRuns(values, values[:, 0], values[:, 1], None))
    except StorageError as error:
        print(k, error)
        sys.exit(2)
sys.exit(0)
"""


def fill(path: Path, *limit: str) -> int:
    """Write until the disk refuses; returns how many cells were written."""
    result = subprocess.run(
        [sys.executable, "-c", FILL, str(path), *limit], capture_output=True, text=True, timeout=90
    )
    assert result.returncode == 2, result.stderr
    assert len(result.stdout.splitlines()) == 1
    number, said = result.stdout.split(" ", 1)
    assert said.startswith(f"{path}: the store of runs cannot be used")
    assert "free some space" in said
    return int(number)


def assert_whole(path: Path, written: int) -> None:
    """All cells before the refusal are there, to the last digit, and writing goes on."""
    store = RunStore(path)
    assert written > 0
    for k in range(written):
        want = np.random.default_rng(k).random((40, 10))
        assert (store.get(str(k), range(40)).scores == want).all()
    assert store.get(str(written), range(40)) is None
    store.put("after", ABOUT, range(2), runs(2))
    assert store.get("after", range(2)) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on file sizes")
def test_a_file_that_may_not_grow_loses_nothing(tmp_path):
    """Where files may not grow, a refused cell is told and the others are whole."""
    path = tmp_path / "runs.sqlite"
    assert_whole(path, fill(path, str(600_000)))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        cannot("mounting a small disk needs root on Linux")
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        cannot("this machine does not let root mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_loses_nothing(small_disk, tmp_path):
    """On a full disk a refused cell is told; with room again the others are whole."""
    path = small_disk / "runs.sqlite"
    written = fill(path)
    for file in small_disk.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert_whole(tmp_path / "runs.sqlite", written)
