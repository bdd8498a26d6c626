"""Preference files (prompt, chosen, rejected), as trainers read them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels._asked import NOTHING
from suffice.labels._columns import check_named, recognise, said, unused
from suffice.labels._pairs import NOBODY
from suffice.labels._table import LabelTable
from suffice.labels._values import counted
from suffice.labels.formats._frame import read_frame

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.labels._asked import Asked

NAME = "preferences"
_PAIR = ("chosen", "rejected")
_TURNS = ("\n\nAssistant:", "\n\nHuman:")


@dataclass(frozen=True, eq=False)
class PreferenceTable:
    """Pairs of texts, one of which was preferred.

    Attributes:
        frame: ``prompt``, ``chosen`` and ``rejected`` as text (a conversation is written one
            "role: content" a paragraph), and ``worker``, ``source``, ``slice`` and the other
            columns of a label table where the file had them.
        conversational: whether the file held lists of messages.
        implicit_prompt: whether the prompt was found as what both texts begin with.
        notes: what was assumed or passed over.
        origin: the file, for messages.
        rows: where in the file each preference stood, from 0 int64 [preference].
    """

    frame: pl.DataFrame
    conversational: bool
    implicit_prompt: bool
    notes: tuple[str, ...]
    origin: str
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of preferences."""
        return len(self.frame)

    def to_labels(self, asked: Asked = NOTHING) -> LabelTable:
        """A label table with one task a pair of texts.

        The task is numbered by the pair, whichever text was preferred, so that two annotators who
        disagree label the same task. The label is ``first`` or ``second`` in the order of the
        texts' characters, which has nothing to do with who was preferred.
        """
        import polars as pl

        chosen_first = pl.col("chosen") <= pl.col("rejected")
        frame = self.frame.with_columns(
            pl.when(chosen_first).then(pl.lit("first")).otherwise(pl.lit("second")).alias("label"),
            pl.struct(
                pl.col("prompt"),
                pl.min_horizontal("chosen", "rejected").alias("a"),
                pl.max_horizontal("chosen", "rejected").alias("b"),
            ).rank("dense").alias("task"),
        )  # fmt: skip
        notes = list(self.notes)
        if "worker" not in frame.columns:
            frame = frame.with_columns(pl.lit(NOBODY).alias("worker"))
            notes.append("no annotator column: all preferences count as one worker's")
        return LabelTable.from_frame(
            frame,
            columns={"task": "(pair of texts)", "label": "chosen/rejected"},
            notes=notes,
            origin=self.origin,
            asked=asked,
        )


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether it holds chosen and rejected texts, and no other column was named as the label."""
    return set(_PAIR) <= set(frame.columns) and "label" not in asked.columns


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """See ``Format.read``: one task a pair of texts, see ``PreferenceTable.to_labels``."""
    check_named(asked.columns, frame.columns, origin)
    whole = frame.drop_nulls(_PAIR) if asked.drop_missing else frame
    table = preferences_of_frame(whole, origin=origin, columns=asked.columns).to_labels(asked)
    if not (lost := len(frame) - len(whole)):
        return table
    note = f"{counted(lost, 'pair')} without a chosen or rejected text left out"
    return replace(table, notes=(*table.notes, note))


def read_preferences(path: str | Path) -> PreferenceTable:
    """Read a preference file: ``chosen`` and ``rejected``, with or without ``prompt``.

    Texts and conversations (lists of ``{"role", "content"}``) are both read. Without a prompt, it
    is what both texts begin with: whole messages of a conversation, or the text up to the last
    turn that both share. Pairs of equal texts say nothing and are passed over, and counted.

    Raises:
        InputError: the file cannot be read, lacks a column, or holds no pair that differs.
    """
    return preferences_of_frame(read_frame(path), origin=str(path), columns={})


def preferences_of_frame(
    frame: pl.DataFrame, *, origin: str, columns: Mapping[str, str]
) -> PreferenceTable:
    """Make a preference table of a raw frame; see :func:`read_preferences`."""
    import polars as pl

    for name in _PAIR:
        if name not in frame.columns:
            raise InputError(
                f"no column {name!r} among: {', '.join(frame.columns)}", where=origin,
                fix="preference files have chosen and rejected",
            )  # fmt: skip
    has_prompt = "prompt" in frame.columns
    rows: list[tuple[str, str, str]] = []
    conversational = False
    prompts = frame["prompt"].to_list() if has_prompt else [None] * len(frame)
    pairs = zip(prompts, frame["chosen"].to_list(), frame["rejected"].to_list(), strict=True)
    for number, (prompt, chosen, rejected) in enumerate(pairs, start=1):
        if chosen is None or rejected is None:
            raise InputError(
                f"row {number} lacks its chosen or rejected text",
                where=origin,
                fix="remove it, or leave such rows out: drop_missing=True in Python, "
                "--drop-missing for suffice audit",
            )
        good, bad = _messages(chosen), _messages(rejected)
        if good is not None and bad is not None:
            conversational = True
            rows.append(_split_messages(prompt, good, bad))
        else:
            rows.append(_split_texts(prompt, str(chosen), str(rejected)))
    known = recognise([n for n in frame.columns if n not in ("prompt", "chosen", "rejected")], {})
    known = {ours: theirs for ours, theirs in known.items() if ours not in ("task", "label")}
    known |= {ours: theirs for ours, theirs in columns.items() if ours not in ("task", "label")}
    used = ["prompt", "chosen", "rejected", *known.values()]
    table = pl.DataFrame(rows, schema=["prompt", "chosen", "rejected"], orient="row")
    table = table.with_columns(frame[theirs].alias(ours) for ours, theirs in known.items())
    kept = (table["chosen"] != table["rejected"]).arg_true()
    differ = table[kept]
    notes = [*said(known), *unused(frame.columns, used)]
    if same := len(table) - len(differ):
        notes.append(f"{counted(same, 'pair')} of equal texts passed over: nothing to learn")
    if differ.is_empty():
        raise InputError("there is no pair of different texts in it", where=origin)
    if not has_prompt:
        notes.append("no prompt column: the prompt is what both texts begin with")
    where = kept.to_numpy().astype("int64")
    return PreferenceTable(differ, conversational, not has_prompt, tuple(notes), origin, where)


def _messages(value: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 - any JSON value
    """The messages of a conversation, or None where the value is plain text."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return None
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(part, dict) and {"role", "content"} <= set(part) for part in value):
        return value
    return None


