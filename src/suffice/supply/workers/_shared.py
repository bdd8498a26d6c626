"""Shared error: what all annotators get wrong together, which agreement cannot show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.estimate import TAILS, Estimate, interval
from suffice.records import Interval, SharedErrorPart, SliceError, TogetherTest
from suffice.supply.workers._worker_model import log_sigmoids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes

    Array = NDArray[Any]

_MOST_AT_A_TASK = 0.5
"""No task misleads more likely than not: else the crowd would be taken for wrong."""
_BETA_CELLS = 40_001
"""Points of the grid that quantiles of a beta distribution are read from: to 1e-6 (measured)."""
_EVEN = (0.0, 0.5, 1.0)
_EVEN_PRIOR_LEAN, _EVEN_PRIOR = (0.8, 0.1, 0.1), (0.5, 0.25, 0.25)
"""How evenly hits fall on tasks, and its prior with two classes and with more.

With two classes disputed tasks lean in the worker model. Without gold this is drawn from its prior:
some of the tasks that nobody disputes may be wrong, and no confidence may forget that."""
_LEVELS = (0.10, 0.05, 0.02, 0.01)
"""Bounds of the shared error for which the summary names the gold tasks needed (convention)."""


@dataclass(frozen=True, eq=False)
class SharedError:
    """How often the crowd's consensus is wrong although the labels look right.

    Attributes:
        draws: of the share of tasks with a shared error, float64 [draw].
        even_D: how evenly the hits fall on tasks: 1 for all tasks alike, 0 for in proportion to
            the squared dissent, float64 [draw].
        weight_T: squared dissent of each task, over its mean, float64 [task].
        flip_KK: where the truth is, given the consensus of a hit task, float64 [class, class].
        gold_tasks: how many gold tasks it was learned from; with none it is the prior.
        consensus_wrong: expected number of gold tasks whose labels alone give another answer.
    """

    draws: NDArray[np.float64]
    even_D: NDArray[np.float64]
    weight_T: NDArray[np.float64]
    flip_KK: NDArray[np.float64]
    gold_tasks: int
    consensus_wrong: float

    def at_task(self, draw: int) -> NDArray[np.float64]:
        """Chance that each task is hit in one draw, float64 [task]."""
        return _hit(self.draws[draw], self.even_D[draw], self.weight_T)

    def spread(self, class_TK: Array, gold: Array) -> NDArray[np.float64]:
        """P(class) of each task with the shared error in it; gold tasks stay as they are."""
        import numpy as np

        hit = np.zeros(len(gold))
        for draw in range(len(self.draws)):
            hit += self.at_task(draw)
        hit = np.where(gold >= 0, 0.0, hit / len(self.draws))[:, None]
        return np.asarray((1.0 - hit) * class_TK + hit * (class_TK @ self.flip_KK))

    def draw_truth(self, z_DT: Array, gold: Array, rng: np.random.Generator) -> NDArray[Any]:
        """Turn draws of the consensus into draws of the truth, [draw, task]."""
        import numpy as np

        classes = len(self.flip_KK)
        truth = z_DT.copy()
        cumulated = self.flip_KK.cumsum(axis=1)
        for draw in range(len(z_DT)):
            hit = np.flatnonzero((rng.random(z_DT.shape[1]) < self.at_task(draw)) & (gold < 0))
            rows = cumulated[z_DT[draw, hit]]
            picked = (rows < rng.random((len(hit), 1))).sum(axis=1)
            truth[draw, hit] = np.minimum(picked, classes - 1)
        known = gold >= 0
        truth[:, known] = gold[known]
        return truth


def even_prior(classes: int) -> tuple[float, float, float]:
    """Chances of the levels of evenness before any gold is looked at."""
    return _EVEN_PRIOR_LEAN if classes == 2 else _EVEN_PRIOR


def shared_error(
    votes: Votes,
    class_TK: Array,
    open_TK: Array,
    confusion_KK: Array,
    share_K: Array,
    *,
    prior: Array,
    draws: int,
    seed: int,
) -> SharedError:
    """Estimate the shared error from gold, or state the prior.

    Model: a task misleads everybody with a chance in proportion to the squared dissent among its
    labels, or evenly, or half and half; its truth is then another class, in proportion to how
    often that class is taken for the consensus. One draw of the share and of its evenness holds
    for all tasks and workers of the table, so that what is unknown of them moves all together.
    Gold tasks update both through what their labels alone would have said.
    Assumes: gold tasks are like the others; gold is right.
    Fails when: gold was picked among easy or among disputed tasks.

    Args:
        votes: the labels.
        class_TK, open_TK: P(class) of the tasks with gold, and with each task's own gold left out.
        confusion_KK: the crowd's P(label | class).
        share_K: shares of the classes.
        prior: of the share of tasks that mislead everybody, chances of the cells of a grid
            (``share_prior``).
        draws: how many draws of the share.
        seed: of the draws.
    """
    import numpy as np

    rng = Stream.SHARED_ERROR.rng(seed)
    counts = votes.counts()
    total = counts.sum(axis=1)
    agree = counts[np.arange(len(counts)), open_TK.argmax(axis=1)]
    dissent = (total - agree + 0.5) / (total + 1.0)
    weight = dissent**2 / (dissent**2).mean()
    flip = share_K[:, None] * confusion_KK  # P(truth, consensus): a column is one consensus
    np.fill_diagonal(flip, 0.0)
    flip = flip.T + 1e-12
    np.fill_diagonal(flip, 0.0)
    flip /= flip.sum(axis=1, keepdims=True)
    known = np.flatnonzero(votes.gold >= 0)
    cells = len(prior)
    grid = (np.arange(cells) + 0.5) / cells
    before = np.outer(even_prior(votes.shape[2]), prior)
    log_density = np.log(np.maximum(before, 1e-300))
    wrong = 0.0
    if len(known):
        right = open_TK[known, votes.gold[known]]
        flipped = (open_TK[known] @ flip)[np.arange(len(known)), votes.gold[known]]
        for row, even in enumerate(_EVEN):
            hit = _hit(grid[:, None], even, weight[known])
            chance = np.maximum((1.0 - hit) * right + hit * flipped, 1e-12)
            log_density[row] += np.log(chance).sum(axis=1)
        top = open_TK[known].max(axis=1)
        tie = np.isclose(open_TK[known], top[:, None]).sum(axis=1)
        wrong = float(np.where(np.isclose(right, top), 1.0 - 1.0 / tie, 1.0).sum())
    density = np.exp(log_density - log_density.max())
    # Evenly spaced through the posterior, in a random order: less noise than random draws.
    cumulated = (density / density.sum()).ravel().cumsum()
    cell = np.searchsorted(cumulated, (rng.permutation(draws) + 0.5) / draws)
    cell = np.minimum(cell, density.size - 1)
    chosen = grid[cell % cells] + (rng.random(draws) - 0.5) / cells
    even = np.asarray(_EVEN)[cell // cells]
    return SharedError(chosen, even, weight, flip, len(known), wrong)


def _hit(share: Any, even: Any, weight: Array) -> NDArray[np.float64]:  # noqa: ANN401
    """Chance that tasks are hit: evenly, by their weight, or in between."""
    import numpy as np

    return np.asarray(np.minimum(share * (even + (1.0 - even) * weight), _MOST_AT_A_TASK))


def gold_needed(level: float) -> int:
    """Gold tasks, all answered rightly, that bound an error below ``level`` with 95 %."""
    from math import ceil, log

    return ceil(log(0.05) / log(1.0 - level))


def describe(
    shared: SharedError, votes: Votes, open_TK: Array, *, below: float = 0.05
) -> SharedErrorPart:
    """What can be said of the shared error, for the summary.

    Args:
        shared: as estimated.
        votes: the labels.
        open_TK: P(class) of the tasks, each one's own gold left out.
        below: the level that its bound should come below.
    """
    low, high = interval(shared.draws)
    share = Interval.of(Estimate.from_draws(shared.draws))
    needed = {
        # Two digits at least, as the standard levels have.
        f"{level:.2f}" if round(level, 2) == level else f"{level:g}": gold_needed(level)
        for level in sorted({below, *_LEVELS}, reverse=True)
    }
    if shared.gold_tasks == 0:
        further = "" if below <= _LEVELS[-1] else f"; {gold_needed(_LEVELS[-1])} below 1 %"
        statement = (
            "No gold: what everybody gets wrong together cannot be seen, so its bound is unknown. "
            "Intervals and confidences use a prior from other crowds (mean "
            f"{shared.draws.mean():.2f}, 90 % between {low:.2f} and {high:.2f}). "
            f"{gold_needed(below):,} gold tasks picked at random, all answered rightly by the "
            f"consensus, would bring it below {100 * below:.3g} %{further}."
        )
        return SharedErrorPart(
            share=share, gold_tasks=0, gold_needed=needed, known=False, statement=statement
        )
    errors = _error_by_slice(shared, votes, open_TK)
    whole = errors["all"]
    statement = (
        f"Labels alone would have answered {shared.consensus_wrong:.3g} of {shared.gold_tasks:,} "
        f"gold tasks wrongly: {100 * whole.value:.1f} % (90 % interval "
        f"{100 * whole.low:.1f} to {100 * whole.high:.1f} %)."
    )
    return SharedErrorPart(
        share=share,
        gold_tasks=shared.gold_tasks,
        gold_needed=needed,
        known=True,
        consensus_error=errors,
        together=err_together(votes),
        statement=statement,
    )


def _error_by_slice(shared: SharedError, votes: Votes, open_TK: Array) -> dict[str, SliceError]:
    """Error of the labels' answer on gold tasks, with a Jeffreys interval, by slice."""
    import numpy as np

    known = np.flatnonzero(votes.gold >= 0)
    top = open_TK[known].max(axis=1)
    right = np.isclose(open_TK[known, votes.gold[known]], top)
    tie = np.isclose(open_TK[known], top[:, None]).sum(axis=1)
    wrong = np.where(right, 1.0 - 1.0 / tie, 1.0)
    table: dict[str, SliceError] = {}
    masks = {"all": np.ones(len(known), dtype=bool)}
    if len(votes.slice_names) > 1:
        masks |= {
            name: votes.slices[known] == number for number, name in enumerate(votes.slice_names)
        }
    for name, mask in masks.items():
        n, k = int(mask.sum()), float(wrong[mask].sum())
        if n == 0:
            table[name] = SliceError(gold_tasks=0)
            continue
        low, high = _beta_quantiles(k + 0.5, n - k + 0.5, TAILS)
        low, high = low if k > 0 else 0.0, high if k < n else 1.0
        table[name] = SliceError(gold_tasks=n, value=k / n, low=low, high=high, level=0.9)
    return table


