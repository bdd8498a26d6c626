"""One thing in two spellings: the rule by which answers and ids are the same, for every join.

Answers are the same that differ in blanks, in small and capital letters, or in how a number is
written (``1``, ``1.0`` and ``+1``). Ids are the same that differ in blanks or in the ``.0`` that
data frames put behind a number. Between two files, where nothing else fits and only one id can be
meant, ids are also matched past lost leading zeros (``007`` and ``7``) and past capital letters.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import polars as pl

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_WHOLE_AS_FLOAT = r"^([+-]?\d+)\.0+$"
_SHOWN = 3
"""Spellings that a note names. Chosen: enough to know which, and one line stays one line."""
EXACT = 2**53
"""Whole numbers from here on are not all floats, by IEEE 754: digits of ids may be lost."""


def answer_key(text: str) -> str:
    """What all spellings of one answer have in common.

    >>> answer_key(" 4.50"), answer_key("4.5"), answer_key("Very  Good")
    ('4.5', '4.5', 'very good')
    """
    text = " ".join(text.split())
    if _NUMBER.fullmatch(text):
        try:
            value = Decimal(text)
        except InvalidOperation:  # pragma: no cover - the pattern admits numbers alone
            return text
        whole, _, part = f"{value:f}".partition(".")
        # Leading zeros stay: 01 and 1 may be two codes.
        sign = "-" if whole.startswith("-") and value else ""
        whole = whole.lstrip("+-") if "e" in text.lower() else text.lstrip("+-").partition(".")[0]
        part = part.rstrip("0")
        return f"{sign}{whole or '0'}{'.' if part else ''}{part}"
    return text.casefold()


@dataclass(frozen=True)
class Spelling:
    """The answers that are known, by what their spellings have in common.

    Attributes:
        names: how each known answer is written.
        by_key: key -> its name; keys that two names share are not in it.
    """

    names: frozenset[str]
    by_key: Mapping[str, str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Spelling:
        """The spelling in which ``names`` are written."""
        known = list(dict.fromkeys(names))
        keys = Counter(answer_key(name) for name in known)
        alone = {answer_key(n): n for n in known if keys[answer_key(n)] == 1}
        bare = Counter(key.lstrip("0") for key in alone)
        zeros = {k.lstrip("0"): n for k, n in alone.items() if bare[k.lstrip("0")] == 1}
        return cls(frozenset(known), {**zeros, **alone})

    def read(self, text: str) -> str:
        """The known answer that ``text`` is a spelling of; ``text`` itself where there is none."""
        if text in self.names:
            return text
        key = answer_key(text)
        return self.by_key.get(key) or self.by_key.get(key.lstrip("0") or key) or text


def respell(
    columns: Mapping[str, pl.Series], keep: Collection[str] = ()
) -> tuple[dict[str, pl.Series], list[str]]:
    """Let each answer have one spelling, in all columns that hold answers to one question.

    Args:
        columns: texts without outer blanks, by what they hold; the spelling that is most frequent
            in the first column counts.
        keep: answers that the user has named: they are written so, and are told apart even where
            they differ in capital letters alone.

    Returns:
        The columns, and what was read as what, where two spellings of one answer occur.
    """
    import polars as pl

    times: Counter[str] = Counter()
    for number, column in enumerate(columns.values()):
        for text, n in column.drop_nulls().value_counts(name="n").iter_rows():
            # Labels come first, however often gold is written otherwise.
            times[text] += 0 if number else n
    named = Spelling.of(keep)
    means = {text: named.read(text) for text in times}
    groups: dict[str, list[str]] = {}
    for text in times:
        if means[text] not in named.names:
            groups.setdefault(answer_key(text), []).append(text)
    for key, texts in groups.items():
        best = min(texts, key=lambda text: (-times[text], text))
        means |= dict.fromkeys(texts, key if _NUMBER.fullmatch(best) else best)
    changed = {text: name for text, name in means.items() if text != name}
    if not changed:
        return dict(columns), []
    spelt = {
        name: column.replace_strict(
            list(changed), list(changed.values()), default=column, return_dtype=pl.String
        )
        for name, column in columns.items()
    }
    spellings = Counter(means.values())
    merged = sorted((t, name) for t, name in changed.items() if spellings[name] > 1)
    if not merged:
        return spelt, []
    shown = ", ".join(f"{text!r} as {name!r}" for text, name in merged[:_SHOWN])
    more = f" and {len(merged) - _SHOWN:,} more" if len(merged) > _SHOWN else ""
    return spelt, [f"spellings of one answer read as one: {shown}{more}"]


def plain_ids(column: pl.Series) -> pl.Series:
    """Ids as text in one spelling: without outer blanks, and 7 for 7.0 where all are numbers."""
    import polars as pl

    if column.dtype.is_float():
        whole = column.drop_nulls().drop_nans()
        if (whole == whole.round()).all() and (whole.abs() < 2.0**63).all():
            return column.fill_nan(None).cast(pl.Int64).cast(pl.String)
        return column.fill_nan(None).cast(pl.String)
    if column.dtype != pl.String:
        return column.cast(pl.String)
    text = column.str.strip_chars()
    values = text.drop_nulls()
    if values.str.ends_with(".0").any() and values.str.contains(r"^[+-]?\d+(\.0+)?$").all():
        text = text.str.replace(_WHOLE_AS_FLOAT, "${1}")
    return text


def plain_names(frame: pl.DataFrame, said: list[str]) -> pl.DataFrame:
    """Tasks, workers and items by ``plain_ids``; whole numbers stay numbers.

    Says so where two spellings of one id became one, and where digits may have been lost.
    """
    import polars as pl

    for name in ("task", "worker", "left", "right"):
        if name not in frame.columns or not (
            frame.schema[name] == pl.String or frame.schema[name].is_float()
        ):
            continue
        given = frame[name]
        plain = plain_ids(given)
        if given.dtype.is_float():
            if (given.abs() >= EXACT).any():
                said.append(
                    f"{name} holds numbers of {EXACT:,} and more as floats, whose last digits are "
                    "lost: write such ids as text"
                )
            whole = plain.cast(pl.Int64, strict=False)
            # Ids such as 0.5 stay the numbers that they are.
            plain = whole if whole.null_count() == plain.null_count() else given
        elif (merged := given.n_unique() - plain.n_unique()) > 0:
            said.append(
                f"{merged:,} spellings of a {name} differ in blanks or a .0 alone: read as one"
            )
        frame = frame.with_columns(plain.alias(name))
    return frame


@dataclass(frozen=True)
class Matched:
    """Which id of one list is which of another.

    Attributes:
        place: of each id in the other list; -1 where it is not there.
        notes: what had to be looked past, one line each.
    """

    place: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def lost(self) -> int:
        """How many ids the other list does not have."""
        return sum(one < 0 for one in self.place)


def match_ids(ids: Sequence[Any], known: Sequence[Any], called: str = "ids") -> Matched:
    """Find ids of one file among those of another, by the rule of this module.

    Args:
        ids: to find, each once.
        known: among these, each once.
        called: what notes call the first.
    """
    at = {str(one): number for number, one in enumerate(known)}
    place = [at.get(str(one), -1) for one in ids]
    notes: list[str] = []
    if all(one >= 0 for one in place):
        return Matched(tuple(place), ())
    mine, theirs = _plain(ids), _plain(known)
    for past, key in _PAST:
        if all(one >= 0 for one in place):
            break
        taken = {one for one in place if one >= 0}
        wanted, there = [key(text) for text in mine], [key(text) for text in theirs]
        times, others = Counter(wanted), Counter(there)
        where = {k: n for n, k in enumerate(there) if others[k] == 1 and n not in taken}
        found = {
            n: where[k]
            for n, k in enumerate(wanted)
            if place[n] < 0 and times[k] == 1 and k in where
        }
        for n, spot in found.items():
            place[n] = spot
        if found:
            first = min(found)
            notes.append(
                f"{len(found):,} {called} are found only past {past}, such as "
                f"{ids[first]!r} for {known[found[first]]!r}"
            )
    return Matched(tuple(place), tuple(notes))


def _plain(ids: Sequence[Any]) -> list[str]:
    """Ids as text, whatever types they have."""
    return [_plain_id(one) for one in ids]


def _plain_id(one: Any) -> str:  # noqa: ANN401 - ids are numbers or text
    if isinstance(one, float) and one.is_integer():
        return str(int(one))
    return re.sub(_WHOLE_AS_FLOAT, r"\1", str(one).strip())


def _without_zeros(text: str) -> str:
    return text.lstrip("0") or "0" if text.isdigit() else text


_PAST: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("blanks or a .0", str),
    ("leading zeros", _without_zeros),
    ("capital letters", str.casefold),
)
