"""Task pools of preference pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.errors import InputError
from suffice.labels import counted, plain_ids
from suffice.labels.formats import (
    PreferenceTable,
    as_asked,
    known_prompts,
    preferences_of_frame,
    read_frame,
)
from suffice.labels.kinds import COMPARISON
from suffice.pools._given import ONE_SLICE, place_of
from suffice.pools._leaks import check_leaks
from suffice.pools._task_pool import SourceLabels, TaskList, TaskPool, number_of, told_pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from suffice.pools._given import Place
    from suffice.progress import Progress

_ANSWERS = ("chosen", "rejected")


def preference_pool(
    labels: Mapping[str, Path | pl.DataFrame],
    gold: Path | pl.DataFrame,
    *,
    group: str,
    slice_by: str | None,
    seed: int,
    progress: Progress,
) -> TaskPool:
    """A pool of preference pairs.

    An item is an answer followed by its prompt: encoders that read a limited number of tokens then
    lose the end of the prompt, not the answer. A source's pair that also stands in the gold file
    audits the source; pairs that share a group or a text with gold, in whatever writing, are never
    trained on, and a file that holds gold in another writing is refused. An
    annotator's repeats of a pair count once, the last of them; where no annotator is named, a file
    is one annotator's.

    Args:
        labels: for each source its file (prompt, chosen, rejected; JSONL, parquet or CSV), or the
            rows of one.
        gold: file or rows of trusted pairs.
        group: column that keeps pairs together; the prompt where there is no such column.
        slice_by: column that names a pair's slice; None for a single slice.
        seed: of the split.
        progress: told what the reader assumed.
    """
    rows: list[dict[str, Any]] = []
    trusted = place_of(gold, "gold")
    places = {name: place_of(given, f"labels of {name}") for name, given in labels.items()}
    tables: list[tuple[str | None, Place, PreferenceTable, pl.DataFrame]] = []
    for name, given in [(None, gold), *labels.items()]:
        place = trusted if name is None else places[name]
        frame = read_frame(given) if isinstance(given, Path) else given
        table = preferences_of_frame(frame, origin=place.where, columns={})
        for note in table.notes:
            progress.note(f"{place.name}: {note}")
        tables.append((name, place, table, frame))
    known = known_prompts([table for _, _, table, _ in tables])
    for name, place, table, frame in tables:
        own, again = as_asked(table, known)
        if again:
            progress.note(
                f"{place.name}: {counted(again, 'prompt')} that both texts begin with cut as in "
                "the files that say the prompt"
            )
        found = _pair_rows(table, own, frame[table.rows], name, place, group, slice_by)
        rows += found if name is None else _once(found, place, progress)
    # The same two answers to the same prompt are one task, whoever was preferred.
    tasks, pairs = number_of([(r["group"], *sorted((r["chosen"], r["rejected"]))) for r in rows])
    first = [str(p[1]) for p in pairs if isinstance(p, tuple)]
    value = np.array([float(r["chosen"] == first[t]) for r, t in zip(rows, tasks, strict=True)])
    origin = np.array([r["source"] or "" for r in rows])

    leader = {int(t): r for t, r in reversed(list(zip(tasks, rows, strict=True)))}
    leaders = [leader[t] for t in range(len(pairs))]
    groups, _ = number_of([r["group"] for r in leaders])
    slices, slice_names = number_of([r["slice"] for r in leaders])
    answers = [text for p in pairs if isinstance(p, tuple) for text in p[1:]]
    items, texts = number_of(
        [(g, str(x)) for g, x in zip(np.repeat(groups, 2).tolist(), answers, strict=True)]
    )
    asked = {(g, r[c]): r["prompt"] for g, r in zip(groups, leaders, strict=True) for c in _ANSWERS}
    truth = np.full(len(pairs), np.nan)
    for t, v in zip(tasks[origin == ""], value[origin == ""], strict=True):
        if truth[t] not in (v,) and not np.isnan(truth[t]):
            raise InputError(
                "gold prefers both answers of one pair", where=trusted.where, fix="keep one of them"
            )
        truth[t] = v
    listed = TaskList(
        items=tuple(str(x[1]) for x in texts if isinstance(x, tuple)),
        a=items[0::2],
        b=items[1::2],
        slices=slices,
        slice_names=tuple(str(s) for s in slice_names),
        group=groups,
        gold=truth,
        kind=COMPARISON,
        prompts=tuple(asked[x] for x in texts if isinstance(x, tuple)),
    )
    votes = {n: SourceLabels(tasks[origin == n], value[origin == n]) for n in labels}
    leaks = check_leaks(listed, votes, places, trusted, progress, by_prompt=group == "prompt")
    return told_pool(listed, votes, seed=seed, where=trusted.where, progress=progress, leaks=leaks)


def _pair_rows(
    table: PreferenceTable,
    text: pl.DataFrame,
    raw: pl.DataFrame,
    source: str | None,
    place: Place,
    group: str,
    slice_by: str | None,
) -> list[dict[str, Any]]:
    """Plain rows: group, slice, and both answers with the prompt behind them."""
    if slice_by is not None and slice_by not in raw.columns:
        raise InputError(
            f"no column {slice_by!r}; there are: {', '.join(raw.columns)}",
            where=place.where,
            fix="task.slice names the column of the slice",
        )
    own_group = group != "prompt" and group in raw.columns
    groups = plain_ids(raw[group]).to_list() if own_group else text["prompt"].to_list()
    slices = raw[slice_by].to_list() if slice_by else [ONE_SLICE] * len(table)
    named = "worker" in table.frame.columns
    workers = plain_ids(table.frame["worker"]).to_list() if named else [None] * len(table)
    found = []
    texts = (text[c].to_list() for c in ("prompt", "chosen", "rejected"))
    for g, s, worker, prompt, chosen, rejected in zip(groups, slices, workers, *texts, strict=True):
        tail = f"\n\n{prompt}" if prompt else ""
        found.append(
            {
                "source": source,
                "worker": worker,
                "group": str(g),
                "slice": str(s),
                "chosen": f"{chosen}{tail}",
                "rejected": f"{rejected}{tail}",
                "prompt": prompt or "",
            }
        )
    return found


def _once(rows: list[dict[str, Any]], place: Place, progress: Progress) -> list[dict[str, Any]]:
    """The last answer of each annotator to each pair; how many were passed over is said."""
    last = {(r["worker"], r["group"], *sorted((r["chosen"], r["rejected"]))): r for r in rows}
    if lost := len(rows) - len(last):
        progress.note(
            f"{place.name}: {counted(lost, 'row')} of an annotator who answered the same pair "
            "again later: the last answer counts"
        )
    return list(last.values())