def _beta_quantiles(a: float, b: float, chances: tuple[float, float]) -> tuple[float, float]:
    """Two quantiles of a beta distribution, to 1e-6, for ``a`` and ``b`` of .5 and more.

    By summing the density of the log odds, which is smooth, over a fine grid. SciPy has it too, but
    importing it takes longer than auditing a small crowd.
    """
    import numpy as np

    centre, spread = np.log(a / b), 12.0 * np.sqrt(1.0 / a + 1.0 / b)
    odds = np.linspace(centre - spread - 40.0 / a, centre + spread + 40.0 / b, _BETA_CELLS)
    right, wrong = log_sigmoids(odds)
    log_density = a * right + b * wrong
    below = np.exp(log_density - log_density.max()).cumsum()
    # Half of each cell lies before its point.
    below -= np.diff(below, prepend=0.0) / 2.0
    low, high = 1.0 / (1.0 + np.exp(-np.interp(np.multiply(chances, below[-1]), below, odds)))
    return float(low), float(high)


def err_together(votes: Votes, *, permutations: int = 200, seed: int = 0) -> TogetherTest:
    """Test whether annotators err together on gold tasks.

    Statistic: the number of pairs of wrong labels on one task. Under the null, each worker's
    errors fall on the tasks that the worker labelled in any order, so they are shuffled within
    workers. Rejecting it says that errors are shared (or that tasks differ in difficulty, which
    has the same effect on repeats): more labels a task buy less than they seem to.
    """
    import numpy as np

    rng = Stream.ERR_TOGETHER.rng(seed)
    on_gold = votes.gold[votes.task] >= 0
    task, worker = votes.task[on_gold], votes.worker[on_gold]
    wrong = (votes.label[on_gold] != votes.gold[task]).astype(np.float64)
    if len(task) == 0 or np.bincount(task).max() < 2 or wrong.sum() < 2:
        return TogetherTest(
            tested=False,
            statement="Too few errors on gold tasks to test whether annotators err together.",
        )
    tasks = len(votes.gold)

    def pairs(values: Array) -> float:
        count = np.bincount(task, weights=values, minlength=tasks)
        return float((count * (count - 1.0)).sum() / 2.0)

    seen = pairs(wrong)
    home = np.argsort(worker, kind="stable")
    null = np.empty(permutations)
    for number in range(permutations):
        shuffled = np.empty_like(wrong)
        shuffled[home] = wrong[np.lexsort((rng.random(len(worker)), worker))]
        null[number] = pairs(shuffled)
    p_value = (1.0 + (null >= seen).sum()) / (permutations + 1.0)
    ratio = seen / max(float(null.mean()), 1e-9)
    verb = "err together" if p_value < 0.05 else "do not visibly err together"
    return TogetherTest(
        tested=True,
        pairs_wrong_together=seen,
        expected_if_alone=float(null.mean()),
        ratio=ratio,
        p_value=float(p_value),
        statement=f"Annotators {verb}: {ratio:.2f} times the pairs of errors on one task that "
        f"independent errors would give (p = {p_value:.3f}).",
    )
