"""What an audit of a scale says: its summary, and the lines that a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.estimate import Estimate, finite
from suffice.records import (
    Interval,
    LabelsPerTask,
    ScaleModelPart,
    ScalePart,
    ScaleRecord,
    SuspectsPart,
    VerdictPart,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from suffice.labels import LabelTable
    from suffice.records import PredictiveTest, ScaleSharedPart
    from suffice.supply.doubts import Flag, Group
    from suffice.supply.scales._fit import ScaleFit
    from suffice.supply.scales._scale_votes import ScaleVotes

_SHOWN = 10
"""Slices, suspects and lenient workers in the text; chosen to fit a screen. Files hold all."""
_TELLS = 0.1
"""Correlation with the truth that the crowd must surely have (chosen: a hundredth of the variance
of a label is then truth)."""


def summarise_scale(
    table: LabelTable,
    votes: ScaleVotes,
    fit: ScaleFit,
    shared: ScaleSharedPart,
    groups: list[Group],
    flags: dict[int, list[Flag]],
    check: PredictiveTest,
    notes: Sequence[str],
    seed: int,
    citations: tuple[str, ...],
) -> ScaleRecord:
    """Gather what is neither by task, by worker nor by source."""
    import numpy as np

    from suffice.labels import counted
    from suffice.supply.doubts import expected_false
    from suffice.supply.scales._scale_agreement import scale_agreement
    from suffice.supply.scales._scale_checks import SURE, lenient
    from suffice.supply.workers import ROUGHLY_SETTLED

    tasks, workers = len(votes.tasks), len(votes.workers)
    per_task = np.bincount(votes.task, minlength=tasks)
    per_worker = np.bincount(votes.worker, minlength=workers)
    load = per_worker / per_worker.sum()
    cautions = []
    if workers == 1:
        cautions.append("one worker: there is no second opinion, so noise here is the prior")
    elif per_task.max() == 1:
        cautions.append("one label a task: nobody can be compared with anybody")
    if workers > 1 and (lonely := int((per_worker == 1).sum())):
        cautions.append(
            f"{counted(lonely, 'worker')} gave one label only: what is said of "
            f"{'this worker' if lonely == 1 else 'each of them'} is the crowd's"
        )
    if fit.rhat > ROUGHLY_SETTLED:
        cautions.append(
            f"the chain had not settled (R-hat {fit.rhat:.2f}): treat its intervals as too narrow"
        )
    for name, bias, low, high in lenient(votes, fit)[:_SHOWN]:
        kind = "lenient" if bias > 0.0 else "strict"
        ends = sorted((abs(low), abs(high)))
        cautions.append(
            f"{name} is {kind}: {abs(bias):.2f} points {'above' if bias > 0 else 'below'} the "
            f"typical worker ({ends[0]:.2f} to {ends[1]:.2f}), which the truth allows for"
        )
    kinds: dict[str, int] = {}
    for mine in flags.values():
        for flag in mine:
            kinds[flag.kind] = kinds.get(flag.kind, 0) + 1
    wrong = expected_false(flags)
    variance = fit.tells_DW**2 @ load
    # The workers' own spread: of the biases in each draw, weighted by labels.
    centre = fit.bias_DW @ load
    strict = np.sqrt(((fit.bias_DW - centre[:, None]) ** 2) @ load)
    return ScaleRecord(
        labels=len(votes),
        tasks=tasks,
        workers=workers,
        scale=ScalePart(
            low=float(votes.levels[0]),
            high=float(votes.levels[-1]),
            values=len(votes.levels),
            ordinal=votes.ordinal,
        ),
        labels_per_task=LabelsPerTask(
            mean=float(per_task.mean()), min=int(per_task.min()), max=int(per_task.max())
        ),
        gold_tasks=int(np.isfinite(votes.gold).sum()),
        columns=dict(table.columns),
        notes=(*table.notes, *votes.notes, *notes),
        cautions=tuple(cautions),
        verdict=_verdict(fit, load, per_task, shared),
        model=ScaleModelPart(
            kind="ordinal" if votes.ordinal else "interval",
            rhat=finite(fit.rhat),
            sampled=fit.sampled,
            truth_spread=Interval.of(Estimate.from_draws(fit.spread_D)),
            strictness_spread=Interval.of(Estimate.from_draws(strict)),
            reliability=Interval.of(Estimate.from_draws(variance)),
        ),
        shared_error=shared,
        suspects=SuspectsPart(
            count=len(flags),
            by_kind=kinds,
            expected_false=wrong,
            statement=f"Flags need a posterior of at least {SURE:.2f}; {wrong:.2g} of "
            f"{len(flags)} flags are expected to be wrong.",
        ),
        groups=tuple(
            tuple(str(votes.workers[member]) for member in group.members) for group in groups
        ),
        agreement=scale_agreement(votes, seed=seed),
        predictive_check=check,
        seed=seed,
        citations=citations,
    )


def _verdict(fit: ScaleFit, load: Any, per_task: Any, shared: ScaleSharedPart) -> VerdictPart:  # noqa: ANN401
    """Whether the labels tell tasks apart."""
    crowd = fit.tells_DW @ load
    if shared.known:
        said = f"{shared.gold_tasks:,} gold tasks say what the values mean."
        return VerdictPart(known=True, statement=said, other_reading=0.0)
    if per_task.max() < 2:
        said = (
            "Cannot know: no two workers labelled the same task, and without gold nothing else "
            "tells how good the labels are. Errors and bits are the prior's. Rate some tasks as "
            "gold (10 to 30), or ask several workers about some of them."
        )
        return VerdictPart(known=False, statement=said, other_reading=0.0)
    if (crowd > _TELLS).mean() < 0.95:
        said = (
            "Cannot know: two labels of a task are hardly more alike than labels of two tasks, so "
            "the values say next to nothing about the tasks."
        )
        return VerdictPart(known=False, statement=said, other_reading=0.0)
    said = (
        "The labels tell tasks apart, provided that most workers mean to be right; without gold, "
        "errors that everybody shares stay unseen."
    )
    return VerdictPart(known=True, statement=said, other_reading=0.0)


def scale_lines(s: ScaleRecord, sources: pl.DataFrame, suspects: pl.DataFrame) -> list[str]:
    """The audit in plain lines: its summary, its sources and the workers to look at."""
    from suffice.labels import counted

    kind = "ordinal" if s.scale.ordinal else "interval"
    lines = [
        f"{counted(s.labels, 'label')} on {counted(s.tasks, 'task')} by "
        f"{counted(s.workers, 'worker')}, a scale of {s.scale.values:,} values from "
        f"{s.scale.low:g} to {s.scale.high:g} ({kind}), {counted(s.gold_tasks, 'gold task')}.",
    ]
    lines += [f"Note: {note}." for note in s.notes]
    lines += [f"Caution: {caution}." for caution in s.cautions]
    lines.append(s.verdict.statement)
    for name, row in s.agreement.items():
        head = "" if name == "all" else f"Source {name}: "
        lines += [
            f"{head}Krippendorff's alpha ({metric}) {found.value:.3f} ({found.low:.3f} to "
            f"{found.high:.3f})."
            for metric, found in row.krippendorff_alpha.items()
        ]
    lines.append(s.shared_error.statement)
    lines.append(s.predictive_check.statement)
    m = s.model
    lines.append(
        f"{100 * m.reliability.value:.0f} % of the variance of a label is truth "
        f"({100 * m.reliability.low:.0f} to {100 * m.reliability.high:.0f} %); tasks differ by "
        f"{m.truth_spread.value:.2f} points (sd), workers in strictness by "
        f"{m.strictness_spread.value:.2f}."
    )
    flags = s.suspects
    if flags.count:
        kinds = ", ".join(f"{count} {kind}" for kind, count in flags.by_kind.items())
        lines.append(f"{counted(flags.count, 'suspect worker')} ({kinds}). {flags.statement}")
    else:
        lines.append("No suspect workers.")
    return [*lines, *_source_lines(sources), *_suspect_lines(suspects)]


def _source_lines(sources: pl.DataFrame) -> list[str]:
    rows = list(sources.iter_rows(named=True))
    whole = [row for row in rows if row["slice"] == "all"]
    parts = sorted((row for row in rows if row["slice"] != "all"), key=lambda r: -r["error"])
    lines = []
    for row in [*whole, *parts[:_SHOWN]]:
        head = ", ".join(f"{n} {row[n]}" for n in ("source", "slice") if row[n] != "all")
        price = ""
        if row["price_per_bit"] is not None:
            price = (
                f"; a bit costs {row['price_per_bit']:.3g} ({row['price_per_bit_low']:.3g} to "
                f"{row['price_per_bit_high']:.3g})"
            )
        lines.append(
            f"{head[:1].upper()}{head[1:]}{': a' if head else 'A'} label lies {row['error']:.2f} "
            f"points from the truth (root mean square; {row['error_low']:.2f} to "
            f"{row['error_high']:.2f}), leans by {row['lean']:+.2f} and is worth "
            f"{row['bits']:.3f} bits ({row['bits_low']:.3f} to {row['bits_high']:.3f}){price}."
        )
    if len(parts) > _SHOWN:
        lines.append(f"... and {len(parts) - _SHOWN:,} more slices (--out writes them all).")
    return lines


def _suspect_lines(suspects: pl.DataFrame) -> list[str]:
    suspects = suspects.sort("labels", descending=True)
    lines = [
        f"Suspect {row['worker']}, {row['labels']:,} labels, goes with the truth by "
        f"{row['tells']:.2f} ({row['tells_low']:.2f} to {row['tells_high']:.2f}): {row['reason']}."
        for row in suspects.head(_SHOWN).iter_rows(named=True)
    ]
    if len(suspects) > _SHOWN:
        lines.append(f"... and {len(suspects) - _SHOWN} more suspects (--out writes them all).")
    return lines
