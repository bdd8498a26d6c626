"""The shapes of preference files, each turned into prompt, chosen and rejected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.labels._values import counted
from suffice.labels.formats._conversation import Messages, messages_of, parsed, written
from suffice.labels.formats._json import dumps

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

PARTS = ("prompt", "chosen", "rejected", "system", "tools")
"""What a pair consists of; the last two belong to the prompt."""

_OPENAI = {"input", "preferred_output", "non_preferred_output"}
_LOOKED_AT = 100
"""Cells that tell what a column holds. Chosen: a column holds one kind of thing in all rows."""
_SYSTEM = ("system", "system_prompt")
_ENVELOPE = {
    "text",
    "content",
    "value",
    "response",
    "answer",
    "message",
    "output",
    "generated_text",
}
_TALKS = ("messages", "conversations", "conversation", "context")


@dataclass(frozen=True, eq=False)
class Standard:
    """Pairs in the one shape that is read on.

    Attributes:
        frame: one row a pair: ``chosen`` and ``rejected`` and, where the file had them, ``prompt``,
            ``system`` and ``tools`` (texts, or conversations as JSON), and the file's other
            columns.
        rows: where in the file each stood, from 0 int64 [pair].
        used: the file's columns that were made use of.
        notes: what was done.
    """

    frame: pl.DataFrame
    rows: NDArray[np.int64]
    used: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TwoTexts:
    """A shape with both texts in columns of their own, and the better one in a third.

    Attributes:
        texts: columns of the first and second text.
        better: columns of which one says which is better, the surest first.
        values: what it says for the first, for the second; None where its sign does (below 0 the
            first).
    """

    texts: tuple[str, str]
    better: tuple[str, ...]
    values: tuple[str, str] | None = None


TWO_TEXTS = (
    TwoTexts(("response_0", "response_1"), ("better_response_id", "safer_response_id"), ("0", "1")),
    TwoTexts(("response1", "response2"), ("overall_preference",)),
    TwoTexts(("response_1", "response_2"), ("preference_strength",)),
)
"""PKU-SafeRLHF, HelpSteer3 and HelpSteer2's preferences, as their cards on the hub say."""


def is_pairs(names: Collection[str], columns: Mapping[str, str]) -> bool:
    """Whether columns are those of pairs with a better and a worse text."""
    return (
        {"chosen", "rejected"} <= {*names, *columns}
        or set(names) >= _OPENAI
        or _two_texts(names) is not None
    )


def standard(frame: pl.DataFrame, *, origin: str, columns: Mapping[str, str]) -> Standard:
    """Pairs of any known shape as prompt, chosen and rejected.

    Args:
        frame: the raw rows.
        origin: the file, for messages.
        columns: our name -> the name in the file, where the user said so.

    Raises:
        InputError: it is of no known shape, or a pair lacks a text.
    """
    import numpy as np
    import polars as pl

    for ours in PARTS:
        if (theirs := columns.get(ours)) is not None and theirs not in frame.columns:
            raise InputError(
                f"no column {theirs!r}; there are: {', '.join(frame.columns)}", where=origin
            )
    row = "(row)"
    marked = frame.with_columns(pl.Series(row, np.arange(len(frame), dtype=np.int64)))
    notes: list[str] = []
    named = {ours: theirs for ours, theirs in columns.items() if ours in PARTS}
    if {"chosen", "rejected"} <= {*frame.columns, *named}:
        pairs, used = _chosen(marked, named)
    elif set(frame.columns) >= _OPENAI:
        pairs, used = _openai(marked, origin), sorted(_OPENAI)
    elif (shape := _two_texts(frame.columns)) is not None:
        pairs, used = _by_better(marked, shape, notes, columns)
    else:
        if (other := _other_shape(set(frame.columns))) is not None:
            raise InputError(
                f"these are {other}, and no pairs", where=origin,
                fix="pair a good and a bad answer to one prompt, or audit it: suffice audit",
            )  # fmt: skip
        missing = "rejected" if "chosen" in frame.columns else "chosen"
        raise InputError(
            f"no column {missing!r} among: {', '.join(frame.columns)}", where=origin,
            fix="preference files have chosen and rejected",
        )  # fmt: skip
    _refuse_holes(pairs, origin)
    pairs = _one_text_each(pairs, notes, origin)
    rows = pairs[row].to_numpy()
    return Standard(pairs.drop(row), rows, tuple(used), tuple(notes))


