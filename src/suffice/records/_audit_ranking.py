"""summary.json of labels that rank a shown set."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from suffice.records._audit import LabelsPerTask, SuspectsPart, VerdictPart
from suffice.records._part import Count, Interval, NonNegative, Part, Share, Sparse
from suffice.records._record import Record


class RankingAgreement(Sparse):
    """How far two workers order the items of a task alike.

    Attributes:
        tasks: with two answers or more.
        pairs: pairs of items that two workers both ordered.
        kendall_tau: share of those ordered alike less the share ordered otherwise; None where there
            are none.
    """

    where_given = frozenset({"kendall_tau"})

    tasks: Count
    pairs: Count
    kendall_tau: Interval | None = None


class RankingModelPart(Part):
    """The model of the rankings, and how its chain ran.

    Attributes:
        rhat: near 1 once settled; None where the chain stands still.
        score_spread: sd of the items' scores, in log odds.
        task_spread: sd of what is special to an item in a task.
        choices: how many choices all answers hold.
        tied: the largest group of even items that is modelled.
    """

    rhat: NonNegative | None
    score_spread: Interval
    task_spread: Interval
    choices: Count
    tied: Count


class RankingRecord(Record):
    """summary.json of an audit whose labels are rankings, or the best of a shown set.

    Attributes:
        kind: ``ranking``.
        labels, tasks, workers, items, labels_per_task: what was audited.
        shown: items of a set: fewest and most.
        columns: which column was taken for what; ``read`` in the file.
        notes, cautions, verdict, suspects: as of classes.
        agreement: of workers who ranked the same task.
        model: as it was fitted.
        level: of the intervals.
        seed: of the random draws.
    """

    # A record's ``read`` reads its file, so that key has another name here.
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    file = "summary.json"
    made_by = "suffice audit"

    kind: Literal["ranking"] = "ranking"
    labels: Count
    tasks: Count
    workers: Count
    items: Count
    shown: tuple[Count, Count]
    labels_per_task: LabelsPerTask
    columns: dict[str, str] = Field(alias="read")
    notes: tuple[str, ...]
    cautions: tuple[str, ...]
    verdict: VerdictPart
    suspects: SuspectsPart
    agreement: RankingAgreement
    model: RankingModelPart
    level: Share = 0.9
    seed: Count
    citations: tuple[str, ...]
