"""Text models whose weights are trained: the torch extra.

Frozen features need no torch; everything that changes a model's weights does.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError, MissingError
from suffice.fetch import artefact, fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CAUSAL = ("smollm2-135m",)
_LAYERS = 6  # of the packaged encoder
_GGUF = "model.gguf"


@dataclass(eq=False)
class Trainable:
    """A transformer that torch can train, with its tokenizer.

    Attributes:
        module: the ``transformers`` model, in float32, without a head or with its language head.
        encode: texts -> token ids, with the marks that its tokenizer puts around a text.
        end: the ids that say that a text is over, where the tokenizer does not.
        pad: the id that fills short rows up.
        hidden: length of a token's state.
        longest: tokens that the model can read.
    """

    module: Any
    encode: Callable[[Sequence[str]], list[list[int]]]
    end: list[int]
    pad: int
    hidden: int
    longest: int


def check_trainable(name: str, *, causal: bool) -> None:
    """Raise where a model of this name cannot be trained: no such model, or no torch extra."""
    packaged = CAUSAL if causal else _encoders()
    if name not in packaged and not name.startswith("hf:"):
        kind = "a causal language model" if causal else "an encoder whose weights torch can train"
        raise InputError(
            f"{name!r} is not {kind}", fix=f"use {', '.join(packaged)} or hf:NAME_OR_FOLDER"
        )
    missing = [p for p in ("torch", "transformers", "peft") if find_spec(p) is None]
    if missing:
        raise MissingError(
            f"training {name} needs {' and '.join(missing)} (pip install 'suffice[torch]')"
        )


def trainable_fingerprint(name: str, *, causal: bool) -> str:
    """What the weights of a model are known by: of the package, or of the loaded weights."""
    from suffice.demand.models import fingerprint

    check_trainable(name, causal=causal)
    if name in CAUSAL:
        return fingerprint(weights=artefact(name).digest)
    if not name.startswith("hf:"):
        return fingerprint(weights=artefact("minilm-l6").digest, depth=_depth(name))
    from suffice.demand.models import weights_hash

    return fingerprint(weights=weights_hash(_loaded(name, causal).module))


def load_trainable(name: str, *, causal: bool) -> Trainable:
    """A fresh copy of a model, ready to be trained.

    Args:
        name: ``minilm-l6``, ``minilm-l6@K`` or ``smollm2-135m``; or ``hf:NAME_OR_FOLDER``.
        causal: with its language head, to give log-probabilities of texts.

    Raises:
        InputError: there is no such model, or it is not of this kind.
        MissingError: the torch extra or the weights are missing.
    """
    check_trainable(name, causal=causal)
    kept = _loaded(name, causal)
    return replace(kept, module=copy.deepcopy(kept.module))


@lru_cache(maxsize=1)
def _loaded(name: str, causal: bool) -> Trainable:
    transformers = import_module("transformers")
    torch = import_module("torch")
    bars = transformers.utils.logging
    shown, level = bars.is_progress_bar_enabled(), bars.get_verbosity()
    bars.disable_progress_bar()
    bars.set_verbosity_error()
    try:
        where, more = _place(name)
        auto = transformers.AutoModelForCausalLM if causal else transformers.AutoModel
        tokenizer = _tokenizer(transformers, name, where)
        module = auto.from_pretrained(where, dtype=torch.float32, trust_remote_code=False, **more)
    except Exception as error:  # many kinds, by model and by what is wrong with it
        reason = next((line for line in str(error).splitlines() if line.strip()), "no reason")
        raise MissingError(
            f"{name} cannot be loaded: {reason.strip()[:200]} (check the name, the connection to "
            "Hugging Face, or give a local folder)"
        ) from error
    finally:
        bars.set_verbosity(level)
        if shown:
            bars.enable_progress_bar()
    end = [tokenizer.eos_token_id] if causal and tokenizer.eos_token_id is not None else []

    def encode(texts: Sequence[str]) -> list[list[int]]:
        return list(tokenizer(list(texts), verbose=False)["input_ids"])

    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
    longest = int(getattr(module.config, "max_position_embeddings", 512))
    return Trainable(module, encode, end, int(pad), int(module.config.hidden_size), longest)


def _place(name: str) -> tuple[str, dict[str, Any]]:
    """Where ``from_pretrained`` finds a model, and what it has to be told."""
    if name in CAUSAL:
        return str(fetch(name)), {"gguf_file": _GGUF}
    if name.startswith("hf:"):
        # Weights as safetensors alone: the other form is a pickle, which runs what it holds.
        return str(Path(name.removeprefix("hf:")).expanduser()), {"use_safetensors": True}
    return str(fetch("minilm-l6")), {"num_hidden_layers": _depth(name)}


def _tokenizer(transformers: Any, name: str, where: str) -> Any:  # noqa: ANN401 - no types
    if name in CAUSAL:
        return transformers.AutoTokenizer.from_pretrained(where, gguf_file=_GGUF)
    if name.startswith("hf:"):
        return transformers.AutoTokenizer.from_pretrained(where, trust_remote_code=False)
    file = str(Path(where) / "tokenizer.json")
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=file, pad_token="[PAD]")
    # The file asks for fixed length; batches are filled up as far as they need.
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.no_truncation()
    return tokenizer


def _encoders() -> tuple[str, ...]:
    return ("minilm-l6", *(f"minilm-l6@{k}" for k in range(1, _LAYERS + 1)))


def _depth(name: str) -> int:
    _, _, depth = name.partition("@")
    return int(depth) if depth else _LAYERS