def _other_shape(names: set[str]) -> str | None:
    """The name of a shape that trainers read and that holds no pairs."""
    if {"prompt", "completion", "label"} <= names or "kto_tag" in names:
        return "unpaired preferences (a completion and whether it is good)"
    if {"prompt", "completions", "labels"} <= names:
        return "stepwise labels (the steps of a solution and which are right)"
    return None


def _chosen(frame: pl.DataFrame, named: Mapping[str, str]) -> tuple[pl.DataFrame, list[str]]:
    """A file with chosen and rejected, and its prompt under one of its names."""
    import polars as pl

    taken = {name: named.get(name, name) for name in ("chosen", "rejected")}
    system = named.get("system") or next((n for n in _SYSTEM if n in frame.columns), None)
    if system:
        taken["system"] = system
    if "tools" in named or "tools" in frame.columns:
        taken["tools"] = named.get("tools", "tools")
    used = list(taken.values())
    pairs = frame.rename({v: k for k, v in taken.items() if v != k and k not in frame.columns})
    prompt = named.get("prompt") or ("prompt" if "prompt" in frame.columns else None)
    if prompt:
        if prompt != "prompt":
            pairs = pairs.with_columns(pl.col(prompt).alias("prompt")).drop(prompt)
        return pairs, [*used, prompt]
    if "instruction" in frame.columns:
        parts = [n for n in ("instruction", "input") if n in frame.columns]
        texts = [pl.col(name).cast(pl.String) for name in parts]
        given = [pl.when(text.str.strip_chars() != "").then(text) for text in texts]
        whole = pl.concat_str(given, separator="\n\n", ignore_nulls=True)
        pairs = pairs.with_columns(whole.alias("prompt")).drop(parts)
        used += parts
        if "history" in frame.columns:
            turns = zip(pairs["history"].to_list(), pairs["prompt"].to_list(), strict=True)
            asked = [_after(_past(before), now) for before, now in turns]
            pairs = pairs.with_columns(pl.Series("prompt", asked, dtype=pl.String)).drop("history")
            used.append("history")
        return pairs, used
    for name in ("question", "query"):
        if name in frame.columns and frame.schema[name] == pl.String:
            return pairs.rename({name: "prompt"}), [*used, name]
    talk = next((n for n in _TALKS if n in frame.columns and _holds(frame[n]) == "messages"), None)
    if talk is None:
        return pairs, used
    cells = zip(pairs[talk].to_list(), pairs["chosen"].to_list(), strict=True)
    before = [_before(messages_of(cell), chosen) for cell, chosen in cells]
    pairs = pairs.with_columns(pl.Series("prompt", before, dtype=pl.String)).drop(talk)
    return pairs, [*used, talk]


def _past(history: object) -> str:
    """Earlier turns, which LLaMA-Factory keeps as pairs of question and answer."""
    turns = parsed(history)
    if not isinstance(turns, list):
        return ""
    messages = [
        {"role": role, "content": text}
        for turn in turns if isinstance(turn, list)
        for role, text in zip(("user", "assistant"), turn, strict=False)
    ]  # fmt: skip
    return written(messages)


def _after(before: str, now: str) -> str:
    return f"{before}\n\nuser: {now}" if before else now


def _before(talk: Messages | None, chosen: object) -> str | None:
    """A conversation up to the answer, as JSON: the answer that was chosen may end it."""
    if talk is None:
        return None
    answer = messages_of(chosen)
    last = answer[-1].get("content") if answer else str(chosen)
    if talk[-1].get("role") == "assistant" and talk[-1].get("content") == last:
        talk = talk[:-1]
    return dumps(talk)


def _openai(frame: pl.DataFrame, origin: str) -> pl.DataFrame:
    """OpenAI's preference fine-tuning: the input with its tools, and two lists of messages."""
    import polars as pl

    prompts, tools = [], []
    for number, cell in enumerate(frame["input"].to_list(), start=1):
        given = parsed(cell)
        if messages_of(given) is None or not isinstance(given, dict):
            raise InputError(
                f"the input of row {number} holds no messages", where=origin,
                fix='write {"input": {"messages": [...]}, ...}',
            )  # fmt: skip
        prompts.append(dumps(given["messages"]))
        tools.append(dumps(given["tools"]) if given.get("tools") else None)
    found = frame.rename({"preferred_output": "chosen", "non_preferred_output": "rejected"})
    found = found.with_columns(pl.Series("prompt", prompts, dtype=pl.String)).drop("input")
    if any(tools):
        found = found.with_columns(pl.Series("tools", tools, dtype=pl.String))
    return found


def _two_texts(names: Collection[str]) -> TwoTexts | None:
    return next((one for one in TWO_TEXTS if {*one.texts, one.better[0]} <= set(names)), None)


