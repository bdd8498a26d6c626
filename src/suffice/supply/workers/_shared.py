"""Shared error: what all annotators get wrong together, which agreement cannot show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.estimate import TAILS, Estimate, interval
from suffice.records import Interval, SharedErrorPart, SliceError, TogetherTest
from suffice.supply.workers._crowd_prior import shrunk
from suffice.supply.workers._worker_model import log_sigmoids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes
    from suffice.supply.workers._crowd_prior import CrowdPrior
    from suffice.supply.workers._dissent import DissentIcc
    from suffice.supply.workers._workers import WorkerFit

    Array = NDArray[Any]

_BETA_CELLS = 40_001
"""Points of the grid that quantiles of a beta distribution are read from: to 1e-6 (measured)."""
_LEVELS = (0.10, 0.05, 0.02, 0.01)
"""Bounds of the shared error for which the summary names the gold tasks needed (convention)."""


@dataclass(frozen=True, eq=False)
class SharedError:
    """What the labels of a task get wrong together, beyond what labels that err alone would.

    Attributes:
        together_D: how much the errors of a task's labels go together, float64 [draw].
        misled_D: share of the tasks on which all labels point to a wrong class, float64 [draw].
        extra_D: share of the tasks whose answer is wrong for either reason, float64 [draw].
        flip_KK: where the truth is, given the answer of a misled task, float64 [class, class].
        gold_tasks: how many gold tasks it was learned from; with none it is the prior.
        consensus_wrong: expected number of gold tasks whose labels alone give another answer.
    """

    together_D: NDArray[np.float64]
    misled_D: NDArray[np.float64]
    extra_D: NDArray[np.float64]
    flip_KK: NDArray[np.float64]
    gold_tasks: int
    consensus_wrong: float

    def spread(self, class_TK: Array, gold: Array) -> NDArray[np.float64]:
        """P(class) of each task with the shared error in it; gold tasks stay as they are."""
        import numpy as np

        found = np.zeros(class_TK.shape)
        draws = len(self.together_D)
        for together, at in self._levels():
            one = shrunk(class_TK, together)
            misled = float(self.misled_D[at].sum())
            found += (len(at) - misled) * one + misled * (one @ self.flip_KK)
        return np.asarray(np.where((gold >= 0)[:, None], class_TK, found / draws))

    def draw_truth(
        self, fit: WorkerFit, draws: int, gold: Array, rng: np.random.Generator
    ) -> NDArray[Any]:
        """Draws of the truth, [draw, task], from those of the worker model's classes.

        A drawn class is kept as often as its chance allows once it is pooled and shrunk; else the
        task's class is drawn from what has more chance than before. So the truth differs from the
        worker model no more than it must (maximal coupling).
        """
        import numpy as np

        classes = len(self.flip_KK)
        truth = fit.z_DT[np.resize(np.arange(len(fit.z_DT)), draws)]
        heap = self.flip_KK.cumsum(axis=1)
        open_T = np.flatnonzero(gold < 0)
        before, place = fit.drawn_TK[open_T], np.arange(len(open_T))
        for together, at in self._levels():
            after = shrunk(fit.class_TK[open_T], together)
            kept = after / np.maximum(before, 1e-9)
            more = np.maximum(after - before, 0.0).cumsum(axis=1)
            for draw in at:
                drawn = truth[draw, open_T]
                anew = np.flatnonzero(rng.random(len(open_T)) > kept[place, drawn])
                rows = more[anew]
                picked = (rows < rng.random((len(anew), 1)) * rows[:, -1:]).sum(axis=1)
                drawn[anew] = np.minimum(picked, classes - 1)
                hit = np.flatnonzero(rng.random(len(open_T)) < self.misled_D[draw])
                rows = heap[drawn[hit]]
                picked = (rows < rng.random((len(hit), 1))).sum(axis=1)
                drawn[hit] = np.minimum(picked, classes - 1)
                truth[draw, open_T] = drawn
        known = gold >= 0
        truth[:, known] = gold[known]
        return truth

    def _levels(self) -> list[tuple[float, NDArray[np.int64]]]:
        """Each value of ``together`` and the draws that have it."""
        import numpy as np

        values, of = np.unique(self.together_D, return_inverse=True)
        return [(float(value), np.flatnonzero(of == k)) for k, value in enumerate(values)]


def shared_error(
    gold: Array,
    class_TK: Array,
    open_TK: Array,
    confusion_KK: Array,
    share_K: Array,
    *,
    prior: CrowdPrior,
    dissent: DissentIcc | None,
    draws: int,
    seed: int,
) -> SharedError:
    """Estimate the shared error from gold, or state the prior.

    Model: given the class of a task the errors of its labels go together, so that their evidence
    saturates (``shrunk``); and a share of the tasks misleads everybody: the truth is
    then another class, in proportion to how often that class is taken for the answer. Both differ
    from crowd to crowd as ``prior`` says; one draw of both holds for all tasks and workers of the
    table, so that what is unknown of them moves all together. Gold tasks update both through what
    their labels alone would have said.
    Assumes: gold tasks are like the others; gold is right; this crowd is like those of the prior.
    Fails when: gold was picked among easy or among disputed tasks.
    Reference: Gelman et al. (2013), Bayesian Data Analysis, ch. 5, on priors learned from groups.

    Args:
        gold: the right class of each task, -1 where unknown.
        class_TK, open_TK: P(class) of the tasks with gold, and with each task's own gold left out.
        confusion_KK: the crowd's P(label | class).
        share_K: shares of the classes.
        prior: how crowds differ.
        dissent: how much the dissent of this one goes together; None where nothing is known of it.
        draws: how many draws.
        seed: of the draws.
    """
    import numpy as np

    rng = Stream.SHARED_ERROR.rng(seed)
    flip = share_K[:, None] * confusion_KK  # P(truth, consensus): a column is one consensus
    np.fill_diagonal(flip, 0.0)
    flip = flip.T + 1e-12
    np.fill_diagonal(flip, 0.0)
    flip /= flip.sum(axis=1, keepdims=True)
    # Half of it evenly: a class that nobody names may be the truth of some tasks.
    classes = len(share_K)
    flip = 0.5 * flip + 0.5 * (1.0 - np.eye(classes)) / (classes - 1)
    known = np.flatnonzero(gold >= 0)
    together, misled, before = prior.grid(dissent)
    log_density = np.log(np.maximum(before, 1e-300))
    wrong = 0.0
    if len(known):
        log_density += gold_log_density(open_TK[known], gold[known], flip, together, misled)
        right = open_TK[known, gold[known]]
        top = open_TK[known].max(axis=1)
        tie = np.isclose(open_TK[known], top[:, None]).sum(axis=1)
        wrong = float(np.where(np.isclose(right, top), 1.0 - 1.0 / tie, 1.0).sum())
    density = np.exp(log_density - log_density.max())
    # Evenly spaced through the posterior, in a random order: less noise than random draws.
    cumulated = (density / density.sum()).ravel().cumsum()
    cell = np.searchsorted(cumulated, (rng.permutation(draws) + 0.5) / draws)
    place, column = np.divmod(np.minimum(cell, density.size - 1), len(misled))
    chosen = misled[column]
    extra = np.empty(draws)
    for level in np.unique(place):
        mine = place == level
        after = shrunk(class_TK, float(together[level]))
        # The answer's chance before and after.
        lost = float((class_TK.max(axis=1) - after.max(axis=1)).mean())
        extra[mine] = lost + chosen[mine] * (1.0 - lost)
    return SharedError(together[place], chosen, extra, flip, len(known), wrong)


def gold_log_density(
    open_TK: Array, gold_T: Array, flip_KK: Array, together: Array, misled: Array
) -> NDArray[np.float64]:
    """Log chance of gold by how much errors go together and by the share misled, [cell, cell]."""
    import numpy as np

    at = np.arange(len(gold_T))
    rows = []
    for value in together:
        one = shrunk(open_TK, float(value))
        right, turned = one[at, gold_T], (one @ flip_KK)[at, gold_T]
        chance = (1.0 - misled[:, None]) * right + misled[:, None] * turned
        rows.append(np.log(np.maximum(chance, 1e-12)).sum(axis=1))
    return np.array(rows)


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
    low, high = interval(shared.extra_D)
    share = Interval.of(Estimate.from_draws(shared.extra_D))
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
            f"{shared.extra_D.mean():.2f}, 90 % between {low:.2f} and {high:.2f}). "
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
