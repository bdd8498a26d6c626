"""Conversations as files write them: roles and contents, ``from`` and ``value``, calls of tools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from suffice.labels.formats._json import dumps, loads, loads_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

Message = dict[str, Any]
Messages = list[Message]

_ROLES = {
    "human": "user", "gpt": "assistant", "chatgpt": "assistant", "bot": "assistant",
    "model": "assistant", "observation": "tool", "function_response": "tool",
}  # fmt: skip
_CALL = "function_call"
_AT_A_TIME = 5_000
"""Cells that are parsed at a time. Chosen: their objects take some megabytes."""


def parsed(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """A cell's list or object, which text formats hold as JSON; other cells as they are."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return loads(value)
        except json.JSONDecodeError:
            return value
    return value


def parsed_cells(column: pl.Series) -> Iterator[Any]:
    """``parsed`` of each cell of a column, many at a time where all of them are JSON."""
    import polars as pl

    for start in range(0, len(column), _AT_A_TIME):
        cells = column[start : start + _AT_A_TIME].to_list()
        found = None
        if column.dtype == pl.String and all(cell and cell[0] in "[{" for cell in cells):
            found = loads_all([cell.encode() for cell in cells])
        yield from map(parsed, cells) if found is None else found


def messages_of(value: object) -> Messages | None:
    """The messages of a conversation, None where a value is no conversation.

    Read are lists of ``{"role", "content"}`` or of ``{"from", "value"}``, one such message by
    itself, and an object that holds ``messages``.
    """
    if isinstance(value, str):
        value = parsed(value)
    if type(value) is list and value and _are_plain(value):
        return value
    if isinstance(value, dict):
        value = value["messages"] if isinstance(value.get("messages"), list) else [value]
    if not isinstance(value, list) or not value or not all(map(_is_message, value)):
        return None
    return [_plain(part) for part in value]


def as_messages(value: object, role: str) -> Messages:
    """The messages of a conversation, or a text as the one message of a role."""
    found = messages_of(value)
    return [{"role": role, "content": str(value)}] if found is None else found


def written(messages: Sequence[Message]) -> str:
    """A conversation as text, "role: content" a paragraph.

    A call of a tool is written with its arguments (``calls weather({"town": "Ulm"})``), and a part
    of a message that is no text (an image) as its JSON: answers that differ in them differ.
    """
    return "\n\n".join([f"{part['role']}: {_body(part)}" for part in messages])


def _are_plain(parts: list[Any]) -> bool:
    for part in parts:
        if type(part) is not dict or "role" not in part or "content" not in part:
            return False
    return True


def _is_message(part: object) -> bool:
    if not isinstance(part, dict):
        return False
    if "role" in part:
        return "content" in part or "tool_calls" in part or _CALL in part
    return "from" in part and "value" in part


def _plain(part: Message) -> Message:
    """A message with role and content, whichever words the file has for them."""
    if "role" in part:
        return part
    given = str(part["from"])
    if given == _CALL:
        return {"role": "assistant", "content": None, "tool_calls": [parsed(part["value"])]}
    return {"role": _ROLES.get(given, given), "content": part["value"]}


def _body(part: Message) -> str:
    content = part.get("content")
    if type(content) is str and "tool_calls" not in part and _CALL not in part:
        return content
    if isinstance(content, list):
        content = "\n".join(map(_part, content))
    elif content is not None and not isinstance(content, str):
        content = dumps(content)
    calls = parsed(part.get("tool_calls")) or ()
    if part.get(_CALL):
        calls = [part[_CALL]]
    said = [content] if content else []
    return "\n".join([*said, *(f"calls {_call(one)}" for one in calls)])


def _part(part: object) -> str:
    """A part of a message's content: its text, or what else it is."""
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return str(part["text"])
    return dumps(part)


def _call(call: object) -> str:
    """A call of a tool, with its arguments in one spelling."""
    call = parsed(call)
    if not isinstance(call, dict):
        return str(call)
    inner = call["function"] if isinstance(call.get("function"), dict) else call
    if "name" not in inner:
        return dumps(inner)
    arguments = parsed(inner.get("arguments"))
    return f"{inner['name']}({dumps(arguments) if arguments is not None else ''})"