def _by_better(
    frame: pl.DataFrame, shape: TwoTexts, notes: list[str], columns: Mapping[str, str]
) -> tuple[pl.DataFrame, list[str]]:
    """Two texts, of which a third column says which is better; ties are left out."""
    import polars as pl

    better = columns.get("label", shape.better[0])
    side = pl.col(better).cast(pl.String)
    if shape.values is None:
        number = pl.col(better).cast(pl.Float64, strict=False)
        first, second = number < 0, number > 0
    else:
        first, second = side == shape.values[0], side == shape.values[1]
    one, other = (pl.col(name) for name in shape.texts)
    decided = frame.filter(first | second)
    if even := len(frame) - len(decided):
        notes.append(f"{counted(even, 'pair')} of which neither is better left out")
    pairs = decided.with_columns(
        pl.when(first).then(one).otherwise(other).alias("chosen"),
        pl.when(first).then(other).otherwise(one).alias("rejected"),
    ).drop(shape.texts)
    notes.append(f"the better text is told by {better}")
    used = [*shape.texts, better]
    talk = next((n for n in _TALKS if n in frame.columns), None)
    if "prompt" not in frame.columns and talk is not None:
        pairs = pairs.rename({talk: "prompt"})
    return pairs, [*used, "prompt" if talk is None else talk]


def _refuse_holes(pairs: pl.DataFrame, origin: str) -> None:
    holes = (pairs["chosen"].is_null() | pairs["rejected"].is_null()).arg_true()
    if len(holes):
        raise InputError(
            f"row {int(pairs['(row)'][int(holes[0])]) + 1} lacks its chosen or rejected text",
            where=origin,
            fix="remove it, or leave such rows out: drop_missing=True in Python, "
            "--drop-missing for suffice audit",
        )


def _holds(column: pl.Series) -> str:
    """What a column holds: text, messages, texts or talks (lists of them), object or mixed."""
    kinds = set()
    for cell in column.drop_nulls().head(_LOOKED_AT).to_list():
        value = parsed(cell)
        if messages_of(value) is not None:
            kinds.add("messages")
        elif isinstance(value, list):
            if not value:
                continue
            if all(messages_of(one) is not None for one in value):
                kinds.add("talks")
            else:
                kinds.add("texts" if all(isinstance(one, str) for one in value) else "object")
        else:
            kinds.add("object" if isinstance(value, dict) else "text")
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "text"


def _one_text_each(pairs: pl.DataFrame, notes: list[str], origin: str) -> pl.DataFrame:
    """One chosen and one rejected text a row: of several rejected, each is a pair."""
    holds = {name: _holds(pairs[name]) for name in ("chosen", "rejected")}
    for name, kind in holds.items():
        if kind == "object":
            _refuse_envelope(pairs[name], name, origin)
    if holds["chosen"] in ("texts", "talks"):
        pairs = _unrolled(pairs, "chosen", notes)
        if pairs["(row)"].is_duplicated().any():
            raise InputError(
                "chosen holds lists of several texts", where=origin,
                fix="write one row for each text that was chosen",
            )  # fmt: skip
    if holds["rejected"] in ("texts", "talks"):
        before = len(pairs)
        pairs = _unrolled(pairs, "rejected", notes)
        if len(pairs) > before:
            notes.append(f"several rejected texts a row: {len(pairs):,} pairs of {before:,} rows")
    return pairs


def _unrolled(pairs: pl.DataFrame, name: str, notes: list[str]) -> pl.DataFrame:
    """One row for each entry of a column of lists."""
    import polars as pl

    cells = [parsed(cell) for cell in pairs[name].to_list()]
    lists = [cell if isinstance(cell, list) else [cell] for cell in cells]
    texts = [[one if isinstance(one, str) else dumps(one) for one in some] for some in lists]
    found = pairs.with_columns(pl.Series(name, texts, dtype=pl.List(pl.String)))
    if empty := sum(not some for some in texts):
        notes.append(f"{counted(empty, 'row')} without a {name} text left out")
    return found.filter(pl.col(name).list.len() > 0).explode(name)


def _refuse_envelope(column: pl.Series, name: str, origin: str) -> None:
    """Raise InputError where objects have a text inside; other JSON is what a model may answer."""
    value = parsed(column.drop_nulls()[0])
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, dict) and _ENVELOPE & value.keys():
        raise InputError(
            f"{name} holds objects that are neither a text nor messages ({', '.join(value)})",
            where=origin,
            fix='write the text itself, or messages: [{"role": "assistant", "content": ...}]',
        )
