"""The store of vectors: each text once, whatever is interrupted, damaged or done at once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from toy_models import Stopping, Told, save_words, spell, toy_model

from suffice.demand.models._embed import embed_cached
from suffice.demand.models._encoders import WordVectors
from suffice.errors import StorageError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("SUFFICE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def many_texts(n: int) -> list[str]:
    """Different texts of known words."""
    return [f"{spell(i % 97)} {spell(i // 97)}" for i in range(n)]


def stored(cache: Path, name: str) -> Path:
    """A file of the only model in the store."""
    (folder,) = (cache / "vectors").iterdir()
    return folder / name


def test_each_text_is_computed_once(cache, tmp_path):
    """Repeats and later calls compute nothing again, and order is the caller's."""
    model = Stopping(toy_model(tmp_path / "toy"))
    texts = many_texts(50)
    told = Told()
    first = embed_cached(model, texts + texts[:20], told)
    assert model.computed == told.units == 50
    np.testing.assert_array_equal(first[50:], first[:20])
    np.testing.assert_allclose(first[:50], model.embed(texts), atol=1e-7)
    again = embed_cached(model, [*texts[::-1], spell(99)])
    assert model.computed == 51
    np.testing.assert_array_equal(again[:50], first[:50][::-1])


def test_interrupted_work_goes_on_where_it_stopped(cache, tmp_path):
    """What was computed before Ctrl-C is there after it."""
    model = Stopping(toy_model(tmp_path / "toy"), after=3)
    texts = many_texts(100)
    with pytest.raises(KeyboardInterrupt):
        embed_cached(model, texts)
    model.after = 10**9
    embed_cached(model, texts)
    assert model.computed == 100


@pytest.mark.parametrize("name", ["rows.f32", "records.bin"])
def test_half_written_tail_is_cut_off(cache, tmp_path, name):
    """What a killed writer left at the end of either file harms nothing."""
    model = Stopping(toy_model(tmp_path / "toy"))
    texts = many_texts(60)
    embed_cached(model, texts[:40])
    with stored(cache, name).open("ab") as stream:
        stream.write(b"\x01" * 37)
    got = embed_cached(model, texts)
    assert model.computed == 60
    np.testing.assert_allclose(got, model.embed(texts), atol=1e-7)
    np.testing.assert_array_equal(embed_cached(model, texts), got)
    assert model.computed == 60
    assert stored(cache, "rows.f32").stat().st_size == 60 * 4 * 4


def test_damaged_rows_are_computed_again(cache, tmp_path):
    """A changed byte is noticed, said, and mended for good."""
    model = Stopping(toy_model(tmp_path / "toy"))
    texts = many_texts(30)
    right = embed_cached(model, texts)
    with stored(cache, "rows.f32").open("r+b") as stream:
        stream.seek(100)
        stream.write(b"\xff")
    told = Told()
    np.testing.assert_array_equal(embed_cached(model, texts, told), right)
    assert told.notes == ["1 cached vectors are damaged: computing them again"]
    told = Told()
    np.testing.assert_array_equal(embed_cached(model, texts, told), right)
    assert told.notes == []
    assert model.computed == 31


