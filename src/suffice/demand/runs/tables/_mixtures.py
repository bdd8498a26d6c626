"""Mixtures in words: ``w/o-crowd``, ``only panel``, ``70% human + 30% gpt4``, ``3000 crowd``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from suffice.errors import InputError

_PART = re.compile(r"^\s*([\d.,_]*\d[k]?)?\s*(%)?\s*[x*]?\s*([A-Za-z][\w .\-]*?)\s*$")
_WITHOUT = re.compile(r"^(?:w/o|w\.o\.|without|no|minus|not|excl(?:uding)?|all but|ex)[\s\-_:]+")
_ONLY = re.compile(r"^(?:only|just)[\s\-_:]+|[\s\-_:]+(?:only|alone)$")
_ALL = ("all", "full", "everything", "all data", "all sources", "baseline (all)")
_NONE = ("none", "untrained", "base", "zero-shot", "no training")


@dataclass(frozen=True)
class Mixture:
    """What one text says a run was trained on.

    Attributes:
        kind: counts, shares, the sources that are in, or the sources that are left out.
        parts: sources and amounts; amounts are 1 where none is said.
    """

    kind: Literal["counts", "shares", "in", "without"]
    parts: tuple[tuple[str, float], ...]


def parse_mixture(text: str) -> Mixture | None:
    """Read a mixture; None where it is none."""
    plain = " ".join(text.strip().split())
    lower = plain.lower()
    if lower in _ALL:
        return Mixture("without", ())
    if lower in _NONE:
        return Mixture("in", ())
    if _WITHOUT.match(lower):
        names = re.split(r"\s*(?:\+|,|/|&|\band\b)\s*", _WITHOUT.sub("", plain.lower(), count=1))
        return Mixture("without", tuple((name, 1.0) for name in names if name))
    parts: list[tuple[str, float]] = []
    kinds: set[str] = set()
    stripped = _ONLY.sub("", lower).strip()
    for piece in re.split(r"\s*(?:\+|,(?=\s)|;|&|/|\band\b)\s*", stripped):
        found = _PART.match(piece)
        if not found:
            return None
        amount, percent, name = found.groups()
        if amount is None:
            kinds.add("in")
            parts.append((name, 1.0))
            continue
        scale = 1000.0 if amount.endswith("k") else 1.0
        try:
            value = scale * float(amount.rstrip("k").replace(",", "").replace("_", ""))
        except ValueError:
            return None
        share = bool(percent) or (value <= 1 and "." in amount)
        kinds.add("shares" if share else "counts")
        parts.append((name, value / 100 if percent else value))
    if len(kinds) != 1 or len({name for name, _ in parts}) < len(parts):
        return None
    kind = kinds.pop()
    if kind == "in":
        return Mixture("in", tuple(parts))
    return Mixture("shares" if kind == "shares" else "counts", tuple(parts))


def read_mixtures(
    texts: tuple[str | None, ...], full: dict[str, float], where: str, rows: list[int]
) -> tuple[tuple[str, ...], list[list[float]], Literal["labels", "share", "whole source"]]:
    """Mixtures in words as counts.

    Args:
        texts: one a run.
        full: labels of whole sources, where they are known.
        where: for messages.
        rows: the row of each text, for messages.

    Returns:
        The sources, their counts [run][source], and what counts count.

    Raises:
        InputError: a text cannot be read, or counts stand beside shares.
    """
    read: list[Mixture] = []
    for text, row in zip(texts, rows, strict=True):
        mixture = None if text is None else parse_mixture(text)
        if mixture is None:
            raise InputError(
                f"row {row}: {text!r} does not say what a run was trained on",
                where=where,
                fix="write it like w/o-crowd, only panel, 70% crowd + 30% panel or 3000 crowd",
            )
        read.append(mixture)
    kinds = {mixture.kind for mixture in read}
    named = {n for m in read for n, _ in m.parts} | {n.lower() for n in full}
    sources = tuple(sorted(named))
    if kinds <= {"in", "without"}:
        sizes = {name.lower(): size for name, size in full.items()}
        lacking = [name for name in sources if name not in sizes]
        if sizes and lacking:
            raise InputError(
                f"nothing says how many labels a whole {lacking[0]} has",
                where=where,
                fix="state it for every source, or for none",
            )
        unit: Literal["labels", "whole source"] = "labels" if sizes else "whole source"
        return sources, [_present(m, sources, sizes) for m in read], unit
    if len(kinds) > 1:
        raise InputError(
            f"mixtures are told in {' and in '.join(sorted(kinds))}",
            where=where,
            fix="tell all of them in counts, all in shares, or all by the sources that are in",
        )
    counts = [[dict(m.parts).get(name, 0.0) for name in sources] for m in read]
    return sources, counts, "labels" if kinds == {"counts"} else "share"


def _present(mixture: Mixture, sources: tuple[str, ...], sizes: dict[str, float]) -> list[float]:
    named = {name for name, _ in mixture.parts}
    there = [(name in named) == (mixture.kind == "in") for name in sources]
    return [sizes.get(name, 1.0) * is_in for name, is_in in zip(sources, there, strict=True)]
