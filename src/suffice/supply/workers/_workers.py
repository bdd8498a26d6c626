"""What the labels say of workers and tasks: the worker model fitted, its kinds averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.supply._pieces import PIECE, pieces
from suffice.supply.workers import _worker_model as model
from suffice.supply.workers._alone import Alone
from suffice.supply.workers._crowd_prior import PUBLIC_CROWDS
from suffice.supply.workers._gibbs import Gibbs, heard_tasks
from suffice.supply.workers._readings import Ballot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply.workers._crowd_prior import CrowdPrior
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
_HOPELESS = 0.005
"""Weight of a kind, after a glance, below which no more draws are made: it would answer with one
draw in 200 (chosen)."""
_LEAST_CHANCE = 1e-6
"""Chance that a kind gives a class at least: no kind alone rules a class out (chosen)."""
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
        difficulty: the levels of difficulty that it has.
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
    difficulty: Difficulty
    scale: float
    rhat: float
    drawn: tuple[model.Drawn, ...]


@dataclass(frozen=True, eq=False)
class WorkerFit:
    """The worker model: its kinds, averaged.

    Attributes:
        chosen: the kind that weighs most; it gives the workers' confusion matrices.
        chains: all kinds.
        weights: of the kinds; they sum to 1.
        class_TK, open_TK: P(class) of each task, pooled; see ``KindDraws``.
        drawn_TK: P(class) of each task over the draws: the weighted mean of the kinds.
        z_DT, right_DWK, share_DK: draws of all kinds, as many of each as it weighs.
    """

    chosen: KindDraws
    chains: Mapping[str, KindDraws]
    weights: Mapping[str, float]
    class_TK: NDArray[np.float64]
    open_TK: NDArray[np.float64]
    drawn_TK: NDArray[np.float64]
    z_DT: NDArray[Any]
    right_DWK: NDArray[np.float32]
    share_DK: NDArray[np.float64]

    @property
    def difficulty(self) -> Difficulty:
        """The levels of difficulty of the chosen kind."""
        return self.chosen.difficulty


def fit_workers(
    crowd: Crowd,
    *,
    seed: int = 0,
    kinds: tuple[str, ...] | None = None,
    prior: CrowdPrior = PUBLIC_CROWDS,
) -> WorkerFit:
    """Fit the worker model to labels.

    Model: see ``_worker_model``; skills are normal around the crowd's mean for the class and a
    worker's own level, so that workers with few labels are drawn towards the crowd. Kinds are
    averaged (``_readings``).
    Assumes: given class and difficulty, labels are independent (copying groups must have been
    merged before), and most labels come from workers who are right more often than not. Tasks with
    one label and no gold are answered, but inform nothing.
    Fails when: a majority answers a key of its own without gold, or errors are shared by all.
    Reference: Dawid and Skene (1979); Kim and Ghahramani (2012), Bayesian classifier combination;
    Watanabe (2010) for the score by which kinds are compared.

    Args:
        crowd: the labels; one set only.
        seed: of the random draws.
        kinds: kinds to try; by default all that the number of classes and workers allows.
        prior: what other crowds say of kinds that overrule majorities.
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
        kinds = (fit_workers(sample, seed=seed, kinds=kinds, prior=prior).chosen.kind,)
    ballot = Ballot.of(crowd, heard_tasks(crowd))
    runs = {
        kind: _Run(
            crowd,
            kind,
            model.all_alike() if kind == "coin" and crowd.classes == 2 else difficulty,
            Stream.WORKERS.rng(seed, number),
        )
        for number, kind in enumerate(kinds, start=1)
    }

    def weigh() -> NDArray[np.float64]:
        chains = [run.chain for run in runs.values()]
        scores, found = [c.score for c in chains], [c.open_TK for c in chains]
        return ballot.weights(scores, found, prior)

    for thin in (1, _THINNED):
        for run, weight in zip(runs.values(), weigh(), strict=True):
            if weight >= _HOPELESS and run.wants_more(thin):
                run.go_on(thin)
    chains = {kind: run.chain for kind, run in runs.items()}
    weights = weigh()
    drawn = list(chains.values())
    taken = _share_out(weights, max(len(chain.z_DT) for chain in drawn))
    picked = [
        np.linspace(0, len(chain.z_DT) - 1, count).astype(int)
        for chain, count in zip(drawn, taken, strict=True)
    ]

    def gathered(name: str) -> Array:
        parts = zip(drawn, picked, strict=True)
        return np.concatenate([getattr(chain, name)[at] for chain, at in parts])

    return WorkerFit(
        chosen=drawn[int(weights.argmax())],
        chains=chains,
        weights=dict(zip(chains, weights.tolist(), strict=True)),
        class_TK=pooled(weights, [chain.class_TK for chain in drawn]),
        open_TK=pooled(weights, [chain.open_TK for chain in drawn]),
        drawn_TK=_mean(weights, [chain.class_TK for chain in drawn]),
        z_DT=gathered("z_DT"),
        right_DWK=gathered("right_DWK"),
        share_DK=gathered("share_DK"),
    )


def pooled(weights: Array, class_CTK: Sequence[Array]) -> NDArray[np.float64]:
    """P(class) of each task by all kinds, float64 [task, class].

    With two classes the weighted mean: kinds differ in what the classes are, and one of them is
    right. With more, the weighted geometric mean: kinds differ in how wrong answers spread, and the
    mean of several that are each about right is too unsure (Gneiting and Ranjan 2013, Electronic
    Journal of Statistics 7; measured on public crowds, where it is a point more often right).
    """
    import numpy as np

    if class_CTK[0].shape[1] == 2 or len(class_CTK) == 1:
        return _mean(weights, class_CTK)
    logs = _mean(weights, [np.log(np.maximum(one, _LEAST_CHANCE)) for one in class_CTK])
    chance = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def _mean(weights: Array, values: Sequence[Array]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(sum(w * one for w, one in zip(weights, values, strict=True)))


def _share_out(weights: Array, draws: int) -> list[int]:
    """Numbers of draws in proportion to weights, the largest remainders rounded up."""
    import numpy as np

    exact = weights * draws
    count = np.floor(exact).astype(int)
    count[np.argsort(count - exact)[: draws - int(count.sum())]] += 1
    return [int(number) for number in count]


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

    def wants_more(self, thin: int) -> bool:
        """Whether it has too few draws or has not settled, and time allows."""
        done = len(self.chain.z_DT) == self._keep
        if done and (thin == 1 or self.chain.rhat <= ROUGHLY_SETTLED):
            return False
        return thin == 1 or self._work * self._keep * thin <= _WORK

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
        difficulty=difficulty,
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
