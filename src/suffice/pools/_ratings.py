"""The example ratings: short texts from four places, each rated by about twenty people.

They come with the VADER paper (Hutto & Gilbert 2014): tweets, Amazon reviews, New York Times
editorials and film reviews, cut into short texts, each rated from -4 (very negative) to 4 (very
positive). Every single rating is there, so labels of any quality can be drawn from them: one
rating is a hasty label, the mean of nine a careful one, and the lexicon's score stands for a judge
that is wrong in the same way each time.
"""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from suffice._said import Citation, Said
from suffice._sealed import read_sealed, write_sealed
from suffice.errors import InputError, MissingError
from suffice.fetch import artefact, cache_folder, fetch, pinned_bytes
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.progress import Progress, Step

DOMAIN_NAMES = ("tweets", "amazon", "nyt", "movies")
_STEMS = ("tweets", "amazonReviewSnippets", "nytEditorialSnippets", "movieReviewSnippets")
_WITH_DOCUMENTS = ("amazon", "nyt")
"""Where the id is DOCUMENT_SENTENCE; elsewhere each text is a document of its own."""

_ARCHIVE = "hutto_ICWSM_2014.tar.gz"
_MEANS_AGREE = 1e-6
"""Two files give a text's mean rating; apart by more than rounding, they are not of one text."""
_SCORE_EVERY = 500
"""Texts between two steps of the progress bar: chosen."""
_PARSED = "parsed"
_VERSION = 1
"""Of the parsed form: a change here makes every machine parse anew."""


RATED = Said(
    limits=(
        "Gold is made of ratings like those that are bought: no error that raters have in common "
        "can show.",
        "Who gave which rating is not read: nobody can be told apart, screened or trusted more.",
    ),
)
"""What holds of any texts with their ratings."""

EXAMPLE = Said(
    limits=(
        "People share whatever they all get wrong: gold comes from the same kind of raters as the "
        "crowd and the panel, so no error that raters have in common can show.",
        "The ratings carry no rater ids: nobody can be told apart, screened or trusted more.",
    ),
    citations=(
        Citation(
            "Example ratings and lexicon judge",
            "Hutto & Gilbert (2014), VADER, ICWSM",
            "https://doi.org/10.1609/icwsm.v8i1.14550",
        ),
    ),
)
"""The same of the example, in its own words."""


@dataclass(frozen=True)
class Ratings:
    """Texts and everything that raters said about them.

    Attributes:
        texts: the texts [text].
        domain: index into ``domain_names`` [text].
        domain_names: where the texts come from.
        document: which document a text was cut from [text], unique over domains. Documents that
            hold the same text word for word count as one, so that a split by document is also a
            split by text.
        values: all ratings, whole numbers, text after text [rating].
        offsets: where each text's ratings start in ``values`` [text + 1].
        lexicon: an automatic judge's score of each text, NaN where it has none [text]; in the
            example VADER's compound score, -1..1.
        dropped: what was passed over on reading, with how many texts.
        said: what these ratings cannot show, and where they come from.
        teaches: what a model trained on their comparisons does, in words.
    """

    texts: tuple[str, ...] = field(repr=False)
    domain: NDArray[np.int64] = field(repr=False)
    domain_names: tuple[str, ...]
    document: NDArray[np.int64] = field(repr=False)
    values: NDArray[np.int8] = field(repr=False)
    offsets: NDArray[np.int64] = field(repr=False)
    lexicon: NDArray[np.float64] = field(repr=False)
    dropped: dict[str, int]
    said: Said = field(default=RATED, repr=False)
    teaches: str = "ranks texts by their rating"

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self.texts)

    @property
    def n_ratings(self) -> NDArray[np.int64]:
        """How many ratings each text has [text]."""
        return np.diff(self.offsets)

    def of(self, text: int) -> NDArray[np.int8]:
        """The ratings of one text [rating]."""
        return self.values[self.offsets[text] : self.offsets[text + 1]]

    def take(self, texts: NDArray[np.int64]) -> Ratings:
        """The same for the texts at these indices, in that order; documents keep their number."""
        counts = self.n_ratings[texts]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        rows = np.repeat(self.offsets[texts] - offsets[:-1], counts) + np.arange(offsets[-1])
        return Ratings(
            texts=tuple(self.texts[i] for i in texts),
            domain=self.domain[texts],
            domain_names=self.domain_names,
            document=self.document[texts],
            values=self.values[rows],
            offsets=offsets,
            lexicon=self.lexicon[texts],
            dropped=self.dropped,
            said=self.said,
            teaches=self.teaches,
        )


