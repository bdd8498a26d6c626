"""The training loop of every scheme that changes a model's weights.

A *scorer* gives each item a number; a comparison of items a and b is a Bradley-Terry trial with
log-odds ``score(a) - score(b)``, a classification of item a has log-odds ``score(a)``. With more
than two classes it gives one number for each, and their softmax is the chance of each. What the
number is makes the scheme: a head on an encoder, or how much likelier a language model finds the
text than its reference does.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from suffice.demand.schemes._scheme import Trained, draw_round
from suffice.pools import Predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from suffice.curve import ResolvedCurve
    from suffice.demand.schemes._heads import Problem
    from suffice.demand.schemes._trainable import Trainable
    from suffice.pools import Pool

FLOOR_HELD_OUT = 2
"""With fewer held-out tasks than this there is nothing to choose by; the last pass is kept."""


@dataclass(frozen=True)
class Settings:
    """How weights are trained.

    Attributes:
        epochs: passes over a round's tasks; held-out tasks choose after which to stop.
        least_steps: a round with few tasks is passed over more often, for as many steps.
        batch: tasks a step.
        learning_rate: of AdamW, falling linearly to zero over a round.
        max_tokens: texts are cut there.
        rank: of a LoRA adapter; None to train all weights.
    """

    epochs: int = 3
    least_steps: int = 60
    batch: int = 16
    learning_rate: float = 1e-4
    max_tokens: int = 64
    rank: int | None = None

    def __str__(self) -> str:
        """All of them, as part of a scheme's version."""
        rank = "" if self.rank is None else f" rank {self.rank}"
        return (
            f"{self.epochs} epochs of {self.batch}, {self.least_steps} steps at least, at "
            f"{self.learning_rate:g}, {self.max_tokens} tokens{rank}"
        )


class Scorer(Protocol):
    """Scores items with weights that can be trained."""

    def groups(self) -> list[dict[str, Any]]:
        """Trainable weights as AdamW's parameter groups."""

    def modules(self) -> list[Any]:
        """The torch modules whose state is kept when an epoch was the best so far."""

    def score(self, items: NDArray[np.int64]) -> Any:  # noqa: ANN401 - a torch tensor
        """Scores of items as a tensor [item] or [item, class], with gradients where they are on."""


def train_scorers(
    make: Callable[[], Scorer],
    settings: Settings,
    pool: Pool,
    curve: ResolvedCurve,
    seeds: Sequence[int],
) -> Trained:
    """Train a fresh scorer for each seed, round after round, each with a fresh optimiser.

    Runs are deterministic: one thread, and every draw from the seed and the curve.
    """
    torch = import_module("torch")
    tasks, best = pool.evaluation.tasks, pool.evaluation.candidates
    margins = pool.evaluation.no_odds(len(seeds))
    items = np.empty(0, dtype=np.int64) if best is None else best.items
    scores = np.zeros((len(seeds), len(items)), dtype=np.float32)
    stopped = np.zeros(len(seeds))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for k, seed in enumerate(seeds):
            rng = np.random.default_rng([seed, curve.curve.number()])
            torch.manual_seed(int(rng.integers(2**62)))
            scorer = make()
            trained = False
            for tranches in curve.rounds():
                if not any(t.tranche.tasks for t in tranches):
                    continue
                problem = draw_round(pool, tranches, rng)
                stopped[k] = _fit_round(torch, scorer, problem, pool.held_out, settings, rng)
                trained = True
            if trained:
                margins[k] = _margins(torch, scorer, tasks.a, tasks.b, settings.batch)
                if len(items):
                    alone = np.full(len(items), -1)
                    scores[k] = _margins(torch, scorer, items, alone, settings.batch)
    finally:
        torch.set_num_threads(before)
    predictions = Predictions(margins, scores)
    return Trained(pool.evaluation.score(predictions), stopped, predictions)


def pad_rows(torch: Any, rows: Sequence[Sequence[int]], pad: int) -> tuple[Any, Any]:  # noqa: ANN401
    """Token ids as one tensor [row, token], and which of them are real."""
    length = max(len(row) for row in rows)
    ids = torch.full((len(rows), length), pad, dtype=torch.long)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


def adapt(model: Trainable, rank: int | None) -> None:
    """Freeze a model's weights and put a LoRA adapter of this rank beside its linear layers."""
    if rank is None:
        return
    peft = import_module("peft")
    config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
    with warnings.catch_warnings():
        # The two libraries warn of each other's old names, about which no user can do anything.
        warnings.simplefilter("ignore", FutureWarning)
        model.module = peft.get_peft_model(model.module, config)


