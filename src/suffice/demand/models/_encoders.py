"""Text encoders: word vectors, ONNX graphs, and what they share.

An encoder turns each text into one vector of unit length. Texts are tokenised a window at a time
and run in batches of similar length, so that little work goes into padding and memory stays flat
however many texts there are.
"""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.errors import InputError, MissingError
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.progress import Progress

MAX_TOKENS = 128
"""Longer texts are read up to here. Chosen: the packaged encoders were trained on texts of up to
128 tokens, and time grows with length."""

TRUNCATED = 1
UNKNOWN = 2
"""Remarks on a text: read only in part; holds nothing that the model knows."""

_WINDOW = 4096
"""Texts that are sorted by length at a time, so that rows of a batch are about as long. Chosen."""

_BATCH, _GROUP = 16, 8
"""Texts that go through the network at a time, and batches that share out a core's work. Chosen for
speed on two cores; vectors do not depend on them but for rounding."""

_WORD_BATCH = 1024
"""The same where a text is the mean of its words. Chosen for speed."""

_MAX_CHARACTERS = 128
"""Read at most this many characters a token: enough, as a word over 100 counts as one token."""

_WORD = re.compile(
    r"[^\W\d_]+(?=n't\b)|n't\b|'(?:s|re|ve|ll|d|m)\b|[^\W\d_]+|\d+(?:[.,:]\d+)*|[^\w\s]+"
)
"""The Penn Treebank's habits, which GloVe was trained with: do n't, it 's, 3.5."""


@dataclass(frozen=True)
class Batch:
    """Vectors of some of the texts.

    Attributes:
        rows: which texts, as indices into those given [row].
        vectors: float32, of unit length; all zero where nothing is known of a text [row, dim].
        remarks: 0, ``TRUNCATED`` or ``UNKNOWN`` [row].
    """

    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]
    remarks: NDArray[np.uint32]


class Encoder(ABC):
    """A text encoder.

    Attributes:
        name: what ``load_model`` calls it.
        fingerprint: sha256 over its weights and settings: equal ones give equal vectors.
        dim: length of a vector.
        parameters: how many weights it has, those of the token table included.
        about: one line on it.
    """

    name: str
    fingerprint: str
    dim: int
    parameters: int
    about: str

    @abstractmethod
    def batches(self, texts: Sequence[str], progress: Progress | None = None) -> Iterator[Batch]:
        """The vectors of all texts, batch by batch, in an order of the encoder's own.

        Args:
            texts: any strings, the empty one included.
            progress: used only while weights are fetched.
        """

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """One vector of unit length a text.

        A text that holds nothing the model knows (possible for word vectors only) gets the zero
        vector. How many texts were read in part or not at all is noted on ``progress``.

        Args:
            texts: any strings.
            progress: advances by texts.

        Returns:
            float32 [text, dim].

        Raises:
            InputError: an item is no string.
            MissingError: the weights are not in the cache and could not be fetched.
        """
        shown = progress if progress is not None else SilentProgress()
        clean = clean_texts(texts, shown)
        vectors = np.zeros((len(clean), self.dim), dtype=np.float32)
        remarks = np.zeros(len(clean), dtype=np.uint32)
        with shown.step(f"embed with {self.name}", total=len(clean)) as step:
            for batch in self.batches(clean, shown):
                vectors[batch.rows] = batch.vectors
                remarks[batch.rows] = batch.remarks
                step.advance(len(batch.rows))
        note_remarks(self.name, remarks, shown)
        return vectors


def clean_texts(texts: Sequence[str], progress: Progress) -> list[str]:
    """The texts, with half characters (lone surrogates) replaced and counted.

    Raises:
        InputError: an item is no string.
    """
    if isinstance(texts, str):
        raise InputError("a single text was given", fix="give a list of texts")
    clean: list[str] = []
    mended = 0
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            kind = type(text).__name__
            raise InputError(f"a text must be a string, not {kind}", where=f"texts[{number}]")
        try:
            text.encode()
        except UnicodeEncodeError:
            clean.append(text.encode("utf-8", "replace").decode())
            mended += 1
        else:
            clean.append(text)
    if mended:
        progress.note(f"{mended} of {len(clean)} texts hold broken characters, read as '?'")
    return clean


def note_remarks(name: str, remarks: NDArray[np.uint32], progress: Progress) -> None:
    """Say how many texts the model of this name did not read in full."""
    said = {
        TRUNCATED: "are longer than the model reads: their ends were left out",
        UNKNOWN: "hold no word that the model knows: their vectors are zero",
    }
    for remark, text in said.items():
        n = int(np.count_nonzero(remarks == remark))
        if n:
            progress.note(f"{name}: {n} of {len(remarks)} texts {text}")


def fingerprint(**settings: object) -> str:
    """sha256 over named settings, weights' hashes among them."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to unit length; zero rows stay zero."""
    norms = np.sqrt(np.square(vectors).sum(axis=1, keepdims=True))
    return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)


