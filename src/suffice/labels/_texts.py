"""Texts in their one normal form, in which files are joined and models read them.

The same text comes with blanks at its ends, with the line ends of another system, with accents in
one character or two, and as a message of a role or plain. None of this makes it another text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import polars as pl

    from suffice.labels.formats._preferences import PreferenceTable

_USER = r"(^|\n\n)(?:Human|human|User|user)[ ]?:[ \n]*"
_ASSISTANT = r"(^|\n\n)(?:Assistant|assistant|gpt)[ ]?:[ \n]*"

_SLIGHT = "[\\s.,;:!?'\"`*_#\u2018\u2019\u201c\u201d\u2026]+"
"""What editors and chat pages change: blanks, quotes, points and the marks of Markdown."""


def normal_texts(column: pl.Series) -> pl.Series:
    """Texts in normal form, in which two spellings of one text are equal.

    Blanks at the ends of the text and of its lines go, line ends are line feeds, and characters
    are composed (Unicode's NFC). Turns are ``user:`` and ``assistant:``; the mark of the first turn
    goes, so that a single message is its content, and so does an empty last turn.
    """
    import polars as pl

    return (
        column.cast(pl.String)
        .str.normalize("NFC")
        .str.replace_all(r"\r\n?", "\n")
        .str.replace_all(r"[ \t]+\n", "\n")
        .str.strip_chars()
        .str.replace_all(_USER, "${1}user: ")
        .str.replace_all(_ASSISTANT, "${1}assistant: ")
        .str.replace(r"^(?:user|assistant): ", "")
        .str.replace(r"\n\nassistant: ?$", "")
        .str.strip_chars()
    )


def loose_texts(column: pl.Series) -> pl.Series:
    """Texts in small letters without blanks, quotes and points: what two writings surely share.

    Signs that a formula or a program is made of stay.
    """
    import polars as pl

    return column.cast(pl.String).str.to_lowercase().str.replace_all(_SLIGHT, "")


def known_prompts(tables: Sequence[PreferenceTable]) -> set[str]:
    """The prompts that files say, by ``loose_texts``, for ``as_asked``."""
    import polars as pl

    said = [normal_texts(table.frame["prompt"]) for table in tables if not table.implicit_prompt]
    return set(loose_texts(pl.concat(said).unique()).to_list()) - {""} if said else set()


def as_asked(table: PreferenceTable, known: Collection[str]) -> tuple[pl.DataFrame, int]:
    """Prompt, chosen and rejected in normal form, a guessed prompt cut as other files know it.

    Without a prompt column the prompt is what both texts begin with, which may hold the first words
    of both answers. Where both begin with a prompt that another file says, that is the prompt.

    Args:
        table: the pairs.
        known: prompts of other files, by ``known_prompts``.

    Returns:
        The texts, and how many prompts were cut otherwise than guessed.
    """
    import polars as pl

    texts = table.normal()
    if not table.implicit_prompt or not known:
        return texts, 0
    lengths = sorted({len(one) for one in known}, reverse=True)
    rows, again = [], 0
    for prompt, chosen, rejected in texts.iter_rows():
        wholes = f"{prompt} {chosen}", f"{prompt} {rejected}"
        starts = [_loose(whole) for whole in wholes]
        most = min(map(len, starts))
        for letters in lengths:
            start = starts[0][:letters]
            if letters >= most or start not in known or not starts[1].startswith(start):
                continue
            (asked, good), (_, bad) = (_cut(whole, letters) for whole in wholes)
            # Question 3 is no beginning of question 31.
            if not (asked[-1:].isalnum() and (good[:1].isalnum() or bad[:1].isalnum())):
                again += _loose(prompt) != start
                prompt, chosen, rejected = asked, good, bad
                break
        rows.append((prompt, chosen, rejected))
    schema = dict.fromkeys(texts.columns, pl.String)
    cut = pl.DataFrame(rows, schema=schema, orient="row")
    return cut.with_columns(normal_texts(column) for column in cut), again


def _cut(text: str, letters: int) -> tuple[str, str]:
    """A text in two, the first with so many letters by ``loose_texts`` and the marks behind."""
    place = 0
    while letters > 0:
        letters -= len(_loose(text[place]))
        place += 1
    while place < len(text) and not text[place].isspace() and not text[place].isalnum():
        place += 1
    return text[:place], text[place:]


def _loose(text: str) -> str:
    return re.sub(_SLIGHT, "", text.lower())
