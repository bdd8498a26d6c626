"""Encoders from Hugging Face, by name or from a local folder.

A folder with a BERT encoder's safetensors and tokenizer.json runs without torch. Everything else
needs the torch extra. Vectors are the mean over the last layer's tokens, whatever the model's own
habit, so that models can be compared.
"""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.demand.models._encoders import (
    MAX_TOKENS,
    TRUNCATED,
    Batch,
    Encoder,
    OnnxEncoder,
    fingerprint,
    unit_rows,
)
from suffice.errors import InputError, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from suffice.progress import Progress

_BATCH = 16
"""Texts that go through the network at a time. Chosen for speed."""

_MAX_CHARACTERS = 128 * MAX_TOKENS
"""As many as the packaged encoders read."""

_IDENTITY_FILES = ("*.safetensors", "*.bin", "config.json", "tokenizer*", "vocab*", "merges.txt")


def load_hf_model(name: str, threads: int) -> Encoder:
    """The encoder of a Hugging Face name or local folder.

    Args:
        name: ``hf:NAME_OR_FOLDER``.
        threads: how many threads to compute with.

    Raises:
        InputError: it looks like a folder, and there is none.
        MissingError: it needs the torch extra, or cannot be loaded.
    """
    target = name.removeprefix("hf:")
    folder = Path(target).expanduser()
    if not target or (target[0] in "./~" and not folder.is_dir()):
        raise InputError(f"there is no folder {target!r}", where=name, fix="name one that exists")
    why_not = "only a local folder runs without it"
    if folder.is_dir():
        encoder, why_not = _bert_folder(name, folder, threads)
        if encoder is not None:
            return encoder
    if not (find_spec("torch") and find_spec("transformers")):
        raise MissingError(
            f"{name} needs torch and transformers: {why_not} (pip install 'suffice[torch]')"
        )
    return TorchEncoder(name, str(folder) if folder.is_dir() else target, threads)


def _bert_folder(name: str, folder: Path, threads: int) -> tuple[OnnxEncoder | None, str]:
    """An encoder that needs no torch, or why there is none."""
    from suffice.demand.models._bert_onnx import bert_parameters, build_bert

    weights, words = folder / "model.safetensors", folder / "tokenizer.json"
    for file in (weights, words, folder / "config.json"):
        if not file.is_file():
            return None, f"the folder holds no {file.name}"
    try:
        config = json.loads((folder / "config.json").read_text())
        graph = build_bert(weights, config)
    except KeyError as error:
        return None, f"{error.args[0]} is missing from its configuration or weights"
    except ValueError as error:
        return None, str(error).splitlines()[0]
    max_tokens = min(MAX_TOKENS, int(config["max_position_embeddings"]))
    encoder = OnnxEncoder(
        name,
        f"BERT encoder of {config['num_hidden_layers']} layers from {folder}",
        int(config["hidden_size"]),
        bert_parameters(config),
        _folder_hash(folder),
        lambda progress: (graph, words),
        output="embedding",
        threads=threads,
        max_tokens=max_tokens,
    )
    return encoder, ""


def _folder_hash(folder: Path) -> str:
    """sha256 over the names and contents of the files that make the vectors what they are."""
    files = {file.name: file for glob in _IDENTITY_FILES for file in folder.glob(glob)}
    digest = hashlib.sha256()
    for file_name in sorted(files):
        with files[file_name].open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{file_name} {content}\n".encode())
    return digest.hexdigest()


class TorchEncoder(Encoder):
    """Any transformer that ``transformers`` loads, run by torch on the CPU."""

    def __init__(self, name: str, target: str, threads: int) -> None:
        """Load the model now, as its size is not known before.

        Args:
            name: see ``Encoder``.
            target: a Hugging Face name or a folder.
            threads: how many threads to compute with.

        Raises:
            MissingError: it cannot be loaded.
        """
        torch, transformers = _torch()
        bars = transformers.utils.logging
        shown = bars.is_progress_bar_enabled()
        bars.disable_progress_bar()
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(target, trust_remote_code=False)
            model = transformers.AutoModel.from_pretrained(
                target, dtype=torch.float32, use_safetensors=True, trust_remote_code=False
            )
        except Exception as error:  # many kinds, by model and by what is wrong with it
            reason = next((line for line in str(error).splitlines() if line.strip()), "no reason")
            raise MissingError(
                f"{name} cannot be loaded: {reason.strip()[:200]} (check the name, the connection "
                "to Hugging Face, or give a local folder)"
            ) from error
        finally:
            if shown:
                bars.enable_progress_bar()
        if getattr(model.config, "is_encoder_decoder", False):
            model = model.get_encoder()
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "right"
        self._model, self._tokenizer, self._threads = model.eval(), tokenizer, threads
        limits = [MAX_TOKENS, getattr(model.config, "max_position_embeddings", MAX_TOKENS)]
        self._max_tokens = min(limits)
        self.name = name
        self.dim = int(model.config.hidden_size)
        self.parameters = sum(weights.numel() for weights in model.parameters())
        self.about = f"{type(model).__name__} from {target}, mean over tokens"
        if Path(target).is_dir():
            identity = _folder_hash(Path(target))
        else:
            commit = getattr(model.config, "_commit_hash", None)
            identity = f"{target}@{commit}" if commit else weights_hash(model)
        self.fingerprint = fingerprint(
            kind="torch-mean/1", weights=identity, max_tokens=self._max_tokens
        )

    def batches(self, texts: Sequence[str], progress: Progress | None = None) -> Iterator[Batch]:
        """See ``Encoder.batches``."""
        # Characters are a good enough guide to length, and need no second pass of the tokenizer.
        order = np.argsort([-len(text) for text in texts], kind="stable")
        for first in range(0, len(order), _BATCH):
            rows = order[first : first + _BATCH]
            vectors, truncated = self._run([texts[row][:_MAX_CHARACTERS] or " " for row in rows])
            yield Batch(rows, unit_rows(vectors), np.where(truncated, TRUNCATED, 0).astype("u4"))

    def _run(self, texts: list[str]) -> tuple[Any, list[bool]]:
        torch, _ = _torch()
        lengths = [len(ids) for ids in self._tokenizer(texts, verbose=False)["input_ids"]]
        fed = self._tokenizer(
            texts,
            padding=True,
            truncation=True,
            max_length=self._max_tokens,
            return_tensors="pt",
        )
        before = torch.get_num_threads()
        torch.set_num_threads(self._threads)
        try:
            with torch.inference_mode():
                states = self._model(**fed).last_hidden_state.float()
        finally:
            torch.set_num_threads(before)
        # A tokenizer without end marks makes no token of an empty text: its mean is then zero.
        mask = fed["attention_mask"].unsqueeze(-1).float()
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
        return mean.numpy(), [length > self._max_tokens for length in lengths]


def _torch() -> tuple[Any, Any]:
    """torch and transformers, untyped: type checks must pass with and without the extra."""
    return import_module("torch"), import_module("transformers")


def weights_hash(model: Any) -> str:  # noqa: ANN401 - a torch module
    """sha256 over the names and values of all weights."""
    digest = hashlib.sha256()
    for name, weights in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weights.contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()