def trainable_weights(module: Any) -> list[Any]:  # noqa: ANN401 - a torch module
    """The weights of a module that are not frozen."""
    return [weights for weights in module.parameters() if weights.requires_grad]


def _fit_round(
    torch: Any,  # noqa: ANN401 - no types without the extra
    scorer: Scorer,
    problem: Problem,
    held_out: NDArray[np.bool_],
    settings: Settings,
    rng: np.random.Generator,
) -> float:
    """Train on one round; returns the epoch after which the weights were taken."""
    aside = held_out[problem.a]
    enough = aside.sum() >= FLOOR_HELD_OUT and (~aside).sum() >= FLOOR_HELD_OUT
    fit = problem.take(~aside) if enough else problem
    check = problem.take(aside) if enough else None
    optimiser = torch.optim.AdamW(scorer.groups(), lr=settings.learning_rate, weight_decay=0.01)
    a_pass = -(-len(fit.a) // settings.batch)
    epochs = max(settings.epochs, -(-settings.least_steps // a_pass))
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=epochs * a_pass)
    best, kept, best_epoch = np.inf, _state(scorer), 0
    for epoch in range(1, epochs + 1):
        for module in scorer.modules():
            module.train()
        order = rng.permutation(len(fit.a))
        for first in range(0, len(order), settings.batch):
            rows = order[first : first + settings.batch]
            loss = _batch_loss(torch, scorer, fit, rows).mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(
                [w for group in optimiser.param_groups for w in group["params"]], 1.0
            )
            optimiser.step()
            falling.step()
        if check is not None:
            now = _loss(torch, scorer, check, settings.batch)
            if now >= best:
                continue
            best = now
        kept, best_epoch = _state(scorer), epoch
    for module, state in zip(scorer.modules(), kept, strict=True):
        module.load_state_dict(state)
    return float(best_epoch)


def _batch_loss(torch: Any, scorer: Scorer, problem: Problem, rows: NDArray[np.int64]) -> Any:  # noqa: ANN401
    """Weighted log loss of tasks against their soft labels [task]."""
    odds = _odds(torch, scorer, problem.a[rows], problem.b[rows])
    target = torch.from_numpy(problem.target[rows])
    # The loss follows the shape of the odds: one a task is a sigmoid, one a class a softmax.
    if target.ndim == 2:
        loss = torch.nn.functional.cross_entropy(odds, target, reduction="none")
    else:
        loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, target, reduction="none")
    return loss * torch.from_numpy(problem.weight[rows] / problem.weight.mean())


def _odds(torch: Any, scorer: Scorer, a: NDArray[np.int64], b: NDArray[np.int64]) -> Any:  # noqa: ANN401
    """Log-odds of tasks [task] or [task, class]; an item that stands in several is scored once."""
    items, place = np.unique(np.concatenate([a, b[b >= 0]]), return_inverse=True)
    scores = scorer.score(items)
    odds = scores[torch.from_numpy(place[: len(a)])]
    paired = torch.from_numpy(np.flatnonzero(b >= 0))
    return odds.index_add(0, paired, -scores[torch.from_numpy(place[len(a) :])])


def _loss(torch: Any, scorer: Scorer, problem: Problem, batch: int) -> float:  # noqa: ANN401
    odds = _margins(torch, scorer, problem.a, problem.b, batch)
    if odds.ndim == 2:
        loss = np.logaddexp.reduce(odds, axis=1) - (problem.target * odds).sum(axis=1)
    else:
        loss = np.logaddexp(0.0, odds) - problem.target * odds
    return float(np.average(loss, weights=problem.weight))


def _margins(
    torch: Any,  # noqa: ANN401
    scorer: Scorer,
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    batch: int,
) -> NDArray[np.float32]:
    """Log-odds of tasks with the weights at rest [task] or [task, class]."""
    for module in scorer.modules():
        module.eval()
    items, place = np.unique(np.concatenate([a, b[b >= 0]]), return_inverse=True)
    with torch.inference_mode():
        parts = [scorer.score(items[i : i + batch]).numpy() for i in range(0, len(items), batch)]
    scores = np.concatenate(parts)
    odds = scores[place[: len(a)]].copy()
    odds[b >= 0] -= scores[place[len(a) :]]
    return np.asarray(odds, dtype=np.float32)


def _state(scorer: Scorer) -> list[dict[str, Any]]:
    return [{k: v.clone() for k, v in m.state_dict().items()} for m in scorer.modules()]