def _split_messages(
    prompt: Any,  # noqa: ANN401 - text, messages or nothing
    chosen: list[dict[str, Any]],
    rejected: list[dict[str, Any]],
) -> tuple[str, str, str]:
    if prompt is not None:
        messages = _messages(prompt)
        return (
            _written(messages) if messages is not None else str(prompt),
            _written(chosen),
            _written(rejected),
        )
    shared = 0
    for good, bad in zip(chosen, rejected, strict=False):
        if good != bad:
            break
        shared += 1
    return _written(chosen[:shared]), _written(chosen[shared:]), _written(rejected[shared:])


def _split_texts(prompt: object, chosen: str, rejected: str) -> tuple[str, str, str]:
    if prompt is not None:
        return str(prompt), chosen, rejected
    common = _shared_start(chosen, rejected)
    cuts = [common.rfind(turn) + len(turn) for turn in _TURNS if turn in common]
    # Without turns, stop after a whole word: the answers may begin with the same letters.
    cut = max(cuts) if cuts else common.rfind(" ") + 1
    return chosen[:cut].strip(), chosen[cut:].strip(), rejected[cut:].strip()


def _shared_start(one: str, other: str) -> str:
    """The characters that both texts begin with."""
    length = next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return one[:length]


def _written(messages: list[dict[str, Any]]) -> str:
    return "\n\n".join(f"{part['role']}: {part['content']}" for part in messages)
