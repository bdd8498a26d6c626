"""Fine-tuning: all of an encoder's weights, or a LoRA adapter, with a head that scores a text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any

from suffice.demand.schemes._scheme import KINDS, check_takes, stand_in
from suffice.demand.schemes._torch_training import (
    Settings,
    adapt,
    pad_rows,
    train_scorers,
    trainable_weights,
)
from suffice.demand.schemes._trainable import check_trainable, load_trainable, trainable_fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from suffice._said import Said
    from suffice.curve import ResolvedCurve
    from suffice.demand.schemes._scheme import Embedded, Trained
    from suffice.demand.schemes._trainable import Trainable
    from suffice.pools import Pool

_HEAD_RATE = 20.0
"""A new head learns this much faster than weights that were pretrained."""


@dataclass(frozen=True)
class Finetune:
    """Full fine-tuning; takes any encoder that torch can train."""

    settings: Settings = field(default_factory=Settings)
    name = "finetune"
    frozen = False
    takes = KINDS

    @property
    def version(self) -> str:
        """Changes whenever the same seed could give another result."""
        return f"2, {self.settings}"

    def said(self, teaches: str) -> Said:
        """See ``Scheme.said``."""
        return stand_in("A fine-tuned encoder", teaches)

    def check(self, pool: Pool, model: str) -> None:
        """See ``Scheme.check``."""
        check_takes(self, pool)
        check_trainable(model, causal=False)

    def fingerprint(self, model: str) -> str:
        """See ``Scheme.fingerprint``."""
        return trainable_fingerprint(model, causal=False)

    def train(
        self, pool: Pool, model: Embedded, curve: ResolvedCurve, seeds: Sequence[int]
    ) -> Trained:
        """Fine-tune once for each seed; see ``Scheme.train``."""
        outputs = prod(pool.evaluation.kind.shape)

        def make() -> _Head:
            loaded = load_trainable(model.name, causal=False)
            adapt(loaded, self.settings.rank)
            return _Head(loaded, pool.items, self.settings, outputs)

        return train_scorers(make, self.settings, pool, curve, seeds)


@dataclass(frozen=True)
class Lora(Finetune):
    """The same with all of the encoder frozen but for a low-rank adapter."""

    settings: Settings = field(default_factory=lambda: Settings(rank=8, learning_rate=3e-4))
    name = "lora"

    def __post_init__(self) -> None:
        """A LoRA without a rank is no LoRA."""
        if self.settings.rank is None:
            object.__setattr__(self, "settings", replace(self.settings, rank=8))

    def said(self, teaches: str) -> Said:
        """See ``Scheme.said``."""
        return stand_in("A LoRA adapter on an encoder", teaches)


class _Head:
    """A linear head on the mean of an encoder's token states."""

    def __init__(
        self, model: Trainable, texts: Sequence[str], settings: Settings, outputs: int = 1
    ) -> None:
        self._torch = import_module("torch")
        self._model, self._texts = model, texts
        self._longest = min(settings.max_tokens, model.longest)
        self._rate = settings.learning_rate
        self._head = self._torch.nn.Linear(model.hidden, outputs)
        self._torch.nn.init.zeros_(self._head.weight)
        self._torch.nn.init.zeros_(self._head.bias)

    def groups(self) -> list[dict[str, Any]]:
        return [
            {"params": trainable_weights(self._model.module)},
            {"params": list(self._head.parameters()), "lr": _HEAD_RATE * self._rate},
        ]

    def modules(self) -> list[Any]:
        return [self._model.module, self._head]

    def score(self, items: NDArray[np.int64]) -> Any:  # noqa: ANN401 - a torch tensor
        rows = [r[: self._longest] for r in self._model.encode([self._texts[i] for i in items])]
        ids, mask = pad_rows(self._torch, rows, self._model.pad)
        states = self._model.module(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).float()
        mean = (states * weight).sum(1) / weight.sum(1).clamp(min=1)
        scores = self._head(mean)
        return scores[:, 0] if scores.shape[1] == 1 else scores
