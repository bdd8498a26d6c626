"""Texts in their one normal form, in which files are joined and models read them.

The same text comes with blanks at its ends, with the line ends of another system, with accents in
one character or two, and as a message of a role or plain. None of this makes it another text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

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

    text = column.cast(pl.String)
    # Composing is slow, and letters of ASCII are composed already.
    accents = (text.str.len_bytes() != text.str.len_chars()).fill_null(False)
    if accents.any():
        composed = text.filter(accents).str.normalize("NFC")
        text = text.scatter(accents.arg_true(), composed)
    return (
        text.str.replace_all(r"\r\n?", "\n")
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


def loose_text(text: str) -> str:
    """One text as ``loose_texts`` has it."""
    return re.sub(_SLIGHT, "", text.lower())
