"""Models by name: the packaged ones, encoders cut to fewer layers, and any from Hugging Face."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice.demand.models._embed import Model, embed_cached
from suffice.demand.models._encoders import OnnxEncoder, WordVectors, fingerprint
from suffice.errors import InputError
from suffice.fetch import artefact, fetch, is_cached

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.progress import Progress

__all__ = ["Model", "ModelInfo", "embed_cached", "list_models", "load_model"]

# Counted in the packaged files.
_DIM = 384
_LAYERS = 6
_EMBEDDING_PARAMETERS = 11_918_592
_LAYER_PARAMETERS = 1_774_464
_GRAPH_VERSION = "bert-onnx/1"
# Counted in the packaged file.
_GLOVE_WORDS, _GLOVE_DIM = 400_000, 50
_L3_OUTPUT = "461"
"""The pooled one of the four outputs of the packaged graph; the exporter named it."""


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a packaged model before it is loaded.

    Attributes:
        name: what ``load_model`` calls it.
        parameters: how many weights it has, those of the token table included.
        dim: length of a vector.
        about: one line on it.
        packages: what ``suffice.fetch`` has to fetch for it.
        cached: whether that was fetched already.
    """

    name: str
    parameters: int
    dim: int
    about: str
    packages: tuple[str, ...]
    cached: bool


def list_models() -> list[ModelInfo]:
    """The packaged models, smallest encoder first."""
    return [_info(name) for name in _names()]


def load_model(name: str, *, threads: int = 2) -> Model:
    """The model of that name.

    Packaged weights are fetched when the model first computes, not here, so that vectors that
    are cached need no weights.

    Args:
        name: a packaged name (see ``list_models``); ``minilm-l6@K`` for the first K of its six
            layers; or ``hf:NAME`` for a name on Hugging Face or a local folder.
        threads: how many threads to compute with.

    Raises:
        InputError: there is no such model; the message suggests the closest name.
        MissingError: a Hugging Face model cannot be loaded, or needs the torch extra.
    """
    if threads < 1:
        raise InputError(f"cannot compute with {threads} threads", fix="use 1 or more")
    if name.startswith("hf:"):
        from suffice.demand.models._hf_models import load_hf_model

        return load_hf_model(name, threads)
    if name == f"minilm-l6@{_LAYERS}":
        name = "minilm-l6"
    if name not in _names():
        close = difflib.get_close_matches(name, _names(), n=1)
        fix = f"did you mean {close[0]}?" if close else f"there are: {', '.join(_names())}"
        raise InputError(f"there is no model {name!r}", fix=f"{fix} or use hf:NAME_OR_FOLDER")
    info = _info(name)
    if name == "glove-50d":
        return WordVectors(
            name, info.about, _GLOVE_DIM, _GLOVE_WORDS, artefact(name).digest, _glove_files
        )
    if name == "minilm-l3":
        identity = fingerprint(graph=artefact(name).digest, tokenizer=_tokenizer_hash())
        output, files = _L3_OUTPUT, _l3_files
    else:
        depth = _depth(name)
        identity = fingerprint(
            graph=_GRAPH_VERSION, weights=artefact("minilm-l6").digest, depth=depth
        )
        output = "embedding"

        def files(progress: Progress | None) -> tuple[bytes | Path, Path]:
            from suffice.demand.models._bert_onnx import build_bert

            folder = fetch("minilm-l6", progress)
            config = json.loads((folder / "config.json").read_text())
            graph = build_bert(folder / "model.safetensors", config, depth)
            return graph, folder / "tokenizer.json"

    return OnnxEncoder(
        name, info.about, _DIM, info.parameters, identity, files, output=output, threads=threads
    )


def _names() -> list[str]:
    cut = [f"minilm-l6@{depth}" for depth in range(1, _LAYERS)]
    return ["glove-50d", *cut, "minilm-l3", "minilm-l6"]


def _depth(name: str) -> int:
    _, _, depth = name.partition("@")
    return int(depth) if depth else _LAYERS


def _info(name: str) -> ModelInfo:
    packages: tuple[str, ...]
    if name == "glove-50d":
        about = "mean of GloVe word vectors: no context, no word order"
        parameters, dim, packages = _GLOVE_WORDS * _GLOVE_DIM, _GLOVE_DIM, (name,)
    elif name == "minilm-l3":
        about = "paraphrase-MiniLM-L3-v2, a sentence encoder of 3 layers"
        parameters = _EMBEDDING_PARAMETERS + 3 * _LAYER_PARAMETERS
        dim, packages = _DIM, (name, "minilm-l6")
    else:
        depth = _depth(name)
        about = "all-MiniLM-L6-v2, a sentence encoder of 6 layers"
        if depth < _LAYERS:
            about = f"the first {depth} of the 6 layers of all-MiniLM-L6-v2"
        parameters = _EMBEDDING_PARAMETERS + depth * _LAYER_PARAMETERS
        dim, packages = _DIM, ("minilm-l6",)
    return ModelInfo(name, parameters, dim, about, packages, all(map(is_cached, packages)))


def _tokenizer_hash() -> str:
    return next(f.sha256 for f in artefact("minilm-l6").files if f.name == "tokenizer.json")


def _glove_files(progress: Progress | None) -> tuple[Path, Path]:
    folder = fetch("glove-50d", progress)
    return folder / "vectors.npy", folder / "words.parquet"


def _l3_files(progress: Progress | None) -> tuple[bytes | Path, Path]:
    graph = fetch("minilm-l3", progress) / "model.onnx"
    # Both encoders were trained with the same tokenizer; only one package ships it.
    return graph, fetch("minilm-l6", progress) / "tokenizer.json"
