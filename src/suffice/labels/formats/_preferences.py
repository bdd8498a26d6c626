"""Preference files: pairs of texts of which one was preferred, in the shapes that trainers read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.labels._asked import NOTHING
from suffice.labels._columns import check_named, recognise, said, unused
from suffice.labels._pairs import NOBODY
from suffice.labels._table import LabelTable
from suffice.labels._texts import normal_texts
from suffice.labels._values import counted
from suffice.labels.formats._frame import read_frame
from suffice.labels.formats._pair_shapes import PARTS, TWO_TEXTS, is_pairs, standard
from suffice.labels.formats._pair_texts import pair_texts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.labels._asked import Asked

NAME = "preferences"


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

    def normal(self) -> pl.DataFrame:
        """Prompt, chosen and rejected in the normal form of texts, in which files are joined."""
        parts = self.frame.select("prompt", "chosen", "rejected")
        return parts.with_columns(normal_texts(column) for column in parts)

    def to_labels(self, asked: Asked = NOTHING) -> LabelTable:
        """A label table with one task a pair of texts.

        The task is numbered by the pair, whichever text was preferred, so that two annotators who
        disagree label the same task. The label is ``first`` or ``second`` in the order of the
        texts' characters, which has nothing to do with who was preferred.
        """
        import polars as pl

        texts = self.normal()
        chosen_first = texts["chosen"] <= texts["rejected"]
        pair = texts.select(
            pl.struct(
                pl.col("prompt"),
                pl.min_horizontal("chosen", "rejected").alias("a"),
                pl.max_horizontal("chosen", "rejected").alias("b"),
            ).rank("dense").alias("task")
        )  # fmt: skip
        side = pl.when(chosen_first).then(pl.lit("first")).otherwise(pl.lit("second"))
        frame = self.frame.with_columns(side.alias("label"), pair["task"])
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
    """Whether it holds pairs of texts in a known shape, and no column was named as the label."""
    label = asked.columns.get("label")
    if label is not None and not any(label in shape.better for shape in TWO_TEXTS):
        return False
    return is_pairs(frame.columns, asked.columns)


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """See ``Format.read``: one task a pair of texts, see ``PreferenceTable.to_labels``."""
    whole = frame
    pair = [asked.columns.get(name, name) for name in ("chosen", "rejected")]
    if asked.drop_missing and set(pair) <= set(frame.columns):
        whole = frame.drop_nulls(pair)
    table = preferences_of_frame(whole, origin=origin, columns=asked.columns).to_labels(asked)
    if not (lost := len(frame) - len(whole)):
        return table
    note = f"{counted(lost, 'pair')} without a chosen or rejected text left out"
    return replace(table, notes=(*table.notes, note))


def read_preferences(path: str | Path) -> PreferenceTable:
    """Read a preference file: ``chosen`` and ``rejected``, with or without ``prompt``.

    Texts and conversations (``{"role", "content"}`` or ``{"from", "value"}``, with calls of tools)
    are read. The prompt may stand in ``prompt``, in ``instruction`` and ``input``, or as a
    conversation; ``system`` and ``tools`` belong to it. Without one it is what both texts begin
    with: whole messages, or the text up to the last turn that both share. Several rejected texts
    are as many pairs. OpenAI's preference files, PKU-SafeRLHF and HelpSteer's pairs are read too.
    Pairs of equal texts say nothing and are passed over, and counted.

    Raises:
        InputError: the file cannot be read, lacks a column, or holds no pair that differs.
    """
    return preferences_of_frame(read_frame(path), origin=str(path), columns={})


def preferences_of_frame(
    frame: pl.DataFrame, *, origin: str, columns: Mapping[str, str]
) -> PreferenceTable:
    """Make a preference table of a raw frame; see :func:`read_preferences`."""
    import polars as pl

    others = {ours: theirs for ours, theirs in columns.items() if ours not in PARTS}
    check_named(others, frame.columns, origin)
    off = {ours for ours, theirs in others.items() if not theirs}
    shape = standard(frame, origin=origin, columns=columns)
    pairs = shape.frame
    table, conversational = pair_texts(pairs)
    table = table.with_columns(pl.all().fill_null(""))
    rest = [name for name in pairs.columns if name not in PARTS]
    known = recognise([name for name in rest if name not in columns.values()], others)
    known = {ours: theirs for ours, theirs in (known | others).items()
             if ours not in ("task", "label") and ours not in off}  # fmt: skip
    used = [*shape.used, *known.values()]
    table = table.with_columns(pairs[theirs].alias(ours) for ours, theirs in known.items())
    kept = (normal_texts(table["chosen"]) != normal_texts(table["rejected"])).arg_true()
    differ = table[kept]
    notes = [*said(known), *unused(frame.columns, used), *shape.notes]
    if same := len(table) - len(differ):
        notes.append(f"{counted(same, 'pair')} of equal texts passed over: nothing to learn")
    if differ.is_empty():
        raise InputError("there is no pair of different texts in it", where=origin)
    implicit = "prompt" not in pairs.columns
    if implicit:
        notes.append("no prompt column: the prompt is what both texts begin with")
    where = shape.rows[kept.to_numpy()]
    return PreferenceTable(differ, conversational, implicit, tuple(notes), origin, where)
