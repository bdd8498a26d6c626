"""The audit of rankings: items' scores, each task's order, workers' reliability."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.estimate import TAILS, Estimate, finite, interval, intervals
from suffice.progress import SilentProgress
from suffice.records import (
    Interval,
    LabelsPerTask,
    RankingAgreement,
    RankingModelPart,
    RankingRecord,
    SuspectsPart,
    VerdictPart,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from suffice.labels import LabelTable
    from suffice.progress import Progress
    from suffice.supply.rankings._answers import RankedAnswers

    Array = NDArray[Any]

CITATIONS = (
    "Plackett (1975), Applied Statistics 24: rankings as choices",
    "Firth, Kosmidis & Turner (2019): ties in rankings",
    "Kendall (1938), Biometrika 30: tau",
)
BURN, KEEP = 300, 250
"""Sweeps before the first draw, and draws. Chosen; whether it was enough is checked by R-hat."""
_THIN = 2
"""Sweeps between draws (chosen)."""
SURE, CHANCE_LIKE, INVERTED, _FEW = 0.95, 0.25, -0.15, 5
"""When a worker is flagged, as for classes: posterior, reliability near chance and below it, and
choices at least."""
_RESAMPLES = 300
"""Bootstrap tables of the agreement (as elsewhere)."""
_SHOWN = 10
"""Items and suspects in the text; chosen to fit a screen. Files hold all."""


@dataclass(frozen=True, eq=False)
class RankingAudit:
    """What rankings say of items, tasks and workers. Intervals hold 90 %.

    Attributes:
        items: item, answers, ``score, low, high`` (log odds with which the typical worker chooses
            it over the average item), ``rank, rank_low, rank_high`` (1 is the best).
        tasks: task, ``best`` item and the ``chance`` that it is, the likeliest ``order``, answers.
        workers: worker, answers, choices, ``reliability, low, high`` (1 is typical, 0 guesses,
            below 0 inverts), suspect, reason.
        pairs: what trainers read: task, worker, left, right (the better one is left), and the
            ``weight`` with which all pairs of an answer count as many as its choices.
        summary: everything else, as summary.json holds it.
    """

    items: pl.DataFrame
    tasks: pl.DataFrame
    workers: pl.DataFrame
    pairs: pl.DataFrame
    summary: RankingRecord

    @property
    def suspects(self) -> pl.DataFrame:
        """The workers to look at."""
        return self.workers.filter(self.workers["suspect"])

    def lines(self) -> list[str]:
        """All of it in plain lines, the most important first."""
        return _lines(self.summary, self.items, self.suspects)

    def write(self, folder: str | Path) -> list[Path]:
        """Write items.csv, tasks.csv, workers.csv, pairs.csv and summary.json.

        Returns:
            The files written.

        Raises:
            StorageError: the disk refused.
        """
        from suffice.supply._write import write_tables

        names = ("items", "tasks", "workers", "pairs")
        tables = {name: getattr(self, name) for name in names}
        return write_tables(tables, self.summary, Path(folder))


def audit_rankings(
    table: LabelTable,
    gold: Mapping[Any, Any] | None = None,
    seed: int = 0,
    *,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
) -> RankingAudit:
    """Audit labels that rank a shown set, or name the best of it.

    Model, Assumes, Fails when, Reference: see ``_plackett_luce``.

    Args:
        table: the labels: ``a > b = c``, or ``a > b / c`` where only the best was named.
        gold: not used by rankings; refused where given.
        seed: of the random draws.
        notes: what was found out on the way here.
        progress: shows the stages of the work.

    Raises:
        InputError: a label is no ranking, or there is gold.
    """
    import numpy as np

    from suffice._threads import one_blas_thread
    from suffice.supply.rankings._answers import code_rankings
    from suffice.supply.rankings._plackett_luce import PlackettLuce
    from suffice.supply.workers import split_rhat

    if gold or table.gold():
        raise InputError(
            "gold of rankings is not read",
            where=table.origin,
            fix="leave it out (--column gold=), or audit --kind classes: an order is one word then",
        )
    answers = code_rankings(table)
    c = answers.choices
    if not len(c.start_E):
        raise InputError("no answer orders any two items", where=table.origin)
    rng = Stream.RANKINGS.rng(seed)
    with one_blas_thread(), (progress or SilentProgress()).step("audit", KEEP) as step:
        chain = PlackettLuce(c, rng)
        for _ in range(BURN):
            chain.sweep()
        chain.settle()
        kept: dict[str, list[Any]] = {}
        load = np.bincount(c.worker_A[c.answer_E], minlength=c.workers).astype(float)
        for _ in range(KEEP):
            for _ in range(_THIN):
                chain.sweep()
            s = chain.state
            kept.setdefault("score", []).append(s.score_I.copy())
            kept.setdefault("worth", []).append(s.worth_C.astype(np.float32))
            kept.setdefault("reliability", []).append(s.reliability_W.copy())
            kept.setdefault("spread", []).append(float(s.sd_score_S[0]))
            kept.setdefault("task", []).append(float(s.sd_task_S[0]))
            kept.setdefault("fit", []).append(chain.log_E.mean())
            step.advance()
    drawn = {name: np.array(values) for name, values in kept.items()}
    drawn["score"] -= drawn["score"].mean(axis=1, keepdims=True)
    watched = drawn["fit"], drawn["score"].std(axis=1)
    rhat = max(split_rhat(value[:, None]) for value in watched)
    workers = _workers_frame(answers, drawn["reliability"], load)
    summary = _summary(table, answers, drawn, workers, rhat, [*notes, *answers.notes], seed)
    return RankingAudit(
        items=_items_frame(answers, drawn["score"]),
        tasks=_tasks_frame(answers, drawn["worth"]),
        workers=workers,
        pairs=_pairs_frame(answers),
        summary=summary,
    )


def _items_frame(answers: RankedAnswers, score_DI: Array) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    score = score_DI.mean(axis=0)
    order = np.argsort(-score, kind="stable")
    low, high = intervals(score_DI, axis=0)
    rank = (-score_DI).argsort(axis=1).argsort(axis=1) + 1
    rank_low, rank_high = np.quantile(rank, TAILS, axis=0, method="inverted_cdf")
    seen = np.zeros(len(answers.items), dtype=np.int64)
    number = {item: k for k, item in enumerate(answers.items)}
    times = np.bincount(answers.ranking_A, minlength=len(answers.rankings))
    for ranking, n in zip(answers.rankings, times.tolist(), strict=True):
        seen[[number[item] for item in ranking.items]] += n
    return pl.DataFrame(
        {
            "item": [answers.items[i] for i in order],
            "answers": seen[order],
            "score": score[order],
            "low": low[order],
            "high": high[order],
            "rank": np.arange(1, len(order) + 1),
            "rank_low": rank_low[order].astype(np.int64),
            "rank_high": rank_high[order].astype(np.int64),
        }
    )


def _tasks_frame(answers: RankedAnswers, worth_DC: Array) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    c = answers.choices
    slots = int(c.slot_C.max()) + 1
    wide = np.full((len(worth_DC), c.tasks, slots), -np.inf, dtype=np.float32)
    wide[:, c.task_C, c.slot_C] = worth_DC
    best = wide.argmax(axis=2)
    chance = np.stack([(best == k).mean(axis=0) for k in range(slots)], axis=1)
    item = np.full((c.tasks, slots), -1)
    item[c.task_C, c.slot_C] = c.item_C
    mean = wide.mean(axis=0)
    ranked = np.argsort(-mean, axis=1, kind="stable")
    order = [
        " > ".join(answers.items[i] for i in row if i >= 0)
        for row in np.take_along_axis(item, ranked, axis=1).tolist()
    ]
    top = chance.argmax(axis=1)
    return pl.DataFrame(
        {
            "task": pl.Series(answers.tasks, strict=False),
            "best": [answers.items[i] for i in item[np.arange(c.tasks), top].tolist()],
            "chance": chance[np.arange(c.tasks), top],
            "order": order,
            "answers": np.bincount(c.task_A, minlength=c.tasks),
        }
    )


def _workers_frame(answers: RankedAnswers, reliability_DW: Array, load: Array) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    low, high = intervals(reliability_DW, axis=0)
    poor = (reliability_DW < CHANCE_LIKE).mean(axis=0)
    turned = (reliability_DW < INVERTED).mean(axis=0)
    reasons = []
    for worker in range(len(load)):
        reason = ""
        if load[worker] >= _FEW and turned[worker] >= SURE:
            reason = "puts last what others put first: answers may be inverted"
        elif load[worker] >= _FEW and poor[worker] >= SURE:
            reason = "is near chance: the orders say little about the items"
        reasons.append(reason)
    return pl.DataFrame(
        {
            "worker": pl.Series(answers.workers, strict=False),
            "answers": np.bincount(answers.choices.worker_A, minlength=len(load)),
            "choices": load.astype(np.int64),
            "reliability": reliability_DW.mean(axis=0),
            "low": low,
            "high": high,
            "suspect": [bool(reason) for reason in reasons],
            "reason": reasons,
        }
    )


def _pairs_frame(answers: RankedAnswers) -> pl.DataFrame:
    """Every ordered pair of every answer, weighted so that an answer counts as its choices."""
    import numpy as np
    import polars as pl

    c = answers.choices
    rows, weights = [], []
    for ranking in answers.rankings:
        groups = [*ranking.groups, *([ranking.rest] if ranking.rest else [])]
        mine = [
            (better, worse)
            for k, group in enumerate(groups)
            for better in group
            for below in groups[k + 1 :]
            for worse in below
        ]
        rows.append(mine)
        weights.append((len(groups) - 1) / len(mine) if mine else 0.0)
    size = np.array([len(mine) for mine in rows])[answers.ranking_A]
    answer = np.repeat(np.arange(len(size)), size)
    which = answers.ranking_A[answer]
    inside = np.arange(len(answer)) - np.repeat(np.cumsum(size) - size, size)
    flat = [pair for mine in rows for pair in mine]
    counts = np.array([len(mine) for mine in rows])
    at = (np.cumsum(counts) - counts)[which] + inside
    names = np.array(flat, dtype=object).reshape(-1, 2)
    tasks, workers = (np.array(x, dtype=object) for x in (answers.tasks, answers.workers))
    return pl.DataFrame(
        {
            "task": pl.Series(tasks[c.task_A[answer]].tolist(), strict=False),
            "worker": pl.Series(workers[c.worker_A[answer]].tolist(), strict=False),
            "left": pl.Series(names[at, 0].tolist(), dtype=pl.String),
            "right": pl.Series(names[at, 1].tolist(), dtype=pl.String),
            "weight": np.array(weights)[which],
        }
    )


def kendall(answers: RankedAnswers, *, seed: int) -> RankingAgreement:
    """Agreement on the pairs of items that two workers both ordered in a task.

    Model: none; pairs of answers of a task, with an interval by resampling tasks.
    Assumes: tasks are a random sample.
    Reference: Kendall (1938), Biometrika 30.
    """
    import numpy as np

    c = answers.choices
    number = {item: k for k, item in enumerate(answers.items)}
    # Place of every item in every different answer; NaN where it was not shown.
    place = np.full((len(answers.rankings), len(number)), np.nan)
    for row, ranking in enumerate(answers.rankings):
        for k, group in enumerate([*ranking.groups, ranking.rest]):
            place[row, [number[item] for item in group]] = k
    order = np.argsort(c.task_A, kind="stable")
    task, which = c.task_A[order], answers.ranking_A[order]
    alike, otherwise = np.zeros(c.tasks), np.zeros(c.tasks)
    size = np.bincount(task, minlength=c.tasks)
    for step in range(1, int(size.max())):
        same = np.flatnonzero(task[:-step] == task[step:])
        pair = np.stack([which[same], which[same + step]])
        told, back = np.unique(pair, axis=1, return_inverse=True)
        with np.errstate(invalid="ignore"):
            signs = np.sign(place[told][..., :, None] - place[told][..., None, :])
            both = np.nan_to_num(signs[0] * signs[1])
        plus = (both > 0).sum(axis=(1, 2)) / 2.0
        minus = (both < 0).sum(axis=(1, 2)) / 2.0
        alike += np.bincount(task[same], plus[back.ravel()], c.tasks)
        otherwise += np.bincount(task[same], minus[back.ravel()], c.tasks)
    usable = (alike + otherwise) > 0
    pairs = int((alike + otherwise).sum())
    many = int((size >= 2).sum())
    if not pairs:
        return RankingAgreement(tasks=many, pairs=0)
    rng = Stream.RANKINGS_SAMPLE.rng(seed)
    n = int(usable.sum())
    weights = rng.multinomial(n, np.full(n, 1.0 / n), _RESAMPLES)
    gap, whole = (alike - otherwise)[usable], (alike + otherwise)[usable]
    value = float(gap.sum() / whole.sum())
    low, high = interval((weights @ gap) / (weights @ whole))
    if np.ptp(gap / whole) <= 0.0:
        # All tasks alike: as many others as could have been missed, all one way or the other.
        most = 1.0 - 0.05 ** (1.0 / n)
        low, high = value - most * (1.0 + value), value + most * (1.0 - value)
    tau = Interval(value=value, low=min(low, value), high=max(high, value))
    return RankingAgreement(tasks=many, pairs=pairs, kendall_tau=tau)


def _summary(
    table: LabelTable,
    answers: RankedAnswers,
    drawn: dict[str, Array],
    workers: pl.DataFrame,
    rhat: float,
    notes: list[str],
    seed: int,
) -> RankingRecord:
    import numpy as np

    from suffice.supply.workers import ROUGHLY_SETTLED

    c = answers.choices
    per_task = np.bincount(c.task_A, minlength=c.tasks)
    shown = [len(ranking.items) for ranking in answers.rankings]
    agreed = kendall(answers, seed=seed)
    cautions = []
    if c.workers == 1:
        cautions.append("one worker: whether that worker is reliable cannot be told")
    if rhat > ROUGHLY_SETTLED:
        cautions.append(
            f"the chain had not settled (R-hat {rhat:.2f}): treat its intervals as too narrow"
        )
    flagged = workers.filter(workers["suspect"])
    inverted = int(flagged["reason"].str.contains("inverted").sum())
    kinds = {"inverted": inverted, "spammer": len(flagged) - inverted}
    poor = (drawn["reliability"] < CHANCE_LIKE).mean(axis=0)
    wrong = float((1.0 - poor[workers["suspect"].to_numpy()]).sum())
    known = agreed.kendall_tau is not None and agreed.kendall_tau.low > 0.0
    said = (
        "Two workers who rank the same task agree more than chance has it; what they all like for "
        "a wrong reason stays unseen."
        if known
        else "Cannot know: no two workers ranked the same task, so how reliable they are is the "
        "prior's guess."
        if agreed.kendall_tau is None
        else "Cannot know: two workers who rank the same task hardly agree more than chance has it."
    )
    return RankingRecord(
        labels=len(c.task_A),
        tasks=c.tasks,
        workers=c.workers,
        items=c.items,
        shown=(min(shown), max(shown)),
        labels_per_task=LabelsPerTask(
            mean=float(per_task.mean()), min=int(per_task.min()), max=int(per_task.max())
        ),
        columns=dict(table.columns),
        notes=(*table.notes, *notes),
        cautions=tuple(cautions),
        verdict=VerdictPart(known=known, statement=said, other_reading=0.0),
        suspects=SuspectsPart(
            count=len(flagged),
            by_kind={name: n for name, n in kinds.items() if n},
            expected_false=wrong,
            statement=f"Flags need a posterior of at least {SURE:.2f}; {wrong:.2g} of "
            f"{len(flagged)} flags are expected to be wrong.",
        ),
        agreement=agreed,
        model=RankingModelPart(
            rhat=finite(rhat),
            score_spread=Interval.of(Estimate.from_draws(drawn["spread"])),
            task_spread=Interval.of(Estimate.from_draws(drawn["task"])),
            choices=len(c.start_E),
            tied=c.tied,
        ),
        seed=seed,
        citations=CITATIONS,
    )


def _lines(s: RankingRecord, items: pl.DataFrame, suspects: pl.DataFrame) -> list[str]:
    """The audit in plain lines."""
    from suffice.labels import counted

    low, high = s.shown
    sets = f"{low}" if low == high else f"{low} to {high}"
    lines = [
        f"{counted(s.labels, 'ranking')} of {sets} items on {counted(s.tasks, 'task')} by "
        f"{counted(s.workers, 'worker')}, {counted(s.items, 'item')} in all, "
        f"{counted(s.model.choices, 'choice')}."
    ]
    lines += [f"Note: {note}." for note in s.notes]
    lines += [f"Caution: {caution}." for caution in s.cautions]
    lines.append(s.verdict.statement)
    if (tau := s.agreement.kendall_tau) is not None:
        lines.append(
            f"Kendall's tau of two workers {tau.value:.2f} ({tau.low:.2f} to {tau.high:.2f}), over "
            f"{s.agreement.pairs:,} pairs of items."
        )
    spread, own = s.model.score_spread, s.model.task_spread
    lines.append(
        f"Items differ by {spread.value:.2f} in log odds (sd; {spread.low:.2f} to "
        f"{spread.high:.2f}), and by {own.value:.2f} ({own.low:.2f} to {own.high:.2f}) from task "
        "to task."
    )
    rivals = int((items["rank_low"] == 1).sum())
    for row in items.head(_SHOWN).iter_rows(named=True):
        lines.append(
            f"{row['rank']}. {row['item']}: score {row['score']:.2f} ({row['low']:.2f} to "
            f"{row['high']:.2f}), rank {row['rank_low']} to {row['rank_high']}."
        )
    if len(items) > _SHOWN:
        lines.append(f"... and {len(items) - _SHOWN} more items (--out writes them all).")
    theirs = "its rank interval" if rivals == 1 else "their rank intervals"
    lines.append(f"{counted(rivals, 'item')} may be the best by {theirs}.")
    flags = s.suspects
    if not flags.count:
        return [*lines, "No suspect workers."]
    kinds = ", ".join(f"{n} {kind}" for kind, n in flags.by_kind.items())
    lines.append(f"{counted(flags.count, 'suspect worker')} ({kinds}). {flags.statement}")
    lines += [
        f"Suspect {row['worker']}, {row['answers']:,} answers, reliability "
        f"{row['reliability']:.2f} ({row['low']:.2f} to {row['high']:.2f}): {row['reason']}."
        for row in suspects.sort("answers", descending=True).head(_SHOWN).iter_rows(named=True)
    ]
    return lines
