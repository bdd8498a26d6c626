"""What the labels say of workers and tasks: the worker model fitted and its kind chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.supply._pieces import PIECE, pieces
from suffice.supply.workers import _worker_model as model
from suffice.supply.workers._alone import Alone
from suffice.supply.workers._gibbs import Gibbs, heard_tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.workers._worker_model import Crowd, Difficulty

    Array = NDArray[Any]

BURN, GLANCE, KEEP = 24, 24, 120
"""Sweeps before the first draw, draws by which hopeless kinds are given up, draws of all others.

Measured on five public crowds: after 20 sweeps the log evidence lies within half a standard
deviation of where it stays; the glance is burn-in, too, and dropped where a chain goes on. A chain
that takes longer shows in its R-hat, and goes on. Draws are chosen: with 120 the ends of a 90 %
interval have six beyond each."""
_WORK = 6e8
"""Labels x classes x levels x draws that a chain may cost: below a minute on one core (chosen)."""
_LEAST_KEEP = 24
"""Draws at least, whatever the size: in tables that large the posterior is narrow (chosen)."""
_STORED = 24
"""Draws that channels are made from (chosen for the memory that each worker's matrix takes)."""
_LARGE = 2_000_000
"""Labels beyond which the kind is chosen on a tenth of so many (chosen for time)."""
_THINNED = 6
"""Sweeps between draws of a chain that goes on because it has not settled."""
_HOPELESS = 6.0
"""Standard errors that a kind's score lies behind the best before it is given up.

Chosen: a chain that has not settled may still rise, by fewer than that; on five public crowds the
kinds that lose lie 8 and more behind."""
ROUGHLY_SETTLED = 1.2
"""R-hat above which a chain of the worker model is said not to have settled."""


@dataclass(frozen=True, eq=False)
class KindDraws:
    """Draws from the posterior of one kind of worker model.

    Attributes:
        kind: ``coin``, ``class`` or ``full``.
        class_TK: P(class) of each task, gold included, float64 [task, class].
        open_TK: the same from labels alone, as if the task's own gold were unknown.
        z_DT: drawn classes, uint8 or uint16 [draw, task].
        right_DWK: chance of a right answer on a new task of each class, float32 [draw, worker,
            class], difficulty averaged over.
        share_DK: drawn shares of the classes, float64 [draw, class].
        confusion_WKK: posterior mean of P(label | class), float64 [worker, class, label].
        score, score_se: expected log chance of the labels of a new task (WAIC), summed over tasks,
            and its standard error.
        score_T: the same by task.
        scale: posterior mean of how much tasks differ: the scale of the shifts (``lean``) or the
            mean share of guesses (``discount``).
        rhat: split R-hat of the mean log evidence; near 1 where the chain has settled.
        drawn: some of the draws with all that it takes to draw labels.
    """

    kind: str
    class_TK: NDArray[np.float64]
    open_TK: NDArray[np.float64]
    z_DT: NDArray[Any]
    right_DWK: NDArray[np.float32]
    share_DK: NDArray[np.float64]
    confusion_WKK: NDArray[np.float64]
    score: float
    score_se: float
    score_T: NDArray[np.float64]
    scale: float
    rhat: float
    drawn: tuple[model.Drawn, ...]


@dataclass(frozen=True, eq=False)
class WorkerFit:
    """The worker model, its kind chosen by how well it predicts labels of new tasks.

    ``chosen`` gives the workers' confusion matrices. With more than two classes the answers to
    tasks (``class_TK`` and the draws) average the class-wise kind, the full kind and plain
    Dawid-Skene: the kind that predicts labels best is not always the one that finds the truth,
    and where they differ none of them should be sure.
    """

    chosen: KindDraws
    chains: Mapping[str, KindDraws]
    class_TK: NDArray[np.float64]
    open_TK: NDArray[np.float64]
    z_DT: NDArray[Any]
    right_DWK: NDArray[np.float32]
    share_DK: NDArray[np.float64]
    difficulty: Difficulty


def fit_workers(crowd: Crowd, *, seed: int = 0, kinds: tuple[str, ...] | None = None) -> WorkerFit:
    """Fit the worker model to labels.

    Model: see ``_worker_model``; skills are normal around the crowd's mean for the class and a
    worker's own level, so that workers with few labels are drawn towards the crowd.
    Assumes: given class and difficulty, labels are independent (copying groups must have been
    merged before), and most labels come from workers who are right more often than not. Tasks with
    one label and no gold are answered, but inform nothing.
    Fails when: a majority answers a key of its own without gold, or errors are shared by all.
    Reference: Dawid and Skene (1979); Kim and Ghahramani (2012), Bayesian classifier combination;
    Watanabe (2010) for the score that chooses the kind.

    Args:
        crowd: the labels; one set only.
        seed: of the random draws.
        kinds: kinds to try; by default all that the number of classes and workers allows.
    """
    import numpy as np

    difficulty = model.difficulty_for(crowd.classes)
    if kinds is None:
        cells = crowd.workers * crowd.classes**2 * difficulty.count
        kinds = ("coin",)
        if cells <= model.TABLE_CELLS:
            # With two classes every wrong answer is the other one: class-wise is already full.
            kinds = ("coin", "class") if crowd.classes == 2 else model.KINDS
        if crowd.twins is not None and crowd.classes == 2:
            kinds = ("coin",)  # one skill on both sides
    if len(kinds) > 1 and len(crowd.task) > _LARGE:
        # The kind is chosen on a sample of the tasks; with very many labels only that one is
        # worth the time.
        sample = _sample_tasks(crowd, _LARGE // 10, Stream.WORKERS_SAMPLE.rng(seed))
        kinds = (fit_workers(sample, seed=seed, kinds=kinds).chosen.kind,)
    runs = {
        kind: _Run(crowd, kind, difficulty, Stream.WORKERS.rng(seed, number))
        for number, kind in enumerate(kinds, start=1)
    }
    for thin in (1, _THINNED):
        best = max((run.chain for run in runs.values()), key=lambda chain: chain.score)
        for run in runs.values():
            if run.is_worth_more(best, thin):
                run.go_on(thin)
    chains = {kind: run.chain for kind, run in runs.items()}
    chosen = max(chains.values(), key=lambda chain: chain.score)
    pooled = [chosen]
    if crowd.classes > 2 and chosen.kind != "coin":
        pooled = [chain for chain in chains.values() if chain.kind != "coin"]
    class_TK = np.mean([chain.class_TK for chain in pooled], axis=0)
    open_TK = np.mean([chain.open_TK for chain in pooled], axis=0)
    z_DT = np.concatenate([chain.z_DT for chain in pooled])
    if len(pooled) > 1:
        plain = _plain(crowd)
        # A gold task's own labels are judged by the chains alone: plain has seen its gold.
        weight = np.where(crowd.gold >= 0, 0.0, 1.0 / (1.0 + len(pooled)))[:, None]
        class_TK = class_TK + (plain - class_TK) / (1.0 + len(pooled))
        open_TK = open_TK + weight * (plain - open_TK)
        z_DT = np.concatenate([z_DT, _draw(plain, pooled[0].z_DT, Stream.WORKERS_PLAIN.rng(seed))])
    return WorkerFit(
        chosen=chosen,
        chains=chains,
        class_TK=class_TK,
        open_TK=open_TK,
        z_DT=z_DT,
        right_DWK=np.concatenate([chain.right_DWK for chain in pooled]),
        share_DK=np.concatenate([chain.share_DK for chain in pooled]),
        difficulty=difficulty,
    )


def _sample_tasks(crowd: Crowd, labels: int, rng: np.random.Generator) -> Crowd:
    """About ``labels`` labels of tasks picked at random; all workers keep their numbers."""
    from dataclasses import replace

    import numpy as np

    share = labels / len(crowd.task)
    picked = rng.random(crowd.tasks) < share
    kept = picked[crowd.task]
    number = np.cumsum(picked) - 1
    return replace(
        crowd,
        task=number[crowd.task[kept]],
        worker=crowd.worker[kept],
        label=crowd.label[kept],
        gold=crowd.gold[picked],
        task_set=crowd.task_set[picked],
    )


def _plain(crowd: Crowd) -> Array:
    """P(class) of each task by Dawid-Skene, workers drawn to the crowd, float64 [task, class]."""
    import numpy as np

    from suffice.supply._votes import Votes
    from suffice.supply.workers._dawid_skene import dawid_skene

    votes = Votes(
        task=crowd.task,
        worker=crowd.worker,
        label=crowd.label,
        gold=crowd.gold,
        tasks=range(crowd.tasks),
        workers=range(crowd.workers),
        classes=tuple(str(k) for k in range(crowd.classes)),
        seconds=None,
        slices=np.zeros(crowd.tasks, dtype=np.int64),
        slice_names=("all",),
        sources=np.zeros(len(crowd.task), dtype=np.int64),
        source_names=("all",),
        cost=np.array([np.nan]),
    )
    return dawid_skene(votes, borrowed=1.0).posterior


def _draw(posterior: Array, like: Array, rng: np.random.Generator) -> Array:
    """Draw classes of independent tasks, as many and of the same type as ``like``."""
    import numpy as np

    cumulated = posterior.cumsum(axis=1)
    cumulated /= cumulated[:, -1:]
    drawn = np.empty_like(like)
    for row in drawn:
        row[:] = (cumulated < rng.random((len(posterior), 1))).sum(axis=1)
    return drawn


class _Run:
    """A chain on its way; where it has not settled it goes on, and what came before is dropped.

    Workers with a handful of labels each say little of how much workers differ: there the chain
    drifts.
    """

    def __init__(
        self, crowd: Crowd, kind: str, difficulty: Difficulty, rng: np.random.Generator
    ) -> None:
        """Burn in, and glance at what the kind is worth."""
        import numpy as np

        self._work = len(crowd.task) * crowd.classes * difficulty.count
        self._keep = int(np.clip(_WORK / max(self._work, 1), _LEAST_KEEP, KEEP))
        self._alone = Alone.of(crowd, heard_tasks(crowd))
        sampled = crowd if self._alone is None else self._alone.crowd
        self._gibbs = Gibbs(sampled, kind, difficulty, rng)
        for _ in range(BURN):
            self._gibbs.sweep(answer=False)
        self.chain = _collect(self._gibbs, min(GLANCE, self._keep), 1, self._alone)

    def is_worth_more(self, best: KindDraws, thin: int) -> bool:
        """Whether it has too few draws or has not settled, can still count, and time allows."""
        import numpy as np

        done = len(self.chain.z_DT) == self._keep
        if done and (thin == 1 or self.chain.rhat <= ROUGHLY_SETTLED):
            return False
        if thin > 1 and self._work * self._keep * thin > _WORK:
            return False
        if self._gibbs.crowd.classes > 2 and "coin" not in (self.chain.kind, best.kind):
            return True  # it answers beside the best
        behind = best.score_T - self.chain.score_T
        return bool(behind.sum() <= _HOPELESS * np.sqrt(len(behind)) * behind.std())

    def go_on(self, thin: int) -> None:
        """Draw anew, with ``thin`` sweeps between draws."""
        self.chain = _collect(self._gibbs, self._keep, thin, self._alone)


def _collect(gibbs: Gibbs, keep: int, thin: int, alone: Alone | None) -> KindDraws:
    """Go on with a chain, and keep one draw of each ``thin``."""
    import numpy as np

    from suffice.supply.workers._settling import split_rhat

    crowd, kind, difficulty = gibbs.crowd, gibbs.kind, gibbs.difficulty
    workers, classes = crowd.workers, crowd.classes
    tasks = crowd.tasks + (0 if alone is None else len(alone.tasks))
    heard: Any = slice(None) if alone is None else alone.heard
    class_KT, open_KT = np.zeros((classes, tasks)), np.zeros((classes, tasks))
    confusion = np.zeros((workers, classes, classes))
    z_DT = np.empty((keep, tasks), dtype=np.uint8 if classes < 256 else np.uint16)
    right_DWK = np.empty((keep, workers, classes), dtype=np.float32)
    share_DK = np.empty((keep, classes))
    evidence = np.empty((keep, crowd.tasks), dtype=np.float32)
    scale = 0.0
    drawn = []
    stored = np.linspace(0, keep - 1, min(keep, _STORED)).astype(int).tolist()
    for draw in range(keep):
        for sweep in range(thin):
            gibbs.sweep(answer=sweep == thin - 1)
        assert gibbs.class_KT is not None
        assert gibbs.open_KT is not None
        class_KT[:, heard] += gibbs.class_KT
        open_KT[:, heard] += gibbs.open_KT
        z_DT[draw, heard], evidence[draw] = gibbs.state.z_T, gibbs.evidence_T
        if alone is not None:
            chance_KC = alone.chances(gibbs.state, difficulty)
            for answer_T, chance_C in zip(open_KT, chance_KC, strict=True):
                answer_T[alone.tasks] += chance_C[alone.cell]
            z_DT[draw, alone.tasks] = alone.draw(chance_KC, gibbs.rng)
        right_DWK[draw] = _right_on_new(gibbs, crowd, difficulty)
        share_DK[draw] = gibbs.state.share_SK[0]
        if kind != "coin":
            confusion += model.confusion(gibbs.state)
        scale += _scale(gibbs)
        if draw in stored:
            drawn.append(model.Drawn.of(gibbs.state, kind))
    if kind == "coin":
        right = right_DWK.mean(axis=0)
        confusion = np.repeat(((1.0 - right) / (classes - 1))[:, :, None], classes, axis=2)
        confusion[:, np.arange(classes), np.arange(classes)] = right
    else:
        confusion /= keep
    if alone is not None:  # none of these has gold
        class_KT[:, alone.tasks] = open_KT[:, alone.tasks]
    score_T, total_D = np.zeros(tasks), np.zeros(keep)
    of_task = np.arange(tasks)[heard]
    for part in pieces(crowd.tasks, max(PIECE // keep, 1)):
        wide = evidence[:, part].astype(np.float64)
        top = wide.max(axis=0)
        score = top + np.log(np.exp(wide - top).mean(axis=0)) - wide.var(axis=0)
        score_T[of_task[part]] = score
        total_D += wide.sum(axis=1)
    return KindDraws(
        kind=kind,
        class_TK=class_KT.T / keep,
        open_TK=open_KT.T / keep,
        z_DT=z_DT,
        right_DWK=right_DWK,
        share_DK=share_DK,
        confusion_WKK=confusion,
        score=float(score_T.sum()),
        score_se=float(score_T.std() * np.sqrt(tasks)),
        score_T=score_T,
        scale=scale / keep,
        rhat=split_rhat((total_D / tasks)[:, None]),
        drawn=tuple(drawn),
    )


def _right_on_new(gibbs: Gibbs, crowd: Crowd, difficulty: Difficulty) -> Array:
    """Chance of a right answer on a new task, [worker, class], averaged over difficulty."""
    import numpy as np

    state = gibbs.state
    weight = np.exp(gibbs.tables.log_levels(state))[0]
    if difficulty.way == "lean":
        shift = float(state.scale_S[0]) * difficulty.levels
        return np.asarray(1.0 / (1.0 + np.exp(shift - state.a_WK[:, :, None])) @ weight)
    chance = 1.0 / (1.0 + np.exp(-state.a_WK))
    guesses = float(weight @ difficulty.levels)
    return np.asarray((1.0 - guesses) * chance + guesses / crowd.classes)


def _scale(gibbs: Gibbs) -> float:
    if gibbs.difficulty.way == "lean":
        return float(gibbs.state.scale_S[0])
    return float(gibbs.state.level_SD[0] @ gibbs.difficulty.levels)
