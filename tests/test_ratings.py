"""The example ratings, read from the real package."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from suffice.errors import InputError
from suffice.pools._ratings import Ratings, load_ratings, sample_documents


@pytest.fixture(scope="module")
def ratings(packaged_data):
    """The example ratings."""
    return load_ratings()


@pytest.fixture(scope="module")
def fresh_cache(packaged_data, tmp_path_factory):
    """A cache that holds the package but nothing parsed."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "packages").symlink_to(packaged_data["ratings"].parent)
    return folder


def made_up(sizes: list[list[int]]) -> Ratings:
    """Ratings of documents of these sizes, a list a domain."""
    domain = [d for d, documents in enumerate(sizes) for size in documents for _ in range(size)]
    flat = [size for documents in sizes for size in documents]
    document = np.repeat(np.arange(len(flat)), flat)
    n = len(document)
    return Ratings(
        texts=tuple(f"text {i}" for i in range(n)),
        domain=np.asarray(domain),
        domain_names=tuple("abcdefgh"[: len(sizes)]),
        document=document,
        values=np.zeros(n, dtype=np.int8),
        offsets=np.arange(n + 1),
        lexicon=np.zeros(n),
        dropped={},
    )


def test_everything_is_read_and_drops_are_counted(ratings):
    """23,703 texts come in; 199 tweets whose two means differ go, and are counted."""
    assert len(ratings) == 23_504
    assert ratings.dropped == {"tweets whose two mean ratings differ": 199}
    assert np.bincount(ratings.domain).tolist() == [4001, 3708, 5190, 10605]
    assert ratings.offsets[-1] == len(ratings.values) == 517_433
    assert ratings.values.min() == -4
    assert ratings.values.max() == 4
    assert ratings.n_ratings.min() >= 10


def test_ratings_belong_to_their_texts(ratings):
    """The lexicon, which saw the texts alone, agrees with the mean rating in every domain."""
    means = np.add.reduceat(ratings.values.astype(float), ratings.offsets[:-1])
    means /= ratings.n_ratings
    assert np.abs(ratings.lexicon).max() <= 1
    for domain, name in enumerate(ratings.domain_names):
        here = ratings.domain == domain
        assert np.corrcoef(means[here], ratings.lexicon[here])[0, 1] > 0.4, name


def test_no_text_lies_in_two_documents(ratings):
    """A split by document is a split by text, and documents keep to one domain."""
    seen = {}
    for text, document in zip(ratings.texts, ratings.document.tolist(), strict=True):
        assert seen.setdefault(text, document) == document
    for document in np.unique(ratings.document)[:2000]:
        assert len(np.unique(ratings.domain[ratings.document == document])) == 1


def test_second_load_is_fast_and_equal(ratings):
    """The parsed form is kept: reading it takes less than .3 s."""
    start = time.perf_counter()
    again = load_ratings()
    assert time.perf_counter() - start < 0.3
    assert again.texts == ratings.texts
    for name in ("domain", "document", "values", "offsets", "lexicon"):
        np.testing.assert_array_equal(getattr(again, name), getattr(ratings, name))


def test_parsing_needs_neither_network_nor_requests(fresh_cache, ratings):
    """With sockets and ``requests`` barred, a fresh parse gives the same."""
    code = (
        "import socket, sys\n"
        "sys.modules['requests'] = None\n"
        "def bar(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = bar\n"
        "from suffice.pools._ratings import load_ratings\n"
        "print(len(load_ratings()), load_ratings().lexicon.sum())\n"
    )
    environment = os.environ | {"SUFFICE_CACHE": str(fresh_cache)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    n, total = done.stdout.split()
    assert int(n) == len(ratings)
    assert float(total) == pytest.approx(ratings.lexicon.sum())


def test_damaged_parsed_form_is_made_anew(fresh_cache, ratings, monkeypatch):
    """A parsed file that was changed is noticed and made again from the package."""
    monkeypatch.setenv("SUFFICE_CACHE", str(fresh_cache))
    load_ratings()
    (path,) = fresh_cache.glob("ratings/*/*")
    whole = path.read_bytes()
    path.write_bytes(whole[:1000] + b"x" + whole[1001:])
    assert load_ratings().texts == ratings.texts
    assert path.read_bytes()[:2000] == whole[:2000]


def test_take_keeps_ratings_with_their_texts(ratings):
    """Any choice of texts, in any order, keeps each text's own ratings."""
    chosen = np.random.default_rng(0).permutation(len(ratings))[:200]
    taken = ratings.take(chosen)
    assert len(taken) == 200
    for i, at in enumerate(chosen):
        assert taken.texts[i] == ratings.texts[at]
        np.testing.assert_array_equal(taken.of(i), ratings.of(at))


def test_no_text_is_shown(ratings):
    """Third-party texts do not leak through ``repr``."""
    assert len(repr(ratings)) < 300


def test_sample_is_whole_documents_in_even_shares(ratings):
    """8,000 texts: about 2,000 a domain, every document whole, and chance decides which."""
    chosen = sample_documents(ratings, 8000, np.random.default_rng(0))
    assert 7950 <= len(chosen) <= 8000
    shares = np.bincount(ratings.domain[chosen], minlength=4)
    assert shares.min() >= 1980
    assert shares.max() <= 2000
    inside = np.isin(ratings.document, ratings.document[chosen])
    assert inside.sum() == len(chosen)
    other = sample_documents(ratings, 8000, np.random.default_rng(1))
    assert len(np.intersect1d(chosen, other)) < 6000
    same = sample_documents(ratings, 8000, np.random.default_rng(0))
    np.testing.assert_array_equal(chosen, same)


@pytest.mark.parametrize("n", [2, 3, 17, 50, 200])
def test_sample_never_exceeds_what_was_asked(n):
    """Whatever the sizes of documents, at most ``n`` texts, and no document in part."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        ratings = made_up([rng.integers(1, 12, size=30).tolist(), [1] * 40])
        chosen = sample_documents(ratings, n, rng)
        assert len(chosen) <= n
        assert np.isin(ratings.document, ratings.document[chosen]).sum() == len(chosen)
        if n >= 50:
            assert len(chosen) >= n - 11  # a document has 11 texts at most


def test_sample_gives_a_small_domains_share_to_the_others():
    """What a small domain cannot fill goes to the large one."""
    ratings = made_up([[1] * 5, [1] * 100])
    chosen = sample_documents(ratings, 40, np.random.default_rng(0))
    assert np.bincount(ratings.domain[chosen]).tolist() == [5, 35]


def test_sample_of_everything_is_everything():
    """Asking for as many texts as there are, or more, gives all of them."""
    ratings = made_up([[3, 4], [5]])
    for n in (12, 100):
        assert len(sample_documents(ratings, n, np.random.default_rng(0))) == 12


def test_sample_too_small_for_the_domains():
    """Fewer texts than domains is an input error."""
    with pytest.raises(InputError, match="cannot draw 1 texts from 2 domains"):
        sample_documents(made_up([[1], [1]]), 1, np.random.default_rng(0))
