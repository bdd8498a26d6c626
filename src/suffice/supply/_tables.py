"""The audit's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.estimate import intervals
from suffice.supply._agreement import pair_agreement
from suffice.supply._misfit import MISFIT_VARIANCE, learned_scale, misfit, shown_by_gold
from suffice.supply._pieces import PIECE, pieces
from suffice.supply.doubts import group_names

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes
    from suffice.supply.doubts import Flag, Group
    from suffice.supply.workers import CrowdPrior, WorkerFit

    Array = NDArray[Any]

_LEAST_VARIANCE = 0.01
"""Of one answer, however good a worker looks: one wrong in a hundred (chosen)."""
_UNSEEN_JUDGE_SD = 0.1
"""Scale of a model's misfit without any gold: the readings that people or models are right, which
the draws of the truth then hold, differ by far more (chosen: twice that of people)."""
_SHIFTS = 8
"""Rounds of moving all workers' log odds to the mean accuracy wanted; the gap usually falls by more
than half each time, to below .01 of what it was."""


def tasks_frame(
    votes: Votes, answers: Array, posterior: Array, rng: np.random.Generator
) -> pl.DataFrame:
    """One row a task: its most likely class, how sure that is, and P of each class.

    ``answers`` decides the label; ``posterior`` how sure it is. They differ only where the labels
    have two readings: the label then follows one of them and the confidence allows for both.
    """
    import numpy as np
    import polars as pl

    # Ties are broken by chance, never by the order of the classes.
    best = (answers + 1e-9 * rng.random(posterior.shape)).argmax(axis=1)
    names = np.asarray(votes.classes, dtype=object)
    columns: dict[str, Any] = {
        "task": votes.tasks,
        "label": names[best].tolist(),
        "confidence": posterior[np.arange(len(best)), best],
    }
    for k, name in enumerate(votes.classes):
        columns[f"p_{name}"] = posterior[:, k]
    return pl.DataFrame(columns)


def workers_frame(
    votes: Votes,
    fit: WorkerFit,
    truth_DT: Array,
    number_W: Array,
    groups: list[Group],
    flags: dict[int, list[Flag]],
    prior: CrowdPrior,
    other_D: Array,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """One row a worker: accuracy here and on new tasks with 90 % intervals, and any flags.

    Model: a worker is right on a task as the drawn truth says, and beyond that more or less often
    than the crowd's answers tell by a misfit of the worker's own (``misfit``), which the worker's
    labels on gold tasks show. So the interval joins what gold counts and what the crowd's answers
    say of all other tasks.

    Args:
        votes: the labels.
        fit: the worker model.
        truth_DT: drawn classes of the tasks.
        number_W: the model's worker of each worker.
        groups, flags: who copies, and who is suspect.
        prior: how far workers and language models lie from what the crowd's answers say.
        other_D: the draws of the truth in which language models are right against people.
        rng: the only source of chance.
    """
    import numpy as np
    import polars as pl

    tasks, workers, _ = votes.shape
    load = np.bincount(votes.worker, minlength=workers)
    size = np.bincount(votes.task, minlength=tasks)
    here, whole = np.empty((len(truth_DT), workers)), np.empty(len(truth_DT))
    for draw, truth in enumerate(truth_DT):
        of_worker, of_task = np.zeros(workers, dtype=np.int64), np.zeros(tasks, dtype=np.int64)
        for piece in pieces(len(votes)):
            task = votes.task[piece]
            right = np.flatnonzero(truth[task] == votes.label[piece])
            of_worker += np.bincount(votes.worker[piece][right], minlength=workers)
            of_task += np.bincount(task[right], minlength=tasks)
        here[draw] = of_worker / load
        # New tasks are other draws of the same kind: a Bayesian bootstrap of this table's.
        weight = rng.exponential(size=tasks)
        whole[draw] = (weight @ of_task.astype(np.float64)) / (weight @ size)
    golden = np.bincount(votes.worker[votes.gold[votes.task] >= 0], minlength=workers) / load
    new = accuracy_on_new(fit, whole, number_W, load)
    # One voice has one skill in the model, and other readings other skills: there what holds here
    # holds for new tasks of the same kind.
    voice = np.bincount(number_W)[number_W] > 1
    new[:, voice] = here[:, voice]
    new[other_D] = here[other_D]
    own, known = _own(votes, here.mean(axis=0), golden, prior, rng, len(here))
    for drawn, rest in ((here, 1.0 - golden), (new, np.ones(workers))):
        # Where gold tells what a worker is worth, what is unknown of the crowd matters less.
        middle = drawn.mean(axis=0)
        for row, own_W in zip(drawn, own, strict=True):
            row -= middle
            row *= 1.0 - known
            row += middle + rest * own_W
        np.clip(drawn, 0.0, 1.0, out=drawn)
    accuracy, (low, high) = here.mean(axis=0), _ends(here)
    del here
    low_new, high_new = _ends(new)
    in_group = {
        int(member): name
        for name, group in zip(group_names(len(groups)), groups, strict=True)
        for member in group.members
    }
    return pl.DataFrame(
        {
            "worker": votes.workers,
            "labels": load,
            "accuracy": accuracy,
            "low": low,
            "high": high,
            "accuracy_new": new.mean(axis=0),
            "low_new": low_new,
            "high_new": high_new,
            "suspect": [worker in flags for worker in range(workers)],
            "group": [in_group.get(worker, "") for worker in range(workers)],
            "reason": [
                "; ".join(flag.reason for flag in flags.get(worker, ()))
                for worker in range(workers)
            ],
        }
    )


def _own(
    votes: Votes,
    here_W: Array,
    golden_W: Array,
    prior: CrowdPrior,
    rng: np.random.Generator,
    draws: int,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Drawn misfits of the workers, float32 [draw, worker], and how far gold has told them."""
    import numpy as np

    one_answer = np.sqrt(np.maximum(here_W * (1.0 - here_W), _LEAST_VARIANCE))
    shown, variance = np.zeros(len(here_W)), np.full(len(here_W), np.inf)
    if golden_W.any():
        shown, variance = shown_by_gold(votes, votes.worker, len(here_W), these=True)
        right = votes.label == votes.gold[votes.task]
        load = np.bincount(votes.worker, minlength=len(here_W))
        on_gold = np.bincount(votes.worker[right], minlength=len(here_W)) / load
        # What the answers say of the other tasks.
        rest = np.maximum(1.0 - golden_W, 1e-9)
        shown = np.where(golden_W < 1.0, shown - (here_W - on_gold) / rest, 0.0)
    machine = votes.judges if votes.judges is not None else np.zeros(len(here_W), dtype=bool)
    people = ~machine
    scale = np.where(np.isfinite(variance), prior.judge_sd, _UNSEEN_JUDGE_SD)
    scale[people] = learned_scale(
        shown[people], variance[people], one_answer[people], prior.worker_sd
    )
    scale *= one_answer
    mean, sd = misfit(shown, variance, scale)
    known = np.clip(1.0 - sd**2 / (MISFIT_VARIANCE * scale**2), 0.0, 1.0)
    # What gold says of people is in the draws already, by way of the worker model.
    known[people | ~np.isfinite(variance)] = 0.0
    drawn = rng.normal(size=(draws, len(mean))).astype(np.float32)
    drawn *= sd.astype(np.float32)
    drawn += mean.astype(np.float32)
    return drawn, known


