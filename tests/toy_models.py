"""Made-up word vectors and progress that remembers, for tests of encoders and their store."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import polars as pl

from suffice.demand.models._encoders import WordVectors
from suffice.progress import SilentProgress


class Told(SilentProgress):
    """Progress that keeps notes and counts units."""

    def __init__(self):
        self.notes, self.units = [], 0

    def note(self, text):
        self.notes.append(text)

    def step(self, name, total):
        return nullcontext(self)

    def advance(self, n=1):
        self.units += n


def save_words(folder: Path, dim: int, n_words: int = 100) -> None:
    """Random vectors for the words a0, a1, ... spelled with letters."""
    rng = np.random.default_rng(0)
    folder.mkdir(exist_ok=True)
    np.save(folder / "vectors.npy", rng.normal(size=(n_words, dim)).astype(np.float32))
    words = [spell(i) for i in range(n_words)]
    pl.DataFrame({"index": words}).write_parquet(folder / "words.parquet")


def spell(i: int) -> str:
    """A word of letters for a number."""
    return "w" + "".join(chr(ord("a") + int(digit)) for digit in str(i))


def toy_model(folder: Path, dim: int = 4, n_words: int = 100) -> WordVectors:
    """A real encoder over a few made-up words."""
    if not (folder / "words.parquet").exists():
        save_words(folder, dim, n_words)
    files = folder / "vectors.npy", folder / "words.parquet"
    return WordVectors("toy", "made-up words", dim, n_words, "toy", lambda progress: files)


class Stopping:
    """A model that is interrupted after so many batches of ten texts, and counts its texts."""

    def __init__(self, model, after=10**9):
        self.model, self.after, self.computed = model, after, 0

    def __getattr__(self, name):
        return getattr(self.model, name)

    def batches(self, texts, progress=None):
        for number, start in enumerate(range(0, len(texts), 10)):
            if number == self.after:
                raise KeyboardInterrupt
            some = texts[start : start + 10]
            self.computed += len(some)
            for batch in self.model.batches(some, progress):
                yield type(batch)(batch.rows + start, batch.vectors, batch.remarks)
