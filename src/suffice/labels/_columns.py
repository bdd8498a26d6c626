"""Names of columns: what people call a task, a worker, a label, and what was taken for what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

REQUIRED = ("task", "worker", "label")
OPTIONAL = (
    "source", "slice", "seconds", "cost", "presented_order", "gold", "time", "left", "right",
    "capability", "kind",
)  # fmt: skip
COLUMNS = (*REQUIRED, *OPTIONAL)

# Our name -> names that mean it, the surest first. Compared in small letters without separators.
KNOWN_NAMES: dict[str, tuple[str, ...]] = {
    "task": (
        "task", "item", "taskid", "itemid", "inputid", "exampleid", "example", "questionid",
        "question", "pairid", "pair", "unitid", "unit", "documentid", "docid", "recordid", "hitid",
        "sampleid", "idx", "id",
    ),
    "worker": (
        "worker", "workerid", "annotator", "annotatorid", "rater", "raterid", "performer",
        "labeler", "labelerid", "labeller", "labellerid", "user", "userid", "judge", "judgeid",
        "coder", "reviewer", "contributor", "completedby",
    ),
    "label": (
        "label", "response", "answer", "annotation", "vote", "choice", "winner", "rating",
        "judgment", "judgement", "preference", "value", "score", "class", "category",
    ),
    "source": ("source", "vendor", "pool", "provider", "workertype", "annotatortype"),
    "slice": ("slice", "domain", "subset", "stratum", "segment"),
    "seconds": (
        "seconds", "secs", "duration", "durationseconds", "timespent", "leadtime",
        "worktimeinseconds", "elapsed", "elapsedseconds",
    ),
    "cost": ("cost", "price", "payment", "reward"),
    "presented_order": ("presentedorder", "presentationorder", "swapped", "displayorder"),
    "gold": (
        "gold", "goldlabel", "golden", "truth", "groundtruth", "truelabel", "finallabel",
        "expected",
    ),
    "time": ("time", "timestamp", "createdat", "submittedat", "submittime", "date"),
    "left": ("left", "itema", "modela", "leftitem", "itemleft", "generator1"),
    "right": ("right", "itemb", "modelb", "rightitem", "itemright", "generator2"),
    "capability": ("capability", "modelcapability"),
    "kind": ("kind", "workerkind", "annotatorkind", "raterkind", "judgekind"),
}  # fmt: skip

_SHOWN = 8
"""Unused columns that a note names. Chosen: the note stays one line."""


def check_named(wanted: Mapping[str, str], names: Sequence[str], origin: str) -> None:
    """Raise InputError where a user's ``columns`` names what is not there.

    Args:
        wanted: our name -> the name in the file, as the user gave them; "" for none.
        names: the file's columns.
        origin: the file, for messages.
    """
    for ours, theirs in wanted.items():
        if ours not in COLUMNS:
            raise InputError(
                f"there is no column called {ours!r} in a label table",
                where=origin,
                fix=f"use one of {', '.join(COLUMNS)}",
            )
        if theirs and theirs not in names:
            raise InputError(f"no column {theirs!r}; there are: {', '.join(names)}", where=origin)


def taken_of(names: Sequence[str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Our name -> the file's column: what the user named, and what is recognised of the rest.

    What the user has named "" is not recognised.
    """
    left = [name for name in names if name not in wanted.values()]
    named = {ours: theirs for ours, theirs in wanted.items() if theirs}
    return {**named, **recognise(left, skip=wanted)}


def recognise(names: Sequence[str], skip: Mapping[str, str]) -> dict[str, str]:
    """Our name -> the file's column, for every name that is known."""
    plain = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in reversed(names)}
    taken: dict[str, str] = {}
    for ours, known in KNOWN_NAMES.items():
        if ours in skip:
            continue
        match = next((plain[name] for name in known if name in plain), None)
        if match is not None and match not in taken.values():
            taken[ours] = match
    return taken


def said(taken: Mapping[str, str]) -> list[str]:
    """Which columns were taken for what, where their names are not ours."""
    renamed = [f"{theirs} as {ours}" for ours, theirs in taken.items() if ours != theirs]
    return [f"read {', '.join(renamed)}"] if renamed else []


def unused(names: Sequence[str], used: Collection[str]) -> list[str]:
    """Which columns nothing was made of: a name that was not recognised should be seen."""
    left = [name for name in names if name not in used]
    if not left:
        return []
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    return [f"columns not used: {', '.join(left[:_SHOWN])}{more}"]