def _ends(drawn_DW: Array) -> tuple[Array, Array]:
    """Interval of each worker; quantiles hold several copies of what they are made of."""
    import numpy as np

    parts = pieces(drawn_DW.shape[1], max(PIECE // len(drawn_DW), 1))
    ends = np.concatenate([intervals(drawn_DW[:, part], axis=0) for part in parts], axis=1)
    return ends[0], ends[1]


def accuracy_on_new(
    fit: WorkerFit, whole_D: Array, number_W: Array, load_W: Array
) -> NDArray[np.float64]:
    """Drawn accuracy of each worker on new tasks of the same kind, float64 [draw, worker].

    The worker model says how workers differ; ``whole_D``, which knows of gold and of shared
    error, how often all their labels together are right. The log odds of all workers are shifted
    alike until both hold.
    """
    import numpy as np

    draws, workers = fit.right_DWK.shape[:2]
    load = np.bincount(number_W, load_W, workers) / load_W.sum()
    target_D = np.clip(whole_D, 1e-3, 1.0 - 1e-3)
    of_draw = np.resize(np.arange(draws), len(whole_D))
    drawn = np.empty((len(whole_D), len(number_W)))
    for part in pieces(len(whole_D), max(PIECE // workers, 1)):
        at, target = of_draw[part], target_D[part]
        right = fit.right_DWK[at].astype(np.float64)
        new = np.clip(np.einsum("dwk,dk->dw", right, fit.share_DK[at]), 1e-6, 1.0 - 1e-6)
        odds = np.log(new / (1.0 - new))
        for _ in range(_SHIFTS):
            now = np.clip(new @ load, 1e-6, 1.0 - 1e-6)
            odds += (np.log(target / (1.0 - target)) - np.log(now / (1.0 - now)))[:, None]
            new = 1.0 / (1.0 + np.exp(-odds))
        drawn[part] = new[:, number_W]
    return drawn


def sources_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """One row a source and slice."""
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=None)


def pairs_frame(votes: Votes) -> tuple[pl.DataFrame, bool]:
    """One row a pair of workers with enough common tasks, and whether these are all such pairs."""
    import polars as pl

    schema = {
        "worker": pl.String,
        "other": pl.String,
        "tasks": pl.Int64,
        "agreement": pl.Float64,
        "kappa": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
    found, whole = pair_agreement(votes)
    rows = [row | {"worker": str(row["worker"]), "other": str(row["other"])} for row in found]
    return pl.DataFrame(rows, schema=schema), whole