class WordVectors(Encoder):
    """The mean of the vectors of a text's words: no context, no word order.

    Words that have no vector are left out; of a run of signs that has none, each sign is tried.
    """

    def __init__(
        self,
        name: str,
        about: str,
        dim: int,
        n_words: int,
        identity: str,
        files: Callable[[Progress | None], tuple[Path, Path]],
    ) -> None:
        """Describe the vectors; they are read when they are first needed.

        Args:
            name: see ``Encoder``.
            about: see ``Encoder``.
            dim: see ``Encoder``.
            n_words: how many words have one.
            identity: hash of the vectors.
            files: gives the paths of the vectors (npy) and of the words (parquet).
        """
        self.name, self.about, self.dim = name, about, dim
        self.parameters = n_words * dim
        self.fingerprint = fingerprint(kind="word-mean/1", weights=identity)
        self._files = files
        self._loaded: tuple[dict[str, int], NDArray[np.float32]] | None = None

    def batches(self, texts: Sequence[str], progress: Progress | None = None) -> Iterator[Batch]:
        """See ``Encoder.batches``."""
        row_of, table = self._load(progress)
        for start in range(0, len(texts), _WORD_BATCH):
            some = texts[start : start + _WORD_BATCH]
            vectors = np.zeros((len(some), self.dim), dtype=np.float32)
            remarks = np.zeros(len(some), dtype=np.uint32)
            for i, text in enumerate(some):
                known = _word_rows(text, row_of)
                if known:
                    vectors[i] = table[known].mean(axis=0)
                else:
                    remarks[i] = UNKNOWN
            yield Batch(start + np.arange(len(some)), unit_rows(vectors), remarks)

    def _load(self, progress: Progress | None) -> tuple[dict[str, int], NDArray[np.float32]]:
        if self._loaded is None:
            import polars as pl

            vectors, words = self._files(progress)
            listed = pl.read_parquet(words, glob=False).to_series(0).to_list()
            row_of = {word: row for row, word in enumerate(listed)}
            self._loaded = row_of, np.load(vectors, mmap_mode="r")
        return self._loaded


def _word_rows(text: str, row_of: dict[str, int]) -> list[int]:
    rows: list[int] = []
    for word in _WORD.findall(text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")):
        if word in row_of:
            rows.append(row_of[word])
        elif not word[0].isalnum():
            rows.extend(row_of[sign] for sign in word if sign in row_of)
    return rows


def _padded(ids: list[list[int]], inputs: set[str]) -> dict[str, NDArray[np.int64]]:
    """What the graph is fed: token numbers and the mask of the real ones [text, token]."""
    lengths = np.asarray([len(one) for one in ids])
    tokens = np.zeros((len(ids), lengths.max()), dtype=np.int64)
    for row, one in enumerate(ids):
        tokens[row, : len(one)] = one
    mask = (np.arange(tokens.shape[1]) < lengths[:, None]).astype(np.int64)
    fed = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
    return {name: fed[name] for name in fed if name in inputs}


class OnnxEncoder(Encoder):
    """A transformer encoder run by ONNX Runtime."""

    def __init__(
        self,
        name: str,
        about: str,
        dim: int,
        parameters: int,
        identity: str,
        files: Callable[[Progress | None], tuple[bytes | Path, Path]],
        *,
        output: str,
        threads: int,
        max_tokens: int = MAX_TOKENS,
    ) -> None:
        """Describe the encoder; weights are read when they are first needed.

        Args:
            name: see ``Encoder``.
            about: see ``Encoder``.
            dim: see ``Encoder``.
            parameters: see ``Encoder``.
            identity: hash of weights and graph.
            files: gives the graph (a path, or the graph itself) and the path of tokenizer.json.
            output: the graph's output with one pooled vector a text.
            threads: how many threads to compute with.
            max_tokens: read this many tokens of a text, the two that mark its ends included.
        """
        self.name, self.about, self.dim, self.parameters = name, about, dim, parameters
        self.fingerprint = fingerprint(
            kind="onnx/1", weights=identity, output=output, max_tokens=max_tokens
        )
        self._files, self._output = files, output
        self._threads, self._max_tokens = threads, max_tokens
        self._loaded: tuple[Any, Any] | None = None

    def batches(self, texts: Sequence[str], progress: Progress | None = None) -> Iterator[Batch]:
        """See ``Encoder.batches``."""
        tokenizer, session = self._load(progress)
        inputs = {put.name for put in session.get_inputs()}
        longest = self._max_tokens * _MAX_CHARACTERS
        for start in range(0, len(texts), _WINDOW):
            window = texts[start : start + _WINDOW]
            # One text at a time: tokenizing many at once starts threads that outlive the call,
            # which the library then warns about at every fork.
            encoded = [tokenizer.encode(text[:longest]) for text in window]
            cut = [
                bool(one.overflowing) or len(text) > longest
                for one, text in zip(encoded, window, strict=True)
            ]
            lengths = np.asarray([len(one.ids) for one in encoded])
            order = np.argsort(-lengths, kind="stable")
            for first in range(0, len(order), _BATCH * _GROUP):
                rows = order[first : first + _BATCH * _GROUP]
                parts = [rows[at : at + _BATCH] for at in range(0, len(rows), _BATCH)]
                fed = [_padded([encoded[row].ids for row in part], inputs) for part in parts]
                with ThreadPoolExecutor(self._threads) as pool:
                    out = pool.map(lambda one: session.run([self._output], one)[0], fed)
                    vectors = np.concatenate(list(out))
                remarks = np.where(np.asarray(cut)[rows], TRUNCATED, 0).astype(np.uint32)
                yield Batch(rows + start, unit_rows(vectors), remarks)

    def _load(self, progress: Progress | None) -> tuple[Any, Any]:
        if self._loaded is None:
            import onnxruntime
            from tokenizers import Tokenizer

            graph, words = self._files(progress)
            options = onnxruntime.SessionOptions()
            # One thread a batch and several batches at once: threads inside a batch wait for each
            # other by spinning, which costs twice the work on a machine that does other things too.
            options.intra_op_num_threads = 1
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            try:
                tokenizer = Tokenizer.from_file(str(words))
                session = onnxruntime.InferenceSession(
                    graph if isinstance(graph, bytes) else str(graph), options
                )
            except Exception as error:  # both libraries raise bare ``Exception``
                reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
                raise MissingError(f"model {self.name} cannot be loaded: {reason}") from error
            tokenizer.enable_truncation(self._max_tokens)
            tokenizer.no_padding()
            self._loaded = tokenizer, session
        return self._loaded
