"""Prompts that were found as what two texts begin with, cut where other files say that they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.labels._texts import loose_text, loose_texts, normal_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import polars as pl

    from suffice.labels.formats._preferences import PreferenceTable


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
        starts = [loose_text(whole) for whole in wholes]
        most = min(map(len, starts))
        for letters in lengths:
            start = starts[0][:letters]
            if letters >= most or start not in known or not starts[1].startswith(start):
                continue
            (asked, good), (_, bad) = (_cut(whole, letters) for whole in wholes)
            # Question 3 is no beginning of question 31.
            if not (asked[-1:].isalnum() and (good[:1].isalnum() or bad[:1].isalnum())):
                again += loose_text(prompt) != start
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
        letters -= len(loose_text(text[place]))
        place += 1
    while place < len(text) and not text[place].isspace() and not text[place].isalnum():
        place += 1
    return text[:place], text[place:]
