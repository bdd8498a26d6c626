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
from suffice.labels.formats._conversation import Messages, as_messages, messages_of, written
from suffice.labels.formats._frame import read_frame
from suffice.labels.formats._pair_shapes import PARTS, is_pairs, standard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.labels._asked import Asked

NAME = "preferences"
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
    return "label" not in asked.columns and is_pairs(frame.columns, asked.columns)


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
    shape = standard(frame, origin=origin, columns=columns)
    pairs = shape.frame
    table, conversational = _texts(pairs)
    table = table.with_columns(pl.all().fill_null(""))
    rest = [name for name in pairs.columns if name not in PARTS]
    known = recognise([name for name in rest if name not in columns.values()], others)
    known = {ours: theirs for ours, theirs in (known | others).items()
             if ours not in ("task", "label")}  # fmt: skip
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


def _texts(pairs: pl.DataFrame) -> tuple[pl.DataFrame, bool]:
    """Prompt, chosen and rejected as text, and whether any answer was a conversation."""
    import polars as pl

    names = [name for name in PARTS if name in pairs.columns]
    plain = {name: not _may_be_json(pairs[name]) for name in names}
    if "prompt" in names and plain["chosen"] and plain["rejected"]:
        table = pairs.select(names).with_columns(pl.col("chosen", "rejected").cast(pl.String))
        conversational = False
        if not plain["prompt"]:
            prompts = [_prompt_text(value) for value in table["prompt"].to_list()]
            table = table.with_columns(pl.Series("prompt", prompts, dtype=pl.String))
        table = _without_prompt(table.with_columns(pl.col("prompt").cast(pl.String)))
    else:
        cells = [pairs[name].to_list() if name in names else [None] * len(pairs)
                 for name in ("prompt", "chosen", "rejected")]  # fmt: skip
        rows = list(_split(zip(*cells, strict=True)))
        conversational = any(row[3] for row in rows)
        table = pl.DataFrame(
            [row[:3] for row in rows],
            schema=dict.fromkeys(("prompt", "chosen", "rejected"), pl.String), orient="row",
        )  # fmt: skip
    for name in ("tools", "system"):
        if name in names:
            texts = [_prompt_text(value) if value else None for value in pairs[name].to_list()]
            before = pl.Series(name, texts, dtype=pl.String)
            table = table.with_columns(
                pl.when(before.is_null() | (before == ""))
                .then(pl.col("prompt"))
                .otherwise(
                    pl.format(f"{name}: {{}}\n\n{{}}", before, pl.col("prompt").fill_null(""))
                )
                .alias("prompt")
            )
    return table.select("prompt", "chosen", "rejected"), conversational


def _may_be_json(column: pl.Series) -> bool:
    """Whether a cell looks like a list or an object."""
    import polars as pl

    if column.dtype.is_nested() or column.dtype == pl.Object:
        return True
    return column.dtype == pl.String and bool(column.str.contains(r"^\s*[\[{]").any())


def _without_prompt(table: pl.DataFrame) -> pl.DataFrame:
    """Answers without the prompt, where all of them begin with it."""
    import polars as pl

    prompt = pl.col("prompt")
    repeated = [pl.col(name).str.starts_with(prompt) & (pl.col(name) != prompt)
                for name in ("chosen", "rejected")]  # fmt: skip
    if not table.select(((prompt.str.len_chars() > 0) & repeated[0] & repeated[1]).all()).item():
        return table
    return table.with_columns(
        pl.col(name).str.slice(prompt.str.len_chars()).str.strip_chars()
        for name in ("chosen", "rejected")
    )


def _split(rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[str, str, str, bool]]:
    """Prompt, chosen and rejected of each row as text, and whether it was a conversation."""
    for prompt, chosen, rejected in rows:
        good, bad = messages_of(chosen), messages_of(rejected)
        if good is None and bad is None:
            asked = _prompt_text(prompt) if prompt is not None else None
            yield *_split_texts(asked, str(chosen), str(rejected)), False
        else:
            good = as_messages(chosen, "assistant") if good is None else good
            bad = as_messages(rejected, "assistant") if bad is None else bad
            yield *_split_messages(prompt, good, bad), True


def _prompt_text(value: object) -> str:
    messages = messages_of(value)
    return str(value) if messages is None else written(messages)


def _split_messages(prompt: object, chosen: Messages, rejected: Messages) -> tuple[str, str, str]:
    """What both conversations begin with belongs to the prompt, as TRL reads them."""
    shared = 0
    for good, bad in zip(chosen[:-1], rejected[:-1], strict=False):
        if good != bad:
            break
        shared += 1
    if prompt is None and chosen[shared] == rejected[shared]:
        shared += len(chosen) == len(rejected)
    before, answers = (
        written(chosen[:shared]),
        (written(chosen[shared:]), written(rejected[shared:])),
    )
    if prompt is None:
        return before, *answers
    asked = messages_of(prompt)
    given = str(prompt).strip() if asked is None else written(asked)
    if not shared:
        return given, *answers
    # The prompt again, as a text or a part of what both begin with; else they go on from it.
    return before if given in before else f"{given}\n\n{before}", *answers


def _split_texts(prompt: str | None, chosen: str, rejected: str) -> tuple[str, str, str]:
    if prompt is not None:
        return prompt, chosen, rejected
    common = _shared_start(chosen, rejected)
    cuts = [common.rfind(turn) + len(turn) for turn in _TURNS if turn in common]
    # Without turns, stop after a whole word: the answers may begin with the same letters.
    cut = max(cuts) if cuts else common.rfind(" ") + 1
    return chosen[:cut].strip(), chosen[cut:].strip(), rejected[cut:].strip()


def _shared_start(one: str, other: str) -> str:
    """The characters that both texts begin with, found by halving."""
    same, differs = 0, min(len(one), len(other)) + 1
    while differs - same > 1:
        middle = (same + differs) // 2
        if one[same:middle] == other[same:middle]:
            same = middle
        else:
            differs = middle
    return one[:same]