def load_ratings(progress: Progress | None = None) -> Ratings:
    """Read the example ratings, fetching and parsing them the first time.

    Raises:
        MissingError: they are not in the cache and could not be fetched.
        StorageError: the cache cannot be written.
    """
    shown = progress if progress is not None else SilentProgress()
    folder = cache_folder() / "ratings" / f"{artefact('ratings').digest[:12]}-v{_VERSION}"
    ratings = _read_parsed(folder, shown)
    if ratings is None:
        source = fetch("ratings", shown)
        ratings = _parse(source, shown)
        for why, n in ratings.dropped.items():
            shown.note(f"example ratings: dropped {n} {why}")
        _write_parsed(folder, ratings)
    return replace(ratings, said=EXAMPLE, teaches="ranks sentiment")


def sample_documents(ratings: Ratings, n_texts: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw whole documents at random, as evenly over the domains as they allow.

    Each domain gets a quarter of the texts (for four domains); what a small domain cannot fill
    goes to the others. A document that no longer fits is passed over for one that does.

    Args:
        ratings: what to draw from.
        n_texts: the most texts to draw. All are drawn if there are no more.
        rng: the source of chance.

    Returns:
        Indices of the texts drawn, ascending [text]: ``n_texts`` or slightly fewer.

    Raises:
        InputError: ``n_texts`` is below the number of domains.
    """
    n_domains = len(ratings.domain_names)
    if n_texts < n_domains:
        raise InputError(
            f"cannot draw {n_texts} texts from {n_domains} domains",
            fix=f"draw {n_domains} at least",
        )
    if n_texts >= len(ratings):
        return np.arange(len(ratings))
    names, first, size_D = np.unique(ratings.document, return_index=True, return_counts=True)
    domain_D = ratings.domain[first]
    order = rng.permutation(len(names))
    quota = _share_out(n_texts, np.bincount(ratings.domain, minlength=n_domains))
    chosen = np.zeros(len(names), dtype=bool)
    for at in order:
        if size_D[at] <= quota[domain_D[at]]:
            chosen[at] = True
            quota[domain_D[at]] -= size_D[at]
    return np.flatnonzero(np.isin(ratings.document, names[chosen]))


def _share_out(total: int, available: NDArray[np.int64]) -> NDArray[np.int64]:
    """Split ``total`` evenly, giving what the small ones cannot take to the larger ones."""
    shares = np.zeros(len(available), dtype=np.int64)
    left = total
    for rank, at in enumerate(np.argsort(available, kind="stable")):
        shares[at] = min(available[at], left // (len(available) - rank))
        left -= shares[at]
    return shares


def _parse(source: Path, progress: Progress) -> Ratings:
    """Join texts and ratings by id, and score the texts with the lexicon."""
    texts: list[str] = []
    domain: list[int] = []
    documents: list[tuple[str, str]] = []
    rows: list[list[int]] = []
    dropped: dict[str, int] = {}
    with tarfile.open(source / _ARCHIVE) as tar:
        for number, (name, stem) in enumerate(zip(DOMAIN_NAMES, _STEMS, strict=True)):
            ratings = {row[0]: row for row in _rows(tar, f"{stem}_anonDataRatings.txt", 4)}
            for key, mean, text in _rows(tar, f"{stem}_GroundTruth.txt", 3):
                if key not in ratings:
                    _count(dropped, f"{name} without ratings")
                elif abs(float(mean) - float(ratings[key][1])) > _MEANS_AGREE:
                    _count(dropped, f"{name} whose two mean ratings differ")
                else:
                    texts.append(text)
                    domain.append(number)
                    document = key.split("_")[0] if name in _WITH_DOCUMENTS else key
                    documents.append((name, document))
                    rows.append([int(value) for value in json.loads(ratings[key][3])])
    with progress.step("score texts with the lexicon", total=len(texts)) as step:
        lexicon = _score(source, texts, step)
    return Ratings(
        texts=tuple(texts),
        domain=np.asarray(domain, dtype=np.int64),
        domain_names=DOMAIN_NAMES,
        document=number_documents(texts, documents),
        values=np.asarray([value for row in rows for value in row], dtype=np.int8),
        offsets=np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
        lexicon=lexicon,
        dropped=dropped,
    )


def _count(counts: dict[str, int], why: str) -> None:
    counts[why] = counts.get(why, 0) + 1


def _rows(tar: tarfile.TarFile, name: str, columns: int) -> list[list[str]]:
    """The tab-separated rows of one file in the archive."""
    stream = tar.extractfile(f"hutto_ICWSM_2014/{name}")
    if stream is None:
        raise MissingError(f"the archive of the example ratings holds no {name}")
    lines = io.TextIOWrapper(stream, encoding="utf-8-sig").read().split("\n")
    rows = [line.rstrip("\r").split("\t") for line in lines if line.strip()]
    for number, row in enumerate(rows, start=1):
        if len(row) != columns:
            raise InputError(f"{len(row)} columns instead of {columns}", where=f"{name}:{number}")
    return rows


def number_documents(texts: list[str], documents: list[tuple[str, str]]) -> NDArray[np.int64]:
    """Number the documents, as one where they share a text [text]."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(one: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(one, one) != one:
            one = parent[one]
        return one

    first_with: dict[str, tuple[str, str]] = {}
    for text, document in zip(texts, documents, strict=True):
        earlier = root(first_with.setdefault(text, document))
        parent[root(document)] = earlier
    numbers: dict[tuple[str, str], int] = {}
    return np.asarray(
        [numbers.setdefault(root(one), len(numbers)) for one in documents], dtype=np.int64
    )


def _score(source: Path, texts: list[str], step: Step) -> NDArray[np.float64]:
    """VADER's compound score of each text [text]."""
    score = _load_lexicon(source)
    scores = np.empty(len(texts))
    for i, text in enumerate(texts):
        scores[i] = score(text)
        if (i + 1) % _SCORE_EVERY == 0:
            step.advance(_SCORE_EVERY)
    step.advance(len(texts) % _SCORE_EVERY)
    return scores


def _load_lexicon(source: Path) -> Callable[[str], float]:
    """Run VADER's own module from where it was fetched; its word lists lie beside it.

    What runs are the very bytes whose hash is pinned: no bytecode that lies beside them.
    """
    import types
    import warnings

    path = source / "vaderSentiment.py"
    module = types.ModuleType("_suffice_vader")
    module.__file__ = str(path)
    code = compile(pinned_bytes("ratings", path.name), str(path), "exec")
    with warnings.catch_warnings():
        # It opens its word lists in a way that newer Pythons call deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        exec(code, module.__dict__)
        analyser = module.SentimentIntensityAnalyzer()
    return lambda text: float(analyser.polarity_scores(text)["compound"])


def _write_parsed(folder: Path, ratings: Ratings) -> None:
    """Keep the parsed form: arrays, and the texts as the bytes of JSON."""
    words = json.dumps({"texts": ratings.texts, "dropped": ratings.dropped}).encode()
    arrays = io.BytesIO()
    np.savez(
        arrays,
        domain=ratings.domain,
        document=ratings.document,
        values=ratings.values,
        offsets=ratings.offsets,
        lexicon=ratings.lexicon,
        words=np.frombuffer(words, dtype=np.uint8),
    )
    write_sealed(folder / _PARSED, arrays.getvalue())


def _read_parsed(folder: Path, progress: Progress) -> Ratings | None:
    """The parsed form, or ``None`` where it is missing or damaged: it is then made anew."""
    content = read_sealed(folder / _PARSED, progress, "the ratings are parsed again")
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    told = json.loads(arrays["words"].tobytes())
    return Ratings(
        texts=tuple(told["texts"]),
        domain=arrays["domain"],
        domain_names=DOMAIN_NAMES,
        document=arrays["document"],
        values=arrays["values"],
        offsets=arrays["offsets"],
        lexicon=arrays["lexicon"],
        dropped=told["dropped"],
    )
