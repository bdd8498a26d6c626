"""What must be said beside a number: what it takes for granted, cannot see, and rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    """Where a method or a data set comes from.

    Attributes:
        what: it is used for.
        text: authors, year, title.
        url: where it can be read.
    """

    what: str
    text: str
    url: str | None = None


@dataclass(frozen=True)
class Said:
    """What one part of the way knows of itself; whoever uses it passes its sentences on.

    Attributes:
        assumptions: what its numbers take for granted, one sentence each.
        limits: what its numbers cannot see, one sentence each.
        citations: what it rests on.
    """

    assumptions: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()


NOTHING = Said()
