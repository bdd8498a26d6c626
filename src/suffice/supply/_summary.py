"""The audit's summary: one JSON document, and the lines that a person reads first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.estimate import Estimate, finite
from suffice.records import (
    AuditRecord,
    DifficultyPart,
    GroupRow,
    Interval,
    LabelsPerTask,
    ModelPart,
    ModelScore,
    SuspectsPart,
    VerdictPart,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from suffice.records import CapabilityRow, PredictiveTest
    from suffice.supply._votes import Votes
    from suffice.supply.doubts import Flag, Group, Identified, Split
    from suffice.supply.preferences import Preferences
    from suffice.supply.sources import CapabilityTrend
    from suffice.supply.workers import SharedError, WorkerFit


def summarise(
    columns: Mapping[str, str],
    votes: Votes,
    fit: WorkerFit,
    shared: SharedError,
    groups: list[Group],
    flags: dict[int, list[Flag]],
    verdict: Identified,
    notes: list[str],
    pairs: pl.DataFrame,
    all_pairs: bool,
    seed: int,
    below: float,
    check: PredictiveTest,
    preferences: Preferences | None,
    split: Split | None,
    trends: Mapping[int, CapabilityTrend],
) -> AuditRecord:
    """Gather what is neither by task, by worker nor by source."""
    import numpy as np

    from suffice.supply._agreement import agreement, cohen_range
    from suffice.supply._audit_record import CITATIONS
    from suffice.supply.doubts import group_names, ids_test
    from suffice.supply.workers import describe

    tasks, workers, _ = votes.shape
    per_task = np.bincount(votes.task, minlength=tasks)
    per_worker = np.bincount(votes.worker, minlength=workers)
    golden = int((votes.gold >= 0).sum())
    cautions = _cautions(per_task, per_worker, golden, fit)
    agreed = agreement(votes, seed=seed)
    kappas = {"cohen_kappa": cohen_range(pairs.to_dicts(), whole=all_pairs)}
    agreed["all"] = agreed["all"].model_copy(update=kappas)
    return AuditRecord(
        labels=len(votes),
        tasks=tasks,
        workers=workers,
        classes=tuple(votes.classes),
        labels_per_task=LabelsPerTask(
            mean=float(per_task.mean()), min=int(per_task.min()), max=int(per_task.max())
        ),
        gold_tasks=golden,
        columns=dict(columns),
        notes=tuple(notes),
        cautions=tuple(cautions),
        verdict=VerdictPart(
            known=verdict.known,
            statement=verdict.statement,
            other_reading=verdict.other_reading,
        ),
        class_shares={
            name: Interval.of(Estimate.from_draws(fit.share_DK[:, k]))
            for k, name in enumerate(votes.classes)
        },
        model=_model(fit),
        shared_error=describe(shared, votes, fit.open_TK, below=below),
        suspects=_suspects(flags),
        groups=tuple(
            GroupRow(
                group=name,
                workers=tuple(str(votes.workers[member]) for member in group.members),
                agreement=group.agreement,
                expected_agreement=group.expected,
                log_evidence=group.evidence,
                label_share=group.label_share,
            )
            for name, group in zip(group_names(len(groups)), groups, strict=True)
        ),
        agreement=agreed,
        ids=ids_test(votes, seed=seed),
        seed=seed,
        citations=CITATIONS,
        predictive_check=check,
        preferences=preferences.summary if preferences else None,
        split=split.summary if split else None,
        capability=_capability(trends, votes.source_names),
    )


def _model(fit: WorkerFit) -> ModelPart:
    return ModelPart(
        kind=fit.chosen.kind,
        scores={
            name: ModelScore(waic=chain.score, se=chain.score_se, rhat=finite(chain.rhat))
            for name, chain in fit.chains.items()
        },
        difficulty=DifficultyPart(way=fit.difficulty.way, scale=fit.chosen.scale),
        note="scores are the expected log chance of the labels of new tasks; higher fits better",
    )


def _suspects(flags: dict[int, list[Flag]]) -> SuspectsPart:
    from suffice.supply.doubts import SURE, expected_false

    kinds: dict[str, int] = {}
    for mine in flags.values():
        for flag in mine:
            kinds[flag.kind] = kinds.get(flag.kind, 0) + 1
    wrong = expected_false(flags)
    return SuspectsPart(
        count=len(flags),
        by_kind=kinds,
        expected_false=wrong,
        statement=f"Low-quality flags need a posterior of at least {SURE:.2f}; "
        f"{wrong:.2g} of {len(flags)} flags are expected to be wrong.",
    )


def _capability(
    trends: Mapping[int, CapabilityTrend], sources: Sequence[str]
) -> dict[str, CapabilityRow]:
    return {
        sources[number] if number >= 0 else "all": trend.summary()
        for number, trend in trends.items()
    }


def _cautions(
    per_task: Any,  # noqa: ANN401 - an array
    per_worker: Any,  # noqa: ANN401 - an array
    golden: int,
    fit: WorkerFit,
) -> list[str]:
    """What makes these labels weak evidence, one line each."""
    from suffice.labels import counted
    from suffice.supply.workers import ROUGHLY_SETTLED

    cautions = []
    rests = (
        f"accuracy rests on {counted(golden, 'gold task')} alone"
        if golden
        else "accuracy here is the prior, not a measurement"
    )
    if len(per_worker) == 1:
        cautions.append(f"one worker: there is no second opinion, so {rests}")
    elif per_task.max() == 1:
        cautions.append(f"one label a task: nobody can be compared with anybody, so {rests}")
    if len(per_worker) > 1 and (lonely := int((per_worker == 1).sum())):
        cautions.append(
            f"{counted(lonely, 'worker')} gave one label only: what is said of "
            f"{'this worker' if lonely == 1 else 'each of them'} is the crowd's"
        )
    rough = [name for name, chain in fit.chains.items() if chain.rhat > ROUGHLY_SETTLED]
    if fit.chosen.kind in rough:
        cautions.append(
            f"the {fit.chosen.kind} model had not settled (R-hat {fit.chosen.rhat:.2f}): "
            "treat its intervals as too narrow"
        )
    return cautions


def summary_lines(summary: AuditRecord) -> list[str]:
    """The summary in a few plain lines."""
    from suffice.labels import counted
    from suffice.supply._agreement import agreement_lines

    classes = counted(len(summary.classes), "class", "classes")
    lines = [
        f"{counted(summary.labels, 'label')} on {counted(summary.tasks, 'task')} by "
        f"{counted(summary.workers, 'worker')}, {classes}, "
        f"{counted(summary.gold_tasks, 'gold task')}.",
    ]
    lines += [f"Note: {note}." for note in summary.notes]
    lines += [f"Caution: {caution}." for caution in summary.cautions]
    lines.append(summary.verdict.statement)
    for name, found in summary.agreement.items():
        lines += agreement_lines(found, "" if name == "all" else f"Source {name}: ")
    lines.append(summary.shared_error.statement)
    if summary.shared_error.together is not None:
        lines.append(summary.shared_error.together.statement)
    lines.append(summary.predictive_check.statement)
    lines.append(summary.ids.statement)
    if summary.split is not None:
        lines.append(summary.split.statement)
    if summary.capability:
        lines.append(summary.capability["all"].statement)
    if summary.preferences is not None:
        from suffice.supply.preferences import preference_lines

        lines += preference_lines(summary.preferences)
    suspects = summary.suspects
    if suspects.count:
        kinds = ", ".join(f"{count} {kind}" for kind, count in suspects.by_kind.items())
        lines.append(f"{counted(suspects.count, 'suspect worker')} ({kinds}). {suspects.statement}")
    else:
        lines.append("No suspect workers.")
    return lines
