"""What a pair consists of: its prompt and two answers, as texts and as conversations."""

from __future__ import annotations

from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

from suffice.labels.formats._conversation import (
    Messages,
    as_messages,
    messages_of,
    parsed_cells,
    written,
)
from suffice.labels.formats._pair_shapes import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

_TURNS = ("\n\nAssistant:", "\n\nHuman:")
_AT_A_TIME = 20_000
"""Pairs whose texts are held as Python's own at a time. Chosen: some megabytes."""


def pair_texts(pairs: pl.DataFrame) -> tuple[pl.DataFrame, bool]:
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
        parts = ("prompt", "chosen", "rejected")
        cells = [pairs[name] if name in names else None for name in parts]
        raw = [repeat(None, len(pairs)) if c is None else c.to_list() for c in cells]
        found = [repeat(None, len(pairs)) if c is None else parsed_cells(c) for c in cells]
        rows = _split(zip(*raw, *found, strict=True))
        conversational, pieces = False, []
        schema = dict.fromkeys(("prompt", "chosen", "rejected"), pl.String)
        while some := list(islice(rows, _AT_A_TIME)):
            conversational |= any(row[3] for row in some)
            columns = list(zip(*some, strict=True))[:3]
            pieces.append(pl.DataFrame(dict(zip(schema, columns, strict=True)), schema=schema))
        table = pl.concat(pieces)
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


def _split(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[str, str, str, bool]]:
    """Prompt, chosen and rejected of each row as text, and whether it was a conversation.

    Args:
        rows: the three cells as they are, and the same three parsed where they are JSON.
    """
    for prompt, chosen, rejected, *values in rows:
        good, bad = messages_of(values[1]), messages_of(values[2])
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
    asked, good, bad = _turns(prompt, chosen, rejected)
    answers = written(good), written(bad)
    if prompt is not None and good == chosen and messages_of(prompt) is None:
        return str(prompt).strip(), *answers
    return written(asked), *answers


def _turns(
    prompt: object, chosen: Messages, rejected: Messages
) -> tuple[Messages, Messages, Messages]:
    """Prompt and answers: what both conversations begin with belongs to the prompt, as in TRL."""
    shared = 0
    for good, bad in zip(chosen[:-1], rejected[:-1], strict=False):
        if good != bad:
            break
        shared += 1
    if prompt is None and chosen[shared] == rejected[shared]:
        shared += len(chosen) == len(rejected)
    before, answers = chosen[:shared], (chosen[shared:], rejected[shared:])
    if prompt is None or not str(prompt).strip():
        return before, *answers
    asked = as_messages(prompt, "user")
    given = str(prompt).strip() if messages_of(prompt) is None else written(asked)
    # The prompt again, as a text or a part of what both begin with; else they go on from it.
    return before if given in written(before) else [*asked, *before], *answers


def pair_messages(pairs: pl.DataFrame) -> Iterator[tuple[Messages, Messages, Messages]]:
    """Prompt, chosen and rejected of each pair as conversations; a text is one message.

    Args:
        pairs: as a ``Standard`` has them. ``system`` becomes the first message of the prompt.
    """
    texts = pair_texts(pairs.drop("system", "tools", strict=False))[0]
    for row, text in zip(pairs.iter_rows(named=True), texts.iter_rows(named=True), strict=True):
        good, bad = messages_of(row["chosen"]), messages_of(row["rejected"])
        if good is None and bad is None:
            asked = row.get("prompt")
            found = (
                as_messages(text["prompt"] if messages_of(asked) is None else asked, "user"),
                as_messages(text["chosen"], "assistant"),
                as_messages(text["rejected"], "assistant"),
            )
        else:
            found = _turns(
                row.get("prompt"),
                as_messages(row["chosen"], "assistant") if good is None else good,
                as_messages(row["rejected"], "assistant") if bad is None else bad,
            )
        if row.get("system"):
            said = {"role": "system", "content": str(row["system"])}
            found = ([said, *found[0]], *found[1:])
        yield found


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
