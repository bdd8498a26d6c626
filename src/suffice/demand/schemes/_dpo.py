"""Direct preference optimisation of a small causal language model against its reference.

The reward of an answer is beta times how much likelier the trained model finds it than the model
that training began with; preferred answers are trained to have the higher reward. A soft label
p(A > B) weighs both orders.
Reference: Rafailov et al. (2023), Direct preference optimization.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.demand.schemes._scheme import PREFERENCES, check_takes, stand_in
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

    from numpy.typing import NDArray

    from suffice._said import Said
    from suffice.curve import ResolvedCurve
    from suffice.demand.schemes._scheme import Embedded, Trained
    from suffice.demand.schemes._trainable import Trainable
    from suffice.pools import Pool


@dataclass(frozen=True)
class Dpo:
    """DPO; takes any causal language model.

    Attributes:
        settings: of the training loop.
        beta: how dearly the model pays for leaving its reference.
    """

    settings: Settings = field(default_factory=lambda: Settings(epochs=1, learning_rate=2e-5))
    beta: float = 0.1
    name = "dpo"
    frozen = False
    takes = (PREFERENCES,)

    @property
    def version(self) -> str:
        """Changes whenever the same seed could give another result."""
        return f"2, {self.settings}, beta {self.beta:g}"

    def said(self, teaches: str) -> Said:
        """See ``Scheme.said``."""
        return stand_in("DPO of one model on recorded preferences", teaches)

    def check(self, pool: Pool, model: str) -> None:
        """See ``Scheme.check``."""
        check_takes(self, pool)
        check_trainable(model, causal=True)

    def fingerprint(self, model: str) -> str:
        """See ``Scheme.fingerprint``."""
        return trainable_fingerprint(model, causal=True)

    def train(
        self, pool: Pool, model: Embedded, curve: ResolvedCurve, seeds: Sequence[int]
    ) -> Trained:
        """Train once for each seed; see ``Scheme.train``."""
        base: dict[int, float] = {}

        def make() -> _Policy:
            loaded = load_trainable(model.name, causal=True)
            return _Policy(loaded, pool, self.settings, self.beta, base)

        return train_scorers(make, self.settings, pool, curve, seeds)


class _Policy:
    """The reward of answers under a policy and the reference that it began as."""

    def __init__(
        self,
        model: Trainable,
        pool: Pool,
        settings: Settings,
        beta: float,
        base: dict[int, float],
    ) -> None:
        self._torch = import_module("torch")
        self._model, self._beta = model, beta
        self._longest = min(settings.max_tokens, model.longest)
        self._items, self._prompts = pool.items, pool.prompts
        self._base = base
        self._reference = frozen_copy(model.module)
        adapt(model, settings.rank)

    def groups(self) -> list[dict[str, Any]]:
        return [{"params": trainable_weights(self._model.module)}]

    def modules(self) -> list[Any]:
        return [self._model.module]

    def score(self, items: NDArray[np.int64]) -> Any:  # noqa: ANN401 - a torch tensor
        rows, starts = self._rows(items)
        now = log_probability(self._torch, self._model.module, rows, starts, self._model.pad)
        return self._beta * (now - self._torch.tensor(self._before(items, rows, starts)))

    def _before(
        self, items: NDArray[np.int64], rows: list[list[int]], starts: list[int]
    ) -> list[float]:
        """Log-probabilities under the reference, each computed once in all runs."""
        new = [k for k, i in enumerate(items.tolist()) if i not in self._base]
        if new:
            with self._torch.inference_mode():
                values = log_probability(
                    self._torch,
                    self._reference,
                    [rows[k] for k in new],
                    [starts[k] for k in new],
                    self._model.pad,
                )
            self._base.update(
                {int(items[k]): float(v) for k, v in zip(new, values.tolist(), strict=True)}
            )
        return [self._base[i] for i in items.tolist()]

    def _rows(self, items: NDArray[np.int64]) -> tuple[list[list[int]], list[int]]:
        """Token ids of prompt and answer, and where the answer begins.

        A prompt that is too long loses its beginning: at least half of the tokens are the answer's.
        """
        answers, prompts = [], []
        for i in items.tolist():
            prompt = self._prompts[i] if self._prompts is not None else ""
            tail = f"\n\n{prompt}" if prompt else ""
            answers.append(self._items[i].removesuffix(tail))
            prompts.append(f"{prompt}\n\n" if prompt else "\n")
        rows, starts = [], []
        asked, said = self._model.encode(prompts), self._model.encode(answers)
        for question, answer in zip(asked, said, strict=True):
            whole = answer + self._model.end
            before = question[-max(self._longest // 2, self._longest - len(whole)) :]
            rows.append((before + whole)[: self._longest])
            starts.append(len(before))
        return rows, starts


def frozen_copy(module: Any) -> Any:  # noqa: ANN401 - a torch module
    """A copy of a model as it is now, whose weights stay."""
    reference = copy.deepcopy(module).eval()
    for weights in reference.parameters():
        weights.requires_grad_(False)
    return reference


def log_probability(
    torch: Any,  # noqa: ANN401
    module: Any,  # noqa: ANN401
    rows: Sequence[Sequence[int]],
    starts: Sequence[int],
    pad: int,
) -> Any:  # noqa: ANN401
    """Log-probability of each row's tokens from its start on, given those before: tensor [row]."""
    ids, mask = pad_rows(torch, rows, pad)
    logits = module(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
    each = torch.log_softmax(logits, dim=-1).gather(2, ids[:, 1:, None])[:, :, 0]
    place = torch.arange(1, ids.shape[1])[None]
    counted = (place >= torch.tensor(list(starts))[:, None]) & (mask[:, 1:] > 0)
    return (each * counted).sum(dim=1)