@pytest.mark.parametrize("name", ["rows.f32", "records.bin", "both"])
@pytest.mark.parametrize("damage", ["cut", "zeroed", "another's"])
def test_damaged_files_give_no_wrong_vector(cache, tmp_path, name, damage):
    """Cut, zeroed or another model's files: what they held is computed again."""
    texts = many_texts(30)
    save_words(tmp_path / "other", 4)
    files = tmp_path / "other" / "vectors.npy", tmp_path / "other" / "words.parquet"
    np.save(files[0], -np.load(files[0])[::-1])
    other = WordVectors("other", "other words", 4, 100, "other", lambda progress: files)
    embed_cached(other, texts)
    theirs = {path.name: path.read_bytes() for path in cache.glob("vectors/other*/*")}
    model = Stopping(toy_model(tmp_path / "toy"))
    right = embed_cached(model, texts)
    for file in ("rows.f32", "records.bin") if name == "both" else (name,):
        path = next(cache.glob(f"vectors/toy*/{file}"))
        whole = path.read_bytes()
        content = {"cut": whole[: len(whole) // 2], "zeroed": bytes(len(whole))}
        path.write_bytes(content.get(damage, theirs[file]))
    told = Told()
    np.testing.assert_array_equal(embed_cached(model, texts, told), right)
    if (name, damage) not in {("both", "cut"), ("records.bin", "cut")}:
        assert "damaged: computing them again" in told.notes[0]
    np.testing.assert_array_equal(embed_cached(model, texts), right)


def test_remarks_are_kept(cache, tmp_path):
    """That a text could not be read is said again when its vector comes from the cache."""
    model = toy_model(tmp_path / "toy")
    for _ in range(2):
        told = Told()
        embed_cached(model, [spell(1), "zzz"], told)
        assert told.notes == [
            "toy: 1 of 2 texts hold no word that the model knows: their vectors are zero"
        ]


def test_writers_at_once(cache, tmp_path):
    """Processes that compute overlapping texts at once leave one whole row a text."""
    save_words(tmp_path / "toy", 4)
    script = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_embed import many_texts
        from toy_models import Stopping, toy_model
        from suffice.demand.models._embed import embed_cached
        model = Stopping(toy_model(Path({str(tmp_path / "toy")!r})))
        start = int(sys.argv[1])
        embed_cached(model, many_texts(600)[start:start + 400])
    """)
    jobs = [subprocess.Popen([sys.executable, "-c", script, str(at)]) for at in (0, 100, 200)]
    assert [job.wait(timeout=120) for job in jobs] == [0, 0, 0]
    model = Stopping(toy_model(tmp_path / "toy"))
    got = embed_cached(model, many_texts(600))
    assert model.computed == 0
    np.testing.assert_allclose(got, model.embed(many_texts(600)), atol=1e-7)
    assert stored(cache, "records.bin").stat().st_size == 600 * 24


def test_reader_beside_a_writer(cache, tmp_path):
    """Reading while another appends gives right vectors, never half of one."""
    model = toy_model(tmp_path / "toy")
    texts = many_texts(500)
    right = model.embed(texts)
    embed_cached(model, texts[:5])
    writer = threading.Thread(target=embed_cached, args=(Stopping(model), texts))
    writer.start()
    while writer.is_alive():
        told = Told()
        np.testing.assert_allclose(embed_cached(model, texts[:50], told), right[:50], atol=1e-7)
        assert told.notes == []
    writer.join()


def test_models_do_not_share_vectors(cache, tmp_path):
    """Other weights or settings mean another store."""
    one, other = toy_model(tmp_path / "a"), toy_model(tmp_path / "b")
    other.fingerprint = "0" * 64
    embed_cached(one, many_texts(3))
    counting = Stopping(other)
    embed_cached(counting, many_texts(3))
    assert counting.computed == 3


def test_disk_that_fills_up(cache, tmp_path):
    """When the system refuses to write more: one line, and what was kept stays."""
    save_words(tmp_path / "toy", 4)
    script = textwrap.dedent(f"""
        import resource, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_embed import many_texts
        from toy_models import Stopping, toy_model
        from suffice.demand.models._embed import embed_cached
        from suffice.errors import StorageError
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        try:
            embed_cached(Stopping(toy_model(Path({str(tmp_path / "toy")!r}))), many_texts(100))
        except StorageError as error:
            print(error)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "the disk is full" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    model = Stopping(toy_model(tmp_path / "toy"))
    got = embed_cached(model, many_texts(100))
    assert 0 < model.computed < 100
    np.testing.assert_allclose(got, model.embed(many_texts(100)), atol=1e-7)


def test_cache_that_cannot_be_written(tmp_path, monkeypatch):
    """A cache folder below a file is a storage error, not a traceback."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SUFFICE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(StorageError, match=r"cannot be written"):
        embed_cached(toy_model(tmp_path / "toy"), many_texts(3))


def test_cached_vectors_are_read_fast(cache, tmp_path):
    """8,000 vectors of 384 numbers are read in less than .3 s."""
    model = toy_model(tmp_path / "toy", dim=384)
    texts = many_texts(8000)
    embed_cached(model, texts)
    start = time.perf_counter()
    got = embed_cached(model, texts)
    assert time.perf_counter() - start < 0.3
    assert got.shape == (8000, 384)
